//! `gateway token`: signs a bearer token with the deployment's secret.

use clap::{Args, ValueEnum};
use scangate_core::id::VenueId;
use scangate_core::time::DAY_MS;
use scangate_core::token::{Claims, Role};
use scangate_gateway::{clock, deployment};
use std::path::PathBuf;

#[derive(Args)]
pub(crate) struct TokenOptions {
    /// The role of the token's bearer.
    #[arg(long)]
    role: RoleName,
    /// The bearer's name, as you call them; the audit records it.
    #[arg(long, value_name = "WHO")]
    subject: String,
    /// A terminal's venue.
    #[arg(long)]
    venue: Option<VenueId>,
    /// A terminal's door.
    #[arg(long, value_name = "N")]
    door: Option<u16>,
    /// A tracer's district.
    #[arg(long)]
    district: Option<String>,
    /// The time for which the token is valid, such as 90m, 8h or 30d.
    #[arg(long, default_value = "8h", value_parser = duration_ms)]
    ttl: u64,
    /// The data folder.
    #[arg(long, value_name = "DIR", default_value = "data")]
    data: PathBuf,
    /// The file of the deployment's secret [default: `secret` in the data folder].
    #[arg(long, value_name = "FILE")]
    secret: Option<PathBuf>,
}

#[derive(Clone, Copy, ValueEnum)]
enum RoleName {
    Terminal,
    Authority,
    Tracer,
    Operator,
}

fn duration_ms(text: &str) -> Result<u64, String> {
    let error = || format!("`{text}` is not a duration: write a number and s, m, h or d");
    let unit_at = text.find(|letter: char| !letter.is_ascii_digit()).ok_or_else(error)?;
    let (number, unit) = text.split_at(unit_at);
    let unit_ms = match unit {
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        "d" => DAY_MS,
        _ => return Err(error()),
    };
    number.parse::<u64>().ok().and_then(|number| number.checked_mul(unit_ms)).ok_or_else(error)
}

/// Signs the token and prints it.
pub(crate) fn print(options: TokenOptions) -> anyhow::Result<()> {
    let role = match options.role {
        RoleName::Terminal => Role::Terminal,
        RoleName::Authority => Role::Authority,
        RoleName::Tracer => Role::Tracer,
        RoleName::Operator => Role::Operator,
    };
    anyhow::ensure!(role != Role::Terminal || options.venue.is_some(), "a terminal's token needs --venue");
    anyhow::ensure!(!options.subject.trim().is_empty(), "--subject must name the token's bearer");
    let secret = deployment::existing_secret(&options.data, options.secret.as_deref())?;
    let claims = Claims {
        role,
        subject: options.subject,
        venue: options.venue,
        door: options.door,
        district: options.district,
        expires: clock::now().plus_ms(options.ttl),
    };
    println!("{}", deployment::token_key(&secret).sign(&claims));
    Ok(())
}
