//! Master keys: they seal what the database stores.
//!
//! What protects what:
//!
//! * The **master keys** live outside the database ([`source`]): a file of mode 0600, an environment variable or the
//!   output of a command. A copy of the database alone opens nothing.
//! * From each master key one **sealing key** is derived (HMAC-SHA-256), so the master key itself never encrypts.
//! * Every stored secret is **sealed** with AES-256-GCM under the primary sealing key and a random nonce. The tag also
//!   covers where the secret belongs: for an HA1 the account, credential, algorithm, realm and username
//!   ([`Ha1Context`]), for a password of ours at a next hop the account, origination URI and username
//!   ([`UpstreamSecretContext`]), for a webhook's secret the account ([`WebhookSecretContext`]), for anything else its name. Moved to another row, it does not open.
//! * **Rotation**: a new key comes first and the old ones stay ([`Keyring::with_new_primary`]), first at the source,
//!   then in the running keyring ([`Keyring::switch_to`]). New secrets are sealed with the first key, all keys open,
//!   and the identifier in each sealed secret tells which key it needs. When nothing needs the old ones any more, they
//!   leave the source, then the keyring.
//! * Random nonces of 96 bits are safe for about 2^32 secrets per key (NIST SP 800-38D section 8.3), far above what one
//!   installation stores between rotations. What is sealed at every request instead ([`Keyring::seal_repeatably`]) has
//!   nonces that follow from the secret, so that the same one uses up nothing.
//!
//! Key octets, opened secrets and texts that hold keys are wiped when dropped, and no `Debug` or error shows any.

mod derived;
mod envelope;
mod error;
mod key_file;
mod master_key;
mod opened;
mod ring;
pub mod source;

pub use derived::derive_into;
pub use error::{CommandFailure, KeyringError};
pub use opened::OpenedHa1;
pub use ring::{Ha1Context, Keyring, UpstreamSecretContext, WebhookSecretContext};
