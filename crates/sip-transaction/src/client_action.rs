//! What a client transaction asks of its owner.

/// How a client transaction ended for its user.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Outcome {
    /// A final response of that status came.
    Final(u16),
    /// No response in time: 64 times T1, or that long after CANCEL.
    TimedOut,
    /// The request could not be sent (RFC 3261 section 17.1.4).
    FlowFailed,
}

/// What the owner of a client transaction does next.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum ClientAction {
    /// Waits.
    Wait,
    /// Sends the request again.
    Retransmit,
    /// Tells the user of a provisional response of that status.
    Progress(u16),
    /// Tells the user how it ended, once; the transaction may live on to absorb repeated responses.
    Tell(Outcome),
    /// INVITE only: acknowledges a failure of that status (RFC 3261 section 17.1.1.3) and tells the user, once.
    AcknowledgeAndTell(u16),
    /// INVITE only: sends the ACK to a repeated failure again; the user knows already.
    Acknowledge,
    /// INVITE only: hands the user a 2xx that is not the first, repeated or from another fork, to acknowledge it
    /// (RFC 6026).
    Repeated(u16),
    /// Forgets the transaction.
    Forget,
}
