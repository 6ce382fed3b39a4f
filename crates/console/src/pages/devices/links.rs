//! Links that make a device: made, shown once as text and as a code, taken back.

use super::LinkInPath;
use super::create::{label, path};
use super::list::{Form, again};
use crate::Shared;
use crate::form::{Fields, Posted};
use crate::frame::{Frame, Layout, Section, page_of_status, see_other};
use crate::moment::Moment;
use crate::pages::credentials::CredentialInPath;
use crate::qr_image::QrImage;
use crate::reached::Reached;
use crate::refusal::{Refusal, capitalised};
use crate::visitor::Visit;
use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use domain::{LinkStage, PhoneFormat};
use phone_provisioning::path_of_link;
use provisioning::{Answered, LinkCreated, NewLink, ProvisioningError, limits};
use std::sync::Arc;
use zeroize::Zeroizing;

#[derive(Template)]
#[template(path = "link_made.html")]
struct MadePage {
    frame: Frame,
    id: String,
    username: String,
    label: String,
    format: Option<PhoneFormat>,
    url: Zeroizing<String>,
    code: Option<QrImage>,
    expires_at: Moment,
    is_spent_by_a_look: bool,
    problem: Option<&'static str>,
}

pub(super) async fn make(
    State(shared): State<Arc<Shared>>,
    CredentialInPath(id): CredentialInPath,
    reached: Reached,
    Posted { visit, fields }: Posted<Visit>,
) -> Result<Response, Refusal> {
    let scope = visit.scope.clone().credentials_write()?;
    let place = (&*shared, &visit, id);
    let new = match new_link(&fields) {
        Ok(new) => new,
        Err(error) => return again(place, (Form::Link, &fields), error).await,
    };
    match shared.provisioning.create_link(&scope, visit.context(), (id, new), None).await {
        Ok(Answered::Fresh(made)) => {
            let username = shared.provisioning.credential(&visit.scope, id).await?.username.into();
            page_of_status(StatusCode::CREATED, &made_page(&visit, &reached, (made, username)))
        }
        Ok(Answered::Replayed(_)) => Err(Refusal::UnreadableForm),
        Err(error @ ProvisioningError::TooManyProvisioningLinks) => {
            again(place, (Form::Link, &fields), capitalised(&error.to_string())).await
        }
        Err(error) => Err(error.into()),
    }
}

fn made_page(visit: &Visit, reached: &Reached, (made, username): (LinkCreated, String)) -> MadePage {
    let LinkCreated { link, token } = made;
    let url = Zeroizing::new(reached.url(&path_of_link(link.stage, token.as_str())));
    MadePage {
        frame: visit.frame("A link for a phone", Section::Credentials),
        id: link.credential.to_string(),
        username,
        label: link.label.to_string(),
        format: link.format,
        code: QrImage::of(&url),
        url,
        expires_at: link.expires_at.into(),
        is_spent_by_a_look: link.stage == LinkStage::Opened,
        problem: reached.problem_for_others(),
    }
}

fn new_link(fields: &Fields) -> Result<NewLink, String> {
    let label = label(fields)?;
    let format = match fields.text("format") {
        "" => None,
        name => Some(PhoneFormat::from_name(name).ok_or("Choose a phone or app of the list.")?),
    };
    let stage = if fields.is_ticked("app") { LinkStage::Opened } else { LinkStage::Offered };
    if stage == LinkStage::Opened && format.is_none() {
        return Err("An app that fetches the link cannot choose: say which phone or app it is.".to_owned());
    }
    let seconds = match fields.text("seconds") {
        "" => limits::LINK_SECONDS,
        seconds => {
            seconds.parse().ok().filter(|seconds| *seconds > 0).ok_or("Choose for how long the link is good.")?
        }
    };
    Ok(NewLink { label, format, stage, seconds })
}

pub(super) async fn withdraw(
    State(shared): State<Arc<Shared>>,
    CredentialInPath(id): CredentialInPath,
    LinkInPath(link): LinkInPath,
    Posted { visit, .. }: Posted<Visit>,
) -> Result<Response, Refusal> {
    let scope = visit.scope.clone().credentials_write()?;
    shared.provisioning.delete_link(&scope, visit.context(), (id, link)).await?;
    see_other(&format!("{}?done=link-withdrawn", path(&visit, id)))
}
