//! The direction of imports: the folders and files directly below `gateway/src` form no circle.

use super::sources::{SourceFile, product};
use std::collections::{BTreeMap, BTreeSet};

const FOLDER: &str = "gateway/src";
/// The library's root and the binaries, which may name every entry.
const ROOTS: [&str; 3] = ["lib", "main", "bin"];

/// For each entry, the entries that it imports, each with a `file:line` that does.
type Graph = BTreeMap<String, BTreeMap<String, String>>;

#[test]
fn the_gateways_folders_import_each_other_in_no_circle() {
    let graph = graph(&product(FOLDER));
    assert!(graph.values().any(|imports| !imports.is_empty()), "no import was found below {FOLDER}");
    let Some(circle) = circle(&graph) else { return };
    let next = circle.iter().cycle().skip(1);
    let arrows = circle.iter().zip(next).map(|(from, to)| format!("{from} -> {to}: {}", graph[from][to]));
    panic!(
        "a circle of imports below {FOLDER}; move one item to end it:\n{}",
        arrows.collect::<Vec<_>>().join("\n")
    );
}

fn graph(sources: &[SourceFile]) -> Graph {
    let names: BTreeSet<&str> = sources.iter().filter_map(entry).collect();
    let mut graph: Graph = names.iter().map(|name| ((*name).to_owned(), BTreeMap::new())).collect();
    for source in sources {
        let Some(own) = entry(source) else { continue };
        let code = code(source);
        for (at, name) in imported(&code) {
            if name != own && names.contains(name) {
                let line = code[..at].lines().count().max(1);
                let imports = graph.entry(own.to_owned()).or_default();
                imports.entry(name.to_owned()).or_insert_with(|| format!("{}:{line}", source.path));
            }
        }
    }
    graph
}

/// The entry below the folder that a file belongs to, without the roots.
fn entry(source: &SourceFile) -> Option<&str> {
    let path = source.path.strip_prefix(FOLDER)?.strip_prefix('/')?;
    let name = path.split_once('/').map_or(path.strip_suffix(".rs"), |(folder, _)| Some(folder));
    name.filter(|name| !ROOTS.contains(name))
}

/// A file's text without comments. In the module of an entry itself, `super::` reads `crate::`.
fn code(source: &SourceFile) -> String {
    let is_comment = |line: &&str| line.trim_start().starts_with("//");
    let lines = source.text.lines().map(|line| if is_comment(&line) { "" } else { line });
    let code = lines.collect::<Vec<_>>().join("\n");
    let rest = source.path.trim_start_matches(FOLDER).trim_start_matches('/');
    let is_entry = !rest.contains('/') || (rest.ends_with("/mod.rs") && rest.matches('/').count() == 1);
    if is_entry { code.replace("super::", "crate::") } else { code }
}

/// The first segment of each path that starts with `crate::`, those of a `{…}` tree included, with its
/// position.
fn imported(code: &str) -> Vec<(usize, &str)> {
    let is_word = |letter: char| letter.is_alphanumeric() || letter == '_' || letter == '$';
    let is_path = |at: usize| !code[..at].ends_with(is_word);
    let mut found = Vec::new();
    for (at, prefix) in code.match_indices("crate::").filter(|(at, _)| is_path(*at)) {
        let rest = &code[at + prefix.len()..];
        let segments = if rest.starts_with('{') { branches(rest) } else { vec![rest] };
        let first =
            segments.into_iter().filter_map(|segment| segment.split(|letter| !is_word(letter)).next());
        found.extend(first.filter(|name| !name.is_empty()).map(|name| (at, name)));
    }
    found
}

/// The branches of a tree that starts with `{`, without the branches of its branches.
fn branches(tree: &str) -> Vec<&str> {
    let (mut depth, mut start, mut found) = (0_usize, 1, Vec::new());
    for (at, letter) in tree.char_indices() {
        match letter {
            '{' => depth += 1,
            '}' => depth -= 1,
            _ => {}
        }
        if depth == 0 || (depth == 1 && letter == ',') {
            found.push(tree[start..at].trim());
            start = at + 1;
        }
        if depth == 0 {
            break;
        }
    }
    found
}

/// A circle, as the entries on it in the order of their imports.
fn circle(graph: &Graph) -> Option<Vec<String>> {
    let mut done = BTreeSet::new();
    graph.keys().find_map(|name| visit(graph, name, &mut Vec::new(), &mut done))
}

fn visit<'graph>(
    graph: &'graph Graph,
    name: &'graph String,
    path: &mut Vec<&'graph String>,
    done: &mut BTreeSet<&'graph String>,
) -> Option<Vec<String>> {
    if let Some(start) = path.iter().position(|earlier| *earlier == name) {
        return Some(path[start..].iter().map(|name| (*name).clone()).collect());
    }
    if done.contains(name) {
        return None;
    }
    path.push(name);
    let circle = graph[name].keys().find_map(|next| visit(graph, next, path, done));
    path.pop();
    done.insert(name);
    circle
}

#[test]
fn a_tree_of_imports_is_read_to_its_first_segments() {
    let code = "use crate::{a::{B, c}, d, e::F};\nuse crate::g::H;\nlet x = crate::i::j(); use $crate::k;";
    let names: Vec<&str> = imported(code).into_iter().map(|(_, name)| name).collect();
    assert_eq!(names, ["a", "d", "e", "g", "i"]);
}

#[test]
fn a_circle_is_found_and_a_line_is_not_one() {
    let source =
        |path: &str, text: &str| SourceFile { path: format!("{FOLDER}/{path}"), text: text.to_owned() };
    let line = [source("a.rs", "use crate::b;"), source("b/mod.rs", "use super::c;"), source("c.rs", "")];
    assert_eq!(circle(&graph(&line)), None);
    let ring = [
        source("a.rs", "use crate::b;"),
        source("b/x.rs", "\nuse crate::c;"),
        source("c.rs", "crate::a::d()"),
    ];
    assert_eq!(circle(&graph(&ring)), Some(vec!["a".to_owned(), "b".to_owned(), "c".to_owned()]));
    assert_eq!(graph(&ring)["b"]["c"], "gateway/src/b/x.rs:2");
}
