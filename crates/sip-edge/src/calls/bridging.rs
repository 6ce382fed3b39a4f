//! Has session descriptions rewritten, so that media goes through what bridges it, where that is needed.
//!
//! Each leg that is called is bridged with the caller's for itself: of two phones that ring, one may speak WebRTC and the
//! other not. Whether it is bridged is decided when the first description crosses, and holds for as long as the leg lives.

use crate::calls::actions::log_unsent;
use crate::calls::call_entry::{CallEntry, Pending};
use crate::calls::description::{are_apart, is_hidden, profile_of};
use crate::calls::happening::{Happening, Kept};
use crate::calls::media::{Half, LegMedia, MediaName, MediaProfile, MediaRule, SessionDescription};
use crate::calls::new_call::FIRST_TICKET;
use crate::calls::outlet::{Destination, Outlet};
use crate::calls::shard::{CallNumber, Shard};
use crate::calls::way::Way;
use crate::calls::{Calls, ShardIndex};
use sip_b2bua::{Action, Bridged, LegId, MediaFault, SdpKind, ServerTicket};
use sip_transport::Transport;
use std::collections::HashMap;

/// What happens to a call while one of its descriptions is being rewritten.
#[derive(Default)]
pub(crate) struct Bridging(Option<Vec<Kept>>);

impl Bridging {
    /// Whether a description is being rewritten.
    pub(crate) const fn is_under_way(&self) -> bool {
        self.0.is_some()
    }

    /// Gives back what may happen now, and keeps what has to wait.
    pub(crate) fn admit<'m>(&mut self, happening: Happening<'m>) -> Option<Happening<'m>> {
        match &mut self.0 {
            None => Some(happening),
            Some(kept) => {
                happening.keep_in(kept);
                None
            }
        }
    }
}

/// A session description between two legs.
pub(super) struct Crossing {
    pub(super) from: LegId,
    pub(super) to: LegId,
    pub(super) kind: SdpKind,
    pub(super) sdp: Vec<u8>,
}

impl Calls {
    /// Has a description rewritten if the legs it is between are bridged; else it crosses as it is.
    pub(super) fn bridge(&self, shard: &mut Shard, number: CallNumber, crossing: Crossing) -> Vec<Action> {
        let index = shard.index;
        let bridge = self.parts.media.as_ref();
        if let Some((bridge, entry)) = bridge.zip(shard.calls.get_mut(&number))
            && let Some(profile) = self.profile_for(entry, &crossing)
        {
            entry.bridging = Bridging(Some(Vec::new()));
            let Crossing { from, to, kind, sdp } = crossing;
            let name = MediaName::of(entry.details.id, called(from, to));
            let description = SessionDescription { name, from: from.0, to: to.0, half: Half::of(kind), profile, sdp };
            let me = self.me.clone();
            let rewritten = move |outcome| {
                if let Some(me) = me.upgrade() {
                    me.rewritten((index, number), outcome);
                }
            };
            bridge.rewrite(description, Box::new(rewritten));
            return Vec::new();
        }
        self.tell(shard, number, Happening::Body(Bridged::Body(crossing.sdp)))
    }

    /// A description was rewritten, or cannot be: the engine is told, and then what has happened meanwhile.
    fn rewritten(&self, (index, number): (ShardIndex, CallNumber), outcome: Result<Vec<u8>, MediaFault>) {
        let mut shard = self.shard(index).lock();
        let Some(Bridging(Some(kept))) = shard.calls.get_mut(&number).map(|entry| std::mem::take(&mut entry.bridging))
        else {
            return;
        };
        let mut outlet = self.outlet();
        let unanswered = shard.calls.get_mut(&number).map(|entry| take_unanswered(entry, &kept)).unwrap_or_default();
        let body = outcome.map_or_else(Bridged::Failed, Bridged::Body);
        self.drive(&mut shard, number, &mut outlet, Happening::Body(body));
        match shard.calls.get_mut(&number) {
            Some(entry) => entry.servers.extend(unanswered),
            None => return self.answer_cancels(&kept, &unanswered, &mut outlet),
        }
        for kept in kept {
            kept.happen(|happening| self.drive(&mut shard, number, &mut outlet, happening));
        }
    }

    /// The call was refused, since its offer could not be bridged. All that may have come for it meanwhile is a CANCEL,
    /// which is answered although nothing comes of it (RFC 3261 section 9.2).
    fn answer_cancels(&self, kept: &[Kept], unanswered: &HashMap<ServerTicket, Pending>, outlet: &mut Outlet<'_>) {
        for (kept, ticket) in kept.iter().filter_map(|kept| Some((kept, kept.ticket()?))) {
            if let Some(Pending::Other(request)) = unanswered.get(&ticket)
                && let Some(octets) = kept.accept_cancel()
            {
                log_unsent(outlet.send(&request.destination, &octets));
                self.remember(request, &octets);
            }
        }
    }

    /// What whoever gets a description speaks; `None` if it crosses as it is.
    fn profile_for(&self, entry: &mut CallEntry, crossing: &Crossing) -> Option<MediaProfile> {
        let called = called(crossing.from, crossing.to);
        if entry.leg_mut(called).media == LegMedia::Unknown {
            self.settle_media(entry, crossing);
        }
        match (entry.leg_mut(called).media, entry.leg_mut(crossing.to).media) {
            (LegMedia::Bridged(_), LegMedia::Bridged(profile)) => Some(profile),
            _ => None,
        }
    }

    /// Decides what becomes of the descriptions between two legs, by the first of them.
    fn settle_media(&self, entry: &mut CallEntry, crossing: &Crossing) {
        let Crossing { from, to, sdp, .. } = crossing;
        let theirs = profile_of(sdp);
        let expected = self.expected_of(entry, *to, theirs);
        let is_needed = theirs != expected || is_out_of_reach(entry, crossing);
        let (at_from, at_to) = if is_needed || self.parts.config.media == MediaRule::Always {
            (LegMedia::Bridged(theirs), LegMedia::Bridged(expected))
        } else {
            (LegMedia::Untouched, LegMedia::Untouched)
        };
        for (leg, media) in [(*from, at_from), (*to, at_to)] {
            let state = entry.leg_mut(leg);
            // The caller's may be bridged with one that is called and not with another.
            if leg != LegId::CALLER || media != LegMedia::Untouched {
                state.media = media;
            }
        }
    }

    /// What a leg is expected to speak that has not said so yet: browsers what they must, next hops of a trunk that wants
    /// SRTP that, and all others what the other leg does if it is nothing that only browsers speak.
    fn expected_of(&self, entry: &CallEntry, leg: LegId, other: MediaProfile) -> MediaProfile {
        let Some(state) = entry.leg(leg) else { return other };
        let trunk = || self.parts.directory.trunks().trunk(entry.details.trunk?);
        match (state.target.and_then(|target| entry.way(target)), state.destination) {
            (Some(Way::Local), _) | (_, Some(Destination::Local)) => MediaProfile::PlainRtp,
            (Some(Way::Uri(_)), _) if trunk().is_some_and(|trunk| trunk.rules.require_srtp) => MediaProfile::Sdes,
            (_, Some(Destination::Network { flow, .. })) if is_of_browser(flow.transport) => MediaProfile::WebRtc,
            _ if other == MediaProfile::WebRtc => MediaProfile::PlainRtp,
            _ => other,
        }
    }

    /// Nothing more comes of the legs that were called and lost, or of any if nobody has won.
    pub(super) fn release_media(&self, entry: &mut CallEntry, winner: Option<LegId>) {
        let Some(bridge) = &self.parts.media else { return };
        for (leg, number) in entry.legs.iter_mut().zip(0..).skip(1) {
            if matches!(leg.media, LegMedia::Bridged(_)) && winner != Some(LegId(number)) {
                leg.media = LegMedia::Untouched;
                bridge.release(MediaName { call: entry.details.id, leg: number });
            }
        }
    }
}

/// Takes out what the answers to requests that were kept need: it would go with the call.
fn take_unanswered(entry: &mut CallEntry, kept: &[Kept]) -> HashMap<ServerTicket, Pending> {
    let tickets = kept.iter().filter_map(Kept::ticket).filter(|ticket| *ticket != FIRST_TICKET);
    tickets.filter_map(|ticket| Some((ticket, entry.servers.remove(ticket)?))).collect()
}

/// Which of two legs is the one that is called.
fn called(from: LegId, to: LegId) -> LegId {
    if from == LegId::CALLER { to } else { from }
}

const fn is_of_browser(transport: Transport) -> bool {
    matches!(transport, Transport::Ws | Transport::Wss)
}

/// Whether one of two legs cannot be sent to where it says. Browsers see to that themselves.
fn is_out_of_reach(entry: &CallEntry, crossing: &Crossing) -> bool {
    let address_of = |leg: LegId| match entry.leg(leg)?.destination? {
        Destination::Network { to, .. } => Some(to.ip()),
        Destination::Local => None,
    };
    let addresses = (address_of(crossing.from), address_of(crossing.to));
    let is_hidden = addresses.0.is_some_and(|address| is_hidden(&crossing.sdp, address));
    let way = entry.leg(crossing.to).and_then(|leg| leg.target).and_then(|target| entry.way(target));
    let other_is_hidden = matches!(way, Some(Way::Phone(phone)) if phone.is_hidden);
    let are_apart = matches!(addresses, (Some(one), Some(other)) if are_apart(one, other));
    profile_of(&crossing.sdp) != MediaProfile::WebRtc && (is_hidden || other_is_hidden || are_apart)
}
