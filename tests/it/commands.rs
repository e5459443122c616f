//! The command line: clear errors, one gateway a folder, a drain that loses nothing.

use scangate_loadgen::city::City;
use scangate_loadgen::client::Version;
use scangate_loadgen::drive::{Carrier, Run, drive};
use scangate_loadgen::plan::{Curve, Wish, plan};
use scangate_loadgen::verify::verify;
use scangate_tests::{Expect, Gateway, Town};
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::sync::Arc;
use std::time::Duration;

#[test]
fn a_wrong_key_names_file_line_and_the_right_key() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("gateway.toml");
    std::fs::write(&file, "workers = 1\nlitsen = \"127.0.0.1:1\"\n")?;
    let output = Gateway::run(&["check-config", &file.display().to_string()])?;
    let said = String::from_utf8(output.stderr)?;
    assert_eq!(output.status.code(), Some(1));
    assert!(said.contains("gateway.toml:2:1") && said.contains("did you mean `listen`?"), "{said}");
    let usage = Gateway::run(&["--no-such-option"])?;
    assert_eq!(usage.status.code(), Some(2));
    Ok(())
}

#[test]
fn a_second_gateway_on_the_same_folder_refuses_to_start() -> anyhow::Result<()> {
    let first = Gateway::start(&[])?;
    let second = Gateway::start_in(first.folder(), &[], Expect::Trouble).err().map(|error| error.to_string());
    assert!(second.as_ref().is_some_and(|error| error.contains("another gateway")), "{second:?}");
    Ok(())
}

fn ask(admin: std::net::SocketAddr, path: &str) -> anyhow::Result<String> {
    let mut stream = TcpStream::connect(admin)?;
    write!(stream, "GET {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n")?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer)
}

#[tokio::test(flavor = "multi_thread")]
async fn operators_are_told_of_health_and_numbers() -> anyhow::Result<()> {
    let mut town = Town::found(1).await?;
    town.check_in(0, 0).await?;
    for path in ["/livez", "/readyz"] {
        let answer = ask(town.gateway.admin, path)?;
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    }
    let metrics = ask(town.gateway.admin, "/metrics")?;
    for name in ["scangate_check_ins_total", "scangate_check_in_seconds_bucket", "scangate_residents 1"] {
        assert!(metrics.contains(name), "{name} is not in:\n{metrics}");
    }
    assert!(!metrics.contains(&town.residents[0].person.to_string()));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_drain_under_load_keeps_what_it_acknowledged() -> anyhow::Result<()> {
    let town = Town::found(500).await?;
    let Town { gateway, target, venues, residents, .. } = town;
    let city = Arc::new(City { venues, residents });
    let length = Duration::from_secs(3);
    let wish = Wish { rate: 400.0, length, curve: Curve::Flat, residents: 500, venues: 3, seed: 1 };
    let gates = Carrier::Gates { connections: 4, in_flight: 8, version: Version::Http3 };
    let shares = vec![(gates, plan(&wish))];
    let run = Run { target: Arc::new(target), city: Arc::clone(&city), shares, length };
    let driving = tokio::spawn(drive(run));
    wait_for_check_ins(gateway.admin)?;
    let folder = gateway.folder();
    let status = tokio::task::spawn_blocking(move || gateway.stop()).await??;
    assert!(status.success(), "{status}");
    let seen = driving.await??.into_seen();
    assert!(seen.kept_count > 0);
    let gateway = Gateway::start_in(folder, &[], Expect::Quiet)?;
    let verified = verify(&gateway.target()?, &city.residents, &seen.kept).await?;
    assert!(verified.is_well(), "{verified:?}");
    Ok(())
}

/// Waits until the gateway has answered a few hundred.
fn wait_for_check_ins(admin: std::net::SocketAddr) -> anyhow::Result<()> {
    loop {
        let metrics = ask(admin, "/metrics")?;
        let counts = metrics.lines().filter(|line| line.starts_with("scangate_check_ins_total"));
        let sum: u64 = counts.filter_map(|line| line.rsplit(' ').next()?.parse::<u64>().ok()).sum();
        if sum > 300 {
            return Ok(());
        }
    }
}
