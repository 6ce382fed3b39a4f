//! Forms, read and checked once.

use crate::Shared;
use crate::limits::FORM_OCTETS;
use crate::refusal::Refusal;
use crate::session::check_origin;
use crate::visitor::SignedInVisitor;
use axum::body::Body;
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::header::CONTENT_TYPE;
use axum::http::request::Parts;
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use std::sync::Arc;
use zeroize::Zeroizing;

/// The field of every form that carries its session's token.
const TOKEN: &str = "form_token";

/// What a form says. Wiped when it is done with: there may be a password in it.
pub(crate) struct Fields(Vec<(String, Zeroizing<String>)>);

/// A form of somebody who is signed in, from a page of their session.
pub(crate) struct Posted<V> {
    pub visit: V,
    pub fields: Fields,
}

impl Fields {
    /// The field's value, without the blanks around it; empty if there is none.
    pub fn text(&self, name: &str) -> &str {
        self.raw(name).trim()
    }

    /// The field's value as it was typed.
    pub fn raw(&self, name: &str) -> &str {
        let found = self.0.iter().find(|(key, _)| key == name);
        found.map(|(_, value)| value.as_str()).unwrap_or_default()
    }

    /// The same, if the form has the field at all.
    pub fn given(&self, name: &str) -> Option<&str> {
        self.0.iter().any(|(key, _)| key == name).then(|| self.text(name))
    }

    /// Every value of a field that may be there more than once, except empty ones.
    pub fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        self.0.iter().filter(move |(key, value)| key == name && !value.is_empty()).map(|(_, value)| value.as_str())
    }

    /// Whether a box is ticked.
    pub fn is_ticked(&self, name: &str) -> bool {
        !self.text(name).is_empty()
    }

    /// Reads a body that a page of ours sent, bounded.
    pub async fn read(parts: &Parts, body: Body) -> Result<Self, Refusal> {
        let content_type = parts.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        if !content_type.starts_with("application/x-www-form-urlencoded") {
            return Err(Refusal::UnreadableForm);
        }
        let collected = Limited::new(body, FORM_OCTETS).collect().await.map_err(|error| {
            if error.is::<LengthLimitError>() { Refusal::FormTooLarge } else { Refusal::UnreadableForm }
        })?;
        let octets = Zeroizing::new(collected.to_bytes().to_vec());
        let fields = form_urlencoded::parse(&octets);
        Ok(Self(fields.map(|(key, value)| (key.into_owned(), Zeroizing::new(value.into_owned()))).collect()))
    }
}

impl<V> FromRequest<Arc<Shared>> for Posted<V>
where
    V: SignedInVisitor + FromRequestParts<Arc<Shared>, Rejection = Refusal> + Send,
{
    type Rejection = Refusal;

    async fn from_request(request: Request, shared: &Arc<Shared>) -> Result<Self, Refusal> {
        let (mut parts, body) = request.into_parts();
        check_origin(&parts)?;
        let visit = V::from_request_parts(&mut parts, shared).await?;
        let fields = Fields::read(&parts, body).await?;
        if visit.session().has_form_token(fields.raw(TOKEN)) {
            Ok(Self { visit, fields })
        } else {
            Err(Refusal::StaleForm)
        }
    }
}
