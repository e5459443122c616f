//! Notices of the authority to all residents, in Chinese and English.

use crate::id::NoticeId;
use crate::limits::NOTICE_BYTES_MAX;
use crate::text::is_printable;
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};

/// A published notice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice {
    /// The notice's id.
    #[serde(rename = "notice")]
    pub id: NoticeId,
    /// The time of publication.
    pub at: Timestamp,
    /// The text in Chinese.
    pub zh: String,
    /// The text in English.
    pub en: String,
    /// The time at which the notice ends by itself; none for a notice that stays until the authority ends it.
    pub until: Option<Timestamp>,
}

impl Notice {
    /// Whether the notice is still shown at a time.
    #[must_use]
    pub fn is_in_force(&self, now: Timestamp) -> bool {
        self.until.is_none_or(|until| now < until)
    }
}

/// The text of a notice without surrounding blanks, if it has 1 to [`NOTICE_BYTES_MAX`] bytes and only
/// printable characters.
#[must_use]
pub fn notice_text(text: &str) -> Option<&str> {
    let text = text.trim();
    ((1..=NOTICE_BYTES_MAX).contains(&text.len()) && is_printable(text)).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_notice_ends_at_its_time_and_without_one_it_stays() {
        let notice = |until| Notice {
            id: NoticeId(1),
            at: Timestamp(0),
            zh: "通告".to_owned(),
            en: "Notice".to_owned(),
            until,
        };
        for (until, now, is_shown) in
            [(None, u64::MAX, true), (Some(10), 9, true), (Some(10), 10, false), (Some(10), 11, false)]
        {
            assert_eq!(notice(until.map(Timestamp)).is_in_force(Timestamp(now)), is_shown, "{until:?} {now}");
        }
    }

    #[test]
    fn a_text_is_bounded_and_printable() {
        assert_eq!(notice_text(" 今日起\n恢复 "), Some("今日起\n恢复"));
        assert!(notice_text(&"a".repeat(NOTICE_BYTES_MAX)).is_some());
        for text in [String::new(), " \n".to_owned(), "a\u{1b}".to_owned(), "a".repeat(NOTICE_BYTES_MAX + 1)]
        {
            assert_eq!(notice_text(&text), None, "{text:?}");
        }
    }
}
