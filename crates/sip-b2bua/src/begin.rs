//! The INVITE that begins a call, and what may be wrong with it.

use crate::call::Phase;
use crate::draft::is_sdp;
use crate::manner::{Extensions, Kind, Manner, unmet_requirements};
use crate::provisional::recorded;
use crate::ringing::{CallerInvite, Luggage, Ringing, breadth_of, turns};
use crate::step::Step;
use crate::story::{Story, StoryEnd};
use crate::verdict::Verdicts;
use crate::{Action, Call, Ending, FailoverOn, Heard, Party, Setup, Surroundings};
use sip_dialog::{Dialog, Grant};
use sip_message::write::{HeaderLines, KeptRequest, ResponseWriter, Status};
use sip_message::{CheckedRequest, HeaderName, Headers};
use std::collections::VecDeque;

/// Hops a call may take whose INVITE does not say (RFC 3261 section 8.1.1.6).
const DEFAULT_HOPS: u8 = 70;

/// What is read of an INVITE that can be tried.
struct Reading {
    seed: Dialog,
    grant: Grant,
    hops: u8,
    breadth: u32,
}

/// Why it cannot.
struct Impossible {
    status: u16,
    lines: HeaderLines,
}

impl From<u16> for Impossible {
    fn from(status: u16) -> Self {
        Self { status, lines: HeaderLines::new() }
    }
}

impl Call {
    /// Begins the call that an INVITE asks for.
    pub fn begin(setup: Setup, invite: Heard<'_>, world: &mut Surroundings<'_>, out: &mut Vec<Action>) -> Self {
        let mut step = Step { world, out };
        let kept = KeptRequest::of(invite.request, invite.source);
        let reading = read(&setup, invite.request);
        let Setup { caller, identity, stages, headers, refer, session, media, loop_token, product } = setup;
        let mut call = Self {
            manner: Manner { headers, refer, session, media, product },
            phase: Phase::Over,
            forks: Vec::new(),
            links: Vec::new(),
            errands: Vec::new(),
            drafts: VecDeque::new(),
            story: Story::begin(step.now(), invite.request.call_id()),
            ended_at: step.now(),
            cancel_reason: None,
            last_ticket: 0,
            last_leg: 0,
            last_link: 0,
        };
        let Reading { seed, grant, hops, breadth } = match reading {
            Ok(reading) => reading,
            Err(impossible) => {
                call.refuse_at_once((&kept, &caller.tag), invite.ticket, impossible, &mut step);
                return call;
            }
        };
        let invite_headers = invite.request.headers();
        let luggage = Luggage {
            lines: call.manner.crossing(invite_headers, (Kind::Request, Extensions::Session)),
            body: invite.request.body().to_vec(),
            is_sdp: is_sdp(invite_headers),
            hops,
            breadth,
            identity,
            wants_privacy: wants_privacy(invite_headers),
            privacy: call.manner.headers.privacy(invite_headers),
            loop_token,
            targets: Vec::new(),
            first_response_timeout_ms: 0,
        };
        let ringing = Ringing {
            invite: CallerInvite {
                ticket: invite.ticket,
                kept,
                cseq: invite.request.cseq_number(),
                grant,
                record_route: recorded(invite_headers),
            },
            seed,
            free_tag: Some(caller.tag.clone()),
            first_tag: caller.tag,
            next_rseq: 1,
            turns: turns(&stages, breadth),
            ring_until: step.now(),
            failover: FailoverOn::NextHopFailure,
            verdicts: Verdicts::default(),
            earlier: Verdicts::default(),
            luggage: Luggage { targets: stages.into_iter().map(|stage| stage.targets).collect(), ..luggage },
        };
        call.phase = Phase::Ringing(Box::new(ringing));
        call.start_next_turn(&mut step);
        call
    }

    fn refuse_at_once(
        &mut self,
        (kept, tag): (&KeptRequest, &[u8]),
        ticket: crate::ServerTicket,
        impossible: Impossible,
        step: &mut Step<'_, '_>,
    ) {
        let Impossible { status, lines } = impossible;
        let mut octets = Vec::with_capacity(512);
        let own = self.manner.own(Kind::Response);
        ResponseWriter::resume(&mut octets, kept, Status::of(status), tag).lines(&own).lines(&lines).finish(b"");
        step.push(Action::Respond { ticket, status, octets });
        let ending = Ending::Impossible;
        self.story.end = Some(StoryEnd { by: Party::Us, ending, status, q850_cause: None });
        self.phase = Phase::Closing;
        self.end_if_done(step);
    }
}

fn read(setup: &Setup, invite: &CheckedRequest<'_>) -> Result<Reading, Impossible> {
    let headers = invite.headers();
    let hops = invite.max_forwards().unwrap_or(DEFAULT_HOPS).checked_sub(1).ok_or(483)?;
    let unmet = unmet_requirements(headers, Extensions::Session);
    if !unmet.is_empty() {
        let mut lines = HeaderLines::new();
        lines.header("Unsupported", &unmet.join(&b", "[..]));
        return Err(Impossible { status: 420, lines });
    }
    if has_been_here(headers, &setup.loop_token) {
        return Err(482.into());
    }
    let breadth = breadth_of(headers);
    if breadth == 0 {
        return Err(440.into());
    }
    let path = setup.caller.path.clone();
    let seed = Dialog::of_request(invite, &setup.caller.tag, path).map_err(|_| 400)?;
    let grant = Grant::to(headers, seed.peer(), setup.session).map_err(|too_small| {
        let mut lines = HeaderLines::new();
        lines.header_u32("Min-SE", too_small.min_seconds);
        Impossible { status: 422, lines }
    })?;
    Ok(Reading { seed, grant, hops, breadth })
}

/// Whether a Via is one that this call would write.
pub(crate) fn has_been_here(headers: Headers<'_>, loop_token: &[u8]) -> bool {
    let ours = [b"z9hG4bK", loop_token].concat();
    let is_ours = |branch: &[u8]| branch.len() > ours.len() && branch.starts_with(&ours);
    !loop_token.is_empty() && headers.vias().flatten().any(|via| via.branch.is_some_and(is_ours))
}

/// Whether the caller asks not to be named (RFC 3323 section 4.2, RFC 3325 section 9.3).
pub(crate) fn wants_privacy(headers: Headers<'_>) -> bool {
    headers.all(HeaderName::Privacy).flat_map(|value| value.split(|octet| matches!(octet, b';' | b','))).any(|token| {
        let token = token.trim_ascii();
        [&b"id"[..], b"user", b"header"].iter().any(|private| token.eq_ignore_ascii_case(private))
    })
}
