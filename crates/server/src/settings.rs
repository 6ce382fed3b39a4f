//! The options of `serve` as lines of a configuration file: what each is by default, and what it was settled to.

use crate::configuration::Configuration;
use crate::database::DatabasePlace;
use crate::telemetry::LogFormat;
use domain::UsernameRule;
use http_api::Exposure;
use keyring::source::KeySource;
use sip_transport::OriginPolicy;
use std::path::Path;
use toml::Value;

/// One option; its documentation is that of the command line.
pub(crate) struct Setting {
    /// As the file writes it.
    pub(crate) name: &'static str,
    /// A value to show where the default is none, or differs between machines.
    pub(crate) example: Option<&'static str>,
    /// What it was settled to.
    pub(crate) settled: fn(&Configuration) -> Settled,
}

/// What an option was settled to.
pub(crate) enum Settled {
    Value(Value),
    /// A value that may contain a secret.
    Hidden,
    /// None, and what follows from that.
    None(&'static str),
}

/// Every option that the file may have, in the order of the command line.
pub(crate) const SETTINGS: &[Setting] = &[
    Setting { name: "data_dir", example: None, settled: |it| text(&it.data_dir.path().display()) },
    Setting {
        name: "database_url",
        example: Some("\"postgres://sipwarden@db.example.com/sipwarden\""),
        settled: |it| match it.database {
            DatabasePlace::DataDirectory => Settled::None("SQLite in the data directory"),
            DatabasePlace::Postgres(_) => Settled::Hidden,
        },
    },
    Setting { name: "node_name", example: Some("\"node-1\""), settled: |it| text(&it.node.name) },
    Setting { name: "lease", example: None, settled: |it| number(it.node.lease.as_millis()) },
    Setting {
        name: "sip_domain",
        example: Some("\"sip.example.com\""),
        settled: |it| or_none(it.sip_domain.as_ref().map(text), "the one stored, at first sip.localhost"),
    },
    Setting {
        name: "public_address",
        example: Some("\"sip.example.com\""),
        settled: |it| or_none(it.public_address.as_ref().map(text), "the addresses listened on"),
    },
    Setting { name: "http_listen", example: None, settled: |it| list(it.http_listen.iter().map(ToString::to_string)) },
    Setting {
        name: "https_listen",
        example: Some("[\"0.0.0.0:8443\"]"),
        settled: |it| list_or_none(it.https_listen.iter().map(ToString::to_string), "HTTPS is not served"),
    },
    Setting {
        name: "tls_certificate",
        example: Some("[\"/etc/sipwarden/fullchain.pem\"]"),
        settled: |it| list_or_none(it.tls.pairs.iter().map(|pair| shown(&pair.certificate)), "TLS is not served"),
    },
    Setting {
        name: "tls_key",
        example: Some("[\"/etc/sipwarden/privkey.pem\"]"),
        settled: |it| list_or_none(it.tls.pairs.iter().map(|pair| shown(&pair.key)), "TLS is not served"),
    },
    Setting {
        name: "tls_client_ca",
        example: Some("\"/etc/sipwarden/clients-ca.pem\""),
        settled: |it| {
            or_none(it.tls.client_authority.as_ref().map(|path| text(&path.display())), "no certificate is asked for")
        },
    },
    Setting {
        name: "tls_client_certificates",
        example: Some("\"required\""),
        settled: |it| {
            let rule = it.tls.client_authority.as_ref().map(|_| text(&it.tls.client_rule.as_str()));
            or_none(rule, "no certificate is asked for")
        },
    },
    Setting {
        name: "sip_listen",
        example: None,
        settled: |it| list(it.sip_listen.iter().map(|(transport, at)| format!("{}:{at}", transport.as_str()))),
    },
    Setting { name: "sip_workers", example: Some("4"), settled: |it| number(it.sip_workers) },
    Setting { name: "sip_max_connections", example: None, settled: |it| number(it.connections.max_connections) },
    Setting {
        name: "sip_max_connections_per_source",
        example: None,
        settled: |it| number(it.connections.max_connections_per_source.unwrap_or(0)),
    },
    Setting { name: "sip_idle_timeout", example: None, settled: |it| number(it.connections.idle_seconds) },
    Setting {
        name: "sip_max_upstream_connections",
        example: None,
        settled: |it| number(it.next_hops.connector.max_connections),
    },
    Setting {
        name: "upstream_ca",
        example: Some("\"/etc/sipwarden/carriers-ca.pem\""),
        settled: |it| {
            let file = it.next_hops.authority.as_ref().map(|path| text(&path.display()));
            or_none(file, "the authorities of the system alone are trusted")
        },
    },
    Setting {
        name: "allow_network",
        example: Some("[\"127.0.0.0/8\"]"),
        settled: |it| {
            list_or_none(it.next_hops.allowed.iter().map(ToString::to_string), "no network is allowed besides")
        },
    },
    Setting {
        name: "webhook_allow_network",
        example: Some("[\"10.0.0.0/8\"]"),
        settled: |it| {
            list_or_none(it.webhooks.allowed.iter().map(ToString::to_string), "messages go to public addresses alone")
        },
    },
    Setting {
        name: "webhook_ca",
        example: Some("\"/etc/sipwarden/webhooks-ca.pem\""),
        settled: |it| {
            let file = it.webhooks.authority.as_ref().map(|path| text(&path.display()));
            or_none(file, "the authorities of the system alone are trusted")
        },
    },
    Setting { name: "max_calls", example: None, settled: |it| number(it.calls.most_calls) },
    Setting {
        name: "acl_over_udp",
        example: None,
        settled: |it| Settled::Value(Value::Boolean(it.calls.acl_over_udp)),
    },
    Setting { name: "ring_timeout", example: None, settled: |it| number(it.calls.ring_seconds) },
    Setting { name: "next_hop_timeout", example: None, settled: |it| number(it.calls.next_hop_patience_ms) },
    Setting { name: "next_hop_ping", example: None, settled: |it| number(it.calls.next_hop_ping_seconds) },
    Setting { name: "session_interval", example: None, settled: |it| number(it.calls.session_seconds) },
    Setting {
        name: "media_ports",
        example: None,
        settled: |it| text(&format!("{}-{}", it.media_ports.start(), it.media_ports.end())),
    },
    Setting {
        name: "rtpengine",
        example: Some("[\"127.0.0.1:2223\"]"),
        settled: |it| list_or_none(it.media.instances.iter().cloned(), "phones send to each other"),
    },
    Setting {
        name: "media",
        example: Some("\"auto\""),
        settled: |it| {
            let rule = Some(text(&crate::media::rule_text(it.media.rule))).filter(|_| !it.media.instances.is_empty());
            or_none(rule, "phones send to each other")
        },
    },
    Setting {
        name: "ws_origin",
        example: Some("[\"https://phone.example.com\"]"),
        settled: |it| match &it.connections.origins {
            OriginPolicy::SameHost => Settled::None("pages of the same host"),
            OriginPolicy::Only(origins) => list(origins.iter().map(ToString::to_string)),
            OriginPolicy::Any => list(std::iter::once("*".to_owned())),
        },
    },
    Setting {
        name: "proxy_from",
        example: Some("[\"10.0.0.0/24\"]"),
        settled: |it| list_or_none(it.connections.proxies.iter().map(ToString::to_string), "there is no balancer"),
    },
    Setting {
        name: "master_key_file",
        example: Some("\"/var/lib/sipwarden/master.key\""),
        settled: |it| match &*it.key_source {
            KeySource::File(path) => text(&path.display()),
            KeySource::Value(_) => Settled::None("the key in SIPWARDEN_MASTER_KEY"),
            KeySource::Command(_) => Settled::None("the key that master_key_command prints"),
        },
    },
    Setting {
        name: "master_key_command",
        example: Some("\"cat /run/credentials/sipwarden.service/master.key\""),
        settled: |it| match &*it.key_source {
            KeySource::Command(_) => Settled::Hidden,
            KeySource::File(_) | KeySource::Value(_) => Settled::None("the key as said before"),
        },
    },
    Setting {
        name: "default_account",
        example: Some("\"MA_1A2B3C4D\""),
        settled: |it| or_none(it.directory.default_account.as_ref().map(text), "the only account, if there is one"),
    },
    Setting {
        name: "http_rate_limit",
        example: None,
        settled: |it| number(it.http_rate_limit.map_or(0, |limit| limit.per_second.get())),
    },
    Setting {
        name: "http_rate_burst",
        example: Some("20"),
        settled: |it| {
            or_none(
                it.http_rate_limit.map(|limit| number(limit.burst.get())),
                "as many as http_rate_limit allows a second",
            )
        },
    },
    Setting {
        name: "usernames",
        example: None,
        settled: |it| match it.provisioning.username_rule {
            UsernameRule::Strict => text(&"strict"),
            UsernameRule::Extended => text(&"extended"),
        },
    },
    Setting {
        name: "keep_previous_passwords",
        example: None,
        settled: |it| number(it.provisioning.previous_password_days),
    },
    Setting { name: "nonce_lifetime", example: None, settled: |it| number(it.nonce_lifetime_seconds) },
    Setting { name: "min_expires", example: None, settled: |it| number(it.registrar.min_expires_seconds) },
    Setting { name: "max_expires", example: None, settled: |it| number(it.registrar.max_expires_seconds) },
    Setting { name: "max_bindings", example: None, settled: |it| number(it.registrar.max_bindings) },
    Setting { name: "service_route", example: None, settled: |it| Settled::Value(Value::Boolean(it.service_route)) },
    Setting { name: "amplification_limit", example: None, settled: |it| number(it.defence.amplification_limit) },
    Setting { name: "sip_source_rate", example: None, settled: |it| number(it.defence.source_rate) },
    Setting { name: "throttle_limit", example: None, settled: |it| number(it.defence.throttle.limit) },
    Setting { name: "throttle_window", example: None, settled: |it| number(it.defence.throttle.window_seconds) },
    Setting { name: "throttle_ban", example: None, settled: |it| number(it.defence.throttle.ban_seconds) },
    Setting {
        name: "never_ban",
        example: Some("[\"10.0.0.0/8\"]"),
        settled: |it| {
            list_or_none(
                it.defence.never_banned.as_slice().iter().map(ToString::to_string),
                "each account may have a list",
            )
        },
    },
    Setting { name: "cdr_retention_days", example: None, settled: |it| number(it.cdr_retention_days) },
    Setting {
        name: "metrics_listen",
        example: Some("\"127.0.0.1:9464\""),
        settled: |it| or_none(it.metrics_listen.as_ref().map(text), "metrics are not served"),
    },
    Setting {
        name: "otlp_endpoint",
        example: Some("\"http://127.0.0.1:4318\""),
        settled: |it| or_none(it.otlp_endpoint.as_ref().map(text), "traces are not sent"),
    },
    Setting {
        name: "admin_api",
        example: None,
        settled: |it| Settled::Value(Value::Boolean(it.admin_api == Exposure::HttpListeners)),
    },
    Setting {
        name: "provisioning_in_clear",
        example: None,
        settled: |it| Settled::Value(Value::Boolean(it.provisioning_in_clear)),
    },
    Setting { name: "log", example: None, settled: |it| text(&it.log_filter) },
    Setting {
        name: "log_format",
        example: None,
        settled: |it| match it.log_format {
            LogFormat::Text => text(&"text"),
            LogFormat::Json => text(&"json"),
        },
    },
];

fn text(value: &impl ToString) -> Settled {
    Settled::Value(Value::String(value.to_string()))
}

fn list(values: impl Iterator<Item = String>) -> Settled {
    Settled::Value(Value::Array(values.map(Value::String).collect()))
}

fn list_or_none(values: impl Iterator<Item = String>, otherwise: &'static str) -> Settled {
    let mut values = values.peekable();
    if values.peek().is_some() { list(values) } else { Settled::None(otherwise) }
}

fn shown(path: &Path) -> String {
    path.display().to_string()
}

fn number(value: impl TryInto<i64>) -> Settled {
    // All have an upper bound far below this one.
    Settled::Value(Value::Integer(value.try_into().unwrap_or(i64::MAX)))
}

fn or_none(value: Option<Settled>, otherwise: &'static str) -> Settled {
    value.unwrap_or(Settled::None(otherwise))
}
