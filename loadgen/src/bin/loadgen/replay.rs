//! `loadgen replay`: recorded check-ins imported and their co-presence answers compared.

use crate::options::ReplayOptions;
use crate::target;
use scangate_loadgen::city;
use scangate_loadgen::replay;
use std::process::ExitCode;

/// Replays a file of recorded check-ins and prints how many answers were equal.
pub(crate) async fn replay_file(options: ReplayOptions) -> anyhow::Result<ExitCode> {
    let visits = replay::read(&options.file)?;
    let target = target::resolve(&options.target, &options.data, options.allow_remote)?;
    let authority = city::authorization(&options.data, "authority")?;
    let tracer = city::authorization(&options.data, "tracer")?;
    let replayed = replay::replay(&target, &authority, &tracer, &visits, options.people).await?;
    println!(
        "replay · {} check-ins imported; co-presence over one hop and two equal for {} of {} people",
        replayed.imported, replayed.equal, replayed.asked
    );
    if let Some(difference) = &replayed.difference {
        println!("  first difference: {difference}");
    }
    Ok(if replayed.equal == replayed.asked { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
