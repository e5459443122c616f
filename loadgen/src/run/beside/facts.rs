//! Lists of facts about the residents of a run.

use super::requests::{draw, exchange, index, request};
use crate::carriers::StandingConnection;
use crate::city::LoadCity;
use crate::client::{BreakCause, LoadTarget, Version};
use crate::drive::now;
use serde_json::json;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// The lines of a list: the gateway holds a longer one with worsening facts for a second approver.
const LINES: u64 = 100;

/// The sender of fact lists.
pub(super) struct FactLists {
    connection: StandingConnection,
    city: Arc<LoadCity>,
    authority: String,
    seed: u64,
    /// Whether the gateway has held a list. The next ones do not worsen a colour.
    is_held: AtomicBool,
}

impl FactLists {
    pub(super) fn new(target: &Arc<LoadTarget>, city: Arc<LoadCity>, authority: &str, seed: u64) -> Self {
        let connection = StandingConnection::new(target, Version::Http3);
        Self { connection, city, authority: authority.to_owned(), seed, is_held: AtomicBool::new(false) }
    }

    /// Sends the list with this number.
    pub(super) async fn send(&self, number: u64) -> Result<String, BreakCause> {
        let lines: Vec<String> = (0..LINES).map(|line| self.line(number * LINES + line)).collect();
        let list = request("POST", "/v1/facts", &self.authority, lines.join("\n"));
        let ended = exchange(&self.connection, list).await?;
        if ended.starts_with("202") {
            self.is_held.store(true, Ordering::Relaxed);
        }
        Ok(ended)
    }

    fn line(&self, number: u64) -> String {
        let chosen = draw(self.seed, number);
        let person = self.city.residents[index(chosen, self.city.residents.len())].person;
        let at = now();
        let fact = if self.is_held.load(Ordering::Relaxed) {
            json!({"person": person, "kind": "test", "result": "negative", "at": at, "source": "loadgen"})
        } else {
            json!({"person": person, "kind": "close-contact", "at": at, "source": "loadgen"})
        };
        fact.to_string()
    }
}
