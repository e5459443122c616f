//! The errors of a configuration by place, and the example file.

use super::*;
use serde::Deserializer;
use serde::de::{Error as _, Visitor};
use std::collections::BTreeSet;

fn wrong(text: &str) -> String {
    Config::parse(text, Path::new("gateway.toml")).unwrap_err().to_string()
}

#[test]
fn a_wrong_key_names_file_line_and_the_nearest_right_one() {
    assert_eq!(
        wrong("policy = \"default\"\nlitsen = \"127.0.0.1:1\"\n"),
        "gateway.toml:2:1: unknown key `litsen`; did you mean `listen`?"
    );
    assert_eq!(
        wrong("[journal]\nsegment_mb = 64\n"),
        "gateway.toml:2:1: unknown key `segment_mb`; did you mean `segment_mib`?"
    );
}

#[test]
fn wrong_values_name_their_line() {
    assert!(wrong("listen = \"here\"").starts_with("gateway.toml:1:"));
    assert!(wrong("\nworkers = 0").starts_with("gateway.toml:2:1: workers must be"));
    assert!(wrong("workers = -1").starts_with("gateway.toml:1:"));
    assert!(wrong("x = ").starts_with("gateway.toml:1:"));
    assert!(wrong("\nlog = \"info,scylla=loud\"").starts_with("gateway.toml:2:7: a filter of logs"));
    assert!(wrong("[journal]\nsegment_mib = 64\ndisk_mib_max = 64").contains("two segments"));
    assert!(wrong("\norigin = \"http://gate.example\"").contains(":2:10: an origin is https://HOST"));
    assert!(wrong("\nstore = \"cql://db1\"").starts_with("gateway.toml:2:"));
    assert!(wrong("store = \"cql://db1\"").contains("a keyspace follows the hosts"));
    assert!(wrong("[tracer]\ntell_after = \"24\"").contains(":2:14: `24` is not a duration"));
    assert!(wrong("[tracer]\npurposes = []").contains(":2:1: purposes must name"));
    assert!(wrong("[registration]\nsms_webhook = \"http://sms.example\"").contains(":2:15: names"));
    assert!(wrong("[registration]\nwebhook_token = \"token\"").contains(":2:1: webhook_token is for"));
    let channel = |name: &str, more: &str| format!("[[channel]]\nname = \"{name}\"\n{more}\n");
    let quota = "requests_a_second_max = 9";
    assert!(wrong(&channel("a", "requests_a_second_max = 0")).starts_with("gateway.toml:3:25:"));
    let twice = channel("a", quota) + &channel("a", quota);
    assert!(wrong(&twice).contains("gateway.toml:5:8: there are two channels `a`"));
    let rests = channel("a", quota) + &channel("b", quota);
    assert!(wrong(&rests).contains(":5:8: one channel may leave hosts out"));
    let host = format!("{quota}\nhosts = [\"x.example\"]");
    let hosts = channel("a", &host) + &channel("b", &host);
    assert!(wrong(&hosts).contains("gateway.toml:8:10: two channels have the host `x.example`"));
    for wrong_host in ["X.example", "x.example:443", ""] {
        let wrong_host = wrong(&channel("a", &host.replace("x.example", wrong_host)));
        assert!(wrong_host.contains(":4:9: a host is a name"), "{wrong_host}");
    }
    assert!(wrong("[cql]\ncopies = 0").starts_with("gateway.toml:2:1: copies must be between 1 and 9"));
    assert!(wrong("[cql]\ncopies = 10").starts_with("gateway.toml:2:1: copies must be"));
    assert!(wrong("[cql]\nconsistency = \"two\"").starts_with("gateway.toml:2:15: unknown word `two`"));
}

#[test]
fn a_duration_is_a_number_of_hours_or_has_its_unit() {
    let minute = 60_000;
    for (text, ms) in [("24", 1_440 * minute), ("\"24h\"", 1_440 * minute), ("\"90s\"", 90_000), ("0", 0)] {
        let config = Config::parse(&format!("[tracer]\ntell_after = {text}"), Path::new("x")).unwrap();
        assert_eq!(config.tracer.tell_after.ms(), ms, "{text}");
    }
}

#[test]
fn an_empty_file_is_the_default() {
    assert_eq!(Config::parse("", Path::new("x")).unwrap(), Config::default());
}

/// The example file; a setting without a default stands in a line that begins with `#` and no space.
const EXAMPLE: &str = include_str!("../../../deploy/gateway.example.toml");

/// The example with every setting in force.
fn example_in_full() -> String {
    let lines = EXAMPLE.lines().map(|line| match line.strip_prefix('#') {
        Some(setting) if !setting.starts_with(' ') && !setting.is_empty() => setting,
        Some(_) | None => line,
    });
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn the_example_parses_to_the_defaults() {
    assert_eq!(Config::parse(EXAMPLE, Path::new("gateway.example.toml")).unwrap(), Config::default());
}

#[test]
fn the_example_names_every_key_of_every_table_and_all_of_them_are_valid() {
    let text = example_in_full();
    Config::parse(&text, Path::new("gateway.example.toml")).unwrap();
    let root: toml::Table = text.parse().unwrap();
    let keys = |table: &toml::Table| table.keys().cloned().collect::<BTreeSet<_>>();
    let table = |name: &str| root[name].as_table().unwrap();
    let channel = root["channel"].as_array().unwrap()[0].as_table().unwrap();
    for (table, expected) in [
        (&root, fields::<Config>()),
        (table("city"), fields::<CityConfig>()),
        (table("journal"), fields::<JournalSizeConfig>()),
        (table("tracer"), fields::<TracerConfig>()),
        (table("cql"), fields::<CqlConfig>()),
        (table("registration"), fields::<RegistrationConfig>()),
        (channel, fields::<ChannelConfig>()),
    ] {
        assert_eq!(keys(table), expected);
    }
}

/// The keys that a configuration table may have.
fn fields<T: for<'a> Deserialize<'a>>() -> BTreeSet<String> {
    let mut fields = BTreeSet::new();
    let _ = T::deserialize(FieldNames(&mut fields));
    assert!(!fields.is_empty());
    fields
}

/// A deserializer that notes the field names that a struct asks for, and answers nothing.
struct FieldNames<'a>(&'a mut BTreeSet<String>);

impl<'de> Deserializer<'de> for FieldNames<'_> {
    type Error = serde::de::value::Error;

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Self::Error> {
        Err(Self::Error::custom("only structs have fields"))
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        names: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Self::Error> {
        self.0.extend(names.iter().map(|&name| name.to_owned()));
        self.deserialize_any(visitor)
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 u8 u16 u32 u64 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map enum identifier ignored_any
    }
}
