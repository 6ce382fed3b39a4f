//! The media proxy, rtpengine, as calls see it.

use crate::configuration::parse;
use crate::failure::Failure;
use domain::RandomSource;
use rtpengine::{CallKey, Profile, RtpEngine, RtpEngineError, Sides};
use sip_edge::{Half, MediaBridge, MediaFault, MediaName, MediaProfile, MediaRule, Rewritten, SessionDescription};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::runtime::Handle;

/// How often every instance is asked for a sign of life.
const WATCH_INTERVAL: Duration = Duration::from_secs(10);
/// How long a call waits for a description, however many instances there are to turn to.
const DESCRIPTION_LIMIT: Duration = Duration::from_secs(5);

/// Where rtpengine is, and what goes through it.
#[derive(Debug, Clone, Default)]
pub(crate) struct MediaSettings {
    /// As `HOST:PORT`; without any, session descriptions cross as they are.
    pub(crate) instances: Vec<String>,
    pub(crate) rule: MediaRule,
}

impl MediaSettings {
    pub(crate) fn settle(instances: Vec<String>, rule: Option<&str>) -> Result<Self, Failure> {
        let check = |text: &String| parse("--rtpengine", text, host_and_port).map(drop);
        instances.iter().try_for_each(check)?;
        let rule = match rule {
            None => MediaRule::default(),
            Some(_) if instances.is_empty() => {
                let problem = "--media says which calls go through rtpengine; say where it is with --rtpengine";
                return Err(Failure::Refused(problem.into()));
            }
            Some(text) => parse("--media", text, parse_rule)?,
        };
        Ok(Self { instances, rule })
    }

    /// Finds the instances; `None` if there are none to find. That one does not answer shows later.
    pub(crate) async fn open(&self, random: &dyn RandomSource) -> Result<Option<Arc<MediaProxy>>, Failure> {
        if self.instances.is_empty() {
            return Ok(None);
        }
        let mut addresses = Vec::with_capacity(self.instances.len());
        for instance in &self.instances {
            addresses.push(address_of(instance).await?);
        }
        let mut word = [0; 8];
        random.fill(&mut word);
        let alive = Mutex::new(addresses.iter().map(|address| (*address, None)).collect());
        let opened = RtpEngine::open(rtpengine::Config::of(addresses), u64::from_le_bytes(word)).await;
        let client = Arc::new(opened.map_err(|error| Failure::Refused(format!("{error}; raise the limit of files")))?);
        let faults = Arc::new(Faults::default());
        Ok(Some(Arc::new(MediaProxy { client, runtime: Handle::current(), faults, alive })))
    }
}

/// How the options write a rule.
pub(crate) const fn rule_text(rule: MediaRule) -> &'static str {
    match rule {
        MediaRule::WhereNeeded => "auto",
        MediaRule::Always => "always",
    }
}

fn parse_rule(text: &str) -> Result<MediaRule, &'static str> {
    match text {
        "auto" => Ok(MediaRule::WhereNeeded),
        "always" => Ok(MediaRule::Always),
        _ => Err("write auto or always"),
    }
}

fn host_and_port(text: &str) -> Result<(), &'static str> {
    let is_port = |port: &str| port.parse::<u16>().is_ok_and(|port| port > 0);
    match text.rsplit_once(':') {
        Some((host, port)) if !host.is_empty() && is_port(port) => Ok(()),
        _ => Err("write the address of its ng protocol as 127.0.0.1:2223"),
    }
}

/// The first address of a name, asked for once.
async fn address_of(instance: &str) -> Result<SocketAddr, Failure> {
    let failure = |problem: String| Failure::Option { option: "--rtpengine", value: instance.to_owned(), problem };
    let mut found = tokio::net::lookup_host(instance).await.map_err(|error| failure(error.to_string()))?;
    found.next().ok_or_else(|| failure("its name leads to no address".to_owned()))
}

/// rtpengine, for calls.
pub(crate) struct MediaProxy {
    client: Arc<RtpEngine>,
    runtime: Handle,
    faults: Arc<Faults>,
    /// Whether each answered when it was last asked.
    alive: Mutex<BTreeMap<SocketAddr, Option<bool>>>,
}

/// How many descriptions were not rewritten, by why.
#[derive(Default)]
struct Faults {
    silent: AtomicU64,
    refused: AtomicU64,
    too_many: AtomicU64,
}

impl MediaProxy {
    /// Asks all instances for signs of life until dropped, and says when one goes or comes back.
    pub(crate) async fn watch(self: Arc<Self>) {
        let mut ticks = tokio::time::interval(WATCH_INTERVAL);
        loop {
            ticks.tick().await;
            for (instance, is_alive) in self.client.ping().await {
                let before = self.alive.lock().unwrap_or_else(PoisonError::into_inner).insert(instance, Some(is_alive));
                match (before.flatten(), is_alive) {
                    (Some(true) | None, false) => {
                        tracing::warn!(%instance, "this rtpengine does not answer; calls that need it are refused where no other does");
                    }
                    (Some(false), true) => tracing::info!(%instance, "this rtpengine answers again"),
                    _ => {}
                }
            }
        }
    }

    /// Which instances answered when they were last asked; none before they were asked.
    pub(crate) fn signs_of_life(&self) -> Vec<(SocketAddr, bool)> {
        let alive = self.alive.lock().unwrap_or_else(PoisonError::into_inner);
        alive.iter().map(|(instance, is_alive)| (*instance, *is_alive == Some(true))).collect()
    }

    /// How many legs go through rtpengine.
    pub(crate) fn legs(&self) -> usize {
        self.client.calls()
    }

    /// How many descriptions were not rewritten since the start, by why.
    pub(crate) fn faults(&self) -> [(&'static str, u64); 3] {
        let Faults { silent, refused, too_many } = &*self.faults;
        [("silent", silent), ("refused", refused), ("too_many", too_many)]
            .map(|(reason, count)| (reason, count.load(Ordering::Relaxed)))
    }
}

impl MediaBridge for MediaProxy {
    fn rewrite(&self, description: SessionDescription, rewritten: Rewritten) {
        let (client, faults) = (Arc::clone(&self.client), Arc::clone(&self.faults));
        self.runtime.spawn(async move {
            let name = description.name;
            let outcome = tokio::time::timeout(DESCRIPTION_LIMIT, rewrite(&client, description)).await;
            let outcome = outcome.unwrap_or(Err(RtpEngineError::NoAnswer));
            rewritten(outcome.map_err(|error| {
                tracing::warn!(call = %name.call, leg = name.leg, %error, "a session description was not rewritten");
                faults.count(&error)
            }));
        });
    }

    fn release(&self, name: MediaName) {
        let client = Arc::clone(&self.client);
        self.runtime.spawn(async move {
            if let Err(error) = client.delete(&key(name)).await {
                tracing::info!(call = %name.call, leg = name.leg, %error, "rtpengine ends this call's media by its own time limit");
            }
        });
    }
}

async fn rewrite(client: &RtpEngine, description: SessionDescription) -> Result<Vec<u8>, RtpEngineError> {
    let SessionDescription { name, from, to, half, profile, sdp } = description;
    let (from, to) = (format!("leg{from}"), format!("leg{to}"));
    let profile = match profile {
        MediaProfile::PlainRtp => Profile::PlainRtp,
        MediaProfile::Sdes => Profile::Sdes,
        MediaProfile::WebRtc => Profile::WebRtc,
    };
    match half {
        Half::Offer => client.offer(&key(name), Sides { offerer: &from, answerer: &to }, &sdp, profile).await,
        Half::Answer => client.answer(&key(name), Sides { offerer: &to, answerer: &from }, &sdp, profile).await,
    }
}

fn key(name: MediaName) -> CallKey {
    CallKey::new(format!("{}-{}", name.call, name.leg))
}

impl Faults {
    /// Counts one; what the call makes of it.
    fn count(&self, error: &RtpEngineError) -> MediaFault {
        let (counter, fault) = match error {
            RtpEngineError::Refused(_) | RtpEngineError::TooLong => (&self.refused, MediaFault::Unacceptable),
            RtpEngineError::TooManyCalls => (&self.too_many, MediaFault::Unavailable),
            RtpEngineError::NoInstance
            | RtpEngineError::Socket(_)
            | RtpEngineError::NoAnswer
            | RtpEngineError::CallLost
            | RtpEngineError::BadAnswer => (&self.silent, MediaFault::Unavailable),
        };
        counter.fetch_add(1, Ordering::Relaxed);
        fault
    }
}
