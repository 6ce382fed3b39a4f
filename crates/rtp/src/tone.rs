//! A tone to send, and how much of what came back is that tone.

use crate::CLOCK_RATE_HZ;
use std::f64::consts::TAU;

/// A sine of constant frequency over very quiet noise, one sample after the other.
///
/// The noise makes each packet's payload different from all others, so that one that comes back can be told from its
/// neighbours; it lies 40 dB below the tone.
#[derive(Clone, Debug)]
pub struct Tone {
    step: f64,
    phase: f64,
    amplitude: f64,
    noise: u32,
}

/// The largest sample of the noise as a share of the tone's.
const NOISE_SHARE: f64 = 0.01;

impl Tone {
    /// A tone of that frequency, below 4000 Hz, whose largest sample is `amplitude`; `seed` chooses the noise.
    #[must_use]
    pub fn new(frequency_hz: u16, amplitude: i16, seed: u32) -> Self {
        let step = TAU * f64::from(frequency_hz) / f64::from(CLOCK_RATE_HZ);
        Self { step, phase: 0.0, amplitude: f64::from(amplitude).abs(), noise: seed }
    }

    /// The next sample.
    pub fn sample(&mut self) -> i16 {
        // The multiplier and increment of Numerical Recipes; quality does not matter here, variety does.
        self.noise = self.noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let noise = (f64::from(self.noise >> 16) / 32_768.0 - 1.0) * NOISE_SHARE;
        let value = (self.phase.sin() + noise) * self.amplitude;
        self.phase = (self.phase + self.step) % TAU;
        clamped(value)
    }
}

/// A conversion that saturates, which is what `as` does between these two types.
fn clamped(value: f64) -> i16 {
    value.round() as i16
}

/// Which share of the samples' energy lies at that frequency, 0 to 1, by Goertzel's algorithm: near 1 for the tone
/// itself, near 0 for silence, noise and speech.
#[must_use]
pub fn tone_share(samples: &[i16], frequency_hz: u16) -> f64 {
    let step = TAU * f64::from(frequency_hz) / f64::from(CLOCK_RATE_HZ);
    let coefficient = 2.0 * step.cos();
    let (mut last, mut before, mut energy) = (0.0_f64, 0.0_f64, 0.0_f64);
    for sample in samples {
        let value = f64::from(*sample);
        energy += value * value;
        (last, before) = (value + coefficient * last - before, last);
    }
    if energy <= 0.0 {
        return 0.0;
    }
    let power = last * last + before * before - coefficient * last * before;
    // A sine of N samples has energy N A^2 / 2 and Goertzel power (N A / 2)^2.
    let count = samples.len() as f64;
    (2.0 * power / (count * energy)).clamp(0.0, 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::g711::Law;

    fn samples(frequency_hz: u16, count: usize) -> Vec<i16> {
        let mut tone = Tone::new(frequency_hz, 8000, 1);
        (0..count).map(|_| tone.sample()).collect()
    }

    #[test]
    fn a_tone_is_found_where_it_is() {
        for frequency_hz in [440, 1004, 3000] {
            let tone = samples(frequency_hz, 1600);
            assert!(tone_share(&tone, frequency_hz) > 0.99, "{frequency_hz}");
            assert!(tone_share(&tone, frequency_hz + 150) < 0.02, "{frequency_hz}");
            for law in [Law::Mu, Law::A] {
                let heard: Vec<i16> = tone.iter().map(|sample| law.decode(law.encode(*sample))).collect();
                assert!(tone_share(&heard, frequency_hz) > 0.98, "{frequency_hz} {law:?}");
            }
        }
    }

    #[test]
    fn silence_and_noise_have_no_tone() {
        assert_eq!(tone_share(&[], 1004), 0.0);
        assert_eq!(tone_share(&[0; 160], 1004), 0.0);
        let mut noise = Tone::new(0, 32_000, 7);
        let noise: Vec<i16> = (0..8000).map(|_| noise.sample()).collect();
        assert!(tone_share(&noise, 1004) < 0.02);
    }

    #[test]
    fn the_largest_amplitude_does_not_wrap() {
        let mut tone = Tone::new(2000, i16::MAX, 3);
        let largest = (0..8000).map(|_| tone.sample()).max();
        assert_eq!(largest, Some(i16::MAX));
    }

    /// Half a minute of packets, no two alike even as µ-law: each can be recognised when it comes back.
    #[test]
    fn packets_differ() {
        let mut tone = Tone::new(1004, 8000, 1);
        let packets: std::collections::HashSet<Vec<u8>> =
            (0..1500).map(|_| (0..160).map(|_| Law::Mu.encode(tone.sample())).collect()).collect();
        assert_eq!(packets.len(), 1500);
    }
}
