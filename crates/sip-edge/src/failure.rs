//! Every refusal of a request, and the one place that gives it a SIP status.

use crate::calls::CallRefusal;
use sip_message::Defect;
use sip_message::write::Status;
use sip_registrar::{NotTheirAddressOfRecord, Rejection};

/// Why a request is answered with an error, other than a challenge.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Failure {
    /// The request breaks the grammar or lacks what every request has.
    Defect(Defect),
    /// The Request-URI is neither sip nor sips (RFC 3261 section 8.2.2.1).
    UnsupportedScheme,
    /// Max-Forwards is zero (RFC 3261 section 16.3).
    TooManyHops,
    /// Require or Proxy-Require names what we do not do (RFC 3261 section 8.2.2.3).
    BadExtension,
    /// CANCEL or a request inside a dialog that we do not have.
    NoSuchTransaction,
    /// A copy of a request that came by another path (RFC 3261 section 8.2.2.2).
    Merged,
    /// A REGISTER for somebody else's address-of-record.
    NotTheirAddressOfRecord,
    /// `*` beside other contacts or without `Expires: 0`.
    MisplacedWildcard,
    /// An interval shorter than we grant.
    IntervalTooBrief,
    /// More contacts than an address-of-record may have.
    TooManyContacts,
    /// An outbound registration through a proxy that keeps no flow (RFC 5626 section 6).
    FirstHopLacksOutbound,
    /// More bindings than one answer can list.
    TooLongToList,
    /// An answer that no datagram carries.
    TooLongToAnswer,
    /// An older request came after a newer one.
    OutOfOrder,
    /// A Route to us whose flow token we did not make, or that was changed.
    NotOurFlowToken,
    /// The flow that a token names is gone (RFC 5626 section 5.3.1).
    FlowFailed,
    /// A method we know and do not allow.
    MethodNotAllowed,
    /// A method we do not know.
    NotImplemented,
    /// Nobody of that name.
    NotFound,
    /// Somebody of that name who cannot be reached now.
    TemporarilyUnavailable,
    /// What was asked could not be made durable.
    NotStored,
    /// The storage does not keep up, or as many calls are up as this node carries; try again later.
    Overloaded,
    /// The database has not been heard for longer than what is known here may be answered by.
    NoLease,
    /// A call that its caller may not make, or that leads nowhere.
    Call(CallRefusal),
}

impl Failure {
    /// The status line it is answered with.
    #[must_use]
    pub const fn status(self) -> Status<'static> {
        match self {
            Self::Defect(defect) => Status { code: defect.status(), reason: defect.reason_phrase() },
            Self::UnsupportedScheme => Status::of(416),
            Self::TooManyHops => Status::of(483),
            Self::BadExtension => Status::of(420),
            Self::NoSuchTransaction => Status::of(481),
            Self::Merged => Status::of(482),
            Self::NotTheirAddressOfRecord => Status { code: 403, reason: "Not Your Address-of-Record" },
            Self::MisplacedWildcard => Status { code: 400, reason: "Wildcard Contact Needs Expires 0 And No Other" },
            Self::IntervalTooBrief => Status::of(423),
            Self::TooManyContacts => Status { code: 403, reason: "Too Many Contacts" },
            Self::FirstHopLacksOutbound => Status::of(439),
            Self::TooLongToList => Status { code: 513, reason: "Too Many Long Contacts For One Answer" },
            Self::TooLongToAnswer => Status::of(513),
            Self::OutOfOrder => Status { code: 500, reason: "CSeq Out Of Order" },
            Self::NotOurFlowToken => Status { code: 403, reason: "Flow Token Not Valid" },
            Self::FlowFailed => Status::of(430),
            Self::MethodNotAllowed => Status::of(405),
            Self::NotImplemented => Status::of(501),
            Self::NotFound => Status::of(404),
            Self::TemporarilyUnavailable => Status::of(480),
            Self::NotStored => Status::of(500),
            Self::Overloaded | Self::NoLease => Status::of(503),
            Self::Call(refusal) => refusal.status(),
        }
    }
}

impl From<Defect> for Failure {
    fn from(defect: Defect) -> Self {
        Self::Defect(defect)
    }
}

impl From<NotTheirAddressOfRecord> for Failure {
    fn from(_: NotTheirAddressOfRecord) -> Self {
        Self::NotTheirAddressOfRecord
    }
}

impl From<Rejection> for Failure {
    fn from(rejection: Rejection) -> Self {
        match rejection {
            Rejection::Malformed(defect) => Self::Defect(defect),
            Rejection::MisplacedWildcard => Self::MisplacedWildcard,
            Rejection::IntervalTooBrief { .. } => Self::IntervalTooBrief,
            Rejection::OutOfOrder => Self::OutOfOrder,
            Rejection::TooManyContacts => Self::TooManyContacts,
            Rejection::FirstHopLacksOutbound => Self::FirstHopLacksOutbound,
            Rejection::TooLongToList => Self::TooLongToList,
        }
    }
}
