//! Sizes that rustfmt does not hold: the width of comments, the length of functions and files.

use super::sources::{SourceFile, assert_none, files, product};

/// Most characters of a comment line, its indentation included.
const COMMENT_COLUMNS_MAX: usize = 110;
/// Most lines of a function, its signature and closing brace included.
const FUNCTION_LINES_MAX: usize = 70;
/// Most lines of a file, without its test modules.
const FILE_LINES_MAX: usize = 500;
/// The sources of what is shipped.
const PRODUCT: [&str; 4] = ["gateway/core/src", "storage/src", "gateway/src", "loadgen/src"];

#[test]
fn comment_lines_fit_110_columns() {
    let mut problems = Vec::new();
    for source in files("", &["rs", "js", "mjs"]) {
        for (number, line) in source.lines() {
            let is_comment = ["//", "/*", "* "].iter().any(|mark| line.trim_start().starts_with(mark));
            let columns = line.chars().count();
            if is_comment && columns > COMMENT_COLUMNS_MAX {
                problems.push(format!("{}:{number}: {columns} columns", source.path));
            }
        }
    }
    assert_none("Comment lines that are too wide; wrap them again:", &problems);
}

#[test]
fn product_functions_have_at_most_70_lines() {
    let mut problems = Vec::new();
    for source in PRODUCT.iter().flat_map(|folder| product(folder)) {
        let long = functions(&source).into_iter().filter(|(_, _, lines)| *lines > FUNCTION_LINES_MAX);
        problems.extend(
            long.map(|(number, name, lines)| format!("{}:{number}: `{name}` has {lines} lines", source.path)),
        );
    }
    assert_none("Functions that are too long; split them:", &problems);
}

#[test]
fn product_files_have_at_most_500_lines() {
    let mut problems = Vec::new();
    for source in PRODUCT.iter().flat_map(|folder| product(folder)) {
        let lines = source.text.trim_end().lines().count();
        if lines > FILE_LINES_MAX {
            problems.push(format!("{}: {lines} lines", source.path));
        }
    }
    assert_none("Files that are too long; split them:", &problems);
}

/// The functions of a formatted file, each with the line it starts at, its name, and its length in lines.
///
/// rustfmt puts the closing brace at the indentation of the line with `fn`, so no braces are counted.
fn functions(source: &SourceFile) -> Vec<(usize, &str, usize)> {
    let lines: Vec<(usize, &str)> = source.lines().collect();
    let mut found = Vec::new();
    for (index, (number, line)) in lines.iter().enumerate() {
        let Some(name) = function_name(line) else { continue };
        let indentation = &line[..line.len() - line.trim_start().len()];
        let ends = |line: &str| {
            let own = line.strip_prefix(indentation).filter(|own| !own.starts_with(' '));
            own.is_some_and(|own| own.starts_with('}') || own.ends_with([';', '}']))
        };
        if let Some(length) = lines[index..].iter().position(|(_, line)| ends(line)) {
            found.push((*number, name, length + 1));
        }
    }
    found
}

/// The name of the function that a line starts to declare.
fn function_name(line: &str) -> Option<&str> {
    let (_, rest) = line.trim_start().split_once("fn ").filter(|(before, _)| is_qualifiers(before))?;
    rest.split(|letter: char| !letter.is_alphanumeric() && letter != '_').next()
}

/// Whether a text is what may stand before `fn`: visibility, `const`, `async`, `unsafe`, `extern`.
fn is_qualifiers(text: &str) -> bool {
    let is_qualifier = |word: &str| {
        word.starts_with("pub") || ["const", "async", "unsafe", "extern", "\"C\""].contains(&word)
    };
    text.split_whitespace().all(is_qualifier)
}

#[test]
fn functions_are_measured_by_their_closing_brace() {
    let text = "pub(crate) async fn long(\n    a: u8,\n) -> u8 {\n    match a {\n        _ => 1,\n    }\n}\n\
                trait T {\n    fn declared(&self);\n    fn short() {}\n    fn body() {\n    }\n}\n";
    let source = SourceFile { path: String::new(), text: text.to_owned() };
    assert_eq!(functions(&source), [(1, "long", 7), (9, "declared", 1), (10, "short", 1), (11, "body", 2)]);
}
