//! A worker of the load generator whose clock is wrong. libfaketime sets its clock ahead of the machine's.
//! Needs `SCANGATE_TEST_FAKETIME`, the path of libfaketimeMT.so.1.

use scangate_tests::{Clock, Gateway, Loadgen, LoadgenWorker};

#[test]
fn a_worker_whose_clock_is_ahead_is_refused_before_the_run() -> anyhow::Result<()> {
    let (gateway, clock) = (Gateway::start(&[])?, Clock::new()?);
    clock.go_ahead(3_000)?;
    let worker = LoadgenWorker::start_by(&clock, &[])?;
    let arguments = ["gate", "--rate", "20", "--for", "1s", "--workers", &worker.address];
    let end = Loadgen::start(&gateway, gateway.listen, &arguments)?.end()?;
    assert_eq!((end.code, end.report.is_null()), (Some(1), true), "{}", end.text);
    let error = format!("worker {}: its clock differs from this machine's by ", worker.address);
    let ahead = end.text.split_once(&error).and_then(|(_, rest)| rest.split_once(" ms"));
    let ahead_ms: Option<u32> = ahead.and_then(|(ms, _)| ms.parse().ok());
    assert!(ahead_ms.is_some_and(|ms| (2_900..3_100).contains(&ms)), "{}", end.text);
    Ok(())
}
