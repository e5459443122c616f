//! M5: the memory of a resident in the colour table.

use clap::Args;
use scangate_core::colour::{Colour, Reasons, Standing};
use scangate_core::id::PersonId;
use scangate_gateway::tables::colours::ColourTable;
use std::fs;

/// The command-line options of the measurement.
#[derive(Args)]
pub(crate) struct MemoryOptions {
    /// The number of residents in the table.
    #[arg(long, default_value_t = 10_000_000)]
    residents: u64,
}

/// Runs the measurement and prints its figures.
pub(crate) fn measure(options: &MemoryOptions) -> anyhow::Result<()> {
    let before = resident_bytes()?;
    let colours = ColourTable::default();
    for number in 0..options.residents {
        let person = PersonId(number.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        colours.put(person, Standing { colour: Colour::Green, reasons: Reasons::rule(0) });
    }
    let held = resident_bytes()? - before;
    anyhow::ensure!(colours.len() as u64 == options.residents, "residents were lost");
    #[expect(clippy::cast_precision_loss, reason = "bytes of memory are far below 2^53")]
    let each = held as f64 / options.residents as f64;
    println!("{each:.1} bytes a resident in the colour table, {} residents", options.residents);
    Ok(())
}

/// The resident set size of this process.
fn resident_bytes() -> anyhow::Result<u64> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib = line.and_then(|line| line.split_ascii_whitespace().next());
    Ok(kib.ok_or_else(|| anyhow::anyhow!("no VmRSS"))?.parse::<u64>()? * 1_024)
}
