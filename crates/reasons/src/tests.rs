use super::*;
use domain::{DigestAlgorithm, SignallingTransport};

fn record(reason: AuthReason, near_miss: Option<NearMiss>) -> AuthRecord {
    let at = Timestamp::from_seconds(1_763_762_400);
    AuthRecord {
        at,
        last_at: at,
        attempts: 1,
        account: None,
        credential: None,
        device: None,
        reason,
        remark: None,
        near_miss,
        claimed_realm: None,
        source: ([10, 0, 0, 7], 5060).into(),
        transport: SignallingTransport::Udp,
        algorithm: Some(DigestAlgorithm::Md5),
        method: "REGISTER".into(),
        username: "alice".into(),
        host: "example.test".into(),
        user_agent: "Yealink".into(),
        call_id: "call".into(),
    }
}

fn check(record: &AuthRecord, sentence: &str, mend: Option<&str>) {
    let realm = RealmName::parse("sip.example.test").unwrap();
    let credential = CredentialNow {
        enabled: true,
        generation: 3,
        password_changed_at: Timestamp::from_seconds(1_763_500_000),
        demands_sha256: true,
    };
    let said = explain(record, &Circumstances { credential: Some(credential), realm: Some(&realm) });
    assert_eq!((said.sentence.as_str(), said.mend.as_deref()), (sentence, mend));
}

#[test]
fn sentences() {
    check(&record(AuthReason::Ok, None), "alice (Yealink) at 10.0.0.7 was let in with MD5", None);
    check(
        &AuthRecord { attempts: 37, ..record(AuthReason::WrongPassword, None) },
        "alice (Yealink) at 10.0.0.7 used a password that is not this credential's (the present one is of \
         Tue 2025-11-18 21:06 UTC, the credential's 3rd); 37 times until Fri 2025-11-21 22:00 UTC",
        Some("enter the credential's password in the phone, or set a new one"),
    );
    check(
        &record(AuthReason::OldPassword, None),
        "alice (Yealink) at 10.0.0.7 used the password before the present one, which was replaced on \
         Tue 2025-11-18 21:06 UTC",
        Some("enter the new password in the phone"),
    );
    check(
        &AuthRecord {
            claimed_realm: Some("asterisk".into()),
            ..record(AuthReason::RealmMismatch, Some(NearMiss::OtherRealm))
        },
        "alice (Yealink) at 10.0.0.7 computed its answer for the realm asterisk and not for sip.example.test",
        Some("set the phone's realm to sip.example.test, or let it take the realm from the challenge"),
    );
    check(
        &AuthRecord { username: "alice@x".into(), ..record(AuthReason::UnknownUser, Some(NearMiss::DomainInUsername)) },
        "alice@x (Yealink) at 10.0.0.7 sent its username with a domain",
        Some("enter alice alone as the username and authentication name; the domain has a field of its own"),
    );
    check(
        &AuthRecord {
            username: "".into(),
            source: AuthRecord::MANY_SOURCES,
            attempts: 900,
            ..record(AuthReason::UnknownUser, None)
        },
        "Several senders sent usernames that no credential of the realm sip.example.test has; 900 times until \
         Fri 2025-11-21 22:00 UTC",
        Some("nothing, if it was somebody who guesses; they are slowed down"),
    );
    check(
        &record(AuthReason::Challenge, Some(NearMiss::ClockOff)),
        "alice (Yealink) at 10.0.0.7 was asked for a password and did not answer; its clock is off by minutes",
        Some("enter username and password in the phone, if it is one of yours"),
    );
}

#[test]
fn every_refusal_has_words_of_its_own_and_a_mend() {
    let all = AuthReason::ALL.into_iter().filter(|reason| reason.is_refusal());
    let said: std::collections::BTreeSet<_> = all
        .map(|reason| {
            let said = explain(&record(reason, None), &Circumstances::default());
            assert!(said.mend.is_some() && !said.sentence.contains("was turned away"), "{reason}");
            said.sentence
        })
        .collect();
    assert_eq!(said.len(), AuthReason::ALL.len() - 2);
    let unknown = [NearMiss::LetterCase, NearMiss::DomainInUsername, NearMiss::WhiteSpace, NearMiss::UriAsUsername];
    let named = unknown.map(|miss| explain(&record(AuthReason::UnknownUser, Some(miss)), &Circumstances::default()));
    let named: std::collections::BTreeSet<_> = named.iter().map(|said| &said.sentence).collect();
    assert_eq!(named.len(), unknown.len());
}
