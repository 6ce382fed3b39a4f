//! What a peer does wrong in WebSocket frames.

use tungstenite::protocol::frame::coding::CloseCode;

/// Why a WebSocket cannot be used any further (RFC 6455 section 7.4.1).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum WebSocketFault {
    /// A frame that is not allowed, or not there.
    Protocol(&'static str),
    /// A text message that is no UTF-8.
    NotText,
    /// A message above [`sip_message::limits::MAX_MESSAGE_OCTETS`].
    TooLarge,
}

impl WebSocketFault {
    /// A short description, fit for a log line.
    #[must_use]
    pub const fn describe(self) -> &'static str {
        match self {
            Self::Protocol(reason) => reason,
            Self::NotText => "text that is no UTF-8",
            Self::TooLarge => "message too large",
        }
    }

    /// The code that the peer is told.
    #[must_use]
    pub fn code(self) -> u16 {
        let code = match self {
            Self::Protocol(_) => CloseCode::Protocol,
            Self::NotText => CloseCode::Invalid,
            Self::TooLarge => CloseCode::Size,
        };
        code.into()
    }
}
