//! Scenarios: the load of a run as data. A scenario says how fast scans come and in which shape, who carries
//! them, which venues they reach, and what else happens at the gateway meanwhile. The built-in ones are TOML
//! files that a user can copy and change.

pub mod amount;
pub mod beside;
pub mod carriers;
pub mod explain;
pub mod shape;

use self::amount::{Rate, length_text};
use self::beside::{BesideAmount, BesideSpec};
use self::carriers::{GatesSpec, HttpNumber, PhonesSpec};
use self::shape::Shape;
use crate::drive::Carrier;
use scangate_core::document::{self, DocumentError};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// The most venues of a city.
pub const VENUES_MAX: u32 = 100_000;
/// The most residents of a city.
pub const RESIDENTS_MAX: u32 = 5_000_000;
/// The carriers or the kinds of other load in a scenario at most.
const PARTS_MAX: usize = 20;

/// The built-in scenarios by name.
const BUILT_IN: [(&str, &str); 9] = [
    ("gate", include_str!("builtin/gate.toml")),
    ("phone", include_str!("builtin/phone.toml")),
    ("commute", include_str!("builtin/commute.toml")),
    ("lunch", include_str!("builtin/lunch.toml")),
    ("stadium", include_str!("builtin/stadium.toml")),
    ("refresh-storm", include_str!("builtin/refresh-storm.toml")),
    ("tracers", include_str!("builtin/tracers.toml")),
    ("red-wave", include_str!("builtin/red-wave.toml")),
    ("attack", include_str!("builtin/attack.toml")),
];

/// The choice of the venue of a scan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum VenueChoice {
    /// By Zipf's law: the second venue is visited half as often as the first, and so on.
    #[default]
    Zipf,
    /// Every venue is visited equally often.
    Even,
}

/// A scenario.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Scenario {
    /// One line for a list of scenarios.
    pub summary: String,
    /// The mean rate. **Units**: scans a second.
    pub rate: Rate,
    /// The length of the run.
    #[serde(rename = "for", with = "length_text")]
    pub length: Duration,
    /// The shape of the rate.
    #[serde(default)]
    pub shape: Shape,
    /// The number of residents; as many as the rate needs if not given.
    pub residents: Option<u32>,
    /// The number of venues.
    pub venues: u32,
    /// The choice of the venue of a scan.
    #[serde(default)]
    pub venue_choice: VenueChoice,
    /// Gates, which stay connected.
    #[serde(default)]
    pub gates: Vec<GatesSpec>,
    /// Phones, which connect for each scan.
    #[serde(default)]
    pub phones: Vec<PhonesSpec>,
    /// Load beside the scans.
    #[serde(default)]
    pub beside: Vec<BesideSpec>,
}

/// The settings of a run that take the place of a scenario's.
#[derive(Debug, Clone, Default)]
pub struct ScenarioChanges {
    /// The mean rate. Rates beside the scans change in proportion.
    pub rate: Option<Rate>,
    /// The length of the run.
    pub length: Option<Duration>,
    /// The number of residents.
    pub residents: Option<u32>,
    /// The number of venues.
    pub venues: Option<u32>,
    /// Settings of every gate carrier.
    pub gates: carriers::GatesChanges,
    /// The handshake of every phone.
    pub handshake: Option<crate::client::Handshake>,
}

/// The names of the built-in scenarios, each with its line.
#[must_use]
pub fn list() -> Vec<(&'static str, String)> {
    let line = |(name, text): (&'static str, &str)| {
        let summary = Scenario::parse(text).map(|scenario| scenario.summary);
        (name, summary.unwrap_or_else(|error| error.to_string()))
    };
    BUILT_IN.into_iter().map(line).collect()
}

/// The names of the built-in scenarios.
#[must_use]
pub fn names() -> [&'static str; BUILT_IN.len()] {
    BUILT_IN.map(|(name, _)| name)
}

/// The file of a built-in scenario, for users to copy.
#[must_use]
pub fn file(name: &str) -> Option<&'static str> {
    BUILT_IN.into_iter().find(|(own, _)| *own == name).map(|(_, text)| text)
}

impl Scenario {
    /// Reads a scenario from TOML. **Errors**: with line and column.
    pub fn parse(text: &str) -> Result<Self, DocumentError> {
        let scenario: Self = document::parse(text)?;
        scenario.check().map_err(|(key, message)| DocumentError::at(text, place(text, key), message))?;
        Ok(scenario)
    }

    /// Fails with the key at fault and a message.
    fn check(&self) -> Result<(), (&'static str, String)> {
        if !(1..=VENUES_MAX).contains(&self.venues) {
            return Err(("venues", format!("venues must be between 1 and {VENUES_MAX}")));
        }
        if self.residents.is_some_and(|residents| !(1..=RESIDENTS_MAX).contains(&residents)) {
            return Err(("residents", format!("residents must be between 1 and {RESIDENTS_MAX}")));
        }
        let key = if self.gates.is_empty() { "[[phones]]" } else { "[[gates]]" };
        let shares: Vec<f64> = self.carriers().iter().map(|(_, share)| *share).collect();
        if shares.is_empty() {
            return Err(("", "a scenario has [[gates]] or [[phones]]".to_owned()));
        }
        if shares.len() > PARTS_MAX || self.beside.len() > PARTS_MAX {
            return Err((key, format!("a scenario has at most {PARTS_MAX} carriers and kinds beside them")));
        }
        let sum: f64 = shares.iter().sum();
        if (sum - 1.0).abs() > 1e-6 {
            return Err((key, format!("the shares of gates and phones add up to {sum}, not to 1")));
        }
        Ok(())
    }

    /// The carriers with their shares of the scans.
    #[must_use]
    pub fn carriers(&self) -> Vec<(Carrier, f64)> {
        let gates = self.gates.iter().map(|gates| (gates.carrier(), gates.share.0));
        gates.chain(self.phones.iter().map(|phones| (phones.carrier(), phones.share.0))).collect()
    }

    /// The connections over TCP that stay open: those of gates, and those that an attack holds.
    #[must_use]
    pub fn tcp_connections(&self) -> u32 {
        let gates = self.gates.iter().filter(|gates| gates.http != HttpNumber::Three);
        let held = self.beside.iter().filter_map(|beside| match beside.amount {
            BesideAmount::Connections(held) => Some(held),
            BesideAmount::Rate(_) => None,
        });
        gates.map(|gates| gates.connections).chain(held).sum()
    }

    /// The carriers in words, for a report.
    #[must_use]
    pub fn carrier_words(&self) -> String {
        let gates = self.gates.iter().map(|gates| (gates.to_string(), gates.share));
        let all: Vec<_> = gates.chain(self.phones.iter().map(|one| (one.to_string(), one.share))).collect();
        match &all[..] {
            [(only, _)] => only.clone(),
            several => several
                .iter()
                .map(|(words, share)| format!("{:.0} % {words}", share.0 * 100.0))
                .collect::<Vec<_>>()
                .join("; "),
        }
    }

    /// One of several equal parts of this scenario. The numbers count from 0.
    #[must_use]
    pub fn part(&self, number: u32, all: u32) -> Self {
        let share = |count: u32| ((count + all - 1 - number) / all).max(1);
        let rate = Some(Rate(self.rate.0 / f64::from(all)));
        let mut part = self.clone().changed(&ScenarioChanges { rate, ..ScenarioChanges::default() });
        part.residents = self.residents.map(share);
        part.gates.iter_mut().for_each(|gates| gates.connections = share(gates.connections));
        for beside in &mut part.beside {
            if let BesideAmount::Connections(held) = &mut beside.amount {
                *held = share(*held);
            }
        }
        part
    }

    /// The scenario with these settings.
    #[must_use]
    pub fn changed(mut self, changes: &ScenarioChanges) -> Self {
        if let Some(rate) = changes.rate {
            let factor = rate.0 / self.rate.0;
            self.beside.iter_mut().for_each(|beside| beside.scale(factor));
            self.rate = rate;
        }
        self.length = changes.length.unwrap_or(self.length);
        self.residents = changes.residents.or(self.residents);
        self.venues = changes.venues.unwrap_or(self.venues);
        self.gates.iter_mut().for_each(|gates| gates.change(changes.gates));
        for phones in &mut self.phones {
            phones.handshake = changes.handshake.unwrap_or(phones.handshake);
        }
        self
    }
}

/// The place of a key that begins a line.
fn place(text: &str, key: &str) -> std::ops::Range<usize> {
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        if !key.is_empty() && line.trim_start().starts_with(key) {
            let indent = line.len() - line.trim_start().len();
            return start + indent..start + indent + key.len();
        }
        start += line.len();
    }
    0..0
}

#[cfg(test)]
mod tests;
