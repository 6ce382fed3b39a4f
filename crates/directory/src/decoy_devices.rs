//! Devices of nobody's, so that comparing with them takes as long as with real ones.
//!
//! It is not the digests alone: the HA1s of ten devices are as many lines of memory to fetch, which a measurement shows.

use crate::entry::OpenHa1s;
use crate::{DeviceSecret, DeviceSecrets};
use domain::Devices;
use sip_digest::{Ha1, HashAlgorithm};
use std::sync::atomic::AtomicU32;
use std::sync::{Arc, OnceLock};

/// As many lists as do not stay in a processor's nearest memory, three megabytes in all.
const LISTS: usize = 2048;

/// Made when somebody has a device, not before.
#[derive(Default)]
pub(crate) struct DecoyDevices(OnceLock<Box<[Arc<DeviceSecrets>]>>);

impl DecoyDevices {
    /// The list that a hash leads to.
    pub(crate) fn of(&self, hash: u64) -> Option<Arc<DeviceSecrets>> {
        let lists = self.0.get_or_init(|| (0..LISTS).map(|_| Arc::new(list())).collect());
        let place = usize::try_from(hash >> 32).unwrap_or(0) % LISTS;
        lists.get(place).cloned()
    }
}

fn list() -> DeviceSecrets {
    let ha1 = |hash: HashAlgorithm| Ha1::from_bytes(hash, [0; 32].get(..hash.output_length())?);
    let device = |_| DeviceSecret {
        label: Box::default(),
        secret: 0,
        is_live: false,
        ha1s: OpenHa1s {
            md5: ha1(HashAlgorithm::Md5),
            sha256: ha1(HashAlgorithm::Sha256),
            sha512_256: ha1(HashAlgorithm::Sha512_256),
        },
        last_use: AtomicU32::default(),
    };
    DeviceSecrets((0..Devices::MOST).map(device).collect())
}
