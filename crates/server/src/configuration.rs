//! From options to each part's own configuration.

use crate::data_dir::DataDir;
use crate::database::DatabasePlace;
use crate::failure::Failure;
use crate::media::MediaSettings;
use crate::next_hops::{NextHopOptions, NextHopSettings};
use crate::otlp_endpoint::OtlpEndpoint;
use crate::serve_options::ServeOptions;
use crate::sip_connections::{self, ConnectionOptions};
use crate::sip_listen;
use crate::sip_listeners;
use crate::telemetry::{LogFormat, parse_filter};
use crate::tls_settings::{ClientRule, TlsOptions, TlsSettings, TlsUsers};
use crate::webhooks::WebhookSettings;
use domain::{AuthId, HostName, Network, Networks, UsernameRule};
use http_api::{Exposure, TokenRateLimit};
use keyring::source::KeySource;
use sip_transport::{ConnectionConfig, Transport};
use std::fmt::Display;
use std::net::{IpAddr, SocketAddr};
use std::num::NonZeroU32;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;
use storage_postgres::NodeOptions;
use tracing_subscriber::EnvFilter;

/// The environment variable that holds the master key itself.
const MASTER_KEY_VARIABLE: &str = "SIPWARDEN_MASTER_KEY";
/// The data directory of an installation that was given none.
const DEFAULT_DATA_DIR: &str = "sipwarden-data";
/// How long a node answers without its database by default.
const DEFAULT_LEASE_MS: u32 = 2_000;
/// Where HTTP is served by default.
const DEFAULT_HTTP_LISTEN: &str = "127.0.0.1:8080";
/// Where SIP is served by default.
const DEFAULT_SIP_LISTEN: [&str; 2] = ["udp:127.0.0.1:5060", "tcp:127.0.0.1:5060"];

/// Everything `serve` needs to know.
#[derive(Debug)]
pub(crate) struct Configuration {
    pub(crate) data_dir: DataDir,
    pub(crate) database: DatabasePlace,
    /// What this node is called, and how long it may answer without its database, where there is one for several.
    pub(crate) node: NodeOptions,
    pub(crate) key_source: Arc<KeySource>,
    pub(crate) sip_domain: Option<HostName>,
    /// A host name or IP address, in lower case.
    pub(crate) public_address: Option<String>,
    pub(crate) http_listen: Vec<SocketAddr>,
    pub(crate) https_listen: Vec<SocketAddr>,
    pub(crate) tls: TlsSettings,
    /// `None` for no limit.
    pub(crate) http_rate_limit: Option<TokenRateLimit>,
    pub(crate) sip_listen: Vec<(Transport, SocketAddr)>,
    pub(crate) sip_workers: usize,
    pub(crate) connections: ConnectionConfig,
    pub(crate) next_hops: NextHopSettings,
    pub(crate) webhooks: WebhookSettings,
    pub(crate) calls: sip_edge::CallsConfig,
    pub(crate) media_ports: RangeInclusive<u16>,
    pub(crate) media: MediaSettings,
    pub(crate) nonce_lifetime_seconds: u32,
    pub(crate) registrar: sip_registrar::Policy,
    pub(crate) service_route: bool,
    pub(crate) defence: sip_edge::Defence,
    pub(crate) directory: directory::Config,
    pub(crate) provisioning: provisioning::Config,
    pub(crate) cdr_retention_days: u32,
    pub(crate) metrics_listen: Option<SocketAddr>,
    pub(crate) otlp_endpoint: Option<OtlpEndpoint>,
    pub(crate) admin_api: Exposure,
    /// Whether provisioning links are served in the clear to other machines.
    pub(crate) provisioning_in_clear: bool,
    pub(crate) log_filter: EnvFilter,
    pub(crate) log_format: LogFormat,
}

impl Configuration {
    /// Reads the file the options name, if one, and settles every option.
    pub(crate) fn settle(options: ServeOptions) -> Result<Self, Failure> {
        let from_file = options.config.as_deref().map(read_file).transpose()?.unwrap_or_default();
        Self::of(options.or(from_file))
    }

    /// Settles every option, when no file is left to be read.
    pub(crate) fn of(options: ServeOptions) -> Result<Self, Failure> {
        let database = DatabasePlace::of(options.database_url.as_deref())?;
        let lease_ms = in_range("--lease", options.lease.unwrap_or(DEFAULT_LEASE_MS), 500, 60_000)?;
        let node = NodeOptions { name: node_name(options.node_name)?, lease: Duration::from_millis(lease_ms.into()) };
        if options.master_key_file.is_some() && options.master_key_command.is_some() {
            return Err(Failure::Refused("give --master-key-file or --master-key-command, not both of them".into()));
        }
        let data_dir = DataDir::new(options.data_dir.unwrap_or_else(|| DEFAULT_DATA_DIR.into()));
        let key_source = Arc::new(key_source(&data_dir, options.master_key_file, options.master_key_command));
        let http_listen = or_default(options.http_listen, &[DEFAULT_HTTP_LISTEN]);
        let sip_listen = or_default(options.sip_listen, &DEFAULT_SIP_LISTEN);
        let sip_listen = sip_listen
            .iter()
            .map(|text| parse("--sip-listen", text, sip_listen::parse))
            .collect::<Result<Vec<_>, _>>()?;
        let throttle = throttle(options.throttle_limit, options.throttle_window, options.throttle_ban)?;
        let https_listen = options
            .https_listen
            .iter()
            .map(|text| parse("--https-listen", text, SocketAddr::from_str))
            .collect::<Result<Vec<_>, _>>()?;
        let client_rule = options.tls_client_certificates.as_deref();
        let tls = TlsOptions {
            certificates: options.tls_certificate,
            keys: options.tls_key,
            client_authority: options.tls_client_ca,
            client_rule: client_rule
                .map(|text| parse("--tls-client-certificates", text, ClientRule::parse))
                .transpose()?,
        };
        let media = MediaSettings::settle(options.rtpengine, options.media.as_deref())?;
        let default_account = options.default_account.map(|text| parse("--default-account", &text, AuthId::parse));
        Ok(Self {
            key_source,
            database,
            node,
            sip_domain: options.sip_domain.map(|text| parse("--sip-domain", &text, parse_base_domain)).transpose()?,
            public_address: options
                .public_address
                .map(|text| parse("--public-address", &text, parse_public_address))
                .transpose()?,
            http_listen: http_listen
                .iter()
                .map(|text| parse("--http-listen", text, SocketAddr::from_str))
                .collect::<Result<_, _>>()?,
            tls: TlsSettings::settle(tls, TlsUsers { https: &https_listen, sip: sip_listen::encrypted(&sip_listen) })?,
            https_listen,
            http_rate_limit: http_rate_limit(options.http_rate_limit, options.http_rate_burst)?,
            sip_workers: sip_workers(options.sip_workers, &sip_listen)?,
            sip_listen,
            connections: sip_connections::settle(ConnectionOptions {
                most: options.sip_max_connections,
                most_per_source: options.sip_max_connections_per_source,
                idle_seconds: options.sip_idle_timeout,
                origins: &options.ws_origin,
                proxies: &options.proxy_from,
            })?,
            next_hops: NextHopSettings::settle(NextHopOptions {
                authority: options.upstream_ca,
                most: options.sip_max_upstream_connections,
                allowed: &options.allow_network,
            })?,
            webhooks: WebhookSettings::settle(options.webhook_ca, &options.webhook_allow_network)?,
            calls: sip_edge::CallsConfig {
                most_calls: in_range("--max-calls", options.max_calls.unwrap_or(50_000), 1, 1_000_000)?,
                acl_over_udp: options.acl_over_udp.unwrap_or(false),
                ring_seconds: in_range("--ring-timeout", options.ring_timeout.unwrap_or(120), 5, 3_600)?,
                next_hop_patience_ms: in_range(
                    "--next-hop-timeout",
                    options.next_hop_timeout.unwrap_or(4_000),
                    500,
                    32_000,
                )?,
                next_hop_ping_seconds: in_range("--next-hop-ping", options.next_hop_ping.unwrap_or(30), 0, 3_600)?,
                session_seconds: in_range("--session-interval", options.session_interval.unwrap_or(1_800), 90, 86_400)?,
                media: media.rule,
                ..sip_edge::CallsConfig::default()
            },
            media_ports: media_ports(options.media_ports.as_deref())?,
            media,
            nonce_lifetime_seconds: in_range("--nonce-lifetime", options.nonce_lifetime.unwrap_or(3_600), 30, 86_400)?,
            registrar: registrar(options.min_expires, options.max_expires, options.max_bindings)?,
            service_route: options.service_route.unwrap_or(false),
            defence: defence(options.amplification_limit, options.sip_source_rate, (throttle, &options.never_ban))?,
            directory: directory::Config { default_account: default_account.transpose()? },
            provisioning: provisioning::Config {
                username_rule: options
                    .usernames
                    .map_or(Ok(UsernameRule::Strict), |text| parse("--usernames", &text, parse_username_rule))?,
                previous_password_days: in_range(
                    "--keep-previous-passwords",
                    options.keep_previous_passwords.unwrap_or(provisioning::limits::PREVIOUS_PASSWORD_DAYS),
                    0,
                    provisioning::limits::MAX_PREVIOUS_PASSWORD_DAYS,
                )?,
            },
            cdr_retention_days: in_range("--cdr-retention-days", options.cdr_retention_days.unwrap_or(90), 1, 36_500)?,
            metrics_listen: options
                .metrics_listen
                .map(|text| parse("--metrics-listen", &text, SocketAddr::from_str))
                .transpose()?,
            otlp_endpoint: options.otlp_endpoint.as_deref().map(otlp_endpoint).transpose()?,
            admin_api: if options.admin_api.unwrap_or(false) {
                Exposure::HttpListeners
            } else {
                Exposure::ControlSocketOnly
            },
            provisioning_in_clear: options.provisioning_in_clear.unwrap_or(false),
            log_filter: parse_filter(options.log.as_deref().unwrap_or("info"))?,
            log_format: options
                .log_format
                .map_or(Ok(LogFormat::Text), |text| parse("--log-format", &text, parse_log_format))?,
            data_dir,
        })
    }
}

/// The data directory and key source of a command that works on an installation.
pub(crate) fn locate(data_dir: Option<PathBuf>, master_key_file: Option<PathBuf>) -> (DataDir, Arc<KeySource>) {
    let data_dir = DataDir::new(data_dir.unwrap_or_else(|| DEFAULT_DATA_DIR.into()));
    let command = std::env::var("SIPWARDEN_MASTER_KEY_COMMAND").ok();
    let source = Arc::new(key_source(&data_dir, master_key_file, command));
    (data_dir, source)
}

/// What a configuration file says.
pub(crate) fn read_file(path: &Path) -> Result<ServeOptions, Failure> {
    let text =
        std::fs::read_to_string(path).map_err(|error| Failure::ConfigUnreadable { path: path.to_owned(), error })?;
    toml::from_str(&text).map_err(|error| {
        let line = error.span().map_or(1, |span| 1 + text.get(..span.start).unwrap_or_default().matches('\n').count());
        Failure::ConfigInvalid { path: path.to_owned(), problem: format!("line {line}: {}", error.message()) }
    })
}

/// The name that was given, else the machine's.
pub(crate) fn node_name(given: Option<String>) -> Result<Box<str>, Failure> {
    let name = given.unwrap_or_else(|| {
        let read = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
        if read.trim().is_empty() { "node".to_owned() } else { read.trim().to_owned() }
    });
    let is_fit = (1..=64).contains(&name.len()) && name.bytes().all(|octet| octet.is_ascii_graphic());
    if is_fit {
        Ok(name.into())
    } else {
        Err(Failure::Refused("--node-name is 1 to 64 printable ASCII characters without spaces; choose another".into()))
    }
}

fn key_source(data_dir: &DataDir, file: Option<PathBuf>, command: Option<String>) -> KeySource {
    match (file, command, std::env::var(MASTER_KEY_VARIABLE)) {
        (Some(file), _, _) => KeySource::File(file),
        (None, Some(command), _) => KeySource::Command(command),
        (None, None, Ok(text)) => KeySource::Value(text.into()),
        (None, None, Err(_)) => KeySource::File(data_dir.master_key()),
    }
}

/// A port of media is even (RFC 3550 section 11), so a range has room for one call at least.
fn media_ports(text: Option<&str>) -> Result<RangeInclusive<u16>, Failure> {
    let Some(text) = text else { return Ok(crate::calls::DEFAULT_MEDIA_PORTS) };
    let read = |text: &str| {
        let (first, last) = text.split_once('-')?;
        let (first, last) = (first.parse::<u16>().ok()?, last.parse::<u16>().ok()?);
        (first >= 1_024 && last > first).then_some(first..=last)
    };
    parse("--media-ports", text, |text| read(text).ok_or("write two ports from 1024 to 65535, as 40000-40999"))
}

fn registrar(min: Option<u32>, max: Option<u32>, bindings: Option<usize>) -> Result<sip_registrar::Policy, Failure> {
    let default = sip_registrar::Policy::default();
    let min_expires_seconds = in_range("--min-expires", min.unwrap_or(default.min_expires_seconds), 1, 86_400)?;
    let max_expires_seconds = in_range(
        "--max-expires",
        max.unwrap_or(default.max_expires_seconds.max(min_expires_seconds)),
        min_expires_seconds,
        604_800,
    )?;
    Ok(sip_registrar::Policy {
        min_expires_seconds,
        default_expires_seconds: default.default_expires_seconds.clamp(min_expires_seconds, max_expires_seconds),
        max_expires_seconds,
        max_bindings: in_range("--max-bindings", bindings.unwrap_or(default.max_bindings), 1, 1_000)?,
    })
}

fn defence(
    amplification_limit: Option<u32>,
    source_rate: Option<u32>,
    (throttle, never_ban): (sip_edge::ThrottlePolicy, &[String]),
) -> Result<sip_edge::Defence, Failure> {
    let never_banned =
        never_ban.iter().map(|text| parse("--never-ban", text, Network::from_str)).collect::<Result<Vec<_>, _>>()?;
    let default = sip_edge::Defence::default();
    let amplification = amplification_limit.unwrap_or(default.amplification_limit);
    Ok(sip_edge::Defence {
        never_banned: Networks::new(never_banned).map_err(|error| Failure::Refused(format!("--never-ban {error}")))?,
        amplification_limit: in_range("--amplification-limit", amplification, 0, 1_000)?,
        source_rate: in_range("--sip-source-rate", source_rate.unwrap_or(default.source_rate), 0, 1_000_000)?,
        throttle,
    })
}

fn throttle(limit: Option<u32>, window: Option<u32>, ban: Option<u32>) -> Result<sip_edge::ThrottlePolicy, Failure> {
    let default = sip_edge::ThrottlePolicy::default();
    let (limit, window) = (limit.unwrap_or(default.limit), window.unwrap_or(default.window_seconds));
    Ok(sip_edge::ThrottlePolicy {
        limit: in_range("--throttle-limit", limit, 0, 100_000)?,
        window_seconds: in_range("--throttle-window", window, 1, 86_400)?,
        ban_seconds: in_range("--throttle-ban", ban.unwrap_or(default.ban_seconds), 1, 86_400)?,
    })
}

fn http_rate_limit(limit: Option<u32>, burst: Option<u32>) -> Result<Option<TokenRateLimit>, Failure> {
    let per_second = in_range("--http-rate-limit", limit.unwrap_or(0), 0, 1_000_000)?;
    let burst = in_range("--http-rate-burst", burst.unwrap_or(per_second.max(1)), 1, 1_000_000)?;
    let limit = NonZeroU32::new(per_second).zip(NonZeroU32::new(burst));
    Ok(limit.map(|(per_second, burst)| TokenRateLimit { per_second, burst }))
}

/// One worker for each processor, unless there are more than lanes for them.
fn sip_workers(given: Option<usize>, listen: &[(Transport, SocketAddr)]) -> Result<usize, Failure> {
    let workers = match given {
        Some(workers) => in_range("--sip-workers", workers, 1, 64)?,
        None => {
            let most = sip_listeners::MAX_LANES / sip_listeners::lanes(listen, 1).max(1);
            std::thread::available_parallelism().map_or(1, usize::from).min(most.max(1))
        }
    };
    match sip_listeners::lanes(listen, workers) {
        lanes if lanes > sip_listeners::MAX_LANES => Err(Failure::TooManyLanes(lanes)),
        _ => Ok(workers),
    }
}

fn parse_username_rule(text: &str) -> Result<UsernameRule, &'static str> {
    match text {
        "strict" => Ok(UsernameRule::Strict),
        "extended" => Ok(UsernameRule::Extended),
        _ => Err("write strict or extended"),
    }
}

fn parse_log_format(text: &str) -> Result<LogFormat, &'static str> {
    match text {
        "text" => Ok(LogFormat::Text),
        "json" => Ok(LogFormat::Json),
        _ => Err("write text or json"),
    }
}

/// A base domain needs room for an account's label before it, and every phone must accept it.
fn parse_base_domain(text: &str) -> Result<HostName, String> {
    let host = HostName::parse(text).map_err(|error| error.to_string())?;
    if !host.is_legal() {
        return Err("a host name that phones accept has no '_'".into());
    }
    if host.as_str().len() > 90 { Err("use at most 90 characters".into()) } else { Ok(host) }
}

fn parse_public_address(text: &str) -> Result<String, String> {
    match text.parse::<IpAddr>() {
        Ok(address) => Ok(address.to_string()),
        Err(_) => HostName::parse(text)
            .map(|host| host.to_string())
            .map_err(|_| "write a host name or an IP address, without a port".to_owned()),
    }
}

/// What is refused is not repeated: somebody may have put a password into it.
fn otlp_endpoint(text: &str) -> Result<OtlpEndpoint, Failure> {
    OtlpEndpoint::parse(text).map_err(|problem| Failure::Refused(format!("--otlp-endpoint is not usable: {problem}")))
}

pub(crate) fn parse<T, E: Display>(
    option: &'static str,
    text: &str,
    parse: impl FnOnce(&str) -> Result<T, E>,
) -> Result<T, Failure> {
    parse(text).map_err(|error| Failure::Option { option, value: text.to_owned(), problem: error.to_string() })
}

pub(crate) fn in_range<T: PartialOrd + Display + Copy>(
    option: &'static str,
    value: T,
    least: T,
    most: T,
) -> Result<T, Failure> {
    if value < least || value > most {
        let problem = format!("give a number from {least} to {most}");
        Err(Failure::Option { option, value: value.to_string(), problem })
    } else {
        Ok(value)
    }
}

fn or_default(given: Vec<String>, default: &[&str]) -> Vec<String> {
    if given.is_empty() { default.iter().map(|text| (*text).to_owned()).collect() } else { given }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(file: &str) -> Result<ServeOptions, toml::de::Error> {
        toml::from_str(file)
    }

    #[test]
    fn the_command_line_goes_before_the_file() {
        let line = ServeOptions { sip_listen: vec!["udp:127.0.0.1:1".into()], ..ServeOptions::default() };
        let file =
            options("sip_listen = [\"tcp:127.0.0.1:2\"]\nhttp_listen = [\"127.0.0.1:3\"]\nmin_expires = 30").unwrap();
        let settled = Configuration::settle(line.or(file)).unwrap();
        assert_eq!(settled.sip_listen, [(Transport::Udp, "127.0.0.1:1".parse().unwrap())]);
        assert_eq!(settled.http_listen, ["127.0.0.1:3".parse().unwrap()]);
        assert_eq!(settled.registrar.min_expires_seconds, 30);
    }

    #[test]
    fn defaults_are_those_documented() {
        let settled = Configuration::settle(ServeOptions::default()).unwrap();
        assert_eq!(settled.http_listen, ["127.0.0.1:8080".parse().unwrap()]);
        assert_eq!(settled.sip_listen.len(), 2);
        assert_eq!(settled.nonce_lifetime_seconds, 3600);
        assert_eq!((settled.metrics_listen, settled.otlp_endpoint), (None, None));
    }

    #[test]
    fn a_certificate_on_the_command_line_takes_no_key_from_the_file() {
        let line = ServeOptions { tls_certificate: vec!["line.pem".into()], ..ServeOptions::default() };
        let file = "https_listen = [\"127.0.0.1:0\"]\ntls_certificate = [\"file.pem\"]\ntls_key = [\"file.key\"]";
        let failure = Configuration::settle(line.or(options(file).unwrap())).unwrap_err().to_string();
        assert!(failure.contains("1 TLS certificates and 0 keys"), "{failure}");
        let settled = Configuration::settle(options(file).unwrap()).unwrap();
        assert_eq!(settled.tls.pairs[0].key.to_str(), Some("file.key"));
    }

    #[test]
    fn unusable_values_say_what_to_write() {
        for (file, part) in [
            ("sip_listen = [\"5060\"]", "write udp:ADDRESS:PORT"),
            ("sip_listen = [\"sctp:127.0.0.1:5060\"]", "write udp:ADDRESS:PORT"),
            ("sip_listen = [\"tls:127.0.0.1:5061\"]", "--tls-certificate and --tls-key"),
            ("tls_client_ca = \"ca.pem\"", "--sip-listen tls:ADDR"),
            ("tls_client_certificates = \"always\"", "optional or required"),
            ("tls_client_certificates = \"required\"", "--tls-client-ca"),
            ("sip_max_connections = 0", "from 1 to 1000000"),
            ("sip_idle_timeout = 5", "from 30 to 604800"),
            ("proxy_from = [\"balancer\"]", "10.0.0.0/24"),
            ("sip_max_upstream_connections = 0", "from 1 to 100000"),
            ("allow_network = [\"everywhere\"]", "127.0.0.0/8"),
            ("rtpengine = [\"127.0.0.1\"]", "write the address of its ng protocol"),
            ("rtpengine = [\"127.0.0.1:0\"]", "write the address of its ng protocol"),
            ("media = \"always\"", "say where it is with --rtpengine"),
            ("rtpengine = [\"127.0.0.1:2223\"]\nmedia = \"often\"", "write auto or always"),
            ("ws_origin = [\"phone.example.com\"]", "write https://HOST"),
            ("sip_listen = [\"udp:localhost:5060\"]", "127.0.0.1:5060"),
            ("sip_domain = \"my_domain\"", "no '_'"),
            ("nonce_lifetime = 5", "from 30 to 86400"),
            ("max_bindings = 0", "from 1 to 1000"),
            ("amplification_limit = 1001", "from 0 to 1000"),
            ("sip_source_rate = 1000001", "from 0 to 1000000"),
            ("throttle_limit = 100001", "from 0 to 100000"),
            ("throttle_window = 0", "from 1 to 86400"),
            ("throttle_ban = 0", "from 1 to 86400"),
            ("cdr_retention_days = 0", "from 1 to 36500"),
            ("keep_previous_passwords = 3651", "from 0 to 3650"),
            ("min_expires = 600\nmax_expires = 60", "from 600"),
            ("master_key_file = \"a\"\nmaster_key_command = \"b\"", "not both"),
            ("sip_workers = 64", "lower --sip-workers"),
            ("http_rate_limit = 1000001", "from 0 to 1000000"),
            ("http_rate_limit = 5\nhttp_rate_burst = 0", "from 1 to 1000000"),
            ("usernames = \"any\"", "strict or extended"),
            ("log_format = \"xml\"", "text or json"),
            ("log = \"a=b=c\"", "write info"),
            ("metrics_listen = \"9464\"", "--metrics-listen"),
            ("otlp_endpoint = \"collector:4318\"", "write http://HOST:4318"),
            ("otlp_endpoint = \"/v1/traces\"", "write http://HOST:4318"),
            ("otlp_endpoint = \"grpc://collector:4317\"", "write http://HOST:4318"),
            ("otlp_endpoint = \"https://collector:4318\"", "https is not supported"),
            ("otlp_endpoint = \"http://me:hush@collector:4318\"", "leave out name, password"),
            ("otlp_endpoint = \"http://collector:4318?token=hush\"", "leave out name, password"),
            ("otlp_endpoint = \"http://collector:4318/v1/traces/\"", "it is added"),
            ("default_account = \"?\"", "auth id"),
            ("public_address = \"sip.example.com:5060\"", "without a port"),
            ("https_listen = [\"0.0.0.0:8443\"]", "--tls-certificate and --tls-key"),
            ("tls_certificate = [\"a\", \"b\"]\ntls_key = [\"c\"]", "a --tls-key for each"),
            ("tls_certificate = [\"a\"]\ntls_key = [\"b\"]", "--https-listen"),
            ("https_listen = [\"8443\"]", "--https-listen"),
            ("database_url = \"mysql://root:hush@x\"", "leave it out"),
            ("node_name = \"a b\"", "--node-name"),
            ("lease = 100", "--lease"),
        ] {
            let failure = Configuration::settle(options(file).unwrap()).unwrap_err().to_string();
            assert!(failure.contains(part), "{file}: {failure}");
            assert!(!failure.contains("hush"), "{failure}");
        }
        assert!(options("sip_listn = []").is_err(), "a misspelt option is not silently ignored");
    }
}
