//! Session descriptions of calls through rtpengine: which are rewritten, and what becomes of a call meanwhile, without it
//! and after a restart. Phones and gateways are played by hand; the daemon is Debian's.

use acceptance::bounded::wait_for;
use acceptance::sip::Transport;
use acceptance::sip::dialog::{SDP, SDP_TYPE};
use acceptance::sip::party::{Party, SipText};
use acceptance::trunked::PASSWORD;
use acceptance::{PlayedProxy, Rtpengine, Trunked};
use serde_json::json;
use std::net::UdpSocket;
use std::time::{Duration, Instant};

const LIMIT: Duration = Duration::from_secs(10);
const METRICS: [&str; 2] = ["--metrics-listen", "127.0.0.1:0"];
/// What a browser offers, in short.
const BROWSER: &str = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0\r\n\
    m=audio 9 UDP/TLS/RTP/SAVPF 111 0\r\nc=IN IP4 0.0.0.0\r\na=rtcp:9 IN IP4 0.0.0.0\r\na=ice-ufrag:abcd\r\n\
    a=ice-pwd:abcdefghijklmnopqrstuvwx\r\na=fingerprint:sha-256 00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF:00:11:\
    22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF\r\na=setup:actpass\r\na=mid:0\r\na=sendrecv\r\na=rtcp-mux\r\n\
    a=rtpmap:111 opus/48000/2\r\na=rtpmap:0 PCMU/8000\r\n";

fn start(proxy: &str, more: &[&str]) -> Trunked {
    Trunked::start(&[&["--rtpengine", proxy], &METRICS[..], more].concat())
}

/// The port of the audio.
fn port(sdp: &str) -> u16 {
    let line = sdp.lines().find_map(|line| line.strip_prefix("m=audio ")).unwrap_or_else(|| panic!("audio in {sdp}"));
    line.split(' ').next().and_then(|port| port.parse().ok()).unwrap_or_else(|| panic!("a port in {line}"))
}

fn expect_parts(sdp: &str, wanted: &[&str], unwanted: &[&str]) {
    let lacks = wanted.iter().find(|part| !sdp.contains(**part));
    let has = unwanted.iter().find(|part| sdp.contains(**part));
    assert_eq!((lacks, has), (None, None), "lacks the first, or has the second: {sdp}");
}

fn legs(trunked: &Trunked) -> f64 {
    trunked.server.scrape().value("sipwarden_rtpengine_legs", &[])
}

/// Answers a re-INVITE; its description.
fn answer_change(party: &mut Party, sdp: &str) -> SipText {
    let reinvite = party.request("INVITE");
    let contact = format!("Contact: <{}>\r\n{SDP_TYPE}", party.uri("gw"));
    party.answer(&reinvite, "200 OK", &contact, sdp);
    reinvite
}

#[test]
fn a_phone_behind_a_nat_is_bridged_until_it_hangs_up() {
    let proxy = Rtpengine::start();
    let trunked = start(&proxy.address(), &[]);
    let (mut phone, mut gateway) = (trunked.phone(Transport::Udp), trunked.gateway());
    let mut draft = trunked.draft("+4930555");
    let hidden = SDP.replace("127.0.0.1", "192.168.7.7");
    draft.body.clone_from(&hidden);
    let outgoing = trunked.call(&mut phone, &draft);
    let invite = gateway.request("INVITE");
    expect_parts(&invite.body, &["c=IN IP4 127.0.0.1", "RTP/AVP 0 8 101"], &["192.168.7.7", "a=candidate", "a=crypto"]);
    let offered = port(&invite.body);
    let mut callee = gateway.accept_call(&invite, "gw", SDP);
    let response = phone.final_of(&outgoing);
    let answered = port(&response.body);
    assert!(![offered, answered].contains(&port(SDP)), "{}\n{}", invite.body, response.body);
    let mut caller = phone.confirm(&outgoing, &response, "");
    gateway.request("ACK");
    assert_eq!(legs(&trunked), 1.0);

    let cseq = phone.ask_only(&mut caller, "INVITE", SDP_TYPE, &hidden);
    assert_eq!(port(&answer_change(&mut gateway, SDP).body), offered);
    assert_eq!(port(&phone.answer_to(&caller, &cseq).body), answered);
    let ack = caller.write(&phone, ("ACK", caller.sequence), "", "");
    phone.send(&ack);
    gateway.request("ACK");

    // Once this was answered the phone's ACK has been taken too, and another re-INVITE meets none under way.
    let info = phone.ask_only(&mut caller, "INFO", "", "");
    let heard = gateway.request("INFO");
    gateway.answer(&heard, "200 OK", "", "");
    assert_eq!(phone.answer_to(&caller, &info).status(), Some(200));

    let cseq = gateway.ask_only(&mut callee, "INVITE", SDP_TYPE, SDP);
    let reinvite = answer_change(&mut phone, &hidden);
    assert_eq!(port(&reinvite.body), answered, "whoever offers, the phone keeps sending to the same port");
    let changed = gateway.answer_to(&callee, &cseq);
    assert_eq!(port(&changed.body), offered);
    let ack = callee.write(&gateway, ("ACK", callee.sequence), "", "");
    gateway.send(&ack);
    phone.request("ACK");

    phone.ask_only(&mut caller, "BYE", "", "");
    gateway.expect_bye();
    wait_for("nothing left at rtpengine", LIMIT, || (legs(&trunked) == 0.0).then_some(()));
}

#[test]
fn sides_that_understand_each_other_are_bridged_on_request_only() {
    let proxy = Rtpengine::start();
    for (rule, is_bridged) in [("auto", false), ("always", true)] {
        let trunked = start(&proxy.address(), &["--media", rule]);
        let (mut phone, mut gateway) = (trunked.phone(Transport::Udp), trunked.gateway());
        let outgoing = trunked.call(&mut phone, &trunked.draft("+4930555"));
        let invite = gateway.request("INVITE");
        gateway.accept_call(&invite, "gw", SDP);
        let response = phone.final_of(&outgoing);
        assert_eq!((invite.body != SDP, response.body != SDP), (is_bridged, is_bridged), "{rule}");
        let mut caller = phone.confirm(&outgoing, &response, "");
        phone.ask_only(&mut caller, "BYE", "", "");
        gateway.expect_bye();
    }
}

#[test]
fn a_browsers_offer_becomes_what_the_trunk_wants() {
    let proxy = Rtpengine::start();
    let trunked = start(&proxy.address(), &[]);
    let (mut phone, mut gateway) = (trunked.phone(Transport::Udp), trunked.gateway());
    let srtp = SDP.replace("RTP/AVP", "RTP/SAVP")
        + "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz\r\n";
    for (requires_srtp, answer, wanted, unwanted) in
        [(false, SDP, " RTP/AVP ", "a=crypto"), (true, &srtp, " RTP/SAVP ", "a=fingerprint")]
    {
        trunked.rules(&json!({"home_country_code": "49", "require_srtp": requires_srtp}));
        let mut draft = trunked.draft("+4930555");
        draft.body = BROWSER.to_owned();
        let outgoing = trunked.call(&mut phone, &draft);
        let invite = gateway.request("INVITE");
        expect_parts(&invite.body, &[wanted], &["UDP/TLS", "a=ice-ufrag", "a=rtcp-mux", unwanted]);
        gateway.accept_call(&invite, "gw", answer);
        let response = phone.final_of(&outgoing);
        let browser = ["UDP/TLS/RTP/SAVPF", "a=fingerprint:", "a=ice-ufrag:", "a=candidate:", "a=rtcp-mux"];
        expect_parts(&response.body, &browser, &["a=crypto"]);
        let mut caller = phone.confirm(&outgoing, &response, "");
        phone.ask_only(&mut caller, "BYE", "", "");
        gateway.expect_bye();
    }
}

#[test]
fn of_two_phones_that_ring_each_is_bridged_or_not_by_itself() {
    let proxy = Rtpengine::start();
    let trunked = start(&proxy.address(), &[]);
    let _id = trunked.api.credential("cellar", PASSWORD);
    let [mut near, mut hidden, mut caller_phone] = [(); 3].map(|()| trunked.phone(Transport::Udp));
    trunked.register(&mut near, "cellar");
    trunked.register_at(&mut hidden, "cellar", "sip:cellar@192.168.7.7:5060");
    let outgoing = trunked.call(&mut caller_phone, &trunked.draft("cellar"));
    let [at_near, at_hidden] = [near.request("INVITE"), hidden.request("INVITE")];
    assert_eq!(at_near.body, SDP);
    assert_ne!(port(&at_hidden.body), port(SDP));
    hidden.answer(&at_hidden, "180 Ringing", "", "");
    assert_eq!(legs(&trunked), 1.0);
    near.accept_call(&at_near, "cellar", SDP);
    let response = caller_phone.final_of(&outgoing);
    assert_eq!((response.status(), response.body.as_str()), (Some(200), SDP));
    let mut caller = caller_phone.confirm(&outgoing, &response, "");
    hidden.request("CANCEL");
    wait_for("the other's end at rtpengine", LIMIT, || (legs(&trunked) == 0.0).then_some(()));
    caller_phone.ask_only(&mut caller, "BYE", "", "");
    near.expect_bye();
}

#[test]
fn a_call_whose_proxy_goes_stays_up_and_refuses_to_change() {
    let proxy = Rtpengine::start();
    let trunked = start(&proxy.address(), &["--media", "always"]);
    let (mut phone, mut gateway) = (trunked.phone(Transport::Udp), trunked.gateway());
    let (mut caller, _) = trunked.answered(&mut phone, &mut gateway, &trunked.draft("+4930555"));
    drop(proxy);
    let cseq = phone.ask_only(&mut caller, "INVITE", SDP_TYPE, SDP);
    let refused = phone.answer_to(&caller, &cseq);
    assert_eq!(refused.status(), Some(503), "{refused:#?}");
    phone.ask_only(&mut caller, "BYE", "", "");
    gateway.expect_bye();
    trunked.expect_record(&caller.call_id, &json!({"reason": "completed"}));
}

#[test]
fn a_call_that_needs_a_proxy_that_is_gone_is_refused_and_others_go_on() {
    let proxy = Rtpengine::start();
    let address = proxy.address();
    drop(proxy);
    let trunked = start(&address, &[]);
    let (mut phone, mut gateway) = (trunked.phone(Transport::Udp), trunked.gateway());
    let mut draft = trunked.draft("+4930555");
    draft.body = BROWSER.to_owned();
    for _ in 0..2 {
        let began = Instant::now();
        let outgoing = trunked.call(&mut phone, &draft);
        let refusal = phone.expect_refusal(&outgoing, 503);
        assert_eq!(refusal.header("reason"), "Q.850;cause=47;text=\"Media proxy not available\"");
        assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
        let expected = json!({"sip_status": 503, "reason": "failed", "q850_cause": 47, "hung_up_by": "us"});
        trunked.expect_record(outgoing.call_id(), &expected);
    }
    let reached = gateway.try_take(Duration::ZERO, |message| message.method() == Some("INVITE"));
    assert!(reached.is_none(), "the gateway was not troubled: {reached:#?}");
    let (mut caller, _) = trunked.answered(&mut phone, &mut gateway, &trunked.draft("+4930555"));
    phone.ask_only(&mut caller, "BYE", "", "");
    gateway.expect_bye();
    let page = trunked.server.scrape();
    assert_eq!(page.value("sipwarden_media_faults_total", &[("reason", "silent")]), 2.0);
    assert!(trunked.server.stderr().contains("this rtpengine does not answer"), "{}", trunked.server.stderr());
}

#[test]
fn what_happens_while_a_description_is_rewritten_happens_afterwards() {
    let proxy = PlayedProxy::start("v=0\r\n", Duration::from_millis(200));
    let trunked = start(&proxy.address(), &["--media", "always"]);
    let (mut phone, mut gateway) = (trunked.phone(Transport::Udp), trunked.gateway());
    let outgoing = trunked.call(&mut phone, &trunked.draft("+4930555"));
    wait_for("an offer at the proxy", LIMIT, || (!proxy.heard().is_empty()).then_some(()));
    phone.cancel(&outgoing);
    let invite = gateway.request("INVITE");
    assert_eq!(invite.body, "v=0\r\n", "it was on its way");
    gateway.answer(&invite, "180 Ringing", "", "");
    let cancel = gateway.request("CANCEL");
    gateway.answer(&cancel, "200 OK", "", "");
    gateway.answer(&invite, "487 Request Terminated", "", "");
    trunked.expect_record(outgoing.call_id(), &json!({"reason": "cancelled"}));
    wait_for("its end at the proxy", LIMIT, || {
        proxy.heard().last().is_some_and(|command| command.contains("7:command6:delete")).then_some(())
    });
}

#[test]
fn who_gives_up_while_nobody_can_bridge_is_answered() {
    // Takes a second and three quarters to be given up.
    let nobody = UdpSocket::bind("127.0.0.1:0").expect("a socket");
    let address = nobody.local_addr().expect("a bound socket").to_string();
    let trunked = start(&address, &["--media", "always"]);
    let mut phone = trunked.phone(Transport::Udp);
    let _gateway = trunked.gateway();
    let outgoing = trunked.call(&mut phone, &trunked.draft("+4930555"));
    phone.give_up(&outgoing);
    phone.expect_refusal(&outgoing, 503);
}

#[test]
fn a_call_of_before_a_restart_is_still_bridged_and_ends_at_the_proxy() {
    let proxy = PlayedProxy::start("v=0\r\n", Duration::ZERO);
    let mut trunked = start(&proxy.address(), &["--media", "always"]);
    trunked.server.keep_addresses();
    let (mut phone, mut gateway) = (trunked.phone(Transport::Udp), trunked.gateway());
    let (mut caller, _) = trunked.answered(&mut phone, &mut gateway, &trunked.draft("+4930555"));
    trunked.server.kill_dash_nine();
    trunked.server.start_again();
    let cseq = phone.ask_only(&mut caller, "INVITE", SDP_TYPE, SDP);
    assert_eq!(answer_change(&mut gateway, SDP).body, "v=0\r\n");
    assert_eq!(phone.answer_to(&caller, &cseq).body, "v=0\r\n");
    let ack = caller.write(&phone, ("ACK", caller.sequence), "", "");
    phone.send(&ack);
    gateway.request("ACK");
    phone.ask_only(&mut caller, "BYE", "", "");
    gateway.expect_bye();
    let name = |command: &str| {
        command.split("7:call-id").nth(1).map(|rest| rest[..rest.find("7:command").unwrap()].to_owned())
    };
    let names = wait_for("its end at the proxy", LIMIT, || {
        let heard = proxy.heard();
        let is_over = heard.last().is_some_and(|command| command.contains("7:command6:delete"));
        is_over.then(|| heard.iter().map(|command| name(command)).collect::<Vec<_>>())
    });
    assert!(names.len() == 5 && names.iter().all(|name| name.is_some() && *name == names[0]), "{names:?}");
}
