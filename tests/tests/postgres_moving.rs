//! An installation moves from SQLite to PostgreSQL with all that is in it.

use acceptance::bounded::run;
use acceptance::sip::{HandmadePhone, Transport};
use acceptance::{Postgres, Server, binary};
use std::time::Duration;

const PASSWORD: &str = "Correct!Horse7";
const LIMIT: Duration = Duration::from_secs(60);

#[test]
fn an_installation_moves_with_everything_in_it() {
    let database = Postgres::start();
    let mut before = Server::start();
    let account = before.account("moving");
    let api = before.api(&account);
    let ids: Vec<String> = (0..20).map(|number| api.credential(&format!("phone{number}"), PASSWORD)).collect();
    let listed = api.send("GET", &api.path("trunks/credentials?limit=100"), b"").expect(200);
    let mut phone =
        HandmadePhone::new(Transport::Udp, before.sip(Transport::Udp), &account.sip_domain, "phone3", PASSWORD);
    assert_eq!(phone.register(3600).status, 200);

    let data_dir = before.data_dir().display().to_string();
    let moving = || {
        let mut command = binary::command();
        command.args(["migrate-storage", "--data-dir", &data_dir, "--database-url", &database.url()]);
        run(command.args(["--node-name", "one"]), LIMIT)
    };
    let refused = moving();
    assert!(refused.stderr.contains("another sipwarden is using"), "{refused:?}");
    assert!(before.stop().is_some_and(|status| status.success()));
    let moved = moving();
    assert_eq!(moved.code(), Some(0), "{moved:?}");
    assert!(moved.stdout.contains("sound chain"), "{moved:?}");
    let again = moving();
    assert!(again.stderr.contains("name an empty one"), "{again:?}");

    let key = before.data_dir().join("master.key").display().to_string();
    let after =
        Server::start_with(&["--database-url", &database.url(), "--node-name", "one", "--master-key-file", &key]);
    let api = after.api(&account);
    assert_eq!(api.send("GET", &api.path("trunks/credentials?limit=100"), b"").expect(200), listed);
    let online = api.send("GET", &api.path(&format!("credentials/{}/registrations", ids[3])), b"").expect(200);
    assert_eq!(online["objects"].as_array().map(Vec::len), Some(1), "{online}");
    let mut phone =
        HandmadePhone::new(Transport::Udp, after.sip(Transport::Udp), &account.sip_domain, "phone7", PASSWORD);
    assert_eq!(phone.register(600).status, 200);
    // Numbers go on where they were.
    assert_eq!(api.create("phone7", PASSWORD).status, 409);
    api.delete(&ids[7]);
    assert_eq!(api.create("phone7", PASSWORD).status, 201);
}
