//! JsSIP and SIP.js in node, and JsSIP in headless Chromium, against the running server over WebSocket and secure
//! WebSocket.

use acceptance::Server;
use acceptance::phones::javascript::{self, Kind};
use acceptance::phones::{Settings, life};
use acceptance::sip::Transport;
use serde_json::json;

const USERNAME: &str = "browser_phone";
const PASSWORD: &str = "Correct!Horse7";
const TRANSPORTS: [Transport; 2] = [Transport::Ws, Transport::Wss];

#[test]
fn jssip_lives_through_refreshes_and_a_restart() {
    life::is_lived(&TRANSPORTS, |settings, expires| javascript::start(Kind::JsSip, settings, expires));
}

#[test]
fn sipjs_lives_through_refreshes_and_a_restart() {
    life::is_lived(&TRANSPORTS, |settings, expires| javascript::start(Kind::SipJs, settings, expires));
}

#[test]
fn jssip_in_chromium_lives_through_refreshes_and_a_restart() {
    life::is_lived(&TRANSPORTS, |settings, expires| javascript::start(Kind::Chromium, settings, expires));
}

#[test]
fn wrong_password_and_disabled_credential_are_refused() {
    let server = Server::start_on_every_transport(&[]);
    let account = server.account("browsers");
    let api = server.api(&account);
    let id = api.credential(USERNAME, PASSWORD);
    for kind in Kind::ALL {
        let settings = Settings::new(&server, &account, Transport::Wss, USERNAME, PASSWORD);
        javascript::register(kind, &settings.clone().with_password("Wrong!Horse77")).expect_refused();
        api.update(&id, &json!({"enabled": false}));
        javascript::register(kind, &settings).expect_refused();
        api.update(&id, &json!({"enabled": true}));
        let attempt = javascript::register(kind, &settings);
        attempt.expect_registered();
        assert_eq!(attempt.trace.challenges()[0].algorithm, "MD5", "neither library knows another");
    }
}
