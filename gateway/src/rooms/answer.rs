//! The last room: writes the answer's JSON, from check-ins that are on disk and from nothing else.

use super::journal::DurableCheckIns;
use crate::tables::Tables;
use crate::tables::policies::{Policies, PublishedPolicy};
use crate::tables::venues::KnownVenue;
use bytes::{BufMut, BytesMut};
use scangate_core::check_in::{CheckIn, Mode, Outcome};
use scangate_core::colour::{Checks, Reasons, Verdict};
use scangate_core::id::PersonId;
use scangate_core::paper::is_gate;
use scangate_core::person::{MaskedHolder, PersonClass};
use std::fmt::{self, Write as _};

/// Who reads an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Audience {
    /// The person who scanned.
    Person,
    /// The staff at a terminal, who compare the person with a document.
    Staff,
}

impl Audience {
    /// The audience of a scan, by whether a terminal sent it.
    #[must_use]
    pub const fn of_terminal(is_terminal: bool) -> Self {
        if is_terminal { Self::Staff } else { Self::Person }
    }

    /// What this audience sees of a person whom the gateway knows.
    fn holder(self, person: PersonId, tables: &Tables) -> Option<MaskedHolder> {
        match self {
            Self::Person => None,
            Self::Staff => tables.colours.holder(person),
        }
    }
}

/// Writes the answer to a check-in. **Cost**: no allocation where `out` has room, some 300 bytes.
pub fn answer(check_ins: &DurableCheckIns, audience: Audience, tables: &Tables, out: &mut BytesMut) {
    put(out, b"{");
    members(check_ins, audience, tables, out);
}

/// Writes the answer to a late scan, also if an earlier record of the check-in is answered.
pub fn answer_late(check_ins: &DurableCheckIns, tables: &Tables, out: &mut BytesMut) {
    put(out, b"{\"late\":true,");
    members(check_ins, Audience::Staff, tables, out);
}

/// Writes the members of an answer and its closing brace.
fn members(check_ins: &DurableCheckIns, audience: Audience, tables: &Tables, out: &mut BytesMut) {
    person(&check_ins.people.holder, &check_ins.venue, audience, tables, out);
    if !check_ins.people.companions.is_empty() {
        put(out, b",\"companions\":[");
        for (number, check_in) in check_ins.people.companions.iter().enumerate() {
            put(out, if number == 0 { b"{" } else { b",{" });
            person(check_in, &check_ins.venue, audience, tables, out);
            put(out, b"}");
        }
        put(out, b"]");
    }
    put(out, b"}");
}

fn person(check_in: &CheckIn, venue: &KnownVenue, audience: Audience, tables: &Tables, out: &mut BytesMut) {
    put(out, b"\"id\":\"");
    put(out, &check_in.id.text());
    put(out, b"\",\"at\":\"");
    put(out, &check_in.at.text());
    put(out, b"\",");
    let holder = audience.holder(check_in.person, tables);
    if let Some(said) = &check_in.outcome {
        outcome(said, holder.map(|holder| holder.class), &tables.policies, out);
        put(out, b",");
    }
    put(out, b"\"venue\":");
    put(out, &venue.json);
    if is_gate(venue.venue.kind) && tables.announced.expects(check_in) {
        put(out, b",\"fast\":true");
    }
    if let Some(holder) = holder {
        put(out, b",");
        masked(holder, out);
    }
    if check_in.mode == Mode::Certificate {
        text(format_args!(",\"pseudonym\":\"{}\"", check_in.person), out);
    }
}

/// Writes what staff compare with a document, as a JSON member. A name may have characters that JSON escapes.
pub fn masked(MaskedHolder { name, document, class }: MaskedHolder, out: &mut BytesMut) {
    put(out, b"\"holder\":{\"name\":\"");
    text(format_args!("{}", Escaped(name)), out);
    let class = class.word();
    text(format_args!("\",\"document\":\"{document}\",\"class\":\"{class}\"}}"), out);
}

/// A text as the content of a JSON string. It has no control characters.
struct Escaped<T>(T);

impl<T: fmt::Display> fmt::Display for Escaped<T> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        struct Escaping<'a, 'b>(&'a mut fmt::Formatter<'b>);
        impl fmt::Write for Escaping<'_, '_> {
            fn write_str(&mut self, text: &str) -> fmt::Result {
                text.split_inclusive(['"', '\\']).try_for_each(|piece| {
                    let plain = piece.strip_suffix(['"', '\\']).unwrap_or(piece);
                    self.0.write_str(plain)?;
                    match &piece[plain.len()..] {
                        "" => Ok(()),
                        special => write!(self.0, "\\{special}"),
                    }
                })
            }
        }
        write!(Escaping(out), "{}", self.0)
    }
}

/// Writes formatted text. Writing into memory cannot fail.
fn text(text: fmt::Arguments<'_>, out: &mut BytesMut) {
    let _ = out.write_fmt(text);
}

/// Writes an outcome as JSON members without braces: colour, verdict, checks, reasons, policy and
/// purpose. A refusal also has the hotline. Reasons have their words and links where there are any. Advice is
/// given on the reasons and to the class.
pub fn outcome(said: &Outcome, class: Option<PersonClass>, policies: &Policies, out: &mut BytesMut) {
    put(out, b"\"colour\":\"");
    put(out, said.colour.word().as_bytes());
    put(out, b"\",\"verdict\":\"");
    put(out, said.verdict.word().as_bytes());
    put(out, b"\",\"checks\":[");
    if said.checks != Checks::NONE {
        words(said.checks.words(), out);
    }
    put(out, b"],\"reasons\":[");
    let published = policies.of(said.policy);
    if let Some(published) = published.as_ref().filter(|_| said.reasons != Reasons::NONE) {
        words(published.policy.reason_words(said.reasons), out);
    }
    put(out, b"],\"policy\":\"");
    put(out, published.as_ref().map_or("", |published| published.policy.label()).as_bytes());
    // A colour is for entry alone. It is not an occupational health certificate.
    put(out, b"\",\"purpose\":\"entry\"");
    let Some(published) = published else { return };
    if said.verdict == Verdict::Refuse {
        put(out, b",\"hotline\":");
        put(out, published.hotline.as_bytes());
    }
    advice(&published, said.reasons, class, out);
    if said.reasons != Reasons::NONE {
        list(published.explanations_of(said.reasons), b",\"explanations\":[", b"]", out);
        list(published.links_of(said.reasons), b",\"links\":{", b"}", out);
    }
}

/// Writes the advice in both languages: several pieces are one text.
fn advice(published: &PublishedPolicy, reasons: Reasons, class: Option<PersonClass>, out: &mut BytesMut) {
    let pieces = published.advice_on(reasons, class);
    if pieces.clone().next().is_none() {
        return;
    }
    for (language, (begin, between)) in
        [(",\"advice\":{\"zh\":\"", "；"), ("\",\"en\":\"", " ")].into_iter().enumerate()
    {
        put(out, begin.as_bytes());
        for (number, piece) in pieces.clone().enumerate() {
            put(out, if number == 0 { b"" } else { between.as_bytes() });
            put(out, piece[language].as_bytes());
        }
    }
    put(out, b"\"}");
}

/// Writes JSON values between a beginning and an end, unless there are none.
fn list<'a>(values: impl Iterator<Item = &'a str>, begin: &[u8], end: &[u8], out: &mut BytesMut) {
    let mut values = values.peekable();
    if values.peek().is_none() {
        return;
    }
    put(out, begin);
    for (number, value) in values.enumerate() {
        put(out, if number == 0 { b"" } else { b"," });
        put(out, value.as_bytes());
    }
    put(out, end);
}

/// The words need no JSON escapes: a pack's names are lower-case letters, digits and hyphens.
fn words<'a>(words: impl Iterator<Item = &'a str>, out: &mut BytesMut) {
    for (number, word) in words.enumerate() {
        put(out, if number == 0 { b"\"" } else { b",\"" });
        put(out, word.as_bytes());
        put(out, b"\"");
    }
}

fn put(out: &mut BytesMut, bytes: &[u8]) {
    out.put_slice(bytes);
}
