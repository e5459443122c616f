//! `tests/REQUIREMENTS.md` and the test functions name each other, both ways.

use super::sources::{assert_none, files, root};
use std::collections::{BTreeMap, BTreeSet};

const PAGE: &str = "tests/REQUIREMENTS.md";
/// The page's text in the column of tests, for a requirement without one.
const NO_TEST: &str = "no test by this name";

#[test]
fn every_requirement_in_a_tests_name_is_listed_and_every_listed_test_exists() {
    let (listed, in_sources) = (listed(), in_sources());
    let mut problems = Vec::new();
    for (code, tests) in &in_sources {
        let Some(row) = listed.get(code) else {
            problems.push(format!("{code} is in the name of {tests:?}; add a row for it to {PAGE}"));
            continue;
        };
        let missing = tests.difference(row);
        problems.extend(missing.map(|test| format!("{PAGE}, row {code}: add the test `{test}`")));
    }
    let none = BTreeSet::new();
    for (code, row) in &listed {
        let gone = row.difference(in_sources.get(code).unwrap_or(&none));
        let gone = gone.map(|test| {
            let has_no_such_code = !codes(test).contains(code);
            let why = if has_no_such_code { "does not name the code" } else { "is not in the sources" };
            format!("{PAGE}, row {code}: `{test}` {why}; correct or remove it")
        });
        problems.extend(gone);
    }
    assert_none("The requirements and the tests differ:", &problems);
}

/// The page's rows: the tests of each code. A row without tests says so.
fn listed() -> BTreeMap<String, BTreeSet<String>> {
    let page = std::fs::read_to_string(root().join(PAGE)).unwrap_or_default();
    let mut rows = BTreeMap::new();
    for line in page.lines().filter(|line| line.starts_with("| ")) {
        let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        let &[code, _sentence, _requirement, tests] = cells.as_slice() else {
            panic!("{PAGE}: a row has {} cells instead of 4: {line}", cells.len());
        };
        if code == "Code" {
            continue;
        }
        let names: BTreeSet<String> = tests.split('`').skip(1).step_by(2).map(str::to_owned).collect();
        assert_eq!(names.is_empty(), tests == NO_TEST, "{PAGE}, row {code}: list tests, or say `{NO_TEST}`");
        assert!(rows.insert(code.to_owned(), names).is_none(), "{PAGE}: {code} has two rows");
    }
    assert!(!rows.is_empty(), "{PAGE} has no rows");
    rows
}

/// The test functions of the repository whose names have a code, by code.
fn in_sources() -> BTreeMap<String, BTreeSet<String>> {
    let mut tests: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for source in files("", &["rs"]) {
        let mut is_test = false;
        for (_, line) in source.lines() {
            let line = line.trim_start();
            is_test |= line.starts_with("#[test") || line.starts_with("#[tokio::test");
            let Some((_, rest)) = line.split_once("fn ").filter(|_| is_test) else { continue };
            is_test = false;
            let name = rest.split('(').next().unwrap_or_default();
            for code in codes(name) {
                tests.entry(code).or_default().insert(name.to_owned());
            }
        }
    }
    tests
}

/// The codes in a test's name: `xz_04` is XZ-04, `test_0` TEST-0.
fn codes(name: &str) -> Vec<String> {
    let words: Vec<&str> = name.split('_').collect();
    let is_number =
        |word: &str, digits: usize| word.len() == digits && word.bytes().all(|byte| byte.is_ascii_digit());
    let is_code = |pair: &&[&str]| match pair {
        ["xz" | "xj" | "gz" | "hb", number] => is_number(number, 2),
        ["test", number] => is_number(number, 1),
        _ => false,
    };
    words.windows(2).filter(is_code).map(|pair| pair.join("-").to_uppercase()).collect()
}

#[test]
fn codes_stand_anywhere_in_a_name() {
    assert_eq!(codes("xj_05_and_xz_13_everybody"), ["XJ-05", "XZ-13"]);
    assert_eq!(codes("test_0_forty_residents_under_100_tries"), ["TEST-0"]);
    assert!(codes("xz_4_test_sites_hb_x").is_empty());
}
