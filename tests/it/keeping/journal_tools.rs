//! `gateway journal` beside a running gateway, and on a damaged journal.

use anyhow::Context as _;
use scangate_tests::{Gateway, TestTown, assert_done, assert_refused, output_text};
use serde_json::Value;
use std::fs;
use std::path::Path;

/// The size of a record. **Units**: bytes.
const RECORD_BYTES: usize = 64;

fn journal(data: &Path, verb: &str, more: &[&str]) -> anyhow::Result<std::process::Output> {
    Gateway::run(&[&["journal", verb, "--data", &data.display().to_string()], more].concat())
}

/// The lines of an export.
fn exported(data: &Path, more: &[&str]) -> anyhow::Result<Vec<Value>> {
    let output = journal(data, "export", more)?;
    assert_done(&output, "");
    let text = String::from_utf8(output.stdout)?;
    text.lines().map(|line| serde_json::from_str(line).with_context(|| line.to_owned())).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_journal_is_inspected_and_exported_beside_its_gateway() -> anyhow::Result<()> {
    let mut town = TestTown::found(3).await?;
    let folder = town.gateway.folder();
    let mut acknowledged = Vec::new();
    for resident in 0..3 {
        acknowledged.push(town.check_in(resident, 0).await?.json()?);
    }
    let lines = exported(folder.path(), &[])?;
    let of = |field: &str| lines.iter().map(|line| line[field].clone()).collect::<Vec<_>>();
    let answered = |field: &str| acknowledged.iter().map(|answer| answer[field].clone()).collect::<Vec<_>>();
    assert_eq!((of("check_in"), of("at")), (answered("id"), answered("at")));
    let people: Vec<String> = town.residents.iter().map(|resident| resident.person.to_string()).collect();
    assert_eq!(of("person"), people);
    assert!(lines.iter().all(|line| line.as_object().is_some_and(|line| line.len() == 7)), "{lines:?}");
    let second = lines[1]["at"].as_str().context("a time")?;
    let before = exported(folder.path(), &["--until", second])?.len();
    let since = exported(folder.path(), &["--from", second])?.len();
    assert_eq!((before + since, since >= 2), (3, true));
    let inspected = journal(folder.path(), "inspect", &[])?;
    assert_done(&inspected, "end         3\n");
    assert!(output_text(&inspected).contains("3 records, 0 to 3"), "{}", output_text(&inspected));
    assert_done(&journal(folder.path(), "verify", &[])?, "ok: 3 records");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_record_is_named_by_file_and_offset() -> anyhow::Result<()> {
    let mut town = TestTown::found(3).await?;
    for resident in 0..3 {
        assert_eq!(town.check_in(resident, 0).await?.status(), 200);
    }
    let folder = town.gateway.folder();
    town.gateway.kill()?;
    let segments = fs::read_dir(folder.path().join("journal"))?;
    let mut segments = segments.map(|entry| Ok(entry?.path())).collect::<std::io::Result<Vec<_>>>()?;
    segments.retain(|path| path.extension().is_some_and(|ending| ending == "segment"));
    segments.sort_unstable();
    let segment = segments.first().context("a segment")?;
    let mut bytes = fs::read(segment)?;
    // The header of the segment, that of the first group, and its record.
    bytes[2 * RECORD_BYTES + 9] ^= 1;
    fs::write(segment, bytes)?;
    let verified = journal(folder.path(), "verify", &[])?;
    assert_eq!(verified.status.code(), Some(1));
    assert_refused(&verified, &format!("{} at byte 128", segment.display()));
    assert_refused(&journal(folder.path(), "export", &[])?, "1 slots of the journal are damaged");
    assert_refused(&journal(&folder.path().join("elsewhere"), "inspect", &[])?, "elsewhere");
    Ok(())
}
