//! A TCP connection, encrypted or not.

use crate::tls::{Authority, Issued};
use rustls::pki_types::ServerName;
use rustls::{ClientConnection, StreamOwned};
use std::io::{ErrorKind, Read, Result, Write};
use std::net::TcpStream;
use std::time::Duration;

/// What octets go over.
#[derive(Debug)]
pub enum Wire {
    /// TCP alone.
    Plain(TcpStream),
    /// TLS.
    Encrypted(Box<StreamOwned<ClientConnection, TcpStream>>),
}

impl Wire {
    /// Does the handshake with a server that the tests' shared authority has certified, showing
    /// it a certificate if it asks for one.
    ///
    /// # Errors
    /// Why there was none.
    ///
    /// # Panics
    /// When there is no client to be had.
    pub fn encrypt(mut stream: TcpStream, own: Option<&Issued>) -> Result<Self> {
        let name = ServerName::try_from("localhost").expect("a name");
        let mut client = ClientConnection::new(Authority::shared().client(own), name).expect("a client");
        while client.is_handshaking() {
            client.complete_io(&mut stream)?;
        }
        Ok(Self::Encrypted(Box::new(StreamOwned::new(client, stream))))
    }

    /// Lets reading give up after that time.
    ///
    /// # Panics
    /// When the system refuses.
    pub fn set_read_timeout(&mut self, limit: Duration) {
        let stream = match self {
            Self::Plain(stream) => stream,
            Self::Encrypted(stream) => &mut stream.sock,
        };
        stream.set_read_timeout(Some(limit)).expect("a socket that takes a time limit");
    }
}

/// Whether reading gave up.
#[must_use]
pub fn is_timeout(error: &std::io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut)
}

impl Read for Wire {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize> {
        match self {
            Self::Plain(stream) => stream.read(buffer),
            Self::Encrypted(stream) => stream.read(buffer),
        }
    }
}

impl Write for Wire {
    fn write(&mut self, octets: &[u8]) -> Result<usize> {
        match self {
            Self::Plain(stream) => stream.write(octets),
            Self::Encrypted(stream) => stream.write(octets),
        }
    }

    fn flush(&mut self) -> Result<()> {
        match self {
            Self::Plain(stream) => stream.flush(),
            Self::Encrypted(stream) => stream.flush(),
        }
    }
}
