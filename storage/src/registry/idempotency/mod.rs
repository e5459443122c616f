//! Idempotent requests: the answers that are stored for repetitions, and the ids of what a request makes.

mod answers;
mod made_ids;

pub use answers::{AnswerClaim, ClaimResult, RequestKey};
pub use made_ids::IdSource;

pub(super) use answers::ANSWER_MS;
