//! A register of check-ins that was kept elsewhere, read from a file. Each row becomes a check-in or is left
//! out for a reason; none is lost silently.

use super::rows::{FileRow, FileRows};
use anyhow::{Context as _, bail, ensure};
use scangate_core::text::without_mark;
use scangate_core::time::{DAY_MS, Timestamp};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

/// The longest span of an imported register: one day less than the retention of trails.
pub(super) const SPAN_MS_MAX: i64 = 13 * DAY_MS as i64;
/// The line numbers that are kept for each reason. The others are counted.
const LINES_SHOWN: usize = 5;
/// The characters that are shown of a column or a problem.
const CHARS_SHOWN: usize = 80;
/// The offsets from UTC are less than a day.
const DAY_S: u32 = 86_400;

/// A recorded check-in: one row of the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordedVisit {
    /// The user, by the file's own name, in the file's own encoding.
    pub user: Vec<u8>,
    /// The venue, by the file's own name, in the file's own encoding.
    pub venue: Vec<u8>,
    /// The recorded time. **Units**: milliseconds since 1970.
    pub at: i64,
    /// The number of its line in the file, from 1.
    pub line: usize,
}

/// The reason for which a row is left out.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum LeftOutReason {
    /// The row has fewer than three columns.
    FewColumns,
    /// A quote opens in the user, the venue or the time, and does not close.
    OpenQuote,
    /// The user is empty.
    NoUser,
    /// The venue is empty.
    NoVenue,
    /// The last column is not a time.
    NotTime,
    /// The time is outside the span of days that can be replayed.
    OutsideSpan,
    /// The gateway refused the check-in with this problem code.
    Refused(String),
}

impl fmt::Display for LeftOutReason {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::FewColumns => out.write_str("fewer than three columns"),
            Self::OpenQuote => out.write_str("a quote opens in user, venue or time and does not close"),
            Self::NoUser => out.write_str("the user is empty"),
            Self::NoVenue => out.write_str("the venue is empty"),
            Self::NotTime => out.write_str("the last column is not a time"),
            Self::OutsideSpan => {
                write!(out, "outside the {} days that hold the most rows", SPAN_MS_MAX / DAY_MS as i64)
            }
            Self::Refused(code) => write!(out, "the gateway refused it with `{code}`"),
        }
    }
}

/// The rows that are left out for one reason.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LeftOutRows {
    /// The number of rows.
    pub count: usize,
    /// The line numbers of the first rows, from 1.
    pub lines: Vec<usize>,
    /// The column that is not a time in the first row, or the gateway's words about it.
    pub text: String,
}

/// The rows that are left out of a register, by reason. It prints as a line for each reason.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LeftOut(pub BTreeMap<LeftOutReason, LeftOutRows>);

impl LeftOut {
    /// Whether every row was read.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Adds the row on this line.
    pub fn add(&mut self, reason: LeftOutReason, line: usize, text: &[u8]) {
        let rows = self.0.entry(reason).or_default();
        if rows.count == 0 {
            rows.text = text.escape_ascii().to_string().chars().take(CHARS_SHOWN).collect();
        }
        if rows.lines.len() < LINES_SHOWN {
            rows.lines.push(line);
        }
        rows.count += 1;
    }
}

impl fmt::Display for LeftOut {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (reason, LeftOutRows { count, lines, text }) in &self.0 {
            let numbers: Vec<String> = lines.iter().map(ToString::to_string).collect();
            let more = if lines.len() < *count { ", …" } else { "" };
            let text = if text.is_empty() { String::new() } else { format!(", such as `{text}`") };
            let word = if *count == 1 { "line" } else { "lines" };
            writeln!(out, "  left out       {count}: {reason}{text} ({word} {}{more})", numbers.join(", "))?;
        }
        Ok(())
    }
}

/// The time window of the rows to replay, from the command line.
#[derive(Debug, Clone, Copy, Default)]
pub struct WishedWindow {
    /// The first time, or none for the beginning of the file.
    pub from: Option<Timestamp>,
    /// The time before which the rows end, or none for the end of the file.
    pub to: Option<Timestamp>,
}

impl WishedWindow {
    fn holds(&self, at: i64) -> bool {
        let ms = |time: Timestamp| i64::try_from(time.0).unwrap_or(i64::MAX);
        self.from.is_none_or(|from| at >= ms(from)) && self.to.is_none_or(|to| at < ms(to))
    }
}

/// A register that was read from a file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Register {
    /// The check-ins, in the order of the file. They span at most 13 days.
    pub visits: Vec<RecordedVisit>,
    /// The line of the header, if the file has one.
    pub header: Option<usize>,
    /// The rows outside the wished window.
    pub not_wished: usize,
    /// The rows that are left out.
    pub left_out: LeftOut,
}

/// Reads a file of `user,venue,…,time`, separated by tabs, commas or semicolons, with or without a header.
/// **Errors**: the file cannot be read; no row of it is a check-in in the window.
pub fn read(path: &Path, wished: WishedWindow) -> anyhow::Result<Register> {
    let bytes = std::fs::read(path).with_context(|| path.display().to_string())?;
    parse(&bytes, wished).with_context(|| path.display().to_string())
}

/// Parses a register in UTF-16 with its mark, or in any encoding that contains ASCII, such as UTF-8, Latin-1
/// or GBK. Names stay as they are, since they only have to be equal or different.
fn parse(bytes: &[u8], wished: WishedWindow) -> anyhow::Result<Register> {
    let text = ascii_based(bytes)?;
    let mut register = Register::default();
    let (mut header, mut is_first) = (None, true);
    for row in FileRows::new(&text, |last| time_of(last).is_some()) {
        let is_row = row.columns.len() >= 3 && !row.is_blank();
        match visit(&row) {
            _ if row.is_blank() => {}
            Ok(visit) if wished.holds(visit.at) => register.visits.push(visit),
            Ok(_) => register.not_wished += 1,
            Err(LeftOutReason::NotTime) if is_first && may_be_header(&row) => header = Some(row),
            Err(reason) => {
                let shown = row.columns.last().filter(|_| reason == LeftOutReason::NotTime);
                register.left_out.add(reason, row.line, shown.map_or(b"", |last| last));
            }
        }
        is_first &= !is_row;
    }
    register.settle_header(header);
    register.settle_span();
    if register.visits.is_empty() {
        bail!("no row is a check-in to replay\n{}", register.left_out);
    }
    Ok(register)
}

impl Register {
    /// Decides whether the first row is a header: the names of columns are not names of users and venues.
    fn settle_header(&mut self, header: Option<FileRow<'_>>) {
        let Some(row) = header else { return };
        let [user, venue] = [&*row.columns[0], &*row.columns[1]];
        if self.visits.iter().any(|visit| visit.user == user || visit.venue == venue) {
            let time = row.columns.last().map_or(&b""[..], |last| last);
            self.left_out.add(LeftOutReason::NotTime, row.line, time);
        } else {
            self.header = Some(row.line);
        }
    }

    /// Leaves out what is outside the span that holds the most rows, so that one wrong date costs one row. Of
    /// two such spans the later one counts.
    fn settle_span(&mut self) {
        let mut times: Vec<i64> = self.visits.iter().map(|visit| visit.at).collect();
        times.sort_unstable();
        let (mut begin, mut best) = (0, (0, i64::MIN));
        for (end, &last) in times.iter().enumerate() {
            while last - times[begin] >= SPAN_MS_MAX {
                begin += 1;
            }
            best = best.max((end + 1 - begin, last));
        }
        let (_, last) = best;
        let left_out = &mut self.left_out;
        self.visits.retain(|visit| {
            let is_inside = visit.at <= last && last - visit.at < SPAN_MS_MAX;
            if !is_inside {
                left_out.add(LeftOutReason::OutsideSpan, visit.line, b"");
            }
            is_inside
        });
    }
}

/// The text with one byte for each ASCII character. **Errors**: the text is UTF-16 that is damaged or has no
/// mark.
fn ascii_based(bytes: &[u8]) -> anyhow::Result<Cow<'_, [u8]>> {
    let unit: fn([u8; 2]) -> u16 = match bytes {
        [0xff, 0xfe, ..] => u16::from_le_bytes,
        [0xfe, 0xff, ..] => u16::from_be_bytes,
        _ => {
            ensure!(
                !bytes.contains(&0),
                "it has zero bytes, so it is no text that is known: save it as UTF-8"
            );
            return Ok(Cow::Borrowed(without_mark(bytes)));
        }
    };
    let pairs = bytes[2..].chunks(2).map(|pair| pair.try_into().map(unit).context("half a character"));
    let units: Vec<u16> = pairs.collect::<Result<_, _>>().context("it is damaged UTF-16")?;
    let text = String::from_utf16(&units).context("it is damaged UTF-16: save it as UTF-8")?;
    Ok(Cow::Owned(text.into_bytes()))
}

/// Whether a row may be a header: none of the columns that count has a digit.
fn may_be_header(row: &FileRow<'_>) -> bool {
    let counting = row.columns.iter().take(2).chain(row.columns.last());
    counting.into_iter().all(|column| !column.iter().any(u8::is_ascii_digit))
}

fn visit(row: &FileRow<'_>) -> Result<RecordedVisit, LeftOutReason> {
    let [user, venue, .., last] = &row.columns[..] else { return Err(LeftOutReason::FewColumns) };
    if row.open_quote.is_some_and(|index| index < 2 || index + 1 == row.columns.len()) {
        return Err(LeftOutReason::OpenQuote);
    }
    let at = time_of(last).ok_or(LeftOutReason::NotTime)?;
    if user.is_empty() {
        return Err(LeftOutReason::NoUser);
    }
    if venue.is_empty() {
        return Err(LeftOutReason::NoVenue);
    }
    Ok(RecordedVisit { user: user.to_vec(), venue: venue.to_vec(), at, line: row.line })
}

/// The time of a column: RFC 3339, or the form of Twitter and Foursquare. **Units**: milliseconds since 1970.
fn time_of(text: &[u8]) -> Option<i64> {
    let text = str::from_utf8(text).ok()?.trim();
    if let Ok(at) = text.parse::<Timestamp>() {
        return i64::try_from(at.0).ok();
    }
    let broken_down = jiff::fmt::strtime::parse("%a %b %d %H:%M:%S %z %Y", text).ok()?;
    broken_down.offset().filter(|offset| offset.seconds().unsigned_abs() < DAY_S)?;
    Some(broken_down.to_timestamp().ok()?.as_millisecond())
}

#[cfg(test)]
mod tests;
