//! How much of everything there may be. Rows that a tenant can make are bounded, or one tenant could fill the disk.

/// Most API tokens an account may have, expired ones included. Every one is compared with what a request offers.
pub const MAX_TOKENS_PER_ACCOUNT: usize = 100;

/// Most tokens for the operator API, expired ones included.
pub const MAX_OPERATOR_TOKENS: usize = 100;

/// Most sub-accounts a main account may have.
pub const MAX_SUB_ACCOUNTS: u64 = 1000;

/// Most host names an account may have, its SIP domain and its realm's name among them.
pub const MAX_HOSTS_PER_ACCOUNT: usize = 100;

/// Most trunks, entries of its IP access list, and origination URIs an account may have, of each.
pub const MAX_OF_A_KIND: u64 = 1000;

/// Most provisioning links of an account that are neither used nor expired.
pub const MAX_PROVISIONING_LINKS: u32 = 1000;

/// For how long a provisioning link is good unless its maker says: 15 minutes.
pub const LINK_SECONDS: u32 = 15 * 60;

/// Longest life of a provisioning link: 7 days.
pub const MAX_LINK_SECONDS: u32 = 7 * 86_400;

/// Longest life of a provisioning link that a mere look spends: 15 minutes.
pub const MAX_OPENED_LINK_SECONDS: u32 = 15 * 60;

/// For how long a link is good once it was opened for an app to fetch.
pub const OPENED_LINK_SECONDS: u32 = 120;

/// Longest overlap of two passwords: 30 days.
pub const MAX_OVERLAP_SECONDS: u32 = 30 * 86_400;

/// For how many days a password that works no more is kept, unless the operator says otherwise.
pub const PREVIOUS_PASSWORD_DAYS: u32 = 30;

/// Most days for which it may be kept.
pub const MAX_PREVIOUS_PASSWORD_DAYS: u32 = 3650;
