//! CSV for tracers' spreadsheets. A cell that a spreadsheet would read as a formula is escaped as text.

/// Writes a table with a header row.
#[must_use]
pub(in crate::office) fn table(header: &[&str], rows: impl Iterator<Item = Vec<String>>) -> Vec<u8> {
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
    let written = writer.write_record(header).and_then(|()| {
        let mut rows = rows;
        rows.try_for_each(|row| writer.write_record(row.iter().map(|cell| neutral(cell))))
    });
    written.expect("memory takes every row, and all rows are of one length");
    writer.into_inner().expect("memory is never full half-way")
}

/// Prefixes a cell that begins like a formula, in half or full width, with an apostrophe.
fn neutral(cell: &str) -> String {
    const FORMULA: [char; 10] = ['=', '+', '-', '@', '\t', '\r', '＝', '＋', '－', '＠'];
    if cell.starts_with(FORMULA) { format!("'{cell}") } else { cell.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formulas_become_text_and_text_stays() {
        for (cell, neutralised) in [
            ("=1+1", "'=1+1"),
            ("+1", "'+1"),
            ("-1", "'-1"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("\tx", "'\tx"),
            ("\rx", "'\rx"),
            ("＝1", "'＝1"),
            ("＠x", "'＠x"),
            ("p0000000000001", "p0000000000001"),
            ("a=b", "a=b"),
            ("", ""),
        ] {
            assert_eq!(neutral(cell), neutralised);
        }
    }

    #[test]
    fn cells_are_quoted_where_they_must_be() {
        let table = table(&["a", "b"], [vec!["x,y".to_owned(), "\"".to_owned()]].into_iter());
        assert_eq!(String::from_utf8(table).unwrap(), "a,b\r\n\"x,y\",\"\"\"\"\r\n");
    }
}
