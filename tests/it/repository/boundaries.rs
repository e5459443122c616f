//! The boundaries of the crates and folders: which of them may name a library, a clock, or each other.
//! Clocks, threads and the environment are banned by clippy.toml, here and in gateway/core.

use super::sources::{product, root};
use std::fs;

/// Fails if a word stands in the product text of a file below `folder` that is not below one of `allowed`.
fn only(word: &str, folder: &str, allowed: &[&str]) {
    for source in product(folder) {
        let name = &source.path;
        if allowed.iter().any(|allowed| name.starts_with(allowed)) {
            continue;
        }
        for (number, line) in source.lines() {
            let is_comment = line.trim_start().starts_with("//");
            assert!(is_comment || !line.contains(word), "{name}:{number}: `{word}` does not belong here");
        }
    }
}

#[test]
fn the_rules_know_no_socket_file_runtime_or_chance() {
    for word in ["std::fs", "std::net", "tokio", "rand::", "tracing::"] {
        only(word, "gateway/core/src", &[]);
    }
}

#[test]
fn each_library_is_named_in_its_room() {
    only("quinn", "gateway/src", &["gateway/src/serve"]);
    only("hyper::", "gateway/src", &["gateway/src/serve/tcp", "gateway/src/ops/admin/listener.rs"]);
    let providers = "gateway/src/office/registration/providers";
    only("hyper_rustls", "gateway/src", &[providers]);
    only("hyper_util::client", "gateway/src", &[providers, "gateway/src/bin/gateway/admin_client.rs"]);
    only(
        "fjall",
        "storage/src",
        &[
            "storage/src/raw_store",
            "storage/src/trail",
            "storage/src/registry/mod.rs",
            "storage/src/registry/rows",
        ],
    );
    only("fjall", "gateway/src", &[]);
    only("scylla::", "storage/src", &["storage/src/cql", "storage/src/trail", "storage/src/registry/rows"]);
    only("scylla::", "gateway/src", &[]);
    only(
        "tokio",
        "storage/src",
        &["storage/src/cql", "storage/src/trail/scylla", "storage/src/registry/rows/scylla"],
    );
    only("std::fs", "storage/src/journal", &["storage/src/journal/disk.rs", "storage/src/journal/files"]);
    only("unsafe {", "gateway/src", &["gateway/src/serve/quic/outbox.rs"]);
}

/// Elsewhere a shutdown would look like a panic.
#[test]
fn work_that_blocks_is_begun_in_one_place() {
    only("spawn_blocking", "gateway/src", &["gateway/src/office/blocking.rs"]);
}

#[test]
fn http3_knows_neither_quic_nor_rooms() {
    for word in ["quinn", "crate::rooms", "crate::serve", "crate::office", "Instant::now"] {
        only(word, "gateway/src/wire", &[]);
    }
}

#[test]
fn the_scan_path_awaits_no_store_and_no_outside_party() {
    for word in ["registry", "TrailStore", "providers"] {
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

/// `--skip cluster:: --skip equipment:: --skip keeping::upgrade:: --skip lives::` leaves exactly the tests
/// that need neither.
#[test]
fn tests_that_need_a_cluster_or_equipment_stand_in_their_folders() {
    const UPGRADE: &str = "tests/it/keeping/upgrade";
    for word in ["shared_turn", "exclusive_turn", "nodes()", "ClusterCity::new", "SCANGATE_TEST_SECURE"] {
        only(word, "tests/it", &["tests/it/cluster", UPGRADE, "tests/it/repository"]);
    }
    for word in ["Clock::", "Command::new", "SCANGATE_TEST_SMALL_DISK", "SCANGATE_TEST_PYTHON"] {
        only(word, "tests/it", &["tests/it/equipment", "tests/it/lives", UPGRADE, "tests/it/repository"]);
    }
}
