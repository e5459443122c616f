//! The gateway that a URL names, and the permission to send load to it.

use anyhow::Context as _;
use scangate_loadgen::client::LoadTarget;
use std::net::{Ipv4Addr, SocketAddr, ToSocketAddrs as _};
use std::path::Path;

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
    let name = host.rsplit_once(':').map_or(host.as_str(), |(name, _)| name);
    let is_address = name.parse::<Ipv4Addr>().is_ok() || name.starts_with('[');
    Ok(if is_address { target } else { target.named(name) })
}

fn with_port(host: &str) -> String {
    if host.rsplit_once(':').is_some_and(|(_, port)| port.parse::<u16>().is_ok()) {
        host.to_owned()
    } else {
        format!("{host}:443")
    }
}
