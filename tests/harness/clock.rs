//! A clock that a test sets. libfaketime sets the gateway's wall clock off the machine's by an offset in a
//! file, and leaves its timers alone. The binary under test is therefore the real one.

use anyhow::Context as _;
use scangate_core::time::Timestamp;
use scangate_loadgen::drive::now;
use std::cell::Cell;
use std::path::Path;
use tempfile::TempDir;

/// An offset to the machine's clock, and the file that libfaketime reads it from.
pub struct Clock {
    folder: TempDir,
    library: String,
    ahead_ms: Cell<i64>,
}

impl Clock {
    /// A clock without an offset.
    pub fn new() -> anyhow::Result<Self> {
        let library = std::env::var("SCANGATE_TEST_FAKETIME")
            .context("SCANGATE_TEST_FAKETIME is libfaketimeMT.so.1; tests/run sets it")?;
        anyhow::ensure!(Path::new(&library).exists(), "{library} is missing: install faketime");
        let clock = Self { folder: tempfile::tempdir()?, library, ahead_ms: Cell::new(0) };
        clock.go_ahead(0)?;
        Ok(clock)
    }

    /// A clock that shows this time now, also one in the past.
    pub fn at(time: Timestamp) -> anyhow::Result<Self> {
        let clock = Self::new()?;
        clock.ahead_ms.set(i64::try_from(time.0)? - i64::try_from(now().0)?);
        clock.go_ahead(0)?;
        Ok(clock)
    }

    /// Moves the clock ahead by `ms` milliseconds more.
    pub fn go_ahead(&self, ms: u64) -> anyhow::Result<()> {
        self.ahead_ms.set(self.ahead_ms.get() + i64::try_from(ms)?);
        let text = format!("{:+}", self.ahead_ms.get() / 1_000);
        // The rename keeps readers from seeing half a file.
        std::fs::write(self.folder.path().join("next"), text)?;
        Ok(std::fs::rename(self.folder.path().join("next"), self.path())?)
    }

    /// The time of this clock.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        let offset_ms = self.ahead_ms.get() / 1_000 * 1_000;
        Timestamp(now().0.saturating_add_signed(offset_ms))
    }

    fn path(&self) -> std::path::PathBuf {
        self.folder.path().join("ahead")
    }

    /// The environment that makes a process use this clock.
    pub(crate) fn environment(&self) -> Vec<(&'static str, String)> {
        vec![
            ("LD_PRELOAD", self.library.clone()),
            ("FAKETIME_TIMESTAMP_FILE", self.path().display().to_string()),
            ("FAKETIME_NO_CACHE", "1".to_owned()),
            ("FAKETIME_DONT_FAKE_MONOTONIC", "1".to_owned()),
        ]
    }
}
