//! The built files, each also compressed, and the table with which the gateway embeds them.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use brotli::enc::BrotliEncoderParams;
use flate2::Compression;
use flate2::write::GzEncoder;
use sha2::{Digest as _, Sha256};
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;

const HTML: &str = "text/html; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";

/// A file as it is served.
pub(crate) struct OutputFile {
    path: String,
    kind: &'static str,
    bytes: Vec<u8>,
    /// The content security policy of a page.
    policy: Option<String>,
    uses_camera: bool,
    /// Whether the path contains the file's hash.
    is_hashed: bool,
}

/// A short text that changes with any byte.
pub(crate) fn hash(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(&Sha256::digest(bytes)[..12])
}

impl OutputFile {
    const fn new(path: String, kind: &'static str, bytes: Vec<u8>) -> Self {
        Self { path, kind, bytes, policy: None, uses_camera: false, is_hashed: false }
    }

    /// A script whose address contains its hash.
    pub(crate) fn hashed(stem: &str, bytes: Vec<u8>) -> Self {
        let path = format!("/web/{stem}-{}.js", hash(&bytes));
        Self { is_hashed: true, ..Self::new(path, SCRIPT, bytes) }
    }

    /// A script with a fixed address.
    pub(crate) fn script(path: &str, bytes: Vec<u8>) -> Self {
        Self::new(path.to_owned(), SCRIPT, bytes)
    }

    /// A file that is served as it is.
    pub(crate) fn fixed(path: &str, kind: &'static str, bytes: Vec<u8>) -> Self {
        Self::new(path.to_owned(), kind, bytes)
    }

    /// A page.
    pub(crate) fn page(path: &str, bytes: Vec<u8>, policy: String, uses_camera: bool) -> Self {
        Self { policy: Some(policy), uses_camera, ..Self::new(path.to_owned(), HTML, bytes) }
    }
}

/// All built files.
#[derive(Default)]
pub(crate) struct Output(Vec<OutputFile>);

impl Output {
    /// Adds a file and returns its address. One that is there already stays.
    pub(crate) fn add(&mut self, file: OutputFile) -> String {
        let path = file.path.clone();
        if !self.0.iter().any(|other| other.path == path) {
            self.0.push(file);
        }
        path
    }

    /// A short text that changes with any byte of these files.
    pub(crate) fn version(&self, paths: &[String]) -> String {
        let named = self.0.iter().filter(|file| paths.contains(&file.path));
        hash(&named.flat_map(|file| Sha256::digest(&file.bytes)).collect::<Vec<u8>>())
    }

    /// Writes all files into a folder, and the table that embeds them.
    pub(crate) fn write(&self, folder: &Path) -> anyhow::Result<()> {
        let mut table = String::from("&[\n");
        for (number, file) in self.0.iter().enumerate() {
            let name = |suffix: &str| folder.join(format!("page-{number}{suffix}"));
            std::fs::write(name(""), &file.bytes)?;
            std::fs::write(name(".br"), brotli(&file.bytes)?)?;
            std::fs::write(name(".gz"), gzip(&file.bytes)?)?;
            let OutputFile { path, kind, policy, uses_camera, is_hashed, .. } = file;
            writeln!(
                table,
                "BuiltFile {{ path: {path:?}, kind: {kind:?}, plain: include_bytes!({:?}), brotli: \
                 include_bytes!({:?}), gzip: include_bytes!({:?}), policy: {policy:?}, uses_camera: \
                 {uses_camera}, is_hashed: {is_hashed} }},",
                name(""),
                name(".br"),
                name(".gz"),
            )?;
        }
        table.push_str("]\n");
        std::fs::write(folder.join("pages.rs"), table)?;
        Ok(())
    }
}

fn brotli(bytes: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut packed = Vec::new();
    let params = BrotliEncoderParams { quality: 11, lgwin: 22, size_hint: bytes.len(), ..Default::default() };
    brotli::BrotliCompress(&mut &bytes[..], &mut packed, &params)?;
    Ok(packed)
}

fn gzip(bytes: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut packer = GzEncoder::new(Vec::new(), Compression::best());
    packer.write_all(bytes)?;
    packer.finish()
}
