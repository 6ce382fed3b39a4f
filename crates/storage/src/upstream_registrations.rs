//! How our registrations with carriers stand at this moment, wherever that is known.

use domain::{OriginationUri, RegistrationStanding};
use std::fmt::Debug;

/// Tells how registrations with carriers stand. Answers from memory, so nothing here waits.
pub trait UpstreamRegistrations: Send + Sync + Debug {
    /// The registration that follows from that origination URI as it is now; `None` where none is kept: none is wanted, no
    /// active trunk uses the URI, or what was changed a moment ago is not carried out yet.
    fn standing(&self, uri: &OriginationUri) -> Option<RegistrationStanding>;
}
