//! Host names under which phones may address us.

use std::fmt;

/// A host name that leads to a realm, in lower case: 1 to 253 characters of letters, digits, `-`, `_` and dots.
///
/// Underscores are allowed although DNS host names have none: the default realm (`MA_….sip.localhost`) has one, and
/// phones that are given the realm as their domain send it as a host. [`HostName::is_legal`] tells the two apart.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HostName(Box<str>);

/// Why a text is not a [`HostName`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a host name is 1 to 253 letters, digits, '-' and '_' in labels of 1 to 63, separated by dots")]
pub struct HostNameError;

impl HostName {
    /// Parses and lower-cases a name; one trailing dot is dropped.
    ///
    /// # Errors
    /// [`HostNameError`] unless every label is well formed.
    pub fn parse(text: &str) -> Result<Self, HostNameError> {
        let text = text.strip_suffix('.').unwrap_or(text);
        let label_ok = |label: &str| {
            (1..=63).contains(&label.len())
                && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
                && !label.starts_with('-')
                && !label.ends_with('-')
        };
        if (1..=253).contains(&text.len()) && text.split('.').all(label_ok) {
            Ok(Self(text.to_ascii_lowercase().into_boxed_str()))
        } else {
            Err(HostNameError)
        }
    }

    /// The lower-case text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether every phone accepts it: no underscore (RFC 1123 section 2.1).
    #[must_use]
    pub fn is_legal(&self) -> bool {
        !self.0.contains('_')
    }
}

impl fmt::Display for HostName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for HostName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "HostName({})", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn host_names() {
        assert_eq!(HostName::parse("Sip.Example.COM.").map(|h| h.to_string()), Ok("sip.example.com".into()));
        assert!(HostName::parse("ma-xxxxxxxx.sip.localhost").is_ok_and(|h| h.is_legal()));
        assert!(HostName::parse("ma_xxxxxxxx.sip.localhost").is_ok_and(|h| !h.is_legal()));
        for bad in ["", ".", "a..b", "-a.b", "a-.b", "a b", "a:5060", "[::1]", "ä.de", &"a".repeat(64)] {
            assert!(HostName::parse(bad).is_err(), "{bad}");
        }
    }
}
