//! The configuration: a TOML file, the environment over it, the command line over both. `catalogue` knows
//! every key and its values, `source` reads them with their places, `rules` compares them. An error names the
//! place, the value and the nearest valid one.

mod catalogue;
mod channel;
mod city;
mod duration;
mod fault;
mod log_setting;
mod origin;
mod print;
mod provider_address;
mod rules;
mod schema;
mod source;

pub use channel::{ChannelConfig, Host, HostError};
pub use city::{CityConfig, MarkError, ShownCity};
pub use duration::{TellAfter, duration_ms};
pub use fault::{ConfigError, ConfigFault, SettingOrigin};
pub use log_setting::{LogSetting, LogSettingError};
pub use origin::{Origin, OriginError};
pub use provider_address::{ProviderAddress, ProviderAddressError};
pub use schema::config_schema;
pub use source::{ConfigSources, EffectiveConfig, Environment, OptionSetting};

use scangate_core::limits::{PERSON_CHECK_INS_MAX, RETENTION_DAYS};
use scangate_core::text::without_mark;
use scangate_storage::cql::{Address, AddressError, COPIES, Consistency};
use schemars::JsonSchema;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::fmt;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::str::FromStr;

/// The most copies of a keyspace. More cost disk and time, and no city has used as many.
const COPIES_MAX: u8 = 9;

/// Everything an operator can set.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// The address for phones and gates, on UDP and TCP.
    #[schemars(with = "String")]
    pub listen: SocketAddr,
    /// The address for operators, in plain HTTP.
    #[schemars(with = "String")]
    pub admin: SocketAddr,
    /// The data folder.
    pub data: PathBuf,
    /// The origin by which phones reach the gateway; `https://localhost:PORT` if not set.
    #[schemars(with = "Option<String>")]
    pub origin: Option<Origin>,
    /// The first rule pack of a new deployment, by name or file; `default` if not set. A deployment that has
    /// packs keeps the one in force.
    pub policy: Option<String>,
    /// Worker threads; one a core if not set.
    pub workers: Option<u16>,
    /// The deployment's secret; `secret` in the data folder if not set.
    pub secret: Option<PathBuf>,
    /// The certificate chain and its key, PEM; a self-signed one in the data folder if not set.
    pub certificate: Option<PathBuf>,
    /// The private key of the certificate, PEM.
    pub key: Option<PathBuf>,
    /// The bytes that requests may hold which did not arrive whole, in all workers together; a sixteenth of
    /// the memory if not set. **Units**: MiB.
    pub unfinished_mib: Option<u32>,
    /// What is logged. `SCANGATE_LOG` of the environment wins at the start.
    #[schemars(with = "String")]
    pub log: LogSetting,
    /// How the residents' pages show the city.
    pub city: CityConfig,
    /// The journal.
    pub journal: JournalSizeConfig,
    /// The retention of trails. **Units**: days.
    pub retention_days: u16,
    /// Check-ins of a person within a code's step of half a minute; beyond it the answer is `too-many`.
    pub person_check_ins_max: u8,
    /// The daily budget of a tracer, and the purposes of cases.
    pub tracer: TracerConfig,
    /// The stores of trails and registry: `embedded`, or `cql://HOST[:PORT][,HOST…]/KEYSPACE`.
    #[schemars(with = "String")]
    pub store: StoreLocation,
    /// The connection settings of a cluster.
    pub cql: CqlConfig,
    /// The external providers for registrations.
    pub registration: RegistrationConfig,
    /// The apps and pages that send requests, each with its quota; no quotas if empty.
    pub channel: Vec<ChannelConfig>,
}

/// The location of trails and registry.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(try_from = "String")]
pub enum StoreLocation {
    /// In the data folder.
    #[default]
    Embedded,
    /// On a CQL cluster, which several gateways share.
    Cql(Address),
}

impl FromStr for StoreLocation {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        if text == "embedded" { Ok(Self::Embedded) } else { text.parse().map(Self::Cql) }
    }
}

impl TryFrom<String> for StoreLocation {
    type Error = AddressError;

    fn try_from(text: String) -> Result<Self, AddressError> {
        text.parse()
    }
}

impl fmt::Display for StoreLocation {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Embedded => out.write_str("embedded"),
            Self::Cql(address) => address.fmt(out),
        }
    }
}

/// The connection settings of a cluster.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct CqlConfig {
    /// A file whose first line is the user and whose second the password. If it is not set:
    /// `SCANGATE_CQL_USER` and `SCANGATE_CQL_PASSWORD` of the environment, or the files that these variables
    /// name with `_FILE` at their end.
    pub login: Option<PathBuf>,
    /// The authority that signs the nodes' certificates, PEM; no TLS if not set.
    pub authority: Option<PathBuf>,
    /// The consistency level of reads and writes: `quorum`, `local_quorum`, `all` or `one`.
    #[schemars(with = "String")]
    pub consistency: Consistency,
    /// The copies of each row in a keyspace that this gateway makes. An existing keyspace keeps its own.
    pub copies: u8,
    /// Buckets of the trails' partitions, fixed when the keyspace is created; 1,024 if not set.
    pub buckets: Option<u16>,
    /// From the address that a node announces to the address at which it is reached.
    #[schemars(with = "BTreeMap<String, String>")]
    pub translate: BTreeMap<SocketAddr, SocketAddr>,
}

/// The external providers for registration steps that a rule pack asks for. A provider that is not set is
/// replaced by a test double, for development only.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RegistrationConfig {
    /// The provider that sends codes to phones.
    #[schemars(with = "Option<String>")]
    pub sms_webhook: Option<ProviderAddress>,
    /// The provider that compares faces with documents.
    #[schemars(with = "Option<String>")]
    pub face_webhook: Option<ProviderAddress>,
    /// A file with the bearer token for both providers; no token if not set.
    pub webhook_token: Option<PathBuf>,
}

/// The journal's bounds.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct JournalSizeConfig {
    /// The size of a segment. **Units**: MiB.
    pub segment_mib: u32,
    /// The size of all segments; beyond it check-ins are refused. **Units**: MiB.
    pub disk_mib_max: u32,
}

/// A tracer's budget and purposes.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct TracerConfig {
    /// Cases a day.
    pub cases_max: u64,
    /// Persons in answers a day.
    pub persons_max: u64,
    /// The purposes that a case may have.
    pub purposes: Vec<String>,
    /// The time after which the persons in an answer learn of it, unless their case is closed before.
    #[schemars(with = "String")]
    pub tell_after: TellAfter,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 8_443)),
            admin: SocketAddr::from(([127, 0, 0, 1], 9_443)),
            data: PathBuf::from("data"),
            origin: None,
            policy: None,
            workers: None,
            secret: None,
            certificate: None,
            key: None,
            unfinished_mib: None,
            log: LogSetting::default(),
            city: CityConfig::default(),
            journal: JournalSizeConfig::default(),
            retention_days: RETENTION_DAYS,
            person_check_ins_max: PERSON_CHECK_INS_MAX,
            tracer: TracerConfig::default(),
            store: StoreLocation::default(),
            cql: CqlConfig::default(),
            registration: RegistrationConfig::default(),
            channel: Vec::new(),
        }
    }
}

impl Default for CqlConfig {
    fn default() -> Self {
        Self {
            login: None,
            authority: None,
            consistency: Consistency::default(),
            copies: COPIES,
            buckets: None,
            translate: BTreeMap::new(),
        }
    }
}

impl Default for JournalSizeConfig {
    fn default() -> Self {
        // 64 MiB hold a million check-ins; 4 GiB a quarter of an hour of the largest city's peak.
        Self { segment_mib: 64, disk_mib_max: 4_096 }
    }
}

impl Default for TracerConfig {
    fn default() -> Self {
        let purposes = ["contact-tracing", "outbreak-at-venue", "audit"].map(str::to_owned).to_vec();
        Self { cases_max: 2_000, persons_max: 100_000, purposes, tell_after: TellAfter::default() }
    }
}

/// Reads a text file, without a byte order mark before it.
pub(crate) fn read_text(path: &Path) -> std::io::Result<String> {
    let mut text = std::fs::read_to_string(path)?;
    let mark = text.len() - without_mark(text.as_bytes()).len();
    text.drain(..mark);
    Ok(text)
}

#[cfg(test)]
mod tests;
