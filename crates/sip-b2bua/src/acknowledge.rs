//! ACKs to our 2xx (RFC 3261 section 13.3.1.4).

use crate::call::Phase;
use crate::draft::{Body, Crossing};
use crate::link::Success;
use crate::names::Locus;
use crate::step::Step;
use crate::{Call, SdpKind};
use sip_message::CheckedRequest;
use sip_message::write::HeaderLines;

impl Call {
    pub(crate) fn acknowledged(&mut self, at: Locus, ack: &CheckedRequest<'_>, step: &mut Step<'_, '_>) {
        let is_that = |success: &mut Success| success.cseq == ack.cseq_number();
        let acknowledged = self.side_mut(at).and_then(|side| side.success.take_if(is_that));
        if acknowledged.is_none() || matches!(self.phase, Phase::Over) {
            return;
        }
        let to = at.across();
        let owed = self.side_mut(to).and_then(|side| side.owes_ack.take());
        if let Some(owed) = owed {
            let mut lines: HeaderLines = owed.credentials;
            lines.append(&self.content_lines(ack));
            let crossing = Crossing { from: self.leg_of(at), to: self.leg_of(to), kind: SdpKind::Answer };
            let body = Body::carried(ack.body(), ack.headers(), crossing);
            self.send_ack(to, owed.cseq, (&lines, body), step);
        }
        self.hang_up_if_wanted(at, step);
        self.end_if_done(step);
    }

    fn content_lines(&self, ack: &CheckedRequest<'_>) -> HeaderLines {
        let mut lines = HeaderLines::new();
        self.manner.headers.carry(ack.headers(), &mut lines);
        lines
    }
}
