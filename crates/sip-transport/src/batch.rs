//! Many datagrams with one system call, both ways.

use crate::packet_info::{self, Control};
use crate::waiting::Datagram;
use crate::{Outbox, Outgoing};
use std::io;
use std::mem::{self, MaybeUninit};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6, UdpSocket};
use std::os::fd::AsRawFd;

/// Datagrams per system call; more gain nothing and delay the first answer.
pub(crate) const BATCH: usize = 64;
/// Octets per datagram: the largest there is. Pages that no datagram reaches are never touched.
const DATAGRAM_OCTETS: usize = 65_536;
/// From one datagram's place to the next. Were they a power of two apart, all would compete for the same few sets of
/// every cache.
const STRIDE: usize = DATAGRAM_OCTETS + 17 * 64;
/// Fewest datagrams that a call offers room for.
const LEAST_OFFERED: usize = 8;

/// Memory for one batch of datagrams.
pub(crate) struct ReceiveBatch {
    octets: Box<[u8]>,
    addresses: Box<[libc::sockaddr_storage; BATCH]>,
    /// Where the kernel says which address of ours a datagram came to; none where the socket has only one.
    controls: Option<Box<[Control; BATCH]>>,
    /// Length of each datagram, and the address of ours it came to where the socket tells.
    arrived: [(usize, Option<IpAddr>); BATCH],
    /// How many datagrams the next call offers room for: making an offer costs time, so it follows what comes.
    offered: usize,
}

impl ReceiveBatch {
    /// For datagrams of sockets that have one address.
    pub(crate) fn new() -> Self {
        #[expect(unsafe_code, reason = "the all-zero sockaddr_storage is the documented empty value")]
        // SAFETY: sockaddr_storage is plain data for which all-zero octets are a valid value (AF_UNSPEC).
        let empty: libc::sockaddr_storage = unsafe { mem::zeroed() };
        Self {
            octets: vec![0; BATCH * STRIDE].into_boxed_slice(),
            addresses: Box::new([empty; BATCH]),
            controls: None,
            arrived: [(0, None); BATCH],
            offered: LEAST_OFFERED,
        }
    }

    /// For that socket's datagrams; where it is bound to all addresses, it tells which one each came to.
    pub(crate) fn of(socket: &UdpSocket) -> Self {
        let tells = socket.local_addr().is_ok_and(|address| address.ip().is_unspecified());
        Self { controls: tells.then(|| Box::new([Control::EMPTY; BATCH])), ..Self::new() }
    }

    /// Waits for at least one datagram, up to the socket's read timeout, and takes those that are there.
    pub(crate) fn receive(&mut self, socket: &UdpSocket) -> io::Result<usize> {
        self.receive_with(socket, libc::MSG_WAITFORONE)
    }

    /// Takes those that are there, a full batch if there are as many, without waiting for any.
    pub(crate) fn receive_present(&mut self, socket: &UdpSocket) -> io::Result<usize> {
        self.offered = BATCH;
        self.receive_with(socket, libc::MSG_DONTWAIT)
    }

    #[expect(unsafe_code, reason = "recvmmsg has no safe wrapper that reuses its buffers")]
    fn receive_with(&mut self, socket: &UdpSocket, flags: libc::c_int) -> io::Result<usize> {
        let mut slices = [const { MaybeUninit::<libc::iovec>::uninit() }; BATCH];
        let mut headers = [const { MaybeUninit::<libc::mmsghdr>::uninit() }; BATCH];
        let places = self.octets.chunks_exact_mut(STRIDE).zip(self.addresses.iter_mut());
        let vectors = headers.iter_mut().zip(&mut slices).take(self.offered);
        for ((header, slice), (octets, address)) in vectors.zip(places) {
            let slice = slice.write(libc::iovec { iov_base: octets.as_mut_ptr().cast(), iov_len: DATAGRAM_OCTETS });
            let header = &mut header.write(empty_header()).msg_hdr;
            header.msg_name = std::ptr::from_mut(address).cast();
            header.msg_namelen = address_length::<libc::sockaddr_storage>();
            header.msg_iov = slice;
            header.msg_iovlen = 1;
        }
        #[expect(unsafe_code, reason = "only those that were offered are read")]
        // SAFETY: the loop has written the first `offered` headers: every array it walks has BATCH elements, and `offered`
        // is no more.
        let headers = unsafe { headers.get_unchecked_mut(..self.offered).assume_init_mut() };
        for (header, control) in headers.iter_mut().zip(self.controls.iter_mut().flat_map(|all| all.iter_mut())) {
            control.attach(&mut header.msg_hdr);
        }
        // SAFETY: every header points to one slice, one address and perhaps one control buffer that live in this frame or
        // in self, do not overlap, and are as long as they say; the call writes no further than that.
        let count = unsafe {
            libc::recvmmsg(
                socket.as_raw_fd(),
                headers.as_mut_ptr(),
                headers.len() as libc::c_uint,
                flags,
                std::ptr::null_mut(),
            )
        };
        let count = usize::try_from(count).map_err(|_| io::Error::last_os_error())?;
        for (arrived, header) in self.arrived.iter_mut().zip(headers.iter().take(count)) {
            let length = (header.msg_len as usize).min(DATAGRAM_OCTETS);
            *arrived = (length, packet_info::destination(&header.msg_hdr));
        }
        self.offered = (count * 2).clamp(LEAST_OFFERED, BATCH);
        Ok(count.min(BATCH))
    }

    /// One datagram of the last batch, where it came from, and which address of ours it came to, if the socket tells.
    pub(crate) fn datagram(&self, index: usize) -> Option<Datagram<'_>> {
        let remote = read_address(self.addresses.get(index)?)?;
        let (length, local) = *self.arrived.get(index)?;
        let start = index * STRIDE;
        Some(Datagram { remote, local, octets: self.octets.get(start..start + length)? })
    }
}

/// Memory for what is sent with one system call, used again and again.
pub(crate) struct SendBatch {
    addresses: Vec<Address>,
    controls: Vec<Control>,
}

impl SendBatch {
    pub(crate) fn new() -> Self {
        Self { addresses: Vec::with_capacity(BATCH), controls: Vec::new() }
    }

    /// Sends every message of the outbox; one that the system refuses (no route, no such host) is passed over.
    pub(crate) fn send_all(&mut self, socket: &UdpSocket, outbox: &Outbox) {
        let mut rest = outbox.messages();
        while !rest.is_empty() {
            let sent = match self.send_some(socket, outbox, rest) {
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
    fn send_some(&mut self, socket: &UdpSocket, outbox: &Outbox, messages: &[Outgoing]) -> io::Result<usize> {
        let messages = messages.get(..BATCH).unwrap_or(messages);
        let Self { addresses, controls } = self;
        addresses.clear();
        addresses.extend(messages.iter().map(|message| Address::of(message.destination)));
        if messages.iter().any(|message| message.source.is_some()) {
            controls.resize(BATCH, Control::EMPTY);
        }
        // From here on neither grows: the headers point into them.
        let mut controls = controls.iter_mut();
        let mut slices = [const { MaybeUninit::<libc::iovec>::uninit() }; BATCH];
        let mut headers = [const { MaybeUninit::<libc::mmsghdr>::uninit() }; BATCH];
        let places = headers.iter_mut().zip(&mut slices).zip(addresses.iter_mut());
        for (message, ((header, slice), address)) in messages.iter().zip(places) {
            let octets = outbox.octets_of(message);
            // The call only reads; iovec is shared with receiving and so has no const pointer.
            let slice = slice.write(libc::iovec { iov_base: octets.as_ptr().cast_mut().cast(), iov_len: octets.len() });
            let header = &mut header.write(empty_header()).msg_hdr;
            (header.msg_name, header.msg_namelen) = address.as_raw();
            header.msg_iov = slice;
            header.msg_iovlen = 1;
            if let Some((source, control)) = message.source.zip(controls.next()) {
                control.write_source(source, header);
            }
        }
        // SAFETY: the loop has written as many headers as there are messages, BATCH at most. They point to slices of the
        // outbox and to slices, addresses and control buffers of this frame and of self, which all outlive the call, do
        // not move meanwhile and are as long as they say.
        let sent = unsafe {
            libc::sendmmsg(socket.as_raw_fd(), headers.as_mut_ptr().cast(), messages.len() as libc::c_uint, 0)
        };
        usize::try_from(sent).map_err(|_| io::Error::last_os_error())
    }
}

#[expect(unsafe_code, reason = "msghdr has private padding on some targets and no const constructor")]
fn empty_header() -> libc::mmsghdr {
    // SAFETY: mmsghdr is plain data; null pointers and zero lengths mean that nothing is there.
    unsafe { mem::zeroed() }
}

/// A socket address in the form the kernel reads.
enum Address {
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
        SendBatch::new().send_all(&client, &outbox);
        let mut batch = ReceiveBatch::of(&server);
        let mut lengths = Vec::new();
        let mut counts = Vec::new();
        while lengths.len() < 150 {
            let count = batch.receive(&server).unwrap();
            counts.push(count);
            for index in 0..count {
                let Datagram { remote, octets, .. } = batch.datagram(index).unwrap();
                assert_eq!(remote, client.local_addr().unwrap());
                lengths.push(octets.len());
            }
        }
        assert_eq!(counts, [8, 16, 32, 64, 30], "what is offered follows what comes");
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
        SendBatch::new().send_all(&client, &outbox);
        let mut batch = ReceiveBatch::of(&server);
        assert_eq!(batch.receive(&server).unwrap(), 1);
        assert_eq!(batch.datagram(0).unwrap().octets, b"c");
    }
}
