//! The ports of a gateway: free, taken by the gateway that runs here, or taken by another process.

use super::finding::DoctorFinding;
use super::running::NeighbourGateway;
use scangate_gateway::config::Config;
use std::fs;
use std::net::{TcpListener, UdpSocket};
use std::path::Path;

const PAGE: &str = "ports";

/// Both addresses.
pub(super) fn examine(config: &Config, neighbour: Option<&NeighbourGateway>) -> Vec<DoctorFinding> {
    if neighbour.is_some() {
        return Vec::new();
    }
    let udp = UdpSocket::bind(config.listen).map(drop);
    let tcp = TcpListener::bind(config.listen).map(drop);
    let admin = TcpListener::bind(config.admin).map(drop);
    [
        (udp, "UDP", config.listen, &["udp", "udp6"]),
        (tcp, "TCP", config.listen, &["tcp", "tcp6"]),
        (admin, "TCP", config.admin, &["tcp", "tcp6"]),
    ]
    .into_iter()
    .map(|(bound, protocol, address, tables)| match bound {
        Ok(()) => DoctorFinding::ok(PAGE, format!("{address} is free on {protocol}")),
        Err(error) => {
            let by = owner(tables, address.port()).map_or_else(String::new, |process| {
                format!(": process {process} ({}) has it", name_of(process))
            });
            DoctorFinding::error(PAGE, format!("{address} on {protocol}: {error}{by}"))
        }
    })
    .collect()
}

/// The process that listens on a TCP port, if this user may know it.
pub(super) fn owner_of_tcp(port: u16) -> Option<u32> {
    owner(&["tcp", "tcp6"], port)
}

fn owner(tables: &[&str], port: u16) -> Option<u32> {
    let inodes: Vec<_> = tables.iter().flat_map(|table| inodes(table, port)).collect();
    let processes = fs::read_dir("/proc").ok()?;
    let numbers = processes.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse::<u32>().ok());
    numbers.into_iter().find(|&process| holds_one_of(process, &inodes))
}

/// The sockets of a kernel's table that are bound to a port. A row has the local address in its second column
/// and the socket's inode in its tenth.
fn inodes(table: &str, port: u16) -> Vec<String> {
    let text = fs::read_to_string(Path::new("/proc/net").join(table)).unwrap_or_default();
    let ending = format!(":{port:04X}");
    let rows = text.lines().skip(1).map(|row| row.split_whitespace().collect::<Vec<_>>());
    rows.filter(|row| row.get(1).is_some_and(|local| local.ends_with(&ending)))
        .filter(|row| row.get(2).is_some_and(|remote| remote.ends_with(":0000")))
        .filter_map(|row| row.get(9).map(|inode| format!("socket:[{inode}]")))
        .collect()
}

fn holds_one_of(process: u32, inodes: &[String]) -> bool {
    let descriptors = fs::read_dir(format!("/proc/{process}/fd")).into_iter().flatten();
    let mut targets = descriptors.filter_map(|entry| fs::read_link(entry.ok()?.path()).ok());
    targets.any(|target| inodes.iter().any(|inode| target.as_os_str() == inode.as_str()))
}

fn name_of(process: u32) -> String {
    let name = fs::read_to_string(format!("/proc/{process}/comm")).unwrap_or_default();
    name.trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_process_behind_a_port_is_found_by_its_socket() {
        let tcp = TcpListener::bind("127.0.0.1:0").unwrap();
        let udp = UdpSocket::bind("127.0.0.1:0").unwrap();
        let own = Some(std::process::id());
        assert_eq!(owner_of_tcp(tcp.local_addr().unwrap().port()), own);
        assert_eq!(owner(&["udp"], udp.local_addr().unwrap().port()), own);
        let port = tcp.local_addr().unwrap().port();
        drop(tcp);
        assert_eq!(owner_of_tcp(port), None);
    }
}
