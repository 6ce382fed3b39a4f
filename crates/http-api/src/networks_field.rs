//! A field that lists networks.

use crate::json_object::JsonObject;
use domain::{Network, Networks};

/// Takes an array of networks in CIDR notation, or of single addresses, if it is there and right.
pub(crate) fn networks(object: &mut JsonObject, field: &'static str) -> Option<Networks> {
    let texts = object.texts(field)?;
    let parsed: Result<Vec<Network>, String> = texts
        .iter()
        .enumerate()
        .map(|(place, text)| text.parse().map_err(|error| format!("[{place}] {error}")))
        .collect();
    let networks = parsed.and_then(|networks| Networks::new(networks).map_err(|error| error.to_string()));
    object.valid(field, networks)
}
