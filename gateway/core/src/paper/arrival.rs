//! Arrivals: announced by the person, or opened by a check-in at a gate of the city.

use super::duty::{DutyEnd, DutyExit, DutyStart};
use crate::fact::Area;
use crate::id::{CheckInId, PaperId, VenueId};
use crate::policy::Calendar;
use crate::time::Timestamp;
use crate::visit::Window;
use serde::{Deserialize, Serialize};

/// An arrival, with the duty to report that may follow from it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Arrival {
    /// The area from which the person came; none until the person names it for an arrival that a check-in
    /// opened.
    pub from_area: Option<Area>,
    /// When the person arrived, by their own account or by the check-in.
    pub at: Timestamp,
    /// The checkpoint, if one was named.
    pub venue: Option<VenueId>,
    /// The unit that answers for the person: a unit's id, or free text from a city without registered units.
    pub unit: Option<String>,
    /// The deadline of the report; none where the person has no such duty.
    pub due: Option<Timestamp>,
    /// When it was reported.
    pub reported: Option<Timestamp>,
    /// When the person withdrew it.
    #[serde(default)]
    pub withdrawn: Option<Timestamp>,
    /// The number of corrections that the person made.
    #[serde(default)]
    pub revision: u32,
    /// When it was announced; none for an arrival that an earlier version stored.
    #[serde(default)]
    pub announced: Option<Timestamp>,
    /// The check-in that opened it; none for an arrival that the person announced.
    #[serde(default)]
    pub opened_by: Option<CheckInId>,
    /// Whether the colour is still to be looked at when the time of the arrival comes.
    #[serde(default)]
    pub awaits: bool,
    /// How the duty began.
    #[serde(default)]
    pub began: Option<DutyStart>,
    /// How the duty ended without a report.
    #[serde(default)]
    pub ended: Option<DutyEnd>,
    /// The check-in at a gate of the city that closed an announced arrival.
    #[serde(default)]
    pub passed: Option<CheckInId>,
}

impl Arrival {
    /// The furthest that an announced arrival may be from the day of the announcement: residents register it
    /// beforehand or a little later. **Units**: local days.
    pub const DAYS_MAX: u16 = 14;

    /// An arrival that the person announces.
    #[must_use]
    pub fn announced(
        from_area: Area,
        at: Timestamp,
        venue: Option<VenueId>,
        unit: Option<String>,
        now: Timestamp,
    ) -> Self {
        let new = Self::new(at, venue);
        Self { from_area: Some(from_area), unit, announced: Some(now), ..new }
    }

    /// An arrival that a check-in at a gate of the city opens.
    #[must_use]
    pub fn opened(by: CheckInId, at: Timestamp, venue: VenueId) -> Self {
        Self { opened_by: Some(by), ..Self::new(at, Some(venue)) }
    }

    fn new(at: Timestamp, venue: Option<VenueId>) -> Self {
        Self {
            from_area: None,
            at,
            venue,
            unit: None,
            due: None,
            reported: None,
            withdrawn: None,
            revision: 0,
            announced: None,
            opened_by: None,
            awaits: false,
            began: None,
            ended: None,
            passed: None,
        }
    }

    /// The time in which an entry through a gate of the city closes this arrival: from its announcement on,
    /// also before the announced time. None for an arrival that is not announced, or is withdrawn or
    /// reported.
    #[must_use]
    pub fn window(&self, calendar: &Calendar) -> Option<Window> {
        let is_expected = self.opened_by.is_none() && self.withdrawn.is_none() && self.reported.is_none();
        let from = self.announced.map_or(self.at, |announced| announced.min(self.at));
        is_expected.then(|| Window { from, to: calendar.midnight_after(self.at, Self::DAYS_MAX + 1) })
    }

    /// The deadline of the report, while it is open.
    #[must_use]
    pub fn open_until(&self) -> Option<Timestamp> {
        let is_over = self.reported.is_some() || self.withdrawn.is_some() || self.ended.is_some();
        self.due.filter(|_| !is_over)
    }

    /// When the gateway looks at it next: at the deadline, or when the time of the arrival comes.
    #[must_use]
    pub fn queued_at(&self) -> Option<Timestamp> {
        let awaited = Some(self.at).filter(|_| self.awaits && self.withdrawn.is_none());
        self.open_until().or(awaited)
    }

    /// The unit that answers for the person; none once the arrival is withdrawn or the person has left.
    #[must_use]
    pub fn unit_in_charge(&self) -> Option<&str> {
        let is_left = self.ended.is_some_and(|ended| ended.by == DutyExit::Left);
        self.unit.as_deref().filter(|_| self.withdrawn.is_none() && !is_left)
    }

    /// Whether the report came after its deadline.
    #[must_use]
    pub fn is_late(&self) -> bool {
        self.due.zip(self.reported).is_some_and(|(due, reported)| reported > due)
    }

    /// Whether it says the same as another one about area, time, checkpoint and unit.
    #[must_use]
    pub fn says_the_same(&self, other: &Self) -> bool {
        let said =
            |arrival: &Self| (arrival.from_area.clone(), arrival.at, arrival.venue, arrival.unit.clone());
        said(self) == said(other)
    }
}

/// The id of the arrival that a check-in opens. Every gateway and every repeated drain has the same one.
#[must_use]
pub fn opened_paper(check_in: CheckInId) -> PaperId {
    let mut id = [0; 8];
    id.copy_from_slice(&check_in.0[..8]);
    PaperId(u64::from_be_bytes(id))
}
