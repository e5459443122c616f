//! Words for people, in Chinese and in English. They contain no id, no name of a rule and no area code.

mod fact;
pub mod notice;
mod place;

pub(crate) use fact::symptoms_list;
pub use place::place_name;

use serde::{Deserialize, Serialize};

/// One text in both languages.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(from = "WrittenWords")]
pub struct Words {
    /// In Chinese.
    pub zh: String,
    /// In English.
    pub en: String,
}

/// The forms in which a rule pack writes words. Before version 2 packs had one language.
#[derive(Deserialize)]
#[serde(untagged, expecting = "a text, or a table with `zh` and `en`")]
enum WrittenWords {
    One(String),
    Both(BothLanguages),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct BothLanguages {
    zh: String,
    en: String,
}

impl From<WrittenWords> for Words {
    fn from(written: WrittenWords) -> Self {
        match written {
            WrittenWords::One(text) => Self { zh: text.clone(), en: text },
            WrittenWords::Both(BothLanguages { zh, en }) => Self { zh, en },
        }
    }
}

impl Words {
    /// A text in Chinese and in English.
    pub fn new(zh: impl Into<String>, en: impl Into<String>) -> Self {
        Self { zh: zh.into(), en: en.into() }
    }

    /// Several texts as one; none for an empty list.
    pub fn joined<'a>(all: impl IntoIterator<Item = &'a Self>) -> Option<Self> {
        let mut all = all.into_iter();
        let first = all.next()?.clone();
        Some(all.fold(first, |whole, next| Self {
            zh: format!("{}；{}", whole.zh, next.zh),
            en: format!("{} {}", whole.en, next.en),
        }))
    }

    /// Whether a language is missing.
    #[must_use]
    pub fn lacks_a_language(&self) -> bool {
        self.zh.trim().is_empty() || self.en.trim().is_empty()
    }
}
