//! The sockets of a worker: one UDP socket and one TCP listener each, all on one shared port, and the
//! program that steers a QUIC packet to the worker that holds its connection.

use nix::libc;
use nix::sys::socket::{setsockopt, sockopt};
use socket2::{Domain, Protocol, SockAddr, Socket, Type};
use std::io;
use std::net::{SocketAddr, TcpListener, UdpSocket};
use std::os::fd::AsFd as _;

/// Asked of the kernel for each UDP socket: the default holds a few hundred datagrams, which a peak fills
/// in a millisecond.
const SOCKET_BUFFER_BYTES: usize = 4 * 1024 * 1024;
/// Connections that wait for a worker to accept them.
const TCP_BACKLOG: i32 = 4_096;

/// Ports that are tried where any will do: one that is free on UDP may be a connection's on TCP.
const PORTS_MAX: u32 = 32;

/// A worker's pair.
pub struct Sockets {
    /// For QUIC.
    pub udp: UdpSocket,
    /// For HTTP/2 and HTTP/1.1.
    pub tcp: TcpListener,
}

/// Opens the pairs of `workers` workers on one port, and steers QUIC among them. Port 0 takes any that is free on
/// both UDP and TCP.
pub fn open(listen: SocketAddr, workers: u16) -> io::Result<Vec<Sockets>> {
    if listen.port() != 0 {
        // A socket that shares its port with nobody finds out whether somebody has it.
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
        // The next ones share the port that the first was given.
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

/// Sockets that share a port would share it with another gateway of the same user, too, which would take half of the
/// connections: also where any port will do, since the kernel may give on UDP what that one shares. It has TCP as well.
fn refuse_taken(address: SocketAddr) -> io::Result<()> {
    TcpListener::bind(address).map(drop)
}

fn bind(address: SocketAddr, kind: Type, protocol: Protocol) -> io::Result<Socket> {
    let socket = Socket::new(Domain::for_address(address), kind, Some(protocol))?;
    socket.set_reuse_port(true)?;
    if kind == Type::STREAM {
        socket.set_reuse_address(true)?;
    } else {
        // Where the kernel grants less it keeps what it grants: dropped datagrams show in its counters.
        socket.set_recv_buffer_size(SOCKET_BUFFER_BYTES)?;
        socket.set_send_buffer_size(SOCKET_BUFFER_BYTES)?;
    }
    socket.set_nonblocking(true)?;
    socket.bind(&SockAddr::from(address))?;
    Ok(socket)
}

/// Attaches the steering program to the whole group: the first byte of the destination connection id,
/// modulo the number of workers. It is at byte 6 of a packet with a long header and at byte 1 of one with
/// a short header (RFC 9000 section 17); a client's own random first id is spread by the same rule.
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

    /// So many that the kernel, which draws among some 28,000, gives some port twice: four times of five.
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
