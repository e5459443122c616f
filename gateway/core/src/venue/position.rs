//! A venue's position on the Earth, and how long a journey between two positions takes at least.

use serde::{Deserialize, Serialize};

/// Micro-degrees of a degree. One of them is 11 cm at the equator.
const MICRO: f64 = 1_000_000.0;
/// The mean radius of the Earth. **Units**: metres.
const EARTH_RADIUS_M: f64 = 6_371_000.0;
/// The fastest journey that counts as possible: the cruising speed of an airliner, which no journey between
/// two doors reaches. A higher limit would miss more; a lower one would mark people who flew. **Units**:
/// metres a millisecond, for 900 km/h.
const SPEED_M_PER_MS: f64 = 0.25;

/// A position, to the micro-degree.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Degrees", into = "Degrees")]
pub struct Position {
    latitude_micro: i32,
    longitude_micro: i32,
}

/// A position as requests and stored venues write it. **Units**: degrees.
#[derive(Serialize, Deserialize)]
struct Degrees {
    latitude: f64,
    longitude: f64,
}

/// The position is not on the Earth.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("latitude is from -90 to 90 and longitude from -180 to 180, in degrees")]
pub struct PositionError;

impl TryFrom<Degrees> for Position {
    type Error = PositionError;

    fn try_from(Degrees { latitude, longitude }: Degrees) -> Result<Self, PositionError> {
        Self::degrees(latitude, longitude)
    }
}

impl From<Position> for Degrees {
    fn from(position: Position) -> Self {
        Self { latitude: position.latitude(), longitude: position.longitude() }
    }
}

impl Position {
    /// The position of these degrees. **Errors**: not on the Earth.
    pub fn degrees(latitude: f64, longitude: f64) -> Result<Self, PositionError> {
        if !(-90.0..=90.0).contains(&latitude) || !(-180.0..=180.0).contains(&longitude) {
            return Err(PositionError);
        }
        #[expect(clippy::cast_possible_truncation, reason = "at most 180 million")]
        let micro = |degrees: f64| (degrees * MICRO).round() as i32;
        Ok(Self { latitude_micro: micro(latitude), longitude_micro: micro(longitude) })
    }

    /// The latitude. **Units**: degrees, north positive.
    #[must_use]
    pub fn latitude(self) -> f64 {
        f64::from(self.latitude_micro) / MICRO
    }

    /// The longitude. **Units**: degrees, east positive.
    #[must_use]
    pub fn longitude(self) -> f64 {
        f64::from(self.longitude_micro) / MICRO
    }

    /// The shortest possible journey to another position, along the great circle. **Units**: milliseconds.
    #[must_use]
    pub fn journey_ms_min(self, other: Self) -> u64 {
        let (from, to) = (self.latitude().to_radians(), other.latitude().to_radians());
        let half = |one: f64, other: f64| ((one - other) / 2.0).sin().powi(2);
        let east = half(self.longitude().to_radians(), other.longitude().to_radians());
        let haversine = half(from, to) + from.cos() * to.cos() * east;
        let distance_m = 2.0 * EARTH_RADIUS_M * haversine.clamp(0.0, 1.0).sqrt().asin();
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "at most half the Earth's circumference, which takes 22 hours"
        )]
        let ms = (distance_m / SPEED_M_PER_MS) as u64;
        ms
    }
}

/// The smallest rectangle of degrees that has all positions of a city.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Extent {
    south_west: Position,
    north_east: Position,
}

impl Extent {
    /// The extent of one position.
    #[must_use]
    pub const fn of(position: Position) -> Self {
        Self { south_west: position, north_east: position }
    }

    /// The extent that also has this position.
    #[must_use]
    pub fn and(self, position: Position) -> Self {
        let corner = |of: Position, pick: fn(i32, i32) -> i32| Position {
            latitude_micro: pick(of.latitude_micro, position.latitude_micro),
            longitude_micro: pick(of.longitude_micro, position.longitude_micro),
        };
        Self { south_west: corner(self.south_west, i32::min), north_east: corner(self.north_east, i32::max) }
    }

    /// A time in which every journey within the extent is possible: along its longest parallel and one
    /// meridian. **Units**: milliseconds.
    #[must_use]
    pub fn journey_ms_max(self) -> u64 {
        let Self { south_west, north_east } = self;
        let is_across = south_west.latitude_micro < 0 && north_east.latitude_micro > 0;
        let nearest = south_west.latitude_micro.abs().min(north_east.latitude_micro.abs());
        let latitude_micro = if is_across { 0 } else { nearest };
        // Half of a wide parallel at a time: the great circle between its ends may be shorter.
        let west = Position { latitude_micro, longitude_micro: south_west.longitude_micro };
        let middle = south_west.longitude_micro / 2 + north_east.longitude_micro / 2;
        let middle = Position { latitude_micro, longitude_micro: middle };
        let meridian = Position { latitude_micro: north_east.latitude_micro, ..south_west };
        2 * west.journey_ms_min(middle) + south_west.journey_ms_min(meridian)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(latitude: f64, longitude: f64) -> Position {
        Position::degrees(latitude, longitude).unwrap()
    }

    #[test]
    fn journeys_take_as_long_as_an_airliner_along_the_great_circle() {
        let minute = 60_000;
        let (beijing, shanghai) = (at(39.9042, 116.4074), at(31.2304, 121.4737));
        // 1,067 km.
        assert!((71 * minute..72 * minute).contains(&beijing.journey_ms_min(shanghai)));
        assert_eq!(beijing.journey_ms_min(beijing), 0);
        // Half of the equator, and across the date line.
        assert!((1_333 * minute..1_335 * minute).contains(&at(0.0, 0.0).journey_ms_min(at(0.0, 180.0))));
        assert!(at(0.0, 179.999).journey_ms_min(at(0.0, -179.999)) < minute);
    }

    #[test]
    fn a_position_lies_on_the_earth_and_reads_back() {
        for (latitude, longitude) in [(90.1, 0.0), (-90.1, 0.0), (0.0, 180.1), (0.0, -180.1), (f64::NAN, 0.0)]
        {
            assert_eq!(Position::degrees(latitude, longitude), Err(PositionError), "{latitude} {longitude}");
        }
        let text = r#"{"latitude":34.261792,"longitude":117.184811}"#;
        let position: Position = serde_json::from_str(text).unwrap();
        assert_eq!(serde_json::to_string(&position).unwrap(), text);
    }

    proptest! {
        #[test]
        fn no_journey_within_an_extent_takes_longer_than_its_longest(
            corners in proptest::collection::vec((-90.0..90.0_f64, -180.0..180.0_f64), 2..6),
        ) {
            let positions: Vec<Position> = corners.iter().map(|&(south, east)| at(south, east)).collect();
            let extent = positions[1..].iter().fold(Extent::of(positions[0]), |extent, &next| extent.and(next));
            for (one, other) in positions.iter().flat_map(|one| positions.iter().map(move |other| (one, other))) {
                prop_assert!(one.journey_ms_min(*other) <= extent.journey_ms_max() + 1);
            }
        }
    }
}
