//! What the audit log says of a thing: its settings, under the names that the API gives them, and never a secret.

use domain::{
    Account, AccountSettings, Credential, InboundDestination, IpAcl, Number, NumberTarget, OriginationUri, Trunk,
};
use serde_json::{Map, Value, json};

/// A thing whose changes are written down.
pub(crate) trait Audited {
    /// Its settings. What is secret is left out, or said to be there.
    fn settings(&self) -> Value;

    /// The detail of its creation, or of its end: what it is, or was.
    fn whole(&self) -> String {
        self.settings().to_string()
    }

    /// The detail of a change: each setting that differs, before and after.
    fn difference_from(&self, before: &Self) -> String {
        Value::Object(self.differences_from(before)).to_string()
    }

    /// Each setting that differs, before and after, for whoever has more to say of the change.
    fn differences_from(&self, before: &Self) -> Map<String, Value> {
        let (Value::Object(before), Value::Object(after)) = (before.settings(), self.settings()) else {
            return Map::new();
        };
        let differs = |(name, value): (String, Value)| {
            let earlier = before.get(&name).cloned().unwrap_or_default();
            (earlier != value).then(|| (name, json!({ "before": earlier, "after": value })))
        };
        after.into_iter().filter_map(differs).collect()
    }
}

impl Audited for Credential {
    fn settings(&self) -> Value {
        let requirements = &self.requirements;
        json!({
            "username": self.username.as_str(),
            "enabled": self.enabled,
            "description": &*self.description,
            "expires_at": self.expires_at.map(|end| end.as_unix_seconds()),
            "required_algorithm": if requirements.sha256 { "sha256" } else { "any" },
            "require_secure_transport": requirements.secure_transport,
            "allowed_networks": texts(requirements.networks.as_slice()),
        })
    }
}

impl Audited for Account {
    /// Without its profile, which is about people.
    fn settings(&self) -> Value {
        json!({
            "name": &*self.name,
            "enabled": self.enabled,
            "concurrent_calls_limit": self.limits.concurrent_calls,
            "cps_limit": self.limits.calls_per_second,
            "rate_limit": self.profile.rate_limit,
        })
    }
}

impl Audited for AccountSettings {
    fn settings(&self) -> Value {
        json!({
            "event_retention_days": self.event_retention.days(),
            "minimum_password_score": self.minimum_password_score.get(),
            "never_ban": texts(self.never_banned.as_slice()),
        })
    }
}

impl Audited for IpAcl {
    fn settings(&self) -> Value {
        json!({
            "ip_address": self.network.to_string(),
            "enabled": self.enabled,
            "description": &*self.description,
        })
    }
}

impl Audited for OriginationUri {
    fn settings(&self) -> Value {
        let secret = self.secret.as_ref();
        json!({
            "uri": self.uri.as_str(),
            "priority": self.priority,
            "weight": self.weight,
            "enabled": self.enabled,
            "transport": self.transport.as_str(),
            "description": &*self.description,
            "secret_username": secret.map(|secret| &*secret.username),
            "registers": secret.is_some_and(|secret| secret.registration.is_some()),
        })
    }
}

impl Audited for Number {
    fn settings(&self) -> Value {
        let (username, uri) = match &self.target {
            NumberTarget::Trunk => (None, None),
            NumberTarget::Username(username) => (Some(username.to_string()), None),
            NumberTarget::OriginationUri(id) => (None, Some(id.to_string())),
        };
        json!({
            "trunk": self.trunk.map(|id| id.to_string()),
            "target_username": username,
            "target_origination_uri": uri,
            "called_number_in": self.called_number_in.as_str(),
        })
    }
}

impl Audited for Trunk {
    fn settings(&self) -> Value {
        let attachments = &self.attachments;
        let mut settings = json!({
            "name": &*self.name,
            "status": self.status.as_str(),
            "direction": self.direction.as_str(),
            "secure": self.secure,
            "transport": self.transport.as_str(),
            "concurrent_calls_limit": self.limits.concurrent_calls,
            "cps_limit": self.limits.calls_per_second,
            "inbound_destination": self.inbound_destination.as_ref().map(|destination| match destination {
                InboundDestination::Username(username) => username.to_string(),
                InboundDestination::Uri(uri) => uri.as_str().to_owned(),
            }),
            "description": &*self.description,
            "webhook_url": self.webhook_url.as_ref().map(|url| without_query(url.as_str())),
            "webhook_method": self.webhook_method.as_str(),
            "credentials": texts(&attachments.credentials),
            "ip_acls": texts(&attachments.ip_acls),
            "primary_uri": attachments.primary_uri.map(|id| id.to_string()),
            "fallback_uri": attachments.fallback_uri.map(|id| id.to_string()),
            "origination_uris": texts(&attachments.origination_uris),
        });
        if let (Value::Object(settings), Value::Object(rules)) = (&mut settings, rules(self)) {
            settings.extend(rules);
        }
        settings
    }
}

fn rules(trunk: &Trunk) -> Value {
    let (rules, media) = (&trunk.rules, &trunk.media);
    json!({
        "caller_identity": rules.caller_identity.as_str(),
        "home_country_code": rules.home_country_code.as_ref().map(ToString::to_string),
        "allowed_prefixes": texts(&rules.allowed_prefixes),
        "refused_prefixes": texts(&rules.refused_prefixes),
        "international": rules.international,
        "tech_prefix": rules.tech_prefix.as_ref().map(ToString::to_string),
        "minutes_per_day": rules.minutes_per_day,
        "emergency_numbers": texts(&rules.emergency_numbers),
        "emergency_uri": rules.emergency_uri.map(|id| id.to_string()),
        "refer": rules.refer.as_str(),
        "require_srtp": rules.require_srtp,
        "passed_headers": rules.passed_headers.iter().map(|header| header.as_str().to_owned()).collect::<Vec<_>>(),
        "recording": media.recording,
        "enable_transcription": media.transcription,
        "pii_redaction": media.pii_redaction,
        "pii_entity_types": media.pii_entity_types.as_deref(),
        "recording_webhook_enabled": media.recording_webhook,
    })
}

/// A URL without what its query may hold: keys of the receiver, as often as not.
pub(crate) fn without_query(url: &str) -> String {
    url.split(['?', '#']).next().unwrap_or_default().to_owned()
}

fn texts<T: ToString>(values: &[T]) -> Vec<String> {
    values.iter().map(ToString::to_string).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::{AccountId, Sealed, UpstreamSecret};
    use testkit::samples;

    #[test]
    fn a_change_says_what_was_and_what_is() {
        let before = samples::ip_acl(AccountId(1), 7);
        let after = IpAcl { enabled: false, description: "moved".into(), ..before.clone() };
        let detail = after.difference_from(&before);
        let expected = json!({
            "description": {"before": "gateway 7", "after": "moved"},
            "enabled": {"before": true, "after": false},
        });
        assert_eq!(serde_json::from_str::<Value>(&detail).unwrap(), expected);
        assert_eq!(before.difference_from(&before), "{}");
    }

    #[test]
    fn no_secret_is_said() {
        let (username, password) = ("carrier".into(), Sealed::from_bytes(b"sealed octets".as_slice().into()));
        let secret = Some(UpstreamSecret { username, password, registration: None });
        let said = OriginationUri { secret, ..samples::origination_uri(AccountId(1), 7) }.whole();
        assert!(said.contains("\"secret_username\":\"carrier\"") && !said.contains("octets"), "{said}");
        assert_eq!(without_query("https://hooks.example/a?key=1#x"), "https://hooks.example/a");
    }
}
