//! The value that a key has if it is not set, as TOML.

use crate::config::Config;
use scangate_core::time::HOUR_MS;
use toml::Value;

/// The default of a key; none for a key that is then absent.
pub(in crate::config) fn default_of(name: &str) -> Option<Value> {
    let Config {
        listen,
        admin,
        data,
        log,
        journal,
        retention_days,
        person_check_ins_max,
        tracer,
        store,
        cql,
        ..
    } = Config::default();
    let count = |number: u64| Value::Integer(i64::try_from(number).unwrap_or(i64::MAX));
    let value = match name {
        "listen" => listen.to_string().into(),
        "admin" => admin.to_string().into(),
        "data" => data.display().to_string().into(),
        "log" => log.text().into(),
        "retention_days" => count(retention_days.into()),
        "person_check_ins_max" => count(person_check_ins_max.into()),
        "store" => store.to_string().into(),
        "journal.segment_mib" => count(journal.segment_mib.into()),
        "journal.disk_mib_max" => count(journal.disk_mib_max.into()),
        "tracer.cases_max" => count(tracer.cases_max),
        "tracer.persons_max" => count(tracer.persons_max),
        "tracer.purposes" => tracer.purposes.into(),
        "tracer.tell_after" => format!("{}h", tracer.tell_after.ms() / HOUR_MS).into(),
        "cql.consistency" => cql.consistency.word().into(),
        "cql.copies" => count(cql.copies.into()),
        _ => return None,
    };
    Some(value)
}
