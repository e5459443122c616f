//! The share of a turn that the new requests of one connection may take. The rest of a burst waits for the
//! next turn, so that the other connections do not wait for the whole burst.

/// The share, in check-ins: twice as many as a gate commonly sends at a time.
const SHARE: u32 = 64;
/// The check-ins in whose place any other request counts. A refusal takes the gateway four times as long.
const OTHER_REQUEST: u32 = 8;

/// The used part of a connection's share of this turn.
#[derive(Debug, Default)]
pub(super) struct TurnShare {
    used: u32,
    is_over: bool,
}

impl TurnShare {
    /// Whether another request may begin in this turn. If not, requests may be left for the next turn.
    pub(super) fn has_room(&mut self) -> bool {
        self.is_over = self.used >= SHARE;
        !self.is_over
    }

    /// Notes a request that has begun.
    pub(super) fn note(&mut self, is_check_in: bool) {
        self.used += if is_check_in { 1 } else { OTHER_REQUEST };
    }

    /// Whether requests may be left.
    pub(super) const fn may_have_more(&self) -> bool {
        self.is_over
    }

    /// Begins the next turn.
    pub(super) fn renew(&mut self) {
        self.used = 0;
    }

    /// Forgets the requests that are left.
    pub(super) fn clear(&mut self) {
        self.is_over = false;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The requests that begin in a turn in which far more of this kind have arrived.
    fn begun(share: &mut TurnShare, is_check_in: bool) -> usize {
        std::iter::from_fn(|| share.has_room().then(|| share.note(is_check_in))).count()
    }

    #[test]
    fn a_turn_has_room_for_64_check_ins_or_8_other_requests_of_a_connection() {
        for (is_check_in, count) in [(true, 64), (false, 8)] {
            let mut share = TurnShare::default();
            assert!(share.has_room() && !share.may_have_more());
            for _ in 0..3 {
                assert_eq!(begun(&mut share, is_check_in), count);
                assert!(share.may_have_more() && begun(&mut share, is_check_in) == 0);
                share.renew();
                assert!(share.may_have_more(), "what is left is known until the next look");
            }
            assert!(share.has_room() && !share.may_have_more());
        }
    }
}
