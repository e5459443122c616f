//! An error with its causes in one line, without saying a cause twice.

use std::error::Error;
use std::fmt;

/// Shows an error and its causes, `error: cause: cause`. A cause whose text the line already has is left out:
/// some libraries repeat the text of a cause in the error above it.
pub struct OneLine<'a>(pub &'a (dyn Error + 'static));

impl fmt::Display for OneLine<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut line = String::new();
        let mut next = Some(self.0);
        while let Some(error) = next {
            add(&mut line, error.to_string().trim());
            next = error.source();
        }
        out.write_str(&line)
    }
}

fn add(line: &mut String, text: &str) {
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

    #[derive(Debug, thiserror::Error)]
    enum DiskError {
        #[error("no space")]
        Full,
        #[error("the disk: {0}")]
        Repeating(#[source] Box<DiskError>),
        #[error("opening data")]
        Opening(#[source] Box<DiskError>),
    }

    #[test]
    fn a_cause_that_the_line_has_is_not_said_again() {
        let repeating = DiskError::Repeating(Box::new(DiskError::Full));
        assert_eq!(OneLine(&repeating).to_string(), "the disk: no space");
        let all = DiskError::Opening(Box::new(repeating));
        assert_eq!(OneLine(&all).to_string(), "opening data: the disk: no space");
        let plain = DiskError::Opening(Box::new(DiskError::Full));
        assert_eq!(OneLine(&plain).to_string(), "opening data: no space");
    }
}
