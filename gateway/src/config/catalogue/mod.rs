//! The catalogue of all keys: the values that each may have, and how an operator's error, the printed
//! configuration and the schema describe them. [`super::Config`] has the meaning of each key.

mod channels;
mod default;
mod key;
mod text;
mod value;

pub(super) use channels::CHANNEL_KEYS;
pub(super) use default::default_of;
pub(super) use key::{ConfigKey, find, is_table, nearest_key};
pub(super) use value::{ValueKind, plain};

use super::COPIES_MAX;

/// The largest value of a key that counts in 32 bits.
pub(super) const U32_MAX: i64 = u32::MAX as i64;
/// The largest value of a key that counts in 16 bits.
const U16_MAX: i64 = u16::MAX as i64;
/// The most worker threads.
const WORKERS_MAX: i64 = 256;

/// Every key, in the order in which `print-config` prints them: those of the document first, then those of
/// its tables.
pub(super) static KEYS: [ConfigKey; 33] = [
    ConfigKey { name: "listen", kind: ValueKind::Text(text::socket) },
    ConfigKey { name: "admin", kind: ValueKind::Text(text::socket) },
    ConfigKey { name: "data", kind: ValueKind::Folder },
    ConfigKey { name: "origin", kind: ValueKind::Text(text::origin) },
    ConfigKey { name: "policy", kind: ValueKind::Text(text::some) },
    ConfigKey { name: "workers", kind: ValueKind::Whole(1..=WORKERS_MAX) },
    ConfigKey { name: "secret", kind: ValueKind::File },
    ConfigKey { name: "certificate", kind: ValueKind::File },
    ConfigKey { name: "key", kind: ValueKind::File },
    ConfigKey { name: "unfinished_mib", kind: ValueKind::Whole(1..=U32_MAX) },
    ConfigKey { name: "log", kind: ValueKind::Text(text::log) },
    ConfigKey { name: "retention_days", kind: ValueKind::Whole(1..=U16_MAX) },
    ConfigKey { name: "person_check_ins_max", kind: ValueKind::Whole(1..=u8::MAX as i64) },
    ConfigKey { name: "store", kind: ValueKind::Text(text::store) },
    ConfigKey { name: "channel", kind: ValueKind::Channels },
    ConfigKey { name: "city.name_zh", kind: ValueKind::Text(text::name) },
    ConfigKey { name: "city.name_en", kind: ValueKind::Text(text::name) },
    ConfigKey { name: "city.mark", kind: ValueKind::File },
    ConfigKey { name: "journal.segment_mib", kind: ValueKind::Whole(1..=U32_MAX) },
    ConfigKey { name: "journal.disk_mib_max", kind: ValueKind::Whole(2..=U32_MAX) },
    ConfigKey { name: "tracer.cases_max", kind: ValueKind::Whole(0..=i64::MAX) },
    ConfigKey { name: "tracer.persons_max", kind: ValueKind::Whole(0..=i64::MAX) },
    ConfigKey { name: "tracer.purposes", kind: ValueKind::Names },
    ConfigKey { name: "tracer.tell_after", kind: ValueKind::Duration },
    ConfigKey { name: "cql.login", kind: ValueKind::File },
    ConfigKey { name: "cql.authority", kind: ValueKind::File },
    ConfigKey { name: "cql.consistency", kind: ValueKind::Word(&["quorum", "local_quorum", "all", "one"]) },
    ConfigKey { name: "cql.copies", kind: ValueKind::Whole(1..=COPIES_MAX as i64) },
    ConfigKey { name: "cql.buckets", kind: ValueKind::Whole(1..=U16_MAX) },
    ConfigKey { name: "cql.translate", kind: ValueKind::Addresses },
    ConfigKey { name: "registration.sms_webhook", kind: ValueKind::Text(text::webhook) },
    ConfigKey { name: "registration.face_webhook", kind: ValueKind::Text(text::webhook) },
    ConfigKey { name: "registration.webhook_token", kind: ValueKind::File },
];
