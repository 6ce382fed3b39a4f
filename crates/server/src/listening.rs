//! What a running server listens on, for scripts and tests: `listening.json` in the data directory.

use crate::data_dir::DataDir;
use crate::failure::Failure;
use serde::{Deserialize, Serialize};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// The addresses, with the real ports where port 0 was asked for.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
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

    /// What the server of that data directory has written, if one runs.
    pub(crate) fn read(data_dir: &DataDir) -> Option<Self> {
        serde_json::from_slice(&std::fs::read(data_dir.listening()).ok()?).ok()
    }

    /// The first HTTP address as a URL that programs of this machine can use: they reach a wildcard by the loopback.
    pub(crate) fn local_url(&self) -> Option<String> {
        let mut address = *self.http.first()?;
        match address.ip() {
            IpAddr::V4(ip) if ip.is_unspecified() => address.set_ip(Ipv4Addr::LOCALHOST.into()),
            IpAddr::V6(ip) if ip.is_unspecified() => address.set_ip(Ipv6Addr::LOCALHOST.into()),
            _ => {}
        }
        Some(format!("http://{address}"))
    }

    /// Removes the file: nobody listens any more.
    pub(crate) fn remove(data_dir: &DataDir) {
        // Nothing depends on it being gone; a new server replaces it.
        let _ = std::fs::remove_file(data_dir.listening());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wildcard_is_reached_by_the_loopback() {
        let check = |address: &str, url: &str| {
            let listening = Listening { http: vec![address.parse().unwrap()], ..Listening::default() };
            assert_eq!(listening.local_url().unwrap(), url);
        };
        check("0.0.0.0:8080", "http://127.0.0.1:8080");
        check("[::]:8080", "http://[::1]:8080");
        check("192.0.2.1:80", "http://192.0.2.1:80");
        assert_eq!(Listening::default().local_url(), None);
    }
}
