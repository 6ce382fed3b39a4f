//! Answered calls as octets, for what has to outlast a restart.

use crate::call::Phase;
use crate::header_policy::HeaderPolicy;
use crate::link::{Link, Side};
use crate::manner::Manner;
use crate::names::LinkId;
use crate::story::Story;
use crate::{Call, LegId, Media, Millis, ReferPolicy, SessionPolicy, TargetRef};
use sip_dialog::{Damaged, Packer, ReliableSequence, Unpacker};
use std::collections::VecDeque;

/// What the first octet says. It changes when older octets can no longer be read as they are; a test keeps one of each.
const VERSION: u8 = 1;

/// Why a snapshot is none of a call.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum BadSnapshot {
    /// It was made by a version of this crate that knew more.
    #[error("this snapshot has a format this version does not know")]
    UnknownVersion,
    /// It is cut or damaged.
    #[error("this snapshot is damaged")]
    Damaged,
}

impl From<Damaged> for BadSnapshot {
    fn from(_: Damaged) -> Self {
        Self::Damaged
    }
}

impl Call {
    /// An answered call as octets that [`Self::restore`] reads, in this and later versions; `None` for any other.
    #[must_use]
    pub fn snapshot(&self) -> Option<Vec<u8>> {
        let link = self.links.iter().find(|link| link.caller.is_some()).filter(|_| self.is_up())?;
        let mut packer = Packer::default();
        packer.u8(VERSION);
        self.manner.pack(&mut packer);
        self.story.pack(&mut packer);
        packer.u32(self.last_ticket).u8(self.last_leg);
        for side in [link.caller.as_ref()?, link.callee.as_ref()?] {
            packer.u8(side.leg.0).dialog(&side.dialog);
            match &side.session {
                Some(timer) => packer.u8(1).session(timer),
                None => packer.u8(0),
            };
            packer.optional_text(side.refresh_body.as_deref());
        }
        Some(packer.into_octets())
    }

    /// The call that a snapshot was taken of, at `now`. What was under way in it when the process ended is lost, and its
    /// session timers begin anew.
    ///
    /// # Errors
    /// [`BadSnapshot`].
    pub fn restore(octets: &[u8], now: Millis) -> Result<Self, BadSnapshot> {
        let mut unpacker = Unpacker::new(octets);
        if unpacker.u8()? != VERSION {
            return Err(BadSnapshot::UnknownVersion);
        }
        let manner = Manner::unpack(&mut unpacker)?;
        let story = Story::unpack(&mut unpacker)?;
        let (last_ticket, last_leg) = (unpacker.u32()?, unpacker.u8()?);
        let caller = Some(Side::unpack(&mut unpacker, now)?);
        let callee = Some(Side::unpack(&mut unpacker, now)?);
        let (taken, reliable) = (ReliableSequence::default(), Vec::new());
        let link = Link { id: LinkId(1), caller, callee, taken, reliable };
        Ok(Self {
            manner,
            phase: Phase::Up,
            forks: Vec::new(),
            links: vec![link],
            errands: Vec::new(),
            drafts: VecDeque::new(),
            story,
            ended_at: now,
            cancel_reason: None,
            last_ticket,
            last_leg,
            last_link: 1,
        })
    }
}

impl Side {
    fn unpack(unpacker: &mut Unpacker<'_>, now: Millis) -> Result<Self, Damaged> {
        let leg = LegId(unpacker.u8()?);
        let mut side = Self::new(leg, unpacker.dialog()?);
        // Requests sent after the snapshot have used numbers that it does not know.
        side.dialog.skip_sequence();
        side.session = match unpacker.u8()? {
            0 => None,
            _ => Some(unpacker.session(now)?),
        };
        side.refresh_body = unpacker.optional_text()?;
        Ok(side)
    }
}

impl Manner {
    fn pack(&self, packer: &mut Packer) {
        let names: Vec<Vec<u8>> = self.headers.names_as_given().collect();
        packer.u32(u32::try_from(names.len()).unwrap_or(u32::MAX));
        for name in &names {
            packer.text(name);
        }
        packer.u8(u8::from(self.refer == ReferPolicy::Pass)).u8(u8::from(self.media == Media::Bridged));
        packer.u32(self.session.interval_seconds).u32(self.session.min_interval_seconds);
        packer.optional_text(self.product.as_deref());
    }

    fn unpack(unpacker: &mut Unpacker<'_>) -> Result<Self, Damaged> {
        let count = unpacker.u32()?;
        let names: Vec<Box<[u8]>> = (0..count).map(|_| unpacker.text()).collect::<Result<_, _>>()?;
        let headers = HeaderPolicy::new(names.iter().filter_map(|name| std::str::from_utf8(name).ok()));
        let refer = if unpacker.u8()? == 1 { ReferPolicy::Pass } else { ReferPolicy::Refuse };
        let media = if unpacker.u8()? == 1 { Media::Bridged } else { Media::Untouched };
        let session = SessionPolicy { interval_seconds: unpacker.u32()?, min_interval_seconds: unpacker.u32()? };
        Ok(Self { headers, refer, session, media, product: unpacker.optional_text()? })
    }
}

impl Story {
    fn pack(&self, packer: &mut Packer) {
        packer.u64(self.begun_at).optional_u64(self.ringing_at).optional_u64(self.answered_at);
        packer.u8(self.callee.map_or(0, |leg| leg.0));
        let target = self.target.unwrap_or(TargetRef { stage: 0, target: 0 });
        packer.u8(target.stage).u8(target.target);
        packer.text(&self.caller_call_id).optional_text(self.callee_call_id.as_deref());
    }

    fn unpack(unpacker: &mut Unpacker<'_>) -> Result<Self, Damaged> {
        Ok(Self {
            begun_at: unpacker.u64()?,
            ringing_at: unpacker.optional_u64()?,
            answered_at: unpacker.optional_u64()?,
            end: None,
            callee: Some(LegId(unpacker.u8()?)),
            target: Some(TargetRef { stage: unpacker.u8()?, target: unpacker.u8()? }),
            caller_call_id: unpacker.text()?,
            callee_call_id: unpacker.optional_text()?,
        })
    }
}
