//! nginx with HTTP/3, which discards each request's body and returns a constant.

use super::{ANSWER, identity};
use anyhow::Context as _;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The package that builds nginx.
const PACKAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/nginx/Cargo.toml");

/// The command that starts nginx in one process.
pub(crate) fn command(folder: &Path, address: SocketAddr) -> anyhow::Result<Command> {
    let nginx = binary()?;
    identity::write(folder)?;
    std::fs::write(folder.join("nginx.conf"), config(address))?;
    let mut command = Command::new(nginx);
    command.arg("-p").arg(folder).args(["-c", "nginx.conf", "-e", "error.log"]);
    Ok(command)
}

/// nginx as built by an earlier run, or built now.
fn binary() -> anyhow::Result<PathBuf> {
    let folder = std::env::current_exe()?.with_file_name("nginx");
    let nginx = folder.join("nginx");
    if nginx.exists() {
        return Ok(nginx);
    }
    eprintln!("building nginx in {}", folder.display());
    let built = Command::new("cargo")
        .args(["run", "--quiet", "--locked", "--manifest-path", PACKAGE, "--target-dir"])
        .arg(folder.join("builder"))
        .arg("--")
        .arg(&folder)
        .env("NGX_CONFIGURE_ARGS", "--with-http_v3_module")
        .output()
        .context("cargo")?;
    anyhow::ensure!(
        built.status.success() && nginx.exists(),
        "nginx was not built. It needs a C compiler, libpcre2-dev, libssl-dev and zlib1g-dev: {}",
        String::from_utf8_lossy(&built.stderr)
    );
    Ok(nginx)
}

/// The settings: AES-128 first, 100 streams and a socket buffer of 4 MiB, as for the other servers, and
/// connections without an end. In the default buffer the datagrams of 1,000 connections have no room.
fn config(address: SocketAddr) -> String {
    format!(
        r#"daemon off;
master_process off;
pid nginx.pid;
events {{ worker_connections 16384; }}
http {{
  access_log off;
  keepalive_timeout 1h;
  keepalive_requests 4000000000;
  client_body_temp_path bodies;
  proxy_temp_path proxied;
  fastcgi_temp_path fastcgi;
  uwsgi_temp_path uwsgi;
  scgi_temp_path scgi;
  server {{
    listen {address} quic rcvbuf=4m sndbuf=4m;
    http3_max_concurrent_streams 100;
    ssl_certificate certificate.pem;
    ssl_certificate_key key.pem;
    ssl_protocols TLSv1.3;
    ssl_conf_command Ciphersuites TLS_AES_128_GCM_SHA256;
    default_type application/json;
    location / {{ return 200 '{ANSWER}'; }}
  }}
}}
"#
    )
}
