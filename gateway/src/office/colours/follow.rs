//! Following the changes of the city's other gateways, which the registry lists, a few times a second. A
//! gateway that starts, or was cut off for longer than the registry lists changes, loads everything again.

use crate::clock;
use crate::deployment::key_states;
use crate::deployment::reference::{self, ReferenceData};
use crate::office::{Office, run_blocking};
use scangate_core::id::{PersonId, VenueId};
use scangate_core::text::OneLine;
use scangate_core::time::Timestamp;
use scangate_storage::registry::{Change, ChangeEntry};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

/// The poll interval: a colour changed at another gateway is answered here within two seconds.
const TICK: Duration = Duration::from_millis(400);
/// The pause after a failure of the registry.
const PAUSE: Duration = Duration::from_secs(1);
/// The seconds that every poll reads. Another gateway's clock may be two seconds behind, and its announcement
/// of a change is stamped before it is written, which takes up to three seconds while a node dies.
const FRESH_S: u64 = 5;
/// The seconds that another gateway's clock may be ahead.
const AHEAD_S: u64 = 1;
/// Each second of the change log is read again at these ages, and all its changes are applied again. A change
/// announced by a gateway that then died may surface late, from the cluster's own commit log.
const AGES_S: [u64; 3] = [8, 30, 120];
/// The registry lists changes for an hour; a gateway that was cut off for nearly as long loads everything.
const CUT_OFF_MS_MAX: u64 = 50 * 60_000;

/// Keeps the tables in step with the registry for as long as the gateway runs.
pub async fn keep_in_step(office: Arc<Office>) {
    let mut follower = ChangeFollower { office, course: None, is_well: true };
    loop {
        let turned = run_blocking(move || {
            let turned = follower.turn();
            (follower, turned)
        });
        let Ok((returned, turned)) = turned.await else {
            tracing::error!(
                event = "follow-panicked",
                "following the registry panicked: colours no longer change"
            );
            return;
        };
        follower = returned;
        let is_well = follower.report(turned);
        if is_well && !follower.office.registry.is_shared() {
            return;
        }
        tokio::time::sleep(if is_well { TICK } else { PAUSE }).await;
    }
}

struct ChangeFollower {
    office: Arc<Office>,
    /// The position in the change log; `None` before the first load.
    course: Option<Course>,
    is_well: bool,
}

impl ChangeFollower {
    fn turn(&mut self) -> anyhow::Result<()> {
        let (office, now) = (&*self.office, clock::now());
        match self.course.as_mut().filter(|course| now.since_ms(course.polled) < CUT_OFF_MS_MAX) {
            Some(course) => {
                let changes = office.registry.changes(course.seconds(now))?;
                apply(office, course.new_of(&changes))?;
                course.advance(now, &changes);
            }
            None => {
                load(office)?;
                self.course = Some(Course::new(now));
            }
        }
        if office.registry.is_shared() {
            office.tables.colours.set_followed(now);
            office.look_at_drained()?;
        }
        Ok(())
    }

    /// Logs when the registry stops answering and when it answers again. Returns whether it answers.
    fn report(&mut self, turned: anyhow::Result<()>) -> bool {
        let is_well = turned.is_ok();
        self.office.store_up.store(is_well, Ordering::Relaxed);
        self.office.store_silent.store(!is_well, Ordering::Relaxed);
        metrics::gauge!("scangate_store_up").set(f64::from(u8::from(is_well)));
        match turned {
            Err(error) if self.is_well => {
                tracing::warn!(
                    event = "registry-unfollowed",
                    error = %OneLine(error.as_ref()),
                    "the registry cannot be followed: colours stay as they are"
                );
            }
            Ok(()) if !self.is_well => {
                tracing::info!(event = "registry-followed", "the registry is followed again")
            }
            Err(_) | Ok(()) => {}
        }
        self.is_well = is_well;
        is_well
    }
}

/// Loads every table. Until then a person without an entry in the colour table is `unknown`. If this gateway
/// alone writes the registry, only the colours are loaded: the start has read the rest.
fn load(office: &Office) -> anyhow::Result<()> {
    if office.registry.is_shared() {
        office.registry.announce_format(office.settings.gateway)?;
        ReferenceData::read(&office.registry)?.apply(&office.tables)?;
        key_states::load(&office.registry, &office.tables)?;
        office.write_poster_settings();
    }
    office.recolour_all()?;
    office.tables.colours.set_loaded();
    tracing::info!(
        event = "colours-loaded",
        residents = office.tables.colours.len(),
        "the colour table is loaded"
    );
    // The doors are served meanwhile; a terminal's answer has no holder until then.
    office.load_holders()?;
    office.load_arrivals()?;
    Ok(office.registry.index_earlier_rows()?)
}

/// Reads the changed rows again.
fn apply(office: &Office, changes: BTreeSet<Change>) -> anyhow::Result<()> {
    let (mut people, mut venues) = (Vec::<PersonId>::new(), Vec::<VenueId>::new());
    let mut rekeyed = Vec::<PersonId>::new();
    for change in changes {
        match change {
            Change::Person(person) => people.push(person),
            Change::KeyHistory(person) | Change::Erasure(person) => rekeyed.push(person),
            Change::Venue(venue) => venues.push(venue),
            Change::Keys => office.swap_kids(reference::kids(&office.registry)?),
            Change::Notices => office.refresh_notices()?,
            Change::Tokens => office.tables.tokens.revoke(office.registry.revoked_tokens()?),
            Change::Policy => {
                if reference::follow_policies(&office.registry.policies()?, &office.tables.policies)? {
                    office.recolour_all()?;
                }
            }
        }
    }
    key_states::reload(&office.registry, &office.tables, &rekeyed)?;
    for venue in office.registry.venues_of(&venues)? {
        office.tables.venues.put(venue);
    }
    office.recolour(&people)?;
    Ok(office.follow_arrivals(&people)?)
}

/// The position in the change log.
struct Course {
    polled: Timestamp,
    /// The keys of applied changes, while their seconds are fresh.
    done: BTreeSet<[u8; 24]>,
}

impl Course {
    fn new(polled: Timestamp) -> Self {
        Self { polled, done: BTreeSet::new() }
    }

    fn fresh_from(&self) -> u64 {
        (self.polled.0 / 1_000).saturating_sub(FRESH_S)
    }

    /// The seconds to read: the fresh ones, and those that have reached an age.
    fn seconds(&self, now: Timestamp) -> impl Iterator<Item = u64> {
        let (from, to) = (self.polled.0 / 1_000, now.0 / 1_000);
        let aged = AGES_S.into_iter().flat_map(move |age| from.saturating_sub(age)..to.saturating_sub(age));
        let fresh = self.fresh_from();
        (fresh..=to + AHEAD_S).chain(aged.filter(move |&second| second < fresh))
    }

    /// The changes to apply: all but fresh ones that were applied before.
    fn new_of(&self, changes: &[ChangeEntry]) -> BTreeSet<Change> {
        let is_new = |changed: &&ChangeEntry| !self.done.contains(&changed.key);
        changes.iter().filter(is_new).map(|changed| changed.change).collect()
    }

    fn advance(&mut self, now: Timestamp, changes: &[ChangeEntry]) {
        self.polled = self.polled.max(now);
        let fresh = self.fresh_from().to_be_bytes();
        self.done.extend(changes.iter().map(|changed| changed.key));
        self.done.retain(|key| key[..8] >= fresh[..]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn changed(second: u64, person: u64) -> ChangeEntry {
        let mut key = [0; 24];
        key[..8].copy_from_slice(&second.to_be_bytes());
        key[23] = u8::try_from(person).unwrap();
        ChangeEntry { key, change: Change::Person(PersonId(person)) }
    }

    #[test]
    fn every_second_is_read_while_it_is_fresh_and_once_at_each_age() {
        let mut course = Course::new(Timestamp(1_000_000));
        let mut read = std::collections::BTreeMap::<u64, usize>::new();
        for now in (1_000_000..1_300_000).step_by(400) {
            for second in course.seconds(Timestamp(now)) {
                *read.entry(second).or_default() += 1;
            }
            course.advance(Timestamp(now), &[]);
        }
        for second in 1_000..1_150 {
            // Seven seconds of two or three looks each while it is fresh or ahead, and the ages.
            assert!((16 + 3..=20 + 3).contains(&read[&second]), "{second}: {}", read[&second]);
        }
    }

    #[test]
    fn what_took_three_seconds_to_write_is_read_by_the_next_poll_also_from_a_clock_that_is_behind() {
        let course = Course::new(Timestamp(1_000_000));
        let stamped_s = (1_000_000 - 2_000 - 3_000) / 1_000;
        assert!(course.seconds(Timestamp(1_000_400)).any(|second| second == stamped_s));
    }

    #[test]
    fn after_a_gap_nothing_is_left_out() {
        let course = Course::new(Timestamp(1_000_000));
        let seconds: BTreeSet<u64> = course.seconds(Timestamp(1_600_000)).collect();
        assert!((995..=1_601).all(|second| seconds.contains(&second)));
    }

    #[test]
    fn what_is_done_is_done_again_only_at_an_age() {
        let mut course = Course::new(Timestamp(1_000_000));
        let changes = [changed(1_000, 1), changed(1_000, 2)];
        assert_eq!(course.new_of(&changes).len(), 2);
        course.advance(Timestamp(1_000_400), &changes[..1]);
        assert_eq!(course.new_of(&changes), BTreeSet::from([Change::Person(PersonId(2))]));
        course.advance(Timestamp(1_008_000), &changes);
        assert_eq!(course.new_of(&changes).len(), 2);
    }
}
