//! Every bound of the codec, in one place, so that what a peer may make us do is known beforehand.

/// Most octets one message may have on any transport: the largest UDP payload, and what a `u16` span can point into.
pub const MAX_MESSAGE_OCTETS: usize = 65_535;

/// Most header lines one message may have; a message with more is answered 513.
pub const MAX_HEADERS: usize = 128;

/// Most octets a start line and header block may have on a stream before its end must have been seen.
pub const MAX_HEAD_OCTETS: usize = 32_768;

/// Largest `CSeq` number (RFC 3261 section 8.1.1.5: less than 2^31).
pub const MAX_CSEQ: u32 = 0x7fff_ffff;

/// Most parameters one digest challenge or credentials value may have; far above any scheme's count.
pub const MAX_AUTH_PARAMS: usize = 32;

/// Most octets of a Request-URI; a longer one is answered 414.
pub const MAX_REQUEST_URI_OCTETS: usize = 2_048;

/// Most parameters, and most headers, one SIP URI may have; comparing two URIs takes the product of their counts.
pub const MAX_URI_PARAMS: usize = 32;
