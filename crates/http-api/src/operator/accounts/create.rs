//! `POST /admin/v1/accounts`

use crate::answer;
use crate::api::Shared;
use crate::body::JsonBody;
use crate::json_object::{JsonObject, Shape};
use crate::operator::access::Access;
use crate::problem::{ErrorBody, Problem};
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use domain::{AuthId, HostName, RealmName};
use provisioning::{AccountCreated, AccountName, Description, Email, NewAccountRequest, PhoneNumber, ProfilePatch};
use serde::Serialize;
use std::sync::Arc;
use utoipa::ToSchema;

const SHAPE: Shape = Shape {
    accepted: &["name", "auth_id", "realm", "sip_domain", "parent_auth_id", "email", "phone", "description"],
    refused: &[("auth_token", "is drawn by the server and shown in the answer")],
    hint: "only name, auth_id, realm, sip_domain, parent_auth_id, email, phone and description are accepted",
};

/// What an account is created from.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewOperatorAccount)]
#[expect(dead_code, reason = "describes what `read` takes")]
pub(crate) struct NewAccountBody {
    /// What people call it.
    #[schema(min_length = 1, max_length = 128, example = "Acme")]
    name: String,
    /// Its public identifier; left out: drawn at random.
    #[schema(min_length = 3, max_length = 32, nullable = false, example = "MA_1A2B3C4D")]
    auth_id: Option<String>,
    /// An existing deployment's digest realm; left out: `{auth_id}.{base domain}`.
    #[schema(nullable = false, example = "sip.example.com")]
    realm: Option<String>,
    /// The base domain, where no server has stored one yet.
    #[schema(nullable = false, example = "sip.example.com")]
    sip_domain: Option<String>,
    /// The main account that is to administer it.
    #[schema(nullable = false, example = "MA_XXXXXXXX")]
    parent_auth_id: Option<String>,
    /// An address for people to write to.
    #[schema(nullable = false, max_length = 254, example = "ops@example.com")]
    email: Option<String>,
    /// A number for people to call.
    #[schema(nullable = false, max_length = 64, example = "+49 30 1234567")]
    phone: Option<String>,
    /// A note.
    #[schema(nullable = false, max_length = 255, example = "pilot customer")]
    description: Option<String>,
}

/// A new account with its first token, which is shown this once.
#[derive(Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CreatedAccount<'v> {
    /// What `X-Auth-ID` carries.
    #[schema(example = "MA_XXXXXXXX")]
    auth_id: &'v str,
    /// What `X-Auth-Token` carries.
    auth_token: &'v str,
    /// The digest realm of its credentials.
    #[schema(example = "MA_XXXXXXXX.sip.example.com")]
    realm: &'v str,
    /// Its own legal SIP domain.
    #[schema(example = "ma-xxxxxxxx.sip.example.com")]
    sip_domain: &'v str,
}

/// Create an account
///
/// Its `auth_token` is shown this once.
#[utoipa::path(
    post,
    path = "/admin/v1/accounts",
    operation_id = "operator-create-account",
    request_body = NewAccountBody,
    responses(
        (status = 201, description = "The new account, enabled", body = CreatedAccount),
        (status = 404, description = "There is no such parent", body = ErrorBody),
        (status = 409, description = "The auth id or a host name is taken", body = ErrorBody),
    )
)]
pub(crate) async fn create(
    State(shared): State<Arc<Shared>>,
    Access(operator): Access,
    JsonBody(body): JsonBody,
) -> Result<Response, Problem> {
    let created = shared.provisioning.create_account(&operator, read(&body)?).await?;
    answer::json(StatusCode::CREATED, &CreatedAccount::from(&created))
}

fn read(body: &[u8]) -> Result<NewAccountRequest, Problem> {
    let mut object = JsonObject::read(body, &SHAPE)?;
    let name = object.required_text("name");
    let name = name.and_then(|text| object.valid("name", AccountName::parse(&text)));
    let auth_id = object.text("auth_id").and_then(|text| object.valid("auth_id", AuthId::parse(&text)));
    let realm = object.text("realm").and_then(|text| object.valid("realm", RealmName::parse(&text)));
    let base_domain = object.text("sip_domain").and_then(|text| object.valid("sip_domain", HostName::parse(&text)));
    let parent = object.text("parent_auth_id");
    let parent = parent.and_then(|text| object.valid("parent_auth_id", AuthId::parse(&text)));
    let profile = read_profile(&mut object);
    object.finish(name).map(|name| NewAccountRequest { name, auth_id, realm, base_domain, parent, profile })
}

/// The fields that tell of whoever an account belongs to.
pub(super) fn read_profile(object: &mut JsonObject) -> ProfilePatch {
    let email = object.text("email").and_then(|text| object.valid("email", Email::parse(&text)));
    let phone = object.text("phone").and_then(|text| object.valid("phone", PhoneNumber::parse(&text)));
    let description = object.text("description");
    let description = description.and_then(|text| object.valid("description", Description::parse(&text)));
    ProfilePatch { email, phone, description, ..ProfilePatch::default() }
}

impl<'v> From<&'v AccountCreated> for CreatedAccount<'v> {
    fn from(created: &'v AccountCreated) -> Self {
        let view = &created.account;
        Self {
            auth_id: view.account.auth_id.as_str(),
            auth_token: &created.auth_token,
            realm: view.realm.name.as_str(),
            sip_domain: view.account.sip_domain.as_str(),
        }
    }
}
