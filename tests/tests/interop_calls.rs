//! Calls of real phones through the server: to the echo, and to each other, over mixed transports; what they hear is
//! recorded and measured.

use acceptance::phones::{RunningPhone, Settings, baresip, linphonec};
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
        let heard = baresip::loudness(recordings.path());
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
            let heard = baresip::loudness(folder.path());
            assert!(heard > 1_000.0, "{who} heard {heard} of 32768, {from:?} to {to:?}:\n{}\n{}", said[0], said[1]);
        }
    }
}

/// linphonec plays from a file and records into one; it is told so at its keyboard.
fn start_linphone(settings: &Settings, recordings: &Path) -> RunningPhone {
    let tone = recordings.join("tone.wav");
    fs::write(&tone, tone_file()).expect("a file");
    let mut phone = linphonec::start(settings, 120);
    phone.expect_accepted(1, LIMIT);
    phone.type_line("soundcard use files");
    phone.type_line(&format!("play {}", tone.display()));
    phone.type_line(&format!("record {}", recordings.join("heard-dec.wav").display()));
    phone
}

/// Ten seconds of 440 Hz as WAV: 8,000 samples of 16 bits a second.
fn tone_file() -> Vec<u8> {
    let samples = (0..80_000_u32).map(|at| (f64::from(at) / 8_000.0 * 440.0 * std::f64::consts::TAU).sin() * 12_000.0);
    #[expect(clippy::cast_possible_truncation, reason = "within 12,000 of zero")]
    let sound: Vec<u8> = samples.flat_map(|sample| (sample as i16).to_le_bytes()).collect();
    let length = u32::try_from(sound.len()).expect("a short file");
    let mut file = b"RIFF".to_vec();
    file.extend((length + 36).to_le_bytes());
    file.extend(b"WAVEfmt \x10\0\0\0\x01\0\x01\0");
    file.extend(8_000_u32.to_le_bytes());
    file.extend(16_000_u32.to_le_bytes());
    file.extend(b"\x02\0\x10\0data");
    file.extend(length.to_le_bytes());
    file.extend(sound);
    file
}

#[test]
fn linphonec_hears_the_echo_and_a_baresip() {
    let server = Server::start_on_every_transport(&[]);
    let account = server.account("linphone");
    let api = server.api(&account);
    let _ids = ["linphone", "callee"].map(|name| api.credential(name, PASSWORD));
    let at_callee = tempfile::tempdir().expect("a folder");
    let listening = baresip::Talk { dial: None, recordings: at_callee.path() };
    let callee = baresip::start_with(&settings(&server, &account, Transport::Tls, "callee"), 120, Some(listening));
    callee.expect_accepted(1, LIMIT);
    for called in ["echo", "callee"] {
        let recordings = tempfile::tempdir().expect("a folder");
        let mut phone = start_linphone(&settings(&server, &account, Transport::Udp, "linphone"), recordings.path());
        phone.type_line(&format!("call sip:{called}@{}", account.sip_domain));
        let up = phone.wait_for(LIMIT, |log| log.contains("LinphoneCallStreamsRunning").then_some(()));
        assert!(up.is_some(), "no call to {called} came up:\n{}", phone.output());
        std::thread::sleep(TALK);
        phone.type_line("terminate");
        let said = phone.quit();
        let heard = baresip::loudness(recordings.path());
        assert!(heard > 1_000.0, "{heard} of 32768 was heard from {called}:\n{said}");
    }
    let said = callee.quit();
    let heard = baresip::loudness(at_callee.path());
    assert!(heard > 1_000.0, "baresip heard {heard} of 32768:\n{said}");
}
