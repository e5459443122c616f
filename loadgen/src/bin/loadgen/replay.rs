//! `loadgen replay`: recorded check-ins imported and their co-presence answers compared, or sent live.

use crate::options::ReplayOptions;
use crate::target;
use scangate_loadgen::city;
use scangate_loadgen::client::LoadTarget;
use scangate_loadgen::interrupt::Interruption;
use scangate_loadgen::replay::live::{live_length, replay_live};
use scangate_loadgen::replay::register::{self, Register, WishedWindow};
use scangate_loadgen::replay::replay;
use scangate_loadgen::watch::{RunTitle, RunWatch, WatchForm};
use std::process::ExitCode;
use std::sync::Arc;

/// Replays a file of recorded check-ins and prints how many answers were equal, and which rows were left out.
pub(crate) async fn replay_file(options: ReplayOptions) -> anyhow::Result<ExitCode> {
    let wished = WishedWindow { from: options.from, to: options.to };
    let register = register::read(&options.file, wished)?;
    let target =
        target::examine(&options.target, &options.data, options.allow_remote, &["authority", "tracer"])
            .await?;
    let authority = city::authorization(&options.data, "authority")?;
    if let Some(speed) = options.speed {
        return send_live(target, &authority, &register, speed, &options.target).await;
    }
    let tracer = city::authorization(&options.data, "tracer")?;
    let replayed = replay(&target, &authority, &tracer, &register.visits, options.people).await?;
    println!(
        "replay · {} check-ins imported; co-presence over one hop and two equal for {} of {} people",
        replayed.imported, replayed.equal, replayed.asked
    );
    print!("{}{}", rows_text(&register), replayed.left_out);
    if let Some(difference) = &replayed.difference {
        println!("  first difference: {difference}");
    }
    let is_whole = register.left_out.is_empty() && replayed.left_out.is_empty();
    Ok(if is_whole && replayed.equal == replayed.asked { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Sends the register live and prints the classes in which its scans ended.
async fn send_live(
    target: LoadTarget,
    authority: &str,
    register: &Register,
    speed: f64,
    url: &str,
) -> anyhow::Result<ExitCode> {
    let length = live_length(&register.visits, speed)?;
    eprintln!("sending {} check-ins in {:.1} s", register.visits.len(), length.as_secs_f64());
    let title = RunTitle { scenario: format!("replay, x{speed}"), target: url.to_owned() };
    let watch = RunWatch::begin(WatchForm::of_stderr(), title)?;
    let interruption = Interruption::on_signals(watch.board())?;
    let visits = &register.visits;
    let outcome =
        replay_live(Arc::new(target), authority, visits, speed, interruption, watch.board()).await?;
    drop(watch);
    println!("replay · live, x{speed}");
    print!("{outcome}{}", rows_text(register));
    let is_ok = outcome.is_ok() && register.left_out.is_empty();
    Ok(if is_ok { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The lines about rows that are not check-ins of the replay.
fn rows_text(register: &Register) -> String {
    let header = register.header.map(|line| format!("  header         line {line}\n")).unwrap_or_default();
    let not_wished = match register.not_wished {
        0 => String::new(),
        count => format!("  not asked for  {count} outside --from and --to\n"),
    };
    format!("{header}{not_wished}{}", register.left_out)
}
