//! Allowances of a phone: how many codes it is sent and how many registrations are tried with it. They hold for
//! one phone at all gateways of a city together, and nothing holds for all phones: a city sets no limit on who
//! registers. The registry counts them under a pseudonym.

use crate::clock;
use crate::office::http::error::OfficeError;
use crate::office::{Office, blocking};
use scangate_core::limits::SMS_WINDOW_MS;
use scangate_core::time::Timestamp;
use std::sync::Arc;

/// What is counted together.
const PERIOD_MS: u64 = 10 * 60_000;

// A code is good in at most two windows: whoever guesses has the tries of two periods for each.
const _: () = assert!(PERIOD_MS >= 2 * SMS_WINDOW_MS);

/// What a phone has so many of in a period.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::office) enum PhoneQuota {
    /// Codes sent to it: enough for a message that is lost and one more, too few to be a nuisance.
    Codes,
    /// Registrations with a code or a face. Of a million codes two are good, so that a guess succeeds once in
    /// a hundred thousand periods.
    Tries,
}

impl PhoneQuota {
    fn max(self) -> u64 {
        match self {
            Self::Codes => 3,
            Self::Tries => 5,
        }
    }

    fn word(self) -> &'static str {
        match self {
            Self::Codes => "sms-codes",
            Self::Tries => "sms-tries",
        }
    }
}

/// One of an quota, taken.
pub(in crate::office) struct QuotaUnit {
    account: String,
    period: u64,
}

impl QuotaUnit {
    /// Takes one. **Errors**: `too-many` where a phone has none left in this period.
    pub(in crate::office) async fn of(
        quota: PhoneQuota,
        phone: &str,
        office: &Arc<Office>,
    ) -> Result<Self, OfficeError> {
        let account = format!("{}/{}", quota.word(), office.registration.sms.pseudonym(phone));
        let period = clock::now().0 / PERIOD_MS;
        let (taken, office) = (Self { account, period }, Arc::clone(office));
        blocking(move || {
            if office.registry.spend(&taken.account, period, 1, quota.max())? {
                Ok(taken)
            } else {
                Err(OfficeError::PhoneSpent(Timestamp((period + 1) * PERIOD_MS)))
            }
        })
        .await?
    }

    /// Gives it back, for it was of no use to anybody. Where that fails it is gone, which the log says.
    pub(in crate::office) async fn give_back(self, office: &Arc<Office>) {
        let office = Arc::clone(office);
        let given = blocking(move || {
            Ok::<_, OfficeError>(office.registry.give_back(&self.account, self.period, 1)?)
        });
        let _ = given.await;
    }
}
