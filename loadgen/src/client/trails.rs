//! Reads of the trails, which lag behind the acknowledgements. A read is retried until the trails are
//! complete.

use crate::client::{ClientConnection, RefusalError};
use anyhow::ensure;
use scangate_core::time::Timestamp;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::time::{Duration, Instant};

/// The longest time for which trails may lag behind the last acknowledgement, or their store be unavailable.
const LAG_MAX: Duration = Duration::from_secs(180);
/// The pause between two reads.
const PAUSE: Duration = Duration::from_millis(50);

#[derive(Deserialize)]
struct CompletenessReply {
    complete_through: Timestamp,
}

/// Reads a path until its answer includes every check-in acknowledged up to `through`. Each retry calls
/// `authorization` again, because a resident's token expires. **Errors**: the answer is not complete after
/// three minutes; the gateway refuses the read with a status other than 503.
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
                let is_unavailable = matches!(error.downcast_ref(), Some(RefusalError { status: 503, .. }));
                if is_late || !is_unavailable {
                    return Err(error);
                }
            }
        }
        tokio::time::sleep(PAUSE).await;
    }
}
