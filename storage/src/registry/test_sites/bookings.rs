//! Bookings of test sites. A place in a slot is claimed, so no two people get it on any gateways. The place
//! is then added to the person's bookings, or released if the person already has a booking on that day. If
//! the gateway dies in between, the client receives no confirmation. The place stays claimed, and the
//! person's next booking of that slot takes it.
//!
//! **Shape**: a place's key is site (8), time (8), place (2), and its value is the person; a person's
//! bookings are one row. Past bookings are removed when their person books again or is erased.

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
    /// A person's bookings, including past ones.
    pub fn bookings_of(&self, person: PersonId) -> Result<Bookings> {
        Ok(self.bookings_with_row(person)?.0)
    }

    fn bookings_with_row(&self, person: PersonId) -> Result<(Bookings, Option<Vec<u8>>)> {
        let row = self.get(RegistryTable::Bookings, &person.0.to_be_bytes())?;
        let bookings = row.as_deref().map(|row| unpack(RegistryTable::Bookings, row)).transpose()?;
        Ok((bookings.unwrap_or_default(), row))
    }

    /// Writes a person's bookings if the row is still as it was read. Returns whether it was.
    fn put_bookings(&self, person: PersonId, read: Option<&[u8]>, bookings: &Bookings) -> Result<bool> {
        self.put_over(RegistryTable::Bookings, &person.0.to_be_bytes(), read, &pack(bookings))
    }

    /// The people with places in these slots of a site: per slot, in the order of their places.
    pub fn booked(&self, site: TestSiteId, slots: &[Timestamp]) -> Result<Vec<Vec<PersonId>>> {
        let groups: Vec<RowKey> = slots.iter().map(|&at| group(site, at)).collect();
        let mut booked = vec![Vec::new(); slots.len()];
        self.rows().groups(RegistryTable::Places, &groups, &mut |slot, _, person| {
            booked[slot].push(PersonId(number(RegistryTable::Places, person)?));
            Ok(())
        })?;
        Ok(booked)
    }

    /// Books a place in a slot that has `places` places, and removes the person's bookings before `today`.
    /// Booking the same slot again returns the existing booking.
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
                // A concurrent request of the same person may have booked this very place.
                if decided != Ok(booking) {
                    self.release_place(person, &booking)?;
                }
                return Ok(decided);
            }
            let past = bookings.take_before(today);
            bookings.add(booking);
            if self.put_bookings(person, row.as_deref(), &bookings)? {
                past.iter().try_for_each(|past| self.release_place(person, past))?;
                return Ok(Ok(booking));
            }
        }
    }

    /// The place that an interrupted booking of this person has claimed, or else a random free place, so that
    /// few concurrent callers want the same one. None where the slot is full.
    fn claim_place(&self, person: PersonId, slot: Slot, places: u16) -> Result<Option<u16>> {
        loop {
            let (mut free, mut own): (Vec<u16>, _) = ((0..places).collect(), None);
            self.rows().groups(RegistryTable::Places, &[group(slot.site, slot.at)], &mut |_, key, by| {
                let place = key.get(16..).and_then(|place| place.try_into().ok()).map(u16::from_be_bytes);
                let place = place.ok_or(RegistryError::Damaged(RegistryTable::Places.name()))?;
                free.retain(|free| *free != place);
                if by == person.0.to_be_bytes() {
                    own = Some(place);
                }
                Ok(())
            })?;
            if own.is_some() {
                return Ok(own);
            }
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

    fn release_place(&self, person: PersonId, booking: &Booking) -> Result<()> {
        self.rows().swap(RegistryTable::Places, &place_key(booking), &person.0.to_be_bytes(), None).map(drop)
    }

    /// Cancels a person's booking of a day and returns it; none where the day has no booking.
    pub fn cancel_booking(&self, person: PersonId, day: u32) -> Result<Option<Booking>> {
        loop {
            let (mut bookings, row) = self.bookings_with_row(person)?;
            let Some(booking) = bookings.take(day) else { return Ok(None) };
            if self.put_bookings(person, row.as_deref(), &bookings)? {
                self.release_place(person, &booking)?;
                return Ok(Some(booking));
            }
        }
    }

    /// Removes a person's bookings, and releases their places first: the bookings lead to the places.
    pub(in crate::registry) fn release_bookings(&self, person: PersonId) -> Result<()> {
        while let (bookings, Some(row)) = self.bookings_with_row(person)? {
            bookings.all().iter().try_for_each(|booking| self.release_place(person, booking))?;
            if self.rows().swap(RegistryTable::Bookings, &person.0.to_be_bytes(), &row, None)? {
                break;
            }
        }
        Ok(())
    }
}
