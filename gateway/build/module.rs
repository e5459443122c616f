//! One module of a page: what it imports and exports, and its code under names that no other module has.

use anyhow::{Context as _, bail, ensure};
use oxc_allocator::Allocator;
use oxc_ast::ast::{
    ExportDefaultDeclaration, ExportDefaultDeclarationKind, Expression, ImportExpression, Program, Statement,
};
use oxc_ast::builder::AstBuilder;
use oxc_ast_visit::{VisitMut, walk_mut};
use oxc_codegen::Codegen;
use oxc_parser::Parser;
use oxc_semantic::SemanticBuilder;
use oxc_span::{GetSpan as _, SourceType};
use oxc_syntax::module_record::{ExportExportName, ImportImportName, ModuleRecord};
use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};

/// A name that a module imports.
pub(crate) struct Import {
    /// The name in this module.
    local: String,
    /// The exported name, or none for all exports as one object.
    name: Option<String>,
    pub(crate) from: PathBuf,
}

/// A module as it was read.
pub(crate) struct Module {
    pub(crate) path: PathBuf,
    source: String,
    pub(crate) imports: Vec<Import>,
    /// The modules that are loaded when they are needed.
    pub(crate) loaded: Vec<PathBuf>,
    /// The local names of exports, by exported name.
    pub(crate) exports: BTreeMap<String, String>,
}

/// The names of all modules after linking.
pub(crate) struct Names<'a> {
    /// The number of each module, which makes its names its own.
    pub(crate) numbers: &'a HashMap<PathBuf, usize>,
    pub(crate) modules: &'a [Module],
    /// The addresses of modules that are loaded when they are needed.
    pub(crate) addresses: &'a BTreeMap<PathBuf, String>,
}

impl Names<'_> {
    /// The final name of an export.
    fn of_export(&self, path: &Path, name: &str) -> anyhow::Result<String> {
        let number = *self.numbers.get(path).with_context(|| format!("no module {}", path.display()))?;
        let local = self.modules[number].exports.get(name);
        let local = local.with_context(|| format!("{} does not export {name}", path.display()))?;
        Ok(own_name(local, number))
    }
}

/// The name that a module's own name has among all modules.
pub(crate) fn own_name(local: &str, number: usize) -> String {
    format!("{local}${number}")
}

/// The file that a module names from a folder.
pub(crate) fn resolve(folder: &Path, name: &str) -> anyhow::Result<PathBuf> {
    ensure!(name.starts_with('.'), "{name} is not a relative path");
    let mut path = folder.to_path_buf();
    for part in name.split('/') {
        match part {
            "." => {}
            ".." => ensure!(path.pop(), "{name} leaves the file system"),
            _ => path.push(part),
        }
    }
    Ok(path)
}

fn parse<'a>(allocator: &'a Allocator, source: &'a str) -> anyhow::Result<(Program<'a>, ModuleRecord<'a>)> {
    let parsed = Parser::new(allocator, source, SourceType::mjs()).parse();
    if let Some(fault) = parsed.diagnostics.iter().next() {
        bail!("{fault}");
    }
    Ok((parsed.program, parsed.module_record))
}

impl Module {
    /// Reads a module's imports and exports.
    pub(crate) fn read(path: &Path) -> anyhow::Result<Self> {
        let source = std::fs::read_to_string(path)?;
        let folder = path.parent().context("a file has a folder")?;
        let allocator = Allocator::default();
        let (_, record) = parse(&allocator, &source)?;
        ensure!(record.star_export_entries.is_empty(), "`export *` is not linked");
        ensure!(record.indirect_export_entries.is_empty(), "a re-export is not linked");
        let import = |entry: &oxc_syntax::module_record::ImportEntry<'_>| {
            let name = match &entry.import_name {
                ImportImportName::Name(name) => Some(name.name.to_string()),
                ImportImportName::NamespaceObject => None,
                ImportImportName::Default(_) => bail!("a default import is not linked"),
            };
            let from = resolve(folder, &entry.module_request.name)?;
            Ok(Import { local: entry.local_name.name.to_string(), name, from })
        };
        let imports = record.import_entries.iter().map(import).collect::<anyhow::Result<_>>()?;
        let mut exports = BTreeMap::new();
        for entry in &record.local_export_entries {
            if let (ExportExportName::Name(name), Some(local)) = (&entry.export_name, entry.local_name.name())
            {
                exports.insert(name.name.to_string(), local.to_string());
            }
        }
        let mut loaded = Vec::new();
        for entry in &record.dynamic_imports {
            let name = entry.module_request.source_text(&source);
            loaded.push(resolve(folder, name.trim_matches(['"', '\'']))?);
        }
        Ok(Self { path: path.to_path_buf(), source, imports, loaded, exports })
    }

    /// The module's code without imports and exports, under names that no other module has.
    pub(crate) fn code(&self, names: &Names<'_>) -> anyhow::Result<String> {
        let allocator = Allocator::default();
        let (mut program, _) = parse(&allocator, &self.source)?;
        let mut scoping = SemanticBuilder::new().build(&program).semantic.into_scoping();
        let number = names.numbers[&self.path];
        let own: Vec<_> = scoping.get_bindings(scoping.root_scope_id()).values().copied().collect();
        for symbol in own {
            let local = scoping.symbol_name(symbol).to_owned();
            let name = match self.imports.iter().find(|import| import.local == local) {
                None => own_name(&local, number),
                Some(Import { name: Some(name), from, .. }) => names.of_export(from, name)?,
                // Each use of a name in it is replaced below.
                Some(Import { name: None, .. }) => local,
            };
            scoping.set_symbol_name(symbol, allocator.alloc_str(&name).into());
        }
        let mut linking = Linking { module: self, names, allocator: &allocator, fault: None };
        linking.visit_program(&mut program);
        if let Some(fault) = linking.fault {
            return Err(fault);
        }
        strip(&mut program, &allocator);
        Ok(Codegen::new().with_scoping(Some(scoping)).build(&program).code)
    }
}

/// Replaces what only the whole program knows.
struct Linking<'a, 'b> {
    module: &'b Module,
    names: &'b Names<'b>,
    allocator: &'a Allocator,
    fault: Option<anyhow::Error>,
}

impl<'a> Linking<'a, '_> {
    /// The final name behind `object.name`, if the object stands for all exports of a module.
    fn export(&self, object: &str, name: &str) -> Option<anyhow::Result<String>> {
        let import =
            self.module.imports.iter().find(|import| import.name.is_none() && import.local == object)?;
        Some(self.names.of_export(&import.from, name))
    }

    fn address(&self, name: &str) -> anyhow::Result<&'a str> {
        let folder = self.module.path.parent().context("a file has a folder")?;
        let address =
            self.names.addresses.get(&resolve(folder, name)?).context("a module without address")?;
        Ok(self.allocator.alloc_str(address))
    }
}

impl<'a> VisitMut<'a> for Linking<'a, '_> {
    fn visit_expression(&mut self, expression: &mut Expression<'a>) {
        if let Expression::StaticMemberExpression(member) = expression
            && let Expression::Identifier(object) = &member.object
            && let Some(export) = self.export(&object.name, &member.property.name)
        {
            match export {
                Ok(name) => {
                    let name: &str = self.allocator.alloc_str(&name);
                    *expression =
                        Expression::new_identifier(member.span(), name, &AstBuilder::new(self.allocator));
                }
                Err(fault) => self.fault = Some(fault),
            }
            return;
        }
        walk_mut::walk_expression(self, expression);
    }

    fn visit_import_expression(&mut self, import: &mut ImportExpression<'a>) {
        let Expression::StringLiteral(source) = &mut import.source else {
            self.fault = Some(anyhow::anyhow!("an import that is loaded has no literal path"));
            return;
        };
        match self.address(&source.value) {
            Ok(address) => {
                source.value = address.into();
                source.raw = None;
            }
            Err(fault) => self.fault = Some(fault),
        }
    }
}

/// Removes the import and export statements, and keeps what is declared in them.
fn strip<'a>(program: &mut Program<'a>, allocator: &'a Allocator) {
    let statements = std::mem::replace(&mut program.body, oxc_allocator::ArenaVec::new_in(&allocator));
    for statement in statements {
        if let Statement::ExportDeclaration(export) = statement {
            program.body.push(Statement::from(export.unbox().declaration));
        } else if !is_linked(&statement) {
            program.body.push(statement);
        }
    }
}

/// Whether a statement only names what other modules have, or what they get.
fn is_linked(statement: &Statement<'_>) -> bool {
    let is_name = |export: &ExportDefaultDeclaration<'_>| {
        matches!(export.declaration, ExportDefaultDeclarationKind::Identifier(_))
    };
    matches!(statement, Statement::ImportDeclaration(_) | Statement::ExportNamedDeclaration(_))
        || matches!(statement, Statement::ExportDefaultDeclaration(export) if is_name(export))
}
