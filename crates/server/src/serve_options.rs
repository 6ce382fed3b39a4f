//! The options of `serve`: on the command line, as environment variables, and in the configuration file.

use clap::parser::ValueSource;
use clap::{ArgMatches, Args, Command, FromArgMatches};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// What was said about each option; what was not said is decided by [`crate::configuration`].
#[derive(Debug, Clone, Default, Args, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct ServeOptions {
    /// A TOML file with any of these options, `-` written as `_`
    #[arg(long, env = "SIPWARDEN_CONFIG", value_name = "FILE")]
    #[serde(skip)]
    pub(crate) config: Option<PathBuf>,
    /// The directory of database, master key and control socket [default: ./sipwarden-data]
    #[arg(long, env = "SIPWARDEN_DATA_DIR", value_name = "DIR")]
    pub(crate) data_dir: Option<PathBuf>,
    /// The database, instead of SQLite in the data directory
    #[arg(long, env = "SIPWARDEN_DATABASE_URL", value_name = "URL")]
    pub(crate) database_url: Option<String>,
    /// What this node is called among those that share a database [default: the machine's name]
    #[arg(long, env = "SIPWARDEN_NODE_NAME", value_name = "NAME")]
    pub(crate) node_name: Option<String>,
    /// How long this node answers without reaching the database it shares with others, in milliseconds [default: 2000]
    #[arg(long, env = "SIPWARDEN_LEASE", value_name = "MS")]
    pub(crate) lease: Option<u32>,
    /// The domain under which accounts get their realm and SIP domain; stored by the first start [default:
    /// sip.localhost]
    #[arg(long, env = "SIPWARDEN_SIP_DOMAIN", value_name = "BASE-DOMAIN")]
    pub(crate) sip_domain: Option<String>,
    /// The address at which phones reach this server, where it is not one it listens on
    #[arg(long, env = "SIPWARDEN_PUBLIC_ADDRESS", value_name = "ADDR")]
    pub(crate) public_address: Option<String>,
    /// Where to serve HTTP; may be repeated [default: 127.0.0.1:8080]
    #[arg(long, env = "SIPWARDEN_HTTP_LISTEN", value_name = "ADDR", value_delimiter = ',')]
    pub(crate) http_listen: Vec<String>,
    /// Where to serve HTTPS; may be repeated; needs --tls-certificate and --tls-key [default: nowhere]
    #[arg(long, env = "SIPWARDEN_HTTPS_LISTEN", value_name = "ADDR", value_delimiter = ',')]
    pub(crate) https_listen: Vec<String>,
    /// The certificate chain for TLS, a PEM file; may be repeated, one for each --tls-key in the same order: clients get
    /// the one for the name they ask for, else the first; reloaded when it changes
    #[arg(long, env = "SIPWARDEN_TLS_CERTIFICATE", value_name = "FILE", value_delimiter = ',')]
    pub(crate) tls_certificate: Vec<PathBuf>,
    /// The private key of the certificate at the same place, a PEM file of mode 0600 without passphrase
    #[arg(long, env = "SIPWARDEN_TLS_KEY", value_name = "FILE", value_delimiter = ',')]
    pub(crate) tls_key: Vec<PathBuf>,
    /// A PEM file with the authority whose certificates SIP clients over TLS are asked for; without it they are asked for
    /// none
    #[arg(long, env = "SIPWARDEN_TLS_CLIENT_CA", value_name = "FILE")]
    pub(crate) tls_client_ca: Option<PathBuf>,
    /// Whether a SIP client without a certificate of that authority is let in: optional or required [default: required]
    #[arg(long, env = "SIPWARDEN_TLS_CLIENT_CERTIFICATES", value_name = "RULE", value_parser = ["optional", "required"])]
    pub(crate) tls_client_certificates: Option<String>,
    /// Where to serve SIP, as udp:ADDR, tcp:ADDR, tls:ADDR, ws:ADDR (WebSocket) or wss:ADDR (WebSocket over TLS); may be
    /// repeated; tls and wss need --tls-certificate and --tls-key [default: udp:127.0.0.1:5060 and tcp:127.0.0.1:5060]
    #[arg(long, env = "SIPWARDEN_SIP_LISTEN", value_name = "TRANSPORT:ADDR", value_delimiter = ',')]
    pub(crate) sip_listen: Vec<String>,
    /// Threads that serve each UDP address [default: one per processor]
    #[arg(long, env = "SIPWARDEN_SIP_WORKERS", value_name = "N")]
    pub(crate) sip_workers: Option<usize>,
    /// Most SIP connections at a time; one more takes the place of the oldest that has not authenticated, if there is one
    /// [default: 20000]
    #[arg(long, env = "SIPWARDEN_SIP_MAX_CONNECTIONS", value_name = "N")]
    pub(crate) sip_max_connections: Option<usize>,
    /// Most SIP connections at a time of one IPv4 address or one IPv6 network of 64 bits; 0 for as many as there is room
    /// for [default: 0]
    #[arg(long, env = "SIPWARDEN_SIP_MAX_CONNECTIONS_PER_SOURCE", value_name = "N")]
    pub(crate) sip_max_connections_per_source: Option<usize>,
    /// Seconds after which a SIP connection that was silent is closed, 30 to 604800 [default: 10800]
    #[arg(long, env = "SIPWARDEN_SIP_IDLE_TIMEOUT", value_name = "SECONDS")]
    pub(crate) sip_idle_timeout: Option<u64>,
    /// Most SIP connections to next hops at a time, besides those of phones [default: 1000]
    #[arg(long, env = "SIPWARDEN_SIP_MAX_UPSTREAM_CONNECTIONS", value_name = "N")]
    pub(crate) sip_max_upstream_connections: Option<usize>,
    /// A PEM file with authorities that next hops over TLS are trusted by, besides those of the system
    #[arg(long, env = "SIPWARDEN_UPSTREAM_CA", value_name = "FILE")]
    pub(crate) upstream_ca: Option<PathBuf>,
    /// A network that requests may be sent to although names and URIs normally must not lead there, such as 127.0.0.0/8;
    /// may be repeated [default: loopback, where SIP is served on loopback]
    #[arg(long, env = "SIPWARDEN_ALLOW_NETWORK", value_name = "CIDR", value_delimiter = ',')]
    pub(crate) allow_network: Vec<String>,
    /// A network that messages to webhooks may be sent to although it is not public, such as 10.0.0.0/8; may be repeated
    /// [default: none]
    #[arg(long, env = "SIPWARDEN_WEBHOOK_ALLOW_NETWORK", value_name = "CIDR", value_delimiter = ',')]
    pub(crate) webhook_allow_network: Vec<String>,
    /// A PEM file with authorities that webhooks over HTTPS are trusted by, besides those of the system
    #[arg(long, env = "SIPWARDEN_WEBHOOK_CA", value_name = "FILE")]
    pub(crate) webhook_ca: Option<PathBuf>,
    /// Most calls at a time; beyond, callers are told to try again later [default: 50000]
    #[arg(long, env = "SIPWARDEN_MAX_CALLS", value_name = "N")]
    pub(crate) max_calls: Option<usize>,
    /// Let calls in by the source address of an IP access list alone over UDP too, where anybody can write any source
    /// address [default: false]
    #[arg(long, env = "SIPWARDEN_ACL_OVER_UDP", value_name = "BOOL", num_args = 0..=1, default_missing_value = "true")]
    pub(crate) acl_over_udp: Option<bool>,
    /// How long phones ring before the caller is told that nobody answers, in seconds [default: 120]
    #[arg(long, env = "SIPWARDEN_RING_TIMEOUT", value_name = "SECONDS")]
    pub(crate) ring_timeout: Option<u32>,
    /// How long a next hop may leave a call without any response before the next one is tried, in milliseconds
    /// [default: 4000]
    #[arg(long, env = "SIPWARDEN_NEXT_HOP_TIMEOUT", value_name = "MILLISECONDS")]
    pub(crate) next_hop_timeout: Option<u64>,
    /// How often next hops are asked by OPTIONS whether they are there, in seconds; 0 leaves it to calls to find out
    /// [default: 30]
    #[arg(long, env = "SIPWARDEN_NEXT_HOP_PING", value_name = "SECONDS")]
    pub(crate) next_hop_ping: Option<u32>,
    /// Within which a call whose phone has died ends, in seconds: the session interval of RFC 4028 [default: 1800]
    #[arg(long, env = "SIPWARDEN_SESSION_INTERVAL", value_name = "SECONDS")]
    pub(crate) session_interval: Option<u32>,
    /// The UDP ports on which echo@ takes and sends media [default: 40000-40999]
    #[arg(long, env = "SIPWARDEN_MEDIA_PORTS", value_name = "FIRST-LAST")]
    pub(crate) media_ports: Option<String>,
    /// Where an rtpengine that bridges the media of calls takes its ng protocol; may be repeated, the most wanted first
    /// [default: none: phones send to each other]
    #[arg(long, env = "SIPWARDEN_RTPENGINE", value_name = "HOST:PORT", value_delimiter = ',')]
    pub(crate) rtpengine: Vec<String>,
    /// Which calls go through rtpengine: auto, where the sides speak differently (WebRTC, SRTP, plain RTP) or one is
    /// behind a NAT, or always [default: auto]
    #[arg(long, env = "SIPWARDEN_MEDIA", value_name = "RULE", value_parser = ["auto", "always"])]
    pub(crate) media: Option<String>,
    /// An origin whose web pages may open a WebSocket, such as `https://phone.example.com`, or * for all; may be repeated
    /// [default: pages of the same host]
    #[arg(long, env = "SIPWARDEN_WS_ORIGIN", value_name = "ORIGIN", value_delimiter = ',')]
    pub(crate) ws_origin: Vec<String>,
    /// A network of balancers, such as 10.0.0.0/24; may be repeated: SIP connections from there must begin with a PROXY
    /// header (version 2), whose addresses count [default: none]
    #[arg(long, env = "SIPWARDEN_PROXY_FROM", value_name = "CIDR", value_delimiter = ',')]
    pub(crate) proxy_from: Vec<String>,
    /// The file of the master key, created at the first start [default: master.key in the data directory]
    #[arg(long, env = "SIPWARDEN_MASTER_KEY_FILE", value_name = "FILE")]
    pub(crate) master_key_file: Option<PathBuf>,
    /// A command that prints the master key, instead of a file
    #[arg(long, env = "SIPWARDEN_MASTER_KEY_COMMAND", value_name = "COMMAND", conflicts_with = "master_key_file")]
    pub(crate) master_key_command: Option<String>,
    /// The account that phones belong to which address this server by a bare IP address or a foreign name [default: the
    /// only account, if there is one]
    #[arg(long, env = "SIPWARDEN_DEFAULT_ACCOUNT", value_name = "AUTH-ID")]
    pub(crate) default_account: Option<String>,
    /// HTTP requests per second that one API token may make; 0 for as many as it likes [default: 0]
    #[arg(long, env = "SIPWARDEN_HTTP_RATE_LIMIT", value_name = "N")]
    pub(crate) http_rate_limit: Option<u32>,
    /// HTTP requests that one API token may make at once after a pause [default: the rate limit]
    #[arg(long, env = "SIPWARDEN_HTTP_RATE_BURST", value_name = "N")]
    pub(crate) http_rate_burst: Option<u32>,
    /// Which usernames may be created: strict (letters, digits, '_') or extended (also '-', '.', '+') [default: strict]
    #[arg(long, env = "SIPWARDEN_USERNAMES", value_name = "RULE", value_parser = ["strict", "extended"])]
    pub(crate) usernames: Option<String>,
    /// Days for which a password that works no more is kept sealed, so that whoever still uses it can be told so; 0 for
    /// not at all, at most 3650 [default: 30]
    #[arg(long, env = "SIPWARDEN_KEEP_PREVIOUS_PASSWORDS", value_name = "DAYS")]
    pub(crate) keep_previous_passwords: Option<u32>,
    /// Seconds a digest nonce is good for, 30 to 86400 [default: 3600]
    #[arg(long, env = "SIPWARDEN_NONCE_LIFETIME", value_name = "SECONDS")]
    pub(crate) nonce_lifetime: Option<u32>,
    /// Shortest registration interval granted, in seconds [default: 60]
    #[arg(long, env = "SIPWARDEN_MIN_EXPIRES", value_name = "SECONDS")]
    pub(crate) min_expires: Option<u32>,
    /// Longest registration interval granted, in seconds [default: 7200]
    #[arg(long, env = "SIPWARDEN_MAX_EXPIRES", value_name = "SECONDS")]
    pub(crate) max_expires: Option<u32>,
    /// Most contacts registered for one credential [default: 20]
    #[arg(long, env = "SIPWARDEN_MAX_BINDINGS", value_name = "N")]
    pub(crate) max_bindings: Option<usize>,
    /// Tell phones by Service-Route which connection or address they registered over, and answer 430 (Flow Failed) to
    /// those that come with it when it is gone [default: false]
    #[arg(long, env = "SIPWARDEN_SERVICE_ROUTE", num_args = 0..=1, default_missing_value = "true", value_name = "BOOL")]
    pub(crate) service_route: Option<bool>,
    /// Most octets answered over UDP for each octet of a request whose sender may have forged its address; 0 for no limit
    /// [default: 3]
    #[arg(long, env = "SIPWARDEN_AMPLIFICATION_LIMIT", value_name = "N")]
    pub(crate) amplification_limit: Option<u32>,
    /// SIP requests per second from one IPv4 address or IPv6 /64; 0 for as many as it likes [default: 0]
    #[arg(long, env = "SIPWARDEN_SIP_SOURCE_RATE", value_name = "N")]
    pub(crate) sip_source_rate: Option<u32>,
    /// Wrong passwords from one address for one username, within --throttle-window, after which that pair is banned; ten
    /// times as many ban an address or a username alone; 0 to ban nobody [default: 20]
    #[arg(long, env = "SIPWARDEN_THROTTLE_LIMIT", value_name = "N")]
    pub(crate) throttle_limit: Option<u32>,
    /// Seconds after which a wrong password counts no more [default: 300]
    #[arg(long, env = "SIPWARDEN_THROTTLE_WINDOW", value_name = "SECONDS")]
    pub(crate) throttle_window: Option<u32>,
    /// Seconds a ban lasts [default: 600]
    #[arg(long, env = "SIPWARDEN_THROTTLE_BAN", value_name = "SECONDS")]
    pub(crate) throttle_ban: Option<u32>,
    /// A network, such as 10.0.0.0/8, whose wrong answers count towards no ban; may be repeated. Accounts have lists of
    /// their own [default: none]
    #[arg(long, env = "SIPWARDEN_NEVER_BAN", value_name = "CIDR", value_delimiter = ',')]
    pub(crate) never_ban: Vec<String>,
    /// Days for which the record of a call is kept, from the call's beginning, 1 to 36500 [default: 90]
    #[arg(long, env = "SIPWARDEN_CDR_RETENTION_DAYS", value_name = "DAYS")]
    pub(crate) cdr_retention_days: Option<u32>,
    /// Where to serve metrics for Prometheus, at /metrics, apart from the API [default: nowhere]
    #[arg(long, env = "SIPWARDEN_METRICS_LISTEN", value_name = "ADDR")]
    pub(crate) metrics_listen: Option<String>,
    /// The OpenTelemetry collector that traces are sent to, by OTLP over HTTP [default: none]
    #[arg(long, env = "SIPWARDEN_OTLP_ENDPOINT", value_name = "URL")]
    pub(crate) otlp_endpoint: Option<String>,
    /// Serve the operator API, /admin/v1, on the HTTP addresses too, for operator tokens; over the control socket it is
    /// always served [default: false]
    #[arg(long, env = "SIPWARDEN_ADMIN_API", num_args = 0..=1, default_missing_value = "true", value_name = "BOOL")]
    pub(crate) admin_api: Option<bool>,
    /// Serve provisioning links over plain HTTP to other machines too: something before it speaks HTTPS [default: false]
    #[arg(long, env = "SIPWARDEN_PROVISIONING_IN_CLEAR", num_args = 0..=1, default_missing_value = "true", value_name = "BOOL")]
    pub(crate) provisioning_in_clear: Option<bool>,
    /// What to log: error, warn, info, debug or trace, or a filter such as `info,sipwarden::auth=off` [default: info]
    #[arg(long, env = "SIPWARDEN_LOG", value_name = "FILTER")]
    pub(crate) log: Option<String>,
    /// How to log: text or json [default: text]
    #[arg(long, env = "SIPWARDEN_LOG_FORMAT", value_name = "FORMAT", value_parser = ["text", "json"])]
    pub(crate) log_format: Option<String>,
}

/// The same options, with where the command line got each of them.
#[derive(Debug)]
pub(crate) struct TracedOptions {
    pub(crate) options: ServeOptions,
    /// By the option's name in the file; an option that was not given is not in it.
    pub(crate) sources: BTreeMap<String, ValueSource>,
}

impl FromArgMatches for TracedOptions {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let given = |name: &clap::Id| Some((name.to_string(), matches.value_source(name.as_str())?));
        // A group has a name too, and no source of its own.
        let names = matches.ids().filter(|name| matches.try_get_raw(name.as_str()).is_ok());
        Ok(Self { sources: names.filter_map(given).collect(), options: ServeOptions::from_arg_matches(matches)? })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

impl Args for TracedOptions {
    fn augment_args(command: Command) -> Command {
        ServeOptions::augment_args(command)
    }

    fn augment_args_for_update(command: Command) -> Command {
        ServeOptions::augment_args_for_update(command)
    }
}

impl ServeOptions {
    /// The names of the options that are said here, as the file writes them.
    pub(crate) fn names_given(&self) -> Vec<String> {
        let table = toml::Table::try_from(self).unwrap_or_default();
        let is_said = |value: &toml::Value| value.as_array().is_none_or(|list| !list.is_empty());
        table.into_iter().filter(|(_, value)| is_said(value)).map(|(name, _)| name).collect()
    }

    /// Fills in from `other` what is not said here.
    pub(crate) fn or(self, other: Self) -> Self {
        let list = |here: Vec<String>, there: Vec<String>| if here.is_empty() { there } else { here };
        // A key command here must not be joined by a key file there, nor the other way round.
        let key_is_named = self.master_key_file.is_some() || self.master_key_command.is_some();
        let (key_file, key_command) = if key_is_named {
            (self.master_key_file, self.master_key_command)
        } else {
            (other.master_key_file, other.master_key_command)
        };
        // Likewise a certificate here with a key there.
        let pairs_are_named = !self.tls_certificate.is_empty() || !self.tls_key.is_empty();
        let (tls_certificate, tls_key) =
            if pairs_are_named { (self.tls_certificate, self.tls_key) } else { (other.tls_certificate, other.tls_key) };
        Self {
            config: self.config.or(other.config),
            data_dir: self.data_dir.or(other.data_dir),
            database_url: self.database_url.or(other.database_url),
            node_name: self.node_name.or(other.node_name),
            lease: self.lease.or(other.lease),
            sip_domain: self.sip_domain.or(other.sip_domain),
            public_address: self.public_address.or(other.public_address),
            http_listen: list(self.http_listen, other.http_listen),
            https_listen: list(self.https_listen, other.https_listen),
            tls_certificate,
            tls_key,
            tls_client_ca: self.tls_client_ca.or(other.tls_client_ca),
            tls_client_certificates: self.tls_client_certificates.or(other.tls_client_certificates),
            sip_listen: list(self.sip_listen, other.sip_listen),
            sip_workers: self.sip_workers.or(other.sip_workers),
            sip_max_connections: self.sip_max_connections.or(other.sip_max_connections),
            sip_max_connections_per_source: self
                .sip_max_connections_per_source
                .or(other.sip_max_connections_per_source),
            sip_idle_timeout: self.sip_idle_timeout.or(other.sip_idle_timeout),
            sip_max_upstream_connections: self.sip_max_upstream_connections.or(other.sip_max_upstream_connections),
            upstream_ca: self.upstream_ca.or(other.upstream_ca),
            allow_network: list(self.allow_network, other.allow_network),
            webhook_allow_network: list(self.webhook_allow_network, other.webhook_allow_network),
            webhook_ca: self.webhook_ca.or(other.webhook_ca),
            max_calls: self.max_calls.or(other.max_calls),
            acl_over_udp: self.acl_over_udp.or(other.acl_over_udp),
            ring_timeout: self.ring_timeout.or(other.ring_timeout),
            next_hop_timeout: self.next_hop_timeout.or(other.next_hop_timeout),
            next_hop_ping: self.next_hop_ping.or(other.next_hop_ping),
            session_interval: self.session_interval.or(other.session_interval),
            media_ports: self.media_ports.or(other.media_ports),
            rtpengine: list(self.rtpengine, other.rtpengine),
            media: self.media.or(other.media),
            ws_origin: list(self.ws_origin, other.ws_origin),
            proxy_from: list(self.proxy_from, other.proxy_from),
            master_key_file: key_file,
            master_key_command: key_command,
            default_account: self.default_account.or(other.default_account),
            http_rate_limit: self.http_rate_limit.or(other.http_rate_limit),
            http_rate_burst: self.http_rate_burst.or(other.http_rate_burst),
            usernames: self.usernames.or(other.usernames),
            keep_previous_passwords: self.keep_previous_passwords.or(other.keep_previous_passwords),
            nonce_lifetime: self.nonce_lifetime.or(other.nonce_lifetime),
            min_expires: self.min_expires.or(other.min_expires),
            max_expires: self.max_expires.or(other.max_expires),
            max_bindings: self.max_bindings.or(other.max_bindings),
            service_route: self.service_route.or(other.service_route),
            amplification_limit: self.amplification_limit.or(other.amplification_limit),
            sip_source_rate: self.sip_source_rate.or(other.sip_source_rate),
            throttle_limit: self.throttle_limit.or(other.throttle_limit),
            throttle_window: self.throttle_window.or(other.throttle_window),
            throttle_ban: self.throttle_ban.or(other.throttle_ban),
            never_ban: list(self.never_ban, other.never_ban),
            cdr_retention_days: self.cdr_retention_days.or(other.cdr_retention_days),
            metrics_listen: self.metrics_listen.or(other.metrics_listen),
            otlp_endpoint: self.otlp_endpoint.or(other.otlp_endpoint),
            admin_api: self.admin_api.or(other.admin_api),
            provisioning_in_clear: self.provisioning_in_clear.or(other.provisioning_in_clear),
            log: self.log.or(other.log),
            log_format: self.log_format.or(other.log_format),
        }
    }
}
