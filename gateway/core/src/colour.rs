//! Colours, verdicts and the checks at a door. A colour is never set here: a [policy](crate::policy) computes
//! it from facts.

use serde::{Deserialize, Serialize};

/// A person's colour. `Unknown` means that the gateway does not know the colour, or that the person's
/// application was not approved; no rule gives it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[repr(u8)]
pub enum Colour {
    /// The table is still loading, the person registered elsewhere a second ago, or the application waits for
    /// its review.
    Unknown = 0,
    /// No rule gives another colour.
    Green = 1,
    /// Home monitoring, or a further check.
    Yellow = 2,
    /// Central quarantine.
    Red = 3,
}

impl Colour {
    /// The word in answers.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Green => "green",
            Self::Yellow => "yellow",
            Self::Red => "red",
        }
    }

    /// The colour of a stored byte.
    #[must_use]
    pub const fn of_byte(byte: u8) -> Option<Self> {
        match byte {
            0 => Some(Self::Unknown),
            1 => Some(Self::Green),
            2 => Some(Self::Yellow),
            3 => Some(Self::Red),
            _ => None,
        }
    }
}

/// The verdict of a door.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[repr(u8)]
pub enum Verdict {
    /// The person may come in.
    Pass = 1,
    /// The staff must first do the [`Checks`].
    Check = 2,
    /// The person must stay out; the check-in is stored.
    Refuse = 3,
}

impl Verdict {
    /// The word in answers.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Check => "check",
            Self::Refuse => "refuse",
        }
    }

    /// The verdict of a stored byte.
    #[must_use]
    pub const fn of_byte(byte: u8) -> Option<Self> {
        match byte {
            1 => Some(Self::Pass),
            2 => Some(Self::Check),
            3 => Some(Self::Refuse),
            _ => None,
        }
    }
}

/// A set of checks at the door.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(try_from = "Vec<String>", into = "Vec<&'static str>")]
pub struct Checks(pub u8);

/// The word does not name a check.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a check is one of temperature, document, full, manual")]
pub struct CheckError;

impl TryFrom<Vec<String>> for Checks {
    type Error = CheckError;
    fn try_from(words: Vec<String>) -> Result<Self, CheckError> {
        let mut checks = words.iter().map(|word| Self::of_word(word).ok_or(CheckError));
        checks.try_fold(Self::NONE, |all, check| Ok(all.and(check?)))
    }
}

impl From<Checks> for Vec<&'static str> {
    fn from(checks: Checks) -> Self {
        checks.words().collect()
    }
}

impl Checks {
    /// The empty set.
    pub const NONE: Self = Self(0);
    /// Take the temperature.
    pub const TEMPERATURE: Self = Self(1);
    /// See an identity document.
    pub const DOCUMENT: Self = Self(2);
    /// Check the papers and ask.
    pub const FULL: Self = Self(4);
    /// The staff must decide, because the gateway does not know the colour.
    pub const MANUAL: Self = Self(8);

    const WORDS: [(Self, &'static str); 4] = [
        (Self::TEMPERATURE, "temperature"),
        (Self::DOCUMENT, "document"),
        (Self::FULL, "full"),
        (Self::MANUAL, "manual"),
    ];

    /// Whether no check is in the set.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The union of both sets.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// The intersection of both sets.
    #[must_use]
    pub const fn common(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// This set without `done`.
    #[must_use]
    pub const fn without(self, done: Self) -> Self {
        Self(self.0 & !done.0)
    }

    /// The words in answers, in a fixed order.
    pub fn words(self) -> impl Iterator<Item = &'static str> {
        Self::WORDS.into_iter().filter(move |(check, _)| self.0 & check.0 != 0).map(|(_, word)| word)
    }

    /// The check of a word in a rule pack.
    #[must_use]
    pub fn of_word(word: &str) -> Option<Self> {
        Self::WORDS.into_iter().find(|(_, known)| *known == word).map(|(check, _)| check)
    }
}

/// The reasons for a colour or verdict: a set of rules of the pack that decided, and the door's own reasons.
/// The pack has the names of its rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Reasons(pub u64);

impl Reasons {
    /// The empty set.
    pub const NONE: Self = Self(0);
    /// A temperature at or above the pack's threshold, measured at the door.
    pub const FEVER: Self = Self(1 << 63);
    /// The application was not approved yet, so the colour is unknown.
    pub const REVIEW: Self = Self(1 << 62);

    /// The set of one rule of the pack. Rules beyond [`RULES_MAX`](crate::limits::RULES_MAX) do not exist.
    #[must_use]
    pub const fn rule(number: usize) -> Self {
        assert!(number < crate::limits::RULES_MAX);
        Self(1 << number)
    }

    /// The union of both sets.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether all of `other` is in this set.
    #[must_use]
    pub const fn has(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// Whether any of `other` is in this set.
    #[must_use]
    pub const fn has_any(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// The numbers of the pack's rules in the set.
    pub fn rules(self) -> impl Iterator<Item = usize> {
        (0..crate::limits::RULES_MAX).filter(move |number| self.0 >> number & 1 == 1)
    }
}

/// A colour with the rules that gave it, as the colour table stores it for a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// The colour.
    pub colour: Colour,
    /// The rules that fired for it.
    pub reasons: Reasons,
}

impl Standing {
    /// The standing of a person who is not in the table.
    pub const UNKNOWN: Self = Self { colour: Colour::Unknown, reasons: Reasons::NONE };
    /// The standing of a person whose application was not approved.
    pub const UNREVIEWED: Self = Self { colour: Colour::Unknown, reasons: Reasons::REVIEW };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn xz_05_there_are_three_colours_and_unknown_is_none_of_them() {
        let all: Vec<Colour> = (0..=u8::MAX).filter_map(Colour::of_byte).collect();
        assert_eq!(all, [Colour::Unknown, Colour::Green, Colour::Yellow, Colour::Red]);
        let words: Vec<&str> = all.into_iter().map(Colour::word).collect();
        assert_eq!(words, ["unknown", "green", "yellow", "red"]);
        assert_eq!(Standing::UNKNOWN.colour, Colour::Unknown);
    }
}
