//! Log lines: text or JSON, and the request that each belongs to.

use acceptance::Server;
use serde_json::Value;

/// Asks three things, each under an id of its own, and answers everything that was logged.
fn logged(server: &mut Server) -> String {
    let account = server.account("logged");
    let api = server.api(&account);
    for (id, path, status) in [
        ("id-one", "/healthz", 200),
        ("id-two", "/nowhere", 404),
        ("id-three", "/api/v1/Account/MA_X/credentials", 405),
    ] {
        assert_eq!(api.send_with("GET", path, &[("X-Request-ID", id)], b"").status, status);
    }
    assert!(server.stop().is_some_and(|status| status.success()));
    server.stderr()
}

#[test]
fn json_lines_are_whole_objects_and_name_their_request() {
    let mut server = Server::start_with(&["--log-format", "json"]);
    let log = logged(&mut server);
    let lines: Vec<Value> = log.lines().map(|line| serde_json::from_str(line).expect(line)).collect();
    for line in &lines {
        assert!(line["timestamp"].is_string() && line["level"].is_string() && line["target"].is_string(), "{line}");
    }
    let answered: Vec<_> = lines.iter().filter(|line| line["fields"]["message"] == "answered").collect();
    for (id, status) in [("id-one", 200), ("id-two", 404), ("id-three", 405)] {
        let of_id: Vec<_> = answered.iter().filter(|line| line["span"]["id"] == id).collect();
        assert_eq!(of_id.len(), 1, "{log}");
        assert_eq!(of_id[0]["fields"]["status"], status);
    }
    assert!(answered.iter().all(|line| line["span"]["id"].as_str().is_some_and(|id| !id.is_empty())), "{log}");
}

#[test]
fn text_lines_name_their_request_and_have_no_colours_in_a_file() {
    let mut server = Server::start();
    let log = logged(&mut server);
    let answered: Vec<_> = log.lines().filter(|line| line.contains("answered")).collect();
    for id in ["id=id-one ", "id=id-two ", "id=id-three "] {
        assert_eq!(answered.iter().filter(|line| line.contains(id)).count(), 1, "{log}");
    }
    assert!(answered.iter().all(|line| line.contains("request{id=")), "{log}");
    assert!(!log.contains('\u{1b}'), "{log:?}");
}
