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
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// M1: server CPU a check-in on connections that stay, beside a plain server that answers a constant.
    Gate(gate::Options),
    /// M2: server CPU a connection with one check-in, beside the plain server and a bare TLS handshake.
    Phone(phone::Options),
    /// M3 and M4: CPU to store a check-in under both indexes, and how long a co-presence answer takes.
    Stored(stored::Options),
    /// How long after a fact at one gateway of a city another answers the new colour.
    Fresh(fresh::Options),
    /// How much longer scans take while everybody is recoloured under a new rule pack.
    Recolour(recolour::Options),
    /// How long registering at a door takes, and what it does to who scans meanwhile.
    Register(register::Options),
    /// M5: memory a resident in the colour table.
    Memory(memory::Options),
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
    let command = Cli::parse().command;
    if !matches!(command, Command::Peer { .. }) {
        println!("{}", machine::describe());
    }
    match command {
        Command::Gate(options) => gate::measure(&options),
        Command::Phone(options) => phone::measure(&options),
        Command::Stored(options) => stored::measure(&options),
        Command::Fresh(options) => on_all_cores(fresh::measure(&options)),
        Command::Recolour(options) => on_all_cores(recolour::measure(&options)),
        Command::Register(options) => on_all_cores(register::measure(&options)),
        Command::Memory(options) => memory::measure(&options),
        Command::Peer { folder } => plain::serve(&folder),
    }
}
