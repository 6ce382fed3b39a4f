//! Who may call, over which trunk.

use crate::calls::refusal::CallRefusal;
use crate::subject::Subject;
use directory::Trunks;
use domain::{AccountId, CredentialId, Trunk};
use sip_transport::{Flow, Transport};
use std::sync::Arc;

/// Who asks for a call.
pub(crate) enum Caller<'c> {
    /// Whoever has proven to know a credential's password.
    Credential(&'c Subject<'c>),
    /// Whoever sends from where an access list says that a trunk's gateway is; the trunks it may be, the oldest first.
    Gateway(Vec<Arc<Trunk>>),
    /// A carrier that calls over a registration of ours; the trunks that use it, the oldest first.
    Carrier(Vec<Arc<Trunk>>),
}

/// Which calls a trunk is asked for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Wanted {
    /// To its next hops.
    Outbound,
    /// From them.
    Inbound,
}

impl Caller<'_> {
    pub(crate) fn credential(&self) -> Option<CredentialId> {
        match self {
            Self::Credential(subject) => Some(subject.id),
            Self::Gateway(_) | Self::Carrier(_) => None,
        }
    }

    /// The username, where there is one.
    pub(crate) fn username(&self) -> Option<&str> {
        match self {
            Self::Credential(subject) => std::str::from_utf8(subject.username).ok(),
            Self::Gateway(_) | Self::Carrier(_) => None,
        }
    }

    /// Whether the caller may act for an account.
    pub(crate) fn is_of(&self, account: AccountId) -> bool {
        match self {
            Self::Credential(subject) => subject.account == account,
            Self::Gateway(trunks) | Self::Carrier(trunks) => trunks.iter().any(|trunk| trunk.account == account),
        }
    }

    /// The trunk of that identity, if the caller may call over it in that direction: its credential is attached, and its
    /// source is in an access list where there are any; or, without a credential, an access list is all there is.
    pub(crate) fn over(
        &self,
        trunk: &Arc<Trunk>,
        (trunks, flow, wanted): (&Trunks, &Flow, Wanted),
    ) -> Result<(), CallRefusal> {
        match self {
            Self::Credential(subject) => {
                if trunk.account != subject.account || !trunk.attachments.credentials.contains(&subject.id) {
                    return Err(CallRefusal::NotOnTrunk);
                }
                let has_lists = !trunk.attachments.ip_acls.is_empty();
                if has_lists && !trunks.admits_source(trunk, flow.remote.ip()) {
                    return Err(CallRefusal::SourceNotInAcl);
                }
            }
            Self::Gateway(known) => {
                if !known.iter().any(|known| known.id == trunk.id) {
                    return Err(CallRefusal::SourceNotInAcl);
                }
            }
            // That we have registered there makes nobody ours: a carrier brings calls, and takes none on from here.
            Self::Carrier(known) => {
                if wanted != Wanted::Inbound || !known.iter().any(|known| known.id == trunk.id) {
                    return Err(CallRefusal::NotOnTrunk);
                }
            }
        }
        let carries = match wanted {
            Wanted::Outbound => trunk.direction.takes_outbound(),
            Wanted::Inbound => trunk.direction.takes_inbound(),
        };
        if !trunk.status.is_active() || !carries {
            return Err(CallRefusal::TrunkInactive);
        }
        if trunk.secure && !is_secure(flow.transport) {
            return Err(CallRefusal::SecureTransportRequired);
        }
        Ok(())
    }
}

/// The trunks whose gateway a source is by its address alone: active ones that want no password. Over UDP a source can
/// be forged, so that has to be allowed by the operator.
pub(crate) fn gateways(trunks: &Trunks, flow: &Flow) -> Vec<Arc<Trunk>> {
    let mut found = trunks.of_source(flow.remote.ip());
    found.retain(|trunk| trunk.status.is_active() && trunk.attachments.credentials.is_empty());
    found
}

pub(crate) const fn is_secure(transport: Transport) -> bool {
    matches!(transport, Transport::Tls | Transport::Wss)
}
