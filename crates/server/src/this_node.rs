//! This node, as the console's page of nodes shows it.

use crate::listening::Listening;
use console::{NodeFacts, Nodes};
use directory::Directory;
use domain::{Clock, Timestamp};
use http_api::Readiness;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use storage::BootNumber;

/// The start of a node.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Boot {
    pub(crate) number: BootNumber,
    pub(crate) started_at: Timestamp,
}

/// The node that this process is.
pub(crate) struct ThisNode {
    pub(crate) name: Box<str>,
    pub(crate) boot: Boot,
    pub(crate) listening: Listening,
    /// The database's file; none where it is a server of its own.
    pub(crate) database: Option<PathBuf>,
    pub(crate) directory: Arc<Directory>,
    pub(crate) readiness: Arc<dyn Readiness>,
    pub(crate) clock: Arc<dyn Clock>,
}

impl ThisNode {
    fn listeners(&self) -> Vec<String> {
        let Listening { http, https, sip, metrics, .. } = &self.listening;
        let of = |scheme: &'static str| move |address: &std::net::SocketAddr| format!("{scheme} {address}");
        let web = http.iter().map(of("http")).chain(https.iter().map(of("https")));
        let sip = sip.iter().map(|listener| listener.replacen(':', " ", 1));
        sip.chain(web).chain(metrics.iter().map(of("metrics"))).collect()
    }

    /// What lies on the disk now, with what is not in the database's own file yet.
    fn storage(&self) -> String {
        let Some(database) = &self.database else { return "PostgreSQL".to_owned() };
        let mut beside = database.clone().into_os_string();
        beside.push("-wal");
        let octets = |path: &std::path::Path| std::fs::metadata(path).map_or(0, |found| found.len());
        let all = octets(database) + octets(std::path::Path::new(&beside));
        format!("SQLite in {}, {}", database.display(), size(all))
    }
}

/// Octets as people say them.
fn size(octets: u64) -> String {
    const KILO: u64 = 1 << 10;
    const MEGA: u64 = 1 << 20;
    const GIGA: u64 = 1 << 30;
    let tenths = |unit: u64| format!("{}.{}", octets / unit, octets % unit * 10 / unit);
    match octets {
        0..MEGA => format!("{} KiB", octets.div_ceil(KILO)),
        MEGA..GIGA => format!("{} MiB", tenths(MEGA)),
        _ => format!("{} GiB", tenths(GIGA)),
    }
}

impl Nodes for ThisNode {
    fn nodes(&self) -> Vec<NodeFacts> {
        let occupancy = self.directory.occupancy(self.clock.now());
        vec![NodeFacts {
            name: self.name.clone().into(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            boot: self.boot.number.0,
            started_at: self.boot.started_at,
            listeners: self.listeners(),
            storage: self.storage(),
            credentials: occupancy.credentials,
            registrations: occupancy.registrations,
            problem: self.readiness.problem(),
        }]
    }
}

impl fmt::Debug for ThisNode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ThisNode").field("boot", &self.boot).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::size;

    #[test]
    fn sizes() {
        let said = [0, 1, 4096, 3 << 20, (3 << 20) + (1 << 19), 5 << 30].map(size);
        assert_eq!(said, ["0 KiB", "1 KiB", "4 KiB", "3.0 MiB", "3.5 MiB", "5.0 GiB"]);
    }
}
