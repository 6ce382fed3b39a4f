//! A browser and phones of other kinds hear each other through rtpengine: JsSIP in headless Chromium, whose microphone
//! beeps, and baresip, which plays a tone. Debian's rtpengine forwards in user space.

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

fn expect_event(phone: &RunningPhone, event: &str) {
    let line = format!("event: {event}");
    let said = phone.wait_for(LIMIT, |output| output.lines().any(|it| it == line).then_some(()));
    assert!(said.is_some(), "the browser does not say {event:?}:\n{}", phone.output());
}

fn expect_loud(who: &str, recordings: &tempfile::TempDir, said: &str) {
    let heard = baresip::loudness(recordings.path());
    assert!(heard > 1_000.0, "{who} heard {heard} of 32768:\n{said}");
}

#[test]
fn a_browser_and_a_baresip_hear_each_other_whoever_calls_and_the_browser_hears_itself_from_the_echo() {
    let proxy = Rtpengine::start();
    let server = Server::start_on_every_transport(&["--rtpengine", &proxy.address()]);
    let account = server.account("media");
    let api = server.api(&account);
    let _ids = ["browser", "desk"].map(|name| api.credential(name, PASSWORD));
    let mut browser = browser(&server, &account, Transport::Wss);

    let recordings = tempfile::tempdir().expect("a folder");
    let listening = baresip::Talk { dial: None, recordings: recordings.path() };
    let desk = baresip::start_with(&settings(&server, &account, Transport::Udp, "desk"), 120, Some(listening));
    desk.expect_accepted(1, LIMIT);
    browser.type_line(&format!("call sip:desk@{}", account.sip_domain));
    expect_event(&browser, "hears");
    std::thread::sleep(TALK);
    browser.type_line("hang up");
    expect_event(&browser, "call ended");
    let said = desk.quit();
    expect_loud("baresip, called,", &recordings, &said);
}
