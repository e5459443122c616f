//! Shortens scripts.

use anyhow::ensure;
use oxc_allocator::Allocator;
use oxc_codegen::{Codegen, CodegenOptions, CommentOptions};
use oxc_minifier::{Minifier, MinifierOptions};
use oxc_parser::Parser;
use oxc_span::SourceType;

/// A module without comments, long names, and what nothing uses.
pub(crate) fn shorten(code: &str) -> anyhow::Result<String> {
    shorten_source(code, SourceType::mjs())
}

/// The same for a classic script.
pub(crate) fn shorten_script(code: &str) -> anyhow::Result<String> {
    shorten_source(code, SourceType::script())
}

fn shorten_source(code: &str, kind: SourceType) -> anyhow::Result<String> {
    let allocator = Allocator::default();
    let parsed = Parser::new(&allocator, code, kind).parse();
    ensure!(parsed.diagnostics.is_empty(), "the linked modules do not parse");
    let mut program = parsed.program;
    let shortened = Minifier::new(MinifierOptions::default()).minify(&allocator, &mut program);
    let options =
        CodegenOptions { minify: true, comments: CommentOptions::disabled(), ..CodegenOptions::default() };
    Ok(Codegen::new().with_options(options).with_scoping(shortened.scoping).build(&program).code)
}
