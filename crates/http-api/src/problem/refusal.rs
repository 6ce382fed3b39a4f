//! What use cases refuse with, as HTTP says it.

use super::INTERNAL;
use crate::moment::Moment;
use axum::http::StatusCode;
use provisioning::ProvisioningError;
use std::borrow::Cow;
use storage::StorageError;

/// Status and sentence for what a use case refuses with. What the operator alone can mend is not told.
pub(super) fn of(error: &ProvisioningError) -> (StatusCode, Cow<'static, str>) {
    use ProvisioningError as Error;
    let status = match error {
        Error::CredentialNotFound
        | Error::AccountNotFound
        | Error::DeviceNotFound
        | Error::ProvisioningLinkNotFound
        | Error::TokenNotFound
        | Error::RegistrationNotFound
        | Error::CallNotFound
        | Error::BanNotFound
        | Error::CallRecordNotFound
        | Error::HostNotFound
        | Error::TrunkNotFound
        | Error::IpAclNotFound
        | Error::OriginationUriNotFound
        | Error::UpstreamSecretNotFound
        | Error::NumberNotFound
        | Error::WebhookNotFound
        | Error::RealmNotFound => StatusCode::NOT_FOUND,
        Error::AccessEnded => StatusCode::UNAUTHORIZED,
        // Names are put together from what the operator said, such as too long a base domain.
        Error::UnknownReference(_) | Error::LeadsToUs(_) | Error::WeakPassword(_) | Error::Md5Retired => {
            StatusCode::BAD_REQUEST
        }
        Error::ExpiryPassed | Error::BadCursor | Error::AuthId(_) | Error::Realm(_) | Error::HostName(_) => {
            StatusCode::BAD_REQUEST
        }
        Error::UsernameTaken
        | Error::OverlapUnderWay(_)
        | Error::TooManyDevices
        | Error::MacTaken
        | Error::TooManyProvisioningLinks
        | Error::WebhookWithoutUrl
        | Error::CredentialHasCalls(_)
        | Error::TrunkHasCalls(_)
        | Error::LastToken
        | Error::NumberTaken
        | Error::NumberAssigned
        | Error::NothingToReferTo
        | Error::TooMany
        | Error::TooManyTokens
        | Error::TooManySubAccounts
        | Error::TooManyHosts
        | Error::SubAccountsOfSubAccount
        | Error::HasSubAccounts
        | Error::AuthIdTaken
        | Error::HostTaken(_)
        | Error::HostReserved(_)
        | Error::HostIsFixed(_) => StatusCode::CONFLICT,
        Error::KeyUsed => StatusCode::UNPROCESSABLE_ENTITY,
        // Not 409, which would say that trying again is useless.
        Error::Contended
        | Error::Storage(StorageError::Full | StorageError::Unavailable(_) | StorageError::Unknown(_)) => {
            StatusCode::SERVICE_UNAVAILABLE
        }
        Error::NotAppliedEverywhere(_) => StatusCode::SERVICE_UNAVAILABLE,
        Error::Storage(StorageError::Damaged(_)) => StatusCode::INTERNAL_SERVER_ERROR,
    };
    (status, sentence(error))
}

fn sentence(error: &ProvisioningError) -> Cow<'static, str> {
    use ProvisioningError as Error;
    Cow::Borrowed(match error {
        Error::Contended => "Others kept changing this at the same time, and nothing was changed; try again",
        Error::Storage(StorageError::Full) => {
            "The server's disk is full and nothing was changed; try again when its operator has made room"
        }
        Error::Storage(StorageError::Unavailable(_)) => {
            "The storage is unavailable and nothing was changed; try again in a moment"
        }
        Error::Storage(StorageError::Unknown(_)) => {
            "The storage was lost while it was at work, and may have taken the change; look before trying again"
        }
        Error::NotAppliedEverywhere(_) => {
            "The change is stored, but not every node has confirmed it yet; look at it before trying again"
        }
        Error::Storage(StorageError::Damaged(_)) => INTERNAL,
        Error::OverlapUnderWay(until) => {
            return Cow::Owned(format!(
                "The overlap of an earlier rotation runs until {}; end it with DELETE on the credential's rotate, or wait",
                Moment::from(*until).as_str()
            ));
        }
        told => return Cow::Owned(capitalised(&told.to_string())),
    })
}

pub(super) fn capitalised(text: &str) -> String {
    let mut characters = text.chars();
    characters.next().map(|first| first.to_uppercase().chain(characters).collect()).unwrap_or_default()
}
