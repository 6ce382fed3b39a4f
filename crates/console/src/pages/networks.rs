//! Networks as people type them.

use crate::refusal::Refusal;
use domain::Networks;

/// Networks separated by commas, blanks or line breaks.
pub(super) fn parse(text: &str) -> Result<Networks, Refusal> {
    let mut networks = Vec::new();
    for text in text.split([',', ' ', '\n', '\r']).filter(|text| !text.is_empty()) {
        networks.push(text.parse().map_err(|error| Refusal::Wrong(format!("the network {text} {error}")))?);
    }
    Networks::new(networks).map_err(|error| Refusal::Wrong(format!("the list of networks {error}")))
}
