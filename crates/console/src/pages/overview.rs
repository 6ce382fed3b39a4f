//! Where a tenant begins: who is online, what fails, what is under way.

use crate::Shared;
use crate::frame::{Frame, Layout, Section, page};
use crate::live::AttemptRow;
use crate::moment::Moment;
use crate::refusal::Refusal;
use crate::visitor::{IsPart, Visit};
use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::get;
use domain::AuthReason;
use provisioning::{AuthEventsRequest, ExplainedEvent, RegistrationsRequest};
use std::collections::HashMap;
use std::sync::Arc;
use storage::Page;

/// Events looked at for the plot and the failing phones.
const EVENTS: u32 = 500;
/// Columns of the plot, and seconds that each stands for.
const COLUMNS: usize = 60;
const COLUMN_SECONDS: i64 = 10;
/// For how long a failure is news.
const NEWS_SECONDS: i64 = 3_600;
/// Failing phones shown.
const FAILING: usize = 8;

#[derive(Template)]
#[template(path = "overview.html")]
struct OverviewPage {
    frame: Frame,
    figures: Figures,
    failing: Vec<Failing>,
    recent: Vec<AttemptRow>,
    plot: Plot,
    has_credentials: bool,
}

#[derive(Template)]
#[template(path = "failing.html")]
struct FailingPart {
    failing: Vec<Failing>,
}

#[derive(Template)]
#[template(path = "overview_figures.html")]
struct FiguresPart {
    figures: Figures,
}

struct Figures {
    base: String,
    credentials: u64,
    phones: u64,
    calls: Option<(u64, u32)>,
    bans: u64,
}

/// A phone, by name and address, whose last attempt was refused.
struct Failing {
    row: AttemptRow,
    times: u64,
    since: Moment,
}

/// Attempts by outcome in the last ten minutes, oldest first.
struct Plot {
    columns: [[u64; 3]; COLUMNS],
    column_seconds: i64,
}

impl Plot {
    fn data(&self) -> String {
        let column = |counts: &[u64; 3]| counts.map(|count| count.to_string()).join(",");
        self.columns.iter().map(column).collect::<Vec<_>>().join(";")
    }

    fn total(&self, outcome: usize) -> u64 {
        self.columns.iter().filter_map(|counts| counts.get(outcome)).sum()
    }
}

pub(super) fn routes() -> Router<Arc<Shared>> {
    Router::new().route("/console/{auth_id}", get(overview)).route("/console/{auth_id}/failing", get(failing_part))
}

async fn overview(
    State(shared): State<Arc<Shared>>,
    visit: Visit,
    IsPart(is_part): IsPart,
) -> Result<Response, Refusal> {
    let figures = figures(&shared, &visit).await?;
    if is_part {
        return page(&FiguresPart { figures });
    }
    let events = latest(&shared, &visit).await?;
    let base = visit.base();
    page(&OverviewPage {
        frame: visit.frame("Overview", Section::Overview),
        has_credentials: figures.credentials > 0,
        failing: failing(&shared, &base, &events),
        recent: events.iter().take(8).map(|event| AttemptRow::new(event, &base)).collect(),
        plot: plot(&shared, &events),
        figures,
    })
}

async fn latest(shared: &Shared, visit: &Visit) -> Result<Vec<ExplainedEvent>, Refusal> {
    let request = AuthEventsRequest { limit: EVENTS, ..AuthEventsRequest::default() };
    Ok(shared.provisioning.why(&visit.scope, request).await?.events)
}

/// What the overview asks for again now and then.
async fn failing_part(State(shared): State<Arc<Shared>>, visit: Visit) -> Result<Response, Refusal> {
    let events = latest(&shared, &visit).await?;
    page(&FailingPart { failing: failing(&shared, &visit.base(), &events) })
}

async fn figures(shared: &Shared, visit: &Visit) -> Result<Figures, Refusal> {
    let provisioning = &shared.provisioning;
    let one = Page { limit: 1, offset: 0 };
    let (username, transport, source, credential) = (None, None, None, None);
    let everybody = RegistrationsRequest { cursor: "".into(), limit: 1, credential, username, transport, source };
    let online = provisioning.registrations(&visit.scope, &*shared.config.registrations, everybody).await?;
    let calls = visit.scope.clone().account_read().ok().map(|account| provisioning.concurrency(&account));
    Ok(Figures {
        base: visit.base(),
        credentials: provisioning.credentials(&visit.scope, one).await?.1,
        phones: online.total,
        calls: calls.map(|calls| (calls.calls, calls.most)),
        bans: provisioning.bans(&visit.scope, one).0.total,
    })
}

/// The newest event of each name and address decides whether it fails now.
fn failing(shared: &Shared, base: &str, events: &[ExplainedEvent]) -> Vec<Failing> {
    let since = shared.clock.now().plus_seconds(-NEWS_SECONDS);
    let mut seen: HashMap<(&str, std::net::IpAddr), Option<usize>> = HashMap::new();
    let mut failing: Vec<Failing> = Vec::new();
    for event in events.iter().filter(|event| event.event.record.last_at >= since) {
        let record = &event.event.record;
        if record.reason == AuthReason::Challenge {
            continue;
        }
        let place = seen.entry((&record.username, record.source.ip())).or_insert_with(|| {
            record.is_refusal().then(|| {
                failing.push(Failing { row: AttemptRow::new(event, base), times: 0, since: record.at.into() });
                failing.len() - 1
            })
        });
        if let Some(one) = place.and_then(|place| failing.get_mut(place)).filter(|_| record.is_refusal()) {
            one.times += u64::from(record.attempts);
            one.since = record.at.into();
        }
    }
    failing.truncate(FAILING);
    failing
}

fn plot(shared: &Shared, events: &[ExplainedEvent]) -> Plot {
    let now = shared.clock.now().as_micros() / 1_000_000;
    let mut columns = [[0; 3]; COLUMNS];
    for event in events {
        let record = &event.event.record;
        let age = (now - record.last_at.as_micros() / 1_000_000) / COLUMN_SECONDS;
        let column = usize::try_from(age).ok().and_then(|age| COLUMNS.checked_sub(age + 1));
        let outcome = match record.reason {
            AuthReason::Ok => 0,
            AuthReason::Challenge => 1,
            _ => 2,
        };
        let counts = column.and_then(|column| columns.get_mut(column));
        if let Some(count) = counts.and_then(|counts| counts.get_mut(outcome)) {
            *count += u64::from(record.attempts);
        }
    }
    Plot { columns, column_seconds: COLUMN_SECONDS }
}
