//! Work that blocks, on threads of the runtime that are meant for it.

use super::http::error::OfficeError;
use tokio::task::JoinError;
use tracing::Span;

/// Runs blocking work off the runtime's own threads. What it logs has the caller's span. A runtime that shuts
/// down drops work that has not begun: its caller is not polled again and has nothing to report. **Errors**:
/// the work panicked.
pub async fn run_blocking<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, JoinError> {
    let span = Span::current();
    let done = tokio::task::spawn_blocking(move || span.in_scope(work)).await;
    match done {
        Err(error) if error.is_cancelled() => std::future::pending().await,
        Ok(_) | Err(_) => done,
    }
}

/// [`run_blocking`] for a request. A panic is logged with the request's id. **Errors**: the work panicked.
pub(super) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, OfficeError> {
    run_blocking(work).await.map_err(|error| {
        tracing::error!(event = "office-panicked", %error, "a back-office request panicked");
        OfficeError::StoreUnavailable
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc;
    use tokio::runtime::{Builder, Runtime};

    fn runtime() -> Runtime {
        Builder::new_multi_thread().worker_threads(1).build().unwrap()
    }

    #[test]
    fn work_that_a_shutdown_drops_reports_nothing() {
        let runtime = runtime();
        let (enter, entered) = mpsc::sync_channel(1);
        let (shut, is_shut) = mpsc::sync_channel(1);
        let (report, reported) = mpsc::sync_channel(1);
        runtime.spawn(async move {
            enter.send(()).unwrap();
            is_shut.recv().unwrap();
            let done = run_blocking(|| ()).await;
            report.send(done.is_ok()).unwrap();
        });
        entered.recv().unwrap();
        runtime.shutdown_background();
        shut.send(()).unwrap();
        assert_eq!(reported.recv(), Err(mpsc::RecvError), "the caller was dropped while it waited");
    }

    #[test]
    fn work_that_panics_is_an_error() {
        let panicked = runtime().block_on(run_blocking(|| panic!("a fault"))).unwrap_err();
        assert!(panicked.is_panic());
    }
}
