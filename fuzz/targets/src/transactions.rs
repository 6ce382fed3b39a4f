//! Steps for the tables of transactions.

use sip_message::{HeaderSpans, Message, parse};
use sip_transaction::{
    Absorbed, ClientTransactions, Limits, MessageSource, Reliability, ServerTransactions, TransactionKey,
};
use std::collections::HashMap;

/// Client transactions at a time.
const MOST: usize = 4;

/// Each step is three octets: what to do, to which transaction, and how much time passes before.
///
/// # Panics
/// When a table outgrows its bounds, an answer is repeated otherwise than it was given, or a timer is due for ever.
pub fn transactions(steps: &[u8]) {
    let mut server = ServerTransactions::new(Limits { transactions: 8, memory_octets: 512 });
    let mut client: ClientTransactions<u8> = ClientTransactions::new(MOST);
    let mut given: HashMap<u8, Vec<u8>> = HashMap::new();
    let (mut now, mut key) = (0, TransactionKey::default());
    let mut begun = Vec::new();
    for step in steps.chunks_exact(3) {
        let [action, which, wait] = [step[0] % 8, step[1] % 16, step[2]];
        now += u64::from(wait) * u64::from(wait);
        read_key(&mut key, which);
        let reliability = if which % 2 == 0 { Reliability::Unreliable } else { Reliability::Reliable };
        match action {
            0 => match server.absorb(&key, now) {
                Some(Absorbed::Answer(answer)) => assert_eq!(Some(answer), given.get(&which).map(Vec::as_slice)),
                Some(Absorbed::Waiting) | None => {}
            },
            1 => server.begin(&key, now),
            2 | 3 => {
                let answer = vec![wait; usize::from(wait)];
                server.complete(&key, &answer, (now, reliability));
                given.insert(which, answer);
            }
            4 => begun.extend(client.begin(request(which).into(), which, (now, reliability))),
            5 | 6 => {
                let octets = response(which, [100, 180, 200, 404, 500, 600][usize::from(wait) % 6]);
                let mut spans = HeaderSpans::new();
                if let Ok(Message::Response(response)) = parse(&octets, &mut spans) {
                    let _ = client.on_response(&response, now);
                }
            }
            _ => drop(begun.pop().map(|id| client.on_flow_failed(id).is_some())),
        }
        assert!(server.len() <= 8 && client.len() <= MOST);
        // Whatever is due ends or sends a bounded number of times.
        let due = (0..10_000).take_while(|_| client.on_time(now).is_some()).count();
        assert!(due < 10_000, "a timer that is always due");
        assert!(client.wakes_at().is_none_or(|wakes_at| wakes_at > now));
    }
}

fn read_key(key: &mut TransactionKey, which: u8) {
    let octets = request(which);
    let mut spans = HeaderSpans::new();
    let Ok(Message::Request(request)) = parse(&octets, &mut spans) else { panic!("a sound request") };
    let remote = ([192, 0, 2, 1], 5060).into();
    key.read(&request.check().expect("a sound request"), MessageSource { remote, discriminator: 0 });
}

fn method(which: u8) -> &'static str {
    if which.is_multiple_of(3) { "INVITE" } else { "OPTIONS" }
}

fn request(which: u8) -> Vec<u8> {
    let method = method(which);
    format!("{method} sip:h SIP/2.0\r\n{}Max-Forwards: 70\r\nContent-Length: 0\r\n\r\n", head(which, method))
        .into_bytes()
}

fn response(which: u8, status: u16) -> Vec<u8> {
    format!("SIP/2.0 {status} X\r\n{}Content-Length: 0\r\n\r\n", head(which, method(which))).into_bytes()
}

fn head(which: u8, method: &str) -> String {
    format!(
        "Via: SIP/2.0/UDP h;branch=z9hG4bK{which}\r\nFrom: <sip:a@h>;tag=1\r\nTo: <sip:b@h>;tag=2\r\n\
         Call-ID: {which}\r\nCSeq: 1 {method}\r\n"
    )
}
