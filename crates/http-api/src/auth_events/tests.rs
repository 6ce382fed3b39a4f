use crate::test_api::{ACCOUNT_NUMBER, NOBODY, OTHER_NUMBER, TestApi};
use domain::{AuthRecord, AuthRemark, CredentialId, DigestAlgorithm, NearMiss};
use serde_json::json;
use std::sync::Arc;
use storage::{AuthEventChange, AuthEvents};
use testkit::samples;

async fn keep(api: &TestApi, records: impl IntoIterator<Item = AuthRecord>) {
    let changes = records.into_iter().map(AuthEventChange::Add).collect();
    api.storage.save_auth_events(Arc::new(changes)).await.unwrap();
}

fn own(number: i64) -> AuthRecord {
    samples::auth_record(Some(ACCOUNT_NUMBER), number)
}

#[tokio::test]
async fn an_event_has_these_fields() {
    let api = TestApi::new().await;
    let full = AuthRecord {
        last_at: samples::CREATED_AT.plus_seconds(61),
        attempts: 7,
        credential: CredentialId::parse(NOBODY),
        remark: Some(AuthRemark::InsecureTransport),
        near_miss: Some(NearMiss::OtherRealm),
        claimed_realm: Some("elsewhere".into()),
        algorithm: Some(DigestAlgorithm::Md5),
        ..own(1)
    };
    let several = AuthRecord {
        source: AuthRecord::MANY_SOURCES,
        username: "".into(),
        host: "".into(),
        user_agent: "".into(),
        call_id: "".into(),
        ..own(2)
    };
    keep(&api, [full, several]).await;
    let page = api.get("~/auth-events").await.json();
    let expected = json!({
        "id": page["objects"][1]["id"], "at": "2023-11-14T22:13:21.123456Z", "last_at": "2023-11-14T22:14:21.123456Z",
        "attempts": 7, "sampled": true, "reason": "unknown_user", "remark": "insecure_transport",
        "near_miss": "other_realm", "credential_id": NOBODY, "device": null, "username": "phone1", "claimed_realm": "elsewhere",
        "source": "192.0.2.1:5060", "transport": "udp", "method": "REGISTER", "host": "example.com",
        "user_agent": "Phone/1.0", "call_id": "call-1", "algorithm": "MD5",
    });
    assert_eq!(page["objects"][1], expected);
    let several = &page["objects"][0];
    let keys = |value: &serde_json::Value| value.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    assert_eq!(keys(several), keys(&expected));
    for null in ["source", "username", "host", "user_agent", "call_id", "algorithm", "remark", "near_miss"] {
        assert!(several[null].is_null(), "{null}");
    }
    assert_eq!((&several["sampled"], &several["attempts"]), (&false.into(), &1.into()));
}

#[tokio::test]
async fn pages_lead_to_the_next_one_with_its_filters() {
    let api = TestApi::new().await;
    let odd = |number| AuthRecord { username: "a b&c=ü".into(), ..own(number) };
    keep(&api, (0..5).map(odd).chain([own(9)])).await;
    let mut path = "~/auth-events?limit=2&username=a%20b%26c%3D%C3%BC&source=192.0.2.1&reason=unknown_user".to_owned();
    let mut walked = Vec::new();
    loop {
        let answer = api.get(&path).await;
        let page = answer.json();
        walked.extend(page["objects"].as_array().unwrap().iter().map(|event| event["call_id"].to_string()));
        if page["meta"]["next_cursor"].is_null() {
            assert_eq!(answer.header("link"), "");
            break;
        }
        let link = answer.header("link").trim_start_matches('<');
        link.split('>').next().unwrap().clone_into(&mut path);
    }
    assert_eq!(walked, ["call-4", "call-3", "call-2", "call-1", "call-0"].map(|name| format!("\"{name}\"")));
    let empty = r#"200 {"meta":{"limit":20,"next_cursor":null},"objects":[]}"#;
    for none in ["username=nobody", "source=192.0.2.2", "reason=ok", "call_id=x", "from=2024-01-01T00:00:00Z"] {
        assert_eq!(api.get(&format!("~/auth-events?{none}")).await.shown(), empty, "{none}");
    }
}

#[tokio::test]
async fn every_fault_of_a_query_is_named() {
    let api = TestApi::new().await;
    for (query, expected) in [
        ("limit=0", "limit must be a whole number from 1 to 1000"),
        ("credential_id=1", "credential_id must be a UUID"),
        ("source=here", "source must be an IP address, without a port"),
        ("reason=bad_luck", "reason must be a reason of the guide's list"),
        ("to=tomorrow", "to must be a moment like 2026-05-12T05:11:51Z"),
    ] {
        assert_eq!(api.get(&format!("~/auth-events?{query}")).await.error(), expected);
    }
    let cursor = "x".repeat(40);
    assert_eq!(api.get(&format!("~/auth-events?cursor={cursor}")).await.status(), 400);
}

#[tokio::test]
async fn events_of_others_are_not_there() {
    let api = TestApi::new().await;
    let id = api.created("desk").await;
    let foreign = api.other_credential("desk").await;
    let of = |account, credential: &str| AuthRecord {
        credential: CredentialId::parse(credential),
        ..samples::auth_record(account, 1)
    };
    keep(&api, [of(Some(ACCOUNT_NUMBER), &id), own(2), of(Some(OTHER_NUMBER), &foreign), of(None, NOBODY)]).await;
    let count = |answer: serde_json::Value| answer["objects"].as_array().unwrap().len();
    assert_eq!(count(api.get("~/auth-events").await.json()), 2);
    assert_eq!(count(api.get(&format!("~/credentials/{id}/events")).await.json()), 1);
    assert_eq!(count(api.get(&format!("~/auth-events?credential_id={foreign}")).await.json()), 0);
    for unknown in [&*foreign, NOBODY] {
        let answer = api.get(&format!("~/credentials/{unknown}/events")).await;
        assert_eq!(answer.shown(), r#"404 {"error":"Credential not found","code":404}"#);
    }
    // A cursor is good for the lists of its account alone.
    let cursor = api.get("~/auth-events?limit=1").await.json()["meta"]["next_cursor"].as_str().unwrap().to_owned();
    let path = format!("/api/v1/Account/{}/auth-events?cursor={cursor}", crate::test_api::OTHER);
    assert_eq!(api.as_other("GET", &path, "").await.status(), 400);
}

#[tokio::test]
async fn why_says_each_event_in_words() {
    let api = TestApi::new().await;
    let id = api.created("desk").await;
    let wrong = AuthRecord {
        credential: CredentialId::parse(&id),
        reason: domain::AuthReason::WrongPassword,
        username: "desk".into(),
        ..own(1)
    };
    keep(&api, [own(0), wrong]).await;
    let page = api.get("~/why?limit=1").await;
    assert!(page.header("link").contains("/why?limit=1&cursor="), "{}", page.header("link"));
    let page = page.json();
    let explained = &page["objects"][0];
    let listed = api.get("~/auth-events?limit=1").await.json();
    let expected = json!({
        "sentence": "desk (Phone/1.0) at 192.0.2.1 used a password that is not this credential's (the present one is of \
                     Tue 2026-05-12 05:11 UTC, the credential's 1st)",
        "mend": "enter the credential's password in the phone, or set a new one",
        "event": listed["objects"][0],
    });
    assert_eq!(explained, &expected);
    let keys: Vec<_> = page["meta"].as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(keys, ["limit", "next_cursor"]);
    assert_eq!(api.get("~/why?source=x").await.error(), "source must be an IP address, without a port");
}

#[tokio::test]
async fn a_stream_without_a_signalling_plane_ends_at_once() {
    let api = TestApi::new().await;
    let answer = api.get("~/auth-events/stream").await;
    assert_eq!((answer.header("content-type"), &*answer.body), ("text/event-stream", "retry: 2000\n\n"));
    assert_eq!(api.get("~/auth-events/stream?cursor=x").await.status(), 400);
}
