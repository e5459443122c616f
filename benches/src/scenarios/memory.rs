//! M5: the memory of a resident in the colour table.

use crate::harness::machine;
use clap::Args;
use scangate_core::colour::{Colour, Reasons, Standing};
use scangate_core::id::PersonId;
use scangate_gateway::tables::colours::ColourTable;

/// The command-line options of the measurement.
#[derive(Args)]
pub(crate) struct MemoryOptions {
    /// The number of residents in the table.
    #[arg(long, default_value_t = 10_000_000)]
    residents: u64,
}

/// Runs the measurement and prints its figures.
pub(crate) fn measure(options: &MemoryOptions) -> anyhow::Result<()> {
    let before = machine::resident_bytes("self")?;
    let colours = ColourTable::default();
    for number in 0..options.residents {
        let person = PersonId(number.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        colours.put(person, Standing { colour: Colour::Green, reasons: Reasons::rule(0) });
    }
    let held = machine::resident_bytes("self")? - before;
    anyhow::ensure!(colours.len() as u64 == options.residents, "residents were lost");
    #[expect(clippy::cast_precision_loss, reason = "bytes of memory are far below 2^53")]
    let each = held as f64 / options.residents as f64;
    println!("{each:.1} bytes a resident in the colour table, {} residents", options.residents);
    Ok(())
}
