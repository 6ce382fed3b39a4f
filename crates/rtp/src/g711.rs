//! G.711: companded 8-bit samples at 8000 Hz, by the formulas of ITU-T G.711 rather than by table.

/// Which of the two laws.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Law {
    /// µ-law, PCMU, payload type 0 (RFC 3551 section 4.5.14).
    Mu,
    /// A-law, PCMA, payload type 8.
    A,
}

/// Added before the segment is looked for, so that segments begin at powers of two.
const MU_BIAS: i32 = 0x84;
/// The largest magnitude that µ-law can say.
const MU_CLIP: i32 = 0x7fff - MU_BIAS;

impl Law {
    /// The octet that stands for a 16-bit sample.
    #[must_use]
    pub fn encode(self, sample: i16) -> u8 {
        match self {
            Self::Mu => encode_mu(sample),
            Self::A => encode_a(sample),
        }
    }

    /// The 16-bit sample that an octet stands for.
    #[must_use]
    pub fn decode(self, octet: u8) -> i16 {
        match self {
            Self::Mu => decode_mu(octet),
            Self::A => decode_a(octet),
        }
    }

    /// The octet of silence.
    #[must_use]
    pub fn silence(self) -> u8 {
        self.encode(0)
    }
}

fn encode_mu(sample: i16) -> u8 {
    let magnitude = i32::from(sample).abs().min(MU_CLIP) + MU_BIAS;
    let sign = if sample < 0 { 0x80 } else { 0 };
    // The magnitude has 8 to 15 bits; the segment counts those above 8.
    let segment = magnitude.ilog2().saturating_sub(7).min(7);
    let step = (magnitude >> (segment + 3)) & 0x0f;
    !low_octet(sign | (i32::try_from(segment).unwrap_or(7) << 4) | step)
}

fn decode_mu(octet: u8) -> i16 {
    let bits = i32::from(!octet);
    let (segment, step) = ((bits >> 4) & 7, bits & 0x0f);
    let magnitude = (((step << 3) + MU_BIAS) << segment) - MU_BIAS;
    to_sample(if bits & 0x80 == 0 { magnitude } else { -magnitude })
}

fn encode_a(sample: i16) -> u8 {
    // One's complement for negative samples: A-law has no zero, its two smallest steps lie on either side of it.
    let (sign, magnitude) = if sample >= 0 { (0x80, i32::from(sample)) } else { (0, !i32::from(sample)) };
    let scaled = magnitude >> 4;
    let bits = if scaled < 32 {
        // The two lowest segments have steps of the same size.
        scaled
    } else {
        let segment = scaled.ilog2() - 3;
        (i32::try_from(segment).unwrap_or(7) << 4) | ((scaled >> (segment - 1)) & 0x0f)
    };
    low_octet(sign | bits) ^ 0x55
}

fn decode_a(octet: u8) -> i16 {
    let bits = i32::from(octet ^ 0x55);
    let (segment, step) = ((bits >> 4) & 7, bits & 0x0f);
    let magnitude = match segment {
        0 => (step << 4) + 8,
        _ => ((step << 4) + 0x108) << (segment - 1),
    };
    to_sample(if bits & 0x80 == 0 { -magnitude } else { magnitude })
}

fn low_octet(bits: i32) -> u8 {
    u8::try_from(bits & 0xff).unwrap_or(0)
}

fn to_sample(value: i32) -> i16 {
    i16::try_from(value).unwrap_or(if value < 0 { i16::MIN } else { i16::MAX })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Values of tables 1a to 2b of ITU-T G.711, scaled to 16 bits, at the ends of segments.
    #[test]
    fn known_values() {
        for (law, octet, sample) in [
            (Law::Mu, 0xff, 0),
            (Law::Mu, 0x7f, 0),
            (Law::Mu, 0xfe, 8),
            (Law::Mu, 0xf0, 120),
            (Law::Mu, 0xef, 132),
            (Law::Mu, 0x80, 32124),
            (Law::Mu, 0x00, -32124),
            (Law::Mu, 0x0f, -16764),
            (Law::A, 0xd5, 8),
            (Law::A, 0x55, -8),
            (Law::A, 0xd4, 24),
            (Law::A, 0xc5, 264),
            (Law::A, 0xaa, 32256),
            (Law::A, 0x2a, -32256),
        ] {
            assert_eq!(law.decode(octet), sample, "{law:?} {octet:#04x}");
        }
        assert_eq!((Law::Mu.silence(), Law::A.silence()), (0xff, 0xd5));
    }

    /// What was decoded encodes to itself, but for the two zeros of µ-law.
    #[test]
    fn every_octet_survives_a_round_trip() {
        for law in [Law::Mu, Law::A] {
            for octet in 0..=u8::MAX {
                let expected = if (law, octet) == (Law::Mu, 0x7f) { 0xff } else { octet };
                assert_eq!(law.encode(law.decode(octet)), expected, "{law:?} {octet:#04x}");
            }
        }
    }

    /// The error of each sample is at most half a step, and steps are a sixteenth of their segment.
    #[test]
    fn every_sample_comes_near_itself() {
        for law in [Law::Mu, Law::A] {
            let mut last = i16::MIN;
            for sample in i16::MIN..=i16::MAX {
                let decoded = law.decode(law.encode(sample));
                let error = (i32::from(decoded) - i32::from(sample)).abs();
                assert!(error <= 16 + i32::from(sample).abs() / 32, "{law:?} {sample} became {decoded}");
                assert!(decoded >= last, "{law:?} {sample} falls");
                last = decoded;
            }
        }
    }
}
