//! Master keys: they seal what the database stores, and other keys are derived from them.
//!
//! What protects what:
//!
//! * The **master keys** live outside the database ([`source`]): a file of mode 0600, an environment variable or the
//!   output of a command. A copy of the database alone opens nothing.
//! * From each master key one **sealing key** is derived (HMAC-SHA-256), so the master key itself never encrypts.
//! * Every stored secret is **sealed** with AES-256-GCM under the primary sealing key and a random nonce. The tag also
//!   covers where the secret belongs: for an HA1 the account, credential, algorithm, realm and username
//!   ([`Ha1Context`]), for anything else its name. Moved to another row, it does not open.
//! * **Rotation**: put a new key first and keep the old one. New secrets are sealed with the first key, all keys open,
//!   and the identifier in each sealed secret tells which key it needs.
//! * Random nonces of 96 bits are safe for about 2^32 secrets per key (NIST SP 800-38D section 8.3), far above what one
//!   installation seals between rotations.
//!
//! Key octets, opened secrets and texts that hold keys are wiped when dropped, and no `Debug` or error shows any.

mod envelope;
mod error;
mod key_file;
mod master_key;
mod opened;
mod ring;
pub mod source;

pub use error::{CommandFailure, KeyringError};
pub use opened::OpenedHa1;
pub use ring::{Ha1Context, Keyring};
