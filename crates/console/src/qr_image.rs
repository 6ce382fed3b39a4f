//! Texts to be scanned, as a drawing within the page: the policy of our pages loads none from elsewhere.

use qrcode::{Color, QrCode};
use std::fmt::Write as _;

/// Empty modules around the code, which scanners need (ISO/IEC 18004).
const QUIET: usize = 4;

/// A code, to be drawn as one path of unit squares.
pub(crate) struct QrImage {
    /// Modules on each side, the quiet zone among them.
    pub side: usize,
    /// The dark ones, as a path of SVG: digits and its commands only.
    pub path: String,
}

impl QrImage {
    /// The code of a text; none for what is too long for any.
    pub fn of(text: &str) -> Option<Self> {
        let code = QrCode::new(text).ok()?;
        let width = code.width();
        let mut path = String::new();
        for (y, row) in code.to_colors().chunks(width).enumerate() {
            let mut x = 0;
            for run in row.chunk_by(|one, other| one == other) {
                if run.first() == Some(&Color::Dark) {
                    // Writing to a String cannot fail.
                    let _ = write!(path, "M{} {}h{length}v1h-{length}z", x + QUIET, y + QUIET, length = run.len());
                }
                x += run.len();
            }
        }
        Some(Self { side: width + 2 * QUIET, path })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_has_its_three_corners() {
        let image = QrImage::of("https://sip.example.com/provision/q7Zb0-2fXk9sTnYcVhLpRw3uEgJm_1Aa").unwrap();
        let last = image.side - QUIET - 7;
        for corner in [
            format!("M{QUIET} {QUIET}h7v1h-7z"),
            format!("M{last} {QUIET}h7v1h-7z"),
            format!("M{QUIET} {last}h7v1h-7z"),
        ] {
            assert!(image.path.contains(&corner), "{corner}");
        }
        assert!(image.path.bytes().all(|octet| b"Mhvz -0123456789".contains(&octet)));
        assert!(QrImage::of(&"x".repeat(4000)).is_none());
    }
}
