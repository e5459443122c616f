//! The check of `channel`: a list of tables, whose keys are not keys of the configuration themselves.

use super::value::{ValueFault, ValueKind, fault};
use super::{U32_MAX, text};
use crate::config::Host;
use scangate_core::document::nearest;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// The keys of a channel.
pub(in crate::config) const CHANNEL_KEYS: [&str; 3] = ["name", "hosts", "requests_a_second_max"];

/// Checks all channels.
pub(super) fn check_channels(name: &str, value: &Spanned<DeValue<'_>>) -> Vec<ValueFault> {
    let tables = value
        .as_ref()
        .as_array()
        .map(|items| items.iter().map(|item| (item, item.as_ref().as_table())).collect::<Vec<_>>());
    let Some(tables) = tables else {
        return vec![fault(name, value, &format!("each {name} begins with a line [[{name}]]"))];
    };
    let check = |(item, table): (&Spanned<DeValue<'_>>, Option<&DeTable<'_>>)| match table {
        Some(table) => check_channel(name, item, table),
        None => vec![fault(name, item, &format!("each {name} is a table with {}", CHANNEL_KEYS.join(", ")))],
    };
    tables.into_iter().flat_map(check).collect()
}

fn check_channel(name: &str, whole: &Spanned<DeValue<'_>>, table: &DeTable<'_>) -> Vec<ValueFault> {
    let mut faults = Vec::new();
    for (key, value) in table {
        let own = format!("{name}.{}", key.as_ref());
        match key.as_ref().as_ref() {
            "name" => faults.extend(ValueKind::Text(text::some).check(&own, value)),
            "hosts" => faults.extend(check_hosts(&own, value)),
            "requests_a_second_max" => faults.extend(ValueKind::Whole(1..=U32_MAX).check(&own, value)),
            wrong => {
                let meant = nearest(wrong, CHANNEL_KEYS.into_iter()).unwrap_or_default();
                let message = format!("unknown key `{own}`; did you mean `{name}.{meant}`?");
                faults.push(ValueFault { place: key.span(), message });
            }
        }
    }
    for key in ["name", "requests_a_second_max"] {
        if !table.contains_key(key) {
            let message = format!("this {name} has no {key}: add a line `{key} = …`");
            faults.push(ValueFault { place: whole.span(), message });
        }
    }
    faults
}

fn check_hosts(name: &str, value: &Spanned<DeValue<'_>>) -> Vec<ValueFault> {
    let Some(hosts) = value.as_ref().as_array() else {
        return vec![fault(name, value, &format!("{name} is a list of texts, such as [\"app.example\"]"))];
    };
    let check = |host: &Spanned<DeValue<'_>>| {
        let text = host.as_ref().as_str().unwrap_or_default().to_owned();
        Host::try_from(text).err().map(|error| fault(name, host, &error.to_string()))
    };
    hosts.iter().filter_map(check).collect()
}
