//! Words about an application that is not approved: they are the same in every city.

use crate::words::Words;

/// The word for a colour that is withheld until the review of an application, which no rule may have as its
/// id.
pub const REVIEW: &str = "review";

/// Why the person has no colour.
#[must_use]
pub fn review_words() -> Words {
    Words::new("申请信息尚未通过审核", "The application has not been approved")
}

/// The act that gives the person a colour.
#[must_use]
pub fn review_clearing() -> Words {
    Words::new("审核通过后生成颜色", "The authority's approval; the colour follows by itself")
}

/// The advice to the staff at a door meanwhile.
#[must_use]
pub fn review_advice() -> Words {
    Words::new(
        "请工作人员人工核验身份和健康状况后决定是否放行",
        "The staff at the door check identity and health themselves, and then decide",
    )
}
