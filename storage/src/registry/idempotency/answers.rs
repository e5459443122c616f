//! The answers to requests that carry an idempotency key. A request claims its key before it acts, so of
//! several gateways one acts. Its answer is stored, sealed, before it is sent, and answers every repetition.
//!
//! **Shape**: a head's key is the key's scope (32). Its value is expiry (8) and digest of the body (32), then
//! `0`, time of the last renewal (8) and a random number (8) while the request runs, or `1` and the number of
//! parts (2). The parts of a sealed answer have the scope and their number (2) as key, and expiry (8) and
//! bytes as value. They are written before the head that names them.

use crate::registry::rows::{RegistryTable, Row, RowKey, WriteUnit};
use crate::registry::{Registry, RegistryError, Result, draw};
use scangate_core::time::{DAY_MS, Timestamp};

/// The time for which an answer is kept, from its first request on. **Units**: milliseconds. On a cluster the
/// table's TTL is as long.
pub(in crate::registry) const ANSWER_MS: u64 = DAY_MS;
/// The age of the last renewal after which another request takes a claim over: its gateway has died.
/// **Units**: milliseconds. Several renewals, and the difference between two gateways' clocks.
const CLAIM_STALE_MS: u64 = 20_000;
/// The bytes of a part: far below the largest write that a cluster accepts.
const PART_BYTES: usize = 256 * 1024;
/// The expired rows that one sweep removes.
const SWEEP_ROWS_MAX: usize = 100_000;
/// The rows that a sweep removes with one write.
const SWEEP_ROWS_A_WRITE: usize = 1_000;

const EXPIRY_BYTES: usize = 8;
const RUNNING: u8 = 0;
const ANSWERED: u8 = 1;

/// A key of a caller, and the request that it stands for. Both are hashes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RequestKey {
    /// The caller, the method, the path and the key.
    pub scope: [u8; 32],
    /// The body.
    pub body: [u8; 32],
}

/// A claimed key, held by the request that acts.
#[derive(Debug, Clone)]
pub struct AnswerClaim {
    key: RequestKey,
    until: Timestamp,
    /// The head as last written.
    head: Vec<u8>,
}

/// The state of a key.
#[derive(Debug)]
pub enum ClaimResult {
    /// The caller has claimed the key, and acts.
    Claimed(AnswerClaim),
    /// Another request with this key and body is acting.
    Running,
    /// The key's answer.
    Answered(Vec<u8>),
    /// The key stands for another body.
    OtherBody,
}

impl RequestKey {
    fn head(&self, until: Timestamp, state: &[&[u8]]) -> Vec<u8> {
        [&until.0.to_be_bytes()[..], &self.body, &state.concat()].concat()
    }

    fn running(&self, until: Timestamp, now: Timestamp) -> Result<Vec<u8>> {
        Ok(self.head(until, &[&[RUNNING], &now.0.to_be_bytes(), &draw()?.to_be_bytes()]))
    }

    fn part(&self, number: u16) -> RowKey {
        [&self.scope[..], &number.to_be_bytes()].concat()
    }

    /// The id under which the answer is sealed.
    fn seal_id(&self) -> u64 {
        self.scope.first_chunk().map_or(0, |first| u64::from_be_bytes(*first))
    }
}

fn damaged() -> RegistryError {
    RegistryError::Damaged(RegistryTable::Answers.name())
}

/// The time at which a row expires.
fn expiry(value: &[u8]) -> Result<Timestamp> {
    value.first_chunk().map(|until| Timestamp(u64::from_be_bytes(*until))).ok_or_else(damaged)
}

/// The part of a head behind expiry and body.
enum HeadState {
    Running { renewed: Timestamp },
    Answered { parts: u16 },
}

/// The digest of the body in a head, and the state.
fn parse(head: &[u8]) -> Result<(&[u8], HeadState)> {
    let (body, state) =
        head.get(EXPIRY_BYTES..).and_then(|rest| rest.split_at_checked(32)).ok_or_else(damaged)?;
    let state = match state.split_first() {
        Some((&RUNNING, rest)) => HeadState::Running { renewed: expiry(rest)? },
        Some((&ANSWERED, parts)) => {
            HeadState::Answered { parts: u16::from_be_bytes(parts.try_into().map_err(|_| damaged())?) }
        }
        Some(_) | None => return Err(damaged()),
    };
    Ok((body, state))
}

impl Registry {
    /// Claims a key for a request, or finds its answer. An abandoned claim is taken over: the
    /// caller then repeats an act that may have been done.
    pub fn claim_answer(&self, key: &RequestKey, now: Timestamp) -> Result<ClaimResult> {
        let until = now.plus_ms(ANSWER_MS);
        let read = self.get(RegistryTable::Answers, &key.scope)?;
        if let Some(head) = &read
            && now < expiry(head)?
        {
            let (body, state) = parse(head)?;
            if body != key.body {
                return Ok(ClaimResult::OtherBody);
            }
            match state {
                HeadState::Answered { parts } => {
                    // The parts may be gone between two reads, a day after the first request.
                    let answer = self.answer_of(key, parts)?;
                    return Ok(answer.map_or(ClaimResult::Running, ClaimResult::Answered));
                }
                HeadState::Running { renewed } if now.since_ms(renewed) < CLAIM_STALE_MS => {
                    return Ok(ClaimResult::Running);
                }
                HeadState::Running { .. } => {}
            }
        }
        let head = key.running(until, now)?;
        let is_claimed = self.put_over(RegistryTable::Answers, &key.scope, read.as_deref(), &head)?;
        // Another request was faster.
        Ok(if is_claimed {
            ClaimResult::Claimed(AnswerClaim { key: *key, until, head })
        } else {
            ClaimResult::Running
        })
    }

    fn answer_of(&self, key: &RequestKey, parts: u16) -> Result<Option<Vec<u8>>> {
        let keys: Vec<RowKey> = (0..parts).map(|part| key.part(part)).collect();
        let mut sealed = Vec::new();
        for part in self.rows().get(RegistryTable::Answers, &keys)? {
            let Some(part) = part else { return Ok(None) };
            sealed.extend_from_slice(part.get(EXPIRY_BYTES..).ok_or_else(damaged)?);
        }
        self.0.seal.open(key.seal_id(), &sealed).map(Some)
    }

    /// Shows other gateways that the request is still running. Returns whether it still holds the claim.
    pub fn renew_claim(&self, claim: &mut AnswerClaim, now: Timestamp) -> Result<bool> {
        let head = claim.key.running(claim.until, now)?;
        self.swap_head(claim, head)
    }

    /// Stores the answer of a claimed key. Returns whether the claim was still held.
    pub fn store_answer(&self, claim: &mut AnswerClaim, answer: Vec<u8>) -> Result<bool> {
        let (key, until) = (claim.key, claim.until);
        let sealed = self.0.seal.seal(key.seal_id(), answer)?;
        let row = |(number, part): (u16, &[u8])| {
            let value = [&until.0.to_be_bytes(), part].concat();
            vec![Row::new(RegistryTable::Answers, key.part(number), value)].into()
        };
        let parts: Vec<WriteUnit> = (0..).zip(sealed.chunks(PART_BYTES)).map(row).collect();
        self.rows().write(&parts)?;
        let number = u16::try_from(parts.len()).map_err(|_| damaged())?;
        self.swap_head(claim, key.head(until, &[&[ANSWERED], &number.to_be_bytes()]))
    }

    /// Releases a claimed key: its request had no effect that must not be repeated.
    pub fn release_claim(&self, claim: &AnswerClaim) -> Result<()> {
        self.rows().swap(RegistryTable::Answers, &claim.key.scope, &claim.head, None).map(drop)
    }

    fn swap_head(&self, claim: &mut AnswerClaim, head: Vec<u8>) -> Result<bool> {
        let is_held = self.rows().swap(RegistryTable::Answers, &claim.key.scope, &claim.head, Some(&head))?;
        if is_held {
            claim.head = head;
        }
        Ok(is_held)
    }

    /// Removes expired answers from an embedded store, a bounded number at a time. On a cluster the TTL
    /// removes them. Returns the number of removed rows.
    pub fn sweep_answers(&self, now: Timestamp) -> Result<usize> {
        if self.is_shared() {
            return Ok(0);
        }
        let mut expired = Vec::new();
        self.rows().all(RegistryTable::Answers, &mut |key, value| {
            if expired.len() < SWEEP_ROWS_MAX && expiry(value)? <= now {
                expired.push((RegistryTable::Answers, key.to_vec()));
            }
            Ok(())
        })?;
        for remove in expired.chunks(SWEEP_ROWS_A_WRITE) {
            self.rows().write(&[WriteUnit { put: Vec::new(), remove: remove.to_vec() }])?;
        }
        Ok(expired.len())
    }
}
