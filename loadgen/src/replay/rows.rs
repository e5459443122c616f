//! The rows of a text whose columns are separated by tabs, commas or semicolons, with their line numbers. A
//! quote that somebody forgot never takes the rows after it along. What a column means is in `register`.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ops::Range;

/// The delimiters of columns. Of two that fit equally well, the first counts.
const DELIMITERS: [u8; 3] = [b'\t', b',', b';'];
/// The lines at the start of a file by which its delimiter is chosen. Titles before a header take fewer.
const SAMPLE_LINES: usize = 16;
/// The most lines of one row. A note with more lines than a page is a quote that somebody forgot.
const ROW_LINES_MAX: usize = 64;

/// The form of a file: its delimiter, and the number of columns that most of its rows have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct RowForm {
    delimiter: u8,
    columns: usize,
}

/// One row of a file.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct FileRow<'a> {
    /// The number of its first line, from 1.
    pub(super) line: usize,
    /// The columns, without quotes and without blanks around them.
    pub(super) columns: Vec<Cow<'a, [u8]>>,
    /// The index of the first column that opens a quote and does not close it.
    pub(super) open_quote: Option<usize>,
}

impl FileRow<'_> {
    /// Whether the row has nothing in any column, as spreadsheets write below the last row.
    pub(super) fn is_blank(&self) -> bool {
        self.columns.iter().all(|column| column.is_empty())
    }
}

/// The rows of a text in any encoding that contains ASCII: no byte of another character is a delimiter or a
/// quote.
pub(super) struct FileRows<'a> {
    text: &'a [u8],
    lines: Vec<Range<usize>>,
    next: usize,
    form: RowForm,
    is_last: fn(&[u8]) -> bool,
}

impl<'a> FileRows<'a> {
    /// The rows of a text. `is_last` knows the last column of a row.
    pub(super) fn new(text: &'a [u8], is_last: fn(&[u8]) -> bool) -> Self {
        let lines = lines(text);
        let form = form(text, &lines, is_last);
        Self { text, lines, next: 0, form, is_last }
    }

    /// Whether a line is a row by itself, so that no quote before it may take it along.
    fn is_row(&self, line: &Range<usize>) -> bool {
        let (columns, _) = split(&self.text[line.clone()], self.form.delimiter);
        columns.len() >= self.form.columns && columns.last().is_some_and(|last| (self.is_last)(last))
    }

    /// The row that begins at a line and closes its quotes some lines later, with the number of its lines.
    fn joined(&self, first: usize) -> Option<(Vec<Cow<'a, [u8]>>, usize)> {
        let begin = self.lines[first].start;
        let more = self.lines[first + 1..].iter().take(ROW_LINES_MAX - 1);
        for (number, line) in more.take_while(|line| !self.is_row(line)).enumerate() {
            let (columns, open_quote) = split(&self.text[begin..line.end], self.form.delimiter);
            if open_quote.is_none() {
                return Some((columns, number + 2));
            }
        }
        None
    }
}

impl<'a> Iterator for FileRows<'a> {
    type Item = FileRow<'a>;

    fn next(&mut self) -> Option<FileRow<'a>> {
        let at = self.next;
        let line = self.lines.get(at)?.clone();
        let (mut columns, mut open_quote) = split(&self.text[line], self.form.delimiter);
        self.next += 1;
        if let Some((whole, lines)) = open_quote.and_then(|_| self.joined(at)) {
            (columns, open_quote) = (whole, None);
            self.next = at + lines;
        }
        Some(FileRow { line: at + 1, columns, open_quote })
    }
}

/// The lines of a text. A line ends with CR LF, LF, or CR alone.
fn lines(text: &[u8]) -> Vec<Range<usize>> {
    let (mut lines, mut begin) = (Vec::new(), 0);
    while begin < text.len() {
        let length = text[begin..].iter().position(|byte| matches!(byte, b'\n' | b'\r'));
        let end = length.map_or(text.len(), |length| begin + length);
        lines.push(begin..end);
        begin = if text[end..].starts_with(b"\r\n") { end + 2 } else { end + 1 };
    }
    lines
}

/// Chooses the delimiter with which most of the first lines are rows, or else have most columns.
fn form(text: &[u8], lines: &[Range<usize>], is_last: fn(&[u8]) -> bool) -> RowForm {
    let mut best = ((0, 0), RowForm { delimiter: b',', columns: 3 });
    for delimiter in DELIMITERS {
        let sample = lines.iter().take(SAMPLE_LINES).map(|line| split(&text[line.clone()], delimiter).0);
        let (mut counts, mut widest) = (BTreeMap::<usize, usize>::new(), 0);
        for columns in sample {
            widest = widest.max(columns.len());
            if columns.len() >= 3 && columns.last().is_some_and(|last| is_last(last)) {
                *counts.entry(columns.len()).or_default() += 1;
            }
        }
        let rows: usize = counts.values().sum();
        if (rows, widest) > best.0 {
            let usual = counts.into_iter().max_by_key(|&(columns, rows)| (rows, columns));
            let columns = usual.map_or(widest.max(3), |(columns, _)| columns);
            best = ((rows, widest), RowForm { delimiter, columns });
        }
    }
    best.1
}

/// Splits a row into its columns, and finds the first column whose quote stays open. That column ends at the
/// next delimiter, as if its quote were a letter.
fn split(row: &[u8], delimiter: u8) -> (Vec<Cow<'_, [u8]>>, Option<usize>) {
    let (mut columns, mut open_quote, mut rest) = (Vec::new(), None, row);
    loop {
        let quoted = rest.strip_prefix(b"\"").map(|inner| unquoted(inner, delimiter));
        let (column, length) = match quoted {
            Some(Some(column)) => column,
            plain => {
                if plain.is_some() {
                    open_quote.get_or_insert(columns.len());
                }
                let length = rest.iter().position(|&byte| byte == delimiter).unwrap_or(rest.len());
                (Cow::Borrowed(rest[..length].trim_ascii()), length)
            }
        };
        columns.push(column);
        match rest.get(length + 1..) {
            Some(after) => rest = after,
            None => return (columns, open_quote),
        }
    }
}

/// The text of a column behind its opening quote, and the column's length with its quotes; none if the quote
/// does not close. Two quotes are one quote of the text. Text behind the closing quote belongs to the column.
fn unquoted(inner: &[u8], delimiter: u8) -> Option<(Cow<'_, [u8]>, usize)> {
    let (mut text, mut at) = (Vec::new(), 0);
    loop {
        let quote = at + inner[at..].iter().position(|&byte| byte == b'"')?;
        text.extend_from_slice(&inner[at..quote]);
        if inner.get(quote + 1) == Some(&b'"') {
            text.push(b'"');
            at = quote + 2;
            continue;
        }
        let behind = &inner[quote + 1..];
        let length = behind.iter().position(|&byte| byte == delimiter).unwrap_or(behind.len());
        text.extend_from_slice(&behind[..length]);
        return Some((Cow::Owned(text.trim_ascii().to_vec()), quote + 2 + length));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_number(last: &[u8]) -> bool {
        !last.is_empty() && last.iter().all(u8::is_ascii_digit)
    }

    fn check(text: &str, expected: &[(usize, &[&str])]) {
        let rows: Vec<_> = FileRows::new(text.as_bytes(), is_number).collect();
        let read: Vec<(usize, Vec<String>)> = rows
            .iter()
            .map(|row| {
                let texts = row.columns.iter().map(|column| String::from_utf8_lossy(column).into_owned());
                (row.line, texts.collect())
            })
            .collect();
        let expected: Vec<(usize, Vec<String>)> = expected
            .iter()
            .map(|(line, columns)| (*line, columns.iter().map(|&column| column.to_owned()).collect()))
            .collect();
        assert_eq!(read, expected, "{text}");
    }

    #[test]
    fn the_delimiter_is_found_behind_titles_and_headers() {
        check("a,b\tc\t1\n", &[(1, &["a,b", "c", "1"])]);
        check("a,\"b\tx\ty\",1\r\n", &[(1, &["a", "b\tx\ty", "1"])]);
        check("a;b, c;1\rd;e, f, g;2\r", &[(1, &["a", "b, c", "1"]), (2, &["d", "e, f, g", "2"])]);
        check(
            "Register\n\nuser;venue;time\na;b;1",
            &[(1, &["Register"]), (2, &[""]), (3, &["user", "venue", "time"]), (4, &["a", "b", "1"])],
        );
    }

    #[test]
    fn quotes_hold_delimiters_quotes_and_lines() {
        check("\"a\",\"b,\"\"c\"\"\",1\n", &[(1, &["a", "b,\"c\"", "1"])]);
        check(
            "a\t\"b\"\t\"x\ny\"\t1\nc\td\t\t2\n",
            &[(1, &["a", "b", "x\ny", "1"]), (3, &["c", "d", "", "2"])],
        );
        check("a,b,\"Bar\" & Grill,1", &[(1, &["a", "b", "Bar & Grill", "1"])]);
        check("a,b,5\" disk,1", &[(1, &["a", "b", "5\" disk", "1"])]);
    }

    #[test]
    fn a_forgotten_quote_takes_no_row_along() {
        for delimiter in ["\t", ","] {
            let text = "a,b,\"Bar,1\nc,d,x,2\ne,f,Caf\",3\n".replace(',', delimiter);
            check(
                &text,
                &[(1, &["a", "b", "\"Bar", "1"]), (2, &["c", "d", "x", "2"]), (3, &["e", "f", "Caf\"", "3"])],
            );
            let mut rows = FileRows::new(text.as_bytes(), is_number);
            assert_eq!(rows.next().unwrap().open_quote, Some(2));
            assert_eq!(rows.next().unwrap().open_quote, None);
        }
        let long = format!("a,b,\"x,1\n{}e,f,\"y,2", "no row\n".repeat(100));
        assert_eq!(FileRows::new(long.as_bytes(), is_number).count(), 102);
    }
}
