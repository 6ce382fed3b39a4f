//! The client: which instance has which call, and what is asked of it.

use crate::bencode::Value;
use crate::command::{CallKey, Half, Profile, Rewrite, Sides, delete, ping};
use crate::error::RtpEngineError;
use crate::instance::Instance;
use parking_lot::Mutex;
use std::collections::HashMap;
use std::fmt;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// The longest description that is sent to rtpengine: it answers in one datagram, which has to hold what it adds too.
const MAX_DESCRIPTION_OCTETS: usize = 32 * 1024;

/// Which instances there are and how patient to be with them.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Config {
    /// The ng addresses, the most wanted first.
    pub instances: Vec<SocketAddr>,
    /// How long each datagram is waited for; one more datagram is sent for each.
    pub intervals: Vec<Duration>,
    /// How many calls may be remembered at once.
    pub most_calls: usize,
}

impl Config {
    /// Those instances, three datagrams within 1.75 seconds, 100,000 calls.
    #[must_use]
    pub fn of(instances: Vec<SocketAddr>) -> Self {
        let intervals = [250, 500, 1000].map(Duration::from_millis).to_vec();
        Self { instances, intervals, most_calls: 100_000 }
    }
}

/// The client.
pub struct RtpEngine {
    config: Config,
    instances: Vec<Instance>,
    /// Which instance has a call.
    calls: Mutex<HashMap<CallKey, usize>>,
    cookie_prefix: String,
    next_cookie: AtomicU64,
}

impl RtpEngine {
    /// Opens a socket to each instance on the present tokio runtime. Cookies begin with `word`, which must differ from
    /// one process to the next: rtpengine answers a known cookie as it did before.
    ///
    /// # Errors
    /// [`RtpEngineError::NoInstance`] or [`RtpEngineError::Socket`]; that nobody answers shows later.
    pub async fn open(config: Config, word: u64) -> Result<Self, RtpEngineError> {
        if config.instances.is_empty() {
            return Err(RtpEngineError::NoInstance);
        }
        let mut instances = Vec::with_capacity(config.instances.len());
        for address in &config.instances {
            instances.push(Instance::open(*address).await.map_err(RtpEngineError::Socket)?);
        }
        Ok(Self {
            config,
            instances,
            calls: Mutex::new(HashMap::new()),
            cookie_prefix: format!("{word:016x}"),
            next_cookie: AtomicU64::new(0),
        })
    }

    /// How many calls are remembered.
    #[must_use]
    pub fn calls(&self) -> usize {
        self.calls.lock().len()
    }

    /// Rewrites an offer for an answerer that speaks `profile`. The first offer of a call chooses its instance, and turns
    /// to the next while one is silent; later ones stay with it.
    ///
    /// # Errors
    /// [`RtpEngineError`].
    pub async fn offer(
        &self,
        call: &CallKey,
        sides: Sides<'_>,
        sdp: &[u8],
        profile: Profile,
    ) -> Result<Vec<u8>, RtpEngineError> {
        check_length(sdp)?;
        let rewrite = Rewrite { half: Half::Offer, call, sides, sdp, profile }.to_value();
        if self.instance_of(call).is_some() {
            return rewritten(&self.ask_owner(call, &rewrite).await?);
        }
        if self.calls() >= self.config.most_calls {
            return Err(RtpEngineError::TooManyCalls);
        }
        let (owner, answer) = self.ask_any(&rewrite).await?;
        let sdp = rewritten(&answer)?;
        self.calls.lock().insert(call.clone(), owner);
        Ok(sdp)
    }

    /// Rewrites an answer for the offerer, which speaks `profile`.
    ///
    /// # Errors
    /// [`RtpEngineError`].
    pub async fn answer(
        &self,
        call: &CallKey,
        sides: Sides<'_>,
        sdp: &[u8],
        profile: Profile,
    ) -> Result<Vec<u8>, RtpEngineError> {
        check_length(sdp)?;
        let rewrite = Rewrite { half: Half::Answer, call, sides, sdp, profile }.to_value();
        rewritten(&self.ask_owner(call, &rewrite).await?)
    }

    /// Ends a call's media. One that is not known here, as after a restart, may be known to any instance.
    ///
    /// # Errors
    /// [`RtpEngineError`]; the call is forgotten here all the same, and rtpengine ends it by its own time limit.
    pub async fn delete(&self, call: &CallKey) -> Result<(), RtpEngineError> {
        let owner = self.calls.lock().remove(call);
        let owner = owner.and_then(|owner| self.instances.get(owner));
        let Some(owner) = owner else {
            for instance in &self.instances {
                // Those that do not have it say so, and that is as good.
                self.ask(instance, &delete(call)).await;
            }
            return Ok(());
        };
        let answer = self.ask(owner, &delete(call)).await.ok_or(RtpEngineError::CallLost)?;
        match answer.string("result") {
            Some(b"ok" | b"warning") => Ok(()),
            _ => Err(refusal(&answer)),
        }
    }

    /// Asks every instance for a sign of life, and says which gave one; those that did not are asked last from now on.
    pub async fn ping(&self) -> Vec<(SocketAddr, bool)> {
        let mut signs = Vec::with_capacity(self.instances.len());
        for instance in &self.instances {
            let answer = self.ask(instance, &ping()).await;
            let is_alive = answer.is_some_and(|answer| answer.string("result") == Some(b"pong"));
            signs.push((instance.address, is_alive));
        }
        signs
    }

    fn instance_of(&self, call: &CallKey) -> Option<&Instance> {
        self.calls.lock().get(call).and_then(|owner| self.instances.get(*owner))
    }

    async fn ask_owner(&self, call: &CallKey, command: &Value) -> Result<Value, RtpEngineError> {
        let owner = self.instance_of(call).ok_or(RtpEngineError::CallLost)?;
        self.ask(owner, command).await.ok_or(RtpEngineError::CallLost)
    }

    /// Those that answered lately first, each in the order given.
    async fn ask_any(&self, command: &Value) -> Result<(usize, Value), RtpEngineError> {
        let numbered = || self.instances.iter().enumerate();
        let trusted = numbered().filter(|(_, instance)| instance.is_trusted());
        let others = numbered().filter(|(_, instance)| !instance.is_trusted());
        let order: Vec<_> = trusted.chain(others).collect();
        for (place, instance) in order {
            if let Some(answer) = self.ask(instance, command).await {
                return Ok((place, answer));
            }
        }
        Err(RtpEngineError::NoAnswer)
    }

    async fn ask(&self, instance: &Instance, command: &Value) -> Option<Value> {
        let number = self.next_cookie.fetch_add(1, Ordering::Relaxed);
        let cookie = format!("{}{number:x}", self.cookie_prefix);
        // One that was silent just now is not waited for as long as the first time.
        let tries = if instance.is_trusted() { self.config.intervals.len() } else { 1 };
        instance.ask(&cookie, command, self.config.intervals.get(..tries).unwrap_or_default()).await
    }
}

/// What is too long for a datagram would look like an rtpengine that is gone.
const fn check_length(sdp: &[u8]) -> Result<(), RtpEngineError> {
    if sdp.len() > MAX_DESCRIPTION_OCTETS { Err(RtpEngineError::TooLong) } else { Ok(()) }
}

/// The description in an answer.
fn rewritten(answer: &Value) -> Result<Vec<u8>, RtpEngineError> {
    match (answer.string("result"), answer.string("sdp")) {
        (Some(b"ok"), Some(sdp)) => Ok(sdp.to_vec()),
        (Some(b"ok"), None) => Err(RtpEngineError::BadAnswer),
        _ => Err(refusal(answer)),
    }
}

fn refusal(answer: &Value) -> RtpEngineError {
    match answer.string("error-reason") {
        Some(reason) => RtpEngineError::Refused(reason.escape_ascii().to_string()),
        None => RtpEngineError::BadAnswer,
    }
}

impl fmt::Debug for RtpEngine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RtpEngine").field("config", &self.config).field("calls", &self.calls()).finish_non_exhaustive()
    }
}
