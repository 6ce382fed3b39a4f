//! Calls of real phones through the server: to the echo, and to each other, over mixed transports; what they hear is
//! recorded and measured.

use acceptance::phones::{RunningPhone, Settings, baresip};
use acceptance::sip::Transport;
use acceptance::{Account, Server};
use std::fs;
use std::path::Path;
use std::time::Duration;

const PASSWORD: &str = "Correct!Horse7";
const LIMIT: Duration = Duration::from_secs(20);
/// How long a call is left to itself.
const TALK: Duration = Duration::from_secs(3);

fn settings(server: &Server, account: &Account, transport: Transport, name: &str) -> Settings {
    Settings::new(server, account, transport, name, PASSWORD)
}

/// The loudest stretch of 4,000 samples of what a phone heard: its mean square, as root, of 32,768.
fn loudness(recordings: &Path) -> f64 {
    let files = fs::read_dir(recordings).expect("a folder").map(|entry| entry.expect("an entry").path());
    let heard = files.filter(|file| file.to_string_lossy().ends_with("-dec.wav"));
    let loudest = heard.flat_map(|file| {
        let octets = fs::read(file).expect("a recording");
        let samples: Vec<f64> = octets
            .get(44..)
            .unwrap_or_default()
            .chunks_exact(2)
            .map(|pair| i16::from_le_bytes([pair[0], pair[1]]).into())
            .collect();
        samples.chunks_exact(4_000).map(|part| part.iter().map(|s| s * s).sum::<f64>() / 4_000.0).collect::<Vec<_>>()
    });
    loudest.fold(0.0, f64::max).sqrt()
}

fn expect_up(phone: &RunningPhone) {
    let up = phone.wait_for(LIMIT, |output| output.contains("Call established").then_some(()));
    assert!(up.is_some(), "no call came up:\n{}", phone.output());
}

#[test]
fn baresip_hears_its_own_tone_from_the_echo_over_every_transport() {
    for transport in [Transport::Udp, Transport::Tcp, Transport::Tls] {
        let server = Server::start_on_every_transport(&[]);
        let account = server.account("echo");
        let _id = server.api(&account).credential("talker", PASSWORD);
        let recordings = tempfile::tempdir().expect("a folder");
        let echo = format!("sip:echo@{}", account.sip_domain);
        let talk = baresip::Talk { dial: Some(&echo), recordings: recordings.path() };
        let phone = baresip::start_with(&settings(&server, &account, transport, "talker"), 120, Some(talk));
        expect_up(&phone);
        std::thread::sleep(TALK);
        let said = phone.quit();
        let heard = loudness(recordings.path());
        assert!(heard > 1_000.0, "{heard} of 32768 was heard over {transport:?}:\n{said}");
    }
}

#[test]
fn two_baresips_hear_each_other_over_mixed_transports() {
    for (from, to) in [(Transport::Udp, Transport::Tls), (Transport::Tls, Transport::Tcp)] {
        let server = Server::start_on_every_transport(&[]);
        let account = server.account("two");
        let api = server.api(&account);
        let _ids = ["caller", "callee"].map(|name| api.credential(name, PASSWORD));
        let (at_caller, at_callee) = (tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder"));
        let listening = baresip::Talk { dial: None, recordings: at_callee.path() };
        let callee = baresip::start_with(&settings(&server, &account, to, "callee"), 120, Some(listening));
        callee.expect_accepted(1, LIMIT);
        let uri = format!("sip:callee@{}", account.sip_domain);
        let talk = baresip::Talk { dial: Some(&uri), recordings: at_caller.path() };
        let caller = baresip::start_with(&settings(&server, &account, from, "caller"), 120, Some(talk));
        expect_up(&caller);
        expect_up(&callee);
        std::thread::sleep(TALK);
        let said = [caller.quit(), callee.quit()];
        for (who, folder) in [("caller", &at_caller), ("callee", &at_callee)] {
            let heard = loudness(folder.path());
            assert!(heard > 1_000.0, "{who} heard {heard} of 32768, {from:?} to {to:?}:\n{}\n{}", said[0], said[1]);
        }
    }
}
