//! The acts of a random city, drawn from a seed. An act says who does what at which gateway; it knows no ids,
//! keys or codes. Times of the past count from the begin of the city's past.

use scangate_core::check_in::Direction;
use scangate_core::limits::{STEP_EARLY_MS, STEP_MS};
use scangate_loadgen::plan::SplitMix64;

/// The length of a city's past. **Units**: steps of 30 s.
pub(super) const PAST_STEPS: u32 = 4 * 120;
/// Dwells of venues, in minutes.
const DWELLS: [u16; 5] = [5, 15, 30, 60, 120];

/// The time of a scan, and the step of the code in it.
#[derive(Debug, Clone, Copy)]
pub(super) enum When {
    /// In the city's past: the step, and the time from the start of the step, in which its code is valid.
    Past { step: u32, offset_ms: i64 },
    /// One of the moments that the play remembers, counted modulo their number.
    Moment(usize),
}

/// The key that seals a code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum KeyChoice {
    /// The one that was valid at the time of the scan.
    OfThen,
    /// The first one of the person.
    First,
    /// The newest one.
    Newest,
}

/// A line of an import.
#[derive(Debug, Clone, Copy)]
pub(super) struct ImportRow {
    pub(super) person: usize,
    pub(super) venue: usize,
    pub(super) when: When,
    pub(super) direction: Direction,
}

/// A line of a late batch.
#[derive(Debug, Clone, Copy)]
pub(super) struct LateLine {
    pub(super) person: usize,
    pub(super) when: When,
    pub(super) direction: Direction,
    pub(super) outcome: Option<&'static str>,
    pub(super) key: KeyChoice,
}

/// The way in which a live scan names its venue.
#[derive(Debug, Clone, Copy)]
pub(super) enum Door {
    Poster,
    Screen,
    Terminal,
}

/// One act.
#[derive(Debug, Clone)]
pub(super) enum Act {
    Import {
        gateway: usize,
        rows: Vec<ImportRow>,
    },
    Batch {
        gateway: usize,
        venue: usize,
        lines: Vec<LateLine>,
    },
    Live {
        gateway: usize,
        person: usize,
        companion: Option<usize>,
        venue: usize,
        direction: Direction,
        door: Door,
        key: KeyChoice,
    },
    /// The last live scan once more, with the same codes.
    Again {
        gateway: usize,
        door: Door,
    },
    /// The last live scan as a gate uploads it, whose clock differs.
    LateCopy {
        gateway: usize,
        drift_ms: i64,
        outcome: Option<&'static str>,
    },
    /// A gate scans a paper pass that was printed a moment ago.
    Paper {
        printer: usize,
        gateway: usize,
        person: usize,
        venue: usize,
        direction: Direction,
    },
    /// The authority issues a new key.
    Key {
        gateway: usize,
        person: usize,
    },
    Fact {
        gateway: usize,
        person: usize,
        kind: &'static str,
    },
    Erase {
        gateway: usize,
        person: usize,
    },
}

/// A city and what happens in it.
#[derive(Debug, Clone)]
pub(super) struct CityPlan {
    pub(super) seed: u64,
    /// The dwell of each venue, in minutes.
    pub(super) dwells: Vec<u16>,
    pub(super) people: usize,
    pub(super) acts: Vec<Act>,
}

/// Draws a city whose requests go to this many gateways.
pub(super) fn plan(seed: u64, gateways: usize) -> CityPlan {
    let mut random = SplitMix64(seed);
    let venues = 2 + below(&mut random, 3);
    let people = 3 + below(&mut random, 4);
    let dwells = (0..venues).map(|_| DWELLS[below(&mut random, DWELLS.len())]).collect();
    let mut drawing = Drawing { random, venues, people, gateways, sent: Vec::new() };
    let count = 15 + drawing.below(16);
    let mut acts = vec![drawing.import(), drawing.batch()];
    while acts.len() < count {
        let act = drawing.act();
        acts.push(act);
    }
    CityPlan { seed, dwells, people, acts }
}

/// A number below a bound.
pub(super) fn below(random: &mut SplitMix64, bound: usize) -> usize {
    random.below(u32::try_from(bound).unwrap_or(u32::MAX)) as usize
}

struct Drawing {
    random: SplitMix64,
    venues: usize,
    people: usize,
    gateways: usize,
    /// The imports and batches so far, which may be sent again.
    sent: Vec<Act>,
}

impl Drawing {
    fn below(&mut self, bound: usize) -> usize {
        below(&mut self.random, bound)
    }

    fn one_in(&mut self, bound: usize) -> bool {
        self.below(bound) == 0
    }

    fn act(&mut self) -> Act {
        let (gateway, person) = (self.below(self.gateways), self.below(self.people));
        match self.below(100) {
            0..12 => self.import(),
            12..40 => self.batch(),
            40..54 => self.sent_again(),
            54..67 => self.live(),
            67..71 => {
                let (printer, venue) = (self.below(self.gateways), self.below(self.venues));
                Act::Paper { printer, gateway, person, venue, direction: self.direction() }
            }
            71..80 => Act::Again { gateway, door: self.door() },
            80..87 => {
                let drift_ms = i64::try_from(self.below(4_001)).unwrap_or_default() - 2_000;
                Act::LateCopy { gateway, drift_ms, outcome: self.outcome() }
            }
            87..91 => Act::Key { gateway, person },
            91..95 => {
                let kind = if self.one_in(3) { "suspected" } else { "confirmed" };
                Act::Fact { gateway, person, kind }
            }
            _ => Act::Erase { gateway, person },
        }
    }

    fn direction(&mut self) -> Direction {
        if self.one_in(4) { Direction::Out } else { Direction::In }
    }

    fn door(&mut self) -> Door {
        [Door::Poster, Door::Screen, Door::Terminal][self.below(3)]
    }

    fn outcome(&mut self) -> Option<&'static str> {
        [None, None, Some("entered"), Some("refused")][self.below(4)]
    }

    /// A time of the past. Many fall on whole minutes, so that people meet in one instant.
    fn past(&mut self) -> When {
        let step = u32::try_from(self.below(PAST_STEPS as usize)).unwrap_or_default();
        When::Past { step, offset_ms: self.offset_ms() }
    }

    fn offset_ms(&mut self) -> i64 {
        if self.one_in(2) {
            return 0;
        }
        let valid_ms = usize::try_from(STEP_EARLY_MS + 2 * STEP_MS).unwrap_or_default();
        let after_ms = self.below(valid_ms) as u64;
        i64::try_from(after_ms).unwrap_or_default() - i64::try_from(STEP_EARLY_MS).unwrap_or_default()
    }

    fn import(&mut self) -> Act {
        let count = 2 + self.below(6);
        let mut rows: Vec<ImportRow> = Vec::new();
        for _ in 0..count {
            let (person, venue) = (self.below(self.people), self.below(self.venues));
            let row = ImportRow { person, venue, when: self.past(), direction: self.direction() };
            rows.push(row);
            self.leave(row, &mut rows);
        }
        let act = Act::Import { gateway: self.below(self.gateways), rows };
        self.sent.push(act.clone());
        act
    }

    /// Sometimes lets the person leave, at once or later.
    fn leave(&mut self, row: ImportRow, rows: &mut Vec<ImportRow>) {
        if let (When::Past { step, offset_ms }, true) = (row.when, self.one_in(3)) {
            let later = u32::try_from(self.below(100)).unwrap_or_default();
            let later = if self.one_in(6) { 0 } else { later };
            let when = When::Past { step: step + later, offset_ms };
            rows.push(ImportRow { when, direction: Direction::Out, ..row });
        }
    }

    fn batch(&mut self) -> Act {
        let count = 1 + self.below(6);
        let lines = (0..count).map(|_| self.late_line()).collect();
        let (gateway, venue) = (self.below(self.gateways), self.below(self.venues));
        let act = Act::Batch { gateway, venue, lines };
        self.sent.push(act.clone());
        act
    }

    fn late_line(&mut self) -> LateLine {
        let when = if self.one_in(4) { When::Moment(self.below(64)) } else { self.past() };
        let key = match self.below(12) {
            0 => KeyChoice::First,
            1 => KeyChoice::Newest,
            _ => KeyChoice::OfThen,
        };
        let (person, direction) = (self.below(self.people), self.direction());
        LateLine { person, when, direction, outcome: self.outcome(), key }
    }

    /// An earlier import or batch at any gateway. The gate's clock or its memory of a batch may differ.
    fn sent_again(&mut self) -> Act {
        let number = self.below(self.sent.len());
        let to = self.below(self.gateways);
        let mut again = self.sent[number].clone();
        match &mut again {
            Act::Import { gateway, .. } => *gateway = to,
            Act::Batch { gateway, lines, .. } => {
                *gateway = to;
                for line in lines {
                    self.alter(line);
                }
            }
            Act::Live { .. }
            | Act::Again { .. }
            | Act::LateCopy { .. }
            | Act::Paper { .. }
            | Act::Key { .. }
            | Act::Fact { .. }
            | Act::Erase { .. } => unreachable!("only imports and batches are kept"),
        }
        again
    }

    fn alter(&mut self, line: &mut LateLine) {
        if let (When::Past { offset_ms, .. }, true) = (&mut line.when, self.below(2) == 0) {
            *offset_ms = self.offset_ms();
        }
        if self.one_in(3) {
            line.outcome = self.outcome();
        }
    }

    fn live(&mut self) -> Act {
        let (gateway, person) = (self.below(self.gateways), self.below(self.people));
        let companion = self.below(self.people);
        let companion = (companion != person && self.one_in(3)).then_some(companion);
        let key = if self.one_in(8) { KeyChoice::First } else { KeyChoice::Newest };
        let (venue, direction, door) = (self.below(self.venues), self.direction(), self.door());
        Act::Live { gateway, person, companion, venue, direction, door, key }
    }
}
