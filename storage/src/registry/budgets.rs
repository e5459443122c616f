//! Budgets: the amount that an account has spent in a period. A spent budget survives a restart, and gateways
//! that share a registry share it.

use super::rows::{RegistryTable, Row, WriteUnit};
use super::{Registry, Result, number};

impl Registry {
    /// Spends an amount of an account in a period if the sum stays within `max`, and otherwise nothing.
    /// Returns whether it was spent. Earlier periods of the account are removed.
    pub fn spend(&self, account: &str, period: u64, amount: u64, max: u64) -> Result<bool> {
        let group = [account.as_bytes(), &[0]].concat();
        let key = [group.as_slice(), &period.to_be_bytes()].concat();
        loop {
            let taken = match self.get(RegistryTable::Budgets, &key)? {
                None if amount > max => return Ok(false),
                None => {
                    self.forget_periods(&group, &key)?;
                    self.claim(Row::new(RegistryTable::Budgets, &key, amount.to_be_bytes()))?.is_none()
                }
                Some(spent) => {
                    let sum = number(RegistryTable::Budgets, &spent)?.saturating_add(amount);
                    if sum > max {
                        return Ok(false);
                    }
                    self.rows().swap(RegistryTable::Budgets, &key, &spent, Some(&sum.to_be_bytes()))?
                }
            };
            if taken {
                return Ok(true);
            }
        }
    }

    /// Refunds an amount. This does nothing in a period that was removed.
    pub fn refund(&self, account: &str, period: u64, amount: u64) -> Result<()> {
        let key = [account.as_bytes(), &[0], &period.to_be_bytes()].concat();
        while let Some(spent) = self.get(RegistryTable::Budgets, &key)? {
            let rest = number(RegistryTable::Budgets, &spent)?.saturating_sub(amount);
            if self.rows().swap(RegistryTable::Budgets, &key, &spent, Some(&rest.to_be_bytes()))? {
                break;
            }
        }
        Ok(())
    }

    fn forget_periods(&self, group: &[u8], but: &[u8]) -> Result<()> {
        let mut remove = Vec::new();
        self.rows().groups(RegistryTable::Budgets, &[group.to_vec()], &mut |_, key, _| {
            if key < but {
                remove.push((RegistryTable::Budgets, key.to_vec()));
            }
            Ok(())
        })?;
        if remove.is_empty() { Ok(()) } else { self.rows().write(&[WriteUnit { put: Vec::new(), remove }]) }
    }
}
