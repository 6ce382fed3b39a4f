//! Devices of credentials. They are part of their credential: read with it, written with it.

use crate::failure::Failure;
use crate::rows;
use crate::transaction::Refused;
use domain::{
    Credential, CredentialId, DeskPhone, Device, DeviceId, DeviceLabel, DeviceOrigin, Devices, MacAddress, PhoneFormat,
    Revocation, Sealed, SealedHa1s,
};
use rusqlite::{Connection, Result, Row, params};
use storage::Conflict;

/// The columns [`device`] reads.
const COLUMNS: &str =
    "id, label, secret, mac, format, ha1_md5, ha1_sha256, ha1_sha512_256, created_at, revoked_at, kept_until";

/// Gives a credential the devices it has.
pub(crate) fn of(connection: &Connection, credential: CredentialId, numbered: u32) -> Result<Devices> {
    // Few have ever had one, and the others are not looked for.
    if numbered == 0 {
        return Ok(Devices::default());
    }
    let sql = format!("SELECT {COLUMNS} FROM devices WHERE credential = ?1");
    let mut statement = connection.prepare_cached(&sql)?;
    let found = statement.query_map([credential.as_bytes()], device)?.collect::<Result<_>>()?;
    Ok(Devices::from_stored(found, numbered))
}

/// Refuses a credential with a desk phone that is a live device of another credential of the account, or twice its own.
pub(crate) fn check_desk_phones(connection: &Connection, credential: &Credential) -> std::result::Result<(), Refused> {
    let phones = credential.devices.live().filter_map(Device::desk_phone);
    let macs: Vec<MacAddress> = phones.map(|phone| phone.mac).collect();
    for (place, mac) in macs.iter().enumerate() {
        let sql =
            "SELECT 1 FROM devices WHERE account_id = ?1 AND mac = ?2 AND revoked_at IS NULL AND credential <> ?3";
        let mut taken = connection.prepare_cached(sql)?;
        let is_taken = taken.exists(params![credential.account.0, mac.to_string(), credential.id.as_bytes()])?;
        if is_taken || macs.iter().skip(place + 1).any(|other| other == mac) {
            return Err(Conflict::MacTaken.into());
        }
    }
    Ok(())
}

/// Makes what is stored what the credential has, which was checked before anything was written.
pub(crate) fn write(connection: &Connection, credential: &Credential) -> std::result::Result<(), Refused> {
    let Credential { id, devices, .. } = credential;
    if devices.numbered() == 0 {
        return Ok(());
    }
    let mut stored = connection.prepare_cached("SELECT id FROM devices WHERE credential = ?1")?;
    let stored = stored.query_map([id.as_bytes()], |row| row.get(0).map(DeviceId::from_bytes))?;
    for gone in stored.collect::<Result<Vec<_>>>()? {
        if !devices.as_slice().iter().any(|device| device.id == gone) {
            connection.prepare_cached("DELETE FROM devices WHERE id = ?1")?.execute([gone.as_bytes()])?;
        }
    }
    // Those that end go first: another may have their desk phone.
    let (ended, live): (Vec<_>, Vec<_>) = devices.as_slice().iter().partition(|device| !device.is_live());
    ended.into_iter().chain(live).try_for_each(|device| put(connection, credential, device))
}

fn put(connection: &Connection, credential: &Credential, device: &Device) -> std::result::Result<(), Refused> {
    let phone = device.desk_phone();
    let mac = phone.map(|phone| phone.mac.to_string());
    let sql = "INSERT INTO devices (id, credential, account_id, label, secret, mac, format, ha1_md5, ha1_sha256,
             ha1_sha512_256, created_at, revoked_at, kept_until)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)
         ON CONFLICT (id) DO UPDATE SET label = excluded.label, secret = excluded.secret, mac = excluded.mac,
             format = excluded.format, ha1_md5 = excluded.ha1_md5, ha1_sha256 = excluded.ha1_sha256,
             ha1_sha512_256 = excluded.ha1_sha512_256, revoked_at = excluded.revoked_at,
             kept_until = excluded.kept_until";
    connection.prepare_cached(sql)?.execute(params![
        device.id.as_bytes(),
        credential.id.as_bytes(),
        credential.account.0,
        device.label.as_str(),
        device.secret,
        mac,
        phone.map(|phone| phone.format.as_str()),
        device.ha1s.md5.as_ref().map(Sealed::as_bytes),
        device.ha1s.sha256.as_ref().map(Sealed::as_bytes),
        device.ha1s.sha512_256.as_ref().map(Sealed::as_bytes),
        device.created_at.as_micros(),
        device.revoked.map(|revoked| revoked.at.as_micros()),
        device.revoked.map(|revoked| revoked.kept_until.as_micros()),
    ])?;
    Ok(())
}

/// The number of each device's secret by which a credential still lets somebody in, for statements about registrations.
pub(crate) const LIVE_SECRETS: &str = "SELECT secret FROM devices WHERE credential = ?1 AND revoked_at IS NULL";

fn device(row: &Row<'_>) -> Result<Device> {
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

fn origin(row: &Row<'_>) -> Result<DeviceOrigin> {
    let format = |name: &str| PhoneFormat::from_name(name).ok_or("no format has that name");
    let mac = rows::some_parsed(row, 3, MacAddress::parse)?;
    let format = rows::some_parsed(row, 4, format)?;
    Ok(mac.zip(format).map_or(DeviceOrigin::Drawn, |(mac, format)| DeviceOrigin::Derived(DeskPhone { mac, format })))
}

/// The last uses of a credential's devices.
pub(crate) fn uses(
    connection: &Connection,
    credential: CredentialId,
) -> std::result::Result<Vec<domain::CredentialUse>, Failure> {
    let sql = "SELECT credential, at, source, transport, method, user_agent, algorithm, generation
         FROM device_uses WHERE credential = ?1 ORDER BY generation";
    let mut statement = connection.prepare_cached(sql)?;
    let found = statement.query_map([credential.as_bytes()], rows::credential_use)?;
    Ok(found.collect::<Result<_>>()?)
}

/// Stores the last use of a device, unless it is gone.
pub(crate) fn save_use(connection: &Connection, one: &domain::CredentialUse) -> std::result::Result<(), Failure> {
    let sql = "INSERT INTO device_uses (credential, generation, at, source, transport, method, user_agent, algorithm)
         SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8
         WHERE EXISTS (SELECT 1 FROM devices WHERE credential = ?1 AND secret = ?2)
         ON CONFLICT (credential, generation) DO UPDATE SET at = excluded.at, source = excluded.source,
         transport = excluded.transport, method = excluded.method, user_agent = excluded.user_agent,
         algorithm = excluded.algorithm WHERE excluded.at >= at";
    connection.prepare_cached(sql)?.execute(params![
        one.credential.as_bytes(),
        one.generation,
        one.at.as_micros(),
        one.source.to_string(),
        one.transport.as_str(),
        one.method,
        one.user_agent,
        one.algorithm.as_str(),
    ])?;
    Ok(())
}
