//! Devices, their uses, and links that make them.
#![expect(clippy::expect_used, reason = "a sample that does not parse is a mistake in the test that asks for it")]

use super::{CREATED_AT, drawn, sealed_ha1s};
use crate::SeededRandom;
use domain::{
    ApiTokenHash, Credential, CredentialId, CredentialUse, DeskPhone, Device, DeviceId, DeviceLabel, DeviceOrigin,
    Devices, DigestAlgorithm, LinkStage, MacAddress, PhoneFormat, ProvisioningLink, ProvisioningLinkId,
    SignallingTransport, Timestamp,
};

/// A live device with a drawn secret, all of whose parts follow from `number`.
#[must_use]
pub fn device(number: u64) -> Device {
    Device {
        id: DeviceId::new(CREATED_AT, drawn(number + 40)),
        label: DeviceLabel::parse(&format!("device {number}")).expect("a valid label"),
        secret: Devices::FIRST_SECRET,
        origin: DeviceOrigin::Drawn,
        ha1s: sealed_ha1s(&SeededRandom::new(number + 50)),
        created_at: CREATED_AT.plus_seconds(5),
        revoked: None,
    }
}

/// A live desk phone, likewise.
#[must_use]
pub fn desk_phone(number: u64) -> Device {
    let [_, rest @ ..] = drawn::<6>(number + 60);
    let [a, b, c, d, e] = rest;
    let mac = MacAddress::from_bytes([2, a, b, c, d, e]).expect("an address of one device");
    Device { origin: DeviceOrigin::Derived(DeskPhone { mac, format: PhoneFormat::Snom }), ..device(number) }
}

/// Another device that is the same desk phone.
#[must_use]
pub fn same_desk_phone(phone: &Device, number: u64) -> Device {
    Device { origin: phone.origin, ..device(number) }
}

/// A use of a credential with the secret of that number.
#[must_use]
pub fn credential_use(credential: CredentialId, at: Timestamp, generation: u32) -> CredentialUse {
    CredentialUse {
        credential,
        at,
        source: ([192, 0, 2, 9], 40_000).into(),
        transport: SignallingTransport::Tls,
        method: "REGISTER".into(),
        user_agent: "Phone/2.0".into(),
        algorithm: DigestAlgorithm::Sha256,
        generation,
    }
}

/// A link that is good for a minute, all of whose parts follow from `number`.
#[must_use]
pub fn provisioning_link(credential: &Credential, number: u64) -> ProvisioningLink {
    ProvisioningLink {
        id: ProvisioningLinkId::new(CREATED_AT, drawn(number + 70)),
        account: credential.account,
        credential: credential.id,
        label: DeviceLabel::parse(&format!("link {number}")).expect("a valid label"),
        format: Some(PhoneFormat::Linphone),
        stage: LinkStage::Offered,
        token: ApiTokenHash::from_bytes(drawn(number + 80)),
        created_at: CREATED_AT,
        expires_at: CREATED_AT.plus_seconds(60),
    }
}

/// A hardware address.
#[must_use]
pub fn mac(text: &str) -> MacAddress {
    MacAddress::parse(text).expect("a valid address")
}
