//! `gateway support-bundle`: the evidence for another engineer who looks at a gateway, in one file. It holds
//! no secret and no resident: the configuration names files and not their contents, and neither log nor
//! metrics name a resident.

use crate::admin_client;
use crate::doctor;
use crate::serve::ServeOptions;
use anyhow::Context as _;
use clap::Args;
use flate2::Compression;
use flate2::write::GzEncoder;
use scangate_core::text::OneLine;
use scangate_gateway::clock;
use std::fs::{self, File, OpenOptions};
use std::io::{Read as _, Seek as _, SeekFrom};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The part of a log that is taken, from its end.
const LOG_BYTES_MAX: u64 = 4 << 20;
/// The lines that are asked of the journal of systemd.
const LOG_LINES: &str = "5000";
/// The mode of the bundle and of the files in it.
const MODE: u32 = 0o600;

/// Gathers the configuration without secrets, metrics, status, the end of the log, versions, and the
/// doctor's findings in one file. Look at it before you send it.
#[derive(Args)]
pub(crate) struct SupportBundleOptions {
    #[command(flatten)]
    serve: ServeOptions,
    /// The file to write, a compressed tar [default: scangate-support.tar.gz].
    #[arg(long, value_name = "FILE")]
    to: Option<PathBuf>,
    /// A file of the gateway's log, of which the end is taken [default: the journal of systemd].
    #[arg(long, value_name = "FILE")]
    log: Option<PathBuf>,
}

/// One file of the bundle.
struct BundledFile {
    name: &'static str,
    /// What it is, for the list.
    what: &'static str,
    text: String,
}

/// Writes the bundle and prints what is inside. A part that cannot be had has the reason in place of its
/// content. **Errors**: the file exists or cannot be written.
pub(crate) fn write(options: &SupportBundleOptions) -> anyhow::Result<()> {
    let to = options.to.clone().unwrap_or_else(|| PathBuf::from("scangate-support.tar.gz"));
    let file = OpenOptions::new().write(true).create_new(true).mode(MODE).open(&to);
    let file = file.with_context(|| to.display().to_string())?;
    let mut files = gather(options);
    let lines = files.iter().map(|file| format!("{:16} {}\n", file.name, file.what));
    let list = format!("A support bundle of {}\n\n{}", clock::now(), lines.collect::<String>());
    print!("{list}");
    files.insert(0, BundledFile { name: "LIST.txt", what: "", text: list });
    pack(file, &files).with_context(|| to.display().to_string())?;
    println!("\n{}", to.display());
    Ok(())
}

fn gather(options: &SupportBundleOptions) -> Vec<BundledFile> {
    let file = |name, what, text: anyhow::Result<String>| {
        let text = text.unwrap_or_else(|error| format!("not available: {}\n", OneLine(error.as_ref())));
        BundledFile { name, what, text }
    };
    let config = options.serve.config();
    let admin = |path: &str| -> anyhow::Result<String> {
        let admin = config.as_ref().map_err(|error| anyhow::anyhow!("{}", OneLine(error.as_ref())))?.admin;
        Ok(admin_client::get(admin, path)?.1)
    };
    let findings = || -> anyhow::Result<String> {
        let config = config.as_ref().map_err(|error| anyhow::anyhow!("{}", OneLine(error.as_ref())))?;
        Ok(format!("{:#}", doctor::report(config)))
    };
    vec![
        file("versions.txt", "the versions of the gateway and the system", Ok(versions())),
        file("config.toml", "the configuration in force; secrets are hidden", printed(&options.serve)),
        file("doctor.json", "the findings of gateway doctor", findings()),
        file("status.json", "the status of the running gateway", admin("/v1/status")),
        file("readyz.txt", "its readiness", admin("/readyz?verbose")),
        file("metrics.txt", "its metrics", admin("/metrics")),
        file("log.txt", "the end of its log", log(options.log.as_deref())),
    ]
}

fn printed(options: &ServeOptions) -> anyhow::Result<String> {
    let sources = options.sources();
    Ok(sources.read()?.printed(&sources))
}

fn versions() -> String {
    let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
    let gateway = env!("CARGO_PKG_VERSION");
    format!("gateway {gateway}\n\n{}\n{}", read("/proc/version"), read("/etc/os-release"))
}

/// The end of a log file, or of the journal of systemd.
fn log(file: Option<&Path>) -> anyhow::Result<String> {
    let Some(path) = file else { return journal() };
    let mut file = File::open(path).with_context(|| path.display().to_string())?;
    let length = file.metadata()?.len();
    file.seek(SeekFrom::Start(length.saturating_sub(LOG_BYTES_MAX)))?;
    let mut bytes = Vec::new();
    file.take(LOG_BYTES_MAX).read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

fn journal() -> anyhow::Result<String> {
    let asked = Command::new("journalctl")
        .args(["--unit", "scangate", "--lines", LOG_LINES, "--no-pager", "--output", "cat"])
        .output()
        .context("journalctl (name the log's file with --log)")?;
    anyhow::ensure!(asked.status.success(), "journalctl: {}", String::from_utf8_lossy(&asked.stderr).trim());
    Ok(String::from_utf8_lossy(&asked.stdout).into_owned())
}

fn pack(file: File, files: &[BundledFile]) -> anyhow::Result<()> {
    let mut archive = tar::Builder::new(GzEncoder::new(file, Compression::default()));
    for BundledFile { name, text, .. } in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(text.len() as u64);
        header.set_mode(MODE);
        header.set_mtime(clock::now().0 / 1_000);
        header.set_cksum();
        archive.append_data(&mut header, format!("scangate-support/{name}"), text.as_bytes())?;
    }
    archive.into_inner()?.finish()?.sync_all()?;
    Ok(())
}
