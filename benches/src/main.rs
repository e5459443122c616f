//! What a unit of work costs. Servers are measured by their own CPU time, one after the other in the same
//! run, each pinned to the first core while its client has the second; stores and tables are measured here.
//! `benches/README.md` has the figures.

mod harness;
mod peers;
mod scenarios;

use crate::harness::machine;
use crate::peers::plain;
use crate::scenarios::{fresh, gate, memory, phone, recolour, register, stored};
use clap::{Parser, Subcommand};
use std::path::PathBuf;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Measures what a unit of work costs.
#[derive(Parser)]
#[command(name = "benches")]
struct BenchCli {
    #[command(subcommand)]
    command: BenchCommand,
}

#[derive(Subcommand)]
enum BenchCommand {
    /// M1: server CPU a check-in on connections that stay, beside a plain server that answers a constant.
    Gate(gate::GateOptions),
    /// M2: server CPU a connection with one check-in, beside the plain server and a bare TLS handshake.
    Phone(phone::PhoneOptions),
    /// M3 and M4: CPU to store a check-in under both indexes, and how long a co-presence answer takes.
    Stored(stored::StoredOptions),
    /// How long after a fact at one gateway of a city another answers the new colour.
    Fresh(fresh::FreshOptions),
    /// How much longer scans take while everybody is recoloured under a new rule pack.
    Recolour(recolour::RecolourOptions),
    /// How long registering at a door takes, and what it does to who scans meanwhile.
    Register(register::RegisterOptions),
    /// M5: memory a resident in the colour table.
    Memory(memory::MemoryOptions),
    /// The plain server: quinn and h3, a constant for an answer.
    #[command(hide = true)]
    Peer {
        /// Where its certificate goes.
        folder: PathBuf,
    },
}

/// Measures with all cores for the load: what is measured runs elsewhere.
fn on_all_cores(measure: impl Future<Output = anyhow::Result<()>>) -> anyhow::Result<()> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(measure)
}

fn main() -> anyhow::Result<()> {
    let command = BenchCli::parse().command;
    if !matches!(command, BenchCommand::Peer { .. }) {
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
        BenchCommand::Peer { folder } => plain::serve(&folder),
    }
}
