//! What was asked over HTTP, by route. Every label is of a closed set, so nobody can make the table grow by asking.

use crate::metrics::distribution::Distribution;
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// Upper bounds in seconds: reads take microseconds, a commit an fsync.
const SECONDS: &[f64] = &[0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];
/// Methods with a name of their own.
const METHODS: [&str; 7] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];
/// The method label of all others.
const OTHER: &str = "other";
/// The route label of paths where nothing is served.
const NO_ROUTE: &str = "none";

/// Counts of requests, by route.
#[derive(Debug, Default)]
pub(crate) struct HttpRequests(Mutex<BTreeMap<String, RouteCounts>>);

/// What was asked of one route.
#[derive(Debug, Clone)]
pub(crate) struct RouteCounts {
    /// By method and status.
    pub(crate) answers: BTreeMap<(&'static str, u16), u64>,
    pub(crate) durations: Distribution,
}

impl HttpRequests {
    pub(crate) fn note(&self, route: Option<&str>, (method, status): (&'static str, u16), took: Duration) {
        let route = route.unwrap_or(NO_ROUTE);
        let mut routes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if !routes.contains_key(route) {
            let fresh = RouteCounts { answers: BTreeMap::new(), durations: Distribution::new(SECONDS) };
            routes.insert(route.to_owned(), fresh);
        }
        if let Some(counts) = routes.get_mut(route) {
            *counts.answers.entry((method, status)).or_default() += 1;
            counts.durations.observe(took.as_secs_f64());
        }
    }

    pub(crate) fn by_route(&self) -> BTreeMap<String, RouteCounts> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// The label of a method; what a client made up becomes `other`.
pub(crate) fn method_label(sent: &str) -> &'static str {
    METHODS.into_iter().find(|known| *known == sent).unwrap_or(OTHER)
}
