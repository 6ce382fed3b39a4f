//! Calls that a carrier brings over a registration of ours.

use crate::calls::Calls;
use crate::calls::permission::Wanted;
use crate::calls::refusal::CallRefusal;
use crate::calls::route::{Asking, CallPlan, check_srtp, dialled};
use domain::Trunk;
use sip_message::Scheme;
use std::sync::Arc;

impl Calls {
    /// Carriers send to the contact that they were given, so the called number is often in To alone. What is no number of
    /// these trunks goes where the first of them that has one sends what it does not know.
    pub(super) fn carrier_call(&self, asking: &Asking<'_>, known: &[Arc<Trunk>]) -> Result<CallPlan, CallRefusal> {
        let request = asking.request;
        let [asked, meant] = [Some(request.uri()), request.to_header().address.uri().ok().as_ref()]
            .map(|uri| uri.filter(|uri| uri.is_sip() || uri.scheme == Scheme::Tel).and_then(dialled));
        for called in asked.iter().chain(&meant) {
            for trunk in known {
                let number = self.own_number(called, trunk.account, Some(trunk));
                if let Some(number) = number.filter(|number| number.trunk == Some(trunk.id)) {
                    return self.to_number(asking, &number, called);
                }
            }
        }
        // One connection may carry registrations of several accounts: what names none of them is nobody's.
        if known.iter().any(|trunk| Some(trunk.account) != known.first().map(|first| first.account)) {
            return Err(CallRefusal::NotFound);
        }
        let takes_others = |trunk: &&Arc<Trunk>| trunk.direction.takes_inbound() && trunk.inbound_destination.is_some();
        let trunk = known.iter().find(takes_others).ok_or(CallRefusal::NotFound)?;
        asking.caller.over(trunk, (self.parts.directory.trunks(), asking.flow, Wanted::Inbound))?;
        check_srtp(trunk, request)?;
        let called = meant.or(asked).ok_or(CallRefusal::NotFound)?;
        let destination = trunk.inbound_destination.clone();
        let reached = self.inbound_destination(asking, trunk, (destination, None, &called))?;
        self.inbound(asking, (trunk, &called), reached)
    }
}
