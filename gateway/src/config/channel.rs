//! `[[channel]]`: the apps and pages by which people come, each with its hosts and its quota.

use serde::Deserialize;
use std::collections::HashSet;
use std::num::NonZeroU32;

/// A way by which people come.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChannelConfig {
    /// What it is called in metrics.
    pub name: String,
    /// The hosts that its connections name; left out, it is all that name none of the others'.
    #[serde(default)]
    pub hosts: Vec<Host>,
    /// Requests of all kinds that it may send a second; beyond it `overloaded`.
    pub requests_a_second_max: NonZeroU32,
}

/// A host as a connection names it: lower case, no port.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Host(String);

/// The text is no host.
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

/// What of several channels excludes each other: the text that stands twice, and what to say of it.
pub(super) fn clash(channels: &[ChannelConfig]) -> Result<(), (&str, String)> {
    let (mut names, mut hosts) = (HashSet::new(), HashSet::new());
    for ChannelConfig { name, hosts: own, .. } in channels {
        if !names.insert(name) {
            return Err((name, format!("there are two channels `{name}`")));
        }
        if own.is_empty() && !hosts.insert("") {
            return Err((
                name,
                "one channel may leave hosts out: it receives every connection that matches no other".into(),
            ));
        }
        for Host(host) in own {
            if !hosts.insert(host) {
                return Err((host, format!("two channels have the host `{host}`")));
            }
        }
    }
    Ok(())
}
