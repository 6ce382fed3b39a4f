//! Why somebody was turned away.

use crate::moment::moment;
use crate::{Circumstances, CredentialNow};
use domain::{AuthReason, AuthRecord, AuthRemark, NearMiss};

type Words = (String, Option<String>);

pub(crate) fn refused(record: &AuthRecord, circumstances: &Circumstances<'_>) -> Words {
    let credential = circumstances.credential;
    match record.reason {
        AuthReason::UnknownUser => unknown_user(record, circumstances),
        AuthReason::WrongPassword => wrong_password(credential),
        AuthReason::OldPassword => old_password(credential),
        AuthReason::RealmMismatch => realm_mismatch(record, circumstances),
        AuthReason::StaleNonce => stale_nonce(record),
        AuthReason::AlgorithmNotAllowed => algorithm(record, credential),
        AuthReason::CredentialDisabled if record.remark == Some(AuthRemark::RevokedDevice) => revoked_device(record),
        AuthReason::CredentialDisabled => disabled(credential),
        AuthReason::SourceNotInAcl => source(record),
        reason => plain(reason),
    }
}

/// Those of which the reason alone says everything.
fn plain(reason: AuthReason) -> Words {
    let (what, mend) = match reason {
        AuthReason::UriMismatch => (
            "computed its answer for another URI than the request's",
            "something between rewrites requests: switch off SIP ALG in the router, or use TLS",
        ),
        AuthReason::ForeignNonce => (
            "answered with a nonce that was not issued to that address",
            "its address changes between challenge and answer, or the request was copied: look at the NAT between",
        ),
        AuthReason::ReplayedNonceCount => (
            "sent an answer that was used before",
            "nothing, if it happens once; a phone that does it always does not count nonces and needs an update",
        ),
        AuthReason::CredentialExpired => (
            "gave the right password of a credential that has expired",
            "set a later expires_at in the credential's details, or take the phone out of service",
        ),
        AuthReason::CpsExceeded => (
            "began more calls a second than its trunk or account may",
            "raise cps_limit, or let the phone dial more slowly",
        ),
        AuthReason::CallsExceeded => {
            ("has as many calls up as its trunk or account may", "raise the limit of concurrent calls, or end some")
        }
        AuthReason::Banned => (
            "was not verified, because it had guessed wrong too often",
            "correct the password in the phone; the ban ends by itself, and at once when the password is changed",
        ),
        AuthReason::Malformed => (
            "sent an Authorization header that cannot be read, or one without what its qop needs",
            "update the phone; something between may also cut long headers",
        ),
        // The others have words of their own.
        _ => ("was turned away", "look at the reason"),
    };
    (what.to_owned(), Some(mend.to_owned()))
}

fn unknown_user(record: &AuthRecord, circumstances: &Circumstances<'_>) -> Words {
    let sent = &*record.username;
    let realm = circumstances.realm.map_or_else(|| "that realm".to_owned(), |realm| format!("the realm {realm}"));
    let user = sent.trim();
    let user = user.split_once(':').map_or(user, |(_, rest)| rest).split('@').next().unwrap_or_default();
    let (what, mend) = match record.near_miss {
        Some(NearMiss::LetterCase) => (
            "sent a username that differs from a credential's in the case of its letters alone".to_owned(),
            "write the username in the phone exactly as the credential's".to_owned(),
        ),
        Some(NearMiss::DomainInUsername) => (
            "sent its username with a domain".to_owned(),
            format!("enter {user} alone as the username and authentication name; the domain has a field of its own"),
        ),
        Some(NearMiss::UriAsUsername) => (
            "sent a SIP URI as its username".to_owned(),
            format!("enter {user} alone as the username and authentication name"),
        ),
        Some(NearMiss::WhiteSpace) => {
            ("sent its username with white space around it".to_owned(), format!("enter {user} without spaces"))
        }
        Some(NearMiss::NoUsername) => {
            ("sent no username".to_owned(), "enter the credential's username in the phone".to_owned())
        }
        _ if sent.is_empty() => (
            format!("sent usernames that no credential of {realm} has"),
            "nothing, if it was somebody who guesses; they are slowed down".to_owned(),
        ),
        _ => (
            format!("sent a username that no credential of {realm} has"),
            "correct the username in the phone, or create the credential; the case of letters counts".to_owned(),
        ),
    };
    (what, Some(mend))
}

fn wrong_password(credential: Option<CredentialNow>) -> Words {
    let since = credential.map(|credential| {
        format!(
            " (the present one is of {}, the credential's {})",
            moment(credential.password_changed_at),
            ordinal(credential.generation)
        )
    });
    (
        format!("used a password that is not this credential's{}", since.unwrap_or_default()),
        Some("enter the credential's password in the phone, or set a new one".to_owned()),
    )
}

fn old_password(credential: Option<CredentialNow>) -> Words {
    let since = credential.map(|credential| format!(" on {}", moment(credential.password_changed_at)));
    (
        format!("used the password before the present one, which was replaced{}", since.unwrap_or_default()),
        Some("enter the new password in the phone".to_owned()),
    )
}

fn realm_mismatch(record: &AuthRecord, circumstances: &Circumstances<'_>) -> Words {
    let claimed = record.claimed_realm.as_deref().unwrap_or("another realm");
    let asked = circumstances.realm.map(|realm| format!(" and not for {realm}")).unwrap_or_default();
    let mend = match circumstances.realm {
        Some(realm) => format!("set the phone's realm to {realm}, or let it take the realm from the challenge"),
        None => "let the phone take the realm from the challenge".to_owned(),
    };
    (format!("computed its answer for the realm {claimed}{asked}"), Some(mend))
}

fn stale_nonce(record: &AuthRecord) -> Words {
    let why = match record.near_miss {
        Some(NearMiss::NonceOfOtherBoot) => "is of before our last restart, or of another node",
        Some(NearMiss::NonceForgotten) => "had to make room for newer ones",
        _ => "is past its lifetime",
    };
    (
        format!("gave the right password with a nonce that {why}, and was challenged again"),
        Some("nothing, if it happens now and then; a phone that does not answer again needs an update".to_owned()),
    )
}

fn algorithm(record: &AuthRecord, credential: Option<CredentialNow>) -> Words {
    let used = record.algorithm.map_or("an unknown algorithm", |algorithm| algorithm.as_str());
    let (who, mend) = match (record.near_miss, credential) {
        (Some(NearMiss::Md5Only), _) => (
            "this realm offers better ones only",
            "update the phone, or let the realm's challenge policy be compatible",
        ),
        (_, Some(CredentialNow { demands_sha256: true, .. })) => {
            ("this credential demands SHA-256", "update the phone, or lift the demand in the credential's requirements")
        }
        _ => ("that was not offered", "update the phone"),
    };
    (format!("answered with {used}, but {who}"), Some(mend.to_owned()))
}

fn revoked_device(record: &AuthRecord) -> Words {
    let label = record.device.as_deref().map(|label| format!(" \"{label}\"")).unwrap_or_default();
    (
        format!("used the secret of the device{label}, which was revoked"),
        Some(
            "nothing, if the device is out of service; else give it a new secret by another device or link".to_owned(),
        ),
    )
}

fn disabled(credential: Option<CredentialNow>) -> Words {
    if credential.is_some_and(|credential| credential.enabled) {
        return (
            "gave the right password while the credential or its account was disabled or just being changed".to_owned(),
            Some("nothing: the credential is enabled now; the account must be, too".to_owned()),
        );
    }
    (
        "gave the right password of a credential that is disabled".to_owned(),
        Some("enable the credential, or take the phone out of service".to_owned()),
    )
}

fn source(record: &AuthRecord) -> Words {
    if record.remark == Some(AuthRemark::InsecureTransport) {
        return (
            format!("gave the right password over {}, but the credential demands TLS", record.transport.as_str()),
            Some("set the phone's transport to TLS, or lift the demand in the credential's requirements".to_owned()),
        );
    }
    (
        "gave the right password from an address that the credential or its trunk does not allow".to_owned(),
        Some("add the address to the credential's allowed networks or the trunk's access list".to_owned()),
    )
}

fn ordinal(generation: u32) -> String {
    let ending = match (generation % 10, generation % 100) {
        (_, 11..=13) => "th",
        (1, _) => "st",
        (2, _) => "nd",
        (3, _) => "rd",
        _ => "th",
    };
    format!("{generation}{ending}")
}
