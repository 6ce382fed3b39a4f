//! Values as octets, for what has to outlast a restart: numbers in network order, texts with their length before them.

use crate::route_set::RouteSet;
use crate::{Dialog, Duty, Millis, Path, PeerFeatures, SessionTimer};

/// Writes values one after the other.
#[derive(Debug, Default)]
pub struct Packer {
    octets: Vec<u8>,
}

/// The octets end early, or hold what nobody wrote.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("the octets are cut or damaged")]
pub struct Damaged;

impl Packer {
    /// Appends an octet.
    pub fn u8(&mut self, value: u8) -> &mut Self {
        self.octets.push(value);
        self
    }

    /// Appends a number.
    pub fn u32(&mut self, value: u32) -> &mut Self {
        self.octets.extend_from_slice(&value.to_be_bytes());
        self
    }

    /// Appends a number.
    pub fn u64(&mut self, value: u64) -> &mut Self {
        self.octets.extend_from_slice(&value.to_be_bytes());
        self
    }

    /// Appends a number that may be missing.
    pub fn optional_u64(&mut self, value: Option<u64>) -> &mut Self {
        match value {
            Some(value) => self.u8(1).u64(value),
            None => self.u8(0),
        }
    }

    /// Appends a text; none is longer than a message.
    pub fn text(&mut self, text: &[u8]) -> &mut Self {
        self.u32(u32::try_from(text.len()).unwrap_or(u32::MAX));
        self.octets.extend_from_slice(text);
        self
    }

    /// Appends a text that may be missing.
    pub fn optional_text(&mut self, text: Option<&[u8]>) -> &mut Self {
        match text {
            Some(text) => self.u8(1).text(text),
            None => self.u8(0),
        }
    }

    /// Appends a dialog.
    pub fn dialog(&mut self, dialog: &Dialog) -> &mut Self {
        for text in [&dialog.call_id, &dialog.local_tag, &dialog.remote_tag, &dialog.local, &dialog.remote] {
            self.text(text);
        }
        let routes = dialog.routes.as_slice();
        self.u8(u8::try_from(routes.len()).unwrap_or(u8::MAX));
        for route in routes {
            self.text(route);
        }
        self.text(&dialog.remote_target).u32(dialog.local_cseq).optional_u64(dialog.remote_cseq.map(u64::from));
        self.text(&dialog.path.via).text(&dialog.path.contact).text(&dialog.path.route);
        let PeerFeatures { allows_update, supports_timer, supports_reliable } = dialog.peer;
        self.u8(u8::from(allows_update) | u8::from(supports_timer) << 1 | u8::from(supports_reliable) << 2)
    }

    /// Appends a session timer: its interval and duty, not how far it has come.
    pub fn session(&mut self, timer: &SessionTimer) -> &mut Self {
        let duty = match timer.duty {
            Duty::Refresh => 0,
            Duty::Await => 1,
            Duty::Probe => 2,
        };
        self.u8(duty).u32(timer.seconds)
    }

    /// All that was appended.
    #[must_use]
    pub fn into_octets(self) -> Vec<u8> {
        self.octets
    }
}

/// Reads what a [`Packer`] wrote, in the same order.
#[derive(Clone, Copy, Debug)]
pub struct Unpacker<'o> {
    rest: &'o [u8],
}

impl<'o> Unpacker<'o> {
    /// Reads from the first of these octets on.
    #[must_use]
    pub const fn new(octets: &'o [u8]) -> Self {
        Self { rest: octets }
    }

    /// An octet.
    ///
    /// # Errors
    /// [`Damaged`].
    pub fn u8(&mut self) -> Result<u8, Damaged> {
        self.array().map(u8::from_be_bytes)
    }

    /// A number.
    ///
    /// # Errors
    /// [`Damaged`].
    pub fn u32(&mut self) -> Result<u32, Damaged> {
        self.array().map(u32::from_be_bytes)
    }

    /// A number.
    ///
    /// # Errors
    /// [`Damaged`].
    pub fn u64(&mut self) -> Result<u64, Damaged> {
        self.array().map(u64::from_be_bytes)
    }

    /// A number that may be missing.
    ///
    /// # Errors
    /// [`Damaged`].
    pub fn optional_u64(&mut self) -> Result<Option<u64>, Damaged> {
        match self.u8()? {
            0 => Ok(None),
            1 => self.u64().map(Some),
            _ => Err(Damaged),
        }
    }

    /// A text.
    ///
    /// # Errors
    /// [`Damaged`].
    pub fn text(&mut self) -> Result<Box<[u8]>, Damaged> {
        let length = usize::try_from(self.u32()?).map_err(|_| Damaged)?;
        let (text, rest) = self.rest.split_at_checked(length).ok_or(Damaged)?;
        self.rest = rest;
        Ok(text.into())
    }

    /// A text that may be missing.
    ///
    /// # Errors
    /// [`Damaged`].
    pub fn optional_text(&mut self) -> Result<Option<Box<[u8]>>, Damaged> {
        match self.u8()? {
            0 => Ok(None),
            1 => self.text().map(Some),
            _ => Err(Damaged),
        }
    }

    /// A dialog.
    ///
    /// # Errors
    /// [`Damaged`].
    pub fn dialog(&mut self) -> Result<Dialog, Damaged> {
        let (call_id, local_tag, remote_tag) = (self.text()?, self.text()?, self.text()?);
        let (local, remote) = (self.text()?, self.text()?);
        let count = self.u8()?;
        let routes = RouteSet::from_routes((0..count).map(|_| self.text()).collect::<Result<_, _>>()?);
        let (remote_target, local_cseq) = (self.text()?, self.u32()?);
        let remote_cseq = self.optional_u64()?.map(u32::try_from).transpose().map_err(|_| Damaged)?;
        let path = Path { via: self.text()?, contact: self.text()?, route: self.text()? };
        let features = self.u8()?;
        let peer = PeerFeatures {
            allows_update: features & 1 != 0,
            supports_timer: features & 2 != 0,
            supports_reliable: features & 4 != 0,
        };
        Ok(Dialog {
            call_id,
            local_tag,
            remote_tag,
            local,
            remote,
            routes,
            remote_target,
            local_cseq,
            remote_cseq,
            path,
            peer,
        })
    }

    /// A session timer, which begins anew.
    ///
    /// # Errors
    /// [`Damaged`].
    pub fn session(&mut self, now: Millis) -> Result<SessionTimer, Damaged> {
        let duty = match self.u8()? {
            0 => Duty::Refresh,
            1 => Duty::Await,
            2 => Duty::Probe,
            _ => return Err(Damaged),
        };
        Ok(SessionTimer::new(self.u32()?, duty, now))
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], Damaged> {
        let (array, rest) = self.rest.split_first_chunk::<N>().ok_or(Damaged)?;
        self.rest = rest;
        Ok(*array)
    }
}
