//! The corpus of the fuzz targets, replayed.

#[path = "../../fuzz/targets.rs"]
mod targets;

use std::fs;
use std::path::Path;

#[test]
fn every_input_of_the_corpus_is_borne() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus");
    for (name, target) in targets::TARGETS {
        let inputs: Vec<_> =
            fs::read_dir(corpus.join(name)).unwrap().map(|entry| entry.unwrap().path()).collect();
        assert!(inputs.len() >= 3, "{name} has {} inputs", inputs.len());
        for input in inputs {
            eprintln!("{}", input.display());
            target(&fs::read(&input).unwrap());
        }
    }
}

#[test]
fn every_target_has_a_binary_and_a_line_in_the_readme() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz");
    let (manifest, readme) = (folder.join("Cargo.toml"), folder.join("README.md"));
    let (manifest, readme) = (fs::read_to_string(manifest).unwrap(), fs::read_to_string(readme).unwrap());
    for (name, _) in targets::TARGETS {
        assert!(manifest.contains(&format!("name = \"{name}\"\n")), "{name}");
        assert!(readme.contains(&format!("| `{name}` |")), "{name}");
        assert!(folder.join(format!("fuzz_targets/{name}.rs")).exists(), "{name}");
    }
}
