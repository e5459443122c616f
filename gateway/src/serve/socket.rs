//! The workers' sockets: one UDP socket and one TCP listener each, all on one shared port. A BPF program
//! steers each QUIC packet to the worker that holds its connection.

use nix::libc;
use nix::sys::socket::{setsockopt, sockopt};
use socket2::{Domain, Protocol, SockAddr, Socket, Type};
use std::io;
use std::net::{SocketAddr, TcpListener, UdpSocket};
use std::os::fd::AsFd as _;

/// Buffer requested from the kernel for each UDP socket. The default holds a few hundred datagrams, which
/// a peak fills in a millisecond.
pub const SOCKET_BUFFER_BYTES: usize = 4 * 1024 * 1024;
/// Connections that wait for a worker to accept them.
const TCP_BACKLOG: i32 = 4_096;

/// Ports that are tried for port 0. A port that is free on UDP may be in use on TCP.
const PORTS_MAX: u32 = 32;

/// A worker's two sockets.
pub struct Sockets {
    /// For QUIC.
    pub udp: UdpSocket,
    /// For HTTP/2 and HTTP/1.1.
    pub tcp: TcpListener,
}

/// Opens the sockets of `workers` workers on one port, and steers QUIC among them. Port 0 takes a port
/// that is free on both UDP and TCP.
pub fn open(listen: SocketAddr, workers: u16) -> io::Result<Vec<Sockets>> {
    if listen.port() != 0 {
        // Binding without port sharing fails if the port is in use.
        drop(UdpSocket::bind(listen)?);
    }
    let mut tries = if listen.port() == 0 { PORTS_MAX } else { 1 };
    loop {
        tries -= 1;
        match open_on(listen, workers) {
            Err(error) if error.kind() == io::ErrorKind::AddrInUse && tries > 0 => {}
            opened => return opened,
        }
    }
}

fn open_on(listen: SocketAddr, workers: u16) -> io::Result<Vec<Sockets>> {
    let mut address = listen;
    let mut pairs = Vec::with_capacity(workers.into());
    for _ in 0..workers {
        let udp = bind(address, Type::DGRAM, Protocol::UDP)?;
        // The next workers share the port that the first one got.
        address.set_port(UdpSocket::from(udp.try_clone()?).local_addr()?.port());
        if pairs.is_empty() {
            refuse_taken(address)?;
        }
        let tcp = bind(address, Type::STREAM, Protocol::TCP)?;
        tcp.listen(TCP_BACKLOG)?;
        pairs.push(Sockets { udp: udp.into(), tcp: tcp.into() });
    }
    if let Some(first) = pairs.first() {
        steer(&first.udp, workers)?;
    }
    Ok(pairs)
}

/// Refuses a port that another gateway of the same user shares: the kernel would send half of the
/// connections there. The kernel may pick such a port even for port 0. Binding TCP without sharing finds
/// out, since the other gateway has TCP too.
fn refuse_taken(address: SocketAddr) -> io::Result<()> {
    TcpListener::bind(address).map(drop)
}

fn bind(address: SocketAddr, kind: Type, protocol: Protocol) -> io::Result<Socket> {
    let socket = Socket::new(Domain::for_address(address), kind, Some(protocol))?;
    socket.set_reuse_port(true)?;
    if kind == Type::STREAM {
        socket.set_reuse_address(true)?;
    } else {
        // The kernel may grant less. Its counters show the datagrams that it then drops.
        socket.set_recv_buffer_size(SOCKET_BUFFER_BYTES)?;
        socket.set_send_buffer_size(SOCKET_BUFFER_BYTES)?;
    }
    socket.set_nonblocking(true)?;
    socket.bind(&SockAddr::from(address))?;
    Ok(socket)
}

/// Attaches the steering program to the whole group: the first byte of the destination connection id,
/// modulo the number of workers. The byte is at offset 6 of a long header and at offset 1 of a short one
/// (RFC 9000 section 17). The same rule spreads the random id of a client's first packet.
#[expect(clippy::cast_possible_truncation, reason = "the opcodes are small")]
fn steer(group: &UdpSocket, workers: u16) -> io::Result<()> {
    const LOAD_BYTE: u16 = (libc::BPF_LD | libc::BPF_B | libc::BPF_ABS) as u16;
    const JUMP_IF_SET: u16 = (libc::BPF_JMP | libc::BPF_JSET | libc::BPF_K) as u16;
    const MODULO: u16 = (libc::BPF_ALU | libc::BPF_MOD | libc::BPF_K) as u16;
    const RETURN_IT: u16 = (libc::BPF_RET | libc::BPF_A) as u16;
    const JUMP: u16 = (libc::BPF_JMP | libc::BPF_JA) as u16;
    let step = |code, jt, jf, k| libc::sock_filter { code, jt, jf, k };
    let mut program = [
        step(LOAD_BYTE, 0, 0, 0),
        step(JUMP_IF_SET, 0, 2, 0x80),
        step(LOAD_BYTE, 0, 0, 6),
        step(JUMP, 0, 0, 1),
        step(LOAD_BYTE, 0, 0, 1),
        step(MODULO, 0, 0, u32::from(workers)),
        step(RETURN_IT, 0, 0, 0),
    ];
    let length = u16::try_from(program.len()).map_err(io::Error::other)?;
    let program = libc::sock_fprog { len: length, filter: program.as_mut_ptr() };
    setsockopt(&group.as_fd(), sockopt::AttachReusePortCbpf, &program).map_err(io::Error::from)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    /// The kernel draws among some 28,000 ports: in four of five runs it draws a port twice.
    const GATEWAYS: usize = 300;

    #[test]
    fn gateways_that_take_any_port_share_none() {
        let any = "127.0.0.1:0".parse().unwrap();
        let opened: Vec<Vec<Sockets>> = (0..GATEWAYS).map(|_| open(any, 1).unwrap()).collect();
        let port = |pairs: &Vec<Sockets>| pairs[0].udp.local_addr().unwrap().port();
        assert_eq!(opened.iter().map(port).collect::<BTreeSet<_>>().len(), GATEWAYS);
        let taken = opened[0][0].udp.local_addr().unwrap();
        assert_eq!(open(taken, 1).err().map(|error| error.kind()), Some(io::ErrorKind::AddrInUse));
    }
}
