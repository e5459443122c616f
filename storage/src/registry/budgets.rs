//! Budgets: what an account has spent in a period. A spent budget survives a restart.

use super::{Registry, Result, number};

impl Registry {
    /// Spends of an account in a period, where the sum stays within `max`; otherwise nothing is spent.
    /// Returns whether it was. Earlier periods of the account are forgotten.
    pub fn spend(&self, account: &str, period: u64, amount: u64, max: u64) -> Result<bool> {
        let mut write = self.write()?;
        let mut spent = 0;
        let prefix = [account.as_bytes(), &[0]].concat();
        for entry in write.tables.budgets.prefix(&prefix) {
            let (key, value) = entry.into_inner()?;
            if key[prefix.len()..] == period.to_be_bytes() {
                spent = number("budgets", &value)?;
            } else {
                write.batch.remove(&write.tables.budgets, key);
            }
        }
        let sum = spent.saturating_add(amount);
        if sum > max {
            return Ok(false);
        }
        let key = [prefix.as_slice(), &period.to_be_bytes()].concat();
        write.batch.insert(&write.tables.budgets, key, sum.to_be_bytes());
        write.commit()?;
        Ok(true)
    }
}
