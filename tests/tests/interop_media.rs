//! A browser and phones of other kinds hear each other through rtpengine: JsSIP in headless Chromium, whose microphone
//! beeps, and baresip, which plays a tone. Debian's rtpengine forwards in user space.

use acceptance::bounded::wait_for;
use acceptance::phones::javascript::{self, Kind};
use acceptance::phones::{RunningPhone, Settings, baresip};
use acceptance::sip::Transport;
use acceptance::{Account, Rtpengine, Server};
use std::time::Duration;

const PASSWORD: &str = "Correct!Horse7";
/// A browser takes its time on a busy machine.
const LIMIT: Duration = Duration::from_secs(60);
/// How long somebody talks to a phone whose recording is measured.
const TALK: Duration = Duration::from_secs(4);

fn settings(server: &Server, account: &Account, transport: Transport, name: &str) -> Settings {
    Settings::new(server, account, transport, name, PASSWORD)
}

fn browser(server: &Server, account: &Account, transport: Transport) -> RunningPhone {
    let phone = javascript::start(Kind::Chromium, &settings(server, account, transport, "browser"), 120);
    phone.expect_accepted(1, LIMIT);
    phone
}

/// Expects the browser to say something that it has said so often before.
fn expect_event(phone: &RunningPhone, (event, before): (&str, usize)) {
    let line = format!("event: {event}");
    let count = |output: &str| output.lines().filter(|it| *it == line).count();
    let said = phone.wait_for(LIMIT, |output| (count(output) > before).then_some(()));
    assert!(said.is_some(), "the browser does not say {event:?} after {before} times:\n{}", phone.output());
}

/// Expects the browser to hear something in the call that is up, ends the call, and expects it to be over.
fn expect_heard_and_hang_up(browser: &mut RunningPhone, calls_before: usize) {
    expect_event(browser, ("confirmed", calls_before));
    let heard_before = browser.output().matches("event: hears\n").count();
    expect_event(browser, ("hears", heard_before));
    std::thread::sleep(TALK);
    browser.type_line("hang up");
    expect_event(browser, ("call ended", calls_before));
}

fn expect_loud(who: &str, recordings: &tempfile::TempDir, said: &str) {
    let heard = baresip::loudness(recordings.path());
    assert!(heard > 1_000.0, "{who} heard {heard} of 32768:\n{said}");
}

#[test]
fn a_browser_and_a_baresip_hear_each_other_whoever_calls_and_the_browser_hears_itself_from_the_echo() {
    let proxy = Rtpengine::start();
    let options = ["--rtpengine", &proxy.address(), "--metrics-listen", "127.0.0.1:0"];
    let server = Server::start_on_every_transport(&options);
    let account = server.account("media");
    let api = server.api(&account);
    let _ids = ["browser", "desk", "cellar"].map(|name| api.credential(name, PASSWORD));
    let mut browser = browser(&server, &account, Transport::Wss);

    let recordings = tempfile::tempdir().expect("a folder");
    let listening = baresip::Talk { dial: None, recordings: recordings.path() };
    let desk = baresip::start_with(&settings(&server, &account, Transport::Udp, "desk"), 120, Some(listening));
    desk.expect_accepted(1, LIMIT);
    browser.type_line(&format!("call sip:desk@{}", account.sip_domain));
    expect_heard_and_hang_up(&mut browser, 0);
    expect_loud("baresip, called,", &recordings, &desk.quit());

    let recordings = tempfile::tempdir().expect("a folder");
    let uri = format!("sip:browser@{}", account.sip_domain);
    let calling = baresip::Talk { dial: Some(&uri), recordings: recordings.path() };
    let cellar = baresip::start_with(&settings(&server, &account, Transport::Tls, "cellar"), 120, Some(calling));
    expect_heard_and_hang_up(&mut browser, 1);
    expect_loud("baresip, calling,", &recordings, &cellar.quit());

    browser.type_line(&format!("call sip:echo@{}", account.sip_domain));
    expect_heard_and_hang_up(&mut browser, 2);

    let legs = || server.scrape().value("sipwarden_rtpengine_legs", &[]);
    wait_for("nothing left at rtpengine", LIMIT, || (legs() == 0.0).then_some(()));
    let _said = browser.quit();
}

#[test]
fn without_rtpengine_a_browser_is_told_that_a_baresip_does_not_understand_it() {
    let server = Server::start_on_every_transport(&[]);
    let account = server.account("apart");
    let api = server.api(&account);
    let _ids = ["browser", "desk"].map(|name| api.credential(name, PASSWORD));
    let mut browser = browser(&server, &account, Transport::Ws);
    let recordings = tempfile::tempdir().expect("a folder");
    let listening = baresip::Talk { dial: None, recordings: recordings.path() };
    let desk = baresip::start_with(&settings(&server, &account, Transport::Udp, "desk"), 120, Some(listening));
    desk.expect_accepted(1, LIMIT);
    browser.type_line(&format!("call sip:desk@{}", account.sip_domain));
    expect_event(&browser, ("call failed", 0));
    let said = browser.quit();
    assert!(said.contains("SIP/2.0 488 "), "{said}");
}
