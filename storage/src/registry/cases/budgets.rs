//! Budgets: the amount that an account has spent, in a period or in a sliding window. A spent budget survives
//! a restart, and gateways that share a registry share it.

use crate::registry::rows::{RegistryTable, Row, WriteUnit};
use crate::registry::{Registry, Result, number, pack, unpack};
use scangate_core::time::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The length of a sliding window. **Units**: minutes.
const WINDOW_MINUTES: u64 = 60;
const MINUTE_MS: u64 = 60_000;

/// The amounts that an account spent in the last minutes, by minute since 1970.
#[derive(Default, Serialize, Deserialize)]
struct SpentMinutes(BTreeMap<u64, u64>);

impl SpentMinutes {
    /// Removes what no window at this minute contains. Amounts count for a minute longer than the window, so
    /// that no 60 minutes are counted too low. A minute that another gateway's fast clock wrote counts too,
    /// unless it is so far ahead that the clock was wrong.
    fn keep_window(&mut self, minute: u64) {
        let kept = minute.saturating_sub(WINDOW_MINUTES)..=minute.saturating_add(WINDOW_MINUTES);
        self.0.retain(|spent_at, _| kept.contains(spent_at));
    }

    fn sum(&self) -> u64 {
        self.0.values().fold(0, |sum, amount| sum.saturating_add(*amount))
    }

    /// The minute to which an amount is added: this one, or a later one of a gateway whose clock is ahead.
    fn newest(&self, minute: u64) -> u64 {
        self.0.last_key_value().map_or(minute, |(newest, _)| minute.max(*newest))
    }
}

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

    /// The sum that an account has spent in a period.
    pub fn spent(&self, account: &str, period: u64) -> Result<u64> {
        let key = [account.as_bytes(), &[0], &period.to_be_bytes()].concat();
        let spent = self.get(RegistryTable::Budgets, &key)?;
        spent.map_or(Ok(0), |spent| number(RegistryTable::Budgets, &spent))
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

    /// Spends each account's amount in the sliding window that ends now, if every sum stays within `max`, and
    /// otherwise nothing. Returns whether the amounts were spent. A crash or a failure half-way leaves some
    /// amounts spent.
    pub fn spend_windows(&self, amounts: &BTreeMap<String, u64>, now: Timestamp, max: u64) -> Result<bool> {
        let minute = now.0 / MINUTE_MS;
        for (account, amount) in amounts {
            if self.spent_minutes(account, minute)?.1.sum().saturating_add(*amount) > max {
                return Ok(false);
            }
        }
        let mut spent: Vec<(&str, u64, u64)> = Vec::with_capacity(amounts.len());
        for (account, amount) in amounts {
            if let Some(minute) = self.spend_window(account, minute, *amount, max)? {
                spent.push((account, minute, *amount));
                continue;
            }
            // Another list was faster.
            for (account, minute, amount) in spent {
                self.refund_window(account, minute, amount)?;
            }
            return Ok(false);
        }
        Ok(true)
    }

    /// Returns the minute to which the amount was added; none if the window is full.
    fn spend_window(&self, account: &str, minute: u64, amount: u64, max: u64) -> Result<Option<u64>> {
        loop {
            let (read, mut minutes) = self.spent_minutes(account, minute)?;
            if minutes.sum().saturating_add(amount) > max {
                return Ok(None);
            }
            let newest = minutes.newest(minute);
            *minutes.0.entry(newest).or_default() += amount;
            if self.put_minutes(account, read.as_deref(), &minutes)? {
                return Ok(Some(newest));
            }
        }
    }

    fn refund_window(&self, account: &str, minute: u64, amount: u64) -> Result<()> {
        loop {
            let (read, mut minutes) = self.spent_minutes(account, minute)?;
            minutes.0.entry(minute).and_modify(|spent| *spent = spent.saturating_sub(amount));
            if self.put_minutes(account, read.as_deref(), &minutes)? {
                return Ok(());
            }
        }
    }

    /// An account's row as read, and the amounts in it that count at this minute.
    fn spent_minutes(&self, account: &str, minute: u64) -> Result<(Option<Vec<u8>>, SpentMinutes)> {
        let read = self.get(RegistryTable::Windows, account.as_bytes())?;
        let minutes = read.as_deref().map(|row| unpack(RegistryTable::Windows, row)).transpose()?;
        let mut minutes: SpentMinutes = minutes.unwrap_or_default();
        minutes.keep_window(minute);
        Ok((read, minutes))
    }

    fn put_minutes(&self, account: &str, read: Option<&[u8]>, minutes: &SpentMinutes) -> Result<bool> {
        self.put_over(RegistryTable::Windows, account.as_bytes(), read, &pack(minutes))
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
