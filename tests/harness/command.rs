//! The output of a command that has ended.

use std::process::Output;

/// The text of both streams.
#[must_use]
pub fn output_text(output: &Output) -> String {
    let Output { stdout, stderr, .. } = output;
    String::from_utf8_lossy(&[&stdout[..], stderr].concat()).into_owned()
}

/// Panics unless the command succeeded and printed these words.
#[track_caller]
pub fn assert_done(output: &Output, words: &str) {
    assert!(output.status.success() && output_text(output).contains(words), "{}", output_text(output));
}

/// Panics unless the command exited with 2, as after warnings only, and printed these words.
#[track_caller]
pub fn assert_warned(output: &Output, words: &str) {
    assert_eq!(output.status.code(), Some(2), "{}", output_text(output));
    assert!(output_text(output).contains(words), "{}", output_text(output));
}

/// Panics unless the command exited with 1 and printed these words.
#[track_caller]
pub fn assert_refused(output: &Output, words: &str) {
    assert_eq!(output.status.code(), Some(1), "{}", output_text(output));
    assert!(output_text(output).contains(words), "{}", output_text(output));
}
