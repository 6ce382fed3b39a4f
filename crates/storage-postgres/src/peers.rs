//! What is known of the other nodes: which of them have had no lease for certain.

use crate::boottime::BootTime;
use crate::lease::APPLIED;
use crate::sql::{self, parameters};
use domain::Revision;
use sqlx::PgConnection;
use std::collections::HashMap;
use std::time::Duration;

/// How much longer than a lease to watch: clocks of two machines do not run at exactly the same speed.
const MARGIN: Duration = Duration::from_millis(100);
/// Longest time between two looks that counts as watching.
const LONGEST_LOOK_AWAY: Duration = Duration::from_secs(1);

/// A node as its row says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NodeRow {
    pub id: i64,
    pub lease: Duration,
    pub renewal: i64,
    pub applied: Revision,
}

/// What was seen of other nodes so far.
#[derive(Debug, Default)]
pub(crate) struct Peers {
    seen: HashMap<i64, Seen>,
    looked_at: Option<BootTime>,
}

#[derive(Debug, Clone, Copy)]
struct Seen {
    renewal: i64,
    since: BootTime,
}

impl Peers {
    /// Takes what a look that began and ended then has found, and says which rows were not renewed for longer than their
    /// leases last: whoever removes one, if it is still as it was seen, knows that its node has no lease and gets none.
    pub fn look(&mut self, (began, ended): (BootTime, BootTime), rows: &[NodeRow]) -> Vec<NodeRow> {
        if self.looked_at.is_none_or(|before| before.until(began) > LONGEST_LOOK_AWAY) {
            self.seen.clear();
        }
        self.looked_at = Some(ended);
        self.seen.retain(|id, _| rows.iter().any(|row| row.id == *id));
        rows.iter().filter(|row| self.is_over(began, ended, row)).copied().collect()
    }

    fn is_over(&mut self, began: BootTime, ended: BootTime, row: &NodeRow) -> bool {
        let seen = self.seen.entry(row.id).or_insert(Seen { renewal: row.renewal, since: ended });
        if seen.renewal != row.renewal {
            *seen = Seen { renewal: row.renewal, since: ended };
        }
        seen.since.after(row.lease).after(MARGIN) <= began
    }
}

/// Removes a node that is as it was seen, so that it cannot renew its lease but must join again.
pub(crate) async fn remove(connection: &mut PgConnection, over: NodeRow) -> sql::Result<bool> {
    let sql = "DELETE FROM nodes WHERE id = $1 AND renewal = $2 RETURNING pg_notify($3, '')";
    Ok(sql::execute(connection, sql, parameters![over.id, over.renewal, APPLIED]).await? > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LEASE: Duration = Duration::from_secs(2);

    fn row(renewal: i64) -> NodeRow {
        NodeRow { id: 7, lease: LEASE, renewal, applied: Revision(1) }
    }

    fn at(milliseconds: u64) -> (BootTime, BootTime) {
        (BootTime(milliseconds * 1_000_000), BootTime((milliseconds + 5) * 1_000_000))
    }

    fn looks(peers: &mut Peers, from: u64, to: u64, renewal: i64) -> Option<u64> {
        (from..to).step_by(500).find(|moment| !peers.look(at(*moment), &[row(renewal)]).is_empty())
    }

    #[test]
    fn a_lease_is_over_when_it_was_watched_for_longer() {
        let mut peers = Peers::default();
        assert_eq!(looks(&mut peers, 0, 10_000, 1), Some(2500));
    }

    #[test]
    fn every_renewal_begins_anew() {
        let mut peers = Peers::default();
        for renewal in 0..20 {
            let from = u64::try_from(renewal).unwrap() * 2000;
            assert_eq!(looks(&mut peers, from, from + 2000, renewal), None);
        }
    }

    #[test]
    fn what_was_not_watched_does_not_count() {
        let mut peers = Peers::default();
        assert_eq!(looks(&mut peers, 0, 1000, 1), None);
        // This process was frozen, or the database was.
        assert_eq!(looks(&mut peers, 20_000, 30_000, 1), Some(22_500));
    }

    #[test]
    fn a_node_that_came_back_is_another() {
        let mut peers = Peers::default();
        assert_eq!(looks(&mut peers, 0, 2000, 1), None);
        assert!(peers.look(at(2000), &[]).is_empty());
        assert!(peers.look(at(2500), &[row(1)]).is_empty());
    }
}
