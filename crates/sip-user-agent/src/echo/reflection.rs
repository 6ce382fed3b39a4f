//! The media of one call of the echo service: what comes in goes back to where it came from.

use rtp::sdp::Chosen;
use rtp::{RTP_HEADER_OCTETS, RtpPacket};
use std::net::SocketAddr;
use std::time::Duration;
use tokio::net::UdpSocket;
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

/// A call without a packet from its caller for that long is over.
const SILENCE: Duration = Duration::from_secs(60);
/// 64 times T1: a 2xx that is not acknowledged until then ends the call (RFC 3261 section 13.3.1.4).
const UNACKNOWLEDGED: Duration = Duration::from_secs(32);
/// The longest packet that is read; no Ethernet carries more.
const MAX_PACKET_OCTETS: usize = 2048;
/// Samples of 20 ms, the step to the next packet when the caller's numbering begins anew.
const STEP: u32 = 160;

/// What signalling and media have to know of each other. The channel's end is the call's.
#[derive(Clone, Debug)]
pub(super) struct Terms {
    chosen: Option<Chosen>,
    acknowledged: bool,
    /// When the session has to be refreshed; `None` without a session timer.
    expires_at: Option<Instant>,
    /// Counts descriptions that moved the caller's media elsewhere, after which a new source may be heard.
    moves: u32,
}

/// Why the service hangs up.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum EndReason {
    NoMedia,
    NotAcknowledged,
    NotRefreshed,
    SocketFailed,
}

impl EndReason {
    /// As a Reason header (RFC 3326) with a cause of Q.850.
    pub(super) const fn header(self) -> &'static [u8] {
        match self {
            Self::NoMedia => b"Q.850;cause=16;text=\"No media for a minute\"",
            Self::NotAcknowledged => b"Q.850;cause=102;text=\"No ACK\"",
            Self::NotRefreshed => b"Q.850;cause=102;text=\"Session not refreshed\"",
            Self::SocketFailed => b"Q.850;cause=41;text=\"Media socket failed\"",
        }
    }
}

impl Terms {
    pub(super) const fn new(chosen: Option<Chosen>, expires_at: Option<Instant>) -> Self {
        Self { chosen, acknowledged: false, expires_at, moves: 0 }
    }

    pub(super) fn acknowledge(&mut self, answered: Option<Chosen>) {
        self.acknowledged = true;
        if answered.is_some() {
            self.settle(answered);
        }
    }

    /// After a re-INVITE or UPDATE; without new media the old stays.
    pub(super) fn renew(&mut self, chosen: Option<Chosen>, expires_at: Option<Instant>) {
        self.expires_at = expires_at;
        if chosen.is_some() {
            self.settle(chosen);
        }
    }

    fn settle(&mut self, chosen: Option<Chosen>) {
        let place = |chosen: &Option<Chosen>| chosen.as_ref().map(|chosen| (chosen.address, chosen.port));
        if self.chosen.is_some() && place(&self.chosen) != place(&chosen) {
            self.moves += 1;
        }
        self.chosen = chosen;
    }
}

/// The socket of a call and what it remembers of the caller.
pub(super) struct Reflection {
    socket: UdpSocket,
    terms: watch::Receiver<Terms>,
    began: Instant,
    latch: Option<Latch>,
    moves: u32,
    numbering: Numbering,
}

/// The source that was heard first, and the only one that is sent to.
struct Latch {
    source: SocketAddr,
    heard_at: Instant,
}

/// Our own numbers for the caller's packets. What the caller's numbers say of loss and order stays visible; when they
/// begin anew, ours go on.
struct Numbering {
    source: u32,
    of: Option<u32>,
    sequence_offset: u16,
    timestamp_offset: u32,
    last: (u16, u32),
}

/// Echoes until the call is over; `ended` is called if that was not the signalling's doing.
pub(super) async fn run(mut reflection: Reflection, ended: impl FnOnce(EndReason)) {
    if let Err(reason) = reflection.echo().await {
        ended(reason);
    }
}

impl Reflection {
    pub(super) fn new(socket: UdpSocket, terms: watch::Receiver<Terms>, word: u64) -> Self {
        let numbering = Numbering {
            source: (word >> 32) as u32,
            of: None,
            sequence_offset: 0,
            timestamp_offset: 0,
            last: ((word & 0x7fff) as u16, (word >> 16 & 0x7fff_ffff) as u32),
        };
        Self { socket, terms, began: Instant::now(), latch: None, moves: 0, numbering }
    }

    async fn echo(&mut self) -> Result<(), EndReason> {
        let mut octets = vec![0; MAX_PACKET_OCTETS];
        loop {
            let (deadline, reason) = self.deadline();
            tokio::select! {
                changed = self.terms.changed() => {
                    if changed.is_err() {
                        return Ok(());
                    }
                }
                received = self.socket.recv_from(&mut octets) => match received {
                    Ok((length, source)) => self.reflect(octets.get(..length).unwrap_or_default(), source),
                    // An ICMP error to something sent earlier; the call goes on without.
                    Err(error) if error.kind() == std::io::ErrorKind::ConnectionRefused => {}
                    Err(_) => return Err(EndReason::SocketFailed),
                },
                () = sleep_until(deadline) => return Err(reason),
            }
        }
    }

    /// When the call is over unless something happens, and why it will be.
    fn deadline(&self) -> (Instant, EndReason) {
        let terms = self.terms.borrow();
        let heard_at = self.latch.as_ref().map_or(self.began, |latch| latch.heard_at);
        let mut earliest = (heard_at + SILENCE, EndReason::NoMedia);
        let unacknowledged = (!terms.acknowledged).then(|| (self.began + UNACKNOWLEDGED, EndReason::NotAcknowledged));
        let expiry = terms.expires_at.map(|at| (at, EndReason::NotRefreshed));
        for other in [unacknowledged, expiry].into_iter().flatten() {
            if other.0 < earliest.0 {
                earliest = other;
            }
        }
        earliest
    }

    /// Sends a packet back, if it is one of the agreed stream and from whom it may come.
    fn reflect(&mut self, octets: &[u8], source: SocketAddr) {
        let Ok(packet) = RtpPacket::parse(octets) else { return };
        let (is_ours, may_send, moves) = {
            let terms = self.terms.borrow();
            let speaks = terms.chosen.as_ref().is_some_and(|chosen| chosen.speaks(packet.payload_type));
            let receives = terms.chosen.as_ref().is_some_and(|chosen| chosen.direction.receives());
            (speaks, receives, terms.moves)
        };
        if !is_ours {
            return;
        }
        if moves != self.moves {
            self.moves = moves;
            self.latch = None;
        }
        let latch = self.latch.get_or_insert_with(|| Latch { source, heard_at: Instant::now() });
        if latch.source != source {
            return;
        }
        latch.heard_at = Instant::now();
        let mut out = Vec::with_capacity(RTP_HEADER_OCTETS + packet.payload.len());
        self.numbering.renumber(&packet).write(&mut out);
        if may_send {
            // A full socket buffer drops the packet, as any network may.
            let _ = self.socket.try_send_to(&out, source);
        }
    }
}

impl Numbering {
    fn renumber<'p>(&mut self, packet: &RtpPacket<'p>) -> RtpPacket<'p> {
        if self.of != Some(packet.source) {
            self.of = Some(packet.source);
            self.sequence_offset = self.last.0.wrapping_add(1).wrapping_sub(packet.sequence);
            self.timestamp_offset = self.last.1.wrapping_add(STEP).wrapping_sub(packet.timestamp);
        }
        let sequence = packet.sequence.wrapping_add(self.sequence_offset);
        let timestamp = packet.timestamp.wrapping_add(self.timestamp_offset);
        if sequence.wrapping_sub(self.last.0) < 0x8000 {
            self.last = (sequence, timestamp);
        }
        RtpPacket { source: self.source, sequence, timestamp, ..*packet }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_go_on_when_the_callers_begin_anew() {
        let mut numbering =
            Numbering { source: 9, of: None, sequence_offset: 0, timestamp_offset: 0, last: (100, 1000) };
        let mut renumber = |source, sequence, timestamp| {
            let packet = RtpPacket { payload_type: 0, marker: false, sequence, timestamp, source, payload: b"x" };
            let out = numbering.renumber(&packet);
            assert_eq!((out.source, out.payload), (9, &b"x"[..]));
            (out.sequence, out.timestamp)
        };
        assert_eq!(renumber(1, 65_535, 0), (101, 1160));
        assert_eq!(renumber(1, 1, 320), (103, 1480), "a lost packet stays lost");
        assert_eq!(renumber(1, 0, 160), (102, 1320), "a late one stays late");
        assert_eq!(renumber(2, 7, 99), (104, 1640), "another source of the same caller");
    }
}
