//! Where configurations are fetched: the paths that links and desk phones are given.

use domain::{AuthId, LinkStage};

/// Below which all of it is served.
pub const PREFIX: &str = "/provision/";

/// The path of a link with that token.
#[must_use]
pub fn path_of_link(stage: LinkStage, token: &str) -> String {
    match stage {
        LinkStage::Offered => format!("{PREFIX}{token}"),
        LinkStage::Opened => format!("{PREFIX}fetch/{token}"),
    }
}

/// The folder from which an account's desk phones fetch their files, by the secret part of it.
#[must_use]
pub fn folder_of_desk_phones(account: &AuthId, secret: &str) -> String {
    format!("{PREFIX}mac/{account}/{secret}/")
}
