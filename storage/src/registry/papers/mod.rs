//! Papers: the declarations, arrivals and letters of residents, sealed like other personal data. A paper with
//! an open duty, a report or an answer, also stands in a queue, ordered by the time at which the duty is due.
//!
//! **Shape**: a paper's key is person (8), paper (8). A queue entry's key is due (8), paper (8), and its
//! value is the person.

mod units;

use super::changes::Change;
use super::rows::{RegistryTable, Row, RowKey, WriteUnit};
use super::{Registry, RegistryError, Result, number, pack, unpack};
use scangate_core::id::{PaperId, PersonId};
use scangate_core::paper::{Arrival, FiledPaper, Paper};
use scangate_core::time::Timestamp;
use std::convert::Infallible;

/// An entry of the queue.
struct QueueEntry {
    due: Timestamp,
    paper: PaperId,
    person: PersonId,
}

fn key(person: PersonId, paper: PaperId) -> Vec<u8> {
    [person.0.to_be_bytes(), paper.0.to_be_bytes()].concat()
}

fn queue_key(due: Timestamp, paper: PaperId) -> Vec<u8> {
    [due.0.to_be_bytes(), paper.0.to_be_bytes()].concat()
}

/// The change that other gateways follow: they keep announced arrivals and the queues of districts in memory.
fn followed(filed: &FiledPaper) -> Vec<Change> {
    match filed.paper {
        Paper::Arrival(_) => vec![Change::Person(filed.person)],
        Paper::Declaration(_) | Paper::Appeal(_) | Paper::Question(_) => Vec::new(),
    }
}

impl Registry {
    /// Makes the id of a new paper.
    pub fn make_paper_id(&self) -> Result<PaperId> {
        self.make_id().map(PaperId)
    }

    /// Files a new paper. **Errors**: its id is taken.
    pub fn file(&self, filed: &FiledPaper) -> Result<()> {
        if self.file_once(filed)? { Ok(()) } else { Err(RegistryError::Random) }
    }

    /// Files a paper unless its id is taken. Returns whether it was filed. A paper with an open or awaited
    /// duty is queued first: a queue entry without its paper is skipped, while a paper without its entry
    /// would be forgotten.
    pub fn file_once(&self, filed: &FiledPaper) -> Result<bool> {
        if let Some(due) = filed.paper.queued_at() {
            self.enqueue(due, filed)?;
        }
        let row = Row::new(RegistryTable::Papers, key(filed.person, filed.id), self.sealed_paper(filed)?);
        self.announcing(&followed(filed), || Ok(self.claim(row)?.is_none()))
    }

    fn enqueue(&self, due: Timestamp, filed: &FiledPaper) -> Result<()> {
        let key = queue_key(due, filed.id);
        let row = Row::new(RegistryTable::OpenPapers, key, filed.person.0.to_be_bytes());
        self.rows().write(&[vec![row].into()])
    }

    fn sealed_paper(&self, filed: &FiledPaper) -> Result<Vec<u8>> {
        self.0.seal.seal(filed.id.0, pack(&filed.paper))
    }

    fn opened_paper(&self, id: PaperId, value: &[u8]) -> Result<Paper> {
        unpack(RegistryTable::Papers, &self.0.seal.open(id.0, value)?)
    }

    /// A paper of a person.
    pub fn paper(&self, person: PersonId, id: PaperId) -> Result<Option<Paper>> {
        let value = self.get(RegistryTable::Papers, &key(person, id))?;
        value.map(|value| self.opened_paper(id, &value)).transpose()
    }

    /// All papers of a person, unordered.
    pub fn papers_of(&self, person: PersonId) -> Result<Vec<FiledPaper>> {
        self.papers_of_each(&[person])
    }

    /// All papers of these people, those of one person next to each other. **Cost**: concurrent reads.
    pub fn papers_of_each(&self, people: &[PersonId]) -> Result<Vec<FiledPaper>> {
        let groups: Vec<RowKey> = people.iter().map(|person| person.0.to_be_bytes().to_vec()).collect();
        let mut papers: Vec<Vec<FiledPaper>> = people.iter().map(|_| Vec::new()).collect();
        self.rows().groups(RegistryTable::Papers, &groups, &mut |at, key, value| {
            papers[at].push(self.filed(key, value)?);
            Ok(())
        })?;
        Ok(papers.into_iter().flatten().collect())
    }

    /// Visits every paper of the city. **Cost**: reads and decrypts each.
    pub fn papers(&self, mut each: impl FnMut(FiledPaper)) -> Result<()> {
        self.rows().all(RegistryTable::Papers, &mut |key, value| {
            each(self.filed(key, value)?);
            Ok(())
        })
    }

    fn filed(&self, key: &[u8], value: &[u8]) -> Result<FiledPaper> {
        let part = |part: Option<&[u8]>| number(RegistryTable::Papers, part.unwrap_or_default());
        let (person, id) = (PersonId(part(key.get(..8))?), PaperId(part(key.get(8..))?));
        Ok(FiledPaper { id, person, paper: self.opened_paper(id, value)? })
    }

    /// Changes a paper. `change` is called with the current paper and may refuse. On a concurrent change it
    /// is called again. Returns the changed paper; none where it does not exist. A new deadline is queued
    /// before the paper has it.
    pub fn change_paper<E>(
        &self,
        person: PersonId,
        id: PaperId,
        change: impl Fn(&mut Paper) -> std::result::Result<(), E>,
    ) -> Result<Option<std::result::Result<Paper, E>>> {
        loop {
            let Some(value) = self.get(RegistryTable::Papers, &key(person, id))? else { return Ok(None) };
            let mut paper = self.opened_paper(id, &value)?;
            let was_due = paper.queued_at();
            if let Err(refused) = change(&mut paper) {
                return Ok(Some(Err(refused)));
            }
            let filed = FiledPaper { id, person, paper };
            let (sealed, due) = (self.sealed_paper(&filed)?, filed.paper.queued_at());
            if let Some(due) = due.filter(|_| due != was_due) {
                self.enqueue(due, &filed)?;
            }
            let key = key(person, id);
            let swap = || self.rows().swap(RegistryTable::Papers, &key, &value, Some(&sealed));
            if !self.announcing(&followed(&filed), swap)? {
                continue;
            }
            if let Some(before) = was_due.filter(|_| due != was_due) {
                let remove = vec![(RegistryTable::OpenPapers, queue_key(before, id))];
                self.rows().write(&[WriteUnit { put: Vec::new(), remove }])?;
            }
            return Ok(Some(Ok(filed.paper)));
        }
    }

    /// Changes an arrival; nothing where it does not exist.
    pub fn change_arrival(&self, person: PersonId, id: PaperId, change: impl Fn(&mut Arrival)) -> Result<()> {
        self.change_paper(person, id, |paper| {
            paper.arrival().into_iter().for_each(&change);
            Ok::<_, Infallible>(())
        })
        .map(drop)
    }

    /// A paper with an open duty, and its person. **Cost**: reads the queue, and a point read.
    pub fn open_paper(&self, id: PaperId) -> Result<Option<FiledPaper>> {
        let entry = self.queue()?.into_iter().find(|entry| entry.paper == id);
        let Some(QueueEntry { person, .. }) = entry else { return Ok(None) };
        let paper = self.paper(person, id)?.filter(|paper| paper.open_until().is_some());
        Ok(paper.map(|paper| FiledPaper { id, person, paper }))
    }

    /// The queue: papers with an open or awaited duty, and their persons.
    fn queue(&self) -> Result<Vec<QueueEntry>> {
        let mut entries = Vec::new();
        self.rows().groups(RegistryTable::OpenPapers, &[RowKey::new()], &mut |_, key, person| {
            let part = |part: Option<&[u8]>| number(RegistryTable::OpenPapers, part.unwrap_or_default());
            entries.push(QueueEntry {
                due: Timestamp(part(key.get(..8))?),
                paper: PaperId(part(key.get(8..))?),
                person: PersonId(number(RegistryTable::OpenPapers, person)?),
            });
            Ok(())
        })?;
        Ok(entries)
    }

    /// All papers with an open duty, earliest due first. **Cost**: reads the queue, and a point read each.
    pub fn open_papers(&self) -> Result<Vec<FiledPaper>> {
        let mut queued = self.queued(self.queue()?)?;
        queued.retain(|filed| filed.paper.open_until().is_some());
        Ok(queued)
    }

    /// The papers whose deadline or awaited time has come, earliest first. **Cost**: reads the queue, and a
    /// point read for each of them.
    pub fn papers_due(&self, now: Timestamp) -> Result<Vec<FiledPaper>> {
        let mut entries = self.queue()?;
        entries.retain(|entry| entry.due <= now);
        self.queued(entries)
    }

    /// The papers of entries of the queue.
    fn queued(&self, entries: Vec<QueueEntry>) -> Result<Vec<FiledPaper>> {
        let keys: Vec<RowKey> = entries.iter().map(|entry| key(entry.person, entry.paper)).collect();
        let values = self.rows().get(RegistryTable::Papers, &keys)?;
        let mut queued = Vec::new();
        for (QueueEntry { due, paper: id, person }, value) in entries.into_iter().zip(values) {
            let Some(value) = value else { continue };
            let paper = self.opened_paper(id, &value)?;
            // Another entry is of an earlier deadline, or of a paper that was closed, and not yet removed.
            if paper.queued_at() == Some(due) {
                queued.push(FiledPaper { id, person, paper });
            }
        }
        Ok(queued)
    }

    /// Every row of a person's papers, for removal: the queue entries first, because only the papers lead to
    /// them.
    pub(super) fn paper_rows(&self, person: PersonId) -> Result<Vec<(RegistryTable, RowKey)>> {
        let papers = self.papers_of(person)?;
        let entries = papers.iter().filter_map(|filed| Some(queue_key(filed.paper.queued_at()?, filed.id)));
        let entries = entries.map(|place| (RegistryTable::OpenPapers, place));
        let rows = papers.iter().map(|filed| (RegistryTable::Papers, key(person, filed.id)));
        Ok(entries.chain(rows).collect())
    }
}
