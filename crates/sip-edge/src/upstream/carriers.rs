//! Who calls over a registration of ours.

use super::Upstream;
use super::roster::Source;
use domain::Trunk;
use sip_message::Uri;
use sip_transport::Flow;
use std::sync::Arc;

/// What a source says of who sends.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum SourceProof {
    /// Enough: a connection, or datagrams where the operator trusts their sources.
    Enough,
    /// Too little: anybody can write any source into a datagram.
    TooLittle,
}

impl Upstream {
    /// The trunks of the registration that an INVITE comes over, the oldest first; none if it comes over none.
    ///
    /// It has to come from where the carrier has confirmed from: over TCP and TLS that is the very connection that we have
    /// opened to it, over UDP its address and port. And it has to name our contact, which nobody can guess. Only where the
    /// source is proof enough the Request-URI may have the called number instead.
    pub(crate) fn carrier(&self, asked: &Uri<'_>, (flow, proof): (&Flow, SourceProof)) -> Vec<Arc<Trunk>> {
        let now = self.clock.now().as_unix_millis();
        let roster = self.roster.lock();
        let live = || roster.of_source(Source::of(flow)).filter(|entry| entry.machine.is_live(now));
        let is_named = |user: &str| asked.user.is_some_and(|octets| octets == user.as_bytes());
        let named = live().find(|entry| is_named(entry.machine.contact_user()));
        let entries = match named {
            Some(named) => vec![named],
            None if proof == SourceProof::Enough => live().collect(),
            None => return Vec::new(),
        };
        let trunks = self.directory.trunks();
        let mut found: Vec<Arc<Trunk>> = Vec::new();
        for entry in entries {
            let uri = entry.registrar.uri;
            // What was detached a moment ago is not waited for.
            let uses = |trunk: &Arc<Trunk>| trunk.status.is_active() && trunk.attachments.uris().any(|id| id == uri);
            found.extend(entry.trunks.iter().filter_map(|id| trunks.trunk(*id)).filter(uses));
        }
        found.sort_by_key(|trunk| (trunk.created_at, trunk.id));
        found.dedup_by_key(|trunk| trunk.id);
        found
    }
}
