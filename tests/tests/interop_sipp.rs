//! SIPp against the running server, over UDP and TCP.

use acceptance::bounded::wait_for;
use acceptance::phones::tls_relay::TlsRelay;
use acceptance::phones::{Settings, life, sipp};
use acceptance::sip::{HandmadePhone, Transport};
use acceptance::trunked;
use acceptance::{Account, Server, Trunked};
use serde_json::{Value, json};
use std::time::Duration;

const USERNAME: &str = "sipp_phone";
const PASSWORD: &str = "Correct!Horse7";
/// What is changed by API is carried out within a second or so; more is for a busy machine.
const NOTICED_WITHIN: Duration = Duration::from_secs(20);

fn line(transport: Transport) -> (Server, Account, Settings) {
    let server = Server::start();
    let account = server.account("sipp");
    let settings = Settings::new(&server, &account, transport, USERNAME, PASSWORD);
    (server, account, settings)
}

#[test]
fn it_registers_over_both_transports_and_under_both_domains() {
    for transport in Transport::ALL {
        let (server, account, settings) = line(transport);
        let _id = server.api(&account).credential(USERNAME, PASSWORD);
        // The default realm has an underscore, so it is no legal host name; as a domain it must do all the same.
        assert!(account.realm.contains('_') && !account.sip_domain.contains('_'), "{account:?}");
        for domain in [&account.sip_domain, &account.realm] {
            let attempt = sipp::play("register.xml", &settings.clone().with_domain(domain));
            attempt.expect_registered();
            let challenge = &attempt.trace.challenges()[0];
            assert_eq!((&challenge.realm, challenge.algorithm.as_str()), (&account.realm, "MD5"));
            assert_eq!(attempt.trace.authorizations()[0].parameter("uri"), format!("sip:{}", settings.server));
        }
        let mut query = HandmadePhone::new(transport, settings.server, &account.sip_domain, USERNAME, PASSWORD);
        let bindings = query.query();
        assert_eq!(bindings.status, 200, "{}", bindings.text);
        assert!(!bindings.contacts().is_empty(), "sipp's contact is not listed: {}", bindings.text);
    }
}

/// Debian builds sipp without TLS, so there a relay encrypts what it says.
#[test]
fn it_registers_again_survives_a_restart_and_leaves() {
    for transport in [Transport::Udp, Transport::Tcp, Transport::Tls] {
        let mut server = Server::start_on_every_transport(&[]);
        let account = server.account("sipp");
        let _id = server.api(&account).credential(USERNAME, PASSWORD);
        let relay = (transport == Transport::Tls).then(|| TlsRelay::start(server.sip(Transport::Tls)));
        let mut settings = Settings::new(&server, &account, transport, USERNAME, PASSWORD);
        if let Some(relay) = &relay {
            (settings.server, settings.transport) = (relay.address(), Transport::Tcp);
        }
        let contacts = |server: &Server| life::contacts(server, &account, (USERNAME, PASSWORD));
        sipp::play("register.xml", &settings).expect_registered();
        sipp::play("reuse_nonce.xml", &settings).expect_registered();
        assert!(contacts(&server) >= 1);
        server.restart_in_place();
        sipp::play("register.xml", &settings).expect_registered();
        sipp::play("leave.xml", &settings).expect_registered();
        assert_eq!(contacts(&server), 0);
        let refused = sipp::play("refused.xml", &settings.clone().with_password("Wrong!Horse77"));
        assert_eq!(refused.trace.statuses(), [401, 401], "{}", refused.output);
    }
}

#[test]
fn it_refreshes_with_the_nonce_it_has() {
    for transport in Transport::ALL {
        let (server, account, settings) = line(transport);
        let _id = server.api(&account).credential(USERNAME, PASSWORD);
        let attempt = sipp::play("reuse_nonce.xml", &settings);
        attempt.expect_registered();
        assert_eq!(attempt.trace.statuses(), [401, 200, 200, 200], "{}", attempt.output);
        let authorizations = attempt.trace.authorizations();
        let counts: Vec<_> = authorizations.iter().map(|authorization| authorization.parameter("nc")).collect();
        assert_eq!(counts, ["00000001", "00000002", "00000003"]);
        let nonce = attempt.trace.challenges()[0].nonce.clone();
        assert!(authorizations.iter().all(|authorization| authorization.parameter("nonce") == nonce));
    }
}

#[test]
fn whoever_may_not_is_refused_and_learns_nothing() {
    for transport in Transport::ALL {
        let (server, account, settings) = line(transport);
        let api = server.api(&account);
        let id = api.credential(USERNAME, PASSWORD);
        let refused = |settings: &Settings| {
            let attempt = sipp::play("refused.xml", settings);
            // This scenario is played to its end when both answers are 401.
            assert!(attempt.phone_is_content, "{}", attempt.output);
            assert_eq!(attempt.trace.statuses(), [401, 401]);
            assert!(attempt.trace.challenges().iter().all(|challenge| !challenge.stale), "{}", attempt.output);
            let second = attempt.trace.responses()[1].to_owned();
            second.lines().map(|line| line.split(':').next().unwrap_or_default().to_owned()).collect::<Vec<_>>()
        };
        let wrong_password = refused(&settings.clone().with_password("Wrong!Horse77"));
        api.update(&id, &json!({"enabled": false}));
        let disabled = refused(&settings);
        let mut nobody = settings.clone();
        "nobody_here".clone_into(&mut nobody.username);
        let unknown = refused(&nobody);
        assert_eq!(wrong_password, disabled, "the same headers in the same order");
        assert_eq!(wrong_password, unknown, "the same headers in the same order");

        api.update(&id, &json!({"enabled": true}));
        sipp::play("register.xml", &settings).expect_registered();
        api.delete(&id);
        assert_eq!(refused(&settings), wrong_password);
    }
}

#[test]
fn an_account_with_a_realm_of_its_own_is_challenged_with_it() {
    let server = Server::start();
    for realm in ["voip.example.test", "Asterisk PBX"] {
        let account = server.account_with(&["--name", "own realm", "--realm", realm]);
        assert_eq!(account.realm, realm);
        let _id = server.api(&account).credential(USERNAME, PASSWORD);
        for transport in Transport::ALL {
            let settings = Settings::new(&server, &account, transport, USERNAME, PASSWORD);
            let attempt = sipp::play("register.xml", &settings);
            attempt.expect_registered();
            assert_eq!(attempt.trace.challenges()[0].realm, realm);
        }
    }
}

#[test]
fn it_calls_itself_over_a_trunk_as_phone_and_as_gateway() {
    let trunked = Trunked::start(&[]);
    let (gateway, place) = sipp::serve("gateway.xml");
    let uri = trunked.uri(&json!({"uri": format!("sip:{place}")}));
    trunked.attach(&json!({"origination_uris": [uri]}));
    for transport in Transport::ALL {
        let phone = Settings::new(&trunked.server, &trunked.account, transport, trunked::USERNAME, trunked::PASSWORD);
        let attempt = sipp::play("call.xml", &phone);
        assert!(attempt.phone_is_content, "{}", attempt.output);
        let call_id = attempt.output.lines().find_map(|line| line.strip_prefix("Call-ID: ")).expect("a Call-ID");
        let destination = place.to_string();
        trunked.expect_record(
            call_id.trim(),
            &json!({"reason": "completed", "hung_up_by": "caller", "destination": destination, "to": "+4930555",
                "caller_transport": transport.name()}),
        );
    }
    let heard = gateway.quit();
    assert_eq!(heard.matches("\nINVITE sip:+4930555@").count(), 2, "{heard}");
    assert!(!heard.contains("Proxy-Authorization"), "{heard}");
}

#[test]
fn it_is_registered_with_as_a_carrier_and_judges_the_proof() {
    let trunked = Trunked::start(&["--next-hop-ping", "0"]);
    let (carrier, place) = sipp::serve("registrar.xml");
    let uri = trunked.uri(&json!({"uri": format!("sip:{place}")}));
    trunked.attach(&json!({"origination_uris": [uri]}));
    let path = format!("origination-uris/{uri}/secret");
    for (password, state, status) in [("Wrong!Horse77", "rejected", 403), ("Carrier!Horse9", "registered", 200)] {
        let secret = json!({"username": "trunk4711", "password": password, "register": true});
        trunked::send(&trunked.api, "PUT", &path, &secret).expect(200);
        let stands = || trunked::send(&trunked.api, "GET", &path, &Value::Null).expect(200)["registration"].clone();
        let registration = wait_for(state, NOTICED_WITHIN, || Some(stands()).filter(|it| it["state"] == state));
        assert_eq!(registration["last_status"], status, "{registration}");
    }
    assert_eq!(trunked::send(&trunked.api, "DELETE", &path, &Value::Null).status, 204);
    let removal = carrier.wait_for(NOTICED_WITHIN, |heard| heard.contains("\nExpires: 0").then_some(()));
    assert!(removal.is_some(), "{}", carrier.quit());
}
