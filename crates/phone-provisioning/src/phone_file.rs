//! The names under which desk phones ask for their configuration.

use domain::MacAddress;

/// Which part of a phone's configuration is meant.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Part {
    /// What it asks for first; all there is but for Polycom's.
    Main,
    /// The line, which Polycom phones ask for next.
    Line,
}

/// A file that a desk phone asks for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct PhoneFile {
    /// Whose it is.
    pub mac: MacAddress,
    /// Which part.
    pub part: Part,
}

impl PhoneFile {
    /// Reads `<mac>.cfg`, `<mac>.xml`, `<mac>.htm`, `cfg<mac>.xml` (Grandstream) and `<mac>-reg.cfg` (Polycom), the
    /// address in either case. Other names are those of files that there are none of.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        let (stem, extension) = name.rsplit_once('.')?;
        if !matches!(extension, "cfg" | "xml" | "htm") {
            return None;
        }
        let (digits, part) = if let Some(digits) = stem.strip_suffix("-reg") {
            (digits, Part::Line)
        } else {
            (stem.strip_prefix("cfg").unwrap_or(stem), Part::Main)
        };
        let mac = if digits.len() == 12 { MacAddress::parse(digits).ok()? } else { return None };
        Some(Self { mac, part })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        let mac = MacAddress::parse("805ec012abcd").unwrap();
        for name in ["805ec012abcd.cfg", "805EC012ABCD.xml", "cfg805ec012abcd.xml", "805ec012abcd.htm"] {
            assert_eq!(PhoneFile::parse(name), Some(PhoneFile { mac, part: Part::Main }), "{name}");
        }
        assert_eq!(PhoneFile::parse("805ec012abcd-reg.cfg"), Some(PhoneFile { mac, part: Part::Line }));
        for name in ["y000000000066.cfg", "805ec012abcd", "805ec012abcd.rom", "80:5e:c0:12:ab:cd.cfg", "cfg.xml", ""] {
            assert_eq!(PhoneFile::parse(name), None, "{name}");
        }
    }
}
