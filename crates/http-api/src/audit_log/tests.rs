use crate::test_api::{ACCOUNT, OTHER, TestApi};
use serde_json::{Value, json};

async fn changed(api: &TestApi) -> String {
    let id = api.created("desk").await;
    let acl = api.post("~/ip-acl", r#"{"ip_address":"192.0.2.7","description":"gateway"}"#).await.json();
    let acl = acl["id"].as_str().unwrap().to_owned();
    let answer = api.put(&format!("~/ip-acl/{acl}"), r#"{"enabled":false}"#).await;
    assert_eq!(answer.status(), 200, "{}", answer.body);
    assert_eq!(api.delete(&format!("~/credentials/{id}")).await.status(), 204);
    id
}

fn objects(page: &Value) -> &Vec<Value> {
    page["objects"].as_array().unwrap()
}

#[tokio::test]
async fn a_record_says_who_changed_what_before_and_after() {
    let api = TestApi::new().await;
    let id = changed(&api).await;
    let page = api.get("~/audit-log").await.json();
    let log = objects(&page);
    let mut keys: Vec<_> = log[0].as_object().unwrap().keys().map(String::as_str).collect();
    keys.sort_unstable();
    let expected = ["action", "actor", "at", "auth_id", "detail", "hash", "id", "request_id", "source", "subject"];
    assert_eq!(keys, expected);
    let said = |record: &Value| format!("{} {}", record["actor"].as_str().unwrap(), record["action"].as_str().unwrap());
    let actions: Vec<_> = log.iter().take(4).map(said).collect();
    let expected = ["credential.deleted", "ip_acl.updated", "ip_acl.created", "credential.created"];
    assert_eq!(actions, expected.map(|action| format!("{ACCOUNT} {action}")));
    assert_eq!((&log[0]["subject"], &log[0]["detail"]["username"]), (&json!(id), &json!("desk")));
    assert_eq!(log[1]["detail"], json!({"enabled": {"before": true, "after": false}}));
    assert_eq!(log[2]["detail"]["ip_address"], "192.0.2.7/32");
    assert_eq!(log[0]["auth_id"], ACCOUNT);
    assert_eq!(log[0]["hash"].as_str().unwrap().len(), 64);
    assert_ne!(log[0]["hash"], log[1]["hash"]);
}

#[tokio::test]
async fn pages_lead_to_the_next_one_with_their_filters() {
    let api = TestApi::new().await;
    let id = changed(&api).await;
    let answer = api.get(&format!("~/audit-log?limit=1&subject={id}&actor={ACCOUNT}")).await;
    let page = answer.json();
    assert_eq!((objects(&page).len(), &objects(&page)[0]["action"]), (1, &json!("credential.deleted")));
    let link = answer.header("link").trim_start_matches('<').split('>').next().unwrap().to_owned();
    let next = api.get(&link).await;
    assert_eq!(objects(&next.json())[0]["action"], "credential.created");
    assert_eq!(next.header("link"), "");
    let of_action = api.get("~/audit-log?action=ip_acl.created").await.json();
    assert_eq!((objects(&of_action).len(), &of_action["meta"]["next_cursor"]), (1, &Value::Null));
    let future = api.get("~/audit-log?from=2099-01-01T00:00:00Z").await.json();
    assert_eq!(objects(&future).len(), 0);
}

#[tokio::test]
async fn an_account_sees_its_own_records_only() {
    let api = TestApi::new().await;
    let _id = changed(&api).await;
    let own = api.get("~/audit-log?limit=1000").await.json();
    assert!(objects(&own).iter().all(|record| record["auth_id"] == ACCOUNT));
    let foreign = api.as_other("GET", &format!("/api/v1/Account/{ACCOUNT}/audit-log"), "").await;
    assert_eq!(foreign.status(), 403);
    let others = api.as_other("GET", &format!("/api/v1/Account/{OTHER}/audit-log"), "").await.json();
    assert!(objects(&others).iter().all(|record| record["auth_id"] == OTHER));
}

#[tokio::test]
async fn every_fault_of_a_query_is_named() {
    let api = TestApi::new().await;
    let long = "x".repeat(256);
    for (query, expected) in [
        ("limit=0", "limit must be a whole number from 1 to 1000"),
        ("cursor=x", "cursor must be a whole number from 1 to 9223372036854775807"),
        ("from=yesterday", "from must be a moment like 2026-05-12T05:11:51Z"),
        (&*format!("actor={long}"), "actor must have at most 255 octets"),
    ] {
        assert_eq!(api.get(&format!("~/audit-log?{query}")).await.error(), expected);
    }
}
