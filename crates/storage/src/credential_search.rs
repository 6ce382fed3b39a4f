//! Credentials as people look for them.

use crate::Page;
use domain::AccountId;

/// Which of an account's credentials somebody looks for, and in which order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CredentialSearch {
    /// Whose.
    pub account: AccountId,
    /// Part of the username or of the description, whatever the case of ASCII letters; empty for all.
    pub text: Box<str>,
    /// Only those that are enabled, or only the others.
    pub enabled: Option<bool>,
    /// What they are sorted by; among equals the one created first comes first.
    pub order: CredentialOrder,
    /// Which way.
    pub direction: SortDirection,
    /// Which part of what is found.
    pub page: Page,
}

/// What credentials are sorted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum CredentialOrder {
    /// When they were created.
    #[default]
    Created,
    /// Their usernames, octet by octet.
    Username,
    /// When anything about them last changed.
    Updated,
    /// When their passwords were last set.
    PasswordChanged,
}

/// Which way a list is sorted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SortDirection {
    /// The smallest, or earliest, first.
    #[default]
    Ascending,
    /// The largest, or latest, first.
    Descending,
}
