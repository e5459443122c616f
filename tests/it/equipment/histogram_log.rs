//! HdrHistogram's own tool reads the interval log of a run. Needs Java and `SCANGATE_TEST_HDRHISTOGRAM`, the
//! path of HdrHistogram's jar.

use anyhow::Context as _;
use scangate_tests::{Gateway, Loadgen, output_text};
use std::path::Path;
use std::process::Command;

/// The summary that `HistogramLogProcessor` prints: counts and latencies of all intervals with a tag. The
/// tool divides each latency by the ratio. **Units**: milliseconds, with a ratio of 1000.
fn summary(log: &Path, tag: &str) -> anyhow::Result<String> {
    let jar = std::env::var("SCANGATE_TEST_HDRHISTOGRAM");
    let jar = jar.context("HdrHistogram's jar is missing: tests/run sets SCANGATE_TEST_HDRHISTOGRAM")?;
    anyhow::ensure!(Path::new(&jar).exists(), "HdrHistogram's jar is missing: {jar}");
    let output = Command::new("java")
        .args(["-cp", &jar, "org.HdrHistogram.HistogramLogProcessor", "-outputValueUnitRatio", "1000"])
        .args(["-tag", tag, "-i"])
        .arg(log)
        .output()
        .context("java is missing")?;
    anyhow::ensure!(output.status.success(), "{}", output_text(&output));
    Ok(String::from_utf8(output.stdout)?)
}

/// The number behind a name in the last lines of a summary, such as `#[Max = 8.003, Total count = 300]`.
fn number(summary: &str, name: &str) -> anyhow::Result<f64> {
    let (_, rest) = summary.rsplit_once(name).with_context(|| format!("no {name} in {summary}"))?;
    let rest = rest.trim_start_matches([' ', '=']);
    let end = rest.find([',', ']']).with_context(|| summary.to_owned())?;
    Ok(rest[..end].trim().parse()?)
}

#[tokio::test(flavor = "multi_thread")]
async fn hdrhistograms_own_tool_reads_the_log_of_a_run() -> anyhow::Result<()> {
    let gateway = Gateway::start(&[])?;
    let folder = tempfile::tempdir()?;
    let log = folder.path().join("run.hlog");
    let path = log.to_str().context("a temporary folder has a plain name")?;
    let arguments = ["gate", "--rate", "100", "--for", "3s", "--hlog", path];
    let end = Loadgen::start(&gateway, gateway.listen, &arguments)?.end()?;
    assert_eq!(end.code, Some(0), "{}", end.text);
    for (tag, quantiles) in [("response", "response_ms"), ("service", "service_ms")] {
        let summary = summary(&log, tag)?;
        assert!(number(&summary, "Total count")? > 0.0, "{summary}");
        let count = f64::from(u32::try_from(end.scans("acknowledged"))?);
        assert!((number(&summary, "Total count")? - count).abs() < 0.5, "{summary}");
        let max = end.report[quantiles]["max"].as_f64().context("a run has a longest latency")?;
        // The tool prints three decimals, and a histogram has three digits.
        assert!((number(&summary, "Max")? - max).abs() <= max / 500.0 + 0.001, "{max}: {summary}");
    }
    Ok(())
}
