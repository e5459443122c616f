//! What a command that was run to its end said.

use std::process::Output;

/// All of it, both streams.
#[must_use]
pub fn output_text(output: &Output) -> String {
    let Output { stdout, stderr, .. } = output;
    String::from_utf8_lossy(&[&stdout[..], stderr].concat()).into_owned()
}

/// Panics unless it ended well and said these words.
#[track_caller]
pub fn assert_done(output: &Output, words: &str) {
    assert!(output.status.success() && output_text(output).contains(words), "{}", output_text(output));
}

/// Panics unless it ended with 1 and said these words.
#[track_caller]
pub fn assert_refused(output: &Output, words: &str) {
    assert_eq!(output.status.code(), Some(1), "{}", output_text(output));
    assert!(output_text(output).contains(words), "{}", output_text(output));
}
