//! Which phones are known to answer SHA-256, by their User-Agent. A phone that is not known gets MD5.
//!
//! The table is `user_agents.txt`, one product a line with the source of the fact. It is read once; matching looks at
//! the first octets of the header only and allocates nothing.

use std::sync::LazyLock;

/// Octets of a User-Agent that are looked at: real ones name their library within them, and nobody can make a long one
/// expensive.
const OCTETS_READ: usize = 256;

/// Whether a User-Agent names a product that is known to answer a SHA-256 challenge.
#[must_use]
pub fn answers_sha256(user_agent: &[u8]) -> bool {
    let read = user_agent.get(..OCTETS_READ).unwrap_or(user_agent);
    tokens(read).any(|token| KNOWN.iter().any(|known| known.is_named_by(token)))
}

static KNOWN: LazyLock<Vec<Product>> = LazyLock::new(|| {
    let lines = include_str!("user_agents.txt").lines().map(without_comment).filter(|line| !line.is_empty());
    // A test holds every line to be readable.
    lines.filter_map(Product::parse).collect()
});

/// A product from some version on.
#[derive(Debug, PartialEq, Eq)]
struct Product {
    /// Up to the version, separator included, in lower case.
    name: Box<[u8]>,
    first: Version,
}

/// Major and minor number.
type Version = (u32, u32);

fn without_comment(line: &str) -> &str {
    line.split('#').next().unwrap_or_default().trim()
}

impl Product {
    /// Reads `NAME SEPARATOR VERSION` and the one thing that is known of products so far.
    fn parse(line: &str) -> Option<Self> {
        let mut words = line.split_whitespace();
        let (pattern, does, rest) = (words.next()?, words.next()?, words.next());
        let end_of_name = pattern.trim_end_matches(|character: char| character.is_ascii_digit() || character == '.');
        let (name, first) = pattern.split_at(end_of_name.len());
        let separated = name.ends_with(['/', '_']) || name.ends_with("_v");
        let first = version(first.as_bytes())?;
        let name = name.replace('_', " ").to_ascii_lowercase().into_bytes().into_boxed_slice();
        (does == "SHA-256" && rest.is_none() && separated && name.len() > 1).then_some(Self { name, first })
    }

    /// Whether a text begins with this product and a version that is high enough.
    fn is_named_by(&self, text: &[u8]) -> bool {
        text.split_at_checked(self.name.len()).is_some_and(|(name, rest)| {
            name.eq_ignore_ascii_case(&self.name) && version(rest).is_some_and(|version| version >= self.first)
        })
    }
}

/// What follows from every place where a product may be named: the start, and after a space, parenthesis or comma.
fn tokens(user_agent: &[u8]) -> impl Iterator<Item = &[u8]> {
    let ends = |octet: &u8| matches!(octet, b' ' | b'\t' | b'(' | b')' | b',' | b';');
    let starts = user_agent.iter().enumerate().filter(move |(_, octet)| ends(octet)).map(|(place, _)| place + 1);
    std::iter::once(0).chain(starts).filter_map(|start| user_agent.get(start..))
}

/// The number or two that a text begins with; `None` if it begins with none, or with one beyond 32 bits.
fn version(text: &[u8]) -> Option<Version> {
    let (major, rest) = number(text)?;
    let minor = rest.strip_prefix(b".").and_then(number).map_or(0, |(minor, _)| minor);
    Some((major, minor))
}

fn number(text: &[u8]) -> Option<(u32, &[u8])> {
    let length = text.iter().take_while(|octet| octet.is_ascii_digit()).count();
    let (digits, rest) = text.split_at_checked(length)?;
    Some((str::from_utf8(digits).ok()?.parse().ok()?, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_is_read_and_names_its_source() {
        let lines: Vec<&str> = include_str!("user_agents.txt").lines().filter(|line| !line.is_empty()).collect();
        let products = lines.iter().filter(|line| !line.starts_with('#'));
        for line in products.clone() {
            assert!(Product::parse(without_comment(line)).is_some(), "{line}");
            assert!(line.split_once('#').is_some_and(|(_, source)| source.trim().len() > 5), "{line} has no source");
        }
        assert_eq!(products.count(), KNOWN.len());
        assert!((1..=64).contains(&KNOWN.len()), "each message compares with all of them");
    }

    #[test]
    fn lines_that_are_none_are_not_read() {
        for line in
            ["", "Phone", "Phone/1", "Phone/x SHA-256", "Phone1 SHA-256", "/1 SHA-256", "Phone/1 MD5", "a/1 SHA-256 b"]
        {
            assert_eq!(Product::parse(line), None, "{line}");
        }
        let parsed = Product::parse("Some_Phone_v3.12 SHA-256");
        assert_eq!(parsed, Some(Product { name: (*b"some phone v").into(), first: (3, 12) }));
    }

    #[test]
    fn phones_that_do() {
        for user_agent in [
            "Linphonec/5.1.65",
            "linphonec/12.0",
            "Linphone/5.1.65 (belle-sip/5.1.64)",
            "LinphoneiOS/4.5.1 (iPhone) LinphoneSDK/5.0.43",
            "LinphoneAndroid/4.6.0 (Galaxy S9) LinphoneSDK/5.1.0 (tags/5.1.0)",
            "Linphone Desktop/5.0.2 (Debian, Qt 5.15.2) LinphoneCore/5.2.0",
            "sipwarden-user-agent/0.1.0",
            "Something/1.0\tsipwarden-user-agent/0",
            "baresip v3.12.0 (x86_64/Linux)",
            "baresip v4.0.0 (x86_64/Linux)",
            "BARESIP V3.12",
        ] {
            assert!(answers_sha256(user_agent.as_bytes()), "{user_agent}");
        }
    }

    #[test]
    fn phones_that_do_not_or_are_not_known() {
        for user_agent in [
            "",
            "/",
            "sipsak 0.9.8.1",
            "baresip v1.0.0 (x86_64/linux)",
            "baresip v3.11.0 (x86_64/Linux)",
            "baresip v3",
            "baresip/3.12",
            "baresip  v3.12",
            "pyVoIP 1.6.8",
            "Twinkle/1.10.2",
            "SIP.js/0.21.2 sipsak",
            "Asterisk PBX 22.2.0",
            "Linphonec/4.4.0",
            "Linphonec/",
            "Linphonec/x",
            "Linphonec 5.1.65",
            "Linphone Desktop/4.2.5 (Debian, Qt 5.12.5) LinphoneCore/4.4.21",
            "Linphone/3.6.1 (eXosip2/4.0.0)",
            "NotLinphonec/5.1.65",
            "Linphonec/99999999999999999999",
            "sipwarden-user-agent",
            "JsSIP 3.13.0",
        ] {
            assert!(!answers_sha256(user_agent.as_bytes()), "{user_agent}");
        }
    }

    #[test]
    fn only_the_beginning_is_looked_at() {
        let at = |spaces: usize| [" ".repeat(spaces), "Linphonec/5".into()].concat();
        assert!(answers_sha256(at(OCTETS_READ - 11).as_bytes()));
        assert!(!answers_sha256(at(OCTETS_READ - 10).as_bytes()));
    }
}
