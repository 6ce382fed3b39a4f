//! Registrations from their first REGISTER to their last.

use crate::registrar::{PASSWORD, REGISTRAR, Seen, USERNAME, answered};
use crate::seeded::Seeded;
use domain::RegistrationState;
use sip_upstream::{
    Failure, RegistrationConfig, RegistrationConfigError, RegistrationEvent, Step, UpstreamRegistration,
    UpstreamSecret, Way,
};

const BEGIN: u64 = 1_700_000_000_000;
const WAY: Way<'static> = Way { via: b"SIP/2.0/TLS 192.0.2.1:5061", contact: b"<sip:192.0.2.1:5061;transport=tls>" };
const OWN: &str = "<sip:trunk-1@192.0.2.1:5061;transport=tls>;+sip.instance=\"<urn:uuid:1>\"";
const MD5: &str = "WWW-Authenticate: Digest realm=\"c\", nonce=\"n1\", algorithm=MD5, qop=\"auth\"";
const NEW_NONCE: &str = "WWW-Authenticate: Digest realm=\"c\", nonce=\"n2\", algorithm=MD5, qop=\"auth\"";
const STALE: &str = "WWW-Authenticate: Digest realm=\"c\", nonce=\"n2\", algorithm=MD5, qop=\"auth\", stale=true";
const CONFIRMED: &str = "Contact: <sip:trunk-1@192.0.2.1:5061;transport=tls>;expires=600";

fn config() -> RegistrationConfig {
    RegistrationConfig {
        registrar: REGISTRAR.into(),
        address_of_record: "sip:4711@carrier.example".into(),
        contact_user: "trunk-1".into(),
        instance: Some("urn:uuid:1".into()),
        expires_seconds: 3_600,
        user_agent: "sipwarden".into(),
        first_within_ms: 2_000,
    }
}

/// A registration, the time, and what it was last seen to say.
struct Scene {
    registration: UpstreamRegistration,
    random: Seeded,
    now: u64,
}

impl Scene {
    fn new() -> Self {
        Self::seeded(7)
    }

    fn seeded(seed: u64) -> Self {
        let random = Seeded::new(seed);
        let secret = UpstreamSecret::new(USERNAME, PASSWORD.as_bytes()).unwrap();
        let registration = UpstreamRegistration::new(config(), secret, BEGIN, &random).unwrap();
        Self { registration, random, now: BEGIN }
    }

    /// Waits for the next REGISTER, and how long that took in seconds.
    fn next(&mut self) -> (Seen, u64) {
        let begun = self.now;
        self.now = self.registration.wakes_at().unwrap().max(self.now);
        if self.now > begun {
            assert_eq!(self.registration.begin(&WAY, self.now - 1, &self.random), None);
        }
        assert_eq!(self.registration.on_time(self.now, &self.random), None);
        let octets = self.registration.begin(&WAY, self.now, &self.random).unwrap();
        assert_eq!(self.registration.begin(&WAY, self.now, &self.random), None, "one at a time");
        (Seen::read(&octets), (self.now - begun) / 1_000)
    }

    fn hear(&mut self, start: &str, headers: &[&str]) -> (Option<Seen>, Option<RegistrationEvent>) {
        self.now += 20;
        let Self { registration, random, now } = self;
        let Step { send, event } =
            answered(start, headers, |response| registration.on_response(response, &WAY, (*now, &*random)));
        (send.as_deref().map(Seen::read), event)
    }

    fn registered(mut self) -> Self {
        self.next();
        self.hear("200 OK", &[CONFIRMED]);
        self
    }

    fn state(&self) -> RegistrationState {
        self.registration.report(self.now).state
    }

    /// What was heard last ends the attempt; seconds until the next REGISTER.
    fn pause(&self) -> u64 {
        (self.registration.wakes_at().unwrap() - self.now) / 1_000
    }
}

#[test]
fn a_challenge_is_answered_and_the_contacts_own_time_counts() {
    let mut scene = Scene::new();
    assert_eq!(scene.state(), RegistrationState::Registering);
    let (first, waited) = scene.next();
    assert!(waited <= 2);
    assert_eq!((&*first.contact, first.expires, first.proofs.len()), (OWN, 3_600, 0));
    assert_eq!(scene.hear("100 Trying", &[]), (None, None));
    let (second, event) = scene.hear("401 Unauthorized", &[MD5]);
    let second = second.unwrap();
    assert_eq!(event, None);
    assert_eq!(second.proofs, [("n1".into(), "MD5".into(), "00000001".into())]);
    assert_eq!((&second.call_id, second.cseq), (&first.call_id, first.cseq + 1));
    assert_ne!(second.branch, first.branch);
    // Somebody else's contact has another time, and so does the header.
    let others = "Contact: <sip:other@192.0.2.9>;expires=60, <sip:trunk-1@192.0.2.1:5061;transport=tls>;expires=600";
    let (_, event) = scene.hear("200 OK", &[others, "Expires: 1800", "Service-Route: <sip:a;lr>, <sip:b;lr>"]);
    assert_eq!(event, Some(RegistrationEvent::Registered { seconds: 600 }));
    let report = scene.registration.report(scene.now);
    assert_eq!((report.state, report.since), (RegistrationState::Registered, scene.now));
    assert_eq!((report.expires_at, report.last_status), (Some(scene.now + 600_000), Some(200)));
    assert_eq!(scene.registration.service_route(), [Box::from(&b"<sip:a;lr>"[..]), Box::from(&b"<sip:b;lr>"[..])]);
    // The refresh comes in time, with the next count of the same nonce, and costs no round trip.
    let (refresh, waited) = scene.next();
    assert!((300..=540).contains(&waited), "{waited}");
    assert_eq!(refresh.proofs, [("n1".into(), "MD5".into(), "00000002".into())]);
    assert_eq!((&refresh.call_id, refresh.cseq), (&first.call_id, second.cseq + 1));
    assert_eq!(scene.state(), RegistrationState::Registered, "while it is refreshed");
    let (_, event) = scene.hear("200 OK", &[CONFIRMED]);
    assert_eq!(event, Some(RegistrationEvent::Refreshed { seconds: 600 }));
    assert_eq!(scene.registration.report(scene.now).since, report.since);
    assert!(scene.registration.service_route().is_empty(), "it counts only as long as it is told");
}

#[test]
fn the_strongest_of_several_challenges_is_answered() {
    for (algorithms, taken) in [
        (&["MD5", "SHA-256"][..], "SHA-256"),
        (&["SHA-256", "SHA-512-256", "MD5"], "SHA-512-256"),
        (&["SHA3-999", "MD5"], "MD5"),
    ] {
        let mut scene = Scene::new();
        scene.next();
        let challenges: Vec<String> = algorithms
            .iter()
            .map(|algorithm| {
                format!("WWW-Authenticate: Digest realm=\"c\", nonce=\"n\", algorithm={algorithm}, qop=\"auth\"")
            })
            .collect();
        let (seen, _) = scene.hear("401 Unauthorized", &challenges.iter().map(String::as_str).collect::<Vec<_>>());
        assert_eq!(seen.unwrap().proofs, [("n".into(), taken.into(), "00000001".into())]);
    }
    let mut scene = Scene::new();
    scene.next();
    let unknown = "WWW-Authenticate: Digest realm=\"c\", nonce=\"n\", algorithm=SHA3-999, qop=\"auth\"";
    assert_eq!(scene.hear("401 Unauthorized", &[unknown]), (None, Some(RegistrationEvent::Rejected { status: 401 })));
    assert!(scene.registration.report(scene.now).last_reason.unwrap().contains("digest with MD5, SHA-256"));
}

#[test]
fn a_proxy_and_the_registrar_may_both_ask() {
    let mut scene = Scene::new();
    scene.next();
    let proxy = MD5.replace("WWW", "Proxy").replace("n1", "p1");
    let (seen, _) = scene.hear("407 Proxy Authentication Required", &[&proxy]);
    assert_eq!(seen.unwrap().proofs.len(), 1);
    let (seen, _) = scene.hear("401 Unauthorized", &[MD5]);
    let nonces: Vec<_> = seen.unwrap().proofs.into_iter().map(|(nonce, ..)| nonce).collect();
    assert_eq!(nonces, ["n1", "p1"]);
    assert_eq!(
        scene.hear("407 Proxy Authentication Required", &[&proxy]).1,
        Some(RegistrationEvent::Rejected { status: 407 })
    );
}

#[test]
fn a_wrong_password_is_not_tried_again_and_again() {
    let mut scene = Scene::new();
    scene.next();
    assert!(scene.hear("401 Unauthorized", &[MD5]).0.is_some());
    assert_eq!(scene.hear("401 Unauthorized", &[NEW_NONCE]), (None, Some(RegistrationEvent::Rejected { status: 401 })));
    assert_eq!(scene.state(), RegistrationState::Rejected);
    // In a whole day, with a carrier that goes on refusing: hardly more than one attempt an hour, of two REGISTERs.
    let (end, mut sent) = (scene.now + 86_400_000, 0);
    while scene.registration.wakes_at().unwrap() < end {
        let (seen, waited) = scene.next();
        assert!((2_880..=4_320).contains(&waited) && seen.proofs.is_empty(), "{waited} {seen:?}");
        scene.hear("401 Unauthorized", &[MD5]);
        scene.hear("401 Unauthorized", &[NEW_NONCE]);
        sent += 2;
    }
    assert!((40..=60).contains(&sent), "{sent}");
    // 403 and 404 say the same; and success ends it.
    for status in ["403 Forbidden", "404 Not Found"] {
        scene.next();
        scene.hear(status, &[]);
        assert!(scene.pause() >= 2_880 && scene.state() == RegistrationState::Rejected);
    }
    scene.next();
    assert_eq!(scene.hear("200 OK", &[CONFIRMED]).1, Some(RegistrationEvent::Registered { seconds: 600 }));
}

#[test]
fn a_stale_nonce_is_replaced_once() {
    let mut scene = Scene::new();
    scene.next();
    scene.hear("401 Unauthorized", &[MD5]);
    let (again, _) = scene.hear("401 Unauthorized", &[STALE]);
    assert_eq!(again.unwrap().proofs, [("n2".into(), "MD5".into(), "00000001".into())]);
    assert_eq!(scene.hear("401 Unauthorized", &[STALE]).1, Some(RegistrationEvent::Rejected { status: 401 }));
    // A nonce that has grown old between two refreshes costs one round trip and nothing else.
    let mut scene = Scene::new();
    scene.next();
    scene.hear("401 Unauthorized", &[MD5]);
    scene.hear("200 OK", &[CONFIRMED]);
    assert_eq!(scene.next().0.proofs.len(), 1);
    let (again, event) = scene.hear("401 Unauthorized", &[NEW_NONCE]);
    assert_eq!((again.unwrap().proofs[0].0.as_str(), event), ("n2", None));
    assert_eq!(scene.hear("200 OK", &[CONFIRMED]).1, Some(RegistrationEvent::Refreshed { seconds: 600 }));
    // Without qop no nonce is used twice.
    let mut scene = Scene::new();
    scene.next();
    scene.hear("401 Unauthorized", &["WWW-Authenticate: Digest realm=\"c\", nonce=\"n1\""]);
    scene.hear("200 OK", &[CONFIRMED]);
    assert_eq!(scene.next().0.proofs.len(), 0);
}

#[test]
fn the_least_time_is_taken_on_once() {
    let mut scene = Scene::new();
    scene.next();
    let (again, _) = scene.hear("423 Interval Too Brief", &["Min-Expires: 7200"]);
    assert_eq!(again.unwrap().expires, 7_200);
    assert_eq!(
        scene.hear("423 Interval Too Brief", &["Min-Expires: 9000"]).1,
        Some(RegistrationEvent::Failed { status: Some(423) })
    );
    assert_eq!(scene.next().0.expires, 7_200, "it is kept in mind");
    // Nonsense is not taken on.
    for least in ["Min-Expires: 60", "Min-Expires: 99999999", "Subject: none"] {
        let mut scene = Scene::new();
        scene.next();
        assert_eq!(
            scene.hear("423 Interval Too Brief", &[least]),
            (None, Some(RegistrationEvent::Failed { status: Some(423) }))
        );
    }
}

#[test]
fn redirections_are_refused() {
    let mut scene = Scene::new();
    scene.next();
    let (sent, event) = scene.hear("302 Moved Temporarily", &["Contact: <sip:evil.example>"]);
    assert_eq!((sent, event), (None, Some(RegistrationEvent::Rejected { status: 302 })));
    let report = scene.registration.report(scene.now);
    assert_eq!((report.state, report.last_status), (RegistrationState::Rejected, Some(302)));
    assert!(report.last_reason.unwrap().contains("not followed"));
}

#[test]
fn failures_are_tried_again_with_growing_pauses() {
    let mut scene = Scene::new().registered();
    let expires_at = scene.registration.report(scene.now).expires_at;
    let pauses = [30, 60, 120, 240, 480, 960, 1_800, 1_800];
    for (turn, pause) in pauses.into_iter().enumerate() {
        scene.next();
        let event = match turn % 3 {
            0 => scene.registration.on_failure(Failure::TimedOut, scene.now, &scene.random),
            1 => scene.registration.on_failure(Failure::Unreachable, scene.now, &scene.random),
            _ => scene.hear("500 Server Error\u{7}", &[]).1,
        };
        let status = (turn % 3 == 2).then_some(500);
        assert_eq!(event, Some(RegistrationEvent::Failed { status }));
        let waits = scene.pause();
        assert!((pause * 4 / 5..=pause * 6 / 5).contains(&waits), "{waits} of {pause}");
        assert_eq!(scene.state(), RegistrationState::Failing);
        let report = scene.registration.report(scene.now);
        assert_eq!(report.expires_at, expires_at.filter(|expires_at| *expires_at > scene.now));
        assert!(["no answer", "it cannot be reached", "Server Error"].contains(&&*report.last_reason.unwrap()));
    }
    // No way at all, before anything was sent.
    scene.now = scene.registration.wakes_at().unwrap();
    let event = scene.registration.on_failure(Failure::Unreachable, scene.now, &scene.random);
    assert_eq!(event, Some(RegistrationEvent::Failed { status: None }));
    assert_eq!(
        scene.registration.on_failure(Failure::Unreachable, scene.now, &scene.random),
        None,
        "nothing is under way"
    );
    // One success, and the pauses begin anew.
    scene.next();
    scene.hear("200 OK", &[CONFIRMED]);
    scene.next();
    scene.hear("503 Service Unavailable", &[]);
    assert!(scene.pause() <= 36);
}

#[test]
fn retry_after_is_heeded_within_reason() {
    for (header, least, most) in [
        ("Retry-After: 900", 900, 1_080),
        ("Retry-After: 5 (soon)", 24, 36),
        ("Retry-After: 4000000000", 86_400, 103_680),
    ] {
        let mut scene = Scene::new();
        scene.next();
        scene.hear("503 Service Unavailable", &[header]);
        assert!((least..=most).contains(&scene.pause()), "{header}: {}", scene.pause());
    }
}

#[test]
fn an_outcome_that_nobody_tells_is_a_failure() {
    let mut scene = Scene::new();
    scene.next();
    scene.now = scene.registration.wakes_at().unwrap();
    let event = scene.registration.on_time(scene.now, &scene.random);
    assert_eq!(event, Some(RegistrationEvent::Failed { status: None }));
    assert_eq!(scene.hear("200 OK", &[CONFIRMED]), (None, None), "too late");
    scene.next();
}

#[test]
fn the_time_is_found_wherever_a_carrier_puts_it() {
    for (headers, seconds) in [
        (&[CONFIRMED, "Expires: 60"][..], 600),
        (&["Contact: <sip:trunk-1@192.0.2.1:5061;transport=tls>", "Expires: 120"], 120),
        (&["Contact: <sip:trunk-1@198.51.100.3:61234>;expires=90"], 90),
        (&["Contact: <sip:x@y>;expires=90, <sip:z@y>;+sip.instance=\"<urn:uuid:1>\";expires=45"], 45),
        (&["Contact: <sip:x@y>;expires=90, <sip:z@y>;expires=80", "Expires: 70"], 70),
        (&[], 3_600),
        (&["Contact: <sip:trunk-1@192.0.2.1:5061;transport=tls>;expires=4000000000"], 604_800),
    ] {
        let mut scene = Scene::new();
        scene.next();
        assert_eq!(scene.hear("200 OK", headers).1, Some(RegistrationEvent::Registered { seconds }), "{headers:?}");
    }
    let mut scene = Scene::new();
    scene.next();
    let none = "Contact: <sip:trunk-1@192.0.2.1:5061;transport=tls>;expires=0";
    assert_eq!(scene.hear("200 OK", &[none]).1, Some(RegistrationEvent::Failed { status: Some(200) }));
}

#[test]
fn refreshes_of_many_are_spread() {
    let mut waits: Vec<u64> = (0..100).map(|seed| Scene::seeded(seed).registered().next().1).collect();
    waits.sort_unstable();
    assert!(waits[0] >= 300 && waits[99] <= 540 && waits[90] - waits[10] > 120, "{waits:?}");
    waits.dedup();
    assert!(waits.len() > 50);
}

#[test]
fn a_lost_connection_is_made_good_soon_but_not_without_end() {
    let mut scene = Scene::new().registered();
    scene.now += 60_000;
    scene.registration.on_flow_gone(scene.now, &scene.random);
    let (_, waited) = scene.next();
    assert!((1..=5).contains(&waited), "{waited}");
    scene.registration.on_flow_gone(scene.now, &scene.random);
    scene.hear("200 OK", &[CONFIRMED]);
    scene.registration.on_flow_gone(scene.now, &scene.random);
    assert!((24..=36).contains(&scene.pause()), "it was lost at once");
    // While it does not work, nothing gets sooner by it.
    let mut failing = Scene::new();
    failing.next();
    failing.hear("503 Service Unavailable", &[]);
    let at = failing.registration.wakes_at();
    failing.registration.on_flow_gone(failing.now, &failing.random);
    assert_eq!(failing.registration.wakes_at(), at);
}

#[test]
fn a_place_that_does_not_answer_is_followed_by_another_within_the_same_attempt() {
    const OTHER: Way<'static> =
        Way { via: b"SIP/2.0/TCP 192.0.2.7:5060", contact: b"<sip:192.0.2.7:5060;transport=tcp>" };
    let mut scene = Scene::new();
    assert_eq!(scene.registration.elsewhere(&OTHER, scene.now, &scene.random), None, "nothing is under way");
    let (first, _) = scene.next();
    assert!(scene.hear("401 Unauthorized", &[MD5]).0.is_some());
    scene.now += 4_000;
    let second = Seen::read(&scene.registration.elsewhere(&OTHER, scene.now, &scene.random).unwrap());
    assert_eq!((&second.call_id, second.cseq), (&first.call_id, first.cseq + 2));
    assert!(second.contact.starts_with("<sip:trunk-1@192.0.2.7:5060;transport=tcp>"), "{second:?}");
    // The other place may ask for a proof of its own.
    let (third, _) = scene.hear("401 Unauthorized", &[NEW_NONCE]);
    assert_eq!(third.unwrap().proofs, [("n2".into(), "MD5".into(), "00000001".into())]);
    let (_, event) =
        scene.hear("200 OK", &[&CONFIRMED.replace("192.0.2.1:5061;transport=tls", "192.0.2.7:5060;transport=tcp")]);
    assert_eq!(event, Some(RegistrationEvent::Registered { seconds: 600 }));

    scene.registration.end(scene.now);
    let removal = Seen::read(&scene.registration.begin(&WAY, scene.now, &scene.random).unwrap());
    let elsewhere = Seen::read(&scene.registration.elsewhere(&WAY, scene.now, &scene.random).unwrap());
    assert_eq!((removal.expires, &removal.contact), (0, &second.contact), "what the carrier keeps, wherever we are");
    assert_eq!((elsewhere.expires, &elsewhere.contact), (0, &second.contact));
}

#[test]
fn calls_come_while_the_carrier_keeps_the_contact_and_wants_us() {
    let mut scene = Scene::new();
    assert!(!scene.registration.is_live(scene.now), "it has not answered yet");
    scene = scene.registered();
    assert_eq!(scene.registration.contact_user(), "trunk-1");
    assert!(scene.registration.is_live(scene.now) && scene.registration.is_live(scene.now + 599_000));
    assert!(!scene.registration.is_live(scene.now + 600_000), "it has expired");
    let due = scene.registration.report(scene.now).next_attempt_at;
    assert_eq!(due, scene.registration.wakes_at());
    scene.next();
    assert_eq!(scene.registration.report(scene.now).next_attempt_at, None, "it is under way");
    scene.registration.on_failure(Failure::Unreachable, scene.now, &scene.random);
    scene.registration.explain("its certificate is for\r\nanother name");
    let report = scene.registration.report(scene.now);
    assert_eq!(report.last_reason.as_deref(), Some("its certificate is foranother name"));
    assert!(scene.registration.is_live(scene.now), "only the refresh fails");
    scene.next();
    scene.hear("403 Forbidden", &[]);
    scene.registration.explain("not to be said");
    assert_eq!(scene.registration.report(scene.now).last_reason.as_deref(), Some("Forbidden"));
    assert!(!scene.registration.is_live(scene.now), "it does not want us any more");
    let mut ending = Scene::new().registered();
    ending.registration.end(ending.now);
    assert!(!ending.registration.is_live(ending.now));
}

#[test]
fn what_the_carrier_keeps_is_removed_in_the_end() {
    let mut scene = Scene::new();
    scene.next();
    scene.hear("401 Unauthorized", &[MD5]);
    scene.hear("200 OK", &[CONFIRMED]);
    scene.now += 1_000;
    assert_eq!(scene.registration.end(scene.now), None);
    let (last, waited) = scene.next();
    assert_eq!((waited, last.expires, &*last.contact, last.proofs.len()), (0, 0, OWN, 1));
    let (again, _) = scene.hear("401 Unauthorized", &[STALE]);
    assert_eq!(again.unwrap().expires, 0);
    assert_eq!(scene.hear("200 OK", &[]), (None, Some(RegistrationEvent::Unregistered)));
    assert!(scene.registration.is_over() && scene.registration.wakes_at().is_none());
    assert_eq!(
        (scene.state(), scene.registration.report(scene.now).expires_at),
        (RegistrationState::Unregistered, None)
    );
    assert_eq!(scene.registration.end(scene.now), None);
    // A carrier that does not answer is not waited for twice.
    let mut scene = Scene::new().registered();
    scene.registration.end(scene.now);
    scene.next();
    let event = scene.registration.on_failure(Failure::TimedOut, scene.now, &scene.random);
    assert_eq!((event, scene.registration.is_over()), (Some(RegistrationEvent::Unregistered), true));
}

#[test]
fn one_that_has_nothing_to_remove_ends_at_once() {
    let mut scene = Scene::new();
    assert_eq!(scene.registration.end(scene.now), Some(RegistrationEvent::Unregistered));
    let mut scene = Scene::new().registered();
    scene.now += 600_000;
    assert_eq!(scene.registration.end(scene.now), Some(RegistrationEvent::Unregistered), "it ran out meanwhile");
}

#[test]
fn an_end_waits_for_what_is_under_way() {
    let mut scene = Scene::new();
    scene.next();
    assert_eq!(scene.registration.end(scene.now), None);
    // No proof is sent for a contact that is not wanted any more.
    assert_eq!(scene.hear("401 Unauthorized", &[MD5]), (None, Some(RegistrationEvent::Unregistered)));
    assert!(scene.registration.is_over());
    let mut scene = Scene::new();
    scene.next();
    scene.registration.end(scene.now);
    assert_eq!(scene.hear("200 OK", &[CONFIRMED]).1, Some(RegistrationEvent::Registered { seconds: 600 }));
    assert_eq!(scene.next().0.expires, 0);
    assert_eq!(scene.hear("200 OK", &[]).1, Some(RegistrationEvent::Unregistered));
}

#[test]
fn what_cannot_be_registered_says_so() {
    let secret = || UpstreamSecret::new(USERNAME, PASSWORD.as_bytes()).unwrap();
    let check = |config: RegistrationConfig, error| {
        let made = UpstreamRegistration::new(config, secret(), BEGIN, &Seeded::new(1));
        assert_eq!(made.err(), Some(error));
    };
    for registrar in ["", "carrier.example", "sip:user@carrier.example", "tel:+1", "sip:a.example>;x", "sip:a?Route=b"]
    {
        check(RegistrationConfig { registrar: registrar.into(), ..config() }, RegistrationConfigError::Registrar);
    }
    for own in ["sip:carrier.example", "4711", "sip:a@b?Route=c", "sip:a@b\r\nX: y"] {
        check(
            RegistrationConfig { address_of_record: own.into(), ..config() },
            RegistrationConfigError::AddressOfRecord,
        );
    }
    for user in ["", "a@b", "a b", "a\r\nX"] {
        check(RegistrationConfig { contact_user: user.into(), ..config() }, RegistrationConfigError::ContactUser);
    }
    for instance in ["uuid:1", "urn:uuid:1\"", "urn:a b"] {
        check(RegistrationConfig { instance: Some(instance.into()), ..config() }, RegistrationConfigError::Instance);
    }
    for expires_seconds in [0, 59, 86_401] {
        check(RegistrationConfig { expires_seconds, ..config() }, RegistrationConfigError::Expires);
    }
}
