//! The carriers of a scenario: gates and phones, as its file has them.

use crate::client::{Doorway, Handshake, Version};
use crate::drive::Carrier;
use crate::scenario::amount::Share;
use serde::{Deserialize, Deserializer, Serialize, de};
use std::fmt;

/// The most connections of one kind.
pub const CONNECTIONS_MAX: u32 = 10_000;
/// The most requests in flight on a connection.
pub const IN_FLIGHT_MAX: u32 = 256;

/// Gates: connections that stay open, with several scans in flight on each.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct GatesSpec {
    /// The share of the scans that they carry.
    #[serde(default = "whole")]
    pub share: Share,
    /// The number of connections.
    #[serde(deserialize_with = "connections")]
    pub connections: u32,
    /// Scans in flight on each. HTTP/1.1 has one.
    #[serde(deserialize_with = "in_flight")]
    pub in_flight: u32,
    /// The HTTP version.
    #[serde(default)]
    pub http: HttpNumber,
}

/// Phones: a new connection for each scan.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct PhonesSpec {
    /// The share of the scans that they send.
    #[serde(default = "whole")]
    pub share: Share,
    /// The TLS handshake.
    pub handshake: Handshake,
    /// The share of datagrams that a doorway loses, in each direction.
    #[serde(default)]
    pub loss: Share,
    /// The share of phones whose address changes between the handshake and the request.
    #[serde(default)]
    pub moves: Share,
}

/// The settings that take the place of those of gates.
#[derive(Debug, Clone, Copy, Default)]
pub struct GatesChanges {
    /// The number of connections.
    pub connections: Option<u32>,
    /// Scans in flight on each.
    pub in_flight: Option<u32>,
    /// The HTTP version.
    pub http: Option<HttpNumber>,
}

/// The number of an HTTP version, as a file has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(try_from = "u8", into = "u8")]
pub enum HttpNumber {
    /// HTTP/1.1.
    One,
    /// HTTP/2.
    Two,
    /// HTTP/3.
    #[default]
    Three,
}

/// The error for a number that is no HTTP version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{0} is not an HTTP version: write 1, 2 or 3")]
pub struct HttpNumberError(u8);

impl TryFrom<u8> for HttpNumber {
    type Error = HttpNumberError;
    fn try_from(number: u8) -> Result<Self, HttpNumberError> {
        match number {
            1 => Ok(Self::One),
            2 => Ok(Self::Two),
            3 => Ok(Self::Three),
            other => Err(HttpNumberError(other)),
        }
    }
}

impl From<HttpNumber> for u8 {
    fn from(number: HttpNumber) -> Self {
        match number {
            HttpNumber::One => 1,
            HttpNumber::Two => 2,
            HttpNumber::Three => 3,
        }
    }
}

impl From<HttpNumber> for Version {
    fn from(number: HttpNumber) -> Self {
        match number {
            HttpNumber::One => Self::Http1,
            HttpNumber::Two => Self::Http2,
            HttpNumber::Three => Self::Http3,
        }
    }
}

fn whole() -> Share {
    Share(1.0)
}

fn number<'de, D: Deserializer<'de>>(input: D, most: u32) -> Result<u32, D::Error> {
    let number = u32::deserialize(input)?;
    let is_fit = (1..=most).contains(&number);
    is_fit.then_some(number).ok_or_else(|| de::Error::custom(format!("{number} is not between 1 and {most}")))
}

/// Reads a number of connections.
pub(super) fn connections<'de, D: Deserializer<'de>>(input: D) -> Result<u32, D::Error> {
    number(input, CONNECTIONS_MAX)
}

fn in_flight<'de, D: Deserializer<'de>>(input: D) -> Result<u32, D::Error> {
    number(input, IN_FLIGHT_MAX)
}

impl GatesSpec {
    /// Scans in flight on each connection, as its HTTP version allows.
    fn in_flight(&self) -> usize {
        Version::from(self.http).in_flight_max().min(self.in_flight as usize)
    }

    pub(super) fn carrier(&self) -> Carrier {
        Carrier::Gates {
            connections: self.connections as usize,
            in_flight: self.in_flight(),
            version: self.http.into(),
        }
    }

    pub(super) fn change(&mut self, changes: GatesChanges) {
        self.connections = changes.connections.unwrap_or(self.connections);
        self.in_flight = changes.in_flight.unwrap_or(self.in_flight);
        self.http = changes.http.unwrap_or(self.http);
    }
}

impl fmt::Display for GatesSpec {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (connections, in_flight) = (self.connections, self.in_flight());
        write!(out, "{connections} connections x {in_flight} in flight over HTTP/{}", u8::from(self.http))
    }
}

impl PhonesSpec {
    pub(super) fn carrier(&self) -> Carrier {
        let doorway = Doorway { loss: self.loss.0, moves: self.moves.0 };
        Carrier::Phones { handshake: self.handshake, doorway }
    }
}

impl fmt::Display for PhonesSpec {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self.handshake {
            Handshake::Full => "a connection a scan, full handshakes",
            Handshake::Resumed => "a connection a scan, resumed",
            Handshake::Early => "a connection a scan, 0-RTT",
        })?;
        if self.loss.0 > 0.0 {
            write!(out, ", {} % loss", self.loss.0 * 100.0)?;
        }
        if self.moves.0 > 0.0 {
            write!(out, ", {} % change their address", self.moves.0 * 100.0)?;
        }
        Ok(())
    }
}
