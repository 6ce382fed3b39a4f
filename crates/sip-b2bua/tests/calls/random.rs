//! Thousands of calls between peers that do anything, with and without failures. Whatever they do: one end, no request
//! left without its final answer, nothing after the end (the bench sees to these), and no storm.

use crate::bench::*;
use sip_b2bua::*;
use std::collections::BTreeSet;

/// What peers do on their own, besides answering.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum World {
    /// Every request is answered, every success acknowledged.
    Whole,
    /// Requests time out, paths are missing, ACKs are lost, bodies cannot be bridged.
    Failing,
}

struct Play {
    bench: Bench,
    dice: Seeded,
    world: World,
    /// Requests of ours that no peer has given a final answer to.
    open: Vec<Sent>,
    seen: usize,
    caller_cseq: u32,
    callee_cseq: u32,
    bodies: usize,
}

impl Play {
    fn begin(seed: u64, world: World) -> Self {
        let mut dice = Seeded(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
        (0..8).for_each(|_| _ = dice.next());
        let stages = (0..=dice.below(2)).map(|stage_number| {
            let targets =
                (0..=dice.below(3)).map(|n| target(&format!("sip:t{n}@s{stage_number}.test"), Trust::Untrusted));
            let failover = if dice.0.is_multiple_of(2) { FailoverOn::AnyFailure } else { FailoverOn::NextHopFailure };
            Stage { targets: targets.collect(), failover, ..stage(&[]) }
        });
        let stages: Vec<Stage> = stages.collect();
        let media = if dice.below(4) == 0 { Media::Bridged } else { Media::Untouched };
        let extra =
            ["", "Supported: 100rel, timer\r\n", "Supported: timer\r\nSession-Expires: 120\r\n"][index(&mut dice, 3)];
        let mut bench = Bench::idle(seed);
        bench.places = u8::try_from(dice.below(3)).unwrap() + u8::from(world == World::Whole);
        bench.secret.0 = dice.below(2) == 0;
        let offer = if dice.below(5) == 0 { "" } else { OFFER };
        bench.start(Setup { media, ..setup(stages) }, &invite(extra, offer));
        Self { bench, dice, world, open: Vec::new(), seen: 0, caller_cseq: 10, callee_cseq: 0, bodies: 0 }
    }

    fn is_over(&self) -> bool {
        self.bench.facts.is_some()
    }

    fn chance(&mut self, of: u64) -> bool {
        self.dice.below(of) == 0
    }

    fn run(&mut self) {
        for _ in 0..400 {
            self.bridge_all();
            self.collect();
            if self.is_over() {
                return;
            }
            let span = [0, 20, 300, 2_000, 12_000][index(&mut self.dice, 5)];
            let until = self.bench.now + span;
            self.wait_until(until);
            if self.is_over() {
                return;
            }
            match self.dice.below(10) {
                0..6 => self.answer_something(),
                6 => self.caller_acknowledges(),
                7 => self.caller_asks(),
                8 => self.callee_asks(),
                _ if self.chance(6) => {
                    self.bench.tell(|call, world, out| call.end(EndReason::Administrative, world, out));
                }
                _ => {}
            }
        }
        self.finish();
    }

    /// Time goes on only while nothing waits for a body.
    fn wait_until(&mut self, until: Millis) {
        while let Some(wake) = self.bench.call.as_ref().and_then(Call::wakes_at).filter(|wake| *wake <= until) {
            self.bench.wait_until(wake);
            self.bridge_all();
        }
        self.bench.now = self.bench.now.max(until);
    }

    fn bridge_all(&mut self) {
        while self.bodies < self.bench.bridges.len() {
            self.bodies += 1;
            let fails = self.world == World::Failing && self.chance(12);
            let body =
                if fails { Bridged::Failed(MediaFault::Unavailable) } else { Bridged::Body(b"v=0 bridged".to_vec()) };
            self.bench.tell(|call, world, out| call.on_body(body, world, out));
        }
    }

    fn collect(&mut self) {
        let new = self.bench.requests[self.seen..].to_vec();
        self.seen += new.len();
        self.open.extend(new);
    }

    fn answer_something(&mut self) {
        if self.open.is_empty() {
            return;
        }
        let place = index(&mut self.dice, self.open.len());
        let sent = self.open[place].clone();
        if self.world == World::Failing && self.chance(8) {
            self.open.swap_remove(place);
            let failure = if self.chance(2) { Failure::TimedOut } else { Failure::Unreachable };
            return self.bench.fail(&sent, failure);
        }
        let is_invite = sent.text.starts_with("INVITE ");
        let tag = if sent.leg.0 == 0 { "" } else { ["tagB", "tagC"][usize::from(self.dice.below(9) == 0)] };
        let contact = "Contact: <sip:bob@198.51.100.9:5080>\r\nAllow: INVITE, BYE, UPDATE\r\n";
        if is_invite && self.chance(2) {
            let rseq = self.dice.below(3) + 1;
            let reliable = format!("{contact}Require: 100rel\r\nRSeq: {rseq}\r\n");
            let extra = if self.chance(2) { reliable.as_str() } else { contact };
            let status = [100, 180, 183][index(&mut self.dice, 3)];
            return self.bench.respond(&sent, status, tag, extra, if status == 183 { ANSWER } else { "" });
        }
        self.open.swap_remove(place);
        let challenge = "Proxy-Authenticate: Digest realm=\"c\", nonce=\"n\"\r\n";
        let statuses = [200, 200, 200, 200, 407, 486, 503, 404, 603, 302, 488, 422, 491, 500, 481];
        // A BYE or what refreshes is answered well more often, or hardly any call would last.
        let status = statuses[index(&mut self.dice, if is_invite { 13 } else { 15 })];
        let extra = format!("{contact}{challenge}Min-SE: 200\r\n");
        let body = if is_invite && status == 200 { ANSWER } else { "" };
        self.bench.respond(&sent, status, tag, if status == 200 { contact } else { &extra }, body);
        if is_invite && status == 200 && !self.is_over() && self.chance(3) {
            self.bridge_all();
            self.bench.respond(&sent, 200, tag, contact, ANSWER);
        }
    }

    fn caller_acknowledges(&mut self) {
        if self.bench.statuses(1).contains(&200) {
            let ack = self.bench.caller_sends("ACK", 10, "", ANSWER);
            self.bench.request(0, &ack);
        }
    }

    fn caller_asks(&mut self) {
        let statuses = self.bench.statuses(1);
        if self.chance(4) && !statuses.iter().any(|status| *status >= 200) {
            self.bench.request(0, &crate::basic::cancel(""));
        } else if statuses.iter().any(|status| *status > 100) {
            self.caller_cseq += 1;
            let method = ["BYE", "INFO", "INVITE", "UPDATE", "PRACK", "REFER", "OPTIONS"][index(&mut self.dice, 7)];
            let asked = self.bench.caller_sends(method, self.caller_cseq, "RAck: 1 10 INVITE\r\n", OFFER);
            self.bench.request(0, &asked);
            self.bridge_all();
            if method == "INVITE" && self.chance(2) && !self.is_over() {
                let cancel = self.bench.caller_sends("CANCEL", self.caller_cseq, "", "");
                self.bench.request(0, &cancel);
            }
        }
    }

    fn callee_asks(&mut self) {
        let invites = self.bench.sent("INVITE");
        let Some(invite) = invites.iter().rfind(|sent| sent.leg.0 != 0 && tag_of(&sent.text, "To").is_none()).cloned()
        else {
            return;
        };
        self.callee_cseq += 1;
        let method = ["BYE", "INFO", "INVITE", "UPDATE", "NOTIFY", "MESSAGE"][index(&mut self.dice, 6)];
        let asked = self.bench.callee_sends(&invite, "tagB", (method, self.callee_cseq), "", OFFER);
        self.bench.request(invite.leg.0, &asked);
        if self.chance(2) && !self.is_over() {
            self.bridge_all();
            let ack = self.bench.callee_sends(&invite, "tagB", ("ACK", self.callee_cseq), "", "");
            self.bench.request(invite.leg.0, &ack);
        }
    }

    /// Hangs up from here, and gives everything under way the end that its transaction would give it.
    fn finish(&mut self) {
        self.bench.tell(|call, world, out| call.end(EndReason::Shutdown, world, out));
        for _ in 0..200 {
            self.bridge_all();
            self.collect();
            if self.is_over() {
                return;
            }
            let until = self.bench.now + 33_000;
            self.wait_until(until);
            self.bridge_all();
            for sent in std::mem::take(&mut self.open) {
                if !self.is_over() {
                    self.bench.fail(&sent, Failure::TimedOut);
                    self.bridge_all();
                }
            }
        }
        panic!("it never ends: {:?}", self.bench.call);
    }
}

fn index(dice: &mut Seeded, count: usize) -> usize {
    usize::try_from(dice.next()).unwrap() % count
}

fn play(seeds: std::ops::Range<u64>, world: World) -> BTreeSet<String> {
    let mut endings = BTreeSet::new();
    for seed in seeds {
        let mut play = Play::begin(seed, world);
        play.run();
        let bench = &play.bench;
        let ends = bench.told.iter().filter(|told| **told == "ended").count();
        assert_eq!((ends, bench.told.last()), (1, Some(&"ended")), "seed {seed}");
        let written = bench.requests.len() + bench.responses.len() + bench.acks.len();
        assert!(written < 1_500, "seed {seed} wrote {written} messages");
        let facts = bench.facts();
        assert!(facts.ended_at >= facts.begun_at && facts.answered_at.is_none_or(|at| at <= facts.ended_at));
        assert_eq!(facts.answered_at.is_some(), bench.told.contains(&"answered"), "seed {seed}");
        assert_eq!(facts.answered_at.is_some(), facts.status == 200, "seed {seed}");
        endings.insert(format!("{:?}", facts.ending));
    }
    endings
}

#[test]
fn whatever_peers_do_every_call_ends_once() {
    let endings = play(1..3_000, World::Whole);
    for expected in ["HungUp", "Cancelled", "Refused", "PeerLost", "NextHopsFailed", "EndedHere(Administrative)"] {
        assert!(endings.contains(expected), "{expected} never came: {endings:?}");
    }
}

#[test]
fn whatever_fails_every_call_ends_once() {
    let endings = play(10_000..13_000, World::Failing);
    for expected in
        ["HungUp", "Cancelled", "Refused", "PeerLost", "NextHopsFailed", "TimedOut", "MediaFailed", "Unacknowledged"]
    {
        assert!(endings.contains(expected), "{expected} never came: {endings:?}");
    }
}
