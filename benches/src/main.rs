//! Measures the cost of a unit of work. Servers are measured by their own CPU time, one after the other in
//! the same run. Each server is pinned to the first core and its client to the second. Stores and tables are
//! measured in this process. `benches/README.md` has the figures.

mod harness;
mod peers;
mod scenarios;

use crate::harness::machine;
use crate::peers::{delayed, plain};
use crate::scenarios::{
    attack, faults, fresh, gate, generator, idle, memory, overload, phone, recolour, register, stored,
};
use clap::{Parser, Subcommand};
use std::path::PathBuf;

/// The environment variables in `--help`.
const ENVIRONMENT: &str = "Environment variables:
  TMPDIR  The folder in which servers and stores under measurement put their data [default: /tmp].
          It must be on the disk to measure.

A gateway that benches starts inherits the environment, except that SCANGATE_LOG is set to warn.";

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Measures the cost of a unit of work, such as the server CPU time of a check-in.
#[derive(Parser)]
#[command(name = "benches", after_help = ENVIRONMENT)]
struct BenchCli {
    #[command(subcommand)]
    command: BenchCommand,
}

#[derive(Subcommand)]
enum BenchCommand {
    /// M1: measures server CPU time a check-in on connections that stay open, beside a plain server.
    Gate(gate::GateOptions),
    /// M2: measures server CPU time a connection with one check-in, beside a plain server and a bare TLS
    /// handshake.
    Phone(phone::PhoneOptions),
    /// M3 and M4: measures the CPU time to store a check-in under both indexes, and the latency of
    /// co-presence.
    Stored(stored::StoredOptions),
    /// Measures the delay from a fact at one gateway until another gateway returns the new colour.
    Fresh(fresh::FreshOptions),
    /// Measures the latency of scans while the gateway recolours all residents under a new rule pack.
    Recolour(recolour::RecolourOptions),
    /// Measures the latency of registering at a door, and of other scans in the meantime.
    Register(register::RegisterOptions),
    /// M5: measures the memory of a resident in the colour table.
    Memory(memory::MemoryOptions),
    /// M5: measures the server's memory for a connection that is open and idle.
    Idle(idle::IdleOptions),
    /// Measures goodput, refusals and the return to calm under ten times the load, and under a retry storm.
    Overload(overload::OverloadOptions),
    /// Measures the latency of check-ins and pages beside peers that hold what they get.
    Attack(attack::AttackOptions),
    /// Makes system calls of the gateway fail, and reads every acknowledged check-in back. Needs strace.
    Faults(faults::FaultOptions),
    /// Measures what the load generator adds to a known delay, beside h2load if that is installed.
    Generator(generator::GeneratorOptions),
    /// Runs the plain server on quinn and h3, which returns a constant.
    #[command(hide = true)]
    Peer {
        /// The folder to which the server writes its certificate.
        folder: PathBuf,
    },
    /// Runs the server that returns a constant after a known delay.
    #[command(hide = true)]
    DelayedPeer {
        /// The folder to which the server writes its certificate.
        folder: PathBuf,
    },
}

/// Runs a measurement of a separate gateway process, with all cores for the load.
fn on_all_cores(measure: impl Future<Output = anyhow::Result<()>>) -> anyhow::Result<()> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(measure)
}

fn main() -> anyhow::Result<()> {
    let command = BenchCli::parse().command;
    if !matches!(command, BenchCommand::Peer { .. } | BenchCommand::DelayedPeer { .. }) {
        println!("{}", machine::describe());
    }
    match command {
        BenchCommand::Gate(options) => gate::measure(&options),
        BenchCommand::Phone(options) => phone::measure(&options),
        BenchCommand::Stored(options) => stored::measure(&options),
        BenchCommand::Fresh(options) => on_all_cores(fresh::measure(&options)),
        BenchCommand::Recolour(options) => on_all_cores(recolour::measure(&options)),
        BenchCommand::Register(options) => on_all_cores(register::measure(&options)),
        BenchCommand::Memory(options) => memory::measure(&options),
        BenchCommand::Idle(options) => idle::measure(&options),
        BenchCommand::Overload(options) => overload::measure(&options),
        BenchCommand::Attack(options) => attack::measure(&options),
        BenchCommand::Faults(options) => on_all_cores(faults::measure(&options)),
        BenchCommand::Generator(options) => generator::measure(&options),
        BenchCommand::DelayedPeer { folder } => delayed::serve(&folder),
        BenchCommand::Peer { folder } => plain::serve(&folder),
    }
}
