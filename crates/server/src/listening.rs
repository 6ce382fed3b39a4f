//! What a running server listens on, for scripts and tests: `listening.json` in the data directory.

use crate::data_dir::DataDir;
use crate::failure::Failure;
use serde::Serialize;
use std::net::SocketAddr;

/// The addresses, with the real ports where port 0 was asked for.
#[derive(Debug, Clone, Default, Serialize)]
pub(crate) struct Listening {
    /// HTTP addresses.
    pub(crate) http: Vec<SocketAddr>,
    /// HTTPS addresses.
    pub(crate) https: Vec<SocketAddr>,
    /// SIP addresses as `TRANSPORT:ADDRESS`.
    pub(crate) sip: Vec<String>,
    /// Where metrics are served, if they are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) metrics: Option<SocketAddr>,
    /// The server's process.
    pub(crate) pid: u32,
}

impl Listening {
    /// Writes the file whole or not at all.
    pub(crate) fn write(&self, data_dir: &DataDir) -> Result<(), Failure> {
        let path = data_dir.listening();
        let temporary = path.with_extension("json.new");
        let text = serde_json::to_string(self).unwrap_or_default() + "\n";
        std::fs::write(&temporary, text)
            .and_then(|()| std::fs::rename(&temporary, &path))
            .map_err(|error| Failure::Write { path, error })
    }

    /// Removes the file: nobody listens any more.
    pub(crate) fn remove(data_dir: &DataDir) {
        // Nothing depends on it being gone; a new server replaces it.
        let _ = std::fs::remove_file(data_dir.listening());
    }
}
