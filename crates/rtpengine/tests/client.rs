//! The client against a scripted instance: what is sent again, who is turned to, and what is remembered.

#![cfg(test)]

use parking_lot::Mutex;
use rtpengine::{CallKey, Config, Profile, RtpEngine, RtpEngineError, Sides};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::UdpSocket;

const SIDES: Sides<'static> = Sides { offerer: "f", answerer: "t" };
const OK: &str = "d6:result2:ok3:sdp3:newe";

/// What becomes of one datagram: answers without their cookie, or nothing.
type Manner = Box<dyn FnMut(&str) -> Option<String> + Send>;

struct Scripted {
    address: SocketAddr,
    heard: Arc<Mutex<Vec<String>>>,
}

async fn scripted(mut manner: Manner) -> Scripted {
    let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let address = socket.local_addr().unwrap();
    let heard = Arc::new(Mutex::new(Vec::new()));
    let noted = Arc::clone(&heard);
    tokio::spawn(async move {
        let mut datagram = vec![0; 65_535];
        loop {
            let (length, source) = socket.recv_from(&mut datagram).await.unwrap();
            let text = String::from_utf8(datagram[..length].to_vec()).unwrap();
            noted.lock().push(text.clone());
            let (cookie, command) = text.split_once(' ').unwrap();
            if let Some(answer) = manner(command) {
                socket.send_to(format!("{cookie} {answer}").as_bytes(), source).await.unwrap();
            }
        }
    });
    Scripted { address, heard }
}

async fn silent() -> Scripted {
    scripted(Box::new(|_| None)).await
}

async fn good() -> Scripted {
    scripted(Box::new(|_| Some(OK.to_owned()))).await
}

async fn client(instances: &[&Scripted]) -> RtpEngine {
    let intervals = [100, 200].map(Duration::from_millis).to_vec();
    let instances = instances.iter().map(|instance| instance.address).collect();
    RtpEngine::open(Config { intervals, most_calls: 2, ..Config::of(instances) }, 7).await.unwrap()
}

fn key(text: &str) -> CallKey {
    CallKey::new(text)
}

#[tokio::test]
async fn a_call_from_offer_to_delete() {
    let instance = good().await;
    let client = client(&[&instance]).await;
    assert_eq!(client.offer(&key("c"), SIDES, b"old", Profile::WebRtc).await.unwrap(), b"new");
    assert_eq!(client.answer(&key("c"), SIDES, b"old", Profile::PlainRtp).await.unwrap(), b"new");
    assert_eq!(client.calls(), 1);
    client.delete(&key("c")).await.unwrap();
    client.delete(&key("c")).await.unwrap();
    assert_eq!(client.calls(), 0);
    let heard = instance.heard.lock().clone();
    assert_eq!(heard.len(), 4, "one that is not known here may be known there");
    let cookies: Vec<_> = heard[..3].iter().map(|text| text.split(' ').next().unwrap()).collect();
    assert_eq!(cookies, ["00000000000000070", "00000000000000071", "00000000000000072"]);
    let offer = "d3:ICE5:force4:SDESl3:offe7:call-id1:c7:command5:offer8:from-tag1:f\
        7:replacel6:origin18:session-connectione8:rtcp-muxl7:requiree3:sdp3:old6:to-tag1:t\
        18:transport-protocol17:UDP/TLS/RTP/SAVPFe";
    assert!(heard[0].ends_with(offer), "{}", heard[0]);
    assert!(heard[1].contains("4:DTLS3:off") && !heard[1].contains("transport-protocol"), "{}", heard[1]);
    assert!(heard[2].ends_with("d7:call-id1:c7:command6:deletee"), "{}", heard[2]);
}

#[tokio::test]
async fn what_is_lost_is_sent_again_with_the_same_cookie() {
    let mut times = 0;
    let manner = move |_: &str| {
        times += 1;
        (times > 1).then(|| OK.to_owned())
    };
    let instance = scripted(Box::new(manner)).await;
    let client = client(&[&instance]).await;
    client.offer(&key("c"), SIDES, b"old", Profile::Sdes).await.unwrap();
    let heard = instance.heard.lock().clone();
    assert_eq!((heard.len(), &heard[0]), (2, &heard[1]));
}

#[tokio::test]
async fn a_silent_instance_gives_way_and_is_asked_last() {
    let (first, second) = (silent().await, good().await);
    let client = client(&[&first, &second]).await;
    client.offer(&key("a"), SIDES, b"old", Profile::PlainRtp).await.unwrap();
    client.offer(&key("b"), SIDES, b"old", Profile::PlainRtp).await.unwrap();
    assert_eq!(first.heard.lock().len(), 2, "not asked for the second call");
    assert_eq!(client.ping().await[0], (first.address, false));
    assert_eq!(first.heard.lock().len(), 3, "and not waited for as long as before");
    client.answer(&key("a"), SIDES, b"old", Profile::PlainRtp).await.unwrap();
    assert_eq!(second.heard.lock().len(), 4);
    let third = client.offer(&key("c"), SIDES, b"old", Profile::PlainRtp).await;
    assert!(matches!(third, Err(RtpEngineError::TooManyCalls)), "{third:?}");
    assert_eq!(client.ping().await, [(first.address, false), (second.address, false)], "one says ok where pong is due");
}

#[tokio::test]
async fn faults_are_told_apart() {
    let nobody = client(&[&silent().await]).await;
    let outcome = nobody.offer(&key("c"), SIDES, b"old", Profile::PlainRtp).await;
    assert!(matches!(outcome, Err(RtpEngineError::NoAnswer)) && nobody.calls() == 0, "{outcome:?}");
    let outcome = nobody.answer(&key("c"), SIDES, b"old", Profile::PlainRtp).await;
    assert!(matches!(outcome, Err(RtpEngineError::CallLost)), "{outcome:?}");
    for (answer, expected) in [
        ("d6:result5:error12:error-reason8:no \x07goode", "rtpengine refused: no \\x07good"),
        ("d6:result2:oke", "rtpengine sent an answer that cannot be read"),
        ("le", "rtpengine sent an answer that cannot be read"),
    ] {
        let instance = scripted(Box::new(move |_| Some(answer.to_owned()))).await;
        let refused = client(&[&instance]).await.offer(&key("c"), SIDES, b"old", Profile::PlainRtp).await;
        assert_eq!(refused.unwrap_err().to_string(), expected);
    }
    let unasked = good().await;
    let long = client(&[&unasked]).await.offer(&key("c"), SIDES, &[b'a'; 32 * 1024 + 1], Profile::PlainRtp).await;
    assert!(matches!(long, Err(RtpEngineError::TooLong)) && unasked.heard.lock().is_empty(), "{long:?}");
    let garbage = scripted(Box::new(|_| Some("what?".to_owned()))).await;
    let outcome = client(&[&garbage]).await.offer(&key("c"), SIDES, b"old", Profile::PlainRtp).await;
    assert!(matches!(outcome, Err(RtpEngineError::NoAnswer)), "{outcome:?}");
    let none = RtpEngine::open(Config::of(Vec::new()), 0).await;
    assert!(matches!(none, Err(RtpEngineError::NoInstance)));
}
