//! The operators' listener: its bound on connections and its deadlines.

use scangate_tests::Gateway;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

/// The bound on open connections.
const CONNECTIONS_MAX: usize = 64;
/// Less than the time after which a silent connection ends by itself.
const SOON: Duration = Duration::from_secs(5);

#[test]
fn held_sockets_do_not_shut_the_operator_out() -> anyhow::Result<()> {
    let gateway = Gateway::start(&[])?;
    let mut held = Vec::new();
    for _ in 0..CONNECTIONS_MAX {
        held.push(TcpStream::connect(gateway.admin)?);
    }
    let answer = gateway.ask("/readyz")?;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    held[0].set_read_timeout(Some(SOON))?;
    assert_eq!(held[0].read(&mut [0])?, 0, "the oldest gave way");
    let last = &mut held[CONNECTIONS_MAX - 1];
    last.write_all(b"GET /livez HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n")?;
    let mut text = String::new();
    last.read_to_string(&mut text)?;
    assert!(text.starts_with("HTTP/1.1 200"), "the newest is still served: {text}");
    Ok(())
}

#[test]
fn a_connection_that_sends_no_whole_head_ends() -> anyhow::Result<()> {
    let gateway = Gateway::start(&[])?;
    let mut half = TcpStream::connect(gateway.admin)?;
    let mut silent = TcpStream::connect(gateway.admin)?;
    half.write_all(b"GET /livez HTTP/1.1\r\nhost: local")?;
    for stream in [&mut silent, &mut half] {
        // The gateway closes it; the wait ends without an error.
        stream.set_read_timeout(Some(Duration::from_secs(30)))?;
        assert_eq!(stream.read(&mut [0])?, 0);
    }
    Ok(())
}
