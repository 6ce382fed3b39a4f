//! One call from the first INVITE to the last answer: `sip-transaction` says what is sent again, this decides what a
//! caller does.

use super::invitation::{Challenged, Invitation, Proof, acknowledgement, farewell, via};
use super::media::Media;
use super::peer_requests::Side;
use super::progress::{DRAIN, Milestones, Stage};
use super::{CallEnd, CallPlan, CallReport};
use crate::authentication::Claimant;
use crate::authenticator::Credentials;
use crate::connection::Connection;
use crate::dialog::Dialog;
use crate::identifiers::Identifiers;
use crate::ladder::Ladder;
use crate::masking::escaped;
use crate::request::new_branch;
use crate::{Account, Direction};
use rtp::g711::Law;
use rtp::sdp::{self, Chosen, SessionDescription};
use sip_message::{HeaderSpans, Message, Method, Request, Response, parse};
use sip_transaction::{ClientId, ClientTransactions, Millis, Outcome, Told};
use std::time::Duration;
use tokio::time::{Instant, sleep_until};

/// More than the requests of one call and of the forks that are sent away.
const MOST_TRANSACTIONS: usize = 32;

/// Which request of ours a transaction is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Role {
    Invite,
    Cancel,
    Bye,
    /// The BYE to a fork that answered too late.
    OtherBye,
}

/// What a call works with.
pub(crate) struct CallRun<'u> {
    pub(crate) account: &'u Account,
    pub(crate) connection: &'u mut Connection,
    pub(crate) identifiers: &'u mut Identifiers,
    pub(crate) contact: &'u str,
    pub(crate) plan: &'u CallPlan,
    pub(crate) ladder: Ladder,
}

/// A call under way.
struct Call<'u> {
    parts: CallRun<'u>,
    invitation: Invitation<'u>,
    transactions: ClientTransactions<Role>,
    proof: Proof,
    /// Of the INVITE last sent; the ACK repeats them.
    credentials: Option<Credentials>,
    invite: Option<(ClientId, Vec<u8>)>,
    cseq: u32,
    dialog: Option<Dialog>,
    media: Media,
    stage: Stage,
    milestones: Milestones,
    end: Option<CallEnd>,
    /// How the call will have ended once our BYE is answered.
    after_bye: CallEnd,
}

impl<'u> CallRun<'u> {
    /// Places the call and stays with it to its end.
    pub(crate) async fn run(self) -> CallReport {
        let local = self.connection.local();
        let word = self.identifiers.word();
        let media = match Media::open(local.ip(), word).await {
            Ok(media) => media,
            Err(error) => {
                let end = CallEnd::TransportFailed(format!("no socket for media: {error}"));
                return report(self.ladder, end, (None, Milestones::default()), None);
            }
        };
        let invitation = Invitation {
            account: self.account,
            to: &self.plan.to,
            contact: self.contact,
            call_id: self.identifiers.unique(),
            from_tag: self.identifiers.unique(),
            sdp: sdp::offer(&media.local, &[Law::Mu, Law::A], sdp::Direction::SendReceive),
        };
        let call = Call {
            stage: Stage::Inviting { rings_until: Instant::now() + self.plan.ring },
            parts: self,
            invitation,
            transactions: ClientTransactions::new(MOST_TRANSACTIONS),
            proof: Proof::new(),
            credentials: None,
            invite: None,
            cseq: 0,
            dialog: None,
            media,
            milestones: Milestones::default(),
            end: None,
            after_bye: CallEnd::HungUp,
        };
        call.run().await
    }
}

impl Call<'_> {
    async fn run(mut self) -> CallReport {
        self.send_invite().await;
        let mut message = Vec::new();
        while self.end.is_none() {
            let wakes_at = self.wakes_at();
            let received = tokio::select! {
                received = self.parts.connection.receive(&mut message) => Some(received),
                () = sleep_until(wakes_at) => None,
            };
            match received {
                Some(Ok(())) => self.on_message(&message).await,
                Some(Err(error)) => self.end = Some(CallEnd::TransportFailed(error.to_string())),
                None => self.on_time().await,
            }
        }
        let end = self.end.unwrap_or(CallEnd::TimedOut);
        let heard = self.media.finish().await.filter(|_| self.milestones.answered_after.is_some());
        report(self.parts.ladder, end, (self.proof.algorithm, self.milestones), heard)
    }

    fn wakes_at(&self) -> Instant {
        let began = self.parts.ladder.began();
        let timers = self.transactions.wakes_at().map(|at| began + Duration::from_millis(at));
        let latest = Instant::now() + Duration::from_secs(60);
        [timers, self.stage.deadline()].into_iter().flatten().fold(latest, Instant::min)
    }

    fn now(&self) -> Millis {
        Millis::try_from(self.parts.ladder.elapsed().as_millis()).unwrap_or(Millis::MAX)
    }

    async fn on_message(&mut self, octets: &[u8]) {
        let mut spans = HeaderSpans::new();
        match parse(octets, &mut spans) {
            Ok(Message::Response(response)) => {
                let now = self.now();
                let Some(step) = self.transactions.on_response(&response, now) else { return };
                let (role, tell, send) = (step.user, step.tell, step.send.map(<[u8]>::to_vec));
                self.parts.ladder.note(Direction::Received, octets);
                if let Some(acknowledgement) = send {
                    self.send(&acknowledgement).await;
                }
                self.on_told(role, tell, Some(&response)).await;
            }
            Ok(Message::Request(request)) => {
                self.parts.ladder.note(Direction::Received, octets);
                self.on_request(&request).await;
            }
            Err(_) => {}
        }
    }

    async fn on_time(&mut self) {
        let now = self.now();
        while let Some(step) = self.transactions.on_time(now) {
            let (role, tell, send) = (step.user, step.tell, step.send.map(<[u8]>::to_vec));
            if let Some(octets) = send {
                self.send(&octets).await;
            }
            self.on_told(role, tell, None).await;
        }
        match self.stage {
            Stage::Inviting { rings_until } if Instant::now() >= rings_until => {
                self.stage = Stage::Cancelling { is_sent: false };
                self.cancel_if_possible().await;
            }
            Stage::Talking { until } if Instant::now() >= until => {
                self.media.drain();
                self.stage = Stage::Draining { until: Instant::now() + DRAIN };
            }
            Stage::Draining { until } if Instant::now() >= until => self.hang_up().await,
            _ => {}
        }
    }

    /// A transaction of ours has something to tell.
    async fn on_told(&mut self, role: Role, tell: Option<Told>, response: Option<&Response<'_>>) {
        match (role, tell, response) {
            (Role::Invite, Some(Told::Progress(status)), _) => {
                if status > 100 && self.milestones.post_dial_delay.is_none() {
                    self.milestones.post_dial_delay = Some(self.parts.ladder.elapsed());
                }
                self.cancel_if_possible().await;
            }
            (Role::Invite, Some(Told::Ended(Outcome::Final(200..300)) | Told::Repeated(_)), Some(response)) => {
                self.on_success(response).await;
            }
            (Role::Invite, Some(Told::Ended(Outcome::Final(_))), Some(response)) => self.on_failure(response).await,
            (Role::Invite, Some(Told::Ended(Outcome::TimedOut)), _) => {
                let rang = matches!(self.stage, Stage::Cancelling { is_sent: true });
                self.end = Some(if rang { CallEnd::NotAnswered } else { CallEnd::TimedOut });
            }
            (Role::Bye, Some(Told::Ended(outcome)), response) => self.on_bye_ended(outcome, response).await,
            _ => {}
        }
    }

    async fn on_failure(&mut self, response: &Response<'_>) {
        let status = response.status();
        let refused = CallEnd::Refused { status, reason: escaped(response.reason()) };
        if matches!(self.stage, Stage::Cancelling { .. }) {
            self.end = Some(CallEnd::NotAnswered);
            return;
        }
        let cnonce = self.parts.identifiers.cnonce();
        let Invitation { account, to, sdp, .. } = &self.invitation;
        let claimant = Claimant { identity: account.identity(), method: Method::Invite, uri: to, body: sdp.as_bytes() };
        match self.proof.answer(response, claimant, &cnonce) {
            Challenged::Answered(credentials) => {
                self.credentials = Some(credentials);
                self.send_invite().await;
            }
            Challenged::Refused => self.end = Some(refused),
            Challenged::NoneAcceptable => self.end = Some(CallEnd::NoAcceptableChallenge),
        }
    }

    /// The first 2xx makes the call, its repetitions are acknowledged again, and other forks are sent away.
    async fn on_success(&mut self, response: &Response<'_>) {
        let Some(dialog) = self.dialog_of(response) else {
            if self.dialog.is_none() {
                self.end = Some(CallEnd::NoCommonMedia("the answer has no Contact or no To tag".to_owned()));
            }
            return;
        };
        let branch = new_branch(self.parts.identifiers);
        let own_via = via(self.parts.account, self.parts.connection.local(), &branch);
        let octets = acknowledgement(&dialog, self.cseq, &own_via, self.credentials.as_ref());
        self.send(&octets).await;
        let headers = response.headers();
        let call_id = headers.call_id().unwrap_or_default();
        let tags =
            (headers.from_header().ok().and_then(|from| from.tag()), headers.to_header().ok().and_then(|to| to.tag()));
        match &self.dialog {
            Some(known) if known.has_tags(call_id, tags.0.unwrap_or_default(), tags.1.unwrap_or_default()) => {}
            Some(_) => self.begin_bye(dialog, Role::OtherBye).await,
            None => {
                self.dialog = Some(dialog);
                self.on_answer(response).await;
            }
        }
    }

    async fn on_answer(&mut self, response: &Response<'_>) {
        let elapsed = self.parts.ladder.elapsed();
        self.milestones.answered_after = Some(elapsed);
        self.milestones.post_dial_delay.get_or_insert(elapsed);
        if !matches!(self.stage, Stage::Inviting { .. }) {
            self.after_bye = CallEnd::NotAnswered;
            return self.hang_up().await;
        }
        match agreed(response.body()) {
            Ok(chosen) => {
                self.media.agree(chosen);
                self.stage = Stage::Talking { until: Instant::now() + self.parts.plan.talk };
            }
            Err(problem) => {
                self.after_bye = CallEnd::NoCommonMedia(problem);
                self.hang_up().await;
            }
        }
    }

    async fn on_request(&mut self, request: &Request<'_>) {
        let side = Side { server: self.parts.account.server, contact: self.parts.contact, local: &self.media.local };
        let reply = side.reply(request, self.dialog.as_mut());
        if let Some(octets) = reply.octets {
            self.send(&octets).await;
        }
        if let Some(chosen) = reply.renewed {
            self.media.agree(chosen);
        }
        if reply.hung_up {
            self.end.get_or_insert(CallEnd::PeerHungUp);
        }
    }

    async fn on_bye_ended(&mut self, outcome: Outcome, response: Option<&Response<'_>>) {
        if let (Outcome::Final(401 | 407), Some(response), Some(dialog)) = (outcome, response, &self.dialog) {
            let cnonce = self.parts.identifiers.cnonce();
            let uri = String::from_utf8_lossy(dialog.routing().uri).into_owned();
            let claimant =
                Claimant { identity: self.parts.account.identity(), method: Method::Bye, uri: &uri, body: b"" };
            if let Challenged::Answered(credentials) = self.proof.answer(response, claimant, &cnonce) {
                return self.send_bye(Some(credentials)).await;
            }
        }
        let end = match (&self.after_bye, outcome) {
            (CallEnd::HungUp, Outcome::Final(status @ 300..)) => CallEnd::ByeUnanswered(Some(status)),
            (CallEnd::HungUp, Outcome::TimedOut | Outcome::FlowFailed) => CallEnd::ByeUnanswered(None),
            (planned, _) => planned.clone(),
        };
        self.end.get_or_insert(end);
    }

    async fn send_invite(&mut self) {
        self.cseq += 1;
        let branch = new_branch(self.parts.identifiers);
        let own_via = via(self.parts.account, self.parts.connection.local(), &branch);
        let octets = self.invitation.write(&own_via, self.cseq, self.credentials.as_ref());
        if let Some(id) = self.begin(octets.clone(), Role::Invite).await {
            self.invite = Some((id, octets));
        }
    }

    async fn cancel_if_possible(&mut self) {
        if self.stage != (Stage::Cancelling { is_sent: false }) {
            return;
        }
        let now = self.now();
        let Some((id, _)) = &self.invite else { return };
        if let Some(cancel) = self.transactions.cancel(*id, None, now) {
            self.stage = Stage::Cancelling { is_sent: true };
            self.begin(cancel.into_vec(), Role::Cancel).await;
        }
    }

    async fn hang_up(&mut self) {
        self.media.drain();
        self.stage = Stage::HangingUp;
        let Some(dialog) = &self.dialog else { return };
        let uri = String::from_utf8_lossy(dialog.routing().uri).into_owned();
        let claimant = Claimant { identity: self.parts.account.identity(), method: Method::Bye, uri: &uri, body: b"" };
        let credentials = self.proof.for_next_request(claimant);
        self.send_bye(credentials).await;
    }

    async fn send_bye(&mut self, credentials: Option<Credentials>) {
        let branch = new_branch(self.parts.identifiers);
        let own_via = via(self.parts.account, self.parts.connection.local(), &branch);
        let Some(dialog) = &mut self.dialog else { return };
        let octets = farewell(dialog, &own_via, credentials.as_ref());
        self.begin(octets, Role::Bye).await;
    }

    async fn begin_bye(&mut self, mut dialog: Dialog, role: Role) {
        let branch = new_branch(self.parts.identifiers);
        let own_via = via(self.parts.account, self.parts.connection.local(), &branch);
        let octets = farewell(&mut dialog, &own_via, None);
        self.begin(octets, role).await;
    }

    /// Sends a request in a transaction of its own.
    async fn begin(&mut self, octets: Vec<u8>, role: Role) -> Option<ClientId> {
        let when = (self.now(), self.parts.connection.reliability());
        match self.transactions.begin(octets.clone().into_boxed_slice(), role, when) {
            Ok(id) => {
                self.send(&octets).await;
                Some(id)
            }
            Err(problem) => {
                self.end.get_or_insert(CallEnd::TransportFailed(problem.to_string()));
                None
            }
        }
    }

    async fn send(&mut self, octets: &[u8]) {
        self.parts.ladder.note(Direction::Sent, octets);
        if let Err(error) = self.parts.connection.send(octets).await {
            self.end.get_or_insert(CallEnd::TransportFailed(error.to_string()));
        }
    }

    fn dialog_of(&self, response: &Response<'_>) -> Option<Dialog> {
        let (_, octets) = self.invite.as_ref()?;
        let mut spans = HeaderSpans::new();
        let Ok(Message::Request(invite)) = parse(octets, &mut spans) else { return None };
        Dialog::of_response(&invite, response)
    }
}

/// What the body of a 2xx agrees on.
fn agreed(body: &[u8]) -> Result<Chosen, String> {
    let description = SessionDescription::parse(body).map_err(|error| error.to_string())?;
    let chosen = sdp::accepted(&description).map_err(|error| error.to_string())?;
    match chosen.address {
        Some(_) => Ok(chosen),
        None => Err("the answer names no address for media".to_owned()),
    }
}

fn report(
    ladder: Ladder,
    end: CallEnd,
    (algorithm, milestones): (Option<sip_digest::HashAlgorithm>, Milestones),
    media: Option<super::MediaReport>,
) -> CallReport {
    let Milestones { post_dial_delay, answered_after } = milestones;
    CallReport { end, ladder: ladder.into_steps(), algorithm, post_dial_delay, answered_after, media }
}
