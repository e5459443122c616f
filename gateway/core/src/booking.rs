//! Bookings: who comes to a test site when. One a local day, so that nobody keeps places from others.

use crate::id::TestSiteId;
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};

/// A slot of a test site on a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Slot {
    /// Where.
    pub site: TestSiteId,
    /// When it begins.
    pub at: Timestamp,
    /// On which of the city's days, counted from 1970.
    pub day: u32,
}

/// A place of a slot that somebody has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Booking {
    /// The slot.
    pub slot: Slot,
    /// Which of its places.
    pub place: u16,
}

/// Why somebody has no place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BookingError {
    /// Every place of the slot is somebody's.
    #[error("every place of this slot is taken")]
    Full,
    /// The day is booked at another time or site.
    #[error("there is a booking of this day")]
    Already,
}

/// One person's bookings.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Bookings(Vec<Booking>);

impl Bookings {
    /// All of them.
    #[must_use]
    pub fn all(&self) -> &[Booking] {
        &self.0
    }

    /// The one of this slot, if there is one. **Errors**: the day is booked otherwise.
    pub fn of(&self, slot: Slot) -> Result<Option<Booking>, BookingError> {
        match self.0.iter().find(|booking| booking.slot.day == slot.day) {
            Some(booking) if booking.slot == slot => Ok(Some(*booking)),
            Some(_) => Err(BookingError::Already),
            None => Ok(None),
        }
    }

    /// Adds one; its day must have none.
    pub fn add(&mut self, booking: Booking) {
        self.0.push(booking);
    }

    /// Takes out the one of a day.
    pub fn take(&mut self, day: u32) -> Option<Booking> {
        let at = self.0.iter().position(|booking| booking.slot.day == day)?;
        Some(self.0.remove(at))
    }

    /// Takes out those before a day.
    pub fn take_before(&mut self, day: u32) -> Vec<Booking> {
        self.0.extract_if(.., |booking| booking.slot.day < day).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_has_one_booking_and_the_same_again_is_that_one() {
        let slot = |site, at, day| Slot { site: TestSiteId(site), at: Timestamp(at), day };
        let first = Booking { slot: slot(1, 10, 5), place: 3 };
        let mut bookings = Bookings::default();
        assert_eq!(bookings.of(first.slot), Ok(None));
        bookings.add(first);
        assert_eq!(bookings.of(first.slot), Ok(Some(first)));
        assert_eq!(bookings.of(slot(1, 11, 5)), Err(BookingError::Already));
        assert_eq!(bookings.of(slot(2, 10, 5)), Err(BookingError::Already));
        assert_eq!(bookings.of(slot(1, 10, 6)), Ok(None));
        bookings.add(Booking { slot: slot(2, 99, 6), place: 0 });
        assert_eq!(bookings.take_before(6), [first]);
        assert_eq!((bookings.take(5), bookings.take(6).map(|booking| booking.slot.day)), (None, Some(6)));
        assert!(bookings.all().is_empty());
    }
}
