//! Reads of the trails, which lag behind the doors: asked again until they have what was acknowledged.

use crate::client::{ClientConnection, RefusalError};
use anyhow::ensure;
use scangate_core::time::Timestamp;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::time::{Duration, Instant};

/// How long trails may lag behind the last acknowledgement, or their store be away.
const LAG_MAX: Duration = Duration::from_secs(180);
/// Between two questions.
const PAUSE: Duration = Duration::from_millis(50);

#[derive(Deserialize)]
struct CompletenessReply {
    complete_through: Timestamp,
}

/// Reads what has every check-in that was acknowledged up to this time. `authorization` is asked for each question
/// anew: a resident's own does not last. **Errors**: it is not complete after three minutes; it is refused, other than
/// for a moment.
pub async fn read_through<T: DeserializeOwned>(
    connection: &mut ClientConnection,
    path: &str,
    authorization: impl Fn() -> String,
    through: Timestamp,
) -> anyhow::Result<T> {
    let began = Instant::now();
    loop {
        let is_late = began.elapsed() > LAG_MAX;
        match connection.call("GET", path, &authorization(), "").await {
            Ok(answer) => {
                let CompletenessReply { complete_through } = serde_json::from_slice(&answer)?;
                if complete_through > through {
                    return Ok(serde_json::from_slice(&answer)?);
                }
                ensure!(!is_late, "the trails are complete only through {complete_through}");
            }
            Err(error) => {
                let is_away = matches!(error.downcast_ref(), Some(RefusalError { status: 503, .. }));
                if is_late || !is_away {
                    return Err(error);
                }
            }
        }
        tokio::time::sleep(PAUSE).await;
    }
}
