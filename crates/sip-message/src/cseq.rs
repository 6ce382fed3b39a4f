//! CSeq (RFC 3261 section 20.16).

use crate::grammar::{Cursor, TOKEN, is_space};
use crate::limits::MAX_CSEQ;
use crate::number::number;
use crate::{Defect, HeaderName, Method};

/// The value of a CSeq header.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct CSeq<'m> {
    /// The sequence number, at most [`crate::limits::MAX_CSEQ`].
    pub number: u32,
    /// The method, which a request must share with its start line.
    pub method: Method<'m>,
}

impl<'m> CSeq<'m> {
    pub(crate) fn parse(value: &'m [u8]) -> Result<Self, Defect> {
        const MALFORMED: Defect = Defect::Malformed(HeaderName::CSeq);
        let mut cursor = Cursor::new(value);
        let digits = cursor.take_while(|octet| !is_space(octet));
        let number = number(digits, MAX_CSEQ, HeaderName::CSeq)?;
        cursor.skip_space();
        let method = Some(cursor.rest).filter(|rest| TOKEN.covers(rest)).ok_or(MALFORMED)?;
        Ok(Self { number, method: Method::from_octets(method) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn number_and_method() {
        let read = |text: &'static [u8]| CSeq::parse(text).map(|cseq| (cseq.number, cseq.method));
        assert_eq!(read(b"0009\r\n  INVITE"), Ok((9, Method::Invite)));
        assert_eq!(read(b"2147483647 invite"), Ok((MAX_CSEQ, Method::Other(b"invite"))));
        assert_eq!(read(b"2147483648 INVITE"), Err(Defect::OutOfRange(HeaderName::CSeq)));
        for text in [&b""[..], b"1", b"INVITE", b"1INVITE", b"1 INVITE x", b"-1 INVITE", b"1 IN/VITE"] {
            assert_eq!(read(text), Err(Defect::Malformed(HeaderName::CSeq)), "{}", text.escape_ascii());
        }
    }
}
