//! The address of an external provider in the configuration.

use http::Uri;
use serde::Deserialize;
use std::net::IpAddr;

/// A webhook's URL: over TLS, or on this machine.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct ProviderAddress(Uri);

/// The error of a text that is not a webhook's URL.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ProviderAddressError {
    /// Not a URL, or one with a login in it.
    #[error("a webhook is a URL such as https://sms.example/send; a login goes into webhook_token")]
    Shape,
    /// `http` to another machine.
    #[error("names, documents and codes are sent there: https is required except on this machine")]
    Plain,
}

impl ProviderAddress {
    /// The URL.
    pub fn uri(&self) -> &Uri {
        &self.0
    }

    /// Whether the URL is `https`.
    pub fn is_tls(&self) -> bool {
        self.0.scheme_str() == Some("https")
    }
}

impl TryFrom<String> for ProviderAddress {
    type Error = ProviderAddressError;

    fn try_from(text: String) -> Result<Self, ProviderAddressError> {
        let uri: Uri = text.parse().map_err(|_| ProviderAddressError::Shape)?;
        let authority = uri.authority().ok_or(ProviderAddressError::Shape)?;
        if authority.host().is_empty() || authority.as_str().contains('@') {
            return Err(ProviderAddressError::Shape);
        }
        match uri.scheme_str() {
            Some("https") => Ok(Self(uri)),
            Some("http") if is_this_machine(authority.host()) => Ok(Self(uri)),
            Some("http") => Err(ProviderAddressError::Plain),
            Some(_) | None => Err(ProviderAddressError::Shape),
        }
    }
}

fn is_this_machine(host: &str) -> bool {
    let address = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    host == "localhost" || address.is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn webhooks_are_reached_over_tls_or_on_this_machine() {
        use ProviderAddressError::{Plain, Shape};
        for (text, wrong) in [
            ("https://sms.example/send?city=xuzhou", None),
            ("http://127.0.0.1:8080/face", None),
            ("http://[::1]:8080/face", None),
            ("http://localhost/face", None),
            ("http://sms.example/send", Some(Plain)),
            ("http://10.0.0.1/send", Some(Plain)),
            ("http://127.0.0.1.example/send", Some(Plain)),
            ("https://user:word@sms.example/send", Some(Shape)),
            ("ftp://sms.example/send", Some(Shape)),
            ("/send", Some(Shape)),
            ("sms.example", Some(Shape)),
            ("", Some(Shape)),
        ] {
            assert_eq!(ProviderAddress::try_from(text.to_owned()).err(), wrong, "{text}");
        }
    }
}
