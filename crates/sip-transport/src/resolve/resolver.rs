//! Asks the domain name system.

use crate::Transport;
use crate::resolve::destination_policy::{DestinationPolicy, ForbiddenDestination};
use crate::resolve::plan::{NextHop, Plan, ServiceQuestion, by_rules};
use crate::resolve::services::{Rule, Service, order_services};
use crate::resolve::target::Target;
use hickory_resolver::config::{ConnectionConfig, NameServerConfig, ResolverConfig as Servers, ResolverOpts};
use hickory_resolver::net::NetError;
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::proto::rr::{Name, RData, RecordType};
use hickory_resolver::{Resolver as Hickory, TokioResolver};
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

/// Most places one resolution names; failing over further would take longer than a caller waits.
const MOST_HOPS: usize = 16;
/// Most records of one answer that are looked at.
const MOST_RECORDS: usize = 32;

/// What the operator may set about resolution.
#[derive(Clone, Debug)]
pub struct ResolverConfig {
    /// The servers to ask; those of the system if empty.
    pub name_servers: Vec<SocketAddr>,
    /// How long one server may take for one question, in milliseconds.
    pub question_ms: u64,
    /// How often a question that was not answered is asked again.
    pub repetitions: usize,
    /// Bounds of how long an answer is kept, in seconds, whatever its own time to live says.
    pub kept_seconds: (u64, u64),
    /// The same for the answer that there is nothing.
    pub absence_kept_seconds: (u64, u64),
    /// Most answers kept.
    pub kept_answers: u64,
    /// The transports we can send over, the preferred first.
    pub spoken: Vec<Transport>,
}

impl Default for ResolverConfig {
    fn default() -> Self {
        Self {
            name_servers: Vec::new(),
            question_ms: 2_000,
            repetitions: 1,
            kept_seconds: (1, 3_600),
            absence_kept_seconds: (5, 300),
            kept_answers: 4_096,
            spoken: vec![Transport::Udp, Transport::Tcp, Transport::Tls],
        }
    }
}

/// Why a target leads nowhere.
#[derive(Debug, thiserror::Error)]
pub enum ResolveError {
    /// The system's list of servers cannot be read, or one that was given cannot be used.
    #[error("the name servers cannot be used: {0}")]
    NameServers(NetError),
    /// The domain name system has no address for it.
    #[error("there is no such host")]
    NoSuchHost,
    /// It can be reached only over transports that we do not speak.
    #[error("it wants a transport that is not spoken here")]
    NoCommonTransport,
    /// No server answered in time, or none sensibly; worth another try.
    #[error("no name server gave an answer: {0}")]
    Unanswered(NetError),
    /// It leads only to where nothing is sent.
    #[error("nothing is sent to where it leads: {0}")]
    Forbidden(ForbiddenDestination),
}

/// Finds out where targets lead. Answers are kept as long as they say, within bounds.
pub struct Resolver {
    hickory: TokioResolver,
    policy: DestinationPolicy,
    spoken: Vec<Transport>,
}

/// What came of one question: what it found, or that nothing is there.
type Found<T> = Result<Option<T>, NetError>;

impl Resolver {
    /// A resolver that names no place which the policy forbids.
    ///
    /// # Errors
    /// [`ResolveError::NameServers`].
    pub fn new(config: &ResolverConfig, policy: DestinationPolicy) -> Result<Self, ResolveError> {
        let provider = TokioRuntimeProvider::default();
        let mut builder = if config.name_servers.is_empty() {
            Hickory::builder_tokio().map_err(ResolveError::NameServers)?
        } else {
            let servers = config.name_servers.iter().map(|server| server_at(*server)).collect();
            Hickory::builder_with_config(Servers::from_parts(None, Vec::new(), servers), provider)
        };
        set(builder.options_mut(), config);
        let hickory = builder.build().map_err(ResolveError::NameServers)?;
        Ok(Self { hickory, policy, spoken: config.spoken.clone() })
    }

    /// Where a request to that target goes, if nobody has to be asked: its host is an address, and it says the rest.
    ///
    /// # Errors
    /// [`ResolveError`] says why it goes nowhere.
    #[must_use]
    pub fn known(&self, target: &Target) -> Option<Result<Vec<NextHop>, ResolveError>> {
        match Plan::new(target, &self.spoken) {
            None => Some(Err(ResolveError::NoCommonTransport)),
            Some(Plan::Known(hop)) => {
                let mut search = Search::default();
                search.hops.push(hop);
                Some(search.conclude(&self.policy))
            }
            Some(_) => None,
        }
    }

    /// Where a request to that target goes: the places to try, in order, at least one (RFC 3263 section 4.3). The random
    /// value spreads requests over services of equal priority.
    ///
    /// # Errors
    /// [`ResolveError`] says why it goes nowhere.
    pub async fn next_hops(&self, target: &Target, random: u64) -> Result<Vec<NextHop>, ResolveError> {
        let mut plan = Plan::new(target, &self.spoken).ok_or(ResolveError::NoCommonTransport)?;
        let mut search = Search::default();
        loop {
            plan = match plan {
                Plan::Known(hop) => {
                    search.hops.push(hop);
                    break;
                }
                Plan::Host { name, port, transport } => {
                    self.search_host(&mut search, &name, (port, transport)).await;
                    break;
                }
                Plan::Services { questions, otherwise } => {
                    if self.search_services(&mut search, &questions, random).await {
                        break;
                    }
                    *otherwise
                }
                Plan::Rules { name, otherwise } => {
                    let rules = search.unless_unanswered(self.rules(&name).await).unwrap_or_default();
                    let Some(questions) = by_rules(rules, target, &self.spoken) else {
                        plan = *otherwise;
                        continue;
                    };
                    let first = questions.first().ok_or(ResolveError::NoCommonTransport)?.transport;
                    if self.search_services(&mut search, &questions, random).await {
                        break;
                    }
                    Plan::host_by_default(name, first)
                }
            };
        }
        search.conclude(&self.policy)
    }

    /// Follows services to their hosts; `false` if there is none of them.
    async fn search_services(&self, search: &mut Search, questions: &[ServiceQuestion], random: u64) -> bool {
        let mut exist = false;
        for question in questions {
            let Some(services) = search.unless_unanswered(self.services(&question.name).await) else { continue };
            exist = true;
            for service in order_services(services, random) {
                if search.hops.len() >= MOST_HOPS {
                    return true;
                }
                self.search_host(search, &service.host, (service.port, question.transport)).await;
            }
        }
        exist
    }

    /// IPv4 first: networks whose IPv6 leads nowhere are commoner than those without IPv4.
    async fn search_host(&self, search: &mut Search, name: &str, (port, transport): (u16, Transport)) {
        for family in [RecordType::A, RecordType::AAAA] {
            for address in search.unless_unanswered(self.addresses(name, family).await).unwrap_or_default() {
                let hop = NextHop { transport, address: SocketAddr::new(address, port) };
                if search.hops.len() < MOST_HOPS && !search.hops.contains(&hop) {
                    search.hops.push(hop);
                }
            }
        }
    }

    async fn rules(&self, name: &str) -> Found<Vec<Rule>> {
        self.ask(name, RecordType::NAPTR, |data| match data {
            RData::NAPTR(rule) => Some(Rule {
                order: rule.order,
                preference: rule.preference,
                flags: rule.flags.clone(),
                services: rule.services.clone(),
                replacement: rule.replacement.to_ascii().into_boxed_str(),
            }),
            _ => None,
        })
        .await
    }

    async fn services(&self, name: &str) -> Found<Vec<Service>> {
        self.ask(name, RecordType::SRV, |data| match data {
            RData::SRV(service) => Some(Service {
                priority: service.priority,
                weight: service.weight,
                port: service.port,
                host: service.target.to_ascii().into_boxed_str(),
            }),
            _ => None,
        })
        .await
    }

    async fn addresses(&self, name: &str, family: RecordType) -> Found<Vec<IpAddr>> {
        self.ask(name, family, |data| match data {
            RData::A(address) => Some(IpAddr::V4(address.0)),
            RData::AAAA(address) => Some(IpAddr::V6(address.0)),
            _ => None,
        })
        .await
    }

    async fn ask<T>(&self, name: &str, kind: RecordType, read: impl Fn(&RData) -> Option<T>) -> Found<Vec<T>> {
        let Ok(mut name) = Name::from_ascii(name) else { return Ok(None) };
        // Names in URIs are whole; no search list is tried.
        name.set_fqdn(true);
        match self.hickory.lookup(name, kind).await {
            Ok(lookup) => {
                let records = lookup.answers().iter().filter_map(|record| read(&record.data));
                let found: Vec<T> = records.take(MOST_RECORDS).collect();
                Ok((!found.is_empty()).then_some(found))
            }
            Err(error) if error.is_no_records_found() => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// What has been found so far.
#[derive(Default)]
struct Search {
    hops: Vec<NextHop>,
    unanswered: Option<NetError>,
}

impl Search {
    /// What a question found; one that nobody answered is kept in mind, for other questions may lead on.
    fn unless_unanswered<T>(&mut self, found: Found<T>) -> Option<T> {
        found.unwrap_or_else(|error| {
            self.unanswered = Some(error);
            None
        })
    }

    fn conclude(self, policy: &DestinationPolicy) -> Result<Vec<NextHop>, ResolveError> {
        let mut forbidden = None;
        let permitted = |hop: &NextHop| match policy.permit(hop.address) {
            Ok(()) => true,
            Err(reason) => {
                forbidden = Some(reason);
                false
            }
        };
        let hops: Vec<_> = self.hops.into_iter().filter(permitted).collect();
        match (forbidden, self.unanswered) {
            _ if !hops.is_empty() => Ok(hops),
            (Some(reason), _) => Err(ResolveError::Forbidden(reason)),
            (None, Some(error)) => Err(ResolveError::Unanswered(error)),
            (None, None) => Err(ResolveError::NoSuchHost),
        }
    }
}

fn server_at(server: SocketAddr) -> NameServerConfig {
    let connections = [ConnectionConfig::udp(), ConnectionConfig::tcp()].map(|mut connection| {
        connection.port = server.port();
        connection
    });
    NameServerConfig::new(server.ip(), true, connections.into())
}

fn set(options: &mut ResolverOpts, config: &ResolverConfig) {
    let bounds = |(least, most): (u64, u64)| (Some(Duration::from_secs(least)), Some(Duration::from_secs(most)));
    options.timeout = Duration::from_millis(config.question_ms);
    options.attempts = config.repetitions;
    options.cache_size = config.kept_answers;
    options.edns0 = true;
    (options.positive_min_ttl, options.positive_max_ttl) = bounds(config.kept_seconds);
    (options.negative_min_ttl, options.negative_max_ttl) = bounds(config.absence_kept_seconds);
}
