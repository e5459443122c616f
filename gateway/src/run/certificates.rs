//! Warns of the certificate's faults once a day: a certificate expires while the gateway runs.

use crate::clock;
use crate::serve::tls::CurrentIdentity;
use std::sync::Arc;
use std::time::Duration;

/// The time between two warnings.
const PAUSE: Duration = Duration::from_secs(24 * 60 * 60);

/// Warns of the faults of the certificate in use. The start has logged them once.
pub(super) async fn watch_certificate(identity: Arc<CurrentIdentity>) {
    loop {
        tokio::time::sleep(PAUSE).await;
        identity.load().warn(clock::now());
    }
}
