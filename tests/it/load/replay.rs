//! `loadgen replay` reads every row of a register, or names the line and the reason.

use super::stand_in;
use bytes::Bytes;
use http::{Response, StatusCode};
use http_body_util::Full;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use scangate_core::id::PersonId;
use scangate_loadgen::client::Version;
use scangate_loadgen::replay::open_case;
use scangate_tests::{Gateway, assert_done, assert_refused, output_text, run_loadgen};
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

/// The header of a register.
const HEADER: &str = "user,venue,category,time\n";

/// A row of a register: a user, the venue `v1`, and a minute of one day.
fn row(user: usize, minute: usize) -> String {
    format!("{user},v1,x,2022-01-04T{:02}:{:02}:00Z\n", minute / 60, minute % 60)
}

fn replay(
    gateway: &Gateway,
    folder: &Path,
    register: &[u8],
    more: &[&str],
) -> anyhow::Result<std::process::Output> {
    let file = folder.join("register");
    std::fs::write(&file, register)?;
    let file = file.display().to_string();
    run_loadgen(gateway, &[&["replay", &file], more].concat())
}

#[tokio::test(flavor = "multi_thread")]
async fn registers_with_quotes_or_in_other_encodings_are_replayed_whole() -> anyhow::Result<()> {
    let (gateway, folder) = (Gateway::start(&[])?, tempfile::tempdir()?);
    let comma = [HEADER, &row(7, 0), &row(8, 10)].concat();
    let quoted =
        "7\t\"v1\"\t\"a \"\"b\"\"\"\t2022-01-04T00:00:00Z\n8\tv1\t\"two\nlines\"\t2022-01-04T00:10:00Z\n";
    // A column in Latin-1, and a user in GBK.
    let latin_1 = comma.as_bytes().iter().map(|byte| if *byte == b'x' { 0xe9 } else { *byte });
    let gbk = [b"\xd3\xc3\xbb\xa7".as_slice(), &comma.as_bytes()[HEADER.len() + 1..]].concat();
    let utf_16 = format!("\u{feff}{comma}").encode_utf16().flat_map(u16::to_le_bytes).collect();
    for register in [comma.clone().into_bytes(), quoted.into(), latin_1.collect(), gbk, utf_16] {
        let output = replay(&gateway, folder.path(), &register, &[])?;
        assert_done(
            &output,
            "2 check-ins imported; co-presence over one hop and two equal for 2 of 2 people",
        );
        assert!(!output_text(&output).contains("left out"), "{}", output_text(&output));
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_that_are_left_out_are_counted_by_reason_and_fail_the_replay() -> anyhow::Result<()> {
    let (gateway, folder) = (Gateway::start(&[])?, tempfile::tempdir()?);
    let far = "9,v1,x,2099-01-01T00:00:00Z\n";
    let rows: String = (0..299).map(|number| row(number, number)).collect();
    let one_far = [HEADER, &rows, far].concat();
    let output = replay(&gateway, folder.path(), one_far.as_bytes(), &["--people", "3"])?;
    assert_refused(&output, "299 check-ins imported");
    assert_refused(&output, "left out       1: outside the 13 days that hold the most rows (line 301)");
    let wished = ["--people", "3", "--to", "2022-02-01T00:00:00Z"];
    let output = replay(&gateway, folder.path(), one_far.as_bytes(), &wished)?;
    assert_done(&output, "not asked for  1 outside");
    let bad =
        ["1,v1,x,never\n", &row(2, 0), "3\n", &row(4, 10), "5,v1,\"Bar,2022-01-04T00:20:00Z\n", &row(6, 30)];
    let output = replay(&gateway, folder.path(), bad.concat().as_bytes(), &[])?;
    assert_refused(&output, "4 check-ins imported");
    assert_refused(&output, "left out       1: fewer than three columns (line 3)");
    assert_refused(&output, "left out       1: the last column is not a time, such as `never` (line 1)");
    let output = replay(&gateway, folder.path(), b"1,v1,never\n", &[])?;
    assert_refused(&output, "no row is a check-in to replay");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn check_ins_that_the_gateway_refuses_are_left_out() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let config = folder.path().join("gateway.toml");
    std::fs::write(&config, "retention_days = 1\n")?;
    let gateway = Gateway::start(&["--config", &config.display().to_string()])?;
    let register = "1,v1,2022-01-01T00:00:00Z\n2,v1,2022-01-04T00:00:00Z\n3,v1,2022-01-04T00:10:00Z\n";
    let output = replay(&gateway, folder.path(), register.as_bytes(), &[])?;
    assert_refused(&output, "2 check-ins imported");
    assert_refused(
        &output,
        "left out       1: the gateway refused it with `malformed`, such as `at is before the retention",
    );
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_register_is_sent_live_in_its_rhythm_and_read_back() -> anyhow::Result<()> {
    let (gateway, folder) = (Gateway::start(&[])?, tempfile::tempdir()?);
    let rows: String = (0..60).map(|number| row(number, number)).collect();
    let output = replay(&gateway, folder.path(), rows.as_bytes(), &["--speed", "x3000"])?;
    assert_done(&output, "acknowledged   60\n");
    assert_done(&output, "60 check-ins in 1.2 s");
    assert_done(&output, "0 missing, 0 doubled, 0 changed");
    let scanned = gateway.metric("scangate_check_ins_total", "")?;
    assert!((scanned - 60.0).abs() < f64::EPSILON, "{scanned}");
    let bad = [&rows, "1,v1,never\n"].concat();
    let output = replay(&gateway, folder.path(), bad.as_bytes(), &["--speed", "x3000"])?;
    assert_refused(&output, "left out       1: the last column is not a time");
    let slow = replay(
        &gateway,
        folder.path(),
        "1,v1,2022-01-04T00:00:00Z\n1,v1,2022-01-10T00:00:00Z\n".as_bytes(),
        &["--speed", "2"],
    )?;
    assert_refused(&slow, "the register takes 72 hours at this speed");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn scans_of_a_live_register_that_the_gateway_refuses_are_counted_by_code() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let config = folder.path().join("gateway.toml");
    std::fs::write(&config, "person_check_ins_max = 2\n")?;
    let gateway = Gateway::start(&["--config", &config.display().to_string()])?;
    // One person at forty venues within a second.
    let rows: String = (0..40).map(|second| format!("7,v{second},2022-01-04T00:00:{second:02}Z\n")).collect();
    let output = replay(&gateway, folder.path(), rows.as_bytes(), &["--speed", "x40"])?;
    assert_refused(&output, "planned        40\n");
    assert_refused(&output, "(too-many 3");
    assert_refused(&output, "unanswered     0\n");
    Ok(())
}

/// The answers to a request whose store is late once.
const LATE_ONCE: [(StatusCode, &str); 2] = [
    (
        StatusCode::SERVICE_UNAVAILABLE,
        r#"{"status": 503, "code": "store-unavailable", "retry_after_ms": 10}"#,
    ),
    (StatusCode::OK, r#"{"case": "c1"}"#),
];

#[tokio::test]
async fn a_case_is_opened_again_when_the_store_was_late() -> anyhow::Result<()> {
    let (listener, tls, target) = stand_in().await?;
    let served = tokio::spawn(async move {
        let (stream, _) = listener.accept().await?;
        let asked = AtomicUsize::new(0);
        let answer = async |_| {
            let (status, body) = LATE_ONCE[asked.fetch_add(1, Ordering::Relaxed)];
            Response::builder().status(status).body(Full::new(Bytes::from_static(body.as_bytes())))
        };
        let stream = TokioIo::new(tls.accept(stream).await?);
        http1::Builder::new().serve_connection(stream, service_fn(answer)).await?;
        anyhow::Ok(asked.into_inner())
    });
    let mut connection = target.connect(Version::Http1).await?;
    assert_eq!(open_case(&mut connection, "Bearer t", PersonId(1), 0, 1_000).await?, "c1");
    drop(connection);
    assert_eq!(served.await??, LATE_ONCE.len());
    Ok(())
}
