//! No signalling plane.

use storage::{AuthEventFilter, AuthEventWatch, LiveAuthEvents, Pending, TooManyWatchers, Watched};

/// Nothing ever happens: what an API without a signalling plane answers by.
#[derive(Debug)]
pub(crate) struct NothingHappens;

struct Ended;

impl LiveAuthEvents for NothingHappens {
    fn watch(&self, _filter: AuthEventFilter) -> Result<Box<dyn AuthEventWatch>, TooManyWatchers> {
        Ok(Box::new(Ended))
    }
}

impl AuthEventWatch for Ended {
    fn next(&mut self) -> Pending<'_, Option<Watched>> {
        Box::pin(std::future::ready(None))
    }
}
