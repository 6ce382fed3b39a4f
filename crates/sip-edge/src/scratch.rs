//! Buffers a worker reuses from message to message, so that handling one allocates nothing.

use domain::Timestamp;
use sip_message::HeaderSpans;
use sip_transaction::TransactionKey;
use sip_transport::Outbox;
use std::io::Write as _;

/// A worker's buffers.
#[derive(Default)]
pub struct Scratch {
    /// Lent out while a message is handled; in a box, because it is large and lending moves it.
    pub(crate) spans: Option<Box<HeaderSpans>>,
    pub(crate) key: TransactionKey,
    pub(crate) path: Vec<u8>,
    pub(crate) contacts: Vec<u8>,
    pub(crate) value: Vec<u8>,
    pub(crate) service_route: Vec<u8>,
    /// The key of the INVITE that a CANCEL means.
    pub(crate) cancelled: TransactionKey,
    /// What calls send while one message is handled.
    pub(crate) sent: Outbox,
    date: DateText,
}

impl Scratch {
    /// New buffers.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Brings the Date header's value (RFC 3261 section 20.17) to that moment; it is written once a second.
    pub(crate) fn renew_date(&mut self, now: Timestamp) {
        self.date.renew(now);
    }

    /// The Date header's value as of the last [`Self::renew_date`].
    pub(crate) fn date(&self) -> &[u8] {
        &self.date.text
    }
}

#[derive(Default)]
struct DateText {
    second: u64,
    text: Vec<u8>,
}

impl DateText {
    fn renew(&mut self, now: Timestamp) {
        let second = now.as_unix_seconds();
        if self.text.is_empty() || second != self.second {
            self.second = second;
            self.text.clear();
            let moment = i64::try_from(second).ok().and_then(|second| jiff::Timestamp::from_second(second).ok());
            if let Some(moment) = moment {
                // Writing to a Vec cannot fail.
                let _ = write!(self.text, "{}", moment.strftime("%a, %d %b %Y %H:%M:%S GMT"));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_those_of_rfc_3261() {
        let mut scratch = Scratch::new();
        for (second, date) in [
            (1_289_692_989, "Sun, 14 Nov 2010 00:03:09 GMT"),
            (1_289_692_990, "Sun, 14 Nov 2010 00:03:10 GMT"),
            (0, "Thu, 01 Jan 1970 00:00:00 GMT"),
        ] {
            scratch.renew_date(Timestamp::from_seconds(second));
            assert_eq!(scratch.date(), date.as_bytes());
        }
    }
}
