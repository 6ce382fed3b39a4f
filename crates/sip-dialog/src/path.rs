//! How a leg is reached, as far as its messages say so.

/// What the messages of one leg say of how we are reached over it. Whoever owns the sockets decides it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Path {
    /// Sent-protocol and sent-by of our Via: `SIP/2.0/UDP 192.0.2.1:5060`. Anything but `branch` may follow, such as
    /// `;rport`.
    pub via: Box<[u8]>,
    /// Our Contact: `<sip:192.0.2.1:5060;transport=udp>`.
    pub contact: Box<[u8]>,
    /// Route values that a request outside any dialog takes, such as the Path of a binding (RFC 3327), separated by
    /// commas; empty for none.
    pub route: Box<[u8]>,
}
