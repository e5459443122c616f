//! The man pages and completion scripts, generated from the command line's own definition so that they cannot
//! drift.

use crate::GatewayCli;
use anyhow::Context as _;
use clap::{Command, CommandFactory as _};
use clap_complete::Shell;
use clap_mangen::Man;
use std::io::{self, Write};

/// Writes the man page of a subcommand, or of `gateway` itself. **Errors**: no such subcommand; the output is
/// closed.
pub(crate) fn man_page(subcommand: Option<&str>, out: &mut impl Write) -> anyhow::Result<()> {
    Ok(Man::new(page_of(subcommand)?).render(out)?)
}

/// The command that a page describes. Only a built command knows its full name, such as `gateway-serve`.
fn page_of(subcommand: Option<&str>) -> anyhow::Result<Command> {
    let mut whole = GatewayCli::command();
    whole.build();
    let Some(name) = subcommand else { return Ok(whole) };
    let found = whole.find_subcommand(name).with_context(|| format!("gateway has no subcommand `{name}`"))?;
    Ok(found.clone())
}

/// Writes a shell's completion script. **Errors**: the output is closed.
pub(crate) fn completions(shell: Shell, out: &mut impl Write) -> io::Result<()> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut GatewayCli::command(), "gateway", &mut script);
    out.write_all(&script)
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::ValueEnum as _;
    use std::collections::BTreeSet;
    use std::fs;
    use std::path::Path;

    const PREFIX: &str = "SCANGATE_";
    /// The prefix of variables for configuration keys, which the help describes by their rule.
    const KEY_PREFIX: &str = "SCANGATE__";

    fn subcommands() -> Vec<String> {
        GatewayCli::command().get_subcommands().map(|command| command.get_name().to_owned()).collect()
    }

    #[test]
    fn every_subcommand_has_a_man_page_that_names_its_options() {
        let mut page = Vec::new();
        man_page(None, &mut page).unwrap();
        let whole = String::from_utf8(page).unwrap();
        for name in subcommands() {
            let mut page = Vec::new();
            man_page(Some(&name), &mut page).unwrap();
            let page = String::from_utf8(page).unwrap();
            assert!(page.contains(&format!(".TH gateway-{name} ")), "{page}");
            let escaped = name.replace('-', "\\-");
            assert!(whole.contains(&format!("gateway\\-{escaped}(1)")), "{name}: {whole}");
            for option in GatewayCli::command().find_subcommand(&name).unwrap().get_arguments() {
                if let Some(long) = option.get_long() {
                    assert!(page.contains(&long.replace('-', "\\-")), "{name} --{long}: {page}");
                }
            }
        }
        assert!(man_page(Some("nothing"), &mut Vec::new()).is_err());
    }

    #[test]
    fn every_shell_completes_every_subcommand() {
        for shell in Shell::value_variants() {
            let mut script = Vec::new();
            completions(*shell, &mut script).unwrap();
            let script = String::from_utf8(script).unwrap();
            for name in subcommands() {
                assert!(script.contains(&name), "{shell}: {name}");
            }
        }
    }

    #[test]
    fn the_command_line_is_sound() {
        GatewayCli::command().debug_assert();
    }

    /// The variables that product code reads, by the literals in the sources.
    #[test]
    fn the_help_names_every_environment_variable() {
        let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
        let mut names = BTreeSet::new();
        let mut folders = vec![manifest.join("src"), manifest.join("../storage/src")];
        while let Some(folder) = folders.pop() {
            for path in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
                if path.is_dir() {
                    folders.push(path);
                } else if !path.ends_with("cql/testing.rs") && !path.ends_with("bin/gateway/main.rs") {
                    let text = fs::read_to_string(path).unwrap();
                    let quoted = text.split('"').skip(1).step_by(2);
                    let is_name =
                        |word: &str| word.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_');
                    let words = quoted.filter(|word| word.starts_with(PREFIX) && is_name(word));
                    names.extend(words.map(str::to_owned));
                }
            }
        }
        names.remove(PREFIX);
        names.retain(|name| !name.starts_with(KEY_PREFIX));
        let help = GatewayCli::command().render_help().to_string();
        let words = help.split_whitespace().filter(|word| word.starts_with(PREFIX));
        let (keys, named): (BTreeSet<_>, BTreeSet<_>) =
            words.map(str::to_owned).partition(|word| word.starts_with(KEY_PREFIX));
        assert_eq!(named, names);
        assert_eq!(keys.len(), 3, "{keys:?}");
    }
}
