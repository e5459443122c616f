//! The load beside the scans of a scenario: other users of the gateway, and attackers.

use crate::scenario::amount::{Rate, Share};
use crate::scenario::carriers::CONNECTIONS_MAX;
use serde::de::value::MapAccessDeserializer;
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, de};
use std::fmt;
use std::time::Duration;

/// A kind of load beside the scans.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum BesideKind {
    /// Residents open their page: a new connection, the page, and their own record.
    Refreshes,
    /// A tracer asks for the co-presence of a case.
    CoPresence,
    /// The authority sends a list of 100 facts. The first lists turn people yellow; once the gateway holds a
    /// list for a second approver, the lists have test results.
    FactLists,
    /// Check-ins with a code that no phone made.
    ForgedCodes,
    /// QUIC connections that are closed right after their handshake.
    Handshakes,
    /// HTTP/1.1 requests whose body comes one byte in five seconds.
    SlowBodies,
    /// TCP connections that send nothing.
    SilentConnections,
}

impl BesideKind {
    /// Whether the kind is a number of connections that are held, and not a rate.
    #[must_use]
    pub fn is_held(self) -> bool {
        match self {
            Self::SlowBodies | Self::SilentConnections => true,
            Self::Refreshes | Self::CoPresence | Self::FactLists | Self::ForgedCodes | Self::Handshakes => {
                false
            }
        }
    }

    /// Whether the kind is an attack, which comes from another address where the machine has one.
    #[must_use]
    pub fn is_attack(self) -> bool {
        match self {
            Self::ForgedCodes | Self::Handshakes | Self::SlowBodies | Self::SilentConnections => true,
            Self::Refreshes | Self::CoPresence | Self::FactLists => false,
        }
    }
}

impl fmt::Display for BesideKind {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Refreshes => "refreshes",
            Self::CoPresence => "co-presence",
            Self::FactLists => "fact-lists",
            Self::ForgedCodes => "forged-codes",
            Self::Handshakes => "handshakes",
            Self::SlowBodies => "slow-bodies",
            Self::SilentConnections => "silent-connections",
        })
    }
}

/// A load beside the scans, as a file has it.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct BesideLines {
    kind: BesideKind,
    rate: Option<Rate>,
    connections: Option<u32>,
    from: Option<Share>,
    to: Option<Share>,
}

/// The amount of a load beside the scans.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum BesideAmount {
    /// Requests a second.
    Rate(Rate),
    /// Connections that are held.
    Connections(u32),
}

/// A load beside the scans.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct BesideSpec {
    /// What it is.
    pub kind: BesideKind,
    /// Its amount.
    #[serde(flatten)]
    pub amount: BesideAmount,
    /// The part of the run before it begins.
    pub from: Share,
    /// The part of the run after which it ends.
    pub to: Share,
}

/// The error for lines that make no load.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BesideError {
    /// The kind has a rate, and the lines have connections or nothing.
    #[error("{0} need a `rate`, and no `connections`")]
    Rate(BesideKind),
    /// The kind has connections, and the lines have a rate or nothing.
    #[error("{0} need `connections` from 1 to {CONNECTIONS_MAX}, and no `rate`")]
    Connections(BesideKind),
    /// It ends before it begins.
    #[error("`to` is after `from`")]
    Window,
}

impl TryFrom<BesideLines> for BesideSpec {
    type Error = BesideError;
    fn try_from(lines: BesideLines) -> Result<Self, BesideError> {
        let BesideLines { kind, rate, connections, from, to } = lines;
        let amount = match (kind.is_held(), rate, connections) {
            (false, Some(rate), None) => BesideAmount::Rate(rate),
            (false, ..) => return Err(BesideError::Rate(kind)),
            (true, None, Some(held @ 1..=CONNECTIONS_MAX)) => BesideAmount::Connections(held),
            (true, ..) => return Err(BesideError::Connections(kind)),
        };
        let (from, to) = (from.unwrap_or(Share(0.0)), to.unwrap_or(Share(1.0)));
        if from >= to { Err(BesideError::Window) } else { Ok(Self { kind, amount, from, to }) }
    }
}

/// Reads the lines of one load. An error of `visit_map` has the place of these lines in the file, while one
/// that is found later would have the place of the first load.
struct BesideVisitor;

impl<'de> Visitor<'de> for BesideVisitor {
    type Value = BesideSpec;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a load beside the scans")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<BesideSpec, A::Error> {
        let lines = BesideLines::deserialize(MapAccessDeserializer::new(map))?;
        lines.try_into().map_err(de::Error::custom)
    }
}

impl<'de> Deserialize<'de> for BesideSpec {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        input.deserialize_map(BesideVisitor)
    }
}

impl BesideSpec {
    /// Multiplies its rate. Connections that are held stay as many.
    pub(super) fn scale(&mut self, factor: f64) {
        if let BesideAmount::Rate(rate) = &mut self.amount {
            rate.0 *= factor;
        }
    }

    /// Adds another part of the same load.
    pub(crate) fn add(&mut self, other: &Self) {
        match (&mut self.amount, other.amount) {
            (BesideAmount::Rate(own), BesideAmount::Rate(other)) => own.0 += other.0,
            (BesideAmount::Connections(own), BesideAmount::Connections(other)) => *own += other,
            (BesideAmount::Rate(_) | BesideAmount::Connections(_), _) => {}
        }
    }

    /// The time of its beginning and of its end, in a run of this length.
    #[must_use]
    pub fn window(&self, length: Duration) -> (Duration, Duration) {
        (length.mul_f64(self.from.0), length.mul_f64(self.to.0))
    }
}

impl fmt::Display for BesideSpec {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.amount {
            BesideAmount::Rate(rate) => write!(out, "{} at {}/s", self.kind, rate.0)?,
            BesideAmount::Connections(held) => write!(out, "{held} {}", self.kind)?,
        }
        if (self.from.0, self.to.0) != (0.0, 1.0) {
            write!(out, " from {:.0} % to {:.0} % of the run", self.from.0 * 1e2, self.to.0 * 1e2)?;
        }
        Ok(())
    }
}
