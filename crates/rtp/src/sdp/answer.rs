//! Answering an offer (RFC 3264 section 6): the first audio stream that can be spoken is taken, the others are refused
//! where they stand.

use super::description::{Address, Direction, MediaDescription, Protection, SessionDescription, Spoken};
use super::offer::{LocalMedia, encoding_of, head, write_line, write_map, write_telephone_event};
use crate::g711::Law;
use std::net::IpAddr;

/// An answer and what it agrees on.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Answer {
    /// The description to send.
    pub sdp: String,
    /// What was agreed on.
    pub chosen: Chosen,
}

/// The stream that both sides have agreed on.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Chosen {
    /// Payload types and their laws, the other side's most wanted first; never empty.
    pub laws: Vec<(u8, Law)>,
    /// The payload type of telephone events, if both speak them.
    pub telephone_event: Option<u8>,
    /// Where the other side wants its packets; `None` if it gave a name or nothing.
    pub address: Option<IpAddr>,
    /// The port that goes with it.
    pub port: u16,
    /// As the other side has written it: [`Direction::receives`] says whether it may be sent anything.
    pub direction: Direction,
}

/// No stream of the offer can be taken; the request is answered 488.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("the offer has no audio stream over RTP/AVP with PCMU or PCMA at 8000 Hz")]
pub struct NotAnswerable;

impl Chosen {
    /// Whether packets of that payload type belong to the stream.
    #[must_use]
    pub fn speaks(&self, payload_type: u8) -> bool {
        self.telephone_event == Some(payload_type) || self.laws.iter().any(|(known, _)| *known == payload_type)
    }
}

/// Answers an offer.
///
/// # Errors
/// [`NotAnswerable`].
pub fn answer(offer: &SessionDescription<'_>, local: &LocalMedia) -> Result<Answer, NotAnswerable> {
    let chosen_at = offer.media.iter().position(|stream| choose(offer, stream).is_some()).ok_or(NotAnswerable)?;
    let mut sdp = head(local);
    let mut chosen = None;
    for (place, stream) in offer.media.iter().enumerate() {
        match choose(offer, stream).filter(|_| place == chosen_at) {
            Some(taken) => {
                write_taken(&mut sdp, local, stream, &taken);
                chosen = Some(taken);
            }
            None => {
                // The refused formats say nothing, but the grammar wants one (RFC 3264 section 6).
                let format = stream.formats.first().copied().unwrap_or("0");
                write_line(&mut sdp, format_args!("m={} 0 {} {format}", stream.kind, stream.protocol));
            }
        }
    }
    chosen.map(|chosen| Answer { sdp, chosen }).ok_or(NotAnswerable)
}

/// What can be taken of a stream; `None` if it is to be refused.
pub(super) fn choose(description: &SessionDescription<'_>, stream: &MediaDescription<'_>) -> Option<Chosen> {
    if stream.kind != "audio" || stream.port == 0 || stream.protection() != Protection::None {
        return None;
    }
    let address = match description.address_of(stream)? {
        Address::Ip(address) if address.is_multicast() => return None,
        Address::Ip(address) => Some(address),
        Address::Name(_) => None,
    };
    let spoken = |payload_type| Some((payload_type, stream.spoken(payload_type)?));
    let mut laws: Vec<(u8, Law)> = Vec::new();
    let mut telephone_event = None;
    for (payload_type, meaning) in stream.payload_types().filter_map(spoken) {
        match meaning {
            Spoken::G711(law) if laws.iter().all(|(known, _)| *known != payload_type) => laws.push((payload_type, law)),
            Spoken::TelephoneEvent if telephone_event.is_none() => telephone_event = Some(payload_type),
            _ => {}
        }
    }
    let direction = description.direction_of(stream);
    (!laws.is_empty()).then_some(Chosen { laws, telephone_event, address, port: stream.port, direction })
}

fn write_taken(sdp: &mut String, local: &LocalMedia, stream: &MediaDescription<'_>, taken: &Chosen) {
    let types = taken.laws.iter().map(|(payload_type, _)| *payload_type).chain(taken.telephone_event);
    let list: Vec<String> = types.map(|payload_type| payload_type.to_string()).collect();
    write_line(sdp, format_args!("m=audio {} {} {}", local.port, stream.protocol, list.join(" ")));
    for (payload_type, law) in &taken.laws {
        write_map(sdp, *payload_type, encoding_of(*law));
    }
    if let Some(payload_type) = taken.telephone_event {
        write_telephone_event(sdp, payload_type);
    }
    // What comes back has as much in each packet as what was sent, whatever that was.
    if let Some(packet_time_ms) = stream.packet_time_ms {
        write_line(sdp, format_args!("a=ptime:{packet_time_ms}"));
    }
    if stream.rtcp_mux {
        write_line(sdp, format_args!("a=rtcp-mux"));
    }
    write_line(sdp, format_args!("a={}", taken.direction.mirrored().as_str()));
}
