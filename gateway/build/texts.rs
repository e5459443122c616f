//! The texts of both languages, for the static text of documents.

use anyhow::{Context as _, bail, ensure};
use oxc_allocator::Allocator;
use oxc_ast::ast::{Declaration, Expression, ObjectPropertyKind, Statement, VariableDeclarator};
use oxc_parser::Parser;
use oxc_span::SourceType;
use std::collections::BTreeMap;
use std::path::Path;

/// The texts in Chinese and English, by `section.key`.
pub(crate) struct Texts(BTreeMap<String, [String; 2]>);

impl Texts {
    /// Reads the files of both languages.
    /// **Errors**: a file has more than sections of texts, or one language lacks a text of the other.
    pub(crate) fn read(folder: &Path) -> anyhow::Result<Self> {
        let chinese = read_language(&folder.join("zh.js"))?;
        let mut english = read_language(&folder.join("en.js"))?;
        let mut texts = BTreeMap::new();
        for (key, text) in chinese {
            let other = english.remove(&key).with_context(|| format!("words/en.js has no {key}"))?;
            texts.insert(key, [text, other]);
        }
        ensure!(english.is_empty(), "words/zh.js has no {:?}", english.keys());
        Ok(Self(texts))
    }

    /// Replaces `{{section.key}}` by the texts of both languages, each marked as what it is. English stands
    /// below Chinese with `|below`, and both are one plain text with `|plain`, for attributes and options.
    pub(crate) fn expand(&self, document: &str) -> anyhow::Result<String> {
        let mut parts = document.split("{{");
        let mut expanded = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            let (name, rest) = part.split_once("}}").context("a text's name has no end")?;
            let (key, form) = name.split_once('|').unwrap_or((name, ""));
            let [chinese, english] = self.0.get(key).with_context(|| format!("no text {key}"))?;
            let (chinese, english) = (escape(chinese), escape(english));
            expanded += &match form {
                "" => format!("<span lang=\"zh-CN\">{chinese}</span> <span lang=\"en\">{english}</span>"),
                "below" => {
                    format!("<span lang=\"zh-CN\">{chinese}</span><small lang=\"en\">{english}</small>")
                }
                "plain" => format!("{chinese} {english}"),
                other => bail!("{key} has no form {other}"),
            };
            expanded += rest;
        }
        Ok(expanded)
    }
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// The texts of one language.
fn read_language(path: &Path) -> anyhow::Result<BTreeMap<String, String>> {
    let source = std::fs::read_to_string(path).with_context(|| path.display().to_string())?;
    let allocator = Allocator::default();
    let parsed = Parser::new(&allocator, &source, SourceType::mjs()).parse();
    ensure!(parsed.diagnostics.is_empty(), "{} does not parse", path.display());
    let mut texts = BTreeMap::new();
    for statement in &parsed.program.body {
        let Statement::ExportDeclaration(export) = statement else {
            bail!("{} has more than sections", path.display());
        };
        let Declaration::VariableDeclaration(sections) = &export.declaration else {
            bail!("{} exports something else than a section", path.display());
        };
        for section in &sections.declarations {
            read_section(section, &mut texts).with_context(|| path.display().to_string())?;
        }
    }
    Ok(texts)
}

fn read_section(
    section: &VariableDeclarator<'_>,
    texts: &mut BTreeMap<String, String>,
) -> anyhow::Result<()> {
    let name = section.id.get_identifier_name().context("a section has no name")?;
    let Some(Expression::ObjectExpression(object)) = &section.init else {
        bail!("{name} has something else than texts");
    };
    for property in &object.properties {
        let ObjectPropertyKind::ObjectProperty(property) = property else {
            bail!("{name} has more than texts");
        };
        let key = property.key.static_name().with_context(|| format!("{name} has a key without a name"))?;
        let Expression::StringLiteral(text) = &property.value else {
            bail!("{name}.{key} must be a string");
        };
        let key = format!("{name}.{key}");
        ensure!(texts.insert(key.clone(), text.value.to_string()).is_none(), "{key} is there twice");
    }
    Ok(())
}
