//! Messages out of WebSocket frames (RFC 6455 section 5), however they are cut.

use super::WebSocketFault;
use sip_message::limits::MAX_MESSAGE_OCTETS;
use std::io::Cursor;
use std::ops::Range;
use tungstenite::protocol::frame::FrameHeader;
use tungstenite::protocol::frame::coding::{CloseCode, Control, Data, OpCode};

/// Most octets of a control frame's payload (RFC 6455 section 5.5).
const MAX_CONTROL_OCTETS: usize = 125;

/// How a message was sent; it is answered likewise (RFC 7118 section 4).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub enum Kind {
    /// UTF-8.
    #[default]
    Text,
    /// Any octets.
    Binary,
}

/// What stands next in a WebSocket.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Incoming<'r> {
    /// A whole message.
    Message(Kind, &'r [u8]),
    /// To be answered by a pong with the same payload.
    Ping(&'r [u8]),
    /// Asks for nothing.
    Pong,
    /// The peer's last frame; to be answered by the same code, if it has one.
    Close(Option<u16>),
    /// Not yet a whole frame.
    Incomplete,
    /// Nothing that follows can be understood.
    Faulty(WebSocketFault),
}

/// Reads what a client sends. Holds no more than one message and one read, and nothing between messages.
#[derive(Debug, Default)]
pub struct MessageReader {
    input: Vec<u8>,
    /// How much of the input was handed out.
    taken: usize,
    fragments: Option<Fragments>,
}

/// The beginning of a message whose end has not come.
#[derive(Debug)]
struct Fragments {
    kind: Kind,
    octets: Vec<u8>,
    /// Handed out, and to be forgotten before the next frame is read.
    whole: bool,
}

struct FrameAt {
    header: FrameHeader,
    payload: Range<usize>,
}

impl MessageReader {
    /// A reader of a new WebSocket.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Appends octets as they came.
    pub fn feed(&mut self, octets: &[u8]) {
        self.input.drain(..self.taken);
        self.taken = 0;
        self.input.extend_from_slice(octets);
    }

    /// Whether part of a frame or of a message is there, so that its rest must follow.
    #[must_use]
    pub fn is_midway(&self) -> bool {
        self.taken < self.input.len() || self.fragments.as_ref().is_some_and(|fragments| !fragments.whole)
    }

    /// Takes what stands next.
    pub fn take(&mut self) -> Incoming<'_> {
        if self.fragments.as_ref().is_some_and(|fragments| fragments.whole) {
            self.fragments = None;
        }
        loop {
            let frame = match self.frame() {
                Ok(Some(frame)) => frame,
                Ok(None) => {
                    self.give_back();
                    return Incoming::Incomplete;
                }
                Err(fault) => return Incoming::Faulty(fault),
            };
            self.taken = frame.payload.end;
            match frame.header.opcode {
                OpCode::Control(control) => return self.control(control, frame.payload),
                OpCode::Data(data) => match self.data(data, &frame) {
                    Ok(None) => {}
                    Ok(Some(_)) => return self.message(data, frame.payload),
                    Err(fault) => return Incoming::Faulty(fault),
                },
            }
        }
    }

    /// The next frame, unmasked, once it is whole. What is wrong with it is found as soon as its header is there.
    fn frame(&mut self) -> Result<Option<FrameAt>, WebSocketFault> {
        let mut cursor = Cursor::new(self.input.get(self.taken..).unwrap_or_default());
        let parsed = FrameHeader::parse(&mut cursor).map_err(|_| WebSocketFault::Protocol("unknown kind of frame"))?;
        let Some((header, length)) = parsed else { return Ok(None) };
        let length = self.check(&header, length)?;
        let start = self.taken + usize::try_from(cursor.position()).unwrap_or(usize::MAX - length - self.taken);
        let payload = start..start + length;
        let Some(octets) = self.input.get_mut(payload.clone()) else { return Ok(None) };
        for (octet, mask) in octets.iter_mut().zip(header.mask.iter().flatten().cycle()) {
            *octet ^= mask;
        }
        Ok(Some(FrameAt { header, payload }))
    }

    fn check(&self, header: &FrameHeader, length: u64) -> Result<usize, WebSocketFault> {
        if header.rsv1 || header.rsv2 || header.rsv3 {
            return Err(WebSocketFault::Protocol("reserved bits without an extension"));
        }
        if header.mask.is_none() {
            // RFC 6455 section 5.1: what is not masked was perhaps not made by a WebSocket client at all.
            return Err(WebSocketFault::Protocol("a frame that is not masked"));
        }
        let length = usize::try_from(length).map_err(|_| WebSocketFault::TooLarge)?;
        match (header.opcode, &self.fragments) {
            (OpCode::Control(_), _) if !header.is_final => {
                Err(WebSocketFault::Protocol("a control frame in fragments"))
            }
            (OpCode::Control(_), _) if length > MAX_CONTROL_OCTETS => {
                Err(WebSocketFault::Protocol("a control frame that is too large"))
            }
            (OpCode::Data(Data::Continue), None) => Err(WebSocketFault::Protocol("a continuation of nothing")),
            (OpCode::Data(Data::Text | Data::Binary), Some(_)) => {
                Err(WebSocketFault::Protocol("a message within another"))
            }
            (OpCode::Data(_), fragments) => {
                let before = fragments.as_ref().map_or(0, |fragments| fragments.octets.len());
                let total = before.checked_add(length).filter(|total| *total <= MAX_MESSAGE_OCTETS);
                total.map(|_| length).ok_or(WebSocketFault::TooLarge)
            }
            (OpCode::Control(_), _) => Ok(length),
        }
    }

    /// Notes a data frame; `Some` when the message is whole with it.
    fn data(&mut self, data: Data, frame: &FrameAt) -> Result<Option<Kind>, WebSocketFault> {
        let octets = self.input.get(frame.payload.clone()).unwrap_or_default();
        let kind = match (&self.fragments, data) {
            (Some(fragments), _) => fragments.kind,
            (None, Data::Text) => Kind::Text,
            (None, _) => Kind::Binary,
        };
        if frame.header.is_final && self.fragments.is_none() {
            return is_of(kind, octets).then_some(Some(kind)).ok_or(WebSocketFault::NotText);
        }
        let fragments = self.fragments.get_or_insert_with(|| Fragments { kind, octets: Vec::new(), whole: false });
        fragments.octets.extend_from_slice(octets);
        if !frame.header.is_final {
            return Ok(None);
        }
        fragments.whole = true;
        is_of(kind, &fragments.octets).then_some(Some(kind)).ok_or(WebSocketFault::NotText)
    }

    /// The message that a frame has made whole: the frame's own payload, or the fragments before it with it.
    fn message(&self, data: Data, payload: Range<usize>) -> Incoming<'_> {
        match &self.fragments {
            Some(fragments) => Incoming::Message(fragments.kind, &fragments.octets),
            None => {
                let kind = if data == Data::Text { Kind::Text } else { Kind::Binary };
                Incoming::Message(kind, self.input.get(payload).unwrap_or_default())
            }
        }
    }

    fn control(&self, control: Control, payload: Range<usize>) -> Incoming<'_> {
        let payload = self.input.get(payload).unwrap_or_default();
        match control {
            Control::Ping => Incoming::Ping(payload),
            Control::Pong => Incoming::Pong,
            Control::Close => closing(payload).map_or_else(Incoming::Faulty, Incoming::Close),
            Control::Reserved(_) => Incoming::Faulty(WebSocketFault::Protocol("unknown kind of frame")),
        }
    }

    fn give_back(&mut self) {
        if self.taken == self.input.len() {
            self.input = Vec::new();
            self.taken = 0;
        }
    }
}

fn is_of(kind: Kind, octets: &[u8]) -> bool {
    kind == Kind::Binary || std::str::from_utf8(octets).is_ok()
}

/// The code of a close frame, which may have none (RFC 6455 section 5.5.1).
fn closing(payload: &[u8]) -> Result<Option<u16>, WebSocketFault> {
    match payload {
        [] => Ok(None),
        [high, low, reason @ ..] => {
            let code = u16::from_be_bytes([*high, *low]);
            if !CloseCode::from(code).is_allowed() {
                return Err(WebSocketFault::Protocol("a close code that nobody may send"));
            }
            if std::str::from_utf8(reason).is_err() {
                return Err(WebSocketFault::NotText);
            }
            Ok(Some(code))
        }
        [_] => Err(WebSocketFault::Protocol("half a close code")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Incoming::{Close, Faulty, Incomplete, Message, Ping, Pong};

    const FINAL: u8 = 0x80;
    const MASK: [u8; 4] = [0xa1, 0x02, 0xff, 0x10];

    /// A client's frame; the first octet is given as it is.
    fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
        let length = match payload.len() {
            length @ 0..126 => vec![0x80 | length as u8],
            length @ 126..65_536 => [&[0x80 | 126][..], &(length as u16).to_be_bytes()].concat(),
            length => [&[0x80 | 127][..], &(length as u64).to_be_bytes()].concat(),
        };
        let masked: Vec<u8> = payload.iter().zip(MASK.iter().cycle()).map(|(octet, mask)| octet ^ mask).collect();
        [&[first][..], &length, &MASK, &masked].concat()
    }

    /// What comes of these octets, fed whole and octet by octet alike.
    fn read(octets: &[u8]) -> Vec<String> {
        let run = |pieces: &mut dyn Iterator<Item = &[u8]>| {
            let (mut reader, mut seen) = (MessageReader::new(), Vec::new());
            for piece in pieces {
                reader.feed(piece);
                loop {
                    match reader.take() {
                        Incomplete => break,
                        Faulty(fault) => {
                            seen.push(format!("faulty {} {}", fault.code(), fault.describe()));
                            return seen;
                        }
                        Message(kind, octets) => seen.push(format!("{kind:?} {}", String::from_utf8_lossy(octets))),
                        Ping(payload) => seen.push(format!("ping {}", String::from_utf8_lossy(payload))),
                        Pong => seen.push("pong".into()),
                        Close(code) => seen.push(format!("close {code:?}")),
                    }
                }
            }
            if reader.is_midway() {
                seen.push("midway".into());
            }
            seen
        };
        let whole = run(&mut [octets].into_iter());
        assert_eq!(whole, run(&mut octets.chunks(1)), "cut differently, read differently");
        whole
    }

    #[test]
    fn messages_of_both_kinds_and_control_frames_between_fragments() {
        let octets = [
            frame(FINAL | 1, b"REGISTER"),
            frame(FINAL | 2, b"\xff\xfe"),
            frame(1, b"OPT"),
            frame(FINAL | 9, b"are you there"),
            frame(0, b""),
            frame(FINAL | 10, b""),
            frame(FINAL, b"IONS"),
            frame(FINAL | 1, b""),
            frame(FINAL | 8, b""),
        ];
        assert_eq!(
            read(&octets.concat()),
            [
                "Text REGISTER",
                "Binary \u{fffd}\u{fffd}",
                "ping are you there",
                "pong",
                "Text OPTIONS",
                "Text ",
                "close None"
            ]
        );
    }

    #[test]
    fn what_is_not_whole_is_midway() {
        let message = frame(FINAL | 1, b"REGISTER");
        assert_eq!(read(&message[..1]), ["midway"]);
        assert_eq!(read(&message[..message.len() - 1]), ["midway"]);
        assert_eq!(read(&frame(1, b"REG")), ["midway"]);
        assert_eq!(read(&[frame(1, b"REG"), frame(FINAL | 9, b"")].concat()), ["ping ", "midway"]);
        assert_eq!(read(&message), ["Text REGISTER"]);
    }

    #[test]
    fn sizes_have_their_ends() {
        let largest = vec![b'a'; MAX_MESSAGE_OCTETS];
        let mut reader = MessageReader::new();
        reader.feed(&frame(FINAL | 2, &largest));
        assert_eq!(reader.take(), Message(Kind::Binary, &largest));
        // Said before the payload comes: a header is enough.
        let header = |length: u64| [&[FINAL | 2, 0x80 | 127][..], &length.to_be_bytes(), &MASK].concat();
        for length in [65_536, u64::from(u32::MAX), u64::MAX] {
            assert_eq!(read(&header(length)), ["faulty 1009 message too large"]);
        }
        let fragments = [frame(2, &largest), frame(0, b"b")].concat();
        assert_eq!(read(&fragments), ["faulty 1009 message too large"]);
        assert_eq!(read(&frame(FINAL | 9, &[b'p'; 126])), ["faulty 1002 a control frame that is too large"]);
        assert_eq!(read(&frame(FINAL | 9, &[b'p'; 125])).len(), 1);
    }

    #[test]
    fn what_no_client_may_send() {
        let unmasked = [FINAL | 1, 2, b'h', b'i'];
        assert_eq!(read(&unmasked), ["faulty 1002 a frame that is not masked"]);
        for (octets, fault) in [
            (frame(FINAL | 0x40 | 1, b"x"), "1002 reserved bits without an extension"),
            (frame(FINAL | 3, b"x"), "1002 unknown kind of frame"),
            (frame(FINAL | 11, b"x"), "1002 unknown kind of frame"),
            (frame(9, b"x"), "1002 a control frame in fragments"),
            (frame(FINAL, b"x"), "1002 a continuation of nothing"),
            ([frame(1, b"x"), frame(FINAL | 1, b"y")].concat(), "1002 a message within another"),
            (frame(FINAL | 1, b"\xff"), "1007 text that is no UTF-8"),
            ([frame(1, b"\xc3"), frame(FINAL, b"\x28")].concat(), "1007 text that is no UTF-8"),
            (frame(FINAL | 8, b"\x03"), "1002 half a close code"),
            (frame(FINAL | 8, &1005_u16.to_be_bytes()), "1002 a close code that nobody may send"),
            (frame(FINAL | 8, b"\x03\xe8\xff"), "1007 text that is no UTF-8"),
        ] {
            assert_eq!(read(&octets), [format!("faulty {fault}")]);
        }
        // A character that two fragments share is whole in the message.
        assert_eq!(read(&[frame(1, b"\xc3"), frame(FINAL, b"\xa9")].concat()), ["Text \u{e9}"]);
        assert_eq!(read(&frame(FINAL | 8, b"\x03\xe9bye")), ["close Some(1001)"]);
    }

    #[test]
    fn nothing_is_held_between_messages() {
        let mut reader = MessageReader::new();
        reader.feed(&[frame(1, &[b'a'; 9_000]), frame(FINAL, &[b'b'; 9_000])].concat());
        assert!(matches!(reader.take(), Message(Kind::Text, octets) if octets.len() == 18_000));
        assert_eq!(reader.take(), Incomplete);
        assert_eq!((reader.input.capacity(), reader.fragments.is_none()), (0, true));
    }
}
