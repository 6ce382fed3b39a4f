//! The bounds of a description, so that what a peer may make us keep is known beforehand.

/// Most octets one description may have; no SIP message has room for more.
pub const MAX_OCTETS: usize = 65_535;
/// Most streams one description may have.
pub const MAX_STREAMS: usize = 32;
/// Most formats one stream may list, and most `rtpmap`, `fmtp` and `crypto` lines it may have of each.
pub const MAX_FORMATS: usize = 64;
