//! Call detail records: one operation per file.

mod csv;
mod export;
mod list;
mod list_query;
mod object;
mod show;

use crate::routes::Routes;

pub(crate) fn routes() -> Routes {
    Routes::tagged("Calls")
        .operation(list::__path_list, list::list)
        .operation(export::__path_export, export::export)
        .operation(show::__path_show, show::show)
        .schema::<object::CallRecordObject<'_>>()
        .schema::<list::CallRecordList<'_>>()
}

#[cfg(test)]
mod tests {
    use super::csv::HEADING;
    use crate::test_api::{ACCOUNT_NUMBER, NOBODY, OTHER_NUMBER, TestApi};
    use domain::CallRecord;
    use std::sync::Arc;
    use storage::{CallChange, CallRecords};
    use testkit::samples;

    async fn api_with(records: Vec<CallRecord>) -> TestApi {
        let api = TestApi::new().await;
        let changes = records.into_iter().map(CallChange::Ended).collect();
        api.storage.save_calls(Arc::new(changes)).await.unwrap();
        api
    }

    fn records(numbers: std::ops::Range<u64>) -> Vec<CallRecord> {
        numbers.map(|number| samples::call_record(ACCOUNT_NUMBER, number)).collect()
    }

    #[tokio::test]
    async fn a_record_has_these_fields() {
        let mut bare = samples::call_record(ACCOUNT_NUMBER, 2);
        (bare.call.trunk, bare.call.credential, bare.call.username) = (None, None, None);
        (bare.call.ringing_at, bare.call.answered_at, bare.call.callee_transport) = (None, None, None);
        (bare.call.destination, bare.call.callee_call_id, bare.end.q850_cause) = ("".into(), "".into(), None);
        let full = samples::call_record(ACCOUNT_NUMBER, 1);
        let api = api_with(vec![full.clone(), bare.clone()]).await;
        let shown = api.get(&format!("~/cdrs/{}", full.call.id)).await.json();
        let expected = serde_json::json!({
            "id": full.call.id.to_string(), "trunk_id": full.call.trunk.unwrap().to_string(),
            "credential_id": full.call.credential.unwrap().to_string(), "username": "phone1", "direction": "outbound",
            "from": "+49301", "to": "+49401", "source": "[2001:db8::7]:5062",
            "destination": "gateway.example.com:5061", "caller_transport": "ws", "callee_transport": "tls",
            "caller_call_id": "caller-1@example.com", "callee_call_id": "callee-1",
            "begun_at": "2023-11-14T22:13:30.123456Z", "ringing_at": "2023-11-14T22:13:30.273456Z",
            "answered_at": "2023-11-14T22:13:34.123456Z", "ended_at": "2023-11-14T22:14:34.123456Z",
            "duration_ms": 60_000, "post_dial_delay_ms": 150, "hung_up_by": "callee", "reason": "completed",
            "sip_status": 200, "q850_cause": 16,
        });
        assert_eq!(shown, expected);
        let bare = api.get(&format!("~/cdrs/{}", bare.call.id)).await.json();
        let keys = |value: &serde_json::Value| value.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
        assert_eq!(keys(&bare), keys(&expected));
        assert_eq!((&bare["duration_ms"], bare["post_dial_delay_ms"].is_null()), (&0.into(), true));
    }

    #[tokio::test]
    async fn pages_lead_to_the_next_one_with_its_filters() {
        let api = api_with(records(0..5)).await;
        let mut path = "~/cdrs?limit=2&answered=true&from=2023-11-14T22:13:20.123456Z&cursor=".to_owned();
        let mut walked = Vec::new();
        loop {
            let answer = api.get(&path).await;
            let page = answer.json();
            walked.extend(page["objects"].as_array().unwrap().iter().map(|record| record["username"].to_string()));
            if page["meta"]["next_cursor"].is_null() {
                assert_eq!(answer.header("link"), "");
                break;
            }
            let link = answer.header("link").trim_start_matches('<');
            link.split('>').next().unwrap().clone_into(&mut path);
        }
        assert_eq!(walked, ["phone4", "phone3", "phone2", "phone1", "phone0"].map(|name| format!("\"{name}\"")));
        let empty = r#"200 {"meta":{"limit":20,"next_cursor":null},"objects":[]}"#;
        for none in
            ["answered=false", "direction=inbound", "to=2023-11-14T22:13:20.123456Z", "from=2024-01-01T00:00:00Z"]
        {
            assert_eq!(api.get(&format!("~/cdrs?{none}")).await.shown(), empty, "{none}");
        }
        let trunk = samples::call(ACCOUNT_NUMBER, 3).trunk.unwrap();
        assert_eq!(api.get(&format!("~/cdrs?trunk_id={trunk}")).await.json()["objects"].as_array().unwrap().len(), 1);
    }

    #[tokio::test]
    async fn every_fault_of_a_query_is_named() {
        let api = TestApi::new().await;
        for (query, expected) in [
            ("limit=0", "limit must be a whole number from 1 to 1000"),
            ("cursor=x", "cursor must be a page's next_cursor, or empty"),
            ("from=yesterday", "from must be a moment like 2026-05-12T05:11:51Z"),
            ("trunk_id=1", "trunk_id must be a UUID"),
            ("credential_id=1", "credential_id must be a UUID"),
            ("direction=up", "direction must be outbound, inbound, internal or echo"),
            ("answered=1", "answered must be true or false"),
        ] {
            assert_eq!(api.get(&format!("~/cdrs?{query}")).await.error(), expected);
        }
        assert_eq!(api.get("~/cdrs.csv?from=x").await.error(), "from must be a moment like 2026-05-12T05:11:51Z");
    }

    #[tokio::test]
    async fn records_of_others_are_not_found() {
        let foreign = samples::call_record(OTHER_NUMBER, 1);
        let api = api_with(vec![foreign.clone()]).await;
        for id in [foreign.call.id.to_string(), NOBODY.to_owned(), "x".to_owned()] {
            let answer = api.get(&format!("~/cdrs/{id}")).await;
            assert_eq!(
                answer.shown(),
                r#"404 {"error":"Call record not found; calls that are up have none yet","code":404}"#
            );
        }
        assert_eq!(api.get("~/cdrs.csv").await.body, HEADING);
    }

    #[tokio::test]
    async fn an_export_is_whole_and_runs_nothing() {
        let mut hostile = samples::call_record(ACCOUNT_NUMBER, 2_500);
        hostile.call.from = "=cmd|' /C calc'!A0".into();
        hostile.call.to = "a\"b,c\r\nd".into();
        let mut all = records(0..2_500);
        all.push(hostile.clone());
        let api = api_with(all).await;
        let answer = api.get("~/cdrs.csv").await;
        assert_eq!(answer.header("content-type"), "text/csv; charset=utf-8; header=present");
        let lines: Vec<_> = answer.body.split("\r\n").collect();
        assert_eq!(format!("{}\r\n", lines[0]), HEADING);
        let trunk = hostile.call.trunk.unwrap();
        let credential = hostile.call.credential.unwrap();
        let start =
            format!("{},{trunk},{credential},phone2500,outbound,\"'=cmd|' /C calc'!A0\",\"a\"\"b,c", hostile.call.id);
        assert_eq!(lines[1], start);
        assert!(lines[2].ends_with(",60000,150,callee,completed,200,16"), "{}", lines[2]);
        // The heading, the hostile one on two lines, and what follows the last line.
        assert_eq!(lines.len(), 1 + 2 + 2_500 + 1);
        let columns = HEADING.split(',').count();
        assert!(lines[3..2_503].iter().all(|line| line.split(',').count() == columns));
        let narrowed = api.get(&format!("~/cdrs.csv?trunk_id={trunk}&limit=x")).await;
        assert_eq!(narrowed.body.split("\r\n").count(), 4);
    }
}
