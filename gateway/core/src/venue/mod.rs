//! Venues: the places with a door. A venue's kind and a person's colour decide whether the door lets the
//! person in. The venue's dwell time ends visits without a check-out.

mod hours;
mod position;

pub use hours::{OPENING_HOURS_MAX, OpenHours, OpenHoursError, WeekHours, WeekMinute};
pub use position::{Extent, Position, PositionError};

use crate::colour::Checks;
use crate::id::VenueId;
use crate::limits;
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};

/// Kinds of venues, as the cities' notices list them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum VenueKind {
    /// Government offices and public service halls.
    Government,
    /// Enterprises and institutions.
    Enterprise,
    /// Hospitals, clinics, pharmacies.
    Medical,
    /// Schools and colleges.
    School,
    /// Communities and villages.
    Community,
    /// Residential estates, where leaving is registered too.
    Estate,
    /// Public transport.
    Transport,
    /// Hotels.
    Hotel,
    /// Restaurants.
    Restaurant,
    /// Malls.
    Mall,
    /// Supermarkets.
    Supermarket,
    /// Farmers' markets.
    Market,
    /// Bank and telecommunication branches.
    Branch,
    /// Railway stations.
    Station,
    /// Airports.
    Airport,
    /// Checkpoints on roads.
    Checkpoint,
    /// Any other public place.
    Other,
}

/// The length of a visit without a check-out. **Units**: minutes, 1 to a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "u16", into = "u16")]
pub struct Dwell(u16);

/// The dwell is not between a minute and a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("dwell_minutes must be between 1 and {}", limits::DWELL_MINUTES_MAX)]
pub struct DwellError;

impl Dwell {
    /// A dwell of this many minutes.
    pub const fn minutes(minutes: u16) -> Result<Self, DwellError> {
        if minutes == 0 || minutes > limits::DWELL_MINUTES_MAX { Err(DwellError) } else { Ok(Self(minutes)) }
    }

    /// The dwell in milliseconds.
    #[must_use]
    pub const fn ms(self) -> u64 {
        self.0 as u64 * 60_000
    }
}

impl Default for Dwell {
    fn default() -> Self {
        Self(limits::DWELL_MINUTES)
    }
}

impl TryFrom<u16> for Dwell {
    type Error = DwellError;
    fn try_from(minutes: u16) -> Result<Self, DwellError> {
        Self::minutes(minutes)
    }
}

impl From<Dwell> for u16 {
    fn from(dwell: Dwell) -> Self {
        dwell.0
    }
}

/// Whether a venue accepts check-ins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Doors {
    /// It accepts check-ins.
    Open,
    /// It is withdrawn: the gateway refuses its codes and keeps its visits.
    Closed,
}

/// A venue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Venue {
    /// Its id.
    pub id: VenueId,
    /// Its name, shown to the person who scans.
    pub name: String,
    /// Its kind.
    pub kind: VenueKind,
    /// Its district, by the city's own names.
    pub district: String,
    /// The length of a visit without a check-out.
    pub dwell: Dwell,
    /// The checks that its door asks for in addition to those of the rule pack.
    #[serde(default)]
    pub checks: Checks,
    /// Whether it accepts check-ins.
    pub doors: Doors,
    /// The time at which it was closed. None if it is open, or if a version that did not store the time
    /// closed it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closed: Option<Timestamp>,
    /// Its opening hours; none if they are not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hours: Option<WeekHours>,
    /// Its position; none if it is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub position: Option<Position>,
}

impl Venue {
    /// The state of the doors at a time. A venue whose closing time is not known counts as open at every
    /// time.
    #[must_use]
    pub fn doors_at(&self, at: Timestamp) -> Doors {
        match (self.doors, self.closed) {
            (Doors::Closed, Some(closed)) if closed <= at => Doors::Closed,
            (Doors::Open | Doors::Closed, _) => Doors::Open,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn xz_14_and_gz_13_every_kind_of_place_in_the_cities_notices_is_a_kind_of_venue() {
        for (place, kind) in [
            ("机关、政务服务", "government"),
            ("企事业单位", "enterprise"),
            ("医疗机构、药店", "medical"),
            ("学校", "school"),
            ("社区(村)", "community"),
            ("小区", "estate"),
            ("公共交通", "transport"),
            ("宾馆", "hotel"),
            ("饭店", "restaurant"),
            ("商场", "mall"),
            ("超市", "supermarket"),
            ("农贸市场", "market"),
            ("银行、通信营业厅", "branch"),
            ("火车站、汽车站", "station"),
            ("机场", "airport"),
            ("公路查验点、道路卡口", "checkpoint"),
        ] {
            let kind: Result<VenueKind, _> = serde_json::from_value(kind.into());
            assert!(kind.is_ok_and(|kind| kind != VenueKind::Other), "{place}");
        }
    }

    #[test]
    fn a_closed_venue_was_open_before_and_one_of_an_earlier_version_at_every_time() {
        let stored = r#"{"id":"v0000000000001","name":"Market","kind":"market","district":"Gulou","dwell":60,"doors":"closed"}"#;
        let earlier: Venue = serde_json::from_str(stored).unwrap();
        assert_eq!(earlier.doors_at(Timestamp(u64::MAX)), Doors::Open);
        let closed = Venue { closed: Some(Timestamp(100)), ..earlier };
        assert_eq!(closed.doors_at(Timestamp(99)), Doors::Open);
        assert_eq!(closed.doors_at(Timestamp(100)), Doors::Closed);
        let read: Venue = serde_json::from_str(&serde_json::to_string(&closed).unwrap()).unwrap();
        assert_eq!(read, closed);
    }
}
