//! `POST /api/v1/Account/{auth_id}/credentials/{credential_id}/devices`

use super::object::DeviceCreatedObject;
use crate::answer;
use crate::api::Shared;
use crate::authenticated::{CredentialInPath, CredentialsWriter};
use crate::body::JsonBody;
use crate::idempotency::{Repeatable, replayed};
use crate::json_object::{JsonObject, Shape};
use crate::problem::{ErrorBody, Problem};
use crate::request_context::Context;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use domain::{DeskPhone, DeviceLabel, MacAddress, PhoneFormat};
use provisioning::{Answered, DeviceCreated, DeviceView, NewDeskPhone, NewDevice, Remembering};
use std::sync::Arc;
use utoipa::ToSchema;

const SHAPE: Shape = Shape {
    accepted: &["label", "mac", "format"],
    refused: &[("password", "is drawn here and shown in the answer; a password of your own goes on the credential")],
    hint: "only label, and mac and format of a desk phone, are accepted",
};

/// What a device is created from.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewDevice, example = json!({"label": "Ann's mobile"}))]
#[expect(dead_code, reason = "describes what `read` takes")]
pub(crate) struct NewDeviceBody {
    /// What you call it: 1 to 64 octets of UTF-8 without control characters.
    #[schema(min_length = 1, max_length = 64, pattern = "^[^\\u0000-\\u001f\\u007f-\\u009f\\u2028\\u2029]*$")]
    #[schema(example = "Ann's mobile")]
    label: String,
    /// The hardware address of a desk phone, which fetches its configuration itself: then no password is answered.
    #[schema(nullable = false, example = "80:5e:c0:12:ab:cd")]
    mac: Option<String>,
    /// What the desk phone's configuration is written in: `yealink`, `grandstream`, `polycom`, `snom` or `fanvil`.
    #[schema(nullable = false, pattern = "^[a-z]+$", example = "yealink")]
    format: Option<String>,
}

/// Create a device
///
/// When this has answered, a phone can register with the new password on every node, beside the credential's own. It can
/// be revoked alone. A credential has at most 10 devices.
#[utoipa::path(
    post,
    path = "/api/v1/Account/{auth_id}/credentials/{credential_id}/devices",
    operation_id = "create-device",
    request_body = NewDeviceBody,
    responses(
        (status = 201, description = "The device, and its password this once", body = DeviceCreatedObject),
        (status = 409, description = "The credential has 10 devices, or another is that desk phone", body = ErrorBody),
    )
)]
pub(crate) async fn create(
    State(shared): State<Arc<Shared>>,
    CredentialsWriter(scope): CredentialsWriter,
    CredentialInPath(id): CredentialInPath,
    Context(context): Context,
    repeatable: Repeatable,
    JsonBody(body): JsonBody,
) -> Result<Response, Problem> {
    let new = read(&body)?;
    let request = repeatable.request(&body);
    drop(body);
    let new = match new {
        New::Secret(new) => new,
        New::DeskPhone(new) => {
            let render = |view: &DeviceView| answer::remembered(&DeviceCreatedObject::from(view));
            let remembering = request.map(|request| Remembering { request, render: &render });
            let created =
                shared.provisioning.create_desk_phone(&scope, context, (id, new), remembering.as_ref()).await?;
            return match created {
                Answered::Fresh(view) => answer::json(StatusCode::CREATED, &DeviceCreatedObject::from(&view)),
                Answered::Replayed(answer) => replayed(&answer),
            };
        }
    };
    let render = |created: &DeviceCreated| answer::remembered(&DeviceCreatedObject::from(created));
    let remembering = request.map(|request| Remembering { request, render: &render });
    match shared.provisioning.create_device(&scope, context, (id, new), remembering.as_ref()).await? {
        Answered::Fresh(created) => answer::json(StatusCode::CREATED, &DeviceCreatedObject::from(&created)),
        Answered::Replayed(answer) => replayed(&answer),
    }
}

/// Either kind of device.
enum New {
    Secret(NewDevice),
    DeskPhone(NewDeskPhone),
}

fn read(body: &[u8]) -> Result<New, Problem> {
    let mut object = JsonObject::read(body, &SHAPE)?;
    let label = object.required_text("label").and_then(|text| object.valid("label", DeviceLabel::parse(&text)));
    if !object.has("mac") && !object.has("format") {
        return object.finish(label.map(|label| New::Secret(NewDevice { label })));
    }
    let mac = object.required_text("mac").and_then(|text| object.valid("mac", MacAddress::parse(&text)));
    let format = object.required_text("format").and_then(|text| object.valid("format", desk_format(&text)));
    let phone = mac.zip(format).map(|(mac, format)| DeskPhone { mac, format });
    object.finish(label.zip(phone).map(|(label, phone)| New::DeskPhone(NewDeskPhone { label, phone })))
}

fn desk_format(text: &str) -> Result<PhoneFormat, &'static str> {
    let format = PhoneFormat::from_name(text).filter(|format| format.is_of_desk_phones());
    format.ok_or("must be yealink, grandstream, polycom, snom or fanvil")
}

#[cfg(test)]
mod tests {
    use crate::test_api::{NOBODY, TestApi};
    use serde_json::json;

    #[tokio::test]
    async fn a_device_is_created_listed_renamed_and_revoked() {
        let api = TestApi::new().await;
        let id = api.created("desk").await;
        let path = format!("~/credentials/{id}/devices");
        let created = api.post(&path, r#"{"label":"Ann's \"mobile\""}"#).await;
        assert_eq!(created.status(), 201, "{}", created.body);
        let object = created.json();
        let keys: Vec<_> = object.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(keys, ["created_at", "credential_id", "format", "id", "kind", "label", "mac", "password"]);
        let (device, password) = (object["id"].as_str().unwrap(), object["password"].as_str().unwrap());
        let one = format!("{path}/{device}");
        let shown = api.get(&one).await;
        let expected = json!({
            "id": device, "credential_id": id, "label": "Ann's \"mobile\"", "kind": "secret", "mac": null,
            "format": null, "created_at": object["created_at"], "last_used": null,
        });
        assert_eq!(shown.json(), expected);
        let renamed = api.put(&one, r#"{"label":" kitchen "}"#).await;
        assert_eq!((renamed.status().as_u16(), renamed.json()["label"].as_str()), (200, Some("kitchen")));
        let list = api.get(&path).await.json();
        assert_eq!(list["objects"], json!([renamed.json()]));
        let gone = api.delete(&one).await;
        assert_eq!((gone.status().as_u16(), gone.body.as_str()), (204, ""));
        for answer in [api.get(&one).await, api.delete(&one).await, api.put(&one, r#"{"label":"a"}"#).await] {
            assert_eq!(answer.shown(), r#"404 {"error":"Device not found","code":404}"#);
        }
        assert_eq!(api.get(&path).await.json()["objects"], json!([]));
        let log = format!("{:?}", api.storage.audit_log());
        assert!(!log.contains(password), "{log}");
        for action in ["DeviceCreated", "DeviceUpdated", "DeviceRevoked"] {
            assert!(log.contains(action), "{action}: {log}");
        }
    }

    #[tokio::test]
    async fn ten_and_no_more_however_they_are_asked_for_at_once() {
        let api = TestApi::new().await;
        let id = api.created("desk").await;
        let path = format!("~/credentials/{id}/devices");
        let post = async |number: u8| api.post(&path, format!(r#"{{"label":"phone {number}"}}"#)).await;
        let answers: Vec<_> = {
            let first = async { tokio::join!(post(0), post(1), post(2), post(3), post(4), post(5)) };
            let second = async { tokio::join!(post(6), post(7), post(8), post(9), post(10), post(11)) };
            let ((a, b, c, d, e, f), (g, h, i, j, k, l)) = tokio::join!(first, second);
            vec![a, b, c, d, e, f, g, h, i, j, k, l]
        };
        let count = |status: u16| answers.iter().filter(|answer| answer.status().as_u16() == status).count();
        assert_eq!((count(201), count(409)), (10, 2));
        let refused = answers.iter().find(|answer| answer.status() == 409).unwrap();
        assert_eq!(refused.error(), "The credential has 10 devices already; revoke one that is not used");
        let list = api.get(&path).await.json();
        let ids: Vec<_> = list["objects"].as_array().unwrap().iter().map(|one| one["id"].clone()).collect();
        assert_eq!(ids.len(), 10);
        api.delete(&format!("{path}/{}", ids[3].as_str().unwrap())).await;
        assert_eq!(api.post(&path, r#"{"label":"the eleventh"}"#).await.status(), 201);
    }

    #[tokio::test]
    async fn a_desk_phone_is_created_without_a_password_and_fetches_the_same_one_again() {
        let api = TestApi::with(crate::Config {
            sip_services: vec![crate::SipService { transport: "udp", host: Some("192.0.2.1".into()), port: 5060 }],
            provisioning_in_clear: true,
            ..crate::Config::default()
        })
        .await;
        let id = api.created("desk").await;
        let path = format!("~/credentials/{id}/devices");
        let body = r#"{"label":"Reception","mac":"80:5E:C0:12:AB:CD","format":"yealink"}"#;
        let created = api.post(&path, body).await;
        assert_eq!(created.status(), 201, "{}", created.body);
        let object = created.json();
        assert_eq!((&object["mac"], &object["format"]), (&json!("805ec012abcd"), &json!("yealink")));
        assert!(object.get("password").is_none() && object["kind"] == "derived", "{object}");
        let again = api.post(&path, body).await;
        assert_eq!(again.error(), "Another device of the account is that desk phone; revoke it first");
        let url = api.get("~/provisioning-path").await.json()["url"].as_str().unwrap().to_owned();
        let folder = url.get(url.find("/provision/mac/").unwrap()..).unwrap().to_owned();
        let first = api.get(&format!("{folder}805ec012abcd.cfg")).await;
        assert_eq!(first.status(), 200, "{}", first.body);
        assert!(first.body.contains("account.1.label = Reception\n"), "{}", first.body);
        let second = api.get(&format!("{folder}805EC012ABCD.cfg")).await;
        assert_eq!(first.body, second.body, "it is the same at each boot");
        let wrong = folder.replace("/provision/mac/MA_TEST0001/", "/provision/mac/MA_TEST0002/");
        for nothing in [
            format!("{folder}805ec012abce.cfg"),
            format!("{folder}y000000000066.cfg"),
            format!("{wrong}805ec012abcd.cfg"),
            "/provision/mac/MA_TEST0001/AAAAAAAAAAAAAAAAAAAAAAAA/805ec012abcd.cfg".to_owned(),
        ] {
            assert_eq!(api.get(&nothing).await.error(), "Device not found", "{nothing}");
        }
        assert_eq!(api.delete("~/provisioning-path").await.status(), 204);
        assert_eq!(api.get(&format!("{folder}805ec012abcd.cfg")).await.status(), 404);
        for (body, expected) in [
            (r#"{"label":"a","mac":"805ec012abce"}"#, "format is required"),
            (r#"{"label":"a","format":"snom"}"#, "mac is required"),
            (
                r#"{"label":"a","mac":"805ec012abce","format":"linphone"}"#,
                "format must be yealink, grandstream, polycom, snom or fanvil",
            ),
        ] {
            assert_eq!(api.post(&path, body).await.error(), expected, "{body}");
        }
    }

    #[tokio::test]
    async fn repeating_with_a_key_creates_one() {
        let api = TestApi::new().await;
        let id = api.created("desk").await;
        let path = format!("~/credentials/{id}/devices");
        let first = api.post_with_key(&path, "k", r#"{"label":"a"}"#).await;
        let again = api.post_with_key(&path, "k", r#"{"label":"a"}"#).await;
        assert_eq!((again.shown(), again.header("idempotency-replayed")), (first.shown(), "true"));
        assert_eq!(api.get(&path).await.json()["objects"].as_array().unwrap().len(), 1);
    }

    #[tokio::test]
    async fn every_fault_is_named() {
        let api = TestApi::new().await;
        let id = api.created("desk").await;
        let label = "label must have 1 to 64 octets (letters outside ASCII take two to four) and no control characters \
                     or line breaks";
        for (body, expected) in [
            ("{}", "label is required"),
            (r#"{"label":""}"#, label),
            (r#"{"label":"a\nb"}"#, label),
            (r#"{"label":7}"#, "label must be a string, not a number"),
        ] {
            let answer = api.post(&format!("~/credentials/{id}/devices"), body).await;
            assert_eq!((answer.status().as_u16(), answer.error()), (400, expected.to_owned()), "{body}");
        }
        let theirs = api.other_credential("theirs").await;
        for path in [format!("~/credentials/{NOBODY}/devices"), format!("~/credentials/{theirs}/devices")] {
            for answer in [api.post(&path, r#"{"label":"a"}"#).await, api.get(&path).await] {
                assert_eq!(answer.shown(), r#"404 {"error":"Credential not found","code":404}"#);
            }
        }
        let answer = api.get(&format!("~/credentials/{id}/devices/x")).await;
        assert_eq!(answer.error(), "The device id in the path is not a UUID; use the id from create or list");
    }
}
