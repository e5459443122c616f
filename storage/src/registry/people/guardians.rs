//! Guardianship ties: which holder acts for which dependant. A tie stands in two rows, the holder's and the
//! dependant's, each swapped by itself. The holder's row is written first, and reverted if the dependant's
//! list is full. A tie counts only if both rows have it. A nominated guardian stands only in the nominating
//! person's row; the swap that makes the tie removes the nomination.

use crate::registry::rows::RegistryTable;
use crate::registry::{Registry, Result, pack, unpack};
use scangate_core::id::PersonId;
use scangate_core::kin::{Kin, Side};
use std::convert::Infallible;

impl Registry {
    /// A person's ties.
    pub fn kin_of(&self, person: PersonId) -> Result<Kin> {
        Ok(self.kin_with_row(person)?.0)
    }

    fn kin_with_row(&self, person: PersonId) -> Result<(Kin, Option<Vec<u8>>)> {
        let row = self.get(RegistryTable::Kin, &person.0.to_be_bytes())?;
        let kin = row.as_deref().map(|row| unpack(RegistryTable::Kin, row)).transpose()?;
        Ok((kin.unwrap_or_default(), row))
    }

    /// Whether a holder acts for a dependant: both lists have the tie.
    pub fn is_tied(&self, holder: PersonId, dependant: PersonId) -> Result<bool> {
        Ok(self.kin_of(holder)?.dependants.contains(&dependant)
            && self.kin_of(dependant)?.guardians.contains(&holder))
    }

    /// Ties a dependant to a holder. `may` is called before each list grows, with the side and the current
    /// ties of that list's owner. Its error is returned, and then nothing is tied. The limits hold under
    /// concurrency across gateways. An existing tie is a success. The tie consumes the holder's nomination.
    pub fn tie<E>(
        &self,
        holder: PersonId,
        dependant: PersonId,
        may: impl Fn(Side, &Kin) -> std::result::Result<(), E>,
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

    /// Removes a tie. Returns whether it existed.
    pub fn untie(&self, holder: PersonId, dependant: PersonId) -> Result<bool> {
        let was_guarded = self.drop_from(dependant, Side::Guardians, holder)?;
        Ok(self.drop_from(holder, Side::Dependants, dependant)? || was_guarded)
    }

    /// Records the nomination of a guardian by a person. `may` is called with the person's ties before the
    /// list grows. Its error is returned, and then the nomination is not recorded. A guardian who is
    /// nominated or tied already stays so.
    pub fn name_guardian<E>(
        &self,
        person: PersonId,
        guardian: PersonId,
        may: impl Fn(&Kin) -> std::result::Result<(), E>,
    ) -> Result<std::result::Result<(), E>> {
        let named = self.change_kin(person, |kin| {
            if kin.agrees_to(guardian) {
                return Ok(false);
            }
            may(kin)?;
            kin.named.push(guardian);
            Ok(true)
        });
        Ok(named?.map(drop))
    }

    /// Withdraws a nomination. Returns whether it existed and had not become a tie.
    pub fn unname_guardian(&self, person: PersonId, guardian: PersonId) -> Result<bool> {
        let withdrawn = self.change_kin(person, |kin| {
            let before = kin.named.len();
            kin.named.retain(|named| *named != guardian);
            Ok::<_, Infallible>(kin.named.len() < before)
        });
        withdrawn.map(|Ok(withdrawn)| withdrawn)
    }

    /// Ends a person's ties to guardians whom the person never named. Returns those guardians.
    pub fn end_unnamed_ties(&self, person: PersonId) -> Result<Vec<PersonId>> {
        let unnamed: Vec<PersonId> = self.kin_of(person)?.unnamed().collect();
        for &guardian in &unnamed {
            self.untie(guardian, person)?;
        }
        Ok(unnamed)
    }

    /// Removes a person from the lists of all others, and removes the person's own row.
    pub(in crate::registry) fn untie_all(&self, person: PersonId) -> Result<()> {
        let (kin, row) = self.kin_with_row(person)?;
        for &guardian in &kin.guardians {
            self.drop_from(guardian, Side::Dependants, person)?;
        }
        for &dependant in &kin.dependants {
            self.drop_from(dependant, Side::Guardians, person)?;
        }
        let key = person.0.to_be_bytes();
        match row {
            Some(row) if !self.rows().swap(RegistryTable::Kin, &key, &row, None)? => self.untie_all(person),
            Some(_) | None => Ok(()),
        }
    }

    fn add<E>(
        &self,
        whose: PersonId,
        side: Side,
        other: PersonId,
        may: impl Fn(Side, &Kin) -> std::result::Result<(), E>,
    ) -> Result<std::result::Result<(), E>> {
        let added = self.change_kin(whose, |kin| {
            if kin.side(side).contains(&other) {
                return Ok(false);
            }
            may(side, kin)?;
            kin.add(side, other);
            Ok(true)
        });
        Ok(added?.map(drop))
    }

    fn drop_from(&self, whose: PersonId, side: Side, other: PersonId) -> Result<bool> {
        let dropped = self.change_kin(whose, |kin| Ok::<_, Infallible>(kin.remove(side, other)));
        dropped.map(|Ok(dropped)| dropped)
    }

    /// Changes a person's ties, retrying `change` on the current ties until the swap succeeds. Returns
    /// whether `change` changed anything, or its error.
    fn change_kin<E>(
        &self,
        whose: PersonId,
        change: impl Fn(&mut Kin) -> std::result::Result<bool, E>,
    ) -> Result<std::result::Result<bool, E>> {
        loop {
            let (mut kin, row) = self.kin_with_row(whose)?;
            match change(&mut kin) {
                Ok(true) => {}
                unchanged @ (Ok(false) | Err(_)) => return Ok(unchanged),
            }
            if self.put_over(RegistryTable::Kin, &whose.0.to_be_bytes(), row.as_deref(), &pack(&kin))? {
                return Ok(Ok(true));
            }
        }
    }
}
