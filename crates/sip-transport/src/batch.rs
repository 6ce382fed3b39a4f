//! Many datagrams with one system call, both ways.

use crate::packet_info::{self, Control};
use crate::waiting::Datagram;
use crate::{Outbox, Outgoing};
use std::io;
use std::mem;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6, UdpSocket};
use std::os::fd::AsRawFd;

/// Datagrams per system call; more gain nothing and delay the first answer.
pub(crate) const BATCH: usize = 64;
/// Octets per datagram: the largest there is. Pages that no datagram reaches are never touched.
const DATAGRAM_OCTETS: usize = 65_536;

/// Memory for one batch of datagrams.
pub(crate) struct ReceiveBatch {
    octets: Box<[u8]>,
    addresses: Box<[libc::sockaddr_storage; BATCH]>,
    controls: Box<[Control; BATCH]>,
    /// Length of each datagram, and the address of ours it came to where the socket tells.
    arrived: [(usize, Option<IpAddr>); BATCH],
}

impl ReceiveBatch {
    pub(crate) fn new() -> Self {
        #[expect(unsafe_code, reason = "the all-zero sockaddr_storage is the documented empty value")]
        // SAFETY: sockaddr_storage is plain data for which all-zero octets are a valid value (AF_UNSPEC).
        let empty: libc::sockaddr_storage = unsafe { mem::zeroed() };
        Self {
            octets: vec![0; BATCH * DATAGRAM_OCTETS].into_boxed_slice(),
            addresses: Box::new([empty; BATCH]),
            controls: Box::new([Control::EMPTY; BATCH]),
            arrived: [(0, None); BATCH],
        }
    }

    /// Waits for at least one datagram, up to the socket's read timeout, and takes those that are there.
    pub(crate) fn receive(&mut self, socket: &UdpSocket) -> io::Result<usize> {
        self.receive_with(socket, libc::MSG_WAITFORONE)
    }

    /// Takes those that are there, without waiting for any.
    pub(crate) fn receive_present(&mut self, socket: &UdpSocket) -> io::Result<usize> {
        self.receive_with(socket, libc::MSG_DONTWAIT)
    }

    #[expect(unsafe_code, reason = "recvmmsg has no safe wrapper that reuses its buffers")]
    fn receive_with(&mut self, socket: &UdpSocket, flags: libc::c_int) -> io::Result<usize> {
        let mut slices: [libc::iovec; BATCH] =
            std::array::from_fn(|_| libc::iovec { iov_base: std::ptr::null_mut(), iov_len: 0 });
        for (slice, octets) in slices.iter_mut().zip(self.octets.chunks_exact_mut(DATAGRAM_OCTETS)) {
            *slice = libc::iovec { iov_base: octets.as_mut_ptr().cast(), iov_len: octets.len() };
        }
        let mut headers: [libc::mmsghdr; BATCH] = std::array::from_fn(|_| empty_header());
        let places = slices.iter_mut().zip(self.addresses.iter_mut()).zip(self.controls.iter_mut());
        for (header, ((slice, address), control)) in headers.iter_mut().zip(places) {
            header.msg_hdr.msg_name = std::ptr::from_mut(address).cast();
            header.msg_hdr.msg_namelen = address_length::<libc::sockaddr_storage>();
            header.msg_hdr.msg_iov = slice;
            header.msg_hdr.msg_iovlen = 1;
            control.attach(&mut header.msg_hdr);
        }
        // SAFETY: every header points to one slice, one address and one control buffer that live in this frame or in
        // self, do not overlap, and are as long as they say; the call writes no further than that.
        let count = unsafe {
            libc::recvmmsg(socket.as_raw_fd(), headers.as_mut_ptr(), BATCH as libc::c_uint, flags, std::ptr::null_mut())
        };
        let count = usize::try_from(count).map_err(|_| io::Error::last_os_error())?;
        for (arrived, header) in self.arrived.iter_mut().zip(headers.iter().take(count)) {
            let length = (header.msg_len as usize).min(DATAGRAM_OCTETS);
            *arrived = (length, packet_info::destination(&header.msg_hdr));
        }
        Ok(count.min(BATCH))
    }

    /// One datagram of the last batch, where it came from, and which address of ours it came to, if the socket tells.
    pub(crate) fn datagram(&self, index: usize) -> Option<Datagram<'_>> {
        let remote = read_address(self.addresses.get(index)?)?;
        let (length, local) = *self.arrived.get(index)?;
        let start = index * DATAGRAM_OCTETS;
        Some(Datagram { remote, local, octets: self.octets.get(start..start + length)? })
    }
}

/// Sends every message of the outbox; one that the system refuses (no route, no such host) is passed over.
pub(crate) fn send_all(socket: &UdpSocket, outbox: &Outbox) {
    let mut rest = outbox.messages();
    while !rest.is_empty() {
        let sent = match send_some(socket, outbox, rest) {
            Ok(sent) => sent.max(1),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => 0,
            Err(error) => {
                tracing::debug!(%error, "a datagram could not be sent");
                1
            }
        };
        rest = rest.get(sent..).unwrap_or_default();
    }
}

#[expect(unsafe_code, reason = "sendmmsg has no safe wrapper that sends from one buffer")]
fn send_some(socket: &UdpSocket, outbox: &Outbox, messages: &[Outgoing]) -> io::Result<usize> {
    let count = messages.len().min(BATCH);
    let mut addresses: [Address; BATCH] = std::array::from_fn(|_| Address::None);
    let mut slices: [libc::iovec; BATCH] =
        std::array::from_fn(|_| libc::iovec { iov_base: std::ptr::null_mut(), iov_len: 0 });
    let mut headers: [libc::mmsghdr; BATCH] = std::array::from_fn(|_| empty_header());
    let mut controls = [Control::EMPTY; BATCH];
    let places = addresses.iter_mut().zip(&mut slices).zip(&mut controls).zip(&mut headers);
    for (message, (((address, slice), control), header)) in messages.iter().take(count).zip(places) {
        let octets = outbox.octets_of(message);
        // The call only reads; iovec is shared with receiving and so has no const pointer.
        *slice = libc::iovec { iov_base: octets.as_ptr().cast_mut().cast(), iov_len: octets.len() };
        *address = Address::of(message.destination);
        (header.msg_hdr.msg_name, header.msg_hdr.msg_namelen) = address.as_raw();
        header.msg_hdr.msg_iov = slice;
        header.msg_hdr.msg_iovlen = 1;
        if let Some(source) = message.source {
            control.write_source(source, &mut header.msg_hdr);
        }
    }
    // SAFETY: the first `count` headers point to slices of the outbox and to addresses and control buffers of this
    // frame, which all outlive the call and are as long as they say; `count` is at most the array's length.
    let sent = unsafe { libc::sendmmsg(socket.as_raw_fd(), headers.as_mut_ptr(), count as libc::c_uint, 0) };
    usize::try_from(sent).map_err(|_| io::Error::last_os_error())
}

#[expect(unsafe_code, reason = "msghdr has private padding on some targets and no const constructor")]
fn empty_header() -> libc::mmsghdr {
    // SAFETY: mmsghdr is plain data; null pointers and zero lengths mean that nothing is there.
    unsafe { mem::zeroed() }
}

/// A socket address in the form the kernel reads.
enum Address {
    None,
    V4(libc::sockaddr_in),
    V6(libc::sockaddr_in6),
}

impl Address {
    fn of(address: SocketAddr) -> Self {
        match address {
            SocketAddr::V4(v4) => Self::V4(libc::sockaddr_in {
                sin_family: libc::AF_INET as libc::sa_family_t,
                sin_port: v4.port().to_be(),
                sin_addr: libc::in_addr { s_addr: u32::from(*v4.ip()).to_be() },
                sin_zero: [0; 8],
            }),
            SocketAddr::V6(v6) => Self::V6(libc::sockaddr_in6 {
                sin6_family: libc::AF_INET6 as libc::sa_family_t,
                sin6_port: v6.port().to_be(),
                sin6_flowinfo: v6.flowinfo(),
                sin6_addr: libc::in6_addr { s6_addr: v6.ip().octets() },
                sin6_scope_id: v6.scope_id(),
            }),
        }
    }

    fn as_raw(&mut self) -> (*mut libc::c_void, libc::socklen_t) {
        match self {
            Self::None => (std::ptr::null_mut(), 0),
            Self::V4(v4) => (std::ptr::from_mut(v4).cast(), address_length::<libc::sockaddr_in>()),
            Self::V6(v6) => (std::ptr::from_mut(v6).cast(), address_length::<libc::sockaddr_in6>()),
        }
    }
}

fn address_length<T>() -> libc::socklen_t {
    libc::socklen_t::try_from(size_of::<T>()).unwrap_or(0)
}

#[expect(unsafe_code, reason = "the kernel writes one of several address types into one storage")]
fn read_address(storage: &libc::sockaddr_storage) -> Option<SocketAddr> {
    match libc::c_int::from(storage.ss_family) {
        libc::AF_INET => {
            // SAFETY: the family says that the kernel wrote a sockaddr_in, which storage is large enough and aligned for.
            let v4 = unsafe { &*std::ptr::from_ref(storage).cast::<libc::sockaddr_in>() };
            let ip = Ipv4Addr::from(u32::from_be(v4.sin_addr.s_addr));
            Some(SocketAddr::V4(SocketAddrV4::new(ip, u16::from_be(v4.sin_port))))
        }
        libc::AF_INET6 => {
            // SAFETY: the family says that the kernel wrote a sockaddr_in6, likewise.
            let v6 = unsafe { &*std::ptr::from_ref(storage).cast::<libc::sockaddr_in6>() };
            let ip = Ipv6Addr::from(v6.sin6_addr.s6_addr);
            let port = u16::from_be(v6.sin6_port);
            Some(SocketAddr::V6(SocketAddrV6::new(ip, port, v6.sin6_flowinfo, v6.sin6_scope_id)))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn socket(address: &str) -> UdpSocket {
        let [socket] = crate::bind_udp(address.parse().unwrap(), 1).unwrap().try_into().unwrap();
        socket.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
        socket
    }

    fn exchange(address: &str) {
        let (server, client) = (socket(address), socket(address));
        let target = server.local_addr().unwrap();
        let mut outbox = Outbox::new();
        for number in 0..150_usize {
            outbox.push(target, |octets| octets.extend(std::iter::repeat_n(b'x', 1 + number * 10)));
        }
        send_all(&client, &outbox);
        let mut batch = ReceiveBatch::new();
        let mut lengths = Vec::new();
        while lengths.len() < 150 {
            let count = batch.receive(&server).unwrap();
            for index in 0..count {
                let Datagram { remote, octets, .. } = batch.datagram(index).unwrap();
                assert_eq!(remote, client.local_addr().unwrap());
                lengths.push(octets.len());
            }
        }
        assert_eq!(lengths, (0..150).map(|number| 1 + number * 10).collect::<Vec<_>>());
    }

    #[test]
    fn batches_cross_ipv4() {
        exchange("127.0.0.1:0");
    }

    #[test]
    fn batches_cross_ipv6() {
        exchange("[::1]:0");
    }

    #[test]
    fn an_unsendable_message_does_not_hold_up_the_others() {
        let (server, client) = (socket("127.0.0.1:0"), socket("127.0.0.1:0"));
        let mut outbox = Outbox::new();
        outbox.push("[::1]:9".parse().unwrap(), |octets| octets.push(b'a'));
        outbox.push(server.local_addr().unwrap(), |octets| octets.resize(70_000, b'b'));
        outbox.push(server.local_addr().unwrap(), |octets| octets.push(b'c'));
        send_all(&client, &outbox);
        let mut batch = ReceiveBatch::new();
        assert_eq!(batch.receive(&server).unwrap(), 1);
        assert_eq!(batch.datagram(0).unwrap().octets, b"c");
    }
}
