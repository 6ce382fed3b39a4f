//! Calls that are up: one operation per file.

mod concurrency;
mod end;
mod end_of_credential;
mod list;
mod list_query;
mod object;
mod show;

use crate::routes::Routes;

pub(crate) fn routes() -> Routes {
    Routes::tagged("Calls")
        .operation(list::__path_list, list::list)
        .operation(show::__path_show, show::show)
        .operation(end::__path_end, end::end)
        .operation(end_of_credential::__path_end_of_credential, end_of_credential::end_of_credential)
        .operation(concurrency::__path_show, concurrency::show)
        .schema::<concurrency::ConcurrencyObject<'_>>()
        .schema::<object::CallObject<'_>>()
        .schema::<list::CallList<'_>>()
        .schema::<end_of_credential::CallsEnded>()
}

#[cfg(test)]
mod tests {
    use crate::test_api::{ACCOUNT_NUMBER, NOBODY, OTHER_NUMBER, TestApi};
    use domain::{CallDetails, CallEndReason, Clock, CredentialId};
    use testkit::samples;

    const NOT_FOUND: &str =
        r#"404 {"error":"Call not found; it may have ended: its record is among the account's cdrs","code":404}"#;

    fn call_of(credential: &str, number: u64) -> CallDetails {
        CallDetails { credential: CredentialId::parse(credential), ..samples::call(ACCOUNT_NUMBER, number) }
    }

    #[tokio::test]
    async fn calls_are_listed_shown_and_narrowed() {
        let api = TestApi::new().await;
        assert_eq!(api.get("~/calls").await.shown(), r#"200 {"meta":{"limit":20,"offset":0,"total":0},"objects":[]}"#);
        let mut first = samples::call(ACCOUNT_NUMBER, 1);
        first.answered_at = Some(api.clock.now().plus_seconds(-61));
        let mut second = samples::call(ACCOUNT_NUMBER, 2);
        (second.trunk, second.credential, second.username) = (None, None, None);
        (second.ringing_at, second.answered_at, second.callee_transport) = (None, None, None);
        (second.destination, second.callee_call_id) = ("".into(), "".into());
        let foreign = samples::call(OTHER_NUMBER, 3);
        for call in [&first, &second, &foreign] {
            api.calls.begin(call.clone());
        }
        let shown = api.get(&format!("~/calls/{}", first.id)).await.json();
        let expected = serde_json::json!({
            "id": first.id.to_string(), "trunk_id": first.trunk.unwrap().to_string(),
            "credential_id": first.credential.unwrap().to_string(), "username": "phone1", "direction": "outbound",
            "state": "answered", "from": "+49301", "to": "+49401", "source": "[2001:db8::7]:5062",
            "destination": "gateway.example.com:5061", "caller_transport": "ws", "callee_transport": "tls",
            "caller_call_id": "caller-1@example.com", "callee_call_id": "callee-1",
            "begun_at": "2023-11-14T22:13:30.123456Z", "ringing_at": "2023-11-14T22:13:30.273456Z",
            "answered_at": "2026-05-12T05:10:50.635106Z", "duration_ms": 61_000,
        });
        assert_eq!(shown, expected);
        let listed = api.get("~/calls").await.json();
        assert_eq!((&listed["meta"]["total"], &listed["objects"][0]), (&2.into(), &expected));
        let bare = &listed["objects"][1];
        for null in [
            "trunk_id",
            "credential_id",
            "username",
            "destination",
            "callee_transport",
            "callee_call_id",
            "ringing_at",
            "answered_at",
        ] {
            assert!(bare[null].is_null(), "{null}");
        }
        assert_eq!((&bare["state"], &bare["duration_ms"]), (&"calling".into(), &0.into()));
        let trunk = first.trunk.unwrap();
        let answer = api.get(&format!("~/calls?trunk_id={trunk}&limit=1")).await;
        assert_eq!(answer.json()["meta"]["total"], 1);
        let answer = api.get("~/calls?limit=1").await;
        assert!(answer.header("link").ends_with("calls?limit=1&offset=1>; rel=\"next\""), "{}", answer.header("link"));
        assert_eq!(api.get(&format!("~/calls?credential_id={NOBODY}")).await.json()["meta"]["total"], 0);
        assert_eq!(api.get("~/calls?credential_id=x").await.error(), "credential_id must be a UUID");
        for other in [foreign.id.to_string(), NOBODY.to_owned(), "x".to_owned()] {
            assert_eq!(api.get(&format!("~/calls/{other}")).await.shown(), NOT_FOUND);
            assert_eq!(api.delete(&format!("~/calls/{other}")).await.shown(), NOT_FOUND);
        }
        assert_eq!(api.calls.ended(), []);
    }

    #[tokio::test]
    async fn concurrency_has_exactly_the_fields_that_clients_take() {
        let api = TestApi::new().await;
        for number in 1..=3 {
            api.calls.begin(samples::call(ACCOUNT_NUMBER, number));
        }
        api.calls.begin(samples::call(OTHER_NUMBER, 4));
        let request = api.request(axum::http::Method::GET, "~/concurrency").header("x-request-id", "mine-1");
        let answer = api.send(request.body(axum::body::Body::empty()).unwrap()).await;
        assert_eq!(
            answer.shown(),
            r#"200 {"account_id":"MA_TEST0001","concurrent_calls":3,"max_concurrent":100,"utilization_pct":3,"request_id":"mine-1"}"#
        );
    }

    #[tokio::test]
    async fn an_ended_call_is_told_why_and_audited() {
        let api = TestApi::new().await;
        let call = samples::call(ACCOUNT_NUMBER, 1);
        api.calls.begin(call.clone());
        assert_eq!(api.delete(&format!("~/calls/{}", call.id)).await.shown(), "204 ");
        assert_eq!(api.calls.ended(), [(call.id, CallEndReason::EndedByApi)]);
        assert_eq!(api.delete(&format!("~/calls/{}", call.id)).await.shown(), NOT_FOUND);
        let log = api.storage.audit_log();
        let (_, last) = log.last().unwrap();
        assert_eq!((last.action.as_str(), last.subject.to_string()), ("calls.ended", call.id.to_string()));
    }

    #[tokio::test]
    async fn a_credential_with_calls_stays_until_they_are_ended() {
        let api = TestApi::new().await;
        let id = api.created("talking").await;
        let foreign = api.other_credential("elsewhere").await;
        for number in 1..=2 {
            api.calls.begin(call_of(&id, number));
        }
        api.calls.begin(CallDetails { credential: CredentialId::parse(&foreign), ..samples::call(OTHER_NUMBER, 3) });
        let path = format!("~/credentials/{id}");
        let conflict = "The credential has 2 calls up; end them first with DELETE on its calls, or disable it and wait";
        let answer = api.delete(&path).await;
        assert_eq!((answer.status().as_u16(), answer.error().as_str()), (409, conflict));
        assert_eq!(api.get(&path).await.status(), 200);
        // Another account's calls are not told of.
        let not_found = r#"404 {"error":"Credential not found","code":404}"#;
        assert_eq!(api.delete(&format!("~/credentials/{foreign}")).await.shown(), not_found);
        assert_eq!(api.delete(&format!("~/credentials/{foreign}/calls")).await.shown(), not_found);
        assert_eq!(api.delete(&format!("{path}/calls")).await.shown(), r#"200 {"ended":2}"#);
        assert_eq!(api.delete(&format!("{path}/calls")).await.shown(), r#"200 {"ended":0}"#);
        assert_eq!(api.delete(&path).await.shown(), "204 ");
        assert_eq!(api.calls.ended().len(), 2);
    }

    #[tokio::test]
    async fn disabling_ends_calls_where_asked() {
        let api = TestApi::new().await;
        let id = api.created("leaving").await;
        let path = format!("~/credentials/{id}");
        let call = call_of(&id, 1);
        api.calls.begin(call.clone());
        for body in ["{}", r#"{"enabled":true}"#, r#"{"password":"battery staple"}"#] {
            let answer = api.put(&format!("{path}?end_calls=true"), body).await;
            assert_eq!(answer.status(), 400);
            assert!(answer.error().starts_with("end_calls goes with \"enabled\": false"), "{}", answer.body);
        }
        assert_eq!(api.put(&format!("{path}?end_calls=yes"), "{}").await.error(), "end_calls must be true or false");
        for query in ["", "?end_calls=false"] {
            assert_eq!(api.put(&format!("{path}{query}"), r#"{"enabled":false}"#).await.status(), 200);
            assert_eq!(api.calls.ended(), []);
        }
        assert_eq!(api.put(&format!("{path}?end_calls=true"), r#"{"enabled":false}"#).await.status(), 200);
        assert_eq!(api.calls.ended(), [(call.id, CallEndReason::Revoked)]);
        let log = format!("{:?}", api.storage.audit_log().last().unwrap());
        assert!(log.contains(r#"{\"calls\":\"ended\"}"#), "{log}");
    }
}
