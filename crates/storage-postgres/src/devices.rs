//! Devices of credentials. They are part of their credential: read with it, written with it.

use crate::failure::Refused;
use crate::rows;
use crate::sql::{self, Row, parameters};
use domain::{
    Credential, CredentialId, CredentialUse, DeskPhone, Device, DeviceId, DeviceLabel, DeviceOrigin, Devices,
    MacAddress, PhoneFormat, Revocation, Sealed, SealedHa1s,
};
use sqlx::PgConnection;
use std::collections::HashMap;
use storage::Conflict;

/// Gives credentials the devices they have.
pub(crate) async fn complete(connection: &mut PgConnection, credentials: &mut [Credential]) -> sql::Result<()> {
    // Few have ever had one, and the others are not looked for.
    let having = credentials.iter().filter(|credential| credential.devices.numbered() > 0);
    let ids: Vec<&[u8]> = having.map(|credential| credential.id.as_bytes().as_slice()).collect();
    if ids.is_empty() {
        return Ok(());
    }
    let sql = "SELECT id, label, secret, mac, format, ha1_md5, ha1_sha256, ha1_sha512_256, created_at, revoked_at,
         kept_until, credential FROM devices WHERE credential = ANY ($1)";
    let mut found: HashMap<CredentialId, Vec<Device>> = HashMap::new();
    let of_credential = |row: &Row<'_>| Ok((CredentialId::from_bytes(row.get(11)?), device(row)?));
    for (credential, device) in sql::all(connection, sql, parameters![ids], of_credential).await? {
        found.entry(credential).or_default().push(device);
    }
    for credential in credentials {
        if let Some(devices) = found.remove(&credential.id) {
            credential.devices = Devices::from_stored(devices, credential.devices.numbered());
        }
    }
    Ok(())
}

/// Refuses a credential with a desk phone that is a live device of another credential of the account, or twice its own.
pub(crate) async fn check_desk_phones(connection: &mut PgConnection, credential: &Credential) -> Result<(), Refused> {
    let phones = credential.devices.live().filter_map(Device::desk_phone);
    let macs: Vec<MacAddress> = phones.map(|phone| phone.mac).collect();
    for (place, mac) in macs.iter().enumerate() {
        let sql =
            "SELECT 1 FROM devices WHERE account_id = $1 AND mac = $2 AND revoked_at IS NULL AND credential <> $3";
        let taken = parameters![credential.account.0, mac.to_string(), credential.id.as_bytes()];
        if sql::exists(connection, sql, taken).await? || macs.iter().skip(place + 1).any(|other| other == mac) {
            return Err(Conflict::MacTaken.into());
        }
    }
    Ok(())
}

/// Makes what is stored what the credential has, which was checked before anything was written.
pub(crate) async fn write(connection: &mut PgConnection, credential: &Credential) -> Result<(), Refused> {
    let Credential { id, devices, .. } = credential;
    if devices.numbered() == 0 {
        return Ok(());
    }
    let sql = "SELECT id FROM devices WHERE credential = $1";
    let stored = sql::all(connection, sql, parameters![id.as_bytes()], |row| row.get(0).map(DeviceId::from_bytes));
    for gone in stored.await? {
        if !devices.as_slice().iter().any(|device| device.id == gone) {
            sql::execute(connection, "DELETE FROM devices WHERE id = $1", parameters![gone.as_bytes()]).await?;
        }
    }
    // Those that end go first: another may have their desk phone.
    let (ended, live): (Vec<_>, Vec<_>) = devices.as_slice().iter().partition(|device| !device.is_live());
    for device in ended.into_iter().chain(live) {
        put(connection, credential, device).await?;
    }
    Ok(())
}

async fn put(connection: &mut PgConnection, credential: &Credential, device: &Device) -> Result<(), Refused> {
    let phone = device.desk_phone();
    let sql = "INSERT INTO devices (id, credential, account_id, label, secret, mac, format, ha1_md5, ha1_sha256,
             ha1_sha512_256, created_at, revoked_at, kept_until)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
         ON CONFLICT (id) DO UPDATE SET label = excluded.label, secret = excluded.secret, mac = excluded.mac,
             format = excluded.format, ha1_md5 = excluded.ha1_md5, ha1_sha256 = excluded.ha1_sha256,
             ha1_sha512_256 = excluded.ha1_sha512_256, revoked_at = excluded.revoked_at,
             kept_until = excluded.kept_until";
    let values = parameters![
        device.id.as_bytes(),
        credential.id.as_bytes(),
        credential.account.0,
        device.label.as_str(),
        device.secret,
        phone.map(|phone| phone.mac.to_string()),
        phone.map(|phone| phone.format.as_str()),
        device.ha1s.md5.as_ref().map(Sealed::as_bytes),
        device.ha1s.sha256.as_ref().map(Sealed::as_bytes),
        device.ha1s.sha512_256.as_ref().map(Sealed::as_bytes),
        device.created_at.as_micros(),
        device.revoked.map(|revoked| revoked.at.as_micros()),
        device.revoked.map(|revoked| revoked.kept_until.as_micros()),
    ];
    sql::execute(connection, sql, values).await?;
    Ok(())
}

/// The number of each device's secret by which a credential still lets somebody in, for statements about registrations.
pub(crate) const LIVE_SECRETS: &str = "SELECT secret FROM devices WHERE credential = $1 AND revoked_at IS NULL";

fn device(row: &Row<'_>) -> sql::Result<Device> {
    let revoked = match (rows::some_moment(row, 9)?, rows::some_moment(row, 10)?) {
        (Some(at), Some(kept_until)) => Some(Revocation { at, kept_until }),
        _ => None,
    };
    Ok(Device {
        id: DeviceId::from_bytes(row.get(0)?),
        label: rows::parsed(row, 1, DeviceLabel::parse)?,
        secret: row.get(2)?,
        origin: origin(row)?,
        ha1s: SealedHa1s {
            md5: rows::sealed(row, 5)?,
            sha256: rows::sealed(row, 6)?,
            sha512_256: rows::sealed(row, 7)?,
        },
        created_at: rows::moment(row, 8)?,
        revoked,
    })
}

fn origin(row: &Row<'_>) -> sql::Result<DeviceOrigin> {
    let format = |name: &str| PhoneFormat::from_name(name).ok_or("no format has that name");
    let mac = rows::some_parsed(row, 3, MacAddress::parse)?;
    let format = rows::some_parsed(row, 4, format)?;
    Ok(mac.zip(format).map_or(DeviceOrigin::Drawn, |(mac, format)| DeviceOrigin::Derived(DeskPhone { mac, format })))
}

/// The last uses of a credential's devices.
pub(crate) async fn uses(connection: &mut PgConnection, credential: CredentialId) -> sql::Result<Vec<CredentialUse>> {
    let sql = "SELECT credential, at, source, transport, method, user_agent, algorithm, generation
         FROM device_uses WHERE credential = $1 ORDER BY generation";
    sql::all(connection, sql, parameters![credential.as_bytes()], rows::credential_use).await
}

/// Stores the last use of a device, unless it is gone.
pub(crate) async fn save_use(connection: &mut PgConnection, one: &CredentialUse) -> sql::Result<()> {
    let sql = "INSERT INTO device_uses (credential, generation, at, source, transport, method, user_agent, algorithm)
         SELECT $1, $2, $3, $4, $5, $6, $7, $8
         WHERE EXISTS (SELECT 1 FROM devices WHERE credential = $1 AND secret = $2)
         ON CONFLICT (credential, generation) DO UPDATE SET at = excluded.at, source = excluded.source,
         transport = excluded.transport, method = excluded.method, user_agent = excluded.user_agent,
         algorithm = excluded.algorithm WHERE excluded.at >= device_uses.at";
    let values = parameters![
        one.credential.as_bytes(),
        one.generation,
        one.at.as_micros(),
        one.source.to_string(),
        one.transport.as_str(),
        one.method,
        one.user_agent,
        one.algorithm.as_str(),
    ];
    sql::execute(connection, sql, values).await?;
    Ok(())
}
