//! `[[channel]]`: the apps and pages that send requests, each with its hosts and its quota.

use schemars::JsonSchema;
use serde::Deserialize;
use std::collections::HashSet;
use std::num::NonZeroU32;

/// A channel: an app or a page that sends requests.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ChannelConfig {
    /// The label of the channel in metrics.
    pub name: String,
    /// The hosts that identify its connections. Without hosts the channel receives every connection that
    /// matches no other.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    pub hosts: Vec<Host>,
    /// Quota of requests of all kinds a second; beyond it the answer is `overloaded`.
    pub requests_a_second_max: NonZeroU32,
}

/// A host name as a connection sends it: lower case, no port.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Host(String);

/// The error of a text that is not a host name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a host is a name of lower-case letters, digits, hyphens and dots, without a port")]
pub struct HostError;

impl TryFrom<String> for Host {
    type Error = HostError;

    fn try_from(text: String) -> Result<Self, HostError> {
        let is_letter =
            |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'.');
        if !text.is_empty() && text.bytes().all(is_letter) { Ok(Self(text)) } else { Err(HostError) }
    }
}

impl Host {
    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Two channels that do not go together.
pub(super) struct ChannelClash {
    /// The place in the list, such as `[1].name`.
    pub(super) place: String,
    pub(super) message: String,
}

/// The first conflict between channels.
pub(super) fn clash(channels: &[ChannelConfig]) -> Option<ChannelClash> {
    let (mut names, mut hosts) = (HashSet::new(), HashSet::new());
    for (at, ChannelConfig { name, hosts: own, .. }) in channels.iter().enumerate() {
        let clash = |place: String, message: String| Some(ChannelClash { place, message });
        if !names.insert(name) {
            return clash(format!("[{at}].name"), format!("there are two channels `{name}`"));
        }
        if own.is_empty() && !hosts.insert("") {
            let message =
                "one channel may leave hosts out: it receives every connection that matches no other";
            return clash(format!("[{at}].name"), message.to_owned());
        }
        for (number, Host(host)) in own.iter().enumerate() {
            if !hosts.insert(host) {
                return clash(
                    format!("[{at}].hosts[{number}]"),
                    format!("two channels have the host `{host}`"),
                );
            }
        }
    }
    None
}
