//! Room for handshakes of whatever kind, bounded in time and in number at once.
//!
//! Whoever listens owes this to those it serves: a handshake costs the server more than the peer, and a peer that begins
//! one and never finishes must not keep out another that would. This crate never looks into a handshake.

use std::collections::BTreeMap;
use std::future::Future;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::oneshot;
use tokio::time::{Instant, timeout};

/// How often the log tells at most that handshakes had to give way.
const REPORT_INTERVAL: Duration = Duration::from_secs(10);

/// Room for a number of handshakes at a time. One more takes the place of the oldest, so that clients that begin and
/// never finish cannot keep out those that do.
#[derive(Debug)]
pub struct HandshakePlaces {
    open: Arc<Mutex<Open>>,
    most: usize,
}

#[derive(Debug, Default)]
struct Open {
    /// By age; dropping the sender ends the handshake.
    handshakes: BTreeMap<u64, oneshot::Sender<()>>,
    begun: u64,
    gave_way: u64,
    reported: Option<Instant>,
}

/// A handshake's place, given back when dropped.
struct Place {
    open: Arc<Mutex<Open>>,
    number: u64,
}

impl HandshakePlaces {
    /// Room for that many, at least one.
    #[must_use]
    pub fn new(most: usize) -> Self {
        Self { open: Arc::default(), most: most.max(1) }
    }

    /// The outcome of a handshake within its limit of time, unless it has to give way to a younger one or all places
    /// are dropped. One that is ready at once cannot fail for either reason.
    pub fn bound<T, F: Future<Output = io::Result<T>>>(
        &self,
        limit: Duration,
        handshake: F,
    ) -> impl Future<Output = io::Result<T>> + use<T, F> {
        let (open, most) = (Arc::clone(&self.open), self.most);
        async move {
            let (_place, ended) = Place::take(open, most);
            tokio::select! {
                biased;
                finished = timeout(limit, handshake) => finished.unwrap_or(Err(io::ErrorKind::TimedOut.into())),
                _ = ended => Err(io::ErrorKind::ConnectionAborted.into()),
            }
        }
    }
}

impl Drop for HandshakePlaces {
    fn drop(&mut self) {
        lock(&self.open).handshakes.clear();
    }
}

impl Place {
    fn take(open: Arc<Mutex<Open>>, most: usize) -> (Self, oneshot::Receiver<()>) {
        let (end, ended) = oneshot::channel();
        let mut places = lock(&open);
        while places.handshakes.len() >= most && places.handshakes.pop_first().is_some() {
            places.gave_way += 1;
            places.report();
        }
        let number = places.begun;
        places.begun += 1;
        places.handshakes.insert(number, end);
        drop(places);
        (Self { open, number }, ended)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        lock(&self.open).handshakes.remove(&self.number);
    }
}

impl Open {
    fn report(&mut self) {
        if self.reported.is_none_or(|reported| reported.elapsed() >= REPORT_INTERVAL) {
            self.reported = Some(Instant::now());
            let dropped = std::mem::take(&mut self.gave_way);
            tracing::warn!(dropped, "more handshakes were begun than there is room for; the oldest were dropped");
        }
    }
}

fn lock(open: &Mutex<Open>) -> MutexGuard<'_, Open> {
    // What is in it is whole after each statement.
    open.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::future::{pending, ready};

    const LONG: Duration = Duration::from_secs(3600);

    async fn kind(bounded: impl Future<Output = io::Result<()>>) -> io::ErrorKind {
        bounded.await.expect_err("a failure").kind()
    }

    #[tokio::test(start_paused = true)]
    async fn a_handshake_ends_with_its_time() {
        let places = HandshakePlaces::new(1);
        let begun = Instant::now();
        assert_eq!(kind(places.bound(Duration::from_secs(10), pending())).await, io::ErrorKind::TimedOut);
        assert_eq!(begun.elapsed(), Duration::from_secs(10));
        assert!(lock(&places.open).handshakes.is_empty());
    }

    #[tokio::test(start_paused = true)]
    async fn the_oldest_gives_way() {
        let places = HandshakePlaces::new(2);
        let oldest = tokio::spawn(kind(places.bound(LONG, pending())));
        tokio::task::yield_now().await;
        let (send, wait) = oneshot::channel();
        let second = tokio::spawn(places.bound(LONG, async { wait.await.map_err(io::Error::other) }));
        tokio::task::yield_now().await;
        let third = tokio::spawn(kind(places.bound(Duration::from_secs(1), pending())));
        assert_eq!(oldest.await.unwrap(), io::ErrorKind::ConnectionAborted);
        send.send(7).unwrap();
        assert_eq!(second.await.unwrap().unwrap(), 7, "there was room for it");
        assert_eq!(third.await.unwrap(), io::ErrorKind::TimedOut);
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_ready_at_once_passes_although_all_is_over() {
        let places = HandshakePlaces::new(1);
        let waiting = tokio::spawn(kind(places.bound(LONG, pending())));
        let immediate = places.bound(LONG, ready(Ok(())));
        tokio::task::yield_now().await;
        drop(places);
        assert_eq!(waiting.await.unwrap(), io::ErrorKind::ConnectionAborted);
        immediate.await.unwrap();
    }
}
