//! Acts of several writes, cut after each of them, as a gateway on a cluster may die: every reader finds the
//! thing whole or not at all, and a repetition completes the act.

use super::*;
use crate::raw_store::RawSnapshot;
use crate::registry::rows::{GroupVisitor, KeyVisitor, RowKey, RowVisitor, WriteUnit};
use scangate_core::paper::Review;
use scangate_core::policy::ApplicationCheck;
use std::convert::Infallible;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Embedded rows that are written one by one, and whose writer dies after a number of writes.
struct DyingRows {
    rows: EmbeddedRows,
    left: Arc<AtomicUsize>,
}

impl DyingRows {
    fn count(&self) -> Result<()> {
        let spent = self.left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1));
        spent.map(drop).map_err(|_| RegistryError::Random)
    }
}

impl Rows for DyingRows {
    fn is_shared(&self) -> bool {
        true
    }

    fn get(&self, table: RegistryTable, keys: &[RowKey]) -> Result<Vec<Option<Vec<u8>>>> {
        self.rows.get(table, keys)
    }

    fn groups(&self, table: RegistryTable, groups: &[RowKey], each: &mut GroupVisitor<'_>) -> Result<()> {
        self.rows.groups(table, groups, each)
    }

    fn all(&self, table: RegistryTable, each: &mut RowVisitor<'_>) -> Result<()> {
        self.rows.all(table, each)
    }

    fn keys(&self, table: RegistryTable, each: &mut dyn FnMut(&[u8]) -> Result<()>) -> Result<()> {
        self.rows.keys(table, each)
    }

    fn every_key(&self, each: &mut KeyVisitor<'_>) -> Result<()> {
        self.rows.every_key(each)
    }

    fn write(&self, units: &[WriteUnit]) -> Result<()> {
        for WriteUnit { put, remove } in units {
            for row in put {
                self.count()?;
                self.rows.write(&[vec![row.clone()].into()])?;
            }
            for key in remove {
                self.count()?;
                self.rows.write(&[WriteUnit { put: Vec::new(), remove: vec![key.clone()] }])?;
            }
        }
        Ok(())
    }

    fn claim(&self, rows: &[Row]) -> Result<Vec<Option<Vec<u8>>>> {
        let one = |row: &Row| {
            self.count()?;
            Ok(self.rows.claim(std::slice::from_ref(row))?.pop().flatten())
        };
        rows.iter().map(one).collect()
    }

    fn swap(&self, table: RegistryTable, key: &[u8], from: &[u8], to: Option<&[u8]>) -> Result<bool> {
        self.count()?;
        self.rows.swap(table, key, from, to)
    }

    fn snapshot(&self) -> Result<Option<RawSnapshot>> {
        self.rows.snapshot()
    }
}

/// Runs an act that dies after each number of writes, on a registry that `prepare` has filled. `is_seen`
/// tells whether the readers find the result; it panics where they find a part. Then the act is repeated.
fn cut<Prepared>(
    prepare: impl Fn(&Registry) -> Prepared,
    act: impl Fn(&Registry, &Prepared) -> Result<()>,
    is_seen: impl Fn(&Registry, &Prepared) -> bool,
) {
    let mut survivors = 0;
    for writes in 0.. {
        let (folder, left) = (tempfile::tempdir().unwrap(), Arc::new(AtomicUsize::new(usize::MAX)));
        let rows = DyingRows { rows: EmbeddedRows::open(folder.path()).unwrap(), left: Arc::clone(&left) };
        let registry = Registry::over(Box::new(rows), &Secret::new(&[5; 32]).unwrap()).unwrap();
        let prepared = prepare(&registry);
        assert!(!is_seen(&registry, &prepared), "before the act");
        left.store(writes, Ordering::Relaxed);
        let is_whole = act(&registry, &prepared).is_ok();
        left.store(usize::MAX, Ordering::Relaxed);
        survivors += usize::from(is_seen(&registry, &prepared));
        if is_whole {
            assert!(writes > 1, "an act of one write proves nothing");
            break;
        }
        act(&registry, &prepared).unwrap();
        assert!(is_seen(&registry, &prepared), "repeated after {writes} writes");
    }
    assert!(survivors > 0);
}

#[test]
fn a_fact_is_recorded_whole_or_not_at_all() {
    let about = [fact(FactId(9), PersonId(4)), fact(FactId(8), PersonId(4))];
    cut(
        |_| (),
        |registry, ()| registry.record_facts(&about[..1]).map(drop),
        |registry, ()| {
            let found = registry.facts_of(PersonId(4)).unwrap();
            let by_id = registry.fact(FactId(9)).unwrap();
            assert_eq!(found.first(), by_id.as_ref());
            by_id.is_some()
        },
    );
}

#[test]
fn a_case_is_opened_whole_or_not_at_all() {
    let window = Window { from: Timestamp(1), to: Timestamp(2) };
    let new = || NewCase {
        tracer: "t".into(),
        person: PersonId(3),
        purpose: "contact-tracing".into(),
        reference: "r".into(),
        office: "o".into(),
        window,
        opened: NOW,
    };
    cut(
        |_| (),
        |registry, ()| registry.open_case(new()).map(drop),
        |registry, ()| {
            let mut found = 0;
            registry
                .rows()
                .all(RegistryTable::Cases, &mut |_, _| {
                    found += 1;
                    Ok(())
                })
                .unwrap();
            // The person sees each case on record.
            assert_eq!(registry.cases_about(PersonId(3)).unwrap().len(), found);
            found > 0
        },
    );
}

#[test]
fn a_paper_is_filed_whole_and_closed_whole() {
    let letter =
        |answer| Paper::Appeal(Letter { text: "it was not me".into(), at: NOW, due: NOW.plus_ms(9), answer });
    let filed = FiledPaper { id: PaperId(1), person: PersonId(2), paper: letter(None) };
    cut(
        |_| (),
        |registry, ()| {
            registry.file(&filed).or_else(|error| {
                // The repetition of a whole paper finds it.
                if registry.paper(PersonId(2), PaperId(1))?.is_some() { Ok(()) } else { Err(error) }
            })
        },
        |registry, ()| {
            let (own, open) = (registry.papers_of(PersonId(2)).unwrap(), registry.open_papers().unwrap());
            assert_eq!(own, open);
            !own.is_empty()
        },
    );
    let answer = || Some(Answer { at: NOW, by: "office".into(), text: "right".into() });
    cut(
        |registry| registry.file(&filed).unwrap(),
        |registry, ()| {
            let close = |paper: &mut Paper| {
                *paper = letter(answer());
                Ok::<_, Infallible>(())
            };
            registry.change_paper(PersonId(2), PaperId(1), close).map(drop)
        },
        |registry, ()| {
            let paper = registry.paper(PersonId(2), PaperId(1)).unwrap().unwrap();
            let is_closed = paper.open_until().is_none();
            assert_eq!(registry.open_papers().unwrap().is_empty(), is_closed);
            is_closed
        },
    );
}

#[test]
fn a_place_is_booked_whole_and_lost_to_nobody() {
    let slot = Slot { site: TestSiteId(1), at: NOW, day: 700 };
    cut(
        |_| (),
        |registry, ()| registry.book(PersonId(2), slot, 1, 700).map(|booked| assert!(booked.is_ok())),
        |registry, ()| {
            let own = registry.bookings_of(PersonId(2)).unwrap();
            let places = registry.booked(slot.site, &[slot.at]).unwrap().concat();
            assert!(places.len() >= own.all().len(), "a booking has its place");
            !own.all().is_empty()
        },
    );
}

#[test]
fn a_person_is_registered_whole_and_erased_whole() {
    cut(
        |_| (),
        |registry, ()| registry.register(&[personal(1)], 1, NOW).map(drop),
        |registry, ()| {
            let mut people = Vec::new();
            registry.people(|person| people.push(person)).unwrap();
            let by_document = registry.people_by_document(&[&personal(1).document]).unwrap();
            assert!(people.iter().all(|person| by_document == [Some(*person)]));
            !people.is_empty()
        },
    );
    let slot = Slot { site: TestSiteId(1), at: NOW, day: 700 };
    cut(
        |registry| {
            let review =
                Review { applied: NOW, due: NOW, failed: vec![ApplicationCheck::Phone], decision: None };
            let review = |_| Ok(Some(review.clone()));
            let person = registry.apply(&personal(1), false, 1, NOW, &review).unwrap().person;
            registry.record_facts(&[fact(FactId(9), person), fact(FactId(8), person)]).unwrap();
            let paper = Paper::Appeal(Letter { text: "no".into(), at: NOW, due: NOW, answer: None });
            registry.file(&FiledPaper { id: PaperId(1), person, paper }).unwrap();
            registry.book(person, slot, 1, 700).unwrap().unwrap();
            registry.note_upstream("jiangsu", &[(person, Colour::Red)], NOW).unwrap();
            person
        },
        |registry, &person| registry.erase_person(person, 1, NOW).map(drop),
        |registry, &person| {
            if registry.person(person).unwrap().is_some() {
                return false;
            }
            let mut left = Vec::new();
            registry
                .rows()
                .every_key(&mut |table, key| {
                    left.push((table.to_owned(), key.len()));
                    Ok(())
                })
                .unwrap();
            let stays = [RegistryTable::Changes, RegistryTable::Tombstones].map(RegistryTable::name);
            left.retain(|(table, _)| !stays.contains(&table.as_str()));
            assert_eq!(left, [], "rows of an erased person");
            true
        },
    );
}

#[test]
fn a_held_list_is_released_whole_or_not_at_all() {
    let new = || NewHeldList {
        kind: HeldListKind::Facts,
        sent_by: "a".into(),
        at: NOW,
        count: 1,
        body: "{}".into(),
        signature: None,
    };
    cut(
        |registry| registry.hold(new()).unwrap(),
        |registry, &id| registry.release_held(id).map(drop),
        |registry, &id| {
            let is_released = registry.held(id).unwrap().is_none();
            assert_eq!(registry.all_held().unwrap().is_empty(), is_released);
            is_released
        },
    );
}
