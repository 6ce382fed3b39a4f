//! Where a call goes.
//!
//! Everything follows from who the caller has proven to be and from what its account has: no Route, Contact or foreign
//! host in a request leads anywhere.

use crate::calls::Calls;
use crate::calls::description::is_unreachable;
use crate::calls::identity::{self, Shown};
use crate::calls::limits::{CallLimit, Counted};
use crate::calls::permission::{Caller, Wanted};
use crate::calls::refusal::CallRefusal;
use crate::calls::way::{NextHopSecret, PhoneWay, UriWay, Way, host_text, transport_named};
use directory::{Callee, Realms};
use domain::{
    AccountId, CallDirection, CallLimits, CalledNumberIn, CredentialId, Destination, E164, InboundDestination,
    LiveBinding, Number, NumberTarget, OriginationUri, OriginationUriId, RealmId, ReferPolicy, SignallingTransport,
    Timestamp, Trunk, TrunkTransport,
};
use sip_b2bua::{FailoverOn, HeaderPolicy, Stage, Target, Trust};
use sip_message::{CheckedRequest, HostPort, Method, Uri};
use sip_transport::resolve::Target as HopTarget;
use sip_transport::{ConnectionId, Flow};
use std::net::IpAddr;
use std::sync::Arc;

/// The user part that always answers with what it hears.
const ECHO: &str = "echo";
/// Longest name or number that is looked up.
const MAX_DIALLED: usize = 64;
/// Header fields that cross between phones of one account.
const BETWEEN_PHONES: [&str; 4] = ["X-*", "Privacy", "Referred-By", "History-Info"];

/// What is to be called, and by which rules.
pub(crate) struct CallPlan {
    pub(crate) direction: CallDirection,
    pub(crate) account: AccountId,
    pub(crate) trunk: Option<Arc<Trunk>>,
    pub(crate) credential: Option<CredentialId>,
    pub(crate) shown: Shown,
    pub(crate) to: Box<str>,
    pub(crate) stages: Vec<Stage>,
    /// By stage and target.
    pub(crate) ways: Vec<Vec<Way>>,
    pub(crate) headers: HeaderPolicy,
    pub(crate) refer: ReferPolicy,
    /// What it counts at; empty for an emergency.
    pub(crate) limits: Vec<(Counted, CallLimit)>,
    /// Whether requests within the call go where the caller's Contact says.
    pub(crate) follows_caller: bool,
}

/// A request for a call, read.
pub(crate) struct Asking<'a> {
    pub(crate) realms: &'a Realms,
    pub(crate) caller: &'a Caller<'a>,
    pub(crate) request: &'a CheckedRequest<'a>,
    pub(crate) flow: &'a Flow,
    pub(crate) now: Timestamp,
}

/// Who or what takes a call, and how it is reached.
pub(super) struct Reached {
    stages: Vec<Stage>,
    ways: Vec<Vec<Way>>,
}

impl Calls {
    /// Decides where a call goes, or why nowhere.
    pub(crate) fn plan(&self, asking: &Asking<'_>) -> Result<CallPlan, CallRefusal> {
        if let Caller::Carrier(known) = asking.caller {
            return self.carrier_call(asking, known);
        }
        let dialled = dialled(asking.request.uri()).ok_or(CallRefusal::NotFound)?;
        let trunks = self.parts.directory.trunks();
        let host = asking.request.uri().host;
        let named = trunks.of_host(host);
        if named.is_none() && !self.is_our_host(asking, host) {
            return Err(CallRefusal::NotOurHost);
        }
        if named.as_ref().is_some_and(|trunk| !asking.caller.is_of(trunk.account)) {
            return Err(CallRefusal::NotOnTrunk);
        }
        match asking.caller {
            Caller::Credential(subject) => {
                if dialled == ECHO {
                    return self.to_echo(asking, subject.account);
                }
                let realm = (subject.realm.id, subject.account);
                if let Some(callee) = self.callee(realm, &dialled, asking.now) {
                    return self.to_phones(asking, (&callee, &dialled));
                }
                if let Some(number) = self.own_number(&dialled, subject.account, named.as_deref()) {
                    return self.to_number(asking, &number, &dialled);
                }
                self.outbound(asking, named, &dialled)
            }
            Caller::Gateway(known) | Caller::Carrier(known) => {
                let candidates = named.clone().map_or_else(|| known.clone(), |trunk| vec![trunk]);
                for trunk in &candidates {
                    if let Some(number) = self.own_number(&dialled, trunk.account, Some(trunk))
                        && number.trunk == Some(trunk.id)
                    {
                        return self.to_number(asking, &number, &dialled);
                    }
                }
                self.without_number(asking, (named, &candidates), &dialled)
            }
        }
    }

    /// Whether a host is ours: one that leads to the caller's realm, an address of ours, or the domain that the phone
    /// itself is in, as far as it is nobody else's.
    fn is_our_host(&self, asking: &Asking<'_>, host: &[u8]) -> bool {
        let realm = match asking.caller {
            Caller::Credential(subject) => Some(subject.realm.id),
            Caller::Gateway(_) | Caller::Carrier(_) => None,
        };
        match asking.realms.of_host(host) {
            Some(found) => realm.is_none_or(|realm| realm == found.id),
            None => {
                self.parts
                    .config
                    .addresses
                    .is_here(HostPort { octets: host, port: asking.request.uri().port }, asking.flow)
                    || realm.is_some() && host.eq_ignore_ascii_case(asking.request.from_header().uri.host)
            }
        }
    }

    /// A call to the echo.
    fn to_echo(&self, asking: &Asking<'_>, account: AccountId) -> Result<CallPlan, CallRefusal> {
        if self.local.get().is_none() {
            return Err(CallRefusal::NotFound);
        }
        let username = asking.caller.username().unwrap_or(ECHO);
        let target = Target {
            request_uri: b"sip:echo@sipwarden.invalid".as_slice().into(),
            to: b"<sip:echo@sipwarden.invalid>".as_slice().into(),
            trust: Trust::Untrusted,
        };
        let reached = Reached { stages: vec![self.ringing(vec![target])], ways: vec![vec![Way::Local]] };
        let domain = self.domain(asking);
        let shown = identity::of_username(asking.request, username, &domain);
        Ok(self.internal(asking, (account, CallDirection::Echo), (shown, ECHO), reached))
    }

    /// A call from one phone of an account to the phones of another.
    fn to_phones(&self, asking: &Asking<'_>, (callee, dialled): (&Callee, &str)) -> Result<CallPlan, CallRefusal> {
        let domain = self.domain(asking);
        let username = asking.caller.username().unwrap_or_default();
        let shown = identity::of_username(asking.request, username, &domain);
        let to = format!("<sip:{dialled}@{domain}>");
        let reached = self.phones(callee, (&to, None)).ok_or(CallRefusal::NotRegistered)?;
        Ok(self.internal(asking, (callee.account, CallDirection::Internal), (shown, dialled), reached))
    }

    fn internal(
        &self,
        asking: &Asking<'_>,
        (account, direction): (AccountId, CallDirection),
        (shown, to): (Shown, &str),
        reached: Reached,
    ) -> CallPlan {
        CallPlan {
            direction,
            account,
            trunk: None,
            credential: asking.caller.credential(),
            shown,
            to: to.into(),
            stages: reached.stages,
            ways: reached.ways,
            headers: HeaderPolicy::new(BETWEEN_PHONES),
            refer: ReferPolicy::Pass,
            limits: self.limits_of(account, None),
            follows_caller: false,
        }
    }

    /// A call to a number of the account, from wherever.
    pub(super) fn to_number(
        &self,
        asking: &Asking<'_>,
        number: &Number,
        dialled: &str,
    ) -> Result<CallPlan, CallRefusal> {
        let trunks = self.parts.directory.trunks();
        let trunk = number.trunk.and_then(|id| trunks.trunk(id)).ok_or(CallRefusal::NotFound)?;
        let is_inside = matches!(asking.caller, Caller::Credential(_))
            && asking.caller.over(&trunk, (trunks, asking.flow, Wanted::Inbound)).is_err();
        if !is_inside {
            asking.caller.over(&trunk, (trunks, asking.flow, Wanted::Inbound))?;
        }
        check_srtp(&trunk, asking.request)?;
        let target = match &number.target {
            NumberTarget::Username(username) => Some(InboundDestination::Username(username.clone())),
            NumberTarget::OriginationUri(id) => {
                let uri = trunks.origination_uri(*id).filter(|uri| uri.enabled).ok_or(CallRefusal::NoNextHop)?;
                let reached = self.uris(&[uri], (&trunk, number.e164.as_str()))?;
                return self.inbound(asking, (&trunk, dialled), reached);
            }
            NumberTarget::Trunk => trunk.inbound_destination.clone(),
        };
        let reached = self.inbound_destination(asking, &trunk, (target, Some(number), dialled))?;
        if is_inside {
            let domain = self.domain(asking);
            let shown = identity::of_username(asking.request, asking.caller.username().unwrap_or_default(), &domain);
            return Ok(self.internal(asking, (trunk.account, CallDirection::Internal), (shown, dialled), reached));
        }
        self.inbound(asking, (&trunk, dialled), reached)
    }

    /// A call of a gateway to what is no number of ours: its trunk's inbound destination where the trunk was named by
    /// its host, else an outbound call over a trunk that takes those.
    fn without_number(
        &self,
        asking: &Asking<'_>,
        (named, candidates): (Option<Arc<Trunk>>, &[Arc<Trunk>]),
        dialled: &str,
    ) -> Result<CallPlan, CallRefusal> {
        let trunks = self.parts.directory.trunks();
        if let Some(trunk) = &named
            && trunk.direction.takes_inbound()
            && trunk.inbound_destination.is_some()
        {
            asking.caller.over(trunk, (trunks, asking.flow, Wanted::Inbound))?;
            check_srtp(trunk, asking.request)?;
            let destination = trunk.inbound_destination.clone();
            let reached = self.inbound_destination(asking, trunk, (destination, None, dialled))?;
            return self.inbound(asking, (trunk, dialled), reached);
        }
        match candidates.iter().find(|trunk| trunk.direction.takes_outbound()) {
            Some(trunk) => self.outbound(asking, Some(Arc::clone(trunk)), dialled),
            None => Err(CallRefusal::NotFound),
        }
    }

    pub(super) fn inbound_destination(
        &self,
        asking: &Asking<'_>,
        trunk: &Arc<Trunk>,
        (destination, number, dialled): (Option<InboundDestination>, Option<&Number>, &str),
    ) -> Result<Reached, CallRefusal> {
        let trunks = self.parts.directory.trunks();
        match destination {
            None => Err(CallRefusal::NotFound),
            Some(InboundDestination::Username(username)) => {
                let realm = asking.realms.realm_of_account(trunk.account).ok_or(CallRefusal::NotFound)?;
                let callee = self.callee((realm, trunk.account), username.as_str(), asking.now);
                let callee = callee.ok_or(CallRefusal::NotFound)?;
                let domain = asking.realms.domain_of(realm).map_or_else(|| trunk.host.to_string(), ToString::to_string);
                let called = number.map_or(dialled, |number| number.e164.as_str());
                let to = format!("<sip:{called}@{domain}>");
                let place = number.map(|number| number.called_number_in);
                let user = (place == Some(CalledNumberIn::RequestUri)).then_some(called);
                self.phones(&callee, (&to, user)).ok_or(CallRefusal::NotRegistered)
            }
            Some(InboundDestination::Uri(wanted)) => {
                let attached = trunk.attachments.uris().filter_map(|id| trunks.origination_uri(id));
                let uri = attached.chain(trunks.uris_of(trunk.account)).find(|uri| uri.uri == wanted && uri.enabled);
                let called = number.map_or(dialled, |number| number.e164.as_str());
                self.uris(&[uri.ok_or(CallRefusal::NoNextHop)?], (trunk, called))
            }
        }
    }

    pub(super) fn inbound(
        &self,
        asking: &Asking<'_>,
        (trunk, dialled): (&Arc<Trunk>, &str),
        reached: Reached,
    ) -> Result<CallPlan, CallRefusal> {
        let realm = asking.realms.realm_of_account(trunk.account);
        let domain = realm.and_then(|realm| asking.realms.domain_of(realm));
        let domain = domain.map_or_else(|| trunk.host.to_string(), ToString::to_string);
        self.check_minutes(trunk, asking.now)?;
        Ok(CallPlan {
            direction: CallDirection::Inbound,
            account: trunk.account,
            trunk: Some(Arc::clone(trunk)),
            credential: asking.caller.credential(),
            shown: identity::from_outside(asking.request, &domain),
            to: dialled.into(),
            stages: reached.stages,
            ways: reached.ways,
            headers: HeaderPolicy::new(trunk.rules.passed_headers.iter().map(domain::PassedHeader::as_str)),
            refer: trunk.rules.refer,
            limits: self.limits_of(trunk.account, Some(trunk)),
            follows_caller: true,
        })
    }

    /// A call over a trunk's next hops.
    fn outbound(&self, asking: &Asking<'_>, named: Option<Arc<Trunk>>, dialled: &str) -> Result<CallPlan, CallRefusal> {
        let trunks = self.parts.directory.trunks();
        let trunk = match (named, asking.caller) {
            (Some(trunk), _) => trunk,
            (None, Caller::Credential(subject)) => {
                // What is no number and nobody's name is not found, whatever trunks there are.
                if !dialled.bytes().any(|octet| octet.is_ascii_digit()) {
                    return Err(CallRefusal::NotFound);
                }
                let attached = trunks.of_credential(subject.id);
                let outbound = |trunk: &&Arc<Trunk>| trunk.direction.takes_outbound() && trunk.status.is_active();
                attached.iter().find(outbound).cloned().ok_or(CallRefusal::NoTrunk)?
            }
            (None, Caller::Gateway(_) | Caller::Carrier(_)) => return Err(CallRefusal::NotFound),
        };
        asking.caller.over(&trunk, (trunks, asking.flow, Wanted::Outbound))?;
        check_srtp(&trunk, asking.request)?;
        let destination = trunk.rules.destination(dialled)?;
        let (called, uris, is_emergency) = match &destination {
            Destination::International(number) => (number.to_string(), self.next_hops_of(&trunk), false),
            Destination::National(digits) => (digits.to_string(), self.next_hops_of(&trunk), false),
            Destination::Emergency(number) => {
                let uri = trunk.rules.emergency_uri.and_then(|id| trunks.origination_uri(id));
                let uri = uri.filter(|uri| uri.enabled).ok_or(CallRefusal::NoEmergencyRoute)?;
                (number.to_string(), vec![uri], true)
            }
        };
        if !is_emergency {
            self.check_minutes(&trunk, asking.now)?;
        }
        let shown = identity::over_trunk(asking.request, (&trunk, trunks), asking.caller.username())?;
        let reached = self.uris(&uris, (&trunk, &called))?;
        Ok(CallPlan {
            direction: CallDirection::Outbound,
            account: trunk.account,
            credential: asking.caller.credential(),
            shown,
            to: called.into(),
            stages: reached.stages,
            ways: reached.ways,
            headers: HeaderPolicy::new(trunk.rules.passed_headers.iter().map(domain::PassedHeader::as_str)),
            refer: trunk.rules.refer,
            limits: if is_emergency { Vec::new() } else { self.limits_of(trunk.account, Some(&trunk)) },
            follows_caller: matches!(asking.caller, Caller::Gateway(_)),
            trunk: Some(trunk),
        })
    }

    fn limits_of(&self, account: AccountId, trunk: Option<&Trunk>) -> Vec<(Counted, CallLimit)> {
        let limit = |limits: CallLimits| CallLimit {
            concurrent: Some(limits.concurrent_calls),
            per_second: Some(limits.calls_per_second),
        };
        let of_account = (Counted::Account(account), limit(self.parts.directory.trunks().account_limits(account)));
        let of_trunk = trunk.map(|trunk| (Counted::Trunk(trunk.id), limit(trunk.limits)));
        std::iter::once(of_account).chain(of_trunk).collect()
    }

    fn check_minutes(&self, trunk: &Trunk, now: Timestamp) -> Result<(), CallRefusal> {
        let Some(minutes) = trunk.rules.minutes_per_day else { return Ok(()) };
        let up_ms = self.talked_ms(trunk.id, now);
        if self.minutes.has_room(trunk.id, minutes, now, up_ms) { Ok(()) } else { Err(CallRefusal::MinutesUsedUp) }
    }

    /// Somebody of an account by username.
    fn callee(&self, (realm, account): (RealmId, AccountId), name: &str, now: Timestamp) -> Option<Callee> {
        let callee = self.parts.directory.callee(realm, name.as_bytes(), now)?;
        (callee.account == account).then_some(callee)
    }

    /// The number of an account that was dialled, in whatever form the trunk's country writes it.
    pub(super) fn own_number(&self, dialled: &str, account: AccountId, trunk: Option<&Trunk>) -> Option<Arc<Number>> {
        let trunks = self.parts.directory.trunks();
        let plain: String = dialled.chars().filter(|c| !matches!(c, '-' | '.' | '(' | ')')).collect();
        let prefixed = ["+", "011", "00"].into_iter().find_map(|prefix| plain.strip_prefix(prefix));
        let home = trunk.and_then(|trunk| trunk.rules.home_country_code.as_ref());
        let national = home.map(|home| format!("{home}{}", plain.strip_prefix('0').unwrap_or(&plain)));
        let candidates = [prefixed.map(str::to_owned), Some(plain.clone()), national];
        let numbers = candidates.into_iter().flatten().filter_map(|digits| E164::parse(&format!("+{digits}")).ok());
        let mut own = numbers.filter_map(|number| trunks.number(&number)).filter(|number| number.account == account);
        own.next()
    }

    /// The host of our URIs towards the caller's own side.
    fn domain(&self, asking: &Asking<'_>) -> String {
        let realm = match asking.caller {
            Caller::Credential(subject) => Some(subject.realm.id),
            Caller::Gateway(_) | Caller::Carrier(_) => None,
        };
        let domain = realm.and_then(|realm| asking.realms.domain_of(realm));
        domain.map_or_else(|| host_text(asking.flow.local.ip()), ToString::to_string)
    }

    fn ringing(&self, targets: Vec<Target>) -> Stage {
        let ring_timeout_ms = u64::from(self.parts.config.ring_seconds).saturating_mul(1_000);
        Stage {
            targets,
            ring_timeout_ms,
            // A phone that sleeps or lost its way answers late; there is nothing to fail over to.
            first_response_timeout_ms: 32_000,
            failover: FailoverOn::NextHopFailure,
        }
    }

    /// All phones of somebody at once; `None` if none is reachable. `user` replaces the user part of their contacts.
    fn phones(&self, callee: &Callee, (to, user): (&str, Option<&str>)) -> Option<Reached> {
        let mut targets = Vec::new();
        let mut ways = Vec::new();
        for binding in callee.bindings.iter().filter(|binding| is_reachable(binding)) {
            let contact = binding.texts().contact;
            let request_uri = match user {
                Some(user) => with_user(contact, user).unwrap_or_else(|| contact.into()),
                None => contact.into(),
            };
            targets.push(Target { request_uri, to: to.as_bytes().into(), trust: Trust::Untrusted });
            let facts = &binding.facts;
            let flow = Flow {
                transport: transport_named(facts.transport),
                local: facts.local,
                remote: facts.source,
                connection: ConnectionId(facts.connection),
            };
            let path = binding.texts().path.into();
            let is_hidden = names_hidden_host(contact, facts.source.ip());
            ways.push(Way::Phone(PhoneWay { credential: callee.id, flow, to: facts.source, path, is_hidden }));
        }
        (!targets.is_empty()).then(|| Reached { stages: vec![self.ringing(targets)], ways: vec![ways] })
    }

    /// Next hops one after the other.
    fn uris(&self, uris: &[Arc<OriginationUri>], (trunk, called): (&Arc<Trunk>, &str)) -> Result<Reached, CallRefusal> {
        let mut reached = Reached { stages: Vec::new(), ways: Vec::new() };
        for uri in uris {
            let Some((request_uri, way)) = next_hop(uri, trunk.secure, Some(called)) else {
                tracing::warn!(uri = %uri.id, "an origination URI cannot be sent to");
                continue;
            };
            let to = format!("<{}>", String::from_utf8_lossy(&request_uri)).into_bytes().into_boxed_slice();
            let target = Target { request_uri, to, trust: Trust::Trusted };
            let stage = Stage {
                first_response_timeout_ms: self.parts.config.next_hop_patience_ms,
                ..self.ringing(vec![target])
            };
            reached.stages.push(stage);
            reached.ways.push(vec![Way::Uri(Arc::new(way))]);
        }
        if reached.stages.is_empty() { Err(CallRefusal::NoNextHop) } else { Ok(reached) }
    }
}

/// What was dialled: the user part without its parameters, decoded.
pub(super) fn dialled(uri: &Uri<'_>) -> Option<String> {
    let mut octets = Vec::with_capacity(MAX_DIALLED);
    for octet in uri.decoded_user() {
        if octet == b';' {
            break;
        }
        octets.push(octet);
        if octets.len() > MAX_DIALLED {
            return None;
        }
    }
    let text = String::from_utf8(octets).ok()?;
    let is_plain = !text.is_empty() && text.chars().all(|c| c.is_ascii_graphic());
    is_plain.then_some(text)
}

/// Whether a phone can be sent to: over UDP always; else over the connection it has.
fn is_reachable(binding: &LiveBinding) -> bool {
    binding.facts.transport == SignallingTransport::Udp || binding.facts.connection != 0
}

/// Whether a phone's Contact names an address that leads nowhere from here.
fn names_hidden_host(contact: &[u8], sends_from: IpAddr) -> bool {
    let host = Uri::parse(contact).ok().and_then(|uri| std::str::from_utf8(uri.host).ok());
    let address = host.and_then(|host| host.trim_matches(['[', ']']).parse().ok());
    address.is_some_and(|address| is_unreachable(address, sends_from))
}

/// The URI with another user part.
fn with_user(contact: &[u8], user: &str) -> Option<Box<[u8]>> {
    let uri = Uri::parse(contact).ok()?;
    let colon = contact.iter().position(|octet| *octet == b':')?;
    let scheme = contact.get(..=colon)?;
    let after = match uri.user {
        Some(_) => contact.iter().position(|octet| *octet == b'@')? + 1,
        None => colon + 1,
    };
    Some([scheme, user.as_bytes(), b"@", contact.get(after..)?].concat().into_boxed_slice())
}

/// The Request-URI of a number at a next hop, or of the next hop itself, and the way there.
pub(crate) fn next_hop(uri: &OriginationUri, only_secure: bool, called: Option<&str>) -> Option<(Box<[u8]>, UriWay)> {
    let written = uri.uri.as_str().as_bytes();
    let mut request_uri = match called {
        Some(called) => with_user(written, called)?.into_vec(),
        None => written.to_vec(),
    };
    let parsed = Uri::parse(&request_uri).ok()?;
    let has_transport = parsed.params.find("transport").is_some();
    let transport = if only_secure { TrunkTransport::Tls } else { uri.transport };
    if !has_transport && transport != TrunkTransport::Udp && !uri.uri.is_sips() {
        request_uri.extend_from_slice(format!(";transport={}", transport.as_str()).as_bytes());
    }
    let parsed = Uri::parse(&request_uri).ok()?;
    let target = HopTarget::of_uri(&parsed).ok()?;
    if only_secure && !target.is_secure() {
        return None;
    }
    let host = String::from_utf8_lossy(parsed.host).into_owned().into_boxed_str();
    let way = UriWay { id: uri.id, target, host, secret: secret_of(uri) };
    Some((request_uri.into_boxed_slice(), way))
}

/// What we are known by at an origination URI.
pub(super) fn secret_of(uri: &OriginationUri) -> Option<Arc<NextHopSecret>> {
    let secret = uri.secret.as_ref()?;
    Some(Arc::new(NextHopSecret {
        account: uri.account,
        uri: uri.id,
        username: secret.username.clone(),
        password: secret.password.clone(),
    }))
}

/// Whether the description offers what the trunk wants.
pub(super) fn check_srtp(trunk: &Trunk, request: &CheckedRequest<'_>) -> Result<(), CallRefusal> {
    if !trunk.rules.require_srtp || request.method() != Method::Invite {
        return Ok(());
    }
    let mut media = request.body().split(|octet| *octet == b'\n').filter(|line| line.starts_with(b"m="));
    let has_any = media.clone().next().is_some();
    let is_srtp = |line: &[u8]| {
        let protocol = line.split(|octet| *octet == b' ').nth(2).unwrap_or_default();
        protocol.windows(4).any(|part| part == b"SAVP")
    };
    if has_any && media.all(is_srtp) { Ok(()) } else { Err(CallRefusal::SrtpRequired) }
}

/// Names the origination URI a way leads to.
pub(super) fn uri_of(way: &Way) -> Option<OriginationUriId> {
    match way {
        Way::Uri(way) => Some(way.id),
        Way::Phone(_) | Way::Local => None,
    }
}
