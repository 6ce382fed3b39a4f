//! Keeps a panic in one request from taking its connection along.

use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::task::Poll;

/// The future panicked; the panic hook has told where.
#[derive(Debug)]
pub(crate) struct Panicked;

/// Runs a future to its end or to its panic. It is not polled again after one, so nothing half-done is seen.
pub(crate) async fn guarded<F: Future>(future: F) -> Result<F::Output, Panicked> {
    let mut future = pin!(future);
    std::future::poll_fn(|context| match catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(context))) {
        Ok(poll) => poll.map(Ok),
        Err(_) => Poll::Ready(Err(Panicked)),
    })
    .await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_panic_becomes_a_value() {
        assert!(guarded(async { 7 }).await.is_ok_and(|value| value == 7));
        let panicking = async {
            tokio::task::yield_now().await;
            panic!("as a handler might");
        };
        assert!(guarded(panicking).await.is_err());
    }
}
