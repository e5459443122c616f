//! aioquic, a QUIC client in Python, checks in over HTTP/3. Needs `SCANGATE_TEST_PYTHON`: a Python with
//! aioquic.

use super::scripts;
use anyhow::Context as _;
use scangate_core::time::Step;
use scangate_loadgen::drive::now;
use scangate_tests::{TestTown, output_text};
use std::process::Command;

#[tokio::test(flavor = "multi_thread")]
async fn aioquic_checks_in() -> anyhow::Result<()> {
    let town = TestTown::found(1).await?;
    let python = std::env::var("SCANGATE_TEST_PYTHON").context("tests/run sets SCANGATE_TEST_PYTHON")?;
    let output = Command::new(python)
        .arg(scripts().join("clients/aioquic_check_in.py"))
        .arg(town.gateway.listen.port().to_string())
        .arg(town.gateway.folder().path().join("certificate.pem"))
        .arg(&town.venues[0].poster)
        .arg(town.residents[0].code(Step::of(now())))
        .output()?;
    assert!(output.status.success(), "{}", output_text(&output));
    Ok(())
}
