//! `gateway doctor`: checks whether this machine is fit for a gateway.

use anyhow::bail;
use nix::sys::resource::{Resource, getrlimit};
use scangate_gateway::clock;
use scangate_gateway::config::{Config, StoreLocation};
use scangate_gateway::deployment::{CertificateFault, Identity, store};
use scangate_storage::cql::{ReplicationState, Schema};
use scangate_storage::journal::RealDisk;
use std::net::{TcpListener, UdpSocket};
use std::time::{Duration, Instant};

/// File descriptors below which a gateway refuses phones early.
const FILES_MIN: u64 = 65_536;
/// A clock before 2026-01-01 is wrong.
const CLOCK_MIN_MS: u64 = 1_767_225_600_000;
/// Syncs that are timed.
const SYNCS: u32 = 20;

/// The time limit for connecting to a cluster.
const CLUSTER_MAX: Duration = Duration::from_secs(10);

/// One result of a check.
enum Finding {
    Ok(String),
    Warning(String),
    Error(String),
}

/// Prints a line a finding. **Errors**: a finding with which the gateway would not start, could lose
/// check-ins, or would be refused by phones.
pub(crate) fn check(config: &Config) -> anyhow::Result<()> {
    let mut findings = vec![ports(config), files(), time(), disk(config), store(config)];
    findings.extend(certificate(config));
    let mut errors = 0;
    for finding in findings {
        match finding {
            Finding::Ok(text) => println!("ok       {text}"),
            Finding::Warning(text) => println!("warning  {text}"),
            Finding::Error(text) => {
                errors += 1;
                println!("error    {text}");
            }
        }
    }
    if errors > 0 { bail!("{errors} of these would stop the gateway or its phones") } else { Ok(()) }
}

fn ports(config: &Config) -> Finding {
    let free =
        UdpSocket::bind(config.listen).map(drop).and_then(|()| TcpListener::bind(config.listen).map(drop));
    match free.and_then(|()| TcpListener::bind(config.admin).map(drop)) {
        Ok(()) => Finding::Ok(format!("{} and {} are free", config.listen, config.admin)),
        Err(error) => Finding::Error(format!("{} or {}: {error}", config.listen, config.admin)),
    }
}

fn files() -> Finding {
    match getrlimit(Resource::RLIMIT_NOFILE) {
        Ok((soft, _)) if soft >= FILES_MIN => Finding::Ok(format!("{soft} file descriptors")),
        Ok((soft, hard)) => Finding::Warning(format!(
            "{soft} file descriptors (at most {hard}): raise the limit to {FILES_MIN} for a city's peak"
        )),
        Err(error) => Finding::Error(format!("the limit on file descriptors cannot be read: {error}")),
    }
}

fn time() -> Finding {
    let now = clock::now();
    if now.0 < CLOCK_MIN_MS {
        Finding::Error(format!("the clock says {now}: no phone's code would be valid"))
    } else {
        Finding::Ok(format!("the clock says {now}; compare it with another"))
    }
}

/// Checks the certificate, one finding for each fault. A development certificate that does not exist yet is
/// made by the first start.
fn certificate(config: &Config) -> Vec<Finding> {
    if config.certificate.is_none() && !config.data.join("certificate.pem").exists() {
        return vec![Finding::Ok("the first start makes a certificate for development".to_owned())];
    }
    let identity = match Identity::of(config) {
        Ok(identity) => identity,
        Err(error) => return vec![Finding::Error(format!("the certificate: {error:#}"))],
    };
    let (file, expires) = (identity.file().display(), identity.leaf_expires());
    let finding = |fault| match fault {
        CertificateFault::ExpiresSoon(_) => Finding::Warning(format!("{file}: {fault}")),
        CertificateFault::Early(_)
        | CertificateFault::Expired(_)
        | CertificateFault::Uncovered(_)
        | CertificateFault::Unsigned(_) => Finding::Error(format!("{file}: {fault}")),
    };
    let findings: Vec<_> = identity.faults(clock::now()).into_iter().map(finding).collect();
    if findings.is_empty() {
        return vec![Finding::Ok(format!("{file} is valid until {expires}, for every configured host"))];
    }
    findings
}

/// Connects to a cluster and compares its copies with the configured number.
fn store(config: &Config) -> Finding {
    let StoreLocation::Cql(address) = &config.store else {
        return Finding::Ok(format!("registry and trails are in {}", config.data.display()));
    };
    let (keyspace, wished) = (&address.keyspace, config.cql.copies);
    let read = || -> anyhow::Result<ReplicationState> {
        let cluster = store::cluster(address, &config.cql, Schema::Leave)?;
        cluster.connect(CLUSTER_MAX)?;
        Ok(cluster.replication()?)
    };
    let ReplicationState { copies, nodes } = match read() {
        Ok(state) => state,
        Err(error) => return Finding::Error(format!("{address}: {error:#}")),
    };
    let answer = format!("{nodes} nodes of the cluster answer");
    match copies {
        None if nodes < usize::from(wished) => Finding::Error(format!(
            "{answer}, and keyspace {keyspace} would have {wished} copies: start the others, or set cql.copies"
        )),
        None => {
            Finding::Ok(format!("{answer}; the first start makes keyspace {keyspace} with {wished} copies"))
        }
        Some(copies) => match store::copies_advice(keyspace, copies, wished) {
            Some(advice) if copies < wished => Finding::Error(advice),
            Some(advice) => Finding::Warning(advice),
            None if nodes < usize::from(copies) => {
                Finding::Warning(format!("{answer}, fewer than the {copies} copies of keyspace {keyspace}"))
            }
            None => {
                Finding::Ok(format!("{answer}; keyspace {keyspace} keeps {copies} copies, as configured"))
            }
        },
    }
}

fn disk(config: &Config) -> Finding {
    let timed = (|| -> anyhow::Result<f64> {
        std::fs::create_dir_all(&config.data)?;
        let _lock = RealDisk::open(config.data.join("journal"))?;
        let path = config.data.join("doctor");
        let file = std::fs::File::create(&path)?;
        let began = Instant::now();
        for _ in 0..SYNCS {
            std::io::Write::write_all(&mut &file, &[0; 4_096])?;
            file.sync_data()?;
        }
        let took = began.elapsed().as_secs_f64() * 1e3 / f64::from(SYNCS);
        std::fs::remove_file(path)?;
        Ok(took)
    })();
    match timed {
        Ok(ms) if ms < 10.0 => Finding::Ok(format!("a sync in {} takes {ms:.2} ms", config.data.display())),
        Ok(ms) => Finding::Warning(format!(
            "a sync in {} takes {ms:.0} ms: answers wait as long",
            config.data.display()
        )),
        Err(error) => Finding::Error(format!("{}: {error:#}", config.data.display())),
    }
}
