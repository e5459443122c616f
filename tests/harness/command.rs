//! The output of a command.

use std::io::BufRead;
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

/// Reads a running command's lines up to one with these words. Returns them. **Errors**: it ended before.
pub fn read_until(lines: &mut impl BufRead, words: &str) -> anyhow::Result<String> {
    let (mut read, mut before) = (String::new(), 0);
    while !read[before..].contains(words) {
        before = read.len();
        anyhow::ensure!(lines.read_line(&mut read)? > 0, "it ended before it said `{words}`: {read}");
    }
    Ok(read)
}
