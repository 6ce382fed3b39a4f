//! Two machines against each other, on a virtual clock, over a network that loses, delays, reorders and repeats.

#![expect(clippy::panic, reason = "a test fails by panicking")]

use proptest::prelude::*;
use sip_transaction::{
    ClientAction, InviteClient, InviteServer, InviteServerAction, Millis, NonInviteClient, NonInviteServer, Outcome,
    Reliability, ServerAction, T1_MS, T2_MS,
};
use std::collections::{BTreeMap, VecDeque};

/// How long a user lets it ring before giving up (Timer C is more than three minutes).
const PATIENCE_MS: Millis = 181_000;
/// By then anything has ended: patience, a CANCEL's 64 times T1, the longest timer, and what is still on its way.
const END_MS: Millis = 300_000;
/// What becomes of a message once the script is at its end.
const USUAL_DELAY_MS: Millis = 20;

/// What becomes of one message: the delays after which copies of it arrive; none if it is lost.
type Fate = Vec<Millis>;

/// Delays below T4, which RFC 3261 takes as the longest a message stays in the network.
fn fates(most_lost: usize) -> impl Strategy<Value = VecDeque<Fate>> {
    let fate = prop_oneof![
        2 => Just(vec![]),
        3 => (0..4_900_u64).prop_map(|delay| vec![delay]),
        2 => (0..4_900_u64, 0..4_900_u64).prop_map(|(first, second)| vec![first, second]),
    ];
    proptest::collection::vec(fate, 0..24)
        .prop_filter("loses too much", move |fates| fates.iter().filter(|fate| fate.is_empty()).count() <= most_lost)
        .prop_map(VecDeque::from)
}

#[derive(Clone, Copy, PartialEq, Debug)]
enum Packet {
    Request,
    Response(u16),
    Ack,
}

/// Messages on their way, by the moment they arrive.
struct Network {
    fates: VecDeque<Fate>,
    arrivals: BTreeMap<(Millis, usize), Packet>,
    sent: usize,
}

impl Network {
    fn new(fates: VecDeque<Fate>) -> Self {
        Self { fates, arrivals: BTreeMap::new(), sent: 0 }
    }

    fn send(&mut self, packet: Packet, now: Millis) {
        for delay in self.fates.pop_front().unwrap_or_else(|| vec![USUAL_DELAY_MS]) {
            self.sent += 1;
            self.arrivals.insert((now + delay, self.sent), packet);
        }
    }

    fn next_at(&self) -> Option<Millis> {
        self.arrivals.first_key_value().map(|((at, _), _)| *at)
    }

    fn arrived(&mut self, now: Millis) -> Option<Packet> {
        self.arrivals.first_entry().filter(|entry| entry.key().0 <= now).map(|entry| entry.remove())
    }
}

/// What the client's user was told.
#[derive(Default, Debug)]
struct Told {
    outcomes: Vec<Outcome>,
    repeated: usize,
}

/// The earliest of these moments.
fn earliest(moments: impl IntoIterator<Item = Option<Millis>>) -> Option<Millis> {
    moments.into_iter().flatten().min()
}

/// A non-INVITE exchange in which the server's user answers after `thinks`; what is told, and when all is over.
fn non_invite(fates: VecDeque<Fate>, thinks: Millis) -> (Told, Millis) {
    let mut network = Network::new(fates);
    let mut client = NonInviteClient::new(0, Reliability::Unreliable);
    let mut server: Option<NonInviteServer> = None;
    let (mut answers_at, mut told, mut now) = (None, Told::default(), 0);
    network.send(Packet::Request, 0);
    loop {
        let server_wakes = server.as_ref().and_then(NonInviteServer::wakes_at);
        let Some(at) = earliest([client.wakes_at(), server_wakes, answers_at, network.next_at()]) else { break };
        now = at;
        assert!(now < END_MS, "a timer was left behind: {client:?} {server:?}");
        while let Some(packet) = network.arrived(now) {
            match packet {
                Packet::Request => match &mut server {
                    None => {
                        server = Some(NonInviteServer::new());
                        answers_at = Some(now + thinks);
                    }
                    Some(machine) => {
                        if machine.on_retransmission() == ServerAction::SendLastResponse {
                            network.send(Packet::Response(200), now);
                        }
                    }
                },
                Packet::Response(status) => note(client.on_response(status, now), &mut told),
                Packet::Ack => panic!("nothing is acknowledged here"),
            }
        }
        if answers_at.is_some_and(|at| at <= now) {
            answers_at = None;
            let action = server.as_mut().map(|machine| machine.on_response(200, now, Reliability::Unreliable));
            assert_eq!(action, Some(ServerAction::SendLastResponse));
            network.send(Packet::Response(200), now);
        }
        if client.wakes_at().is_some_and(|at| at <= now) {
            match client.on_time(now) {
                ClientAction::Retransmit => network.send(Packet::Request, now),
                action => note(action, &mut told),
            }
        }
        if let Some(machine) = &mut server {
            machine.on_time(now);
        }
    }
    assert_eq!(client.wakes_at(), None);
    (told, now)
}

fn note(action: ClientAction, told: &mut Told) {
    match action {
        ClientAction::Tell(outcome) => told.outcomes.push(outcome),
        ClientAction::AcknowledgeAndTell(status) => told.outcomes.push(Outcome::Final(status)),
        ClientAction::Repeated(_) => told.repeated += 1,
        _ => {}
    }
}

/// Both ends of an INVITE, and the users behind them.
struct Call {
    network: Network,
    client: InviteClient,
    /// When the caller's patience ends.
    cancels_at: Option<Millis>,
    server: Option<InviteServer>,
    rings_at: Option<Millis>,
    answers_at: Option<Millis>,
    /// The callee repeats a 2xx until it is acknowledged (RFC 3261 section 13.3.1.4): when, and after how long.
    repeats_at: Option<(Millis, Millis)>,
    final_status: u16,
    told: Told,
    acknowledged: usize,
    unacknowledged: bool,
}

impl Call {
    fn run(fates: VecDeque<Fate>, (rings, answers): (Millis, Millis), final_status: u16) -> Self {
        let mut call = Self {
            network: Network::new(fates),
            client: InviteClient::new(0, Reliability::Unreliable),
            cancels_at: Some(PATIENCE_MS),
            server: None,
            rings_at: None,
            answers_at: None,
            repeats_at: None,
            final_status,
            told: Told::default(),
            acknowledged: 0,
            unacknowledged: false,
        };
        call.network.send(Packet::Request, 0);
        while let Some(now) = call.next() {
            assert!(now < END_MS, "a timer was left behind: {:?} {:?}", call.client, call.server);
            while let Some(packet) = call.network.arrived(now) {
                call.arrived(packet, now, (rings, answers));
            }
            call.users_act(now);
            call.machines_wake(now);
        }
        call
    }

    fn next(&self) -> Option<Millis> {
        let server = self.server.as_ref().and_then(InviteServer::wakes_at);
        let users = [self.cancels_at, self.rings_at, self.answers_at, self.repeats_at.map(|(at, _)| at)];
        earliest([self.client.wakes_at(), server, self.network.next_at()].into_iter().chain(users))
    }

    fn arrived(&mut self, packet: Packet, now: Millis, (rings, answers): (Millis, Millis)) {
        match (packet, &mut self.server) {
            (Packet::Request, None) => {
                self.server = Some(InviteServer::new(now, Reliability::Unreliable));
                self.rings_at = Some(now + rings);
                self.answers_at = Some(now + rings + answers);
            }
            (Packet::Request, Some(server)) => {
                let action = server.on_retransmission();
                self.serve(action, now);
            }
            (Packet::Ack, Some(server)) => {
                if server.on_ack(now) == InviteServerAction::TellAcknowledged {
                    self.acknowledge();
                } else if (200..300).contains(&self.final_status) {
                    // The ACK to a 2xx has a transaction of its own; the user gets it, whatever became of the INVITE's.
                    self.acknowledge();
                }
            }
            (Packet::Response(status), _) => {
                let action = self.client.on_response(status, now);
                if status >= 200 {
                    self.cancels_at = None;
                }
                let user_acknowledges = matches!(action, ClientAction::Tell(_) | ClientAction::Repeated(_));
                if user_acknowledges
                    || matches!(action, ClientAction::AcknowledgeAndTell(_) | ClientAction::Acknowledge)
                {
                    self.network.send(Packet::Ack, now);
                }
                note(action, &mut self.told);
            }
            (Packet::Ack, None) => panic!("an ACK to nothing"),
        }
    }

    fn acknowledge(&mut self) {
        self.acknowledged += 1;
        self.repeats_at = None;
    }

    fn users_act(&mut self, now: Millis) {
        if self.cancels_at.take_if(|at| *at <= now).is_some() {
            self.client.on_cancel(now);
        }
        for (at, status) in [(&mut self.rings_at, 180), (&mut self.answers_at, self.final_status)] {
            if at.take_if(|at| *at <= now).is_some()
                && let Some(server) = &mut self.server
            {
                let action = server.on_response(status, now);
                assert!(matches!(action, InviteServerAction::SendLastResponse | InviteServerAction::SendSuccess));
                self.network.send(Packet::Response(status), now);
                if (200..300).contains(&status) {
                    self.repeats_at = Some((now + T1_MS, T1_MS));
                }
            }
        }
        if let Some((_, interval)) = self.repeats_at.filter(|(at, _)| *at <= now) {
            let action = self.server.as_mut().map(|server| server.on_response(self.final_status, now));
            if action == Some(InviteServerAction::SendSuccess) {
                self.network.send(Packet::Response(self.final_status), now);
                let interval = (interval * 2).min(T2_MS);
                self.repeats_at = Some((now + interval, interval));
            } else {
                self.repeats_at = None;
            }
        }
    }

    fn machines_wake(&mut self, now: Millis) {
        match self.client.on_time(now) {
            ClientAction::Retransmit => self.network.send(Packet::Request, now),
            ClientAction::Forget | ClientAction::Wait => {}
            action => note(action, &mut self.told),
        }
        if self.client.wakes_at().is_none() && !self.told.outcomes.is_empty() {
            self.cancels_at = None;
        }
        let action = self.server.as_mut().map_or(InviteServerAction::Wait, |server| server.on_time(now));
        self.serve(action, now);
    }

    fn serve(&mut self, action: InviteServerAction, now: Millis) {
        match action {
            InviteServerAction::SendTrying => self.network.send(Packet::Response(100), now),
            InviteServerAction::SendLastResponse => {
                let is_final = self.answers_at.is_none();
                self.network.send(Packet::Response(if is_final { self.final_status } else { 180 }), now);
            }
            InviteServerAction::TellUnacknowledged => self.unacknowledged = true,
            _ => {}
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_non_invite_request_ends_once_whatever_the_network_does(fates in fates(24), thinks in 0..40_000_u64) {
        let (told, _) = non_invite(fates, thinks);
        prop_assert_eq!(told.outcomes.len(), 1, "{:?}", told);
        prop_assert_eq!(told.repeated, 0);
    }

    #[test]
    fn a_non_invite_request_survives_a_few_losses(fates in fates(5), thinks in 0..2_000_u64) {
        let (told, _) = non_invite(fates, thinks);
        prop_assert_eq!(told.outcomes, vec![Outcome::Final(200)]);
    }

    #[test]
    fn an_invite_ends_once_whatever_the_network_does(
        fates in fates(24), times in (0..5_000_u64, 0..60_000_u64), is_refused in any::<bool>(),
    ) {
        let call = Call::run(fates, times, if is_refused { 486 } else { 200 });
        prop_assert_eq!(call.told.outcomes.len(), 1, "{:?}", call.told);
        prop_assert!(is_refused <= (call.told.repeated == 0), "only a 2xx is told again");
    }

    #[test]
    fn an_invite_survives_a_few_losses_and_both_ends_agree(
        fates in fates(4), times in (0..5_000_u64, 0..60_000_u64), is_refused in any::<bool>(),
    ) {
        let status = if is_refused { 486 } else { 200 };
        let call = Call::run(fates, times, status);
        prop_assert_eq!(&call.told.outcomes, &vec![Outcome::Final(status)]);
        prop_assert!(!call.unacknowledged, "the failure was acknowledged");
        prop_assert_eq!(call.acknowledged > 0, !is_refused, "its ACK reached the callee's user");
    }
}

/// The hole that RFC 6026 closes: a repeated INVITE behind the 2xx is no new call.
#[test]
fn an_invite_repeated_behind_its_2xx_is_absorbed() {
    let fates = VecDeque::from([vec![20, 900, 4_000]]);
    let call = Call::run(fates, (0, 10), 200);
    assert_eq!(call.told.outcomes, [Outcome::Final(200)]);
    assert!(call.acknowledged > 0);
}
