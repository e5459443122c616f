//! Budgets of staff by the city's day.

use super::Office;
use super::http::error::OfficeError;
use crate::clock;
use scangate_core::time::Timestamp;

/// A budget that does not cover a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::office) struct SpentBudget {
    /// The amount that is left today.
    pub left: u64,
    /// The amount that the request needs.
    pub needed: u64,
    /// The time at which the budget is full again.
    pub full_at: Timestamp,
}

impl Office {
    /// Spends a part of an account's budget of the city's day. **Errors**: `budget-spent`, and nothing is
    /// spent, if less than `amount` is left.
    pub(super) fn spend_today(&self, account: &str, amount: u64, max: u64) -> Result<(), OfficeError> {
        let now = clock::now();
        if self.registry.spend(account, self.day(now).into(), amount, max)? {
            return Ok(());
        }
        metrics::counter!("scangate_budget_refusals_total").increment(1);
        let left = self.left_today(account, max)?;
        let spent = SpentBudget { left, needed: amount, full_at: self.tomorrow(now) };
        Err(OfficeError::BudgetSpent(spent))
    }

    /// The part of an account's budget that is left of the city's day.
    pub(super) fn left_today(&self, account: &str, max: u64) -> Result<u64, OfficeError> {
        Ok(max.saturating_sub(self.registry.spent(account, self.day(clock::now()).into())?))
    }
}
