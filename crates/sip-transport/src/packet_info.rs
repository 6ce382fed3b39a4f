//! Which address of ours a datagram came to, and which one an answer leaves from, on sockets bound to all of them
//! (IP_PKTINFO, RFC 3542 section 6).

use std::io;
use std::mem;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, UdpSocket};
use std::os::fd::AsRawFd;

/// Room for one control message of either family, aligned for its header.
#[repr(C, align(8))]
#[derive(Clone, Copy)]
pub(crate) struct Control([u8; Control::OCTETS]);

impl Control {
    /// More than `CMSG_SPACE` of an `in6_pktinfo`, the larger of the two.
    const OCTETS: usize = 64;
    pub(crate) const EMPTY: Self = Self([0; Self::OCTETS]);

    /// Offers the whole buffer to the kernel.
    pub(crate) fn attach(&mut self, header: &mut libc::msghdr) {
        header.msg_control = self.0.as_mut_ptr().cast();
        header.msg_controllen = Self::OCTETS;
    }

    /// Asks that the message leaves from that address.
    pub(crate) fn write_source(&mut self, source: IpAddr, header: &mut libc::msghdr) {
        match source {
            IpAddr::V4(address) => {
                let info = libc::in_pktinfo {
                    ipi_ifindex: 0,
                    ipi_spec_dst: libc::in_addr { s_addr: u32::from(address).to_be() },
                    ipi_addr: libc::in_addr { s_addr: 0 },
                };
                self.write(header, (libc::IPPROTO_IP, libc::IP_PKTINFO), info);
            }
            IpAddr::V6(address) => {
                let info =
                    libc::in6_pktinfo { ipi6_addr: libc::in6_addr { s6_addr: address.octets() }, ipi6_ifindex: 0 };
                self.write(header, (libc::IPPROTO_IPV6, libc::IPV6_PKTINFO), info);
            }
        }
    }

    #[expect(unsafe_code, reason = "control messages are laid out by macros of the C library")]
    fn write<T>(&mut self, header: &mut libc::msghdr, (level, kind): (libc::c_int, libc::c_int), info: T) {
        const { assert!(size_of::<libc::cmsghdr>() + size_of::<T>() + 16 <= Self::OCTETS) }
        let Ok(size) = libc::c_uint::try_from(size_of::<T>()) else { return };
        self.attach(header);
        // SAFETY: the buffer is aligned for a cmsghdr and has room for it and a T, as asserted above, so that the first
        // header is not null and its data lies within the buffer; the data is written without assuming its alignment.
        unsafe {
            header.msg_controllen = libc::CMSG_SPACE(size) as usize;
            let message = libc::CMSG_FIRSTHDR(header);
            (*message).cmsg_level = level;
            (*message).cmsg_type = kind;
            (*message).cmsg_len = libc::CMSG_LEN(size) as usize;
            libc::CMSG_DATA(message).cast::<T>().write_unaligned(info);
        }
    }
}

/// Lets a socket tell for each datagram which address it came to. Needed only on sockets bound to all addresses.
#[expect(unsafe_code, reason = "these options have no safe wrapper")]
pub(crate) fn tell_destinations(socket: &UdpSocket) -> io::Result<()> {
    let (level, option) = match socket.local_addr()?.ip() {
        IpAddr::V4(_) => (libc::IPPROTO_IP, libc::IP_PKTINFO),
        IpAddr::V6(_) => (libc::IPPROTO_IPV6, libc::IPV6_RECVPKTINFO),
    };
    let on: libc::c_int = 1;
    let length = libc::socklen_t::try_from(size_of::<libc::c_int>()).unwrap_or(0);
    // SAFETY: the value points to an int that outlives the call and is as long as `length` says.
    let outcome =
        unsafe { libc::setsockopt(socket.as_raw_fd(), level, option, std::ptr::from_ref(&on).cast(), length) };
    if outcome == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

/// The address that a received datagram came to, if the socket tells.
#[expect(unsafe_code, reason = "control messages are laid out by macros of the C library")]
pub(crate) fn destination(header: &libc::msghdr) -> Option<IpAddr> {
    // SAFETY: the kernel has filled the control buffer of this header and set its length; the macros stay within it. The
    // data of a message of these types is what is read here, without assuming its alignment.
    unsafe {
        let mut message = libc::CMSG_FIRSTHDR(header);
        while !message.is_null() {
            let data = libc::CMSG_DATA(message);
            match ((*message).cmsg_level, (*message).cmsg_type) {
                (libc::IPPROTO_IP, libc::IP_PKTINFO) => {
                    let info = data.cast::<libc::in_pktinfo>().read_unaligned();
                    return Some(IpAddr::V4(Ipv4Addr::from(u32::from_be(info.ipi_spec_dst.s_addr))));
                }
                (libc::IPPROTO_IPV6, libc::IPV6_PKTINFO) => {
                    let info = data.cast::<libc::in6_pktinfo>().read_unaligned();
                    return Some(IpAddr::V6(Ipv6Addr::from(info.ipi6_addr.s6_addr)));
                }
                _ => message = libc::CMSG_NXTHDR(header, message),
            }
        }
    }
    None
}

/// Sends one datagram from that address of ours.
#[expect(unsafe_code, reason = "sendmsg has no safe wrapper that takes control messages")]
pub(crate) fn send_from(
    socket: &UdpSocket,
    source: IpAddr,
    destination: std::net::SocketAddr,
    octets: &[u8],
) -> io::Result<()> {
    let address = socket2::SockAddr::from(destination);
    let mut control = Control::EMPTY;
    let mut slice = libc::iovec { iov_base: octets.as_ptr().cast_mut().cast(), iov_len: octets.len() };
    // SAFETY: msghdr is plain data; null pointers and zero lengths mean that nothing is there.
    let mut header: libc::msghdr = unsafe { mem::zeroed() };
    header.msg_name = address.as_ptr().cast_mut().cast();
    header.msg_namelen = address.len();
    header.msg_iov = &raw mut slice;
    header.msg_iovlen = 1;
    control.write_source(source, &mut header);
    // SAFETY: the header points to an address, a slice and a control buffer of this frame and to the caller's octets,
    // which all outlive the call and are only read.
    let sent = unsafe { libc::sendmsg(socket.as_raw_fd(), &raw const header, 0) };
    if sent < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}
