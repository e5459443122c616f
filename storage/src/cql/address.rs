//! The address of a cluster, `cql://host1,host2:9043/keyspace`: its contact points and the keyspace.

use std::fmt;
use std::str::FromStr;

const SCHEME: &str = "cql://";
/// The default CQL port.
const PORT: u16 = 9_042;
/// The longest keyspace name that servers accept.
const KEYSPACE_CHARS_MAX: usize = 48;

/// The address of a cluster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    /// The contact points, each with its port. The driver discovers the other nodes through them.
    pub nodes: Vec<String>,
    /// The keyspace.
    pub keyspace: String,
}

/// A text that cannot be parsed as a cluster address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not like cql://host1,host2/keyspace: {why}")]
pub struct AddressError {
    text: String,
    why: &'static str,
}

impl AddressError {
    /// The rule that the text breaks. It never repeats the text, which may hold a password.
    #[must_use]
    pub const fn rule(&self) -> &'static str {
        self.why
    }
}

impl FromStr for Address {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        let wrong = |why| AddressError { text: text.to_owned(), why };
        let rest = text.strip_prefix(SCHEME).ok_or(wrong("it begins with cql://"))?;
        let (nodes, keyspace) = rest.split_once('/').ok_or(wrong("a keyspace follows the hosts"))?;
        if nodes.contains('@') {
            return Err(wrong("user and password come from cql.login or the environment"));
        }
        let is_name = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
        let begins_well = keyspace.starts_with(|first: char| first.is_ascii_lowercase());
        if !begins_well || keyspace.len() > KEYSPACE_CHARS_MAX || !keyspace.bytes().all(is_name) {
            return Err(wrong("a keyspace has 1 to 48 lower-case letters, digits and _"));
        }
        let nodes = nodes
            .split(',')
            .map(|node| with_port(node).ok_or(wrong("a host is missing or its port is invalid")));
        Ok(Self { nodes: nodes.collect::<Result<_, _>>()?, keyspace: keyspace.to_owned() })
    }
}

/// Adds the default port where a node has none. IPv6 addresses stand in brackets.
fn with_port(node: &str) -> Option<String> {
    let (host, port) = match node.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, port.parse().ok()?),
        _ => (node, PORT),
    };
    let is_host = !host.is_empty() && (!host.contains(':') || host.starts_with('['));
    is_host.then(|| format!("{host}:{port}"))
}

impl fmt::Display for Address {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{SCHEME}{}/{}", self.nodes.join(","), self.keyspace)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_and_keyspace_are_read_and_ports_completed() {
        let address: Address = "cql://db1,db2:19042,[::1]/scangate".parse().unwrap();
        assert_eq!(address.nodes, ["db1:9042", "db2:19042", "[::1]:9042"]);
        assert_eq!(address.keyspace, "scangate");
        assert_eq!(address.to_string().parse(), Ok(address));
    }

    #[test]
    fn what_is_no_address_is_told_why() {
        for text in [
            "db1/scangate",
            "cql://db1",
            "cql:///scangate",
            "cql://db1,/scangate",
            "cql://db1:x/scangate",
            "cql://db1/",
            "cql://db1/Scangate",
            "cql://db1/scan;gate",
            "cql://db1/1gate",
            "cql://::1/scangate",
        ] {
            assert!(text.parse::<Address>().is_err(), "{text}");
        }
        let secret = "cql://me:secret@db1/scangate".parse::<Address>().unwrap_err();
        assert!(secret.to_string().contains("cql.login"));
    }
}
