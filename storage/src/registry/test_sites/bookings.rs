//! Bookings of test sites. A place of a slot is claimed, so that no two have it on whatever gateways; then it is added to
//! its person's bookings, and given back where those have the day already. Who dies between the two loses one place of
//! one slot, and nobody is told of a booking that is none.
//!
//! **Shape**: a place's key is site (8), time (8), place (2), and holds the person; a person's bookings are one row.
//! What is past goes when its person books again, or is erased.

use crate::registry::rows::{RegistryTable, Row, RowKey};
use crate::registry::{Registry, RegistryError, Result, draw, number, pack, unpack};
use scangate_core::booking::{Booking, BookingError, Bookings, Slot};
use scangate_core::id::{PersonId, TestSiteId};
use scangate_core::time::Timestamp;

/// The group of a slot's places.
fn group(site: TestSiteId, at: Timestamp) -> RowKey {
    [site.0.to_be_bytes(), at.0.to_be_bytes()].concat()
}

fn place_key(booking: &Booking) -> RowKey {
    [&group(booking.slot.site, booking.slot.at)[..], &booking.place.to_be_bytes()].concat()
}

impl Registry {
    /// Somebody's bookings, past ones among them.
    pub fn bookings_of(&self, person: PersonId) -> Result<Bookings> {
        Ok(self.bookings_with_row(person)?.0)
    }

    fn bookings_with_row(&self, person: PersonId) -> Result<(Bookings, Option<Vec<u8>>)> {
        let row = self.get(RegistryTable::Bookings, &person.0.to_be_bytes())?;
        let bookings = row.as_deref().map(|row| unpack(RegistryTable::Bookings, row)).transpose()?;
        Ok((bookings.unwrap_or_default(), row))
    }

    /// Puts somebody's bookings where they are still as they were read. Returns whether they were.
    fn put_bookings(&self, person: PersonId, read: Option<&[u8]>, bookings: &Bookings) -> Result<bool> {
        self.put_over(RegistryTable::Bookings, &person.0.to_be_bytes(), read, &pack(bookings))
    }

    /// Who has places of these slots of a site: per slot, its people in the order of their places.
    pub fn booked(&self, site: TestSiteId, slots: &[Timestamp]) -> Result<Vec<Vec<PersonId>>> {
        let groups: Vec<RowKey> = slots.iter().map(|&at| group(site, at)).collect();
        let mut booked = vec![Vec::new(); slots.len()];
        self.rows().groups(RegistryTable::Places, &groups, &mut |slot, _, person| {
            booked[slot].push(PersonId(number(RegistryTable::Places, person)?));
            Ok(())
        })?;
        Ok(booked)
    }

    /// Books a slot that has so many places, and forgets what is before `today`. The same slot again is the booking
    /// that there is.
    pub fn book(
        &self,
        person: PersonId,
        slot: Slot,
        places: u16,
        today: u32,
    ) -> Result<std::result::Result<Booking, BookingError>> {
        if let Some(decided) = self.bookings_of(person)?.of(slot).transpose() {
            return Ok(decided);
        }
        let Some(place) = self.claim_place(person, slot, places)? else { return Ok(Err(BookingError::Full)) };
        let booking = Booking { slot, place };
        loop {
            let (mut bookings, row) = self.bookings_with_row(person)?;
            if let Some(decided) = bookings.of(slot).transpose() {
                self.give_place_back(person, &booking)?;
                return Ok(decided);
            }
            let past = bookings.take_before(today);
            bookings.add(booking);
            if self.put_bookings(person, row.as_deref(), &bookings)? {
                past.iter().try_for_each(|past| self.give_place_back(person, past))?;
                return Ok(Ok(booking));
            }
        }
    }

    /// Claims one of the places that nobody has, any of them, so that of many who come at once few want the same one.
    /// None where there is none.
    fn claim_place(&self, person: PersonId, slot: Slot, places: u16) -> Result<Option<u16>> {
        loop {
            let mut free: Vec<u16> = (0..places).collect();
            self.rows().groups(RegistryTable::Places, &[group(slot.site, slot.at)], &mut |_, key, _| {
                let place = key.get(16..).and_then(|place| place.try_into().ok()).map(u16::from_be_bytes);
                let place = place.ok_or(RegistryError::Damaged(RegistryTable::Places.name()))?;
                free.retain(|free| *free != place);
                Ok(())
            })?;
            if free.is_empty() {
                return Ok(None);
            }
            let any = usize::try_from(draw()? % free.len() as u64).expect("less than a length");
            let key = place_key(&Booking { slot, place: free[any] });
            if self.claim(Row::new(RegistryTable::Places, key, person.0.to_be_bytes()))?.is_none() {
                return Ok(Some(free[any]));
            }
        }
    }

    fn give_place_back(&self, person: PersonId, booking: &Booking) -> Result<()> {
        self.rows().swap(RegistryTable::Places, &place_key(booking), &person.0.to_be_bytes(), None).map(drop)
    }

    /// Cancels somebody's booking of a day, and returns it; none where there is none.
    pub fn cancel_booking(&self, person: PersonId, day: u32) -> Result<Option<Booking>> {
        loop {
            let (mut bookings, row) = self.bookings_with_row(person)?;
            let Some(booking) = bookings.take(day) else { return Ok(None) };
            if self.put_bookings(person, row.as_deref(), &bookings)? {
                self.give_place_back(person, &booking)?;
                return Ok(Some(booking));
            }
        }
    }

    /// Every row of somebody's bookings, to be removed.
    pub(in crate::registry) fn booking_rows(&self, person: PersonId) -> Result<Vec<(RegistryTable, RowKey)>> {
        let (bookings, row) = self.bookings_with_row(person)?;
        let places = bookings.all().iter().map(|booking| (RegistryTable::Places, place_key(booking)));
        let own = row.map(|_| (RegistryTable::Bookings, person.0.to_be_bytes().to_vec()));
        Ok(places.chain(own).collect())
    }
}
