//! The repository's files as the tests beside this one read them, without any tool.

use std::fs;
use std::path::{Path, PathBuf};

/// Folders that hold build output, installed packages or local data.
const LEFT_OUT: [&str; 5] = ["target", "node_modules", ".git", "data", "__pycache__"];

/// A text file of the repository.
pub(super) struct SourceFile {
    /// The path from the repository's root, with `/` between folders.
    pub(super) path: String,
    /// The text. In a product source, the lines of test modules are blank, so line numbers stay right.
    pub(super) text: String,
}

impl SourceFile {
    /// The lines with their numbers, which start at 1.
    pub(super) fn lines(&self) -> impl Iterator<Item = (usize, &str)> {
        self.text.lines().enumerate().map(|(index, line)| (index + 1, line))
    }
}

/// The repository's root.
pub(super) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().map(Path::to_owned).unwrap_or_default()
}

/// The entries of a folder that belong to the repository, sorted.
pub(super) fn entries(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    let is_left_out =
        |path: &PathBuf| path.file_name().is_some_and(|name| LEFT_OUT.iter().any(|out| name == *out));
    let mut entries: Vec<PathBuf> = entries.filter(|path| !is_left_out(path)).collect();
    entries.sort_unstable();
    entries
}

/// A path from the repository's root, with `/` between folders.
pub(super) fn relative(path: &Path) -> String {
    path.strip_prefix(root()).unwrap_or(path).display().to_string()
}

/// Every file below a folder with one of these extensions. Panics if there are none.
pub(super) fn files(folder: &str, extensions: &[&str]) -> Vec<SourceFile> {
    let mut found = Vec::new();
    collect(&root().join(folder), extensions, &mut found);
    assert!(!found.is_empty(), "`{folder}` has no {extensions:?} files: correct the test that reads it");
    found
}

fn collect(folder: &Path, extensions: &[&str], found: &mut Vec<SourceFile>) {
    for path in entries(folder) {
        if path.is_dir() {
            collect(&path, extensions, found);
        } else if path.extension().is_some_and(|own| extensions.iter().any(|extension| own == *extension)) {
            found.push(SourceFile {
                path: relative(&path),
                text: fs::read_to_string(&path).unwrap_or_default(),
            });
        }
    }
}

/// The Rust files below a folder without test modules, neither inline ones nor those with a file of their
/// own.
pub(super) fn product(folder: &str) -> Vec<SourceFile> {
    let mut sources = files(folder, &["rs"]);
    let mut test_modules = Vec::new();
    for source in &mut sources {
        let (text, modules) = without_tests(&source.text);
        source.text = text;
        test_modules.extend(modules.iter().map(|module| format!("{}/{module}", module_folder(&source.path))));
    }
    let is_test = |path: &str| {
        let below = |module: &String| path.strip_prefix(module.as_str());
        test_modules.iter().filter_map(below).any(|rest| rest == ".rs" || rest.starts_with('/'))
    };
    sources.retain(|source| !is_test(&source.path));
    sources
}

/// The folder of a file's child modules.
fn module_folder(path: &str) -> &str {
    let is_root = ["/mod.rs", "/lib.rs", "/main.rs"].iter().any(|name| path.ends_with(name));
    let folder =
        if is_root { path.rsplit_once('/').map(|(folder, _)| folder) } else { path.strip_suffix(".rs") };
    folder.unwrap_or(path)
}

/// A text with each `#[cfg(test)]` item blank, and the names of the test modules that have a file of their
/// own.
fn without_tests(text: &str) -> (String, Vec<String>) {
    let (mut kept, mut modules) = (String::new(), Vec::new());
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        if line.trim_start() != "#[cfg(test)]" {
            kept.push_str(line);
            kept.push('\n');
            continue;
        }
        kept.push('\n');
        let indentation = &line[..line.len() - line.trim_start().len()];
        let mut is_first = true;
        for item in lines.by_ref() {
            kept.push('\n');
            let module = item.trim().trim_end_matches(';').rsplit_once("mod ").map(|(_, name)| name);
            if let Some(module) = module.filter(|_| is_first && item.ends_with(';')) {
                modules.push(module.to_owned());
            }
            let is_last = item.strip_prefix(indentation).is_some_and(|item| item.starts_with('}'));
            if is_last || (is_first && item.ends_with([';', '}'])) {
                break;
            }
            is_first &= item.trim_start().starts_with("#[");
        }
    }
    (kept, modules)
}

/// Fails with a heading and a line for each problem, if there is any.
#[track_caller]
pub(super) fn assert_none(heading: &str, problems: &[String]) {
    assert!(problems.is_empty(), "{heading}\n{}", problems.join("\n"));
}
