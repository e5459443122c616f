//! The house: who may name what. A line that reaches past its room fails here.

use std::fs;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().map(Path::to_owned).unwrap_or_default()
}

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    for path in entries {
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

/// The lines of a file outside its tests.
fn lines(path: &Path) -> Vec<String> {
    let text = fs::read_to_string(path).unwrap_or_default();
    let own = text.split("#[cfg(test)]\nmod ").next().unwrap_or_default();
    own.lines().map(str::to_owned).collect()
}

/// Fails where a word stands in a file below `folder` that is not below one of `allowed`.
fn only(word: &str, folder: &str, allowed: &[&str]) {
    let root = root();
    let mut found = Vec::new();
    sources(&root.join(folder), &mut found);
    assert!(!found.is_empty(), "{folder} has no sources");
    for path in found {
        let name = path.strip_prefix(&root).unwrap_or(&path).display().to_string();
        if allowed.iter().any(|allowed| name.starts_with(allowed)) || name.ends_with("tests.rs") {
            continue;
        }
        for (number, line) in lines(&path).iter().enumerate() {
            let is_comment = line.trim_start().starts_with("//");
            assert!(
                is_comment || !line.contains(word),
                "{name}:{}: `{word}` does not belong here",
                number + 1
            );
        }
    }
}

#[test]
fn the_rules_know_no_clock_socket_file_thread_or_chance() {
    let words = [
        "SystemTime",
        "Instant::now",
        "std::fs",
        "std::net",
        "std::thread",
        "std::env",
        "tokio",
        "rand::",
        "tracing::",
    ];
    for word in words {
        only(word, "gateway/core/src", &[]);
    }
}

#[test]
fn each_library_is_named_in_its_room() {
    only("quinn", "gateway/src", &["gateway/src/serve"]);
    only("hyper::", "gateway/src", &["gateway/src/http.rs"]);
    for client in ["hyper_rustls", "hyper_util::client"] {
        only(client, "gateway/src", &["gateway/src/parties"]);
    }
    only(
        "fjall",
        "storage/src",
        &["storage/src/trail", "storage/src/registry/mod.rs", "storage/src/registry/rows"],
    );
    only("fjall", "gateway/src", &[]);
    only("scylla::", "storage/src", &["storage/src/cql", "storage/src/trail", "storage/src/registry/rows"]);
    only("scylla::", "gateway/src", &[]);
    only(
        "tokio",
        "storage/src",
        &["storage/src/cql", "storage/src/trail/scylla", "storage/src/registry/rows/scylla"],
    );
    only("SystemTime", "storage/src", &["storage/src/cql/clock.rs"]);
    only("std::fs", "storage/src/journal", &["storage/src/journal/disk.rs"]);
    only("SystemTime", "gateway/src", &["gateway/src/clock.rs"]);
    only("unsafe {", "gateway/src", &["gateway/src/serve/outbox.rs"]);
}

#[test]
fn http3_knows_neither_quic_nor_rooms() {
    for word in ["quinn", "crate::rooms", "crate::serve", "crate::office", "Instant::now"] {
        only(word, "gateway/src/http3", &[]);
    }
}

#[test]
fn the_scan_path_awaits_no_store_and_no_outside_party() {
    for word in ["registry", "TrailStore", "parties"] {
        only(word, "gateway/src/rooms", &[]);
        only(word, "gateway/src/serve", &[]);
    }
}

#[test]
fn the_pack_of_packages_keeps_its_direction() {
    for (package, may_not) in [
        ("gateway/core", ["scangate-storage", "scangate-gateway", "scangate-loadgen", "tokio"].as_slice()),
        ("storage", ["scangate-gateway", "scangate-loadgen"].as_slice()),
        ("loadgen", ["scangate-gateway", "scangate-storage"].as_slice()),
    ] {
        let manifest = fs::read_to_string(root().join(package).join("Cargo.toml")).unwrap_or_default();
        let own = manifest.split("[dependencies]").nth(1).unwrap_or_default();
        let own = own.split("\n[").next().unwrap_or_default();
        assert!(!own.is_empty(), "{package}");
        for name in may_not {
            let names = own.lines().filter_map(|line| line.split(['.', ' ', '=']).next());
            assert!(!names.into_iter().any(|own| own == *name), "{package} may not use {name}");
        }
    }
}
