//! `POST /api/v1/Account/{auth_id}/credentials/{id}/test`: whether a password is the credential's.

use crate::answer;
use crate::api::Shared;
use crate::authenticated::{CredentialInPath, CredentialsWriter};
use crate::body::JsonBody;
use crate::json_object::{JsonObject, Shape};
use crate::problem::Problem;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use domain::AuthReason;
use provisioning::{PasswordTest, Slip};
use serde::Serialize;
use std::sync::Arc;
use utoipa::ToSchema;
use zeroize::Zeroizing;

/// The longest password there can be: 128 characters of four octets each.
const LONGEST: usize = 512;
const SHAPE: Shape = Shape { accepted: &["password"], refused: &[], hint: "only a password can be tested" };

/// The password to try.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = PasswordToTest)]
#[expect(dead_code, reason = "describes what `read` takes")]
pub(crate) struct PasswordToTest {
    /// As somebody would type it into a phone. It is neither stored nor logged.
    #[schema(max_length = 512, write_only, example = "correct horse battery staple")]
    password: String,
}

/// What a phone with that password would meet with.
#[derive(Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = TestedPassword)]
pub(crate) struct TestedPassword {
    /// Whether it is the credential's present password.
    matches: bool,
    /// As authentication events name it: `ok`, `wrong_password`, `old_password`, `credential_disabled` or
    /// `credential_expired`.
    #[schema(pattern = "^(ok|wrong_password|old_password|credential_disabled|credential_expired)$", example = "ok")]
    reason: &'static str,
    /// What to do.
    #[schema(example = "It is the password; if a phone is refused, look at its username, domain and transport.")]
    advice: &'static str,
}

impl From<PasswordTest> for TestedPassword {
    fn from(test: PasswordTest) -> Self {
        let advice = match (test.reason, test.slip) {
            (AuthReason::CredentialDisabled, _) => "It is the password, but the credential is disabled; enable it.",
            (AuthReason::CredentialExpired, _) => {
                "It is the password, but the credential has expired; set another expires_at in its details."
            }
            (AuthReason::OldPassword, _) => "It was the password until it was changed; use the present one.",
            (AuthReason::Ok, _) if !test.matches => {
                "It is the password before the present one, and works until the overlap of its rotation ends."
            }
            (AuthReason::Ok, _) => {
                "It is the password; if a phone is refused, look at its username, domain and transport."
            }
            (_, Some(Slip::SurroundingSpace)) => "Without the white space around it, it would be the password.",
            (_, Some(Slip::FirstLetter)) => "With its first letter in the other case it would be the password.",
            (_, Some(Slip::CapsLock)) => "With upper and lower case exchanged it would be the password: Caps Lock.",
            (_, None) => "It is not the password; set a new one if nobody knows it.",
        };
        Self { matches: test.matches, reason: test.reason.as_str(), advice }
    }
}

/// Test a password
///
/// Says whether it is the credential's, without a phone.
#[utoipa::path(
    post,
    path = "/api/v1/Account/{auth_id}/credentials/{credential_id}/test",
    operation_id = "test-credential",
    request_body = PasswordToTest,
    responses((status = 200, description = "What a phone with it would meet with", body = TestedPassword))
)]
pub(crate) async fn test(
    State(shared): State<Arc<Shared>>,
    CredentialsWriter(scope): CredentialsWriter,
    CredentialInPath(id): CredentialInPath,
    JsonBody(body): JsonBody,
) -> Result<Response, Problem> {
    let password = read(&body)?;
    drop(body);
    let test = shared.provisioning.test_password(&scope, (id, &password)).await?;
    answer::json(StatusCode::OK, &TestedPassword::from(test))
}

fn read(body: &[u8]) -> Result<Zeroizing<String>, Problem> {
    let mut object = JsonObject::read(body, &SHAPE)?;
    let password = object.required_text("password");
    let fits =
        |text: Zeroizing<String>| if text.len() > LONGEST { Err("is longer than any password") } else { Ok(text) };
    let password = password.and_then(|text| object.valid("password", fits(text)));
    object.finish(password)
}

#[cfg(test)]
mod tests {
    use crate::test_api::{NOBODY, TestApi};

    async fn tried(api: &TestApi, id: &str, password: &str) -> (bool, String, String) {
        let body = serde_json::json!({ "password": password }).to_string();
        let answer = api.post(&format!("~/credentials/{id}/test"), body).await.json();
        assert_eq!(answer.as_object().unwrap().len(), 3, "{answer}");
        let text = |field: &str| answer[field].as_str().unwrap().to_owned();
        (answer["matches"].as_bool().unwrap(), text("reason"), text("advice"))
    }

    #[tokio::test]
    async fn the_right_one_is_told_from_others_and_from_slips_of_typing() {
        let api = TestApi::new().await;
        let body = r#"{"username":"desk","password":"Correct!Horse7"}"#;
        let id = api.post("~/credentials", body).await.json()["id"].as_str().unwrap().to_owned();
        for (password, reason, advice) in [
            ("Correct!Horse7", "ok", "It is the password"),
            ("Correct!Horse8", "wrong_password", "It is not the password"),
            (" Correct!Horse7\n", "wrong_password", "Without the white space"),
            ("correct!Horse7", "wrong_password", "With its first letter"),
            ("cORRECT!hORSE7", "wrong_password", "With upper and lower case exchanged"),
            ("", "wrong_password", "It is not the password"),
        ] {
            let (matches, found, said) = tried(&api, &id, password).await;
            assert_eq!((matches, found.as_str()), (reason == "ok", reason), "{password}");
            assert!(said.starts_with(advice), "{password}: {said}");
        }
        api.put(&format!("~/credentials/{id}"), r#"{"enabled":false}"#).await;
        let (matches, reason, _) = tried(&api, &id, "Correct!Horse7").await;
        assert_eq!((matches, reason.as_str()), (true, "credential_disabled"));
        let log = format!("{:?}", api.storage.audit_log());
        assert!(!log.contains("Horse8") && !log.contains("hORSE"), "{log}");
    }

    #[tokio::test]
    async fn every_fault_is_named() {
        let api = TestApi::new().await;
        let id = api.created("desk").await;
        let path = format!("~/credentials/{id}/test");
        let long = format!(r#"{{"password":"{}"}}"#, "x".repeat(513));
        for (body, expected) in [
            ("{}", "password is required"),
            (r#"{"password":7}"#, "password must be a string, not a number"),
            (&long, "password is longer than any password"),
            (r#"{"password":"x","username":"y"}"#, "username is not accepted; only a password can be tested"),
        ] {
            let answer = api.post(&path, body.to_owned()).await;
            assert_eq!((answer.status().as_u16(), answer.error()), (400, expected.to_owned()), "{body}");
        }
        let nobody = api.post(&format!("~/credentials/{NOBODY}/test"), r#"{"password":"x"}"#).await;
        assert_eq!(nobody.shown(), r#"404 {"error":"Credential not found","code":404}"#);
    }
}
