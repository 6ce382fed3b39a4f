//! Challenges answered, and not answered, by a user agent against a registrar that judges with sip-digest.

#![cfg(test)]

mod support;

use sip_digest::HashAlgorithm::{self, Md5, Sha256, Sha512_256};
use sip_user_agent::{NonceReuse, Outcome, UaTransport, UserAgent};
use std::collections::HashSet;
use support::{DOMAIN, Peer, Reaction, Registrar, lines};

async fn peer(offers: &[HashAlgorithm], script: impl IntoIterator<Item = Reaction>) -> Peer {
    Peer::open(UaTransport::Udp, Registrar::new(offers, script)).await
}

/// The different Call-IDs of all requests so far.
fn call_ids(peer: &Peer) -> HashSet<&str> {
    peer.registrar.seen.iter().flat_map(|request| request.lines()).filter(|line| line.starts_with("Call-ID:")).collect()
}

fn refused() -> Outcome {
    Outcome::Refused { status: 401, reason: "Unauthorized".to_owned() }
}

#[tokio::test]
async fn registers_with_each_algorithm_over_each_transport() {
    for transport in [UaTransport::Udp, UaTransport::Tcp] {
        for hash in HashAlgorithm::ALL {
            let mut peer = Peer::open(transport.clone(), Registrar::new(&[hash], [])).await;
            let mut user_agent = peer.user_agent(&HashAlgorithm::ALL).await;
            let exchange = peer.during(user_agent.register(300)).await;
            assert_eq!(exchange.outcome, Outcome::Success(200), "{transport:?} {hash}");
            assert_eq!((exchange.algorithm, exchange.server_proved_itself), (Some(hash), Some(true)));
            assert_eq!(exchange.contacts, [format!("<{}>;expires=300", user_agent.contact())]);
            assert_eq!(
                lines(&exchange),
                [
                    format!("-> REGISTER sip:{DOMAIN} (CSeq 1)"),
                    format!("<- 401 Unauthorized (Digest realm=\"registrar.example\", {hash})"),
                    format!("-> REGISTER sip:{DOMAIN} (CSeq 2, Digest {hash} nc=00000001)"),
                    "<- 200 OK".to_owned(),
                ]
            );
        }
    }
}

#[tokio::test]
async fn of_several_challenges_the_most_wanted_is_answered() {
    let preferences: [(&[HashAlgorithm], _); 4] = [
        (&[Sha256, Md5], Some(Sha256)),
        (&[Md5, Sha256], Some(Md5)),
        (&HashAlgorithm::ALL, Some(Sha512_256)),
        (&[], None),
    ];
    for (hashes, expected) in preferences {
        let mut peer = peer(&[Md5, Sha512_256, Sha256], []).await;
        let mut user_agent = peer.user_agent(hashes).await;
        let exchange = peer.during(user_agent.register(60)).await;
        assert_eq!(exchange.algorithm, expected);
        let outcome = if expected.is_some() { Outcome::Success(200) } else { Outcome::NoAcceptableChallenge };
        assert_eq!(exchange.outcome, outcome);
        let challenge =
            "<- 401 Unauthorized (Digest realm=\"registrar.example\", MD5, SHA-512-256, SHA-256)".to_owned();
        assert_eq!(lines(&exchange)[1], challenge);
    }
}

#[tokio::test]
async fn a_wrong_password_is_refused_after_one_answer() {
    let mut peer = peer(&[Sha256], []).await;
    let mut account = peer.account(&[Sha256]);
    account.password = "incorrect horse".to_owned().into();
    let mut user_agent = UserAgent::open(account, [1; 32]).await.unwrap();
    for _ in 0..2 {
        let exchange = peer.during(user_agent.register(60)).await;
        assert_eq!(exchange.outcome, refused());
        assert_eq!((exchange.algorithm, exchange.server_proved_itself), (Some(Sha256), None));
        let lines = lines(&exchange);
        assert!(lines.len() == 4 && !lines[0].contains("Digest"), "{lines:?}");
    }
    assert!(!format!("{user_agent:?}").contains("horse"));
}

#[tokio::test]
async fn a_stale_nonce_is_replaced_once() {
    let mut peer = peer(&[Md5], [Reaction::Judge, Reaction::CallStale]).await;
    let mut user_agent = peer.user_agent(&[Md5]).await;
    let exchange = peer.during(user_agent.register(60)).await;
    assert_eq!(exchange.outcome, Outcome::Success(200));
    let lines = lines(&exchange);
    assert_eq!(lines.len(), 6);
    assert_eq!(lines[3], "<- 401 Unauthorized (Digest realm=\"registrar.example\", MD5 stale)");
    assert!(lines[4].ends_with("(CSeq 3, Digest MD5 nc=00000001)"), "{lines:?}");
}

#[tokio::test]
async fn a_nonce_that_is_always_stale_is_given_up() {
    let mut peer = peer(&[Md5], [Reaction::Judge, Reaction::CallStale, Reaction::CallStale]).await;
    let mut user_agent = peer.user_agent(&[Md5]).await;
    let exchange = peer.during(user_agent.register(60)).await;
    assert_eq!((exchange.outcome.clone(), lines(&exchange).len()), (refused(), 6));
}

#[tokio::test]
async fn the_nonce_is_used_again_with_the_next_count() {
    let mut peer = peer(&[Sha256], []).await;
    let mut user_agent = peer.user_agent(&[Sha256]).await;
    peer.during(user_agent.register(60)).await;
    for count in ["00000002", "00000003"] {
        let exchange = peer.during(user_agent.register(60)).await;
        assert_eq!((exchange.outcome.clone(), exchange.server_proved_itself), (Outcome::Success(200), Some(true)));
        assert_eq!(exchange.algorithm, Some(Sha256));
        let lines = lines(&exchange);
        assert_eq!(lines.len(), 2);
        assert!(lines[0].ends_with(&format!("Digest SHA-256 nc={count})")), "{lines:?}");
    }
}

/// The credentials sent unasked answer none of this exchange's challenges, so one is answered and, if stale, another.
#[tokio::test]
async fn a_reused_nonce_may_be_refused_or_stale() {
    for script in [[Reaction::CallStale, Reaction::CallStale], [Reaction::CallStale, Reaction::Judge]] {
        let mut peer = peer(&[Md5], []).await;
        let mut user_agent = peer.user_agent(&[Md5]).await;
        peer.during(user_agent.register(60)).await;
        peer.registrar.script.extend(script);
        let exchange = peer.during(user_agent.register(60)).await;
        assert_eq!(exchange.outcome, Outcome::Success(200));
    }
}

#[tokio::test]
async fn without_reuse_every_exchange_begins_unauthenticated() {
    let mut peer = peer(&[Md5], []).await;
    let mut user_agent = peer.user_agent(&[Md5]).await.with_nonce_reuse(NonceReuse::Never);
    for _ in 0..2 {
        let exchange = peer.during(user_agent.register(60)).await;
        assert_eq!((exchange.outcome.clone(), lines(&exchange).len()), (Outcome::Success(200), 4));
    }
}

#[tokio::test]
async fn an_announced_nonce_is_used_next() {
    let mut peer = peer(&[Md5], [Reaction::Judge, Reaction::AnnounceNextNonce]).await;
    let mut user_agent = peer.user_agent(&[Md5]).await;
    peer.during(user_agent.register(60)).await;
    let exchange = peer.during(user_agent.register(60)).await;
    assert_eq!((exchange.outcome.clone(), exchange.server_proved_itself), (Outcome::Success(200), Some(true)));
    assert!(lines(&exchange)[0].ends_with("Digest MD5 nc=00000001)"));
}

#[tokio::test]
async fn a_wrong_proof_is_noticed_and_its_nonce_forgotten() {
    for hash in HashAlgorithm::ALL {
        let mut peer = peer(&[hash], [Reaction::Judge, Reaction::ProveWrongly]).await;
        let mut user_agent = peer.user_agent(&[hash]).await;
        let exchange = peer.during(user_agent.register(60)).await;
        assert_eq!((exchange.outcome, exchange.server_proved_itself), (Outcome::Success(200), Some(false)));
        let exchange = peer.during(user_agent.register(60)).await;
        assert_eq!((lines(&exchange).len(), exchange.server_proved_itself), (4, Some(true)));
    }
}

#[tokio::test]
async fn bindings_are_made_asked_for_and_removed() {
    let mut peer = peer(&[Md5], []).await;
    let mut user_agent = peer.user_agent(&[Md5]).await;
    let binding = format!("<{}>;expires=90", user_agent.contact());
    assert_eq!(peer.during(user_agent.query()).await.contacts, [""; 0]);
    assert_eq!(peer.during(user_agent.register(90)).await.contacts, [binding.as_str()]);
    assert_eq!(peer.during(user_agent.query()).await.contacts, [binding.as_str()]);
    let removed = peer.during(user_agent.unregister()).await;
    assert_eq!((removed.outcome, removed.contacts), (Outcome::Success(200), vec![]));
    assert_eq!(call_ids(&peer).len(), 1, "one Call-ID for all registrations");
}

#[tokio::test]
async fn options_is_challenged_by_a_proxy_and_keeps_its_own_nonce() {
    let mut peer = peer(&[Sha256, Md5], []).await;
    let mut user_agent = peer.user_agent(&[Sha256]).await;
    peer.during(user_agent.register(60)).await;
    for steps in [4, 2] {
        let exchange = peer.during(user_agent.options()).await;
        assert_eq!((exchange.outcome.clone(), exchange.server_proved_itself), (Outcome::Success(200), Some(true)));
        let lines = lines(&exchange);
        assert_eq!((lines.len(), lines[0].contains("Digest")), (steps, steps == 2), "{lines:?}");
    }
    let last = peer.registrar.seen.last().unwrap();
    assert!(last.contains("\r\nProxy-Authorization: Digest ") && !last.contains("\r\nAuthorization:"), "{last}");
    assert_eq!(call_ids(&peer).len(), 3, "one for the registration, one for each OPTIONS");
    assert_eq!(lines(&peer.during(user_agent.register(60)).await).len(), 2, "the registration's nonce is still known");
}

#[tokio::test]
async fn another_refusal_ends_the_exchange() {
    let mut peer = peer(&[Md5], [Reaction::Refuse(503), Reaction::Refuse(302)]).await;
    let mut user_agent = peer.user_agent(&[Md5]).await;
    for (status, reason) in [(503, "Service Unavailable"), (302, "Moved Temporarily")] {
        let exchange = peer.during(user_agent.register(60)).await;
        assert_eq!(exchange.outcome, Outcome::Refused { status, reason: reason.to_owned() });
        assert_eq!((exchange.algorithm, exchange.server_proved_itself), (None, None));
    }
}

#[tokio::test]
async fn messages_are_whole_but_for_their_secrets() {
    let mut peer = peer(&[Md5], []).await;
    let mut user_agent = peer.user_agent(&[Md5]).await;
    let exchange = peer.during(user_agent.register(60)).await;
    let authorization = format!(
        "Authorization: Digest username=\"alice\", realm=\"registrar.example\", nonce=<masked>, uri=\"sip:{DOMAIN}\", \
         response=<masked>, algorithm=MD5, cnonce=<masked>, qop=auth, nc=00000001, opaque=<masked>\r\n"
    );
    assert!(exchange.ladder.iter().any(|step| step.message.contains(&authorization)), "{exchange:?}");
    let unauthenticated = &exchange.ladder[0].message;
    assert_eq!(unauthenticated, &peer.registrar.seen[0], "nothing else is changed");
}
