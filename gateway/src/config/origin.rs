//! The public origin in the configuration.

use http::Uri;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// The port of `https` where an origin names none.
const HTTPS_PORT: u16 = 443;

/// The origin by which phones reach the gateway, such as `https://gate.example`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Origin {
    text: String,
    host: String,
    port: u16,
}

/// The error of a text that is not an origin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an origin is https://HOST or https://HOST:PORT")]
pub struct OriginError;

impl Origin {
    /// The origin of a gateway that only this machine can reach by name.
    #[must_use]
    pub fn of_localhost(port: u16) -> Self {
        Self { text: format!("https://localhost:{port}"), host: "localhost".to_owned(), port }
    }

    /// The host without a port, an address of IPv6 without brackets.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The port, to which `alt-svc` leads phones.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.text)
    }
}

impl FromStr for Origin {
    type Err = OriginError;

    fn from_str(text: &str) -> Result<Self, OriginError> {
        let text = text.trim_end_matches('/');
        let uri: Uri = text.parse().map_err(|_| OriginError)?;
        let authority = uri.authority().ok_or(OriginError)?;
        let is_origin = uri.scheme_str() == Some("https")
            && uri.path_and_query().is_none_or(|path| path == "/")
            && !authority.host().is_empty()
            && !authority.as_str().contains('@');
        let port = match authority.as_str().strip_prefix(authority.host()).ok_or(OriginError)? {
            "" => HTTPS_PORT,
            port => port[1..].parse().ok().filter(|&port| port > 0).ok_or(OriginError)?,
        };
        let host = authority.host().trim_start_matches('[').trim_end_matches(']').to_owned();
        if is_origin { Ok(Self { text: text.to_owned(), host, port }) } else { Err(OriginError) }
    }
}

impl TryFrom<String> for Origin {
    type Error = OriginError;

    fn try_from(text: String) -> Result<Self, OriginError> {
        text.parse()
    }
}

impl From<Origin> for String {
    fn from(origin: Origin) -> Self {
        origin.text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_https_with_a_host_and_perhaps_a_port() {
        for (text, shown, host, port) in [
            ("https://gate.example", "https://gate.example", "gate.example", 443),
            ("https://gate.example/", "https://gate.example", "gate.example", 443),
            ("https://gate.example:8443", "https://gate.example:8443", "gate.example", 8_443),
            ("https://[2001:db8::1]:444/", "https://[2001:db8::1]:444", "2001:db8::1", 444),
        ] {
            let origin: Origin = text.parse().unwrap();
            let found = (origin.to_string(), origin.host(), origin.port());
            assert_eq!((found.0.as_str(), found.1, found.2), (shown, host, port), "{text}");
        }
        for text in [
            "",
            "gate.example",
            "http://gate.example",
            "https://",
            "https://gate.example/v",
            "https://a@b",
            "https://gate.example?x",
            "https://gate.example:0",
            "https://gate.example:70000",
            "/v",
        ] {
            assert_eq!(text.parse::<Origin>(), Err(OriginError), "{text}");
        }
    }
}
