//! Who asks for a page, and about which account.

use crate::Shared;
use crate::frame::{AccountFrame, Frame, Section};
use crate::refusal::Refusal;
use crate::session::{Person, Session, SessionCookie};
use axum::extract::{ConnectInfo, FromRequestParts, RawPathParams};
use axum::http::header::ACCEPT;
use axum::http::request::Parts;
use axum::http::{HeaderName, Method};
use domain::AuthId;
use provisioning::{AccountScope, InstallationOperator, Operator, ProvisioningError, RequestBudget, RequestContext};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;

const HX_REQUEST: HeaderName = HeaderName::from_static("hx-request");
/// Marks what a page asks for by itself; a stream needs no mark.
const BACKGROUND: HeaderName = HeaderName::from_static("x-background");

/// Somebody who is signed in, and whose token is good at this moment.
pub(crate) struct Visitor {
    pub session: Session,
    pub person: Person,
    pub context: RequestContext,
}

/// Somebody who is signed in, at a page about an account that they may see.
pub(crate) struct Visit {
    pub visitor: Visitor,
    /// What they may do there.
    pub scope: AccountScope,
    /// What was done just now, by the name that `?done=` has.
    pub notice: Option<&'static str>,
}

/// Whoever runs the installation.
pub(crate) struct OperatorVisit {
    pub visitor: Visitor,
    pub operator: InstallationOperator,
    pub notice: Option<&'static str>,
}

/// Where a request came from.
pub(crate) struct Source(pub IpAddr);

/// Whether only a part of a page is wanted.
pub(crate) struct IsPart(pub bool);

/// Whatever has a session.
pub(crate) trait SignedInVisitor {
    fn session(&self) -> &Session;
}

impl SignedInVisitor for Visitor {
    fn session(&self) -> &Session {
        &self.session
    }
}

impl SignedInVisitor for Visit {
    fn session(&self) -> &Session {
        &self.visitor.session
    }
}

impl SignedInVisitor for OperatorVisit {
    fn session(&self) -> &Session {
        &self.visitor.session
    }
}

impl Visitor {
    fn frame(&self, title: &str, section: Section) -> Frame {
        let (person, is_operator) = match &self.person {
            Person::Tenant(operator) => (format!("{} · {}", operator.auth_id(), operator.token_label()), false),
            Person::Operator(_) => ("operator".to_owned(), true),
        };
        Frame {
            title: title.to_owned(),
            section,
            form_token: self.session.form_token.to_string(),
            person,
            is_operator,
            account: None,
            notice: None,
        }
    }
}

impl Visit {
    /// Where the account's pages begin.
    pub fn base(&self) -> String {
        format!("/console/{}", self.scope.auth_id())
    }

    pub fn context(&self) -> RequestContext {
        self.visitor.context.clone()
    }

    pub fn frame(&self, title: &str, section: Section) -> Frame {
        let account = AccountFrame {
            auth_id: self.scope.auth_id().to_string(),
            name: self.scope.account_name().to_owned(),
            may_read: self.scope.may_read_account(),
            may_write: self.scope.may_write_account(),
            may_write_credentials: self.scope.may_write_credentials(),
        };
        Frame { account: Some(account), notice: self.notice, ..self.visitor.frame(title, section) }
    }
}

impl OperatorVisit {
    pub fn frame(&self, title: &str) -> Frame {
        Frame { notice: self.notice, ..self.visitor.frame(title, Section::Operator) }
    }
}

impl FromRequestParts<Arc<Shared>> for Visitor {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, shared: &Arc<Shared>) -> Result<Self, Refusal> {
        let streams = parts.headers.get(ACCEPT).is_some_and(|accepted| accepted == "text/event-stream");
        let is_background = streams || parts.headers.contains_key(BACKGROUND);
        let now = shared.clock.now();
        let name = SessionCookie::sent(parts);
        let session = name.as_ref().and_then(|name| {
            if is_background { shared.sessions.peek(name, now) } else { shared.sessions.find(name, now) }
        });
        let context = parts.extensions.get::<RequestContext>().cloned().unwrap_or_default();
        let renewed = session.and_then(|session| {
            let person = shared.renewed(&session.person, &context)?;
            Some(Self { session, person, context: context.clone() })
        });
        if let (None, Some(name)) = (&renewed, &name) {
            // Whoever's token was revoked is signed out for good, also if another is made of the same name.
            shared.sessions.end(name);
        }
        if let Some(Self { person: Person::Tenant(operator), .. }) = &renewed
            && let Some(budget) = parts.extensions.get::<Arc<dyn RequestBudget>>()
        {
            let taken = budget.take(operator);
            taken.map_err(|retry_after_seconds| Refusal::TooManyRequests { retry_after_seconds })?;
        }
        let path =
            if parts.method == Method::GET { parts.uri.path_and_query().map(|path| path.as_str()) } else { None };
        let next = path.unwrap_or_default().to_owned();
        renewed.ok_or(Refusal::SignInNeeded { next, is_background })
    }
}

impl Shared {
    /// Whoever signed in, if they may still be.
    pub fn renewed(&self, person: &Person, context: &RequestContext) -> Option<Person> {
        match person {
            Person::Tenant(operator) => self.provisioning.renewed(operator).ok().map(Person::Tenant),
            Person::Operator(operator) if self.config.admits_operators => {
                self.provisioning.renewed_operator(operator, context.clone()).ok().map(Person::Operator)
            }
            Person::Operator(_) => None,
        }
    }

    /// What they may do to that account.
    pub fn scope_of(&self, person: &Person, auth_id: &str) -> Result<AccountScope, Refusal> {
        match person {
            Person::Tenant(operator) => Ok(Operator::clone(operator).scope(auth_id)?),
            Person::Operator(operator) => {
                let auth_id = AuthId::parse(auth_id).map_err(|_| ProvisioningError::AccountNotFound)?;
                let account = self.provisioning.account_for_operator(operator, &auth_id)?;
                Ok(AccountScope::clone(&account))
            }
        }
    }
}

impl FromRequestParts<Arc<Shared>> for Visit {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, shared: &Arc<Shared>) -> Result<Self, Refusal> {
        let visitor = Visitor::from_request_parts(parts, shared).await?;
        let parameters = RawPathParams::from_request_parts(parts, &()).await;
        let parameters = parameters.map_err(|_| Refusal::NotFound("There is no such page."))?;
        let auth_id = parameters.iter().find(|(name, _)| *name == "auth_id").map(|(_, value)| value.to_owned());
        let scope = shared.scope_of(&visitor.person, &auth_id.unwrap_or_default())?;
        Ok(Self { visitor, scope, notice: notice(parts) })
    }
}

impl FromRequestParts<Arc<Shared>> for OperatorVisit {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, shared: &Arc<Shared>) -> Result<Self, Refusal> {
        let visitor = Visitor::from_request_parts(parts, shared).await?;
        let Person::Operator(operator) = &visitor.person else { return Err(Refusal::NotTheOperator) };
        let operator = operator.clone();
        Ok(Self { visitor, operator, notice: notice(parts) })
    }
}

impl FromRequestParts<Arc<Shared>> for Source {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _shared: &Arc<Shared>) -> Result<Self, Refusal> {
        let client = parts.extensions.get::<ConnectInfo<SocketAddr>>();
        Ok(Self(client.map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |ConnectInfo(address)| address.ip())))
    }
}

impl FromRequestParts<Arc<Shared>> for IsPart {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _shared: &Arc<Shared>) -> Result<Self, Refusal> {
        Ok(Self(parts.headers.contains_key(HX_REQUEST)))
    }
}

/// What was done just now: a closed set, so that a link cannot put words here.
fn notice(parts: &Parts) -> Option<&'static str> {
    let done = form_urlencoded::parse(parts.uri.query()?.as_bytes()).find(|(name, _)| name == "done")?.1;
    let sentence = match &*done {
        "updated" => "Saved. It holds on every node.",
        "enabled" => "Enabled. Phones can register again.",
        "disabled" => "Disabled. New requests are refused and its phones are offline.",
        "deleted" => "Deleted.",
        "overlap-ended" => "The overlap has ended. Only the new password works.",
        "phones-ended" => "The registrations have ended. A phone that still has the password may register again.",
        "calls-ended" => "The calls are being ended.",
        "ban-lifted" => "The ban is lifted.",
        "token-revoked" => "The token is revoked. No node accepts it any more.",
        "created" => "Created.",
        "account-disabled" => "Disabled. Its tokens and phones are refused everywhere.",
        "account-enabled" => "Enabled. Its tokens and phones are let in again.",
        "desk-phone-created" => "Created. It fetches its configuration at its next boot.",
        "desk-phone-rotated" => {
            "It has a new password, which it fetches at its next boot. The one of before works no more."
        }
        "device-revoked" => "Revoked. No node accepts its password any more, and its registrations have ended.",
        "link-withdrawn" => "Taken back. Whoever has the link has nothing.",
        "path-replaced" => "Replaced. At the address of before nothing is served any more.",
        "assigned" => "The number is assigned.",
        _ => return None,
    };
    Some(sentence)
}
