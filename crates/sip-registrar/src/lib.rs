//! The registrar's decisions (RFC 3261 section 10.3): an authorized REGISTER, the address-of-record's present bindings,
//! policy and the time go in; changed bindings and the answer's status come out.
//!
//! Nothing is looked up, sent or stored here. Registering for anybody without proof does not compile:
//! [`AuthorizedRegister`] needs a [`sip_digest::VerifiedIdentity`].

mod answer_room;
mod authorized;
mod contact_match;
mod outbound;
mod policy;
mod reading;
mod register;

pub use authorized::{AddressOfRecordOwner, AuthorizedRegister, NotTheirAddressOfRecord};
pub use outbound::is_outbound;
pub use policy::Policy;
pub use register::{Arrival, LocationAccess, Registered, Rejection, register};
