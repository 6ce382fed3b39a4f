//! Tells the service manager how far we are: the `sd_notify` protocol, one datagram to the socket of `NOTIFY_SOCKET`.

use std::ffi::{OsStr, OsString};
use std::io;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};

/// How far the server is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Progress {
    /// Phones and clients are answered.
    Ready,
    /// No new requests are taken.
    Stopping,
}

/// Tells the service manager, if one started us. A server that cannot tell serves on: the manager judges by itself.
pub(crate) fn tell(progress: Progress) {
    let Some(socket) = std::env::var_os("NOTIFY_SOCKET").filter(|name| !name.is_empty()) else { return };
    if let Err(error) = send(&socket, progress) {
        tracing::warn!(%error, ?socket, ?progress, "the service manager could not be told");
    }
}

fn send(socket: &OsString, progress: Progress) -> io::Result<()> {
    let message: &[u8] = match progress {
        Progress::Ready => b"READY=1",
        Progress::Stopping => b"STOPPING=1",
    };
    UnixDatagram::unbound()?.send_to_addr(message, &address(socket)?).map(|_| ())
}

/// A name that starts with `@` is of Linux's abstract namespace, anything else a path.
fn address(socket: &OsStr) -> io::Result<SocketAddr> {
    match socket.as_bytes() {
        [b'@', name @ ..] => SocketAddr::from_abstract_name(name),
        [b'/', ..] => SocketAddr::from_pathname(socket),
        _ => Err(io::Error::new(io::ErrorKind::Unsupported, "neither a path nor an abstract socket")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_become_addresses() {
        let path = address(OsStr::new("/run/notify")).unwrap();
        assert_eq!(path.as_pathname(), Some(std::path::Path::new("/run/notify")));
        let hidden = address(OsStr::new("@sipwarden/notify")).unwrap();
        assert_eq!(hidden.as_abstract_name(), Some(&b"sipwarden/notify"[..]));
        assert_eq!(address(OsStr::new("vsock:2:9999")).unwrap_err().kind(), io::ErrorKind::Unsupported);
    }
}
