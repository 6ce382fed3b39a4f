//! Style and scripts: files of this crate, named by what is in them, so that a browser may keep them for ever.

use crate::Shared;
use axum::Router;
use axum::extract::Path;
use axum::http::header::{ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, VARY};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use sha2::{Digest, Sha256};
use std::io::Write as _;
use std::sync::{Arc, LazyLock};

const CSS: &str = "text/css; charset=utf-8";
const JAVASCRIPT: &str = "text/javascript; charset=utf-8";
const SVG: &str = "image/svg+xml";
/// Octets of the hash that stand in a name.
const NAMED_OCTETS: usize = 8;

/// A file as it is served.
pub(crate) struct Asset {
    /// Its path, with the hash of what is in it.
    pub path: String,
    name: String,
    content_type: &'static str,
    plain: Bytes,
    compressed: Bytes,
}

/// Every file.
pub(crate) struct Assets {
    pub style: Asset,
    pub script: Asset,
    pub htmx: Asset,
    pub phone: Asset,
    pub jssip: Asset,
    pub icon: Asset,
}

/// The files, compressed once.
pub(crate) static ASSETS: LazyLock<Assets> = LazyLock::new(|| Assets {
    style: Asset::new("console.css", CSS, include_bytes!("../assets/console.css")),
    script: Asset::new("console.js", JAVASCRIPT, include_bytes!("../assets/console.js")),
    htmx: Asset::new("htmx.js", JAVASCRIPT, include_bytes!("../assets/htmx.min.js")),
    phone: Asset::new("phone.js", JAVASCRIPT, include_bytes!("../assets/phone.js")),
    jssip: Asset::new("jssip.js", JAVASCRIPT, include_bytes!("../assets/jssip.min.js")),
    icon: Asset::new("icon.svg", SVG, include_bytes!("../assets/icon.svg")),
});

impl Asset {
    fn new(name: &str, content_type: &'static str, octets: &'static [u8]) -> Self {
        let hash = Sha256::digest(octets);
        let hash: String = hash.iter().take(NAMED_OCTETS).map(|octet| format!("{octet:02x}")).collect();
        let name = format!("{hash}-{name}");
        let path = format!("/console/assets/{name}");
        Self { path, name, content_type, plain: Bytes::from_static(octets), compressed: compressed(octets) }
    }
}

impl Assets {
    fn find(&self, name: &str) -> Option<&Asset> {
        let all = [&self.style, &self.script, &self.htmx, &self.phone, &self.jssip, &self.icon];
        all.into_iter().find(|asset| asset.name == name)
    }
}

pub(crate) fn routes() -> Router<Arc<Shared>> {
    Router::new().route("/console/assets/{name}", get(serve))
}

async fn serve(Path(name): Path<String>, headers: HeaderMap) -> Response {
    let Some(asset) = ASSETS.find(&name) else { return StatusCode::NOT_FOUND.into_response() };
    let accepted = headers.get(ACCEPT_ENCODING).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let takes_gzip = accepted.split(',').any(|coding| coding.trim().split(';').next() == Some("gzip"));
    let fixed = [
        (CONTENT_TYPE, HeaderValue::from_static(asset.content_type)),
        (CACHE_CONTROL, HeaderValue::from_static("public, max-age=31536000, immutable")),
        (VARY, HeaderValue::from_static("accept-encoding")),
    ];
    if takes_gzip {
        (fixed, [(CONTENT_ENCODING, HeaderValue::from_static("gzip"))], asset.compressed.clone()).into_response()
    } else {
        (fixed, asset.plain.clone()).into_response()
    }
}

fn compressed(octets: &[u8]) -> Bytes {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    // Writing to memory cannot fail; were it to, an empty file would be seen at once.
    let written = encoder.write_all(octets).and_then(|()| encoder.finish());
    written.unwrap_or_default().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What `assets/VENDORED.md` says of the files of others.
    #[test]
    fn files_of_others_are_what_is_said_of_them() {
        let said = include_str!("../assets/VENDORED.md");
        for octets in
            [include_bytes!("../assets/htmx.min.js").as_slice(), include_bytes!("../assets/jssip.min.js").as_slice()]
        {
            let hash: String = Sha256::digest(octets).iter().map(|octet| format!("{octet:02x}")).collect();
            assert!(said.contains(&hash), "{hash}");
        }
    }

    #[test]
    fn a_file_is_smaller_compressed() {
        assert!(ASSETS.htmx.compressed.len() * 2 < ASSETS.htmx.plain.len());
        assert!(ASSETS.find("console.css").is_none());
        assert!(ASSETS.find(&ASSETS.style.name).is_some());
    }
}
