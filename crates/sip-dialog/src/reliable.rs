//! Reliable provisional responses (RFC 3262).

use sip_message::{HeaderName, Headers, Method};

/// What a RAck acknowledges (RFC 3262 section 7.2).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct RAck<'m> {
    /// The RSeq of the provisional response.
    pub rseq: u32,
    /// The CSeq number of the request it answered.
    pub cseq: u32,
    /// The method of that request.
    pub method: Method<'m>,
}

impl<'m> RAck<'m> {
    /// Reads the RAck of a PRACK; `None` without a well-formed one.
    #[must_use]
    pub fn of(headers: Headers<'m>) -> Option<Self> {
        let value = headers.first(HeaderName::RAck)?;
        let mut words = value.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
        let (rseq, cseq, method) = (number(words.next()?)?, number(words.next()?)?, words.next()?);
        words.next().is_none().then_some(Self { rseq, cseq, method: Method::from_octets(method) })
    }
}

/// The RSeq of a response that has to be acknowledged: it requires `100rel` and names a number above zero.
#[must_use]
pub fn reliable_rseq(headers: Headers<'_>) -> Option<u32> {
    let requires = headers.option_tags(HeaderName::Require).any(|tag| tag.eq_ignore_ascii_case(b"100rel"));
    requires.then(|| headers.first(HeaderName::RSeq).and_then(number)).flatten().filter(|rseq| *rseq > 0)
}

/// What the side that asked does with a reliable provisional response.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ReliableOrder {
    /// It is the next one.
    Next,
    /// It came before: its PRACK is under way.
    Repeated,
    /// One before it is missing, so it is dropped until that has come (RFC 3262 section 4).
    TooEarly,
}

/// The last RSeq that was taken in a dialog.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct ReliableSequence {
    last: Option<u32>,
}

impl ReliableSequence {
    /// Takes an RSeq if it is the next; the first may be any.
    pub fn take(&mut self, rseq: u32) -> ReliableOrder {
        match self.last {
            Some(last) if rseq <= last => ReliableOrder::Repeated,
            Some(last) if rseq > last + 1 => ReliableOrder::TooEarly,
            _ => {
                self.last = Some(rseq);
                ReliableOrder::Next
            }
        }
    }
}

pub(crate) fn number(digits: &[u8]) -> Option<u32> {
    let text = std::str::from_utf8(digits).ok()?;
    text.bytes().all(|octet| octet.is_ascii_digit()).then(|| text.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order() {
        let mut sequence = ReliableSequence::default();
        assert_eq!(sequence.take(7), ReliableOrder::Next);
        assert_eq!(sequence.take(7), ReliableOrder::Repeated);
        assert_eq!(sequence.take(9), ReliableOrder::TooEarly);
        assert_eq!(sequence.take(8), ReliableOrder::Next);
        assert_eq!(sequence.take(9), ReliableOrder::Next);
        assert_eq!(sequence.take(1), ReliableOrder::Repeated);
    }

    #[test]
    fn numbers() {
        assert_eq!(number(b"4294967295"), Some(u32::MAX));
        for text in [&b""[..], b"-1", b"+1", b"4294967296", b"1x", b" 1"] {
            assert_eq!(number(text), None, "{}", text.escape_ascii());
        }
    }
}
