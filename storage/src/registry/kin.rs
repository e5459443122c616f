//! Kin: who acts for whom. A tie stands in two rows, the holder's and the dependant's, each swapped by itself: the
//! holder's first, and taken back where the dependant's has no room. So that a tie counts, both must say so.

use super::rows::Table;
use super::{Registry, Result, pack, unpack};
use scangate_core::id::PersonId;
use scangate_core::kin::{Kin, Side};

impl Registry {
    /// Somebody's ties.
    pub fn kin_of(&self, person: PersonId) -> Result<Kin> {
        Ok(self.kin_with_row(person)?.0)
    }

    fn kin_with_row(&self, person: PersonId) -> Result<(Kin, Option<Vec<u8>>)> {
        let row = self.get(Table::Kin, &person.0.to_be_bytes())?;
        let kin = row.as_deref().map(|row| unpack(Table::Kin, row)).transpose()?;
        Ok((kin.unwrap_or_default(), row))
    }

    /// Whether a holder acts for a dependant: both lists say so.
    pub fn is_tied(&self, holder: PersonId, dependant: PersonId) -> Result<bool> {
        Ok(self.kin_of(holder)?.dependants.contains(&dependant)
            && self.kin_of(dependant)?.guardians.contains(&holder))
    }

    /// Ties a dependant to a holder. `may` is asked with how many the list has before each is added to; what it
    /// says against it is returned, and nothing is tied then. Of many who try at once as many succeed as may, on
    /// whatever gateway. A tie that is there already is one.
    pub fn tie<E>(
        &self,
        holder: PersonId,
        dependant: PersonId,
        may: impl Fn(Side, usize) -> std::result::Result<(), E>,
    ) -> Result<std::result::Result<(), E>> {
        if let Err(denied) = self.add(holder, Side::Dependants, dependant, &may)? {
            return Ok(Err(denied));
        }
        let added = self.add(dependant, Side::Guardians, holder, &may)?;
        if added.is_err() {
            self.drop_from(holder, Side::Dependants, dependant)?;
        }
        Ok(added)
    }

    /// Unties them. Returns whether they were tied.
    pub fn untie(&self, holder: PersonId, dependant: PersonId) -> Result<bool> {
        let was_guarded = self.drop_from(dependant, Side::Guardians, holder)?;
        Ok(self.drop_from(holder, Side::Dependants, dependant)? || was_guarded)
    }

    /// Takes somebody out of everybody's lists, and their own away.
    pub(super) fn untie_all(&self, person: PersonId) -> Result<()> {
        let (kin, row) = self.kin_with_row(person)?;
        for &guardian in &kin.guardians {
            self.drop_from(guardian, Side::Dependants, person)?;
        }
        for &dependant in &kin.dependants {
            self.drop_from(dependant, Side::Guardians, person)?;
        }
        let key = person.0.to_be_bytes();
        match row {
            Some(row) if !self.rows().swap(Table::Kin, &key, &row, None)? => self.untie_all(person),
            Some(_) | None => Ok(()),
        }
    }

    fn add<E>(
        &self,
        whose: PersonId,
        side: Side,
        other: PersonId,
        may: impl Fn(Side, usize) -> std::result::Result<(), E>,
    ) -> Result<std::result::Result<(), E>> {
        loop {
            let (mut kin, row) = self.kin_with_row(whose)?;
            let list = kin.side_mut(side);
            if list.contains(&other) {
                return Ok(Ok(()));
            }
            if let Err(denied) = may(side, list.len()) {
                return Ok(Err(denied));
            }
            list.push(other);
            if self.put_over(Table::Kin, &whose.0.to_be_bytes(), row.as_deref(), &pack(&kin))? {
                return Ok(Ok(()));
            }
        }
    }

    fn drop_from(&self, whose: PersonId, side: Side, other: PersonId) -> Result<bool> {
        loop {
            let (mut kin, row) = self.kin_with_row(whose)?;
            if !kin.side(side).contains(&other) {
                return Ok(false);
            }
            kin.side_mut(side).retain(|one| *one != other);
            if self.put_over(Table::Kin, &whose.0.to_be_bytes(), row.as_deref(), &pack(&kin))? {
                return Ok(true);
            }
        }
    }
}
