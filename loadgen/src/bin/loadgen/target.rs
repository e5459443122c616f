//! The gateway that a URL names, and the permission to send load to it.

use anyhow::{Context as _, bail};
use scangate_loadgen::city;
use scangate_loadgen::client::LoadTarget;
use scangate_loadgen::drive::now;
use scangate_loadgen::probe::{RoleToken, probe};
use std::net::{Ipv4Addr, SocketAddr, ToSocketAddrs as _};
use std::path::Path;

/// The name in a development certificate.
pub(crate) const DEFAULT_NAME: &str = "localhost";

/// Resolves the URL of `--target`. If the URL's host is a name, the client sends that name as SNI and
/// `:authority`. **Errors**: the URL is not HTTPS or does not resolve; it names another machine without
/// `--allow-remote`.
pub(crate) fn resolve(url: &str, data: &Path, allow_remote: bool) -> anyhow::Result<LoadTarget> {
    let host = url.strip_prefix("https://").context("--target must begin with https://")?;
    let host = with_port(host.trim_end_matches('/'));
    let addresses: Vec<SocketAddr> =
        host.to_socket_addrs().with_context(|| format!("cannot resolve {host}"))?.collect();
    let address = addresses.iter().find(|address| address.is_ipv4()).or(addresses.first());
    let address = *address.with_context(|| format!("{host} has no address"))?;
    anyhow::ensure!(
        allow_remote || address.ip().is_loopback(),
        "{address} is another machine: get its owner's permission, then pass --allow-remote"
    );
    let target = LoadTarget::new(address, &data.join("certificate.pem"))?;
    Ok(target.named(&server_name(url)))
}

/// The server name that a client of this URL asks for: its host, or the name in a development certificate if
/// the host is an address.
pub(crate) fn server_name(url: &str) -> String {
    let host = with_port(url.trim_start_matches("https://").trim_end_matches('/'));
    let name = host.rsplit_once(':').map_or(host.as_str(), |(name, _)| name);
    let is_address = name.parse::<Ipv4Addr>().is_ok() || name.starts_with('[');
    if is_address { DEFAULT_NAME.to_owned() } else { name.to_owned() }
}

/// Resolves the URL of `--target` and looks at the target before a run. **Errors**: no gateway answers there,
/// or it refuses the token of a role, found within seconds and with a remedy.
pub(crate) async fn examine(
    url: &str,
    data: &Path,
    allow_remote: bool,
    roles: &[&'static str],
) -> anyhow::Result<LoadTarget> {
    let target = resolve(url, data, allow_remote)?;
    let token =
        |role: &&'static str| anyhow::Ok(RoleToken { role, authorization: city::authorization(data, role)? });
    let tokens: anyhow::Result<Vec<RoleToken>> = roles.iter().map(token).collect();
    match probe(&target, &tokens?, now()).await {
        Ok(_) => Ok(target),
        Err(fault) => bail!("{fault}: {}", fault.remedy()),
    }
}

fn with_port(host: &str) -> String {
    if host.rsplit_once(':').is_some_and(|(_, port)| port.parse::<u16>().is_ok()) {
        host.to_owned()
    } else {
        format!("{host}:443")
    }
}
