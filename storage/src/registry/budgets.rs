//! Budgets: what an account has spent in a period. A spent budget survives a restart.

use super::{Registry, Result, number};

impl Registry {
    /// Spends of an account in a period, where the sum stays within `max`; otherwise nothing is spent.
    /// Returns whether it was. Earlier periods of the account are forgotten.
    pub fn spend(&self, account: &str, period: u64, amount: u64, max: u64) -> Result<bool> {
        let _writing = self.writing();
        let table = &self.0.budgets;
        let (mut spent, mut batch) = (0, self.batch());
        let prefix = [account.as_bytes(), &[0]].concat();
        for entry in table.prefix(&prefix) {
            let (key, value) = entry.into_inner()?;
            if key[prefix.len()..] == period.to_be_bytes() {
                spent = number("budgets", &value)?;
            } else {
                batch.remove(table, key);
            }
        }
        let sum = spent.saturating_add(amount);
        if sum > max {
            return Ok(false);
        }
        let key = [prefix.as_slice(), &period.to_be_bytes()].concat();
        batch.insert(table, key, sum.to_be_bytes());
        batch.commit()?;
        Ok(true)
    }
}
