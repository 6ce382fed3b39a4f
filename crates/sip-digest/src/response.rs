//! The `response` computation that both sides share (RFC 7616 section 3.4.1, RFC 2617 section 3.2.2).

use crate::hash::{self, LONGEST};
use crate::{Algorithm, Ha1};

/// What a digest protects, with the parameters that go into it as sent.
#[derive(Clone, Copy)]
pub(crate) enum Protection<'m> {
    /// No `qop`: the older form of RFC 2069.
    Legacy,
    /// `qop=auth` or `qop=auth-int`.
    Qop { qop: &'m [u8], integrity: Integrity, nc: &'m [u8], cnonce: &'m [u8] },
}

/// Whether the body is protected too.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Integrity {
    /// `auth-int`.
    Body,
    /// `auth`.
    None,
}

/// What a response is computed over besides HA1.
#[derive(Clone, Copy)]
pub(crate) struct Exchange<'m> {
    pub(crate) algorithm: Algorithm,
    pub(crate) nonce: &'m [u8],
    pub(crate) uri: &'m [u8],
    /// Also the cnonce of a `-sess` form without qop.
    pub(crate) cnonce: &'m [u8],
    pub(crate) protection: Protection<'m>,
}

impl Exchange<'_> {
    /// HA2 of a message; the method is empty for `rspauth` (RFC 7616 section 3.5).
    pub(crate) fn ha2(&self, method: &[u8], body: &[u8]) -> hash::HexDigest {
        let hash = self.algorithm.hash;
        match self.protection {
            Protection::Qop { integrity: Integrity::Body, .. } => {
                let body = hash::joined_hex(hash, &[body]);
                hash::joined_hex(hash, &[method, self.uri, body.as_bytes()])
            }
            _ => hash::joined_hex(hash, &[method, self.uri]),
        }
    }

    /// The response that this HA1 leads to; an HA1 of another hash leads nowhere useful.
    pub(crate) fn response(&self, ha1: &Ha1, ha2: &hash::HexDigest) -> [u8; LONGEST] {
        let key = ha1.key_hex(self.algorithm, self.nonce, self.cnonce);
        match self.protection {
            Protection::Legacy => hash::joined(self.algorithm.hash, &[key.as_bytes(), self.nonce, ha2.as_bytes()]),
            Protection::Qop { qop, nc, cnonce, .. } => {
                hash::joined(self.algorithm.hash, &[key.as_bytes(), self.nonce, nc, cnonce, qop, ha2.as_bytes()])
            }
        }
    }
}
