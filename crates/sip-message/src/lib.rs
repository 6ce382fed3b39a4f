//! Zero-copy SIP message codec (RFC 3261 sections 7, 19, 20, 25): octets to requests and responses, and back.
//!
//! [`parse`] goes over a message once and notes where each header stands; every value is read from the octets when it
//! is asked for, without allocation. A request with a fault is still a [`Request`], so that it can be answered:
//! [`Request::check`] names the fault, or gives a [`CheckedRequest`] that keeps what it has read. What cannot even be
//! answered is [`Unparseable`].
//!
//! ```
//! use sip_message::{HeaderSpans, Message, parse, write::{ResponseWriter, Status}};
//!
//! let datagram = b"OPTIONS sip:example.com SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1;rport\r\n\
//!     From: <sip:a@example.com>;tag=1\r\nTo: <sip:example.com>\r\nCall-ID: 7\r\nCSeq: 1 OPTIONS\r\n\r\n";
//! let mut spans = HeaderSpans::new();
//! let Ok(Message::Request(request)) = parse(datagram, &mut spans) else { panic!("not a request") };
//! let status = request.check().map_or_else(Status::from, |_| Status::of(200));
//! let mut out = Vec::new();
//! ResponseWriter::start(&mut out, &request, status, "192.0.2.1:4711".parse()?, b"tag").finish(b"");
//! assert!(out.starts_with(b"SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1;received=192.0.2.1;rport=4711"));
//! # Ok::<(), core::net::AddrParseError>(())
//! ```
//!
//! This crate never does IO, never requires UTF-8, and never decides what a message means: an unknown method, scheme
//! or transport is data. Reading cannot allocate: outside [`mod@write`] nothing here can name an allocator.

#![cfg_attr(not(test), no_std)]

pub mod framing;
pub mod limits;
pub mod write;

mod check;
mod checked;
mod comma;
mod contact;
mod cseq;
mod defect;
mod digest;
mod grammar;
mod header_name;
mod headers;
mod host;
mod message;
mod method;
mod name_addr;
mod number;
mod params;
mod scan;
mod spans;
mod uri;
mod uri_match;
mod via;

pub use checked::{CheckedAddress, CheckedContact, CheckedRequest};
pub use contact::Contact;
pub use cseq::CSeq;
pub use defect::{Defect, Unparseable};
pub use digest::{DigestChallenge, DigestCredentials};
pub use header_name::HeaderName;
pub use headers::{Header, Headers};
pub use host::HostPort;
pub use message::{Message, Request, Response};
pub use method::Method;
pub use name_addr::NameAddr;
pub use params::{Param, Params};
pub use scan::parse;
pub use spans::HeaderSpans;
pub use uri::{PercentDecoded, Scheme, Uri};
pub use uri_match::uris_match;
pub use via::{Rport, Via};
