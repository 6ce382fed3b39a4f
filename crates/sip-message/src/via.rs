//! Via (RFC 3261 section 20.42, RFC 3581).

use crate::grammar::{Cursor, TOKEN, is_space, trim};
use crate::number::port;
use crate::params::Param;
use crate::{Defect, HeaderName, HostPort, Params};

/// One value of a Via header.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Via<'m> {
    /// The transport as sent (`UDP`, `TCP`, `TLS`, `WS`, …, or one we do not know).
    pub transport: &'m [u8],
    /// Where the sender says it listens: sent-by.
    pub host: HostPort<'m>,
    /// The branch parameter, which names the transaction if it starts with `z9hG4bK`.
    pub branch: Option<&'m [u8]>,
    /// Whether the sender asks for, or a server noted, the source port.
    pub rport: Rport,
    /// The source address a server noted, as sent.
    pub received: Option<&'m [u8]>,
    /// All parameters.
    pub params: Params<'m>,
    /// The whole value as sent, from its first octet to its last.
    pub(crate) text: &'m [u8],
}

/// The rport parameter (RFC 3581 section 3).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Rport {
    /// Not there.
    Absent,
    /// There without a value: the sender asks that responses go to its source port.
    Requested,
    /// The source port a server noted.
    Port(u16),
}

const MALFORMED: Defect = Defect::Malformed(HeaderName::Via);
const REPEATED: Defect = Defect::DuplicateParameter(HeaderName::Via);

impl<'m> Via<'m> {
    /// Reads one value and stops before the comma or end behind it.
    pub(crate) fn read(cursor: &mut Cursor<'m>) -> Result<Self, Defect> {
        let mut start = *cursor;
        start.skip_space();
        let transport = read_transport(cursor).ok_or(MALFORMED)?;
        let host = HostPort::read(cursor).ok_or(MALFORMED)?;
        let (params, text) = (Params::default(), &[][..]);
        let mut via = Self { transport, host, branch: None, rport: Rport::Absent, received: None, params, text };
        via.params = Params::read(cursor, MALFORMED, |param| via.note(param))?;
        via.text = trim(cursor.since(&start));
        Ok(via)
    }

    fn note(&mut self, param: Param<'m>) -> Result<(), Defect> {
        match param.name.len() {
            6 if param.name.eq_ignore_ascii_case(b"branch") => set_once(&mut self.branch, param),
            8 if param.name.eq_ignore_ascii_case(b"received") => set_once(&mut self.received, param),
            5 if param.name.eq_ignore_ascii_case(b"rport") => {
                if self.rport != Rport::Absent {
                    return Err(REPEATED);
                }
                self.rport = match param.value {
                    None => Rport::Requested,
                    Some(digits) => Rport::Port(port(digits).ok_or(MALFORMED)?),
                };
                Ok(())
            }
            _ => Ok(()),
        }
    }
}

fn set_once<'m>(field: &mut Option<&'m [u8]>, param: Param<'m>) -> Result<(), Defect> {
    match (field.replace(param.unquoted()), param.value) {
        (None, Some(_)) => Ok(()),
        (None, None) => Err(MALFORMED),
        (Some(_), _) => Err(REPEATED),
    }
}

/// Reads `SIP / 2.0 / transport` and the white space that must follow it.
///
/// Name and version may be any token: a request of another version is answered through its Via as well.
fn read_transport<'m>(cursor: &mut Cursor<'m>) -> Option<&'m [u8]> {
    cursor.skip_space();
    cursor.take_class(TOKEN)?;
    cursor.take_separator(b'/')?;
    cursor.take_class(TOKEN)?;
    cursor.take_separator(b'/')?;
    let transport = cursor.take_class(TOKEN)?;
    cursor.peek().filter(|octet| is_space(*octet))?;
    cursor.skip_space();
    Some(transport)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &'static [u8]) -> Result<Via<'static>, Defect> {
        Via::read(&mut Cursor::new(text))
    }

    #[test]
    fn every_part() {
        let via = read(b"SIP/2.0/TLS [2001:db8::1]:5061;rport=4711;received=192.0.2.1;branch=z9hG4bKx;ttl=1").unwrap();
        assert_eq!(via.transport, b"TLS");
        assert_eq!(via.host, HostPort { octets: b"[2001:db8::1]", port: Some(5061) });
        assert_eq!(via.host.ip(), Some("2001:db8::1".parse().unwrap()));
        assert_eq!((via.branch, via.rport), (Some(&b"z9hG4bKx"[..]), Rport::Port(4711)));
        assert_eq!(via.received, Some(&b"192.0.2.1"[..]));
        assert_eq!(via.params.find("ttl"), Some(&b"1"[..]));
    }

    #[test]
    fn rport_without_value_is_a_request() {
        let via = read(b"SIP/2.0/UDP host;rport;branch=z9hG4bKx").unwrap();
        assert_eq!((via.rport, via.host.port, via.host.ip()), (Rport::Requested, None, None));
    }

    #[test]
    fn faults() {
        for text in [
            &b""[..],
            b"SIP/2.0",
            b"SIP/2.0/UDP",
            b"SIP/2.0/UDP ;branch=x",
            b"SIP/2.0/UDPhost",
            b"SIP/2.0/UDP host:0",
            b"SIP/2.0/UDP host:",
            b"SIP/2.0/UDP host:65536",
            b"SIP/2.0/UDP [::1",
            b"SIP/2.0/UDP [hello]",
            b"SIP/2.0/UDP host;branch",
            b"SIP/2.0/UDP host;rport=x",
            b"SIP/2.0/UDP host;;branch=x",
        ] {
            assert_eq!(read(text), Err(MALFORMED), "{}", text.escape_ascii());
        }
        for text in [&b"SIP/2.0/UDP h;branch=a;branch=a"[..], b"SIP/2.0/UDP h;rport;rport=1"] {
            assert_eq!(read(text), Err(REPEATED), "{}", text.escape_ascii());
        }
    }
}
