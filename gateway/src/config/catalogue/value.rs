//! The kinds of values, and the check of one value against its kind. Messages say what a value may be in an
//! operator's words.

use super::channels::check_channels;
use super::text;
use scangate_core::document::nearest;
use std::ops::{Range, RangeInclusive};
use toml::Spanned;
use toml::de::{DeInteger, DeTable, DeValue};

/// Most characters of a value that an error repeats.
const SHOWN_CHARS_MAX: usize = 60;

/// The values that a key may have.
pub(in crate::config) enum ValueKind {
    /// A whole number in a range.
    Whole(RangeInclusive<i64>),
    /// A text, by its check.
    Text(fn(&str) -> Result<(), String>),
    /// One of these words.
    Word(&'static [&'static str]),
    /// The path of a file that the gateway reads.
    File,
    /// The path of a folder.
    Folder,
    /// A number of hours, or a number with a unit.
    Duration,
    /// A list of names, at least one.
    Names,
    /// A table from addresses to addresses.
    Addresses,
    /// A list of tables, one for each channel.
    Channels,
}

/// A fault at certain bytes of a source.
pub(in crate::config) struct ValueFault {
    /// The bytes.
    pub(in crate::config) place: Range<usize>,
    /// The fault.
    pub(in crate::config) message: String,
}

impl ValueKind {
    /// Whether a value of the environment is the text itself, not TOML.
    pub(in crate::config) fn is_plain_text(&self) -> bool {
        match self {
            Self::Text(_) | Self::Word(_) | Self::File | Self::Folder => true,
            Self::Whole(_) | Self::Duration | Self::Names | Self::Addresses | Self::Channels => false,
        }
    }

    /// Checks a value of the key `name`.
    pub(in crate::config) fn check(&self, name: &str, value: &Spanned<DeValue<'_>>) -> Vec<ValueFault> {
        let checked = match self {
            Self::Whole(range) => whole(name, range, value.as_ref()),
            Self::Text(check) => string(name, "a text between quotes", value.as_ref()).and_then(check),
            Self::Word(words) => word(name, words, value.as_ref()),
            Self::File => {
                string(name, "the path of a file, between quotes", value.as_ref()).and_then(text::some)
            }
            Self::Folder => {
                string(name, "the path of a folder, between quotes", value.as_ref()).and_then(text::some)
            }
            Self::Duration => duration(name, value.as_ref()),
            Self::Names => return check_names(name, value),
            Self::Addresses => return check_addresses(name, value),
            Self::Channels => return check_channels(name, value),
        };
        checked.err().map(|why| fault(name, value, &why)).into_iter().collect()
    }
}

/// A fault of a value, with the value.
pub(super) fn fault(name: &str, value: &Spanned<DeValue<'_>>, why: &str) -> ValueFault {
    ValueFault { place: value.span(), message: format!("{name} = {}: {why}", shown(value.as_ref())) }
}

/// A value as an error repeats it: on one line, shortened, and without the login of a URL.
fn shown(value: &DeValue<'_>) -> String {
    let text = match value {
        DeValue::String(text) => toml::Value::String(text::without_login(text)).to_string(),
        DeValue::Integer(number) => number.to_string(),
        DeValue::Float(number) => number.to_string(),
        DeValue::Boolean(truth) => truth.to_string(),
        DeValue::Datetime(time) => time.to_string(),
        DeValue::Array(_) => "[…]".to_owned(),
        DeValue::Table(_) => "{…}".to_owned(),
    };
    if text.chars().count() > SHOWN_CHARS_MAX || text.contains('\n') {
        let line = text.trim_start_matches(['"', '\n']).lines().next().unwrap_or_default();
        return format!("\"{}…\"", line.chars().take(SHOWN_CHARS_MAX).collect::<String>());
    }
    text
}

/// The number of an integer; none beyond 64 bits.
pub(super) fn number(integer: &DeInteger<'_>) -> Option<i64> {
    i64::from_str_radix(integer.as_str(), integer.radix()).ok()
}

pub(super) fn whole(name: &str, range: &RangeInclusive<i64>, value: &DeValue<'_>) -> Result<(), String> {
    let (least, most) = (range.start(), range.end());
    let error = if *most == i64::MAX {
        format!("{name} is a whole number, {least} or more")
    } else {
        format!("{name} is a whole number from {least} to {most}")
    };
    match value {
        DeValue::Integer(integer) if number(integer).is_some_and(|number| range.contains(&number)) => Ok(()),
        DeValue::String(text) if text.trim().parse().is_ok_and(|number: i64| range.contains(&number)) => {
            Err(format!("{error}; remove the quotes"))
        }
        DeValue::Integer(_)
        | DeValue::String(_)
        | DeValue::Float(_)
        | DeValue::Boolean(_)
        | DeValue::Datetime(_)
        | DeValue::Array(_)
        | DeValue::Table(_) => Err(error),
    }
}

/// The text of a value.
pub(super) fn string<'a>(name: &str, what: &str, value: &'a DeValue<'_>) -> Result<&'a str, String> {
    value.as_str().ok_or_else(|| format!("{name} is {what}"))
}

fn word(name: &str, words: &[&str], value: &DeValue<'_>) -> Result<(), String> {
    let list = words.join(", ");
    let text = string(name, &format!("one of {list}, between quotes"), value)?;
    if words.contains(&text) {
        return Ok(());
    }
    let meant = nearest(text, words.iter().copied()).unwrap_or_default();
    Err(format!("{name} is one of {list}; did you mean `{meant}`?"))
}

fn duration(name: &str, value: &DeValue<'_>) -> Result<(), String> {
    match value {
        DeValue::Integer(integer) if number(integer).is_some_and(|hours| hours >= 0) => Ok(()),
        DeValue::String(text) => crate::config::duration_ms(text).map(drop),
        DeValue::Integer(_)
        | DeValue::Float(_)
        | DeValue::Boolean(_)
        | DeValue::Datetime(_)
        | DeValue::Array(_)
        | DeValue::Table(_) => Err(format!(
            "{name} is a number of hours, or a text such as \"90s\", \"30m\", \"24h\" or \"14d\""
        )),
    }
}

fn check_names(name: &str, value: &Spanned<DeValue<'_>>) -> Vec<ValueFault> {
    let Some(names) = value.as_ref().as_array().filter(|names| !names.is_empty()) else {
        return vec![fault(
            name,
            value,
            &format!("{name} is a list of one or more texts, such as [\"audit\"]"),
        )];
    };
    let wrong = names.iter().filter_map(|item| {
        let checked =
            string(name, "a list of texts, each between quotes", item.as_ref()).and_then(text::name);
        checked.err().map(|why| fault(name, item, &why))
    });
    wrong.collect()
}

fn check_addresses(name: &str, value: &Spanned<DeValue<'_>>) -> Vec<ValueFault> {
    let Some(table) = value.as_ref().as_table() else {
        return vec![fault(
            name,
            value,
            &format!("{name} is a table such as {{ \"10.0.0.1:9042\" = \"192.0.2.1:9042\" }}"),
        )];
    };
    let mut faults = Vec::new();
    for (from, to) in table {
        if let Err(why) = text::socket(from.as_ref()) {
            faults.push(ValueFault {
                place: from.span(),
                message: format!("{name}: \"{}\": {why}", from.as_ref()),
            });
        }
        let checked = string(name, "a table of addresses between quotes", to.as_ref()).and_then(text::socket);
        faults.extend(checked.err().map(|why| fault(&format!("{name}.\"{}\"", from.as_ref()), to, &why)));
    }
    faults
}

/// A checked value without its place.
pub(in crate::config) fn plain(value: &DeValue<'_>) -> toml::Value {
    match value {
        DeValue::String(text) => toml::Value::String(text.to_string()),
        DeValue::Integer(integer) => toml::Value::Integer(number(integer).unwrap_or(i64::MAX)),
        DeValue::Float(number) => toml::Value::Float(number.as_str().parse().unwrap_or(f64::NAN)),
        DeValue::Boolean(truth) => toml::Value::Boolean(*truth),
        DeValue::Datetime(time) => toml::Value::Datetime(*time),
        DeValue::Array(items) => items.iter().map(|item| plain(item.as_ref())).collect::<Vec<_>>().into(),
        DeValue::Table(table) => toml::Value::Table(plain_table(table)),
    }
}

fn plain_table(table: &DeTable<'_>) -> toml::Table {
    table.iter().map(|(key, value)| (key.as_ref().to_string(), plain(value.as_ref()))).collect()
}
