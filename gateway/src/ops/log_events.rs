//! The codes of log events. `deploy/LOG_EVENTS.md` lists them for operators, and `gateway explain` reads that
//! list; a test compares it with the sources.

/// The operators' list.
const LIST: &str = include_str!("../../../deploy/LOG_EVENTS.md");

/// A kind of log line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LogEvent {
    /// Its code.
    pub code: &'static str,
    /// Its level, in lower case.
    pub level: &'static str,
    /// What happened.
    pub message: &'static str,
    /// The code of the page of the runbooks that says what to do; empty where nothing is to be done.
    pub page: &'static str,
}

impl LogEvent {
    fn of_row(row: &'static str) -> Option<Self> {
        let mut cells = row.strip_prefix("| `")?.split(" |").map(|cell| cell.trim_matches(['`', ' ']));
        let (code, level, message) = (cells.next()?, cells.next()?, cells.next()?);
        Some(Self { code, level, message, page: cells.next().unwrap_or_default() })
    }
}

/// All events, by code.
pub fn all() -> impl Iterator<Item = LogEvent> {
    LIST.lines().filter_map(LogEvent::of_row)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::sources::product_sources;
    use std::collections::BTreeSet;
    use std::fs;

    const LEVELS: [&str; 4] = ["debug", "info", "warn", "error"];

    /// The level and code of each line that a source logs. A call without a code has an empty one.
    fn logged(source: &str) -> Vec<(String, String)> {
        let calls = source.split("tracing::").skip(1).filter_map(|call| {
            let (level, arguments) = call.split_once("!(")?;
            let code =
                arguments.trim_start().strip_prefix("event = \"").and_then(|rest| rest.split('"').next());
            LEVELS.contains(&level).then(|| (code.unwrap_or_default().to_owned(), level.to_owned()))
        });
        calls.collect()
    }

    #[test]
    fn every_line_that_the_sources_log_has_a_listed_code_and_every_code_is_logged() {
        let used: BTreeSet<_> = product_sources()
            .into_iter()
            .filter(|path| !path.ends_with("ops/log_events.rs"))
            .flat_map(|path| logged(&fs::read_to_string(path).unwrap()))
            .collect();
        let listed: BTreeSet<_> =
            all().map(|event| (event.code.to_owned(), event.level.to_owned())).collect();
        assert_eq!(used, listed);
        assert!(all().all(|event| !event.message.is_empty()));
    }
}
