//! One key of the configuration, and how a wrong name leads to the right one.

use super::{KEYS, ValueKind};
use scangate_core::document::nearest;

/// A key of the configuration.
pub(in crate::config) struct ConfigKey {
    /// The name, with its table: `journal.segment_mib`.
    pub(in crate::config) name: &'static str,
    /// The values that it may have.
    pub(in crate::config) kind: ValueKind,
}

impl ConfigKey {
    /// The table and the name in it. The table is empty for a key of the document itself.
    pub(in crate::config) fn parts(&self) -> (&'static str, &'static str) {
        self.name.split_once('.').unwrap_or(("", self.name))
    }
}

/// The key of this name.
pub(in crate::config) fn find(name: &str) -> Option<&'static ConfigKey> {
    KEYS.iter().find(|key| key.name == name)
}

/// Whether a table of the configuration has this name.
pub(in crate::config) fn is_table(name: &str) -> bool {
    KEYS.iter().any(|key| key.parts().0 == name)
}

/// The key that an operator may have meant: one that another table has under the same name, or the one that
/// is spelled most alike.
pub(in crate::config) fn nearest_key(wrong: &str) -> &'static str {
    let own = wrong.rsplit('.').next().unwrap_or(wrong);
    let elsewhere = KEYS.iter().find(|key| key.parts().1 == own).map(|key| key.name);
    let names = || KEYS.iter().flat_map(|key| [key.name, key.parts().0]).filter(|name| !name.is_empty());
    elsewhere.or_else(|| nearest(wrong, names())).expect("the catalogue has keys")
}
