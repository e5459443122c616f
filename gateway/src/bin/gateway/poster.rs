//! `gateway poster`: draws a venue's poster as SVG.

use anyhow::Context as _;
use clap::Args;
use scangate_core::code::PosterCode;
use scangate_core::id::VenueId;
use scangate_core::keys::Kid;
use scangate_gateway::deployment;
use scangate_gateway::office::poster;
use std::io::Write as _;
use std::path::PathBuf;

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
    /// The id of the key that seals the code.
    #[arg(long, default_value_t = 1)]
    kid: u8,
    /// The origin that the code points to.
    #[arg(long, default_value = "https://localhost:8443")]
    origin: String,
    /// The data folder.
    #[arg(long, value_name = "DIR", default_value = "data")]
    data: PathBuf,
    /// The file of the deployment's secret [default: `secret` in the data folder].
    #[arg(long, value_name = "FILE")]
    secret: Option<PathBuf>,
}

/// Draws the poster.
pub(crate) fn draw(options: &PosterOptions) -> anyhow::Result<()> {
    let secret = deployment::existing_secret(&options.data, options.secret.as_deref())?;
    let kid = Kid(options.kid);
    let code = PosterCode::seal(kid, options.venue, options.number, &secret.master(kid).server());
    let address = format!("{}/v/{}", options.origin.trim_end_matches('/'), code.text());
    let svg = poster::svg(&address, &options.name, options.number);
    match &options.out {
        Some(path) => std::fs::write(path, svg).with_context(|| path.display().to_string()),
        None => Ok(std::io::stdout().write_all(svg.as_bytes())?),
    }
}
