//! Requests outside any dialog that are carried across once: MESSAGE (RFC 3428) and methods we do not know.
//!
//! They go where a call of the same sender would go, by the same rules, to one place after the other until one answers.
//! They count at limits per second, are never among the calls that are up, and leave no record.

use crate::calls::call_entry::{CallEntry, Leg, Pending};
use crate::calls::engine::Engine;
use crate::calls::limits::{CallLimit, Counted};
use crate::calls::new_call::{FIRST_TICKET, details};
use crate::calls::requests::Arrived;
use crate::calls::route::{Asking, CallPlan};
use crate::calls::shard::{CallNumber, Shard};
use crate::calls::{Calls, Outlet};
use crate::failure::Failure;
use sip_b2bua::{Exchange, ExchangeSetup, Heard, Identity};
use sip_transaction::TransactionKey;
use std::sync::atomic::Ordering;

impl Calls {
    /// Begins to carry a request across, whose answer comes when it comes. `key` is its own.
    pub(crate) fn carry(
        &self,
        plan: &CallPlan,
        (asking, arrived): (&Asking<'_>, &Arrived<'_>),
        key: &mut TransactionKey,
        outlet: &mut Outlet<'_>,
    ) -> Result<(), Failure> {
        self.count_exchange(plan)?;
        let mut shard = self.shard(self.shard_of(arrived.request.call_id())).lock();
        let number = shard.next_number();
        let details = details(shard.call_id(asking.now), asking, plan);
        let setup = ExchangeSetup {
            tag: shard.tag(),
            identity: Identity { from: plan.shown.from.clone(), asserted: plan.shown.asserted.clone() },
            targets: plan.stages.iter().flat_map(|stage| stage.targets.iter().cloned()).collect(),
            headers: plan.headers.clone(),
            loop_token: self.loop_token(asking),
            product: None,
        };
        // An exchange knows one stage.
        let ways = vec![plan.ways.iter().flatten().cloned().collect()];
        let heard = Heard { request: arrived.request, source: arrived.source, ticket: FIRST_TICKET };
        let mut actions = Vec::new();
        let exchange = self.with_world(&mut shard, &ways, |world| Exchange::begin(setup, heard, world, &mut actions));
        let engine = Engine::Exchange(Box::new(exchange));
        let mut entry = CallEntry::new(engine, details, (vec![Leg::at(arrived.sender_at)], ways));
        entry.servers.insert(FIRST_TICKET, Pending::Other(Box::new(self.pending(arrived, key))));
        shard.insert(number, entry);
        self.exchanges.fetch_add(1, Ordering::Relaxed);
        self.act(&mut shard, number, actions, outlet);
        Ok(())
    }

    /// Counts it where calls that begin are counted.
    fn count_exchange(&self, plan: &CallPlan) -> Result<(), Failure> {
        if self.up() + self.exchanges.load(Ordering::Relaxed) >= self.parts.config.most_calls {
            return Err(Failure::Overloaded);
        }
        let beginning = |(counted, limit): &(Counted, CallLimit)| (*counted, CallLimit { concurrent: None, ..*limit });
        let limits: Vec<_> = plan.limits.iter().map(beginning).collect();
        self.limits.take(&limits, self.now_us()).map(drop).map_err(|reached| Failure::Call(reached.into()))
    }

    /// Forgets a request whose answer has crossed back.
    pub(super) fn forget_answered(&self, shard: &mut Shard, number: CallNumber) {
        if shard.calls.get(&number).is_some_and(|entry| entry.engine.is_answered()) {
            shard.remove(number);
            self.exchanges.fetch_sub(1, Ordering::Relaxed);
        }
    }
}
