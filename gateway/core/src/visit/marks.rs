//! Marks: what a tracer should doubt about a visit. A mark never drops a visit and never changes a colour.

use super::VenueBook;
use crate::check_in::CheckIn;
use crate::id::VenueId;
use crate::limits::STEP_VALID_MS;

/// The time by which a journey may be shorter than the fastest possible one. A code that was shown before the
/// journey is valid for this long, and the clock of a phone or terminal may be off by less. **Units**:
/// milliseconds.
const JOURNEY_SLACK_MS: u64 = STEP_VALID_MS;
/// The number of venues that is too high for one person within one code's validity.
const VENUES_AT_ONCE: usize = 3;

/// A set of marks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Marks(u8);

impl Marks {
    /// The empty set.
    pub const NONE: Self = Self(0);
    /// The check-in lies outside the venue's opening hours.
    pub const CLOSED_HOURS: Self = Self(1);
    /// No journey from the person's previous check-in is so fast.
    pub const IMPOSSIBLE_TRAVEL: Self = Self(2);
    /// The person checked in at three venues or more while one code was valid.
    pub const MANY_AT_ONCE: Self = Self(4);

    const WORDS: [(Self, &'static str); 3] = [
        (Self::CLOSED_HOURS, "closed-hours"),
        (Self::IMPOSSIBLE_TRAVEL, "impossible-travel"),
        (Self::MANY_AT_ONCE, "many-at-once"),
    ];

    /// The union of both sets.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// The words in answers, in a fixed order.
    pub fn words(self) -> impl Iterator<Item = &'static str> {
        Self::WORDS.into_iter().filter(move |(mark, _)| self.0 & mark.0 != 0).map(|(_, word)| word)
    }
}

/// The time before a check-in in which other check-ins of the person can mark it. **Units**: milliseconds.
pub(crate) fn look_back_ms(venues: &impl VenueBook) -> u64 {
    venues.journey_ms_max().max(STEP_VALID_MS)
}

/// The time after a check-in in which other check-ins of the person can mark it. **Units**: milliseconds.
pub(crate) const LOOK_AHEAD_MS: u64 = STEP_VALID_MS;

/// The marks of one person's check-ins, which are in order.
pub(super) fn marks_of(check_ins: &[CheckIn], venues: &impl VenueBook) -> Vec<Marks> {
    let mut marks: Vec<Marks> = check_ins
        .iter()
        .map(|one| if venues.is_open(one.venue, one.at) { Marks::NONE } else { Marks::CLOSED_HOURS })
        .collect();
    mark_journeys(check_ins, venues, &mut marks);
    mark_many_at_once(check_ins, &mut marks);
    marks
}

fn mark_journeys(check_ins: &[CheckIn], venues: &impl VenueBook, marks: &mut [Marks]) {
    if venues.journey_ms_max() == 0 {
        return;
    }
    let mut last = None;
    for (one, marks) in check_ins.iter().zip(marks) {
        let Some(position) = venues.position(one.venue) else { continue };
        if let Some((at, from)) = last.replace((one.at, position))
            && position.journey_ms_min(from) > one.at.since_ms(at) + JOURNEY_SLACK_MS
        {
            *marks = marks.and(Marks::IMPOSSIBLE_TRAVEL);
        }
    }
}

/// **Cost**: the number of check-ins times those within one code's validity, which
/// [`PERSON_CHECK_INS_MAX`](crate::limits::PERSON_CHECK_INS_MAX) bounds.
fn mark_many_at_once(check_ins: &[CheckIn], marks: &mut [Marks]) {
    let mut there: Vec<VenueId> = Vec::new();
    for (number, first) in check_ins.iter().enumerate() {
        let at_once =
            check_ins[number..].iter().take_while(|next| next.at.since_ms(first.at) < STEP_VALID_MS);
        there.clear();
        there.extend(at_once.map(|next| next.venue));
        let count = there.len();
        if count < VENUES_AT_ONCE {
            continue;
        }
        there.sort_unstable();
        there.dedup();
        if there.len() >= VENUES_AT_ONCE {
            let at_once = marks[number..number + count].iter_mut();
            at_once.for_each(|marks| *marks = marks.and(Marks::MANY_AT_ONCE));
        }
    }
}
