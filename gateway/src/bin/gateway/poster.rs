//! `gateway poster`: draws a venue's poster as SVG.

use anyhow::Context as _;
use clap::Args;
use scangate_core::code::PosterCode;
use scangate_core::id::VenueId;
use scangate_core::keys::Kid;
use scangate_gateway::config::{ConfigSources, Origin};
use scangate_gateway::deployment::{self, POSTER_SETTINGS, PosterSettings};
use scangate_gateway::office::poster;
use std::io::Write as _;
use std::path::{Path, PathBuf};

#[derive(Args)]
pub(crate) struct PosterOptions {
    /// The venue's id.
    venue: VenueId,
    /// The file to write [default: standard output].
    #[arg(long, value_name = "FILE.svg")]
    out: Option<PathBuf>,
    /// The words under the code.
    #[arg(long, default_value = "")]
    name: String,
    /// The poster's number at the venue.
    #[arg(long, default_value_t = 1)]
    number: u16,
    /// The id of the key that seals the code [default: the deployment's current one].
    #[arg(long)]
    kid: Option<u8>,
    /// The origin that the code points to [default: the running gateway's].
    #[arg(long)]
    origin: Option<Origin>,
    /// The configuration file, for its `origin`, `data` and `secret`.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// The data folder [default: data].
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// The file of the deployment's secret [default: `secret` in the data folder].
    #[arg(long, value_name = "FILE")]
    secret: Option<PathBuf>,
}

/// Draws the poster.
pub(crate) fn draw(options: &PosterOptions) -> anyhow::Result<()> {
    let sources = ConfigSources::of_process(options.config.clone())
        .with("--data", "data", options.data.as_deref().map(Path::display))
        .with("--secret", "secret", options.secret.as_deref().map(Path::display));
    let config = sources.read()?.config;
    let secret = deployment::existing_secret(&config.data, config.secret.as_deref())?;
    let (kid, origin) = settings(options, config.origin, &config.data)?;
    let code = PosterCode::seal(kid, options.venue, options.number, &secret.master(kid).server());
    let svg = poster::svg(&format!("{origin}/v/{}", code.text()), &options.name, options.number);
    match &options.out {
        Some(path) => std::fs::write(path, svg).with_context(|| path.display().to_string()),
        None => Ok(std::io::stdout().write_all(svg.as_bytes())?),
    }
}

/// The key id and origin of the poster: the options', then those that the gateway on this data folder has
/// written. **Errors**: one is missing, or the gateway does not accept the key id.
fn settings(
    options: &PosterOptions,
    configured: Option<Origin>,
    data: &Path,
) -> anyhow::Result<(Kid, Origin)> {
    let (kid, origin) = (options.kid, options.origin.clone().or(configured));
    let written = PosterSettings::read(data)?;
    if let (Some(kid), Some(PosterSettings { kids, .. })) = (kid, &written) {
        anyhow::ensure!(kids.accepted.contains(&kid), "kid {kid} is withdrawn: scans would refuse the code");
    }
    let (current, running) = written.map(|PosterSettings { kids, origin }| (kids.current, origin)).unzip();
    match (kid.or(current), origin.or(running)) {
        (Some(kid), Some(origin)) => Ok((Kid(kid), origin)),
        (None, _) | (_, None) => anyhow::bail!(
            "{} has no {POSTER_SETTINGS}, which this version of the gateway writes at its start: start it there \
             once, or give --kid and --origin",
            data.display()
        ),
    }
}
