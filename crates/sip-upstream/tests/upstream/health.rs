//! Up and down, by OPTIONS and by calls.

use crate::seeded::Seeded;
use sip_message::{HeaderSpans, Message, Method, parse};
use sip_upstream::{Due, Evidence, Health, HealthConfig, HealthEvent, OptionsProbe, Probing, Standing, Way};

const BEGIN: u64 = 1_700_000_000_000;
const OK: Evidence = Evidence::Answered(200);

/// Waits for the next OPTIONS; how long it took.
fn until_probe(health: &mut Health, now: &mut u64, random: &Seeded) -> u64 {
    let begun = *now;
    *now = health.wakes_at().unwrap();
    assert_eq!(health.on_time(*now - 1, random), (Due::Nothing, None));
    assert_eq!(health.on_time(*now, random), (Due::SendOptions, None));
    assert_eq!(health.on_time(*now, random), (Due::Nothing, None), "one at a time");
    *now - begun
}

#[test]
fn two_failures_make_it_fall_and_one_answer_makes_it_rise() {
    let (random, mut now) = (Seeded::new(1), BEGIN);
    let mut health = Health::new(HealthConfig::default(), now, &random);
    assert!(until_probe(&mut health, &mut now, &random) < 30_000, "the first at some moment of the interval");
    assert_eq!(health.on_probe(OK, now, &random), None);
    for failures in [[Evidence::TimedOut, Evidence::Unreachable], [Evidence::Answered(503), Evidence::Answered(408)]] {
        let waited = until_probe(&mut health, &mut now, &random);
        assert!((24_000..=36_000).contains(&waited), "{waited}");
        assert_eq!(health.on_probe(failures[0], now, &random), None);
        assert_eq!(health.standing(), Standing::Up);
        until_probe(&mut health, &mut now, &random);
        assert_eq!(health.on_probe(failures[1], now, &random), Some(HealthEvent::WentDown(failures[1])));
        assert_eq!((health.standing(), health.since()), (Standing::Down, now));
        // Left alone for longer and longer, up to a limit.
        for (least, most) in [(24_000, 36_000), (48_000, 72_000), (96_000, 144_000), (96_000, 144_000)] {
            let waited = until_probe(&mut health, &mut now, &random);
            assert!((least..=most).contains(&waited), "{waited}");
            assert_eq!(health.on_probe(Evidence::TimedOut, now, &random), None);
        }
        until_probe(&mut health, &mut now, &random);
        // A refusal shows that somebody is there.
        assert_eq!(health.on_probe(Evidence::Answered(404), now, &random), Some(HealthEvent::CameUp));
        assert_eq!(
            (health.standing(), health.since(), health.last()),
            (Standing::Up, now, Some(Evidence::Answered(404)))
        );
    }
    // Failures that are not in a row are none.
    for evidence in [Evidence::TimedOut, OK, Evidence::TimedOut, OK] {
        until_probe(&mut health, &mut now, &random);
        assert_eq!(health.on_probe(evidence, now, &random), None);
    }
}

#[test]
fn calls_tell_as_well() {
    let (random, now) = (Seeded::new(2), BEGIN);
    let mut health = Health::new(HealthConfig::default(), now, &random);
    assert_eq!(health.on_call(Evidence::TimedOut, now, &random), None);
    assert_eq!(health.on_call(Evidence::Answered(486), now, &random), None, "busy is alive");
    assert_eq!(health.on_call(Evidence::Unreachable, now, &random), None);
    let down = health.on_call(Evidence::Answered(503), now + 5, &random);
    assert_eq!(down, Some(HealthEvent::WentDown(Evidence::Answered(503))));
    assert_eq!(health.on_call(Evidence::TimedOut, now + 6, &random), None, "said once");
    assert!(health.wakes_at().is_some_and(|at| at < now + 30_000), "the next OPTIONS comes as it would have");
    assert_eq!(health.on_call(OK, now + 7, &random), Some(HealthEvent::CameUp));
}

#[test]
fn an_outcome_that_nobody_tells_is_a_failure() {
    let (random, mut now) = (Seeded::new(3), BEGIN);
    let mut health = Health::new(HealthConfig { failures_to_fall: 1, ..HealthConfig::default() }, now, &random);
    until_probe(&mut health, &mut now, &random);
    now = health.wakes_at().unwrap();
    assert_eq!(health.on_time(now, &random), (Due::Nothing, Some(HealthEvent::WentDown(Evidence::TimedOut))));
    until_probe(&mut health, &mut now, &random);
}

#[test]
fn without_options_it_gets_another_chance_after_a_pause() {
    let (random, mut now) = (Seeded::new(4), BEGIN);
    let config = HealthConfig { probing: Probing::ByCallsAlone, ..HealthConfig::default() };
    let mut health = Health::new(config, now, &random);
    assert_eq!(health.wakes_at(), None);
    for (least, most) in [(24_000, 36_000), (48_000, 72_000)] {
        let mut event = None;
        while event.is_none() {
            event = health.on_call(Evidence::TimedOut, now, &random);
        }
        let at = health.wakes_at().unwrap();
        assert!((least..=most).contains(&(at - now)), "{}", at - now);
        assert_eq!(health.on_time(at - 1, &random).1, None);
        assert_eq!(health.on_time(at, &random), (Due::Nothing, Some(HealthEvent::CameUp)));
        assert_eq!(health.wakes_at(), None);
        now = at;
    }
    assert_eq!(health.on_call(OK, now, &random), None);
    assert_eq!(health.on_call(Evidence::TimedOut, now, &random), None, "what it answered counts");
}

#[test]
fn its_options_are_whole_requests() {
    let random = Seeded::new(5);
    let probe =
        OptionsProbe { uri: b"sip:carrier.example:5070", from: b"sip:ping@example.com", user_agent: b"sipwarden" };
    let way = Way { via: b"SIP/2.0/UDP 192.0.2.1:5060", contact: b"<sip:192.0.2.1:5060>" };
    let octets = [probe.write(&way, &random), probe.write(&way, &random)];
    let mut ids = Vec::new();
    for octets in &octets {
        let mut spans = HeaderSpans::new();
        let Ok(Message::Request(request)) = parse(octets, &mut spans) else { panic!() };
        request.check().unwrap();
        assert_eq!((request.method(), request.uri_octets()), (Method::Options, probe.uri));
        let via = request.headers().top_via().unwrap();
        ids.push((via.branch.unwrap().to_vec(), request.headers().call_id().unwrap().to_vec()));
        assert!(request.headers().from_header().unwrap().tag().is_some());
    }
    assert_ne!(ids[0].0, ids[1].0);
    assert_ne!(ids[0].1, ids[1].1);
}
