//! sipvicious, which scans SIP servers for users and guesses their passwords: it must find nobody, and while it guesses
//! the user's own phone behind the same address must stay registered. A program we did not write, and not a friend.

use acceptance::bounded::{Finished, run};
use acceptance::sip::digest::Challenge;
use acceptance::sip::message::unique;
use acceptance::sip::{HandmadePhone, RawSip, Response, Transport};
use acceptance::{Account, Server};
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::process::Command;
use std::thread;
use std::time::Duration;

/// Names scanned: all numbers of five digits from 10000 on, of which every hundredth is a user.
const NAMES: std::ops::Range<u32> = 10_000..20_000;
const PASSWORD: &str = "7310552";

fn program(name: &str) -> PathBuf {
    let test = std::env::current_exe().expect("the path of the test executable");
    let target = test.ancestors().nth(3).expect("target/PROFILE/deps/TEST");
    let program = target.join("sipvicious/bin").join(name);
    assert!(program.is_file(), "no {}: `cargo xtask test` installs it", program.display());
    program
}

fn server(users: &[String]) -> (Server, Account) {
    // `--default-account` is not needed: the only account is taken for an address without a domain, as a scanner uses.
    let server = Server::start_with(&["--metrics-listen", "127.0.0.1:0"]);
    let account = server.account("scanned");
    let api = server.api(&account);
    for user in users {
        let _id = api.credential(user, &format!("{PASSWORD}{user}"));
    }
    (server, account)
}

fn sipvicious(server: &Server, name: &str, arguments: &[&str], limit: u64) -> Finished {
    let udp = server.sip(Transport::Udp);
    let target = format!("udp://{}:{}", udp.ip(), udp.port());
    // It keeps its sessions in the home directory.
    run(
        Command::new(program(name)).args(arguments).arg(target).env("HOME", server.scratch()),
        Duration::from_secs(limit),
    )
}

#[test]
fn svwar_finds_none_of_a_hundred_users_among_ten_thousand_names() {
    let users: Vec<String> = NAMES.step_by(100).map(|number| number.to_string()).collect();
    let (server, account) = server(&users);
    let range = format!("{}-{}", NAMES.start, NAMES.end - 1);
    for method in ["REGISTER", "OPTIONS", "INVITE"] {
        let scan =
            sipvicious(&server, "sipvicious_svwar", &["-m", method, "-e", &range, "-t", "0.001", "--force"], 170);
        let said = format!("{}{}", scan.stdout, scan.stderr);
        assert!(said.contains("found nothing"), "{method}: {said}");
        // It gives up when the first name is answered like one that it made up, so the others are asked here.
        let mut peer = RawSip::connect(Transport::Udp, server.sip(Transport::Udp));
        let mut answers: BTreeSet<String> = BTreeSet::new();
        for number in NAMES {
            let name = number.to_string();
            answers.insert(without_what_was_sent(&peer.exchange(&probe(method, &name, &account, &peer)), &name));
        }
        assert_eq!(answers.len(), 1, "{method}: users are answered otherwise than others: {answers:?}");
    }
}

/// Like svwar's: From and To are the name that is tried, and so is the Request-URI's user outside REGISTER.
fn probe(method: &str, name: &str, account: &Account, peer: &RawSip) -> String {
    let (domain, unique, via) = (&account.sip_domain, unique(), peer.via());
    let uri = if method == "REGISTER" { format!("sip:{domain}") } else { format!("sip:{name}@{domain}") };
    format!(
        "{method} {uri} SIP/2.0\r\nVia: {via};branch=z9hG4bK{unique};rport\r\nMax-Forwards: 70\r\n\
         From: \"{name}\" <sip:{name}@{domain}>;tag={unique}\r\nTo: \"{name}\" <sip:{name}@{domain}>\r\n\
         Call-ID: {unique}\r\nCSeq: 1 {method}\r\nUser-Agent: friendly-scanner\r\nContact: <sip:{name}@{}>\r\n\
         Content-Length: 0\r\n\r\n",
        peer.local()
    )
}

/// The answer without what the request said, the nonce, and the tag that stands for the transaction.
fn without_what_was_sent(response: &Response, name: &str) -> String {
    let mut lines = vec![response.status.to_string()];
    for (header, value) in &response.headers {
        lines.push(match header.as_str() {
            "via" | "call-id" => header.clone(),
            "from" | "to" => {
                format!("{header}: {}", value.replace(name, "NAME").split(";tag=").next().unwrap_or_default())
            }
            "www-authenticate" | "proxy-authenticate" => {
                let nonce = Challenge::parse(value).nonce;
                assert_eq!(nonce.len(), 24, "{value}");
                format!("{header}: {}", value.replace(&nonce, "NONCE"))
            }
            _ => format!("{header}: {value}"),
        });
    }
    lines.join("\n")
}

#[test]
fn svcrack_is_throttled_while_the_phone_behind_its_address_stays_registered() {
    let (server, account) = server(&["10000".to_owned()]);
    let right = format!("{PASSWORD}10000");
    let mut phone =
        HandmadePhone::new(Transport::Udp, server.sip(Transport::Udp), &account.sip_domain, "10000", &right);
    assert_eq!(phone.register(600).status, 200);
    let dictionary = server.scratch().join("passwords");
    // The right one comes after a thousand others: a server that verified them all would give it away.
    let guesses: String =
        (0..1_000).map(|number| format!("guess{number:05}\n")).chain([format!("{right}\n")]).collect();
    std::fs::write(&dictionary, guesses).expect("a file");
    let dictionary = dictionary.to_str().expect("a path in UTF-8").to_owned();
    let said = thread::scope(|scope| {
        let guessing = scope.spawn(|| {
            let cracking = sipvicious(
                &server,
                "sipvicious_svcrack",
                &["-u", "10000", "-d", &dictionary, "-t", "0.001", "--maximumtime", "10"],
                120,
            );
            format!("{}{}", cracking.stdout, cracking.stderr)
        });
        while !guessing.is_finished() {
            assert_eq!(phone.register(600).status, 200, "the phone, while somebody guesses its password");
            thread::sleep(Duration::from_millis(200));
        }
        guessing.join().expect("a program that ends")
    });
    assert!(!said.contains(&right), "{said}");
    let reason = |reason: &str| server.scrape().value("sipwarden_authentication_attempts_total", &[("reason", reason)]);
    assert!((20.0..=40.0).contains(&reason("wrong_password")), "{} verified", reason("wrong_password"));
    assert!(reason("banned") >= 500.0, "{} banned: {said}", reason("banned"));
    assert_eq!(phone.register(600).status, 200);
}
