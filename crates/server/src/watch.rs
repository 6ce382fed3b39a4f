//! Watches what the HTTP face and storage do, for metrics and traces.

use crate::failure::Failure;
use crate::metrics::{HttpRequests, StorageWrites, method_label};
use crate::otlp_endpoint::OtlpEndpoint;
use crate::traces::Traces;
use http_api::{Answering, RequestHead, RequestObserver};
use std::sync::Arc;
use std::time::Instant;
use storage::{WriteEnd, WriteObserver};

/// Counts always, which costs little; traces only where the operator named a collector.
#[derive(Debug, Default)]
pub(crate) struct Watch {
    http: HttpRequests,
    writes: Arc<StorageWrites>,
    traces: Option<Traces>,
}

impl Watch {
    pub(crate) fn start(collector: Option<&OtlpEndpoint>) -> Result<Self, Failure> {
        let traces = collector.map(Traces::start).transpose()?;
        Ok(Self { http: HttpRequests::default(), writes: Arc::default(), traces })
    }

    pub(crate) fn http(&self) -> &HttpRequests {
        &self.http
    }

    pub(crate) fn writes(&self) -> &StorageWrites {
        &self.writes
    }

    /// Hands the last traces over, in bounded time.
    pub(crate) async fn finish(&self) {
        if let Some(traces) = &self.traces {
            traces.finish().await;
        }
    }
}

impl RequestObserver for Watch {
    fn observe<'r>(&'r self, head: RequestHead, answering: Answering<'r>) -> Answering<'r> {
        Box::pin(async move {
            let method = method_label(head.method());
            let began = Instant::now();
            let answered = match &self.traces {
                Some(traces) => traces.request(&head, method, answering).await,
                None => answering.await,
            };
            self.http.note(answered.route(), (method, answered.status()), began.elapsed());
            answered
        })
    }
}

impl WriteObserver for Watch {
    fn queued(&self) -> WriteEnd {
        let (began, writes) = (Instant::now(), Arc::clone(&self.writes));
        let traced = self.traces.as_ref().map(Traces::commit);
        Box::new(move |outcome| {
            writes.ended(outcome, began.elapsed());
            if let Some(traced) = traced {
                traced(outcome);
            }
        })
    }

    fn committed(&self, writes: usize) {
        self.writes.committed(writes);
    }
}
