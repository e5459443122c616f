//! Joins the modules of a page in the order in which they run.

use super::module::{Module, Names, own_name};
use anyhow::{Context as _, ensure};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};

/// The modules of a page. Each stands after those that it imports.
#[derive(Default)]
pub(crate) struct Graph {
    modules: Vec<Module>,
    numbers: HashMap<PathBuf, usize>,
    /// The modules whose imports are being read: one of them again is a cycle.
    reading: Vec<PathBuf>,
}

impl Graph {
    /// The modules that these ones need.
    /// **Errors**: a file is missing, does not parse as a module, or imports itself in a circle.
    pub(crate) fn read(entries: &[PathBuf]) -> anyhow::Result<Self> {
        let mut graph = Self::default();
        for entry in entries {
            graph.add(entry)?;
        }
        Ok(graph)
    }

    fn add(&mut self, path: &Path) -> anyhow::Result<()> {
        if self.numbers.contains_key(path) {
            return Ok(());
        }
        let is_cycle = self.reading.iter().any(|reading| reading == path);
        ensure!(!is_cycle, "{} imports itself in a circle: {:?}", path.display(), self.reading);
        self.reading.push(path.to_path_buf());
        let module = Module::read(path).with_context(|| path.display().to_string())?;
        for import in &module.imports {
            self.add(&import.from).with_context(|| path.display().to_string())?;
        }
        self.reading.pop();
        self.numbers.insert(path.to_path_buf(), self.modules.len());
        self.modules.push(module);
        Ok(())
    }

    /// The modules that are loaded when they are needed.
    pub(crate) fn loaded(&self) -> BTreeSet<&Path> {
        self.modules.iter().flat_map(|module| &module.loaded).map(PathBuf::as_path).collect()
    }

    /// All code in one scope. `addresses` has those of the modules that are loaded when they are needed.
    pub(crate) fn link(&self, addresses: &BTreeMap<PathBuf, String>) -> anyhow::Result<String> {
        let names = Names { numbers: &self.numbers, modules: &self.modules, addresses };
        let code = |module: &Module| module.code(&names).with_context(|| module.path.display().to_string());
        let codes: Vec<String> = self.modules.iter().map(code).collect::<anyhow::Result<_>>()?;
        Ok(codes.concat())
    }

    /// The export statement of the last module, for a file that others load.
    pub(crate) fn exports(&self) -> String {
        let Some(last) = self.modules.last() else { return String::new() };
        let number = self.modules.len() - 1;
        let names: Vec<String> = last
            .exports
            .iter()
            .map(|(name, local)| format!("{} as {name}", own_name(local, number)))
            .collect();
        format!("export {{ {} }};\n", names.join(", "))
    }
}
