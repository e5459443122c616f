//! The write timestamps of rows and erasures. Of two records with one key, the cluster keeps the row with the
//! later timestamp. A row's timestamp follows from its record alone, so the record that counts is kept,
//! whichever gateway writes it last. Repeating a drain changes nothing.

use scangate_core::check_in::{CheckIn, Precedence};
use scangate_core::limits::AHEAD_MS_MAX;
use scangate_core::time::Timestamp;

/// Earlier versions wrote the time of the drain. A row's timestamp is this much after its check-in, so it
/// counts before a row of such a version that was drained in time. **Units**: milliseconds.
const DRAINED_MS_MAX: u64 = 5 * 60_000;
/// The difference that the clocks of gateways may have. **Units**: milliseconds.
const CLOCKS_MS_MAX: u64 = 60_000;

const _: () = assert!(Precedence::RANKS < 1_000);

/// The write timestamp of a record's rows: the time of the check-in, then the record's rank. Records with one
/// key differ by the rank alone. **Units**: microseconds since 1970.
pub(super) fn of_row(check_in: &CheckIn) -> i64 {
    let rank = Precedence::RANKS - check_in.precedence().rank();
    microseconds(check_in.at.plus_ms(DRAINED_MS_MAX)).saturating_add(rank.into())
}

/// The write timestamp of an erasure: after that of every row that any gateway has written before.
/// **Units**: microseconds since 1970.
pub(super) fn of_erasure(now: Timestamp) -> i64 {
    microseconds(now.plus_ms(DRAINED_MS_MAX + AHEAD_MS_MAX + CLOCKS_MS_MAX))
}

fn microseconds(time: Timestamp) -> i64 {
    i64::try_from(time.0.saturating_mul(1_000)).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::example::check_in;
    use scangate_core::check_in::{Mode, Outcome};
    use scangate_core::colour::{Checks, Colour, Verdict};

    #[test]
    fn the_record_that_counts_is_the_later_write_and_an_erasure_is_after_both() {
        let at = Timestamp(1_641_283_200_123);
        let live = CheckIn { at, ..check_in() };
        let late = CheckIn { mode: Mode::Late, ..live };
        assert!(live.precedence() < late.precedence() && of_row(&live) > of_row(&late));
        assert!(of_row(&late) > microseconds(at.plus_ms(DRAINED_MS_MAX)));
        let latest = CheckIn { at: at.plus_ms(AHEAD_MS_MAX), ..live };
        assert!(of_erasure(at) > of_row(&latest));
    }

    #[test]
    fn records_of_one_time_are_written_in_the_order_of_their_precedence() {
        let record = |mode, colour, verdict, checks| {
            let outcome = check_in().outcome.map(|outcome| Outcome { colour, verdict, checks, ..outcome });
            CheckIn { at: Timestamp(1_641_283_200_123), mode, outcome, ..check_in() }
        };
        let modes = (0..=u8::MAX).filter_map(Mode::of_byte);
        let records: Vec<CheckIn> = modes
            .flat_map(|mode| {
                let colours = (0..=u8::MAX).filter_map(Colour::of_byte);
                colours.flat_map(move |colour| {
                    let pass = record(mode, colour, Verdict::Pass, Checks::NONE);
                    let refused = record(mode, colour, Verdict::Refuse, Checks::NONE);
                    [pass, refused, record(mode, colour, Verdict::Check, Checks::FULL)]
                })
            })
            .collect();
        for one in &records {
            for other in &records {
                let order = one.precedence().cmp(&other.precedence());
                assert_eq!(of_row(other).cmp(&of_row(one)), order, "{one:?} {other:?}");
            }
        }
    }
}
