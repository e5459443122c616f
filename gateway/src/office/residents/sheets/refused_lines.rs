//! The pages of an import's refused lines, which are printed with the sheets of the others.

use crate::office::http::error::OfficeError;
use crate::office::poster::escape;
use bytes::BytesMut;
use serde_json::Value;

/// The lines on one page of refused lines.
const REFUSED_A_PAGE: usize = 25;

/// The refused lines that are not printed yet, and the counts of all lines.
#[derive(Debug, Default)]
pub(in crate::office) struct RefusedLines {
    waiting: Vec<String>,
    refused: u64,
}

impl RefusedLines {
    /// Adds a refused line, and prints a page once there are enough of them.
    pub(in crate::office) fn add(&mut self, number: u64, wrong: &OfficeError, text: &mut BytesMut) {
        let problem = wrong.problem();
        let words = |name: &str| escape(problem.get(name).and_then(Value::as_str).unwrap_or_default());
        let (code, title, detail) = (words("code"), words("title"), words("detail"));
        self.waiting
            .push(format!("<li>第 {number} 行 line {number}: <b>{code}</b> {title}; {detail}</li>\n"));
        self.refused += 1;
        if self.waiting.len() >= REFUSED_A_PAGE {
            self.print(text);
        }
    }

    /// Prints the lines that wait, as one page. It prints nothing where none waits.
    pub(in crate::office) fn print(&mut self, text: &mut BytesMut) {
        if self.waiting.is_empty() {
            return;
        }
        let (lines, refused) = (self.waiting.concat(), self.refused);
        self.waiting.clear();
        let page = format!(
            "<section class=\"refused\">\n<h1>未登记的行 Lines that were refused</h1>\n\
             <p>至此共 {refused} 行未登记。请更正后重新提交。 Until here {refused} lines were refused. \
             Correct them and send them again.</p>\n<ul>\n{lines}</ul>\n</section>\n"
        );
        text.extend_from_slice(page.as_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hb_14_no_refused_line_is_lost_however_many_there_are() {
        let (mut refused, mut text) = (RefusedLines::default(), BytesMut::new());
        for number in 1..=2 * REFUSED_A_PAGE as u64 + 3 {
            refused.add(number, &OfficeError::DistrictWrong, &mut text);
        }
        refused.print(&mut text);
        refused.print(&mut text);
        let text = String::from_utf8(text.to_vec()).unwrap();
        assert_eq!(text.matches("<section").count(), 3);
        assert_eq!(text.matches("<li>").count(), 2 * REFUSED_A_PAGE + 3);
        assert!(text.contains("line 53:") && text.contains("district-wrong"), "{text}");
    }
}
