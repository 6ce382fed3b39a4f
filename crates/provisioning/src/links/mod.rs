//! Provisioning links: each makes one device of a credential, once, for whoever has its token.
//!
//! A token has 192 random bits and is kept as a hash. Whoever merely looks at an offered link spends nothing: it takes a
//! POST. For apps that can do nothing but GET, an offered link is opened: it then has another token, which the next GET
//! spends, within minutes.

mod create;
mod look;
mod open;
mod read;
mod spend;
mod token;

pub use create::{LinkCreated, NewLink};
pub use look::LinkSeen;
pub use open::LinkOpened;
pub use spend::LinkSpent;
pub use token::LinkToken;
