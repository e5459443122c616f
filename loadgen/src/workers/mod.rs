//! Runs on several generators. A coordinator gives each worker its part of a run over one TLS connection,
//! checks its clock, starts all parts at one time, and merges their results. Both sides know one token, from
//! which the certificate of both is derived, so that each proves to the other that it has the token.

mod coordinator;
mod message;
mod token;
mod worker;

pub use self::coordinator::{Crew, CrewOrder, CrewResults};
pub use self::token::{TokenError, WorkerToken};
pub use self::worker::{WorkerOptions, serve_worker};

use std::time::Duration;

/// The time between two signs of life of a worker.
const BEAT_EVERY: Duration = Duration::from_secs(1);
/// The longest silence of a peer.
const SILENCE_MAX: Duration = Duration::from_secs(15);
/// The longest wait of a worker for its turn, while others register their residents or read back.
const TURN_MAX: Duration = Duration::from_secs(1_800);
/// The time to connect to a worker.
const CONNECT_MAX: Duration = Duration::from_secs(5);
/// The readings of a worker's clock, of which the one with the shortest round trip counts.
const CLOCK_READINGS: usize = 9;
/// The greatest difference between the clocks of two machines. Codes are made by the clock of the worker, and
/// the gateway refuses one that is too early. **Units**: milliseconds.
const CLOCK_SKEW_MAX_MS: u64 = 500;
/// The time to the start once every worker has opened its connections, in which their clocks are read.
const START_AFTER: Duration = Duration::from_secs(2);
