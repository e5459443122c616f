//! `gateway ready`: asks a running gateway whether it accepts check-ins. An image has no other program that
//! could.

use crate::admin_client;
use crate::serve::ServeOptions;
use anyhow::Context as _;

/// Prints what `/readyz?verbose` answers. **Errors**: the gateway is not ready, or does not answer.
pub(crate) fn ask(options: &ServeOptions) -> anyhow::Result<()> {
    let admin = options.config()?.admin;
    let (status, lines) =
        admin_client::get(admin, "/readyz?verbose").with_context(|| format!("the gateway at {admin}"))?;
    print!("{lines}");
    anyhow::ensure!(status.is_success(), "the gateway at {admin} is not ready");
    Ok(())
}
