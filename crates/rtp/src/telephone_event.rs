//! Telephone events, the digits of a phone's keypad among them (RFC 4733 section 2.3).

/// The payload of a telephone-event packet.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct TelephoneEvent {
    /// 0 to 9 are the digits, 10 `*`, 11 `#`, 12 to 15 A to D; others are of other tables.
    pub event: u8,
    /// Whether the event ends with this packet; it is sent three times.
    pub end: bool,
    /// Loudness in decibels below the reference, 0 to 63.
    pub volume: u8,
    /// How long the event has lasted, in samples.
    pub duration: u16,
}

/// The payload is shorter than an event.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("a telephone event has four octets at least")]
pub struct BadTelephoneEvent;

impl TelephoneEvent {
    /// Reads the first event of a payload; further ones are redundancy.
    ///
    /// # Errors
    /// [`BadTelephoneEvent`].
    pub fn parse(payload: &[u8]) -> Result<Self, BadTelephoneEvent> {
        let [event, flags, high, low] = *payload.first_chunk::<4>().ok_or(BadTelephoneEvent)?;
        let duration = u16::from_be_bytes([high, low]);
        Ok(Self { event, end: flags & 0x80 != 0, volume: flags & 0x3f, duration })
    }

    /// The payload's octets; a volume above 63 is 63.
    #[must_use]
    pub fn octets(&self) -> [u8; 4] {
        let end = if self.end { 0x80 } else { 0 };
        let [high, low] = self.duration.to_be_bytes();
        [self.event, end | self.volume.min(0x3f), high, low]
    }

    /// The event of a key.
    #[must_use]
    pub fn of_key(key: char) -> Option<u8> {
        let place = "0123456789*#ABCD".chars().position(|known| known == key.to_ascii_uppercase())?;
        u8::try_from(place).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_read_and_written() {
        let event = TelephoneEvent { event: 11, end: true, volume: 10, duration: 800 };
        assert_eq!(event.octets(), [11, 0x8a, 3, 32]);
        assert_eq!(TelephoneEvent::parse(&[11, 0x8a, 3, 32]), Ok(event));
        assert_eq!(TelephoneEvent::parse(&[11, 0x8a, 3]), Err(BadTelephoneEvent));
        assert_eq!(TelephoneEvent { volume: 200, ..event }.octets(), [11, 0xbf, 3, 32]);
    }

    #[test]
    fn keys() {
        for (key, event) in
            [('0', Some(0)), ('9', Some(9)), ('*', Some(10)), ('#', Some(11)), ('d', Some(15)), ('x', None)]
        {
            assert_eq!(TelephoneEvent::of_key(key), event, "{key}");
        }
    }
}
