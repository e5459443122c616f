//! The outbox of a turn: datagrams of many connections, sent by one `sendmmsg`, with segmentation offload
//! within a connection. The only unsafe code of the project is here.

#![expect(unsafe_code, reason = "sendmmsg with a control message a datagram has no safe wrapper")]

use nix::libc;
use quinn_proto::{EcnCodepoint, Transmit};
use std::io;
use std::mem;
use std::net::{IpAddr, SocketAddr};
use std::os::fd::{AsRawFd, BorrowedFd};

/// Datagrams or segmented runs a call. A turn of 256 busy connections fills them twice.
const SLOTS: usize = 64;
/// Bytes for one ECN, one segment size and one source address.
const CONTROL_BYTES: usize = 96;

struct DatagramSlot {
    bytes: Vec<u8>,
    transmit: Option<Transmit>,
}

/// A buffer for control messages, with the alignment of their header.
#[derive(Clone, Copy)]
#[repr(C, align(8))]
struct ControlBuffer([u8; CONTROL_BYTES]);

/// The outbox of a worker.
pub(super) struct Outbox {
    slots: Vec<DatagramSlot>,
    filled: usize,
    /// Messages that the kernel refused. QUIC handles them like packets lost on the way.
    pub refused: u64,
    /// Calls of `sendmmsg`.
    pub calls: u64,
}

impl Outbox {
    /// An empty outbox.
    #[must_use]
    pub(super) fn new() -> Self {
        let slot = |_| DatagramSlot { bytes: Vec::with_capacity(2_048), transmit: None };
        Self { slots: (0..SLOTS).map(slot).collect(), filled: 0, refused: 0, calls: 0 }
    }

    /// Whether the outbox must be flushed before the next fill.
    #[must_use]
    pub(super) fn is_full(&self) -> bool {
        self.filled == SLOTS
    }

    /// Whether there is nothing to send.
    #[must_use]
    pub(super) fn is_empty(&self) -> bool {
        self.filled == 0
    }

    /// Fills the next slot: `fill` writes into an empty buffer and returns the destination. Returns
    /// whether it did. The outbox must not be full.
    pub(super) fn fill(&mut self, fill: impl FnOnce(&mut Vec<u8>) -> Option<Transmit>) -> bool {
        let slot = &mut self.slots[self.filled];
        slot.bytes.clear();
        slot.transmit = fill(&mut slot.bytes);
        let is_filled = slot.transmit.is_some();
        self.filled += usize::from(is_filled);
        is_filled
    }

    /// Sends all slots. A message that the kernel refuses for another reason than a full buffer is
    /// counted and dropped, as the network might have dropped it. **Errors**: `WouldBlock` if the socket's
    /// buffer is full: flush again when it is writable.
    #[expect(clippy::wildcard_enum_match_arm, reason = "the system has more kinds of error than matter here")]
    pub(super) fn flush(&mut self, socket: BorrowedFd<'_>) -> io::Result<()> {
        let mut sent = 0;
        while sent < self.filled {
            self.calls += 1;
            match send(socket, &self.slots[sent..self.filled]) {
                Ok(count) => sent += count,
                Err(error) => match error.kind() {
                    io::ErrorKind::WouldBlock => break,
                    io::ErrorKind::Interrupted => {}
                    _ => {
                        self.refused += 1;
                        sent += 1;
                    }
                },
            }
        }
        // Unsent slots move to the front, with their buffers.
        self.slots[..self.filled].rotate_left(sent);
        self.filled -= sent;
        if self.filled == 0 { Ok(()) } else { Err(io::ErrorKind::WouldBlock.into()) }
    }
}

/// One `sendmmsg` over the slots. Returns how many the kernel took, at least one.
fn send(socket: BorrowedFd<'_>, slots: &[DatagramSlot]) -> io::Result<usize> {
    // SAFETY: all three are plain C structures for which zeros are valid.
    let mut headers: [libc::mmsghdr; SLOTS] = unsafe { mem::zeroed() };
    // SAFETY: as above.
    let mut addresses: [libc::sockaddr_storage; SLOTS] = unsafe { mem::zeroed() };
    let mut vectors = [libc::iovec { iov_base: std::ptr::null_mut(), iov_len: 0 }; SLOTS];
    let mut controls = [ControlBuffer([0; CONTROL_BYTES]); SLOTS];
    let mut count = 0;
    for (slot, transmit) in slots.iter().filter_map(|slot| slot.transmit.as_ref().map(|sent| (slot, sent))) {
        let header = &mut headers[count].msg_hdr;
        vectors[count] =
            libc::iovec { iov_base: slot.bytes.as_ptr().cast_mut().cast(), iov_len: transmit.size };
        header.msg_iov = &raw mut vectors[count];
        header.msg_iovlen = 1;
        header.msg_name = (&raw mut addresses[count]).cast();
        header.msg_namelen = put_address(&mut addresses[count], transmit.destination);
        header.msg_control = controls[count].0.as_mut_ptr().cast();
        header.msg_controllen = CONTROL_BYTES;
        put_controls(header, transmit);
        count += 1;
    }
    let length = libc::c_uint::try_from(count).map_err(io::Error::other)?;
    // SAFETY: every header points to a vector, an address and a control buffer that live to the end of
    // this function. Every vector points to bytes that `slots` borrows. The kernel only reads them.
    let sent = unsafe { libc::sendmmsg(socket.as_raw_fd(), headers.as_mut_ptr(), length, 0) };
    usize::try_from(sent).map_err(|_| io::Error::last_os_error())
}

fn put_address(storage: &mut libc::sockaddr_storage, address: SocketAddr) -> libc::socklen_t {
    let address = socket2::SockAddr::from(address);
    let bytes = address.len() as usize;
    // SAFETY: both are socket address storage of one size, and `bytes` is not more than that size.
    unsafe {
        std::ptr::copy_nonoverlapping(address.as_ptr().cast::<u8>(), (&raw mut *storage).cast::<u8>(), bytes);
    }
    address.len()
}

/// Writes the control messages of one datagram, and their length.
fn put_controls(header: &mut libc::msghdr, transmit: &Transmit) {
    let mut writer = ControlWriter { header, next: std::ptr::null_mut(), used: 0 };
    let is_v4 = transmit.destination.is_ipv4();
    if let Some(ecn) = transmit.ecn {
        let (level, kind) =
            if is_v4 { (libc::IPPROTO_IP, libc::IP_TOS) } else { (libc::IPPROTO_IPV6, libc::IPV6_TCLASS) };
        writer.put(level, kind, codepoint(ecn));
    }
    if let Some(segment) = transmit.segment_size.filter(|&segment| segment < transmit.size) {
        writer.put(libc::SOL_UDP, libc::UDP_SEGMENT, u16::try_from(segment).unwrap_or(u16::MAX));
    }
    match transmit.src_ip {
        Some(IpAddr::V4(ip)) => {
            let source = libc::in_addr { s_addr: u32::from_ne_bytes(ip.octets()) };
            let any = libc::in_addr { s_addr: 0 };
            let info = libc::in_pktinfo { ipi_ifindex: 0, ipi_spec_dst: source, ipi_addr: any };
            writer.put(libc::IPPROTO_IP, libc::IP_PKTINFO, info);
        }
        Some(IpAddr::V6(ip)) => {
            let source = libc::in6_addr { s6_addr: ip.octets() };
            let info = libc::in6_pktinfo { ipi6_ifindex: 0, ipi6_addr: source };
            writer.put(libc::IPPROTO_IPV6, libc::IPV6_PKTINFO, info);
        }
        None => {}
    }
    let used = writer.used;
    header.msg_controllen = used;
    if used == 0 {
        header.msg_control = std::ptr::null_mut();
    }
}

fn codepoint(ecn: EcnCodepoint) -> libc::c_int {
    libc::c_int::from(ecn as u8)
}

struct ControlWriter<'a> {
    header: &'a mut libc::msghdr,
    next: *mut libc::cmsghdr,
    used: usize,
}

impl ControlWriter<'_> {
    fn put<T: Copy>(&mut self, level: libc::c_int, kind: libc::c_int, value: T) {
        let size = libc::c_uint::try_from(size_of::<T>()).expect("control values are a few bytes");
        // SAFETY: the header's control buffer holds CONTROL_BYTES zeroed, aligned bytes. A datagram has at
        // most three messages (24 + 24 + 40), so the next header is inside the buffer and not null.
        unsafe {
            self.next = if self.next.is_null() {
                libc::CMSG_FIRSTHDR(self.header)
            } else {
                libc::CMSG_NXTHDR(self.header, self.next)
            };
            (*self.next).cmsg_level = level;
            (*self.next).cmsg_type = kind;
            (*self.next).cmsg_len = libc::CMSG_LEN(size) as usize;
            std::ptr::write_unaligned(libc::CMSG_DATA(self.next).cast::<T>(), value);
            self.used += libc::CMSG_SPACE(size) as usize;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::UdpSocket;
    use std::os::fd::AsFd as _;

    fn transmit(to: SocketAddr, size: usize, segment_size: Option<usize>) -> Transmit {
        Transmit { destination: to, ecn: Some(EcnCodepoint::Ect0), size, segment_size, src_ip: Some(to.ip()) }
    }

    #[test]
    fn sends_single_datagrams_and_segmented_runs() {
        for any in ["127.0.0.1:0", "[::1]:0"] {
            let receiver = UdpSocket::bind(any).unwrap();
            let sender = UdpSocket::bind(any).unwrap();
            let to = receiver.local_addr().unwrap();
            let mut outbox = Outbox::new();
            for (bytes, segment) in [(b"one".as_slice(), None), (b"twotwo", Some(3)), (b"fourfo", Some(4))] {
                assert!(outbox.fill(|buffer| {
                    buffer.extend_from_slice(bytes);
                    Some(transmit(to, bytes.len(), segment))
                }));
            }
            assert!(!outbox.fill(|_| None));
            outbox.flush(sender.as_fd()).unwrap();
            assert_eq!((outbox.refused, outbox.is_empty()), (0, true));
            let mut buffer = [0; 16];
            for expected in [b"one".as_slice(), b"two", b"two", b"four", b"fo"] {
                let length = receiver.recv(&mut buffer).unwrap();
                assert_eq!(&buffer[..length], expected);
            }
        }
    }
}
