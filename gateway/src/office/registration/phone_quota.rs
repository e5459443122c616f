//! Quotas of a phone: how many codes it may receive and how many registrations may try it. A quota is per
//! phone, over all gateways of a city. The total is not limited: a city does not limit how many people
//! register. The registry counts under a pseudonym of the phone.

use crate::clock;
use crate::office::http::error::OfficeError;
use crate::office::{Office, blocking};
use scangate_core::limits::SMS_WINDOW_MS;
use scangate_core::time::Timestamp;
use std::sync::Arc;

/// The period over which a quota counts.
const PERIOD_MS: u64 = 10 * 60_000;

// A code is valid in at most two windows, so an attacker has the tries of two periods for each code.
const _: () = assert!(PERIOD_MS >= 2 * SMS_WINDOW_MS);

/// A quota of a phone per period.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::office) enum PhoneQuota {
    /// Codes sent to the phone: enough for two lost messages, too few to be a nuisance.
    Codes,
    /// Registrations with a code or a face. Of a million codes two are valid, so a guess succeeds once in a
    /// hundred thousand periods.
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

/// One spent unit of a quota.
pub(in crate::office) struct QuotaUnit {
    account: String,
    period: u64,
}

impl QuotaUnit {
    /// Spends one unit. **Errors**: `too-many` if the phone has none left in this period.
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

    /// Refunds a unit that had no effect. If that fails the unit stays spent, and the log reports the error.
    pub(in crate::office) async fn refund(self, office: &Arc<Office>) {
        let office = Arc::clone(office);
        let given =
            blocking(move || Ok::<_, OfficeError>(office.registry.refund(&self.account, self.period, 1)?));
        let _ = given.await;
    }
}
