//! The errors of a configuration by place, and the example file.

use super::source::assemble;
use super::*;
use serde::Deserializer;
use serde::de::{Error as _, Visitor};
use std::collections::BTreeSet;

/// The configuration of a file's text alone.
fn parsed(text: &str) -> Result<Config, ConfigError> {
    let file = Some((Path::new("gateway.toml"), text));
    assemble(file, &Environment::default(), &[]).map(|effective| effective.config)
}

fn wrong(text: &str) -> String {
    parsed(text).unwrap_err().to_string()
}

/// The sources of a file's text under these variables and options.
fn layered(
    text: &str,
    variables: &[(&str, &str)],
    options: &[OptionSetting],
) -> Result<EffectiveConfig, ConfigError> {
    let variables = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).into()));
    assemble(Some((Path::new("gateway.toml"), text)), &variables.collect(), options)
}

/// The errors of these variables alone.
fn wrong_variables(variables: &[(&str, &str)]) -> String {
    layered("", variables, &[]).unwrap_err().to_string()
}

#[test]
fn a_wrong_key_names_file_line_and_the_nearest_right_one() {
    for (text, expected) in [
        (
            "policy = \"default\"\nlitsen = \"127.0.0.1:1\"\n",
            "gateway.toml:2:1: unknown key `litsen`; did you mean `listen`?",
        ),
        (
            "[journal]\nsegment_mb = 64\n",
            "gateway.toml:2:1: unknown key `journal.segment_mb`; did you mean `journal.segment_mib`?",
        ),
        (
            "segment_mib = 64\n",
            "gateway.toml:1:1: unknown key `segment_mib`; did you mean `journal.segment_mib`?",
        ),
        ("[jurnal]\nsegment_mib = 64", "gateway.toml:1:2: unknown key `jurnal`; did you mean `journal`?"),
        (
            "journal = 3",
            "gateway.toml:1:11: journal is a table: write [journal], and its keys in the lines after it",
        ),
        (
            "[[channel]]\nname = \"a\"\nhots = []\nrequests_a_second_max = 1",
            "gateway.toml:3:1: unknown key `channel.hots`; did you mean `channel.hosts`?",
        ),
    ] {
        assert_eq!(wrong(text), expected);
    }
}

#[test]
fn a_wrong_value_names_its_place_its_key_itself_and_what_is_right() {
    for (text, expected) in [
        ("workers = 900", "1:11: workers = 900: workers is a whole number from 1 to 256"),
        ("\nworkers = 0", "2:11: workers = 0: workers is a whole number from 1 to 256"),
        ("workers = -1", "1:11: workers = -1: workers is a whole number from 1 to 256"),
        ("workers = true", "1:11: workers = true: workers is a whole number from 1 to 256"),
        ("workers = 2.5", "1:11: workers = 2.5: workers is a whole number from 1 to 256"),
        ("workers = 99999999999999999999", "1:11: workers = 99999999999999999999: workers is a whole number"),
        (
            "workers = \"4\"",
            "1:11: workers = \"4\": workers is a whole number from 1 to 256; remove the quotes",
        ),
        ("workers = [2]", "1:11: workers = […]: workers is a whole number from 1 to 256"),
        (
            "[tracer]\ncases_max = -1",
            "2:13: tracer.cases_max = -1: tracer.cases_max is a whole number, 0 or more",
        ),
        ("# workers = 3\nlog = \"workers\"\nworkers = 0", "3:11: workers = 0:"),
        ("listen = 8443", "1:10: listen = 8443: listen is a text between quotes"),
        (
            "listen = \"127.0.0.1\"",
            "1:10: listen = \"127.0.0.1\": an address is an IP address and a port, such as 0.0.0.0:8443; did you mean \
             `127.0.0.1:8443`?",
        ),
        ("listen = \":8500\"", "such as 0.0.0.0:8443; did you mean `0.0.0.0:8500`?"),
        ("listen = \"here\"", "1:10: listen = \"here\": an address is an IP address and a port"),
        ("data = \"\"", "1:8: data = \"\": it must not be empty"),
        ("\nlog = \"info,scylla=loud\"", "2:7: log = \"info,scylla=loud\": a filter of logs is a list"),
        (
            "\norigin = \"http://gate.example/v\"",
            "2:10: origin = \"http://gate.example/v\": an origin is https://HOST or https://HOST:PORT; did you mean \
             `https://gate.example`?",
        ),
        ("origin = \"gate.example\"", "; did you mean `https://gate.example`?"),
        ("\nstore = \"cql://db1\"", "2:9: store = \"cql://db1\": a store is `embedded` or cql://"),
        ("store = \"cql://db1\"", "a keyspace follows the hosts"),
        ("store = \"cql://me:word@db1/k\"", "1:9: store = \"cql://<hidden>@db1/k\": a store"),
        ("[tracer]\ntell_after = \"24\"", "2:14: tracer.tell_after = \"24\": `24` is not a duration"),
        ("[tracer]\ntell_after = -1", "2:14: tracer.tell_after = -1: tracer.tell_after is a number of hours"),
        ("[tracer]\npurposes = []", "2:12: tracer.purposes = […]: tracer.purposes is a list of one or more"),
        ("[tracer]\npurposes = [\"a\", \" \"]", "2:18: tracer.purposes = \" \": a name has 1 to 200 bytes"),
        (
            "[registration]\nsms_webhook = \"http://sms.example\"",
            "2:15: registration.sms_webhook = \"http://sms.example\": names",
        ),
        ("[cql]\ncopies = 10", "2:10: cql.copies = 10: cql.copies is a whole number from 1 to 9"),
        (
            "[cql]\nconsistency = \"two\"",
            "2:15: cql.consistency = \"two\": cql.consistency is one of quorum, local_quorum, all, one; did you mean",
        ),
        (
            "[cql.translate]\n\"db1\" = \"1.2.3.4:1\"",
            "2:1: cql.translate: \"db1\": an address is an IP address and a port",
        ),
        ("x = ", "1:5: this is not TOML: string values must be quoted"),
    ] {
        let found = wrong(text);
        assert!(found.starts_with("gateway.toml:") && found.contains(expected), "{text}: {found}");
    }
}

#[test]
fn settings_that_do_not_go_together_are_told_at_the_one_that_is_set() {
    for (text, expected) in [
        (
            "[journal]\nsegment_mib = 64\ndisk_mib_max = 64",
            "2:15: journal.segment_mib = 64 and journal.disk_mib_max = 64: disk_mib_max must hold two segments, so \
             segment_mib is at most 32",
        ),
        ("[journal]\ndisk_mib_max = 64", "2:16: journal.segment_mib = 64 and journal.disk_mib_max = 64"),
        ("listen = \"127.0.0.1:9443\"", "1:10: listen = \"127.0.0.1:9443\" and admin = "),
        ("[registration]\nwebhook_token = \"token\"", "2:17: registration.webhook_token is for"),
        ("# key\nkey = \"k.pem\"", "2:7: certificate and key must be set together: certificate is not set"),
    ] {
        let found = wrong(text);
        assert!(found.starts_with("gateway.toml:") && found.contains(expected), "{text}: {found}");
    }
    for text in ["listen = \"127.0.0.1:0\"\nadmin = \"127.0.0.1:0\"", "admin = \"127.0.0.2:8443\""] {
        assert!(parsed(text).is_ok(), "{text}");
    }
}

#[test]
fn a_channel_is_wrong_at_its_own_line() {
    let channel = |name: &str, more: &str| format!("[[channel]]\nname = \"{name}\"\n{more}\n");
    let quota = "requests_a_second_max = 9";
    let twice = channel("a", quota) + &channel("a", quota);
    let rests = channel("a", quota) + &channel("b", quota);
    let host = format!("{quota}\nhosts = [\"x.example\"]");
    let hosts = format!("# x.example\n{}", channel("a", &host) + &channel("b", &host));
    for (text, expected) in [
        (channel("a", "requests_a_second_max = 0"), "3:25: channel.requests_a_second_max = 0: "),
        (channel("a", ""), "1:1: this channel has no requests_a_second_max"),
        ("channel = 3".to_owned(), "1:11: channel = 3: each channel begins with a line [[channel]]"),
        (twice, "5:8: there are two channels `a`"),
        (rests, "5:8: one channel may leave hosts out"),
        (hosts, "9:10: two channels have the host `x.example`"),
    ] {
        let found = wrong(&text);
        assert!(found.starts_with(&format!("gateway.toml:{expected}")), "{text}: {found}");
    }
    for wrong_host in ["X.example", "x.example:443", ""] {
        let found = wrong(&channel("a", &host.replace("x.example", wrong_host)));
        assert!(found.contains(":4:10: channel.hosts = ") && found.contains("a host is a name"), "{found}");
    }
}

#[test]
fn all_faults_are_told_in_the_order_of_the_file_and_a_wrong_value_breaks_no_rule() {
    let found = wrong("workers = 900\nadmn = 1\n[journal]\nsegment_mib = 0\ndisk_mib_max = 2\n");
    let places: Vec<_> = found.lines().map(|line| line.split(' ').next().unwrap()).collect();
    assert_eq!(places, ["gateway.toml:1:11:", "gateway.toml:2:1:", "gateway.toml:4:15:"], "{found}");
    for word in ["invalid type", "expected", "u16", "missing field", "struct", "variant"] {
        assert!(!found.contains(word), "{found}");
    }
}

#[test]
fn a_duration_is_a_number_of_hours_or_has_its_unit() {
    let minute = 60_000;
    for (text, ms) in [("24", 1_440 * minute), ("\"24h\"", 1_440 * minute), ("\"90s\"", 90_000), ("0", 0)] {
        let config = parsed(&format!("[tracer]\ntell_after = {text}")).unwrap();
        assert_eq!(config.tracer.tell_after.ms(), ms, "{text}");
    }
}

#[test]
fn nothing_set_is_the_default() {
    assert_eq!(parsed("").unwrap(), Config::default());
}

#[test]
fn the_command_line_wins_over_the_environment_and_that_over_the_file() {
    let text = "workers = 1\nretention_days = 1\nlisten = \"127.0.0.1:1\"\n";
    let variables = [("SCANGATE__WORKERS", "2"), ("SCANGATE__RETENTION_DAYS", "2"), ("SCANGATE_LOG", "x")];
    let options = [OptionSetting { key: "workers", option: "--workers", value: "3".to_owned() }];
    let effective = layered(text, &variables, &options).unwrap();
    let Config { workers, retention_days, listen, .. } = &effective.config;
    assert_eq!((*workers, *retention_days, listen.port()), (Some(3), 2, 1));
    let origin = |key| effective.origin(key).to_string();
    let origins = ["workers", "retention_days", "listen", "admin"].map(origin);
    assert_eq!(origins, ["--workers", "SCANGATE__RETENTION_DAYS", "gateway.toml:3:10", "default"]);
    let options = [OptionSetting { value: "0".to_owned(), ..options[0].clone() }];
    let error = layered(text, &variables, &options).unwrap_err().to_string();
    assert_eq!(error, "--workers: workers = 0: workers is a whole number from 1 to 256");
}

#[test]
fn every_key_is_set_by_its_variable() {
    let example: toml::Table = example_in_full().parse().unwrap();
    let mut variables = Vec::new();
    for key in &catalogue::KEYS {
        let value = match key.name.split_once('.') {
            None => &example[key.name],
            Some((table, own)) => &example[table][own],
        };
        let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        variables.push((source::variable(key), value));
    }
    let variables: Vec<_> = variables.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let effective = layered("", &variables, &[]).unwrap();
    assert_eq!(effective.config, parsed(&example_in_full()).unwrap());
    for (key, (name, _)) in catalogue::KEYS.iter().zip(&variables) {
        assert_eq!(effective.origin(key.name), SettingOrigin::Variable((*name).to_owned()));
    }
}

#[test]
fn a_wrong_variable_is_named() {
    for (name, value, expected) in [
        ("SCANGATE__WOKERS", "2", "SCANGATE__WOKERS: unknown variable; did you mean `SCANGATE__WORKERS`?"),
        (
            "SCANGATE__LITSEN_FILE",
            "x",
            "SCANGATE__LITSEN_FILE: unknown variable; did you mean `SCANGATE__LISTEN_FILE`?",
        ),
        (
            "SCANGATE__WORKERS",
            "no",
            "SCANGATE__WORKERS: workers = \"no\": workers is a whole number from 1 to 256",
        ),
        ("SCANGATE__WORKERS", "", "SCANGATE__WORKERS: the value is empty: remove the variable, or set it"),
        (
            "SCANGATE__JOURNAL__DISK_MIB_MAX",
            "64",
            "SCANGATE__JOURNAL__DISK_MIB_MAX: journal.segment_mib = 64 and",
        ),
        ("SCANGATE__TRACER__PURPOSES", "audit", "SCANGATE__TRACER__PURPOSES: tracer.purposes = \"audit\": "),
        ("SCANGATE__LISTEN_FILE", "/no/such/file", "SCANGATE__LISTEN_FILE: /no/such/file: No such file"),
    ] {
        let found = wrong_variables(&[(name, value)]);
        assert!(found.starts_with(expected), "{found}");
    }
}

#[test]
fn a_variable_of_a_file_gives_its_content_or_the_path_of_a_secret() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("value");
    std::fs::write(&file, "127.0.0.1:7\n").unwrap();
    let path = file.to_str().unwrap();
    let variables = [("SCANGATE__LISTEN_FILE", path), ("SCANGATE__SECRET_FILE", path)];
    let config = layered("", &variables, &[]).unwrap().config;
    assert_eq!((config.listen.port(), config.secret.as_deref()), (7, Some(file.as_path())));
    let both = wrong_variables(&[("SCANGATE__SECRET_FILE", path), ("SCANGATE__SECRET", path)]);
    assert_eq!(both, "SCANGATE__SECRET_FILE: SCANGATE__SECRET is set, too: set one of them");
}

/// Sources with these variables and options over a file.
fn sources(file: &Path, variables: &[(&str, &str)]) -> ConfigSources {
    let variables = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).into()));
    let sources =
        ConfigSources { file: Some(file.to_owned()), environment: variables.collect(), options: Vec::new() };
    sources.with("--retention-days", "retention_days", Some(3))
}

#[test]
fn the_printed_configuration_names_origins_hides_secrets_and_is_the_same_again() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("gateway.toml");
    std::fs::write(&file, example_in_full()).unwrap();
    let variables = [
        ("SCANGATE__JOURNAL__DISK_MIB_MAX", "512"),
        ("SCANGATE_CQL_PASSWORD", "hunter2"),
        ("SCANGATE_LOG", "debug"),
    ];
    let sources = sources(&file, &variables);
    let effective = sources.read().unwrap();
    let printed = effective.printed(&sources);
    let line = |key: &str| example_in_full().lines().position(|line| line.starts_with(key)).unwrap() + 1;
    for expected in [
        format!("\nlisten = \"127.0.0.1:8443\" # {}:{}\n", file.display(), line("listen")),
        "\ndisk_mib_max = 512 # SCANGATE__JOURNAL__DISK_MIB_MAX of the environment\n".to_owned(),
        "\nretention_days = 3 # --retention-days of the command line\n".to_owned(),
        "\n# SCANGATE_CQL_PASSWORD = <hidden>\n".to_owned(),
        "\n# SCANGATE_LOG = \"debug\"\n".to_owned(),
        "\nsecret = \"/etc/scangate/secret\" # ".to_owned(),
    ] {
        assert!(printed.contains(&expected), "{expected} is not in:\n{printed}");
    }
    assert!(!printed.contains("hunter2"));
    assert_eq!(parsed(&printed).unwrap(), effective.config);

    std::fs::write(&file, "[registration]\nsms_webhook = \"https://sms.example/send?key=hunter2\"\n")
        .unwrap();
    let printed = sources.read().unwrap().printed(&sources);
    let hidden = "\nsms_webhook = \"https://sms.example/send?hidden\" # ";
    assert!(printed.contains(hidden) && printed.contains("gateway.toml:2, its query hidden"), "{printed}");
}

#[test]
fn nothing_set_prints_the_defaults() {
    let sources = ConfigSources::default();
    let printed = sources.read().unwrap().printed(&sources);
    assert!(printed.contains("\ndata = \"data\" # default\n# origin is not set\n"), "{printed}");
    assert!(printed.contains("\ntell_after = \"24h\" # default\n"), "{printed}");
    assert_eq!(parsed(&printed).unwrap(), Config::default());
}

/// Whether the schema accepts a file.
fn is_valid(text: &str) -> bool {
    let table: toml::Table = text.parse().unwrap();
    let schema = jsonschema::validator_for(&config_schema()).unwrap();
    schema.is_valid(&serde_json::to_value(table).unwrap())
}

#[test]
fn the_schema_accepts_the_examples_and_rejects_wrong_keys_and_values() {
    assert!(is_valid(EXAMPLE) && is_valid(&example_in_full()) && is_valid(""));
    assert!(is_valid(include_str!("../../../deploy/compose/gateway.toml")));
    for wrong in [
        "litsen = \"127.0.0.1:1\"",
        "workers = 900",
        "workers = \"2\"",
        "origin = \"http://gate.example\"",
        "listen = \"here\"",
        "[journal]\nsegment_mb = 64",
        "[journal]\nsegment_mib = 0",
        "[cql]\nconsistency = \"two\"",
        "[tracer]\npurposes = []",
        "[tracer]\ntell_after = \"24\"",
        "[[channel]]\nname = \"a\"",
        "[[channel]]\nname = \"a\"\nrequests_a_second_max = 1\nhosts = [\"A\"]",
    ] {
        assert!(!is_valid(wrong), "{wrong}");
    }
}

#[test]
fn the_schema_describes_every_key() {
    let schema = config_schema();
    for key in &catalogue::KEYS {
        let (table, own) = key.parts();
        let table = if table.is_empty() { &schema } else { &schema["properties"][table] };
        let node = &table["properties"][own];
        assert_eq!(node["title"], key.name);
        assert!(node["description"].as_str().is_some_and(|words| words.len() > 10), "{node}");
    }
    assert_eq!(schema["properties"]["journal"]["properties"]["segment_mib"]["default"], 64);
    assert_eq!(schema["properties"]["workers"]["maximum"], 256);
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
    assert_eq!(parsed(EXAMPLE).unwrap(), Config::default());
}

#[test]
fn the_example_names_every_key_of_every_table_and_all_of_them_are_valid() {
    let text = example_in_full();
    parsed(&text).unwrap();
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

#[test]
fn the_catalogue_has_every_field() {
    let own = |table: &str| {
        let keys = catalogue::KEYS.iter().filter(|key| key.parts().0 == table);
        keys.map(|key| key.parts().1.to_owned()).collect::<BTreeSet<_>>()
    };
    let tables = ["city", "journal", "tracer", "cql", "registration"].map(str::to_owned);
    assert_eq!(&own("") | &BTreeSet::from(tables), fields::<Config>());
    for (table, expected) in [
        ("city", fields::<CityConfig>()),
        ("journal", fields::<JournalSizeConfig>()),
        ("tracer", fields::<TracerConfig>()),
        ("cql", fields::<CqlConfig>()),
        ("registration", fields::<RegistrationConfig>()),
    ] {
        assert_eq!(own(table), expected);
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
