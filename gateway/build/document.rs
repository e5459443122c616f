//! A page's document: its texts, styles and small scripts are put inside, and its modules become one file.

use super::link::Graph;
use super::output::OutputFile;
use super::shorten::shorten_script;
use super::texts::Texts;
use anyhow::{Context as _, ensure};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// A document as it was read.
pub(crate) struct Document {
    /// The text with all documents that it includes. Scripts and styles have absolute paths.
    text: String,
    /// Its modules, in order.
    pub(crate) modules: Vec<PathBuf>,
}

/// The parts that a document is built with.
pub(crate) struct PageParts<'a> {
    pub(crate) texts: &'a Texts,
    /// The address of the file with the modules.
    pub(crate) script: Option<&'a str>,
    pub(crate) uses_camera: bool,
}

/// The tags of a document that are replaced: all before the path, and all after it.
const MODULE: (&str, &str) = ("<script type=\"module\" src=\"", "\"></script>");
const SCRIPT: (&str, &str) = ("<script src=\"", "\"></script>");
const STYLE: (&str, &str) = ("<link rel=\"stylesheet\" href=\"", "\">");

/// Another document that stands in this place.
const INCLUDE: (&str, &str) = ("{{>", "}}");

/// The text of a file.
fn read_file(path: &Path) -> anyhow::Result<String> {
    std::fs::read_to_string(path).with_context(|| path.display().to_string())
}

/// A document with all documents that it includes. The paths of scripts and styles become absolute, because
/// each counts from the document that names it.
fn read_whole(path: &Path) -> anyhow::Result<String> {
    let folder = path.parent().context("a document has a folder")?;
    let absolute = |name: &str| super::module::resolve(folder, &format!("./{name}"));
    let mut text = without(&read_file(path)?, ("<!--", "-->"));
    for (before, after) in [MODULE, SCRIPT, STYLE] {
        text = replace(&text, (before, after), |name| {
            Ok(format!("{before}{}{after}", absolute(name)?.display()))
        })?;
    }
    replace(&text, INCLUDE, |name| read_whole(&absolute(name)?))
}

/// Replaces every tag of a kind by what `replace` makes of its path.
fn replace(
    text: &str,
    (before, after): (&str, &str),
    mut replace: impl FnMut(&str) -> anyhow::Result<String>,
) -> anyhow::Result<String> {
    let mut parts = text.split(before);
    let mut replaced = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (path, rest) = part.split_once(after).with_context(|| format!("{before} has no end"))?;
        replaced += &replace(path)?;
        replaced += rest;
    }
    Ok(replaced)
}

/// The source of an inline script or style in a content security policy.
fn source_of(text: &str) -> String {
    format!("'sha256-{}'", STANDARD.encode(Sha256::digest(text)))
}

/// Lines without their indentation, and without empty ones.
fn without_indentation(text: &str) -> String {
    text.lines().map(str::trim).filter(|line| !line.is_empty()).collect::<Vec<_>>().join("\n")
}

/// A text without the parts between two marks.
fn without(text: &str, (begin, end): (&str, &str)) -> String {
    let mut parts = text.split(begin);
    let first = parts.next().unwrap_or_default().to_owned();
    first + &parts.filter_map(|part| part.split_once(end)).map(|(_, rest)| rest).collect::<String>()
}

impl Document {
    /// Reads a document and the paths of its modules.
    pub(crate) fn read(path: &Path) -> anyhow::Result<Self> {
        let mut modules = Vec::new();
        let text = replace(&read_whole(path)?, MODULE, |module| {
            modules.push(PathBuf::from(module));
            Ok(if modules.len() == 1 { format!("{}{}", MODULE.0, MODULE.1) } else { String::new() })
        })?;
        Ok(Self { text, modules })
    }

    /// The document as it is served, with its content security policy.
    pub(crate) fn build(&self, path: &str, parts: &PageParts<'_>) -> anyhow::Result<OutputFile> {
        let (mut scripts, mut styles) = (vec!["'self'".to_owned()], Vec::new());
        // Texts first: braces in scripts are code.
        let text = parts.texts.expand(&without_indentation(&self.text))?;
        let text = replace(&text, MODULE, |_| {
            let script = parts.script.context("a document without a module")?;
            Ok(format!("{}{script}{}", MODULE.0, MODULE.1))
        })?;
        let text = replace(&text, SCRIPT, |script| {
            let code = Graph::read(&[PathBuf::from(script)])?.link(&BTreeMap::new())?;
            // A block keeps the names of the modules from other scripts of the document.
            let script = shorten_script(&format!("{{{code}}}"))?;
            scripts.push(source_of(&script));
            Ok(format!("<script>{script}</script>"))
        })?;
        let text = replace(&text, STYLE, |style| {
            let style = without_indentation(&without(&read_file(Path::new(style))?, ("/*", "*/")));
            styles.push(source_of(&style));
            Ok(format!("<style>{style}</style>"))
        })?;
        ensure!(!text.contains("modulepreload"), "a page has one file of modules: nothing to load before it");
        let policy = format!(
            "default-src 'none'; script-src {}; style-src {}; connect-src 'self'; img-src 'self' data:; \
             manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
            scripts.join(" "),
            if styles.is_empty() { "'none'".to_owned() } else { styles.join(" ") },
        );
        Ok(OutputFile::page(path, text.into_bytes(), policy, parts.uses_camera))
    }
}
