//! Whose district is which: a person's own one, or else the one of the unit that answers for their latest
//! arrival. Recolouring calls this for red and yellow people.

use crate::office::Office;
use scangate_core::id::{PersonId, UnitId};
use scangate_core::paper::{Arrival, FiledPaper, Paper};
use scangate_storage::registry::{Person, RegistryError};
use std::collections::HashMap;

impl Office {
    /// Reads the districts of red and yellow people, and puts the people into the queues.
    pub(in crate::office) fn place_in_queues(&self, persons: Vec<Person>) -> Result<(), RegistryError> {
        let without = persons.iter().filter(|person| person.personal.district.is_none());
        let without: Vec<PersonId> = without.map(|person| person.id).collect();
        let mut papers: HashMap<PersonId, Vec<FiledPaper>> = HashMap::new();
        for filed in self.registry.papers_of_each(&without)? {
            papers.entry(filed.person).or_default().push(filed);
        }
        for person in persons {
            let own = papers.remove(&person.id).unwrap_or_default();
            let district = self.district_of(&person, &own)?;
            let contacted = person.contact.map(|contact| contact.since);
            self.tables.districts.place(person.id, district, contacted);
        }
        Ok(())
    }

    /// The district of a person with these papers; `None` without an own district and without an arrival that
    /// names a registered unit.
    pub(super) fn district_of(
        &self,
        person: &Person,
        papers: &[FiledPaper],
    ) -> Result<Option<String>, RegistryError> {
        if let Some(own) = &person.personal.district {
            return Ok(Some(own.clone()));
        }
        let Some(unit) = latest_unit(papers) else { return Ok(None) };
        Ok(self.registry.unit(unit)?.map(|unit| unit.about.district))
    }
}

/// The unit in charge of the latest arrival that names one. Free text names none.
fn latest_unit(papers: &[FiledPaper]) -> Option<UnitId> {
    let arrivals = papers.iter().filter_map(|filed| match &filed.paper {
        Paper::Arrival(arrival) => Some((filed.id, arrival)),
        Paper::Declaration(_) | Paper::Appeal(_) | Paper::Question(_) => None,
    });
    let unit = |arrival: &Arrival| arrival.unit_in_charge()?.parse().ok();
    let units = arrivals.filter_map(|(id, arrival)| Some(((arrival.at, id), unit(arrival)?)));
    units.max_by_key(|(latest, _)| *latest).map(|(_, unit)| unit)
}

#[cfg(test)]
mod tests {
    use super::*;
    use scangate_core::id::PaperId;
    use scangate_core::time::Timestamp;

    fn arrival(id: u64, at: u64, unit: Option<&str>) -> FiledPaper {
        let from_area = "420100".to_owned().try_into().unwrap();
        let unit = unit.map(str::to_owned);
        let arrival = Arrival::announced(from_area, Timestamp(at), None, unit, Timestamp(0));
        FiledPaper { id: PaperId(id), person: PersonId(1), paper: Paper::Arrival(arrival) }
    }

    #[test]
    fn xz_28_the_unit_of_the_latest_arrival_counts_until_it_is_withdrawn() {
        let (one, two) = (UnitId(1).to_string(), UnitId(2).to_string());
        let mut papers = [
            arrival(1, 5, Some(&one)),
            arrival(2, 9, Some(&two)),
            arrival(3, 12, Some("a works in the east")),
            arrival(4, 20, None),
        ];
        assert_eq!(latest_unit(&papers), Some(UnitId(2)));
        papers[1].paper.arrival().unwrap().withdrawn = Some(Timestamp(10));
        assert_eq!(latest_unit(&papers), Some(UnitId(1)));
        assert_eq!(latest_unit(&papers[2..]), None);
    }
}
