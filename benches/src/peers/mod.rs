//! The peers of the gateway's figures, which are measured in the same run.

pub(crate) mod caddy;
pub(crate) mod delayed;
pub(crate) mod floor;
mod identity;
pub(crate) mod nginx;
pub(crate) mod plain;

use std::time::{Duration, Instant};

/// The constant answer of the servers that only answer.
const ANSWER: &str = r#"{"answer":"fine"}"#;

/// A constant answer and the time from the whole request to it.
#[derive(Debug, Clone, Copy)]
struct ConstantReply {
    text: &'static str,
    delay: Duration,
}

impl ConstantReply {
    /// Returns once the delay is over. A timer of tokio has a resolution of one millisecond, so this looks at
    /// the clock again and again. In between, the runtime serves its sockets.
    async fn wait(self) {
        let due = Instant::now() + self.delay;
        while Instant::now() < due {
            tokio::task::yield_now().await;
        }
    }
}
