//! `loadgen worker`, and the token that it shares with its coordinator.

use crate::options::WorkerCommand;
use anyhow::Context as _;
use scangate_loadgen::interrupt::Interruption;
use scangate_loadgen::workers::{WorkerOptions, WorkerToken, serve_worker};
use std::net::SocketAddr;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

/// Serves coordinators until SIGINT or SIGTERM.
pub(crate) async fn worker(options: WorkerCommand) -> anyhow::Result<ExitCode> {
    let token = token(options.token.as_deref(), &[options.listen], "--token")?;
    let interruption = Interruption::on_signals(&Arc::default())?;
    let options = WorkerOptions { listen: options.listen, token, allow_remote: options.allow_remote };
    serve_worker(options, interruption).await?;
    Ok(ExitCode::SUCCESS)
}

/// The token in a file. Workers on loopback may do without a file: their token is public. **Errors**: the
/// file cannot be read or its token can be guessed; a worker on another machine has no file.
pub(crate) fn token(
    path: Option<&Path>,
    workers: &[SocketAddr],
    option: &str,
) -> anyhow::Result<WorkerToken> {
    let Some(path) = path else {
        let remote = workers.iter().find(|worker| !worker.ip().is_loopback());
        anyhow::ensure!(
            remote.is_none(),
            "a worker between machines needs a token: pass {option} FILE with at least 16 characters"
        );
        return Ok(WorkerToken::of_loopback());
    };
    let text = std::fs::read_to_string(path).with_context(|| path.display().to_string())?;
    WorkerToken::new(&text).with_context(|| path.display().to_string())
}
