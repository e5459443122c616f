//! The operators' listener: its bound on connections, its deadlines, the list of readiness checks, and the
//! metrics of the process.

use scangate_tests::{Gateway, TestTown, eventually};
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

#[tokio::test(flavor = "multi_thread")]
async fn verbose_readiness_lists_each_check() -> anyhow::Result<()> {
    let town = TestTown::found(1).await?;
    let brief = town.gateway.ask("/readyz")?;
    assert!(brief.ends_with("\r\n\r\nready\n"), "{brief}");
    // The colours are loaded a moment after the start.
    let lines = "[+]phase ok\n[+]journal ok\n[+]office ok\n[+]colours ok\n[+]store ok\nready\n";
    let ask = async || town.gateway.ask("/readyz?verbose");
    let verbose = eventually(ask, |verbose| verbose.ends_with(lines)).await?;
    assert!(verbose.starts_with("HTTP/1.1 200"), "{verbose}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn cpu_time_is_a_counter_of_hundredths_of_a_second() -> anyhow::Result<()> {
    let gateway = Gateway::start(&[])?;
    let cpu_s = async || gateway.metric("process_cpu_seconds_total", "");
    let cpu_s = eventually(cpu_s, |cpu_s| cpu_s.fract() != 0.0).await?;
    assert!((cpu_s * 100.0 - (cpu_s * 100.0).round()).abs() < 1e-6, "{cpu_s}");
    let text = gateway.ask("/metrics")?;
    assert!(text.contains("# TYPE process_cpu_seconds_total counter\n"), "{text}");
    Ok(())
}
