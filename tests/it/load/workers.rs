//! Runs on several generators: the parts add up, and a token or a worker that is wrong is named.

use nix::sys::signal::Signal;
use scangate_tests::{Gateway, Loadgen, LoadgenEnd, LoadgenWorker, assert_refused, loadgen_command};

fn end_of(gateway: &Gateway, workers: &str, arguments: &[&str]) -> anyhow::Result<LoadgenEnd> {
    let arguments = [&["gate", "--rate", "100", "--workers", workers], arguments].concat();
    Loadgen::start(gateway, gateway.listen, &arguments)?.end()
}

#[test]
fn two_workers_send_one_run_and_serve_again() -> anyhow::Result<()> {
    let gateway = Gateway::start(&[])?;
    let (one, two) = (LoadgenWorker::start(&[])?, LoadgenWorker::start(&[])?);
    let workers = format!("{},{}", one.address, two.address);
    for repeat in ["1", "2"] {
        let end = end_of(&gateway, &workers, &["--for", "3s", "--repeat", repeat])?;
        assert_eq!((end.code, end.is_settled()), (Some(0), true), "{}", end.text);
        assert_eq!(end.scans("acknowledged"), 300 * repeat.parse::<u64>()?, "{}", end.text);
        assert_eq!(end.report["asked"]["generators"], 2);
        assert_eq!(end.report["verified"]["found"], end.report["outcomes"]["acknowledged"]);
        assert_eq!(end.report["repeats"].as_array().map(Vec::len), Some(repeat.parse()?));
    }
    Ok(())
}

#[test]
fn an_interruption_ends_all_parts_with_their_results() -> anyhow::Result<()> {
    let gateway = Gateway::start(&[])?;
    let (one, two) = (LoadgenWorker::start(&[])?, LoadgenWorker::start(&[])?);
    let workers = format!("{},{}", one.address, two.address);
    let arguments = ["gate", "--rate", "20", "--for", "60s", "--workers", &workers];
    let mut load = Loadgen::start(&gateway, gateway.listen, &arguments)?;
    load.wait_for(" s left: ")?;
    load.signal(Signal::SIGINT)?;
    let end = load.end()?;
    assert_eq!((end.code, end.is_settled()), (Some(1), true), "{}", end.text);
    assert!(end.scans("acknowledged") > 0 && end.scans("not_sent") > 0, "{}", end.text);
    Ok(())
}

#[test]
fn a_worker_that_goes_away_is_named() -> anyhow::Result<()> {
    let gateway = Gateway::start(&[])?;
    let (one, mut two) = (LoadgenWorker::start(&[])?, LoadgenWorker::start(&[])?);
    let workers = format!("{},{}", one.address, two.address);
    let arguments = ["gate", "--rate", "20", "--for", "60s", "--workers", &workers];
    let mut load = Loadgen::start(&gateway, gateway.listen, &arguments)?;
    load.wait_for(" s left: ")?;
    two.kill()?;
    let end = load.end()?;
    assert_eq!(end.code, Some(1), "{}", end.text);
    assert!(end.text.contains(&format!("worker {}: it closed the connection", two.address)), "{}", end.text);
    Ok(())
}

#[test]
fn tokens_are_needed_between_machines_and_must_be_equal() -> anyhow::Result<()> {
    let gateway = Gateway::start(&[])?;
    let folder = tempfile::tempdir()?;
    let file = |name: &str, token: &str| -> anyhow::Result<String> {
        let path = folder.path().join(name);
        std::fs::write(&path, token)?;
        Ok(path.display().to_string())
    };
    let (right, wrong) = (file("right", "0123456789abcdef")?, file("wrong", "0123456789abcdeg")?);
    let short = file("short", "0123")?;
    let worker = LoadgenWorker::start(&["--token", &right])?;
    for (arguments, error) in [
        (&["--worker-token", &wrong][..], "it has another token, or is not a worker"),
        (&[], "it has another token, or is not a worker"),
        (&["--worker-token", &short], "a worker's token has at least 16 characters"),
    ] {
        let end = end_of(&gateway, &worker.address, &[arguments, &["--for", "1s"]].concat())?;
        assert_eq!(end.code, Some(1), "{}", end.text);
        assert!(end.text.contains(error), "{}", end.text);
    }
    let end = end_of(&gateway, &worker.address, &["--for", "1s", "--worker-token", &right])?;
    assert_eq!((end.code, end.scans("acknowledged")), (Some(0), 100), "{}", end.text);
    let remote = end_of(&gateway, "192.0.2.1:7000", &["--for", "1s"])?;
    assert!(remote.text.contains("a worker between machines needs a token"), "{}", remote.text);
    let open = loadgen_command(&["worker", "--listen", "0.0.0.0:0"])?.output()?;
    assert_refused(&open, "a worker between machines needs a token: pass --token FILE");
    let nobody = end_of(&gateway, "127.0.0.1:9", &["--for", "1s"])?;
    assert!(nobody.text.contains("worker 127.0.0.1:9: no worker listens there"), "{}", nobody.text);
    Ok(())
}
