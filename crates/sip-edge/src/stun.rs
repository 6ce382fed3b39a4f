//! STUN Binding requests on the ports that speak SIP over UDP (RFC 5626 section 4.4.2, RFC 5389): a phone learns that
//! its flow still leads to us, and whether its NAT has given it another address since.
//!
//! A pure function of one datagram. Nothing is kept, and nobody is answered with more than a few octets beyond what
//! they sent.

use std::net::{IpAddr, SocketAddr};

/// Type, length, magic cookie and transaction identifier (RFC 5389 section 6).
const HEADER_OCTETS: usize = 20;
const MAGIC_COOKIE: [u8; 4] = 0x2112_a442_u32.to_be_bytes();
const BINDING_REQUEST: [u8; 2] = [0x00, 0x01];
const BINDING_SUCCESS: [u8; 2] = [0x01, 0x01];
const XOR_MAPPED_ADDRESS: [u8; 2] = [0x00, 0x20];
const FINGERPRINT: [u8; 2] = [0x80, 0x28];
/// What the CRC of a FINGERPRINT is combined with (RFC 5389 section 15.5).
const FINGERPRINT_XOR: u32 = 0x5354_554e;
/// Below this an attribute must be understood (RFC 5389 section 15).
const COMPREHENSION_OPTIONAL: u8 = 0x80;

/// Whether a datagram is STUN and no SIP: no SIP message begins with such an octet (RFC 5764 section 5.1.2).
#[must_use]
pub fn is_stun(datagram: &[u8]) -> bool {
    datagram.first().is_some_and(|first| *first < 4) && datagram.get(4..8) == Some(&MAGIC_COOKIE)
}

/// Appends the answer to a Binding request from that address; nothing if the datagram is anything else, is damaged, or
/// has attributes that would have to be understood: a keep-alive has none (RFC 5626 section 4.4.2).
pub fn answer_binding_request(datagram: &[u8], source: SocketAddr, out: &mut Vec<u8>) {
    let Some(transaction) = binding_request(datagram) else { return };
    let (family, address) = xored(source.ip().to_canonical(), &transaction);
    let value_octets = u8::try_from(4 + address.len()).unwrap_or(0);
    out.extend_from_slice(&BINDING_SUCCESS);
    out.extend_from_slice(&[0, value_octets + 4]);
    out.extend_from_slice(&MAGIC_COOKIE);
    out.extend_from_slice(&transaction);
    out.extend_from_slice(&XOR_MAPPED_ADDRESS);
    out.extend_from_slice(&[0, value_octets, 0, family]);
    let [high, low, ..] = MAGIC_COOKIE;
    out.extend_from_slice(&(source.port() ^ u16::from_be_bytes([high, low])).to_be_bytes());
    out.extend_from_slice(&address);
}

/// The transaction identifier of a Binding request without a fault.
fn binding_request(datagram: &[u8]) -> Option<[u8; 12]> {
    let (header, attributes) = datagram.split_first_chunk::<HEADER_OCTETS>()?;
    let (kind, rest) = header.split_first_chunk::<2>()?;
    let (length, rest) = rest.split_first_chunk::<2>()?;
    let (cookie, transaction) = rest.split_first_chunk::<4>()?;
    let is_whole = usize::from(u16::from_be_bytes(*length)) == attributes.len() && attributes.len() % 4 == 0;
    let is_request = *kind == BINDING_REQUEST && *cookie == MAGIC_COOKIE;
    if !is_request || !is_whole || !attributes_are_fine(datagram, attributes) {
        return None;
    }
    transaction.try_into().ok()
}

/// Whether every attribute is whole and may be ignored, and a FINGERPRINT is the last of them and right.
fn attributes_are_fine(datagram: &[u8], mut attributes: &[u8]) -> bool {
    while let Some((head, rest)) = attributes.split_first_chunk::<4>() {
        let [high, low, length_high, length_low] = *head;
        let length = usize::from(u16::from_be_bytes([length_high, length_low]));
        let Some((value, rest)) = rest.split_at_checked(length.next_multiple_of(4)) else { return false };
        if [high, low] == FINGERPRINT {
            let covered = datagram.len() - attributes.len();
            let expected = crc32(datagram.get(..covered).unwrap_or_default()) ^ FINGERPRINT_XOR;
            return length == 4 && rest.is_empty() && value == expected.to_be_bytes();
        }
        if high < COMPREHENSION_OPTIONAL {
            return false;
        }
        attributes = rest;
    }
    attributes.is_empty()
}

/// The family's number, and the address combined with the magic cookie and the transaction (RFC 5389 section 15.2).
fn xored(address: IpAddr, transaction: &[u8; 12]) -> (u8, Vec<u8>) {
    let mask = MAGIC_COOKIE.iter().chain(transaction);
    let combined = |octets: &[u8]| octets.iter().zip(mask).map(|(octet, mask)| octet ^ mask).collect();
    match address {
        IpAddr::V4(address) => (1, combined(&address.octets())),
        IpAddr::V6(address) => (2, combined(&address.octets())),
    }
}

/// CRC-32 of ISO 3309, bit by bit: keep-alives are few and short.
fn crc32(octets: &[u8]) -> u32 {
    let remainder = octets.iter().fold(u32::MAX, |remainder, octet| {
        (0..8).fold(remainder ^ u32::from(*octet), |remainder, _| {
            (remainder >> 1) ^ if remainder & 1 == 1 { 0xedb8_8320 } else { 0 }
        })
    });
    !remainder
}

#[cfg(test)]
mod tests {
    use super::*;

    const TRANSACTION: [u8; 12] = [0xb7, 0xe7, 0xa7, 0x01, 0xbc, 0x34, 0xd6, 0x86, 0xfa, 0x87, 0xdf, 0xae];

    fn request(attributes: &[u8]) -> Vec<u8> {
        let length = u16::try_from(attributes.len()).unwrap().to_be_bytes();
        [&BINDING_REQUEST[..], &length, &MAGIC_COOKIE, &TRANSACTION, attributes].concat()
    }

    fn answer(datagram: &[u8], source: &str) -> Vec<u8> {
        let mut out = Vec::new();
        answer_binding_request(datagram, source.parse().unwrap(), &mut out);
        out
    }

    /// With the FINGERPRINT that its octets and that attribute's own header ask for.
    fn fingerprinted(attributes: &[u8]) -> Vec<u8> {
        let mut datagram = request(&[attributes, &[0x80, 0x28, 0, 4, 0, 0, 0, 0]].concat());
        let covered = datagram.len() - 8;
        let crc = (crc32(&datagram[..covered]) ^ FINGERPRINT_XOR).to_be_bytes();
        datagram.truncate(covered + 4);
        datagram.extend_from_slice(&crc);
        datagram
    }

    /// The mapped addresses of RFC 5769 sections 2.2 and 2.3, which have this transaction identifier.
    #[test]
    fn the_mapped_addresses_of_rfc_5769() {
        let v4 = answer(&request(&[]), "192.0.2.1:32853");
        assert_eq!(v4[..4], [0x01, 0x01, 0, 12]);
        assert_eq!(v4[4..20], request(&[])[4..20]);
        assert_eq!(v4[20..], [0, 0x20, 0, 8, 0, 1, 0xa1, 0x47, 0xe1, 0x12, 0xa6, 0x43]);
        let v6 = answer(&request(&[]), "[2001:db8:1234:5678:11:2233:4455:6677]:32853");
        assert_eq!(v6[20..28], [0, 0x20, 0, 0x14, 0, 2, 0xa1, 0x47]);
        let expected = [1, 0x13, 0xa9, 0xfa, 0xa5, 0xd3, 0xf1, 0x79, 0xbc, 0x25, 0xf4, 0xb5, 0xbe, 0xd2, 0xb9, 0xd9];
        assert_eq!(v6[28..], expected);
        assert_eq!(answer(&request(&[]), "[::ffff:192.0.2.1]:32853"), v4);
    }

    #[test]
    fn the_check_value_of_the_crc() {
        assert_eq!(crc32(b"123456789"), 0xcbf4_3926);
    }

    #[test]
    fn fingerprints_are_checked() {
        let software = [0x80, 0x22, 0, 3, b'a', b'b', b'c', 0];
        assert_eq!(answer(&request(&software), "192.0.2.1:1").len(), 32);
        let good = fingerprinted(&software);
        assert_eq!(answer(&good, "192.0.2.1:1").len(), 32);
        // Without the two octets that make it a FINGERPRINT it is an attribute that may be ignored.
        for at in (20..good.len()).filter(|at| !(28..30).contains(at)) {
            let mut bad = good.clone();
            bad[at] ^= 1;
            assert_eq!(answer(&bad, "192.0.2.1:1"), [], "{at}");
        }
        let not_last = [&good[20..], &software].concat();
        assert_eq!(answer(&request(&not_last), "192.0.2.1:1"), []);
    }

    #[test]
    fn anything_else_is_not_answered() {
        let with = |change: fn(&mut Vec<u8>)| {
            let mut datagram = request(&[]);
            change(&mut datagram);
            datagram
        };
        for datagram in [
            Vec::new(),
            b"OPTIONS sip:a SIP/2.0\r\n\r\n".to_vec(),
            with(|it| it[1] = 0x11),
            with(|it| it[0] = 0x01),
            with(|it| it[4] = 0),
            with(|it| it[3] = 4),
            with(|it| it.push(0)),
            with(|it| it.truncate(19)),
            // USERNAME would have to be understood.
            request(&[0, 6, 0, 0]),
            request(&[0x80, 0x22, 0xff, 0xff]),
            request(&[0x80, 0x22]),
        ] {
            assert_eq!(answer(&datagram, "192.0.2.1:1"), [], "{datagram:?}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_datagram_is_read_beyond_its_end(mut datagram in proptest::collection::vec(0_u8.., 0..80), cookie: bool) {
            if cookie && datagram.len() >= 8 {
                datagram[..2].copy_from_slice(&BINDING_REQUEST);
                datagram[4..8].copy_from_slice(&MAGIC_COOKIE);
            }
            let _ = is_stun(&datagram);
            let answered = answer(&datagram, "[2001:db8::1]:5060");
            proptest::prop_assert!(answered.is_empty() || answered.len() == 44);
        }
    }
}
