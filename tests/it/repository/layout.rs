//! The layout: no folder has more entries than a reader takes in at a glance.

use super::sources::{assert_none, entries, relative, root};
use std::path::Path;

/// Most entries of a folder.
const ENTRIES_MAX: usize = 16;
/// Most entries of the root, without names that start with a dot.
const ROOT_ENTRIES_MAX: usize = 20;
/// Folders with a bound of their own.
const BOUNDS: [(&str, usize); 2] = [("gateway/core/src", 26), ("tests/it", 26)];

#[test]
fn no_folder_has_too_many_entries() {
    let mut problems = Vec::new();
    check(&root(), &mut problems);
    assert_none("Folders with too many entries; group them into folders:", &problems);
}

fn check(folder: &Path, problems: &mut Vec<String>) {
    let path = relative(folder);
    let own = BOUNDS.iter().find(|(bounded, _)| *bounded == path).map(|(_, most)| *most);
    let most = own.unwrap_or(if path.is_empty() { ROOT_ENTRIES_MAX } else { ENTRIES_MAX });
    let is_hidden = |entry: &Path| relative(entry).starts_with('.');
    let entries: Vec<_> = entries(folder).into_iter().filter(|entry| !is_hidden(entry)).collect();
    if entries.len() > most {
        problems.push(format!("{path}/ has {} entries, at most {most} are allowed", entries.len()));
    }
    for entry in entries.iter().filter(|entry| entry.is_dir() && !entry.is_symlink()) {
        check(entry, problems);
    }
}
