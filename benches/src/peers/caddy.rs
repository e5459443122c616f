//! Debian's Caddy, which returns a constant.

use super::{ANSWER, identity};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Command, Stdio};

/// The command that starts Caddy with one thread for Go code.
pub(crate) fn command(folder: &Path, address: SocketAddr) -> anyhow::Result<Command> {
    let is_there = Command::new("caddy").arg("version").stdout(Stdio::null()).status();
    anyhow::ensure!(is_there.is_ok_and(|status| status.success()), "caddy is missing: apt-get install caddy");
    identity::write(folder)?;
    let (folder, file) = (folder.display(), folder.join("Caddyfile"));
    std::fs::write(
        &file,
        format!(
            r#"{{
  admin off
  auto_https off
  log {{
    level ERROR
  }}
}}
https://localhost:{port} {{
  bind {ip}
  tls {folder}/certificate.pem {folder}/key.pem
  respond `{ANSWER}` 200
}}
"#,
            ip = address.ip(),
            port = address.port(),
        ),
    )?;
    let mut command = Command::new("caddy");
    command.args(["run", "--config"]).arg(&file).env("GOMAXPROCS", "1").env("HOME", folder.to_string());
    command.env_remove("XDG_DATA_HOME").env_remove("XDG_CONFIG_HOME").stderr(Stdio::null());
    Ok(command)
}
