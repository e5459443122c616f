//! Checks of values that are texts. Each error says what the text may be, and the nearest right one where
//! that is clear.

use crate::config::{LogSetting, Origin, ProviderAddress, StoreLocation};
use scangate_core::limits::NAME_BYTES_MAX;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

/// The port that an address without one most likely means.
const LISTEN_PORT: u16 = 8_443;

/// An IP address with a port.
pub(super) fn socket(text: &str) -> Result<(), String> {
    if text.parse::<SocketAddr>().is_ok() {
        return Ok(());
    }
    let error = "an address is an IP address and a port, such as 0.0.0.0:8443";
    let (host, port) = text.rsplit_once(':').unwrap_or((text, ""));
    let port = port.parse().unwrap_or(LISTEN_PORT);
    let meant = match (text.parse::<IpAddr>(), host) {
        (Ok(address), _) => Some(SocketAddr::new(address, LISTEN_PORT)),
        (Err(_), "") => Some(SocketAddr::from((Ipv4Addr::UNSPECIFIED, port))),
        (Err(_), "*") => Some(SocketAddr::from((Ipv4Addr::UNSPECIFIED, port))),
        (Err(_), "localhost") => Some(SocketAddr::from((Ipv4Addr::LOCALHOST, port))),
        (Err(_), _) => None,
    };
    Err(with_suggestion(error, meant.map(|meant| meant.to_string())))
}

/// The origin by which phones reach the gateway.
pub(super) fn origin(text: &str) -> Result<(), String> {
    let Err(error) = text.parse::<Origin>() else { return Ok(()) };
    let host = text.split_once("://").map_or(text, |(_, rest)| rest);
    let host = host.split(['/', '?', '#']).next().unwrap_or_default();
    let meant = format!("https://{host}");
    let meant = Some(meant).filter(|meant| meant.parse::<Origin>().is_ok());
    Err(with_suggestion(&error.to_string(), meant))
}

/// A text that is not empty.
pub(super) fn some(text: &str) -> Result<(), String> {
    if text.trim().is_empty() { Err("it must not be empty".to_owned()) } else { Ok(()) }
}

/// A filter of logs.
pub(super) fn log(text: &str) -> Result<(), String> {
    LogSetting::try_from(text.to_owned()).map(drop).map_err(|error| error.to_string())
}

/// The location of the stores. The error does not repeat the text, which may hold a password.
pub(super) fn store(text: &str) -> Result<(), String> {
    text.parse::<StoreLocation>().map(drop).map_err(|error| {
        format!("a store is `embedded` or cql://HOST[:PORT][,HOST…]/KEYSPACE: {}", error.rule())
    })
}

/// A name that pages or answers show.
pub(super) fn name(text: &str) -> Result<(), String> {
    if (1..=NAME_BYTES_MAX).contains(&text.trim().len()) {
        Ok(())
    } else {
        Err(format!("a name has 1 to {NAME_BYTES_MAX} bytes, spaces around it not counted"))
    }
}

/// The URL of a provider.
pub(super) fn webhook(text: &str) -> Result<(), String> {
    ProviderAddress::try_from(text.to_owned()).map(drop).map_err(|error| error.to_string())
}

/// A URL without the user and the password in it.
pub(super) fn without_login(text: &str) -> String {
    match text.split_once("://").map(|(scheme, rest)| (scheme, rest.rsplit_once('@'))) {
        Some((scheme, Some((_, rest)))) => format!("{scheme}://<hidden>@{rest}"),
        Some((_, None)) | None => text.to_owned(),
    }
}

fn with_suggestion(error: &str, meant: Option<String>) -> String {
    meant.map_or_else(|| error.to_owned(), |meant| format!("{error}; did you mean `{meant}`?"))
}
