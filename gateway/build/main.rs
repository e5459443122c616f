//! Builds the web pages. Each page becomes one document with its styles, texts and a small script inside, and
//! one file with all its modules. Files are compressed here, and their names contain their hashes, so that a
//! browser keeps them for ever.

mod document;
mod link;
mod module;
mod output;
mod packages;
mod shorten;
mod texts;
mod worker;

use self::document::{Document, PageParts};
use self::link::Graph;
use self::output::{Output, OutputFile};
use self::shorten::shorten;
use self::texts::Texts;
use anyhow::Context as _;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// A page: its address, its document in the web folder, and whether it may use the camera.
struct Page {
    path: &'static str,
    document: &'static str,
    uses_camera: bool,
}

/// A page without the camera.
const fn page(path: &'static str, document: &'static str) -> Page {
    Page { path, document, uses_camera: false }
}

/// The address under which the check-in page is kept. It names no venue.
const VENUE_PAGE: &str = "/v/-";
/// Residents' pages, which their service worker keeps.
const RESIDENT_PAGES: [Page; 2] = [page("/me", "pages/me.html"), page(VENUE_PAGE, "pages/check_in.html")];
/// Pages of the staff, which their own service worker keeps.
const STAFF_PAGES: [Page; 2] = [
    page("/staff/door", "door/door.html"),
    Page { uses_camera: true, ..page("/staff/terminal", "terminal/terminal.html") },
];
/// Pages that no service worker keeps. The last one stands for every address without a page.
const PUBLIC_PAGES: [Page; 3] = [
    page("/", "pages/home.html"),
    page("/staff/cases", "cases/cases.html"),
    page("unknown", "pages/unknown.html"),
];

/// The address of a package's module that is not installed. No file has it.
const MISSING: &str = "/web/missing.js";
/// Files that are served as they are: their address, their path in the package, and their media type.
const FIXED_FILES: [(&str, &str, &str); 3] = [
    ("/openapi.json", "openapi.json", "application/json"),
    ("/icon.svg", "web/pages/icon.svg", "image/svg+xml"),
    ("/manifest.webmanifest", "web/pages/manifest.webmanifest", "application/manifest+json"),
];

/// Packs the relocations of the program, which has one for every address in its tables. They take some
/// kilobytes in place of four megabytes, and the loader needs glibc 2.36.
fn pack_relocations() {
    if cfg!(all(target_os = "linux", target_env = "gnu")) {
        println!("cargo::rustc-link-arg-bins=-Wl,-z,pack-relative-relocs");
    }
}

fn main() -> anyhow::Result<()> {
    pack_relocations();
    let root = cargo_folder("CARGO_MANIFEST_DIR")?;
    let web = root.join("web");
    println!("cargo::rerun-if-changed={}", web.display());
    println!("cargo::rerun-if-changed={}", root.join("build").display());
    println!("cargo::rerun-if-changed={}", root.join("openapi.json").display());
    packages::install(&web);
    let texts = Texts::read(&web.join("words"))?;
    let mut output = Output::default();
    build_pages(&web, &texts, &PUBLIC_PAGES, &mut output)?;
    for (pages, worker) in [(&RESIDENT_PAGES[..], "/worker.js"), (&STAFF_PAGES, "/staff/worker.js")] {
        let kept = build_pages(&web, &texts, pages, &mut output)?;
        let worker = worker::build(&web, worker, &kept, VENUE_PAGE, &output)?;
        output.add(worker);
    }
    for (path, file, kind) in FIXED_FILES {
        output.add(OutputFile::fixed(path, kind, std::fs::read(root.join(file))?));
    }
    output.write(&cargo_folder("OUT_DIR")?)
}

/// A folder that cargo names to build scripts.
#[expect(clippy::disallowed_methods, reason = "cargo tells a build script its folders in variables")]
fn cargo_folder(name: &str) -> anyhow::Result<PathBuf> {
    Ok(PathBuf::from(std::env::var(name)?))
}

/// Adds pages and their scripts. Returns the addresses of all.
fn build_pages(
    web: &Path,
    texts: &Texts,
    pages: &[Page],
    output: &mut Output,
) -> anyhow::Result<Vec<String>> {
    let mut addresses = Vec::new();
    for page in pages {
        addresses.extend(build_page(web, texts, page, output)?);
    }
    Ok(addresses)
}

/// Adds a page and its scripts. Returns the addresses of all.
fn build_page(web: &Path, texts: &Texts, page: &Page, output: &mut Output) -> anyhow::Result<Vec<String>> {
    let file = web.join(page.document);
    let about = || file.display().to_string();
    let document = Document::read(&file).with_context(about)?;
    let mut scripts = Vec::new();
    if !document.modules.is_empty() {
        let graph = Graph::read(&document.modules).with_context(about)?;
        let mut addresses = BTreeMap::new();
        for loaded in graph.loaded() {
            let address = if loaded.exists() {
                build_loaded(loaded, output).with_context(about)?
            } else {
                MISSING.to_owned()
            };
            addresses.insert(loaded.to_path_buf(), address);
        }
        let script = shorten(&graph.link(&addresses).with_context(about)?).with_context(about)?;
        scripts.push(output.add(OutputFile::hashed(&stem(&document.modules[0])?, script.into_bytes())));
        scripts.extend(addresses.into_values().filter(|address| address != MISSING));
    }
    let script = scripts.first().map(String::as_str);
    let parts = PageParts { texts, script, uses_camera: page.uses_camera };
    let built = document.build(page.path, &parts).with_context(about)?;
    let address = output.add(built);
    Ok([vec![address], scripts].concat())
}

/// Adds a module that pages load when they need it, with all that it imports.
fn build_loaded(path: &Path, output: &mut Output) -> anyhow::Result<String> {
    let graph = Graph::read(&[path.to_path_buf()])?;
    let code = graph.link(&BTreeMap::new())? + &graph.exports();
    Ok(output.add(OutputFile::hashed(&stem(path)?, shorten(&code)?.into_bytes())))
}

fn stem(path: &Path) -> anyhow::Result<String> {
    Ok(path.file_stem().context("a file has a name")?.to_string_lossy().into_owned())
}
