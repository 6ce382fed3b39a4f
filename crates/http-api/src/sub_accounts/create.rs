//! `POST /api/v1/accounts/{auth_id}/sub-accounts/`

use super::fields;
use super::object::SubAccountObject;
use crate::answer;
use crate::api::Shared;
use crate::authenticated::AccountWriter;
use crate::body::JsonBody;
use crate::idempotency::{Repeatable, replayed};
use crate::json_object::{JsonObject, Shape};
use crate::problem::{ErrorBody, Problem};
use crate::request_context::Context;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use domain::AuthId;
use provisioning::{AccountCreated, AccountRead, Answered, NewSubAccount, Remembering, ReplayedAnswer};
use serde::Serialize;
use serde_json::Value;
use std::sync::Arc;
use utoipa::ToSchema;
use zeroize::Zeroizing;

const SHAPE: Shape = Shape {
    accepted: &["name", "email", "phone", "description", "permissions", "rate_limit", "password", "enabled"],
    refused: &[],
    hint: "only name, email, phone, description, permissions, rate_limit, password and enabled are accepted",
};

/// What a sub-account is created from.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewSubAccount)]
#[expect(dead_code, reason = "describes what `read` takes")]
pub(crate) struct NewSubAccountBody {
    /// What people call it.
    #[schema(min_length = 1, max_length = 128, pattern = "^[^\\u0000-\\u001f\\u007f-\\u009f]*$")]
    #[schema(example = "Support Team")]
    name: String,
    /// An address for people to write to; it is never written to. Empty for none.
    #[schema(
        max_length = 254,
        pattern = "^([^\\s\\u0000-\\u001f\\u007f-\\u009f]+@[^\\s@\\u0000-\\u001f\\u007f-\\u009f]+)?$",
        nullable = false
    )]
    #[schema(example = "support@example.com")]
    email: Option<String>,
    /// A number for people to call; it is never called. Empty for none.
    #[schema(max_length = 64, pattern = "^[A-Za-z0-9 +().#*/,;=-]*$", nullable = false, example = "+49 30 123456")]
    phone: Option<String>,
    /// A note. Empty for none.
    #[schema(
        max_length = 255,
        pattern = "^[^\\u0000-\\u001f\\u007f-\\u009f]*$",
        nullable = false,
        example = "night shift"
    )]
    description: Option<String>,
    /// Kept for you, at most 4096 octets; nothing is decided by it.
    #[schema(value_type = Object, additional_properties, required = false, nullable = false, example = json!({"calls": true}))]
    permissions: Option<()>,
    /// HTTP requests per minute its tokens may make together; 0 for what the server allows everybody.
    #[schema(minimum = 0, maximum = 1_000_000, nullable = false, example = 600)]
    rate_limit: Option<u32>,
    /// Taken because the hosted service takes it, and dropped: there is no web login here.
    #[schema(write_only, nullable = false, example = "not kept")]
    password: Option<String>,
    /// Whether it authenticates anyone yet.
    #[schema(nullable = false, default = true)]
    enabled: Option<bool>,
}

/// A new sub-account, this once with its first token.
#[derive(Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CreatedSubAccount<'v> {
    /// For people.
    #[schema(example = "Sub-account created successfully")]
    message: &'static str,
    sub_account: SubAccountObject<'v>,
    auth_credentials: AuthCredentials<'v>,
}

/// What the sub-account's own requests carry.
#[derive(Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct AuthCredentials<'v> {
    /// For `X-Auth-ID`.
    #[schema(example = "SA_XXXXXXXX")]
    auth_id: &'v str,
    /// For `X-Auth-Token`. Keep it: it is shown this once.
    #[schema(pattern = "^[0-9a-f]{64}$", example = "8d0e3b1c6f2a4975b8d0e3b1c6f2a4975b8d0e3b1c6f2a4975b8d0e3b1c6f2a4")]
    auth_token: &'v str,
}

impl<'v> CreatedSubAccount<'v> {
    fn new(parent: &'v AuthId, created: &'v AccountCreated) -> Self {
        let (view, auth_token) = (&created.account, created.auth_token.as_str());
        Self {
            message: "Sub-account created successfully",
            sub_account: SubAccountObject::with_token(parent, view, auth_token),
            auth_credentials: AuthCredentials { auth_id: view.account.auth_id.as_str(), auth_token },
        }
    }
}

/// Create a sub-account
///
/// It has a realm, a SIP domain, credentials and tokens of its own. Its first token is shown this once.
#[utoipa::path(
    post,
    path = "/api/v1/accounts/{auth_id}/sub-accounts",
    operation_id = "create-sub-account",
    request_body = NewSubAccountBody,
    responses(
        (status = 201, description = "The new sub-account and its first token", body = CreatedSubAccount),
        (status = 404, description = "The sub-account that this Idempotency-Key created is gone", body = ErrorBody,
         example = json!({"error": "Account not found", "code": 404})),
        (status = 409, description = "The account has as many sub-accounts as it may", body = ErrorBody,
         example = json!({
            "error": "The account has 1000 sub-accounts already; delete one that is not used",
            "code": 409,
         })),
    )
)]
pub(crate) async fn create(
    State(shared): State<Arc<Shared>>,
    AccountWriter(parent): AccountWriter,
    Context(context): Context,
    repeatable: Repeatable,
    JsonBody(body): JsonBody,
) -> Result<Response, Problem> {
    let new = read(&body)?;
    let answered = |created: &AccountCreated| {
        answer::json(StatusCode::CREATED, &CreatedSubAccount::new(parent.auth_id(), created))
    };
    let Some(request) = repeatable.request(&body) else {
        return answered(&shared.provisioning.create_sub_account(&parent, context, new).await?);
    };
    let render = |created: &AccountCreated| answer::remembered(&CreatedSubAccount::new(parent.auth_id(), created));
    let remembering = Remembering { request, render: &render };
    match shared.provisioning.create_sub_account_once(&parent, context, new, &remembering).await? {
        Answered::Fresh(created) => answered(&created),
        Answered::Replayed(answer) => replayed(&with_number(&shared, &parent, answer).await?),
    }
}

/// What is remembered was printed before storage gave the sub-account its number.
async fn with_number(
    shared: &Shared,
    parent: &AccountRead,
    mut answer: ReplayedAnswer,
) -> Result<ReplayedAnswer, Problem> {
    const UNNUMBERED: &str = r#""id":"0""#;
    let body: Value = serde_json::from_slice(&answer.body).map_err(|_| Problem::Unprintable)?;
    let auth_id =
        body.pointer("/sub_account/auth_id").and_then(Value::as_str).and_then(|text| AuthId::parse(text).ok());
    let view = shared.provisioning.sub_account(parent, auth_id.ok_or(Problem::Unprintable)?).await?;
    let text = std::str::from_utf8(&answer.body).map_err(|_| Problem::Unprintable)?;
    // The last one: what the client may have written itself comes before it.
    if let Some((before, after)) = text.rsplit_once(UNNUMBERED) {
        let numbered = format!(r#"{before}"id":"{}"{after}"#, view.account.id.0);
        answer.body = Zeroizing::new(numbered.into_bytes());
    }
    Ok(answer)
}

fn read(body: &[u8]) -> Result<NewSubAccount, Problem> {
    let mut object = JsonObject::read(body, &SHAPE)?;
    let name = object.required_text("name");
    let name = name.and_then(|text| fields::name(&mut object, &text));
    let profile = fields::profile(&mut object);
    drop(object.text("password"));
    let enabled = object.flag("enabled").unwrap_or(true);
    object.finish(name).map(|name| NewSubAccount { name, enabled, profile })
}

#[cfg(test)]
mod tests {
    use crate::test_api::{ACCOUNT, TestApi};

    const PATH: &str = "/api/v1/accounts/MA_TEST0001/sub-accounts/";

    #[tokio::test]
    async fn a_sub_account_lives_from_create_to_delete() {
        let api = TestApi::new().await;
        let body = r#"{"name":"Support","email":"a@example.com","password":"not kept","permissions":{"calls":true},"rate_limit":600}"#;
        let answer = api.post(PATH, body).await;
        assert_eq!(answer.status(), 201, "{}", answer.body);
        let created = answer.json();
        let keys: Vec<_> = created.as_object().unwrap().keys().cloned().collect();
        assert_eq!(keys, ["auth_credentials", "message", "sub_account"]);
        let object = &created["sub_account"];
        assert_eq!(object.as_object().unwrap().len(), 22);
        let (sub, token) = (object["auth_id"].as_str().unwrap(), object["auth_token"].as_str().unwrap());
        assert!(sub.starts_with("SA_") && object["parent_auth_id"] == ACCOUNT, "{object}");
        assert_eq!((&object["permissions"], &object["rate_limit"]), (&serde_json::json!({"calls": true}), &600.into()));
        assert_eq!((&object["created"], &object["phone"]), (&"2026-05-12".into(), &serde_json::Value::Null));
        assert_eq!(created["auth_credentials"], serde_json::json!({"auth_id": sub, "auth_token": token}));
        assert!(!answer.body.contains("not kept"));

        let shown = api.get(&format!("{PATH}{sub}")).await;
        assert_eq!(shown.json()["auth_token"], "<redacted>");
        assert!(!shown.body.contains(token));
        let listed = api.get(PATH).await.json();
        assert_eq!((&listed["total"], &listed["page"], &listed["size"]), (&1.into(), &1.into(), &25.into()));
        assert_eq!(listed["sub_accounts"][0], shown.json());

        let own = format!("/api/v1/Account/{sub}/trunks/credentials");
        assert_eq!(api.get(&own).await.status(), 200, "the parent's authority");
        assert_eq!(api.as_account(sub, token, "GET", &own).await.status(), 200);
        assert_eq!(api.as_account(sub, token, "GET", "~/trunks/credentials").await.status(), 403);
        assert_eq!(api.as_account(sub, token, "GET", "/api/v1/auth/me").await.json()["type"], "sub_account");

        let changed = api.put(&format!("{PATH}{sub}/"), r#"{"enabled":false,"email":""}"#).await;
        assert_eq!((&changed.json()["enabled"], &changed.json()["email"]), (&false.into(), &serde_json::Value::Null));
        assert_eq!(api.as_account(sub, token, "GET", &own).await.status(), 401);
        assert_eq!(api.get(&format!("{PATH}?active_only=true")).await.json()["total"], 0);
        assert_eq!(
            api.delete(&format!("{PATH}{sub}")).await.shown(),
            r#"200 {"message":"Sub-account deleted successfully"}"#
        );
        let gone = r#"404 {"error":"Account not found","code":404}"#;
        assert_eq!(api.get(&format!("{PATH}{sub}")).await.shown(), gone);
        assert_eq!(api.delete(&format!("{PATH}{sub}")).await.shown(), gone);
    }

    #[tokio::test]
    async fn every_fault_is_named() {
        let api = TestApi::new().await;
        for (body, expected) in [
            ("{}", "name is required"),
            (
                r#"{"name":"a","email":"x"}"#,
                "email must be an address like name@example.com of at most 254 characters, or empty",
            ),
            (r#"{"name":"a","rate_limit":-1}"#, "rate_limit must be a whole number, not another number"),
            (r#"{"name":"a","rate_limit":"5"}"#, "rate_limit must be a whole number, not a string"),
            (r#"{"name":"a","permissions":[]}"#, "permissions must be an object, not an array"),
            (
                r#"{"name":"a","kyc_mode":"x"}"#,
                "kyc_mode is not accepted; only name, email, phone, description, permissions, rate_limit, password and enabled are accepted",
            ),
        ] {
            let answer = api.post(PATH, body).await;
            assert_eq!((answer.status().as_u16(), answer.error().as_str()), (400, expected), "{body}");
        }
        let wrong = api.get(&format!("{PATH}?page=0&size=x&active_only=maybe")).await;
        assert_eq!(
            wrong.error(),
            "page must be a whole number from 1 to 1000000; size must be a whole number from 1 to 1000; active_only must be true or false"
        );
    }

    #[tokio::test]
    async fn pages_have_numbers_and_a_link_to_the_next() {
        let api = TestApi::new().await;
        for name in ["a", "b", "c"] {
            assert_eq!(api.post(PATH, format!(r#"{{"name":"{name}"}}"#)).await.status(), 201);
        }
        let first = api.get(&format!("{PATH}?size=2")).await;
        assert_eq!(first.header("link"), "</api/v1/accounts/MA_TEST0001/sub-accounts?page=2&size=2>; rel=\"next\"");
        let second = api.get("/api/v1/accounts/MA_TEST0001/sub-accounts?page=2&size=2").await;
        assert_eq!((second.header("link"), second.json()["sub_accounts"][0]["name"].as_str()), ("", Some("c")));
    }

    #[tokio::test]
    async fn repeating_with_a_key_creates_one() {
        let api = TestApi::new().await;
        let first = api.post_with_key(PATH, "k", r#"{"name":"once"}"#).await;
        let again = api.post_with_key(PATH, "k", r#"{"name":"once"}"#).await;
        assert_eq!(first.status(), 201, "{}", first.body);
        assert_eq!((again.shown(), again.header("idempotency-replayed")), (first.shown(), "true"));
        assert_eq!(api.get(PATH).await.json()["total"], 1);
    }
}
