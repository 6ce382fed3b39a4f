//! What a receiver notes of the packets of one source (RFC 3550 sections 6.4.1, A.3 and A.8).

use crate::CLOCK_RATE_HZ;

/// How far ahead a sequence number may be before it counts as a new beginning (RFC 3550 section A.1).
const MAX_DROPOUT: u16 = 3000;
/// How many of the last sequence numbers are kept to tell a late packet from a repeated one.
const WINDOW: u64 = 64;

/// The packets heard from one source so far. A packet that comes more than 64 places late counts as repeated, since
/// nobody remembers whether it was there.
#[derive(Clone, Debug, Default)]
pub struct Reception {
    stream: Option<Stream>,
    received: u64,
    duplicates: u64,
    reordered: u64,
    /// Packets expected of streams that ended when the sequence began anew.
    expected_before: u64,
}

#[derive(Clone, Copy, Debug)]
struct Stream {
    first: u64,
    highest: u64,
    /// Bit `n` stands for `highest - n`.
    seen: u64,
    transit: i64,
    /// In sixteenths of a sample, as RFC 3550 A.8 keeps it.
    jitter_sixteenths: i64,
}

/// What [`Reception`] amounts to.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct ReceptionReport {
    /// Packets heard, repeated ones left out.
    pub received: u64,
    /// Packets that should have been heard, from the lowest sequence number to the highest.
    pub expected: u64,
    /// Packets that came a second time.
    pub duplicates: u64,
    /// Packets that came after a later one.
    pub reordered: u64,
    /// Interarrival jitter in milliseconds (RFC 3550 section A.8).
    pub jitter_ms: f64,
}

impl ReceptionReport {
    /// Packets that never came.
    #[must_use]
    pub const fn lost(&self) -> u64 {
        self.expected.saturating_sub(self.received)
    }

    /// The share of packets that never came, 0 to 1.
    #[must_use]
    pub fn loss(&self) -> f64 {
        if self.expected == 0 { 0.0 } else { self.lost() as f64 / self.expected as f64 }
    }
}

impl Reception {
    /// A packet came at that time, in microseconds since any moment that stays the same.
    pub fn note(&mut self, sequence: u16, timestamp: u32, arrived_us: u64) {
        let transit = transit(timestamp, arrived_us);
        let Some(stream) = &mut self.stream else {
            return self.begin(sequence, transit);
        };
        // The low 16 bits of the highest number; the rest counts how often it wrapped.
        let ahead = sequence.wrapping_sub((stream.highest & 0xffff) as u16);
        match ahead {
            0 => self.duplicates += 1,
            1..MAX_DROPOUT => {
                let ahead = u64::from(ahead);
                stream.seen = if ahead < WINDOW { stream.seen << ahead | 1 } else { 1 };
                stream.highest += ahead;
                stream.note_transit(transit);
                self.received += 1;
            }
            _ => {
                let behind = u64::from(ahead.wrapping_neg());
                if behind < u64::from(MAX_DROPOUT) {
                    self.note_late(behind, transit);
                } else {
                    self.expected_before += stream.expected();
                    self.begin(sequence, transit);
                }
            }
        }
    }

    /// What was noted so far.
    #[must_use]
    pub fn report(&self) -> ReceptionReport {
        let expected = self.expected_before + self.stream.map_or(0, |stream| stream.expected());
        let sixteenths = self.stream.map_or(0, |stream| stream.jitter_sixteenths);
        ReceptionReport {
            received: self.received,
            expected,
            duplicates: self.duplicates,
            reordered: self.reordered,
            jitter_ms: sixteenths as f64 / 16.0 * 1000.0 / f64::from(CLOCK_RATE_HZ),
        }
    }

    fn begin(&mut self, sequence: u16, transit: i64) {
        // Room below for packets that come late.
        let first = u64::from(sequence) + 0x1_0000;
        self.stream = Some(Stream { first, highest: first, seen: 1, transit, jitter_sixteenths: 0 });
        self.received += 1;
    }

    fn note_late(&mut self, behind: u64, transit: i64) {
        let Some(stream) = &mut self.stream else { return };
        let bit = 1_u64.checked_shl(u32::try_from(behind).unwrap_or(u32::MAX)).unwrap_or(0);
        if bit == 0 || stream.seen & bit != 0 {
            self.duplicates += 1;
            return;
        }
        stream.seen |= bit;
        stream.first = stream.first.min(stream.highest.saturating_sub(behind));
        stream.note_transit(transit);
        self.received += 1;
        self.reordered += 1;
    }
}

impl Stream {
    const fn expected(&self) -> u64 {
        self.highest - self.first + 1
    }

    fn note_transit(&mut self, transit: i64) {
        // Differences on a circle of 2^32 samples, where the timestamps live.
        let difference = i64::from(((transit - self.transit) as i32).unsigned_abs());
        self.transit = transit;
        self.jitter_sixteenths += difference - ((self.jitter_sixteenths + 8) >> 4);
    }
}

/// Arrival less timestamp, in samples.
fn transit(timestamp: u32, arrived_us: u64) -> i64 {
    let samples = u128::from(arrived_us) * u128::from(CLOCK_RATE_HZ) / 1_000_000;
    (samples & 0xffff_ffff) as i64 - i64::from(timestamp)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Packets of 20 ms, each that much later than it should come.
    fn heard(packets: impl IntoIterator<Item = (u16, u64)>) -> ReceptionReport {
        let mut reception = Reception::default();
        for (sequence, late_us) in packets {
            let due = u64::from(sequence) * 20_000;
            reception.note(sequence, u32::from(sequence) * 160, due + late_us);
        }
        reception.report()
    }

    #[test]
    fn an_even_stream_is_without_fault() {
        let report = heard((0..500).map(|sequence| (sequence, 0)));
        let expected = ReceptionReport { received: 500, expected: 500, ..ReceptionReport::default() };
        assert_eq!(report, expected);
        assert_eq!((report.lost(), report.loss()), (0, 0.0));
    }

    #[test]
    fn what_is_missing_repeated_or_late_is_counted() {
        let report = heard([(10, 0), (11, 0), (13, 0), (13, 0), (12, 0), (12, 0), (9, 0), (20, 0), (21, 0)]);
        assert_eq!((report.received, report.expected, report.lost()), (7, 13, 6));
        assert_eq!((report.duplicates, report.reordered), (2, 2));
        assert!((report.loss() - 6.0 / 13.0).abs() < 1e-9);
    }

    #[test]
    fn sequence_and_timestamp_wrap() {
        let mut reception = Reception::default();
        for count in 0..200_u32 {
            let sequence = (65_500 + count) as u16;
            let timestamp = (u32::MAX - 1600).wrapping_add(count * 160);
            reception.note(sequence, timestamp, u64::from(count) * 20_000);
        }
        let report = reception.report();
        assert_eq!((report.received, report.expected), (200, 200));
        assert!(report.jitter_ms < 0.1, "{report:?}");
    }

    #[test]
    fn a_sequence_that_begins_anew_is_no_loss() {
        let report = heard((0..10).chain(40_000..40_010).map(|sequence| (sequence, 0)));
        assert_eq!((report.received, report.expected), (20, 20));
    }

    /// Every other packet 5 ms late: the differences are all 5 ms, and so is the mean they settle at.
    #[test]
    fn jitter_settles_at_the_mean_difference() {
        let report = heard((0..500).map(|sequence| (sequence, if sequence % 2 == 0 { 0 } else { 5_000 })));
        assert!((report.jitter_ms - 5.0).abs() < 0.2, "{report:?}");
    }
}
