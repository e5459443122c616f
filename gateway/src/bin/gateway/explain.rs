//! `gateway explain`: the page of the runbooks about a code.

use anyhow::bail;
use scangate_gateway::ops::log_events::{self, LogEvent};
use scangate_gateway::ops::runbooks::RunbookPage;

/// Prints what a code means: the row of a log event, and the page of a fault. **Errors**: the code is
/// unknown; the message has the nearest one.
pub(crate) fn run(code: Option<&str>) -> anyhow::Result<()> {
    match code {
        Some(code) => print(code),
        None => {
            list();
            Ok(())
        }
    }
}

fn print(code: &str) -> anyhow::Result<()> {
    let event = log_events::all().find(|event| event.code == code);
    let page = RunbookPage::find(event.map_or(code, |event| event.page));
    if let Some(LogEvent { code, level, message, .. }) = event {
        println!("The log event {code} ({level}): {message}.\n");
    }
    if let Some(page) = page {
        print!("{}", page.text);
    }
    if event.is_none() && page.is_none() {
        bail!("there is no code `{code}`: {}", advice(code));
    }
    Ok(())
}

/// Lists every page with its title.
fn list() {
    for page in RunbookPage::all() {
        println!("{:22} {}", page.code, page.title());
    }
}

/// What to type in place of an unknown code.
fn advice(code: &str) -> String {
    let known =
        RunbookPage::all().iter().map(|page| page.code).chain(log_events::all().map(|event| event.code));
    match scangate_core::document::nearest(code, known) {
        Some(nearest) => format!("the nearest one is `{nearest}`"),
        None => "`gateway explain` without a code lists the pages".to_owned(),
    }
}
