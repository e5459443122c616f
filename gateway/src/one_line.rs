//! An error with its causes in one line, without saying a cause twice.

use std::error::Error;
use std::fmt;

/// Shows an error and its causes, `error: cause: cause`. A cause whose text the line already has is left out:
/// some libraries repeat the text of a cause in the error above it.
pub struct OneLine<'a>(pub &'a anyhow::Error);

impl fmt::Display for OneLine<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut line = String::new();
        for cause in self.0.chain() {
            add(&mut line, cause);
        }
        out.write_str(&line)
    }
}

fn add(line: &mut String, cause: &dyn Error) {
    let text = cause.to_string();
    let text = text.trim();
    if line.contains(text) {
        return;
    }
    if !line.is_empty() {
        line.push_str(": ");
    }
    line.push_str(text);
}

#[cfg(test)]
mod tests {
    use super::*;
    use anyhow::Context as _;
    use scangate_storage::journal::JournalError;
    use std::io;

    #[test]
    fn a_cause_that_the_line_has_is_not_said_again() {
        let full = || JournalError::from(io::Error::other("no space"));
        let error = anyhow::Error::from(full()).context("opening data");
        assert_eq!(OneLine(&error).to_string(), "opening data: the journal's disk: no space");
        let plain = Err::<(), _>(io::Error::other("no space")).context("opening data").unwrap_err();
        assert_eq!(OneLine(&plain).to_string(), "opening data: no space");
    }
}
