//! `sipwarden bench`: many phones at a server at once, and how it bears them.

mod callers;
mod progress;
mod report;

use crate::bench_cli::{BenchMode, BenchOptions};
use crate::call;
use crate::call_cli::CallTransport;
use crate::failure::Failure;
use crate::hardening;
use crate::signals::StopSignals;
use crate::system::SystemRandom;
use callers::Callers;
use domain::RandomSource as _;
use report::{Left, Measured};
use sip_user_agent::UaTransport;
use sip_user_agent::load::{Goal, KneeSearch, Length, Load, LoadPlan, LoadWatch, Pace, Run, Rung, Tally, Work};
use std::sync::Arc;
use std::time::Duration;

/// Servers of ours offer MD5 alone to whoever is not known to do better, which is what most phones are.
const USER_AGENT: &str = concat!("sipwarden-bench/", env!("CARGO_PKG_VERSION"));
/// Where the search for the knee begins, in exchanges a second.
const FIRST_RATE: f64 = 500.0;
/// How many phones prepare, or clear away, at a time.
const GENTLY: Pace = Pace::AtATime(32);

/// Prepares, measures, clears away, and reports.
pub(crate) async fn run(options: BenchOptions) -> Result<(), Failure> {
    let watch = Arc::new(LoadWatch::default());
    stop_when_asked(&watch)?;
    let server = call::resolved(&options.server).await?;
    let transport = call::transport(&options.server, options.transport, options.ca_file.as_deref())?;
    if !matches!(transport, UaTransport::Udp) {
        hardening::raise_open_files();
    }
    let mut callers = Callers::obtain(&options, &watch).await?;
    let mut entropy = [0; 32];
    SystemRandom.fill(&mut entropy);
    let plan = LoadPlan {
        server,
        transport,
        domain: options.domain.clone(),
        work: work(options.mode),
        to: target(&options),
        expected_status: options.expect,
        user_agent: USER_AGENT.to_owned(),
        sockets: usize::from(options.sockets),
        entropy,
    };
    // Whatever happens from here on, what was created is deleted.
    let measured = measure(&options, plan, &mut callers, &watch).await;
    let credentials = callers.clear_away().await;
    let (measured, bindings) = measured?;
    let left = Left { bindings: if callers.were_created() && credentials == 0 { 0 } else { bindings }, credentials };
    report::print(&options, &measured, left)
}

/// The first signal ends the measuring, the second the program.
fn stop_when_asked(watch: &Arc<LoadWatch>) -> Result<(), Failure> {
    let mut signals = StopSignals::catch()?;
    let watch = Arc::clone(watch);
    tokio::spawn(async move {
        signals.asked_to_stop().await;
        watch.stop();
        progress::say("stopping: what is under way is ended, and what was made is cleared away; once more to leave it");
        signals.asked_to_stop().await;
        progress::say("left as it was: bindings end by themselves within an hour, created credentials stay");
        std::process::exit(1);
    });
    Ok(())
}

const fn work(mode: BenchMode) -> Work {
    match mode {
        BenchMode::Register => Work::Register,
        BenchMode::Preemptive => Work::Preemptive,
        BenchMode::Invite => Work::Invite,
        BenchMode::Call => Work::Call,
    }
}

/// Over a connection, phones hear nothing between their own exchanges, so they cannot be called.
fn target(options: &BenchOptions) -> Option<String> {
    let at_domain = |user: &str| Some(format!("sip:{user}@{}", options.domain));
    match (options.mode, options.transport) {
        _ if options.to.is_some() => options.to.clone(),
        (BenchMode::Call, CallTransport::Udp) => None,
        (BenchMode::Call, _) => at_domain("echo"),
        _ => at_domain("nobody-is-here"),
    }
}

/// What was measured, and how many bindings could not be removed.
async fn measure(
    options: &BenchOptions,
    plan: LoadPlan,
    callers: &mut Callers,
    watch: &Arc<LoadWatch>,
) -> Result<(Measured, usize), Failure> {
    let registers = matches!(plan.work, Work::Register | Work::Preemptive) || plan.to.is_none();
    let phones = callers.take();
    let opening = progress::opening(watch, phones.len(), options);
    let load = Load::open(plan, phones, Arc::clone(watch)).await;
    opening.abort();
    let mut load = load.map_err(|error| Failure::Refused(report::of_opening(&error, options)))?;
    if registers {
        progress::say("registering every phone once");
        let tally = load.run(Run { goal: Goal::Bind, pace: GENTLY, length: Length::Once }).await;
        if tally.good == 0 && tally.begun > 0 {
            return Err(Failure::Refused(report::of_nothing(&tally, options)));
        }
    }
    let measured =
        if options.knee { climb(options, &mut load, watch).await } else { hold(options, &mut load, watch).await };
    // A phone that has a binding removes it, also where the measuring was stopped.
    if registers && !callers.were_created() {
        progress::say("removing the phones' bindings");
        watch.go_on();
        let _ = load.run(Run { goal: Goal::Remove, pace: GENTLY, length: Length::Once }).await;
    }
    Ok((measured, load.bound()))
}

/// One pace, for as long as was asked for.
async fn hold(options: &BenchOptions, load: &mut Load, watch: &Arc<LoadWatch>) -> Measured {
    let pace = options.rate.map_or(Pace::AtATime(options.at_a_time as usize), |rate| Pace::PerSecond(rate.into()));
    warm_up(options, load, pace).await;
    let run = Run { goal: Goal::Work, pace, length: Length::For(Duration::from_secs(options.duration.into())) };
    let tally = watched(load, run, watch).await;
    Measured { tally, rungs: Vec::new(), knee: None }
}

/// Rate after rate, until the knee is found.
async fn climb(options: &BenchOptions, load: &mut Load, watch: &Arc<LoadWatch>) -> Measured {
    let mut search = KneeSearch::from(FIRST_RATE);
    let mut rungs: Vec<(Rung, Tally)> = Vec::new();
    warm_up(options, load, Pace::PerSecond(FIRST_RATE)).await;
    loop {
        let pace = Pace::PerSecond(search.rate());
        let run = Run { goal: Goal::Work, pace, length: Length::For(Duration::from_secs(options.duration.into())) };
        let tally = watched(load, run, watch).await;
        if watch.is_stopped() {
            break;
        }
        let (rung, goes_on) = search.judge(&tally);
        progress::say(&report::rung_line(&rung));
        rungs.push((rung, tally));
        if !goes_on {
            break;
        }
    }
    let knee = search.knee();
    let at_knee = rungs.iter().rfind(|(rung, _)| Some(rung.rate) == knee).map(|(_, tally)| tally.clone());
    Measured { tally: at_knee.unwrap_or_default(), rungs: rungs.into_iter().map(|(rung, _)| rung).collect(), knee }
}

async fn warm_up(options: &BenchOptions, load: &mut Load, pace: Pace) {
    if options.warm_up > 0 {
        let length = Length::For(Duration::from_secs(options.warm_up.into()));
        let _ = load.run(Run { goal: Goal::Work, pace, length }).await;
    }
}

async fn watched(load: &mut Load, run: Run, watch: &Arc<LoadWatch>) -> Tally {
    let telling = progress::working(watch);
    let tally = load.run(run).await;
    telling.abort();
    progress::clear();
    tally
}
