//! Bookings of slots at test sites. A person has at most one booking a local day, so one person cannot block
//! places.

use crate::id::TestSiteId;
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};

/// A slot of a test site on a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Slot {
    /// The test site.
    pub site: TestSiteId,
    /// The start of the slot.
    pub at: Timestamp,
    /// The city's day, counted from 1970.
    pub day: u32,
}

/// A booked place of a slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Booking {
    /// The slot.
    pub slot: Slot,
    /// The number of the place in the slot.
    pub place: u16,
}

/// The reason why a booking fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BookingError {
    /// Every place of the slot is booked.
    #[error("every place of this slot is booked")]
    Full,
    /// The person has a booking of the same day at another time or site.
    #[error("there is already a booking on this day")]
    Already,
}

/// One person's bookings.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Bookings(Vec<Booking>);

impl Bookings {
    /// All bookings.
    #[must_use]
    pub fn all(&self) -> &[Booking] {
        &self.0
    }

    /// The booking of this slot, if there is one. **Errors**: the day has another booking.
    pub fn of(&self, slot: Slot) -> Result<Option<Booking>, BookingError> {
        match self.0.iter().find(|booking| booking.slot.day == slot.day) {
            Some(booking) if booking.slot == slot => Ok(Some(*booking)),
            Some(_) => Err(BookingError::Already),
            None => Ok(None),
        }
    }

    /// Adds a booking, whose day must have none.
    pub fn add(&mut self, booking: Booking) {
        self.0.push(booking);
    }

    /// Removes the booking of a day.
    pub fn take(&mut self, day: u32) -> Option<Booking> {
        let at = self.0.iter().position(|booking| booking.slot.day == day)?;
        Some(self.0.remove(at))
    }

    /// Removes the bookings before a day.
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
