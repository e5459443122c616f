//! `gateway token`: signs a bearer token with the deployment's secret.

use crate::refuse_options;
use crate::staff_link::{self, StaffPage};
use clap::{Args, ValueEnum};
use scangate_core::id::VenueId;
use scangate_core::limits::NAME_BYTES_MAX;
use scangate_core::text::label;
use scangate_core::time::DAY_MS;
use scangate_core::token::{Claims, Role, TOKEN_VALID_MS_MAX};
use scangate_gateway::config::{Config, ConfigSources, duration_ms};
use scangate_gateway::{clock, deployment};
use std::path::{Path, PathBuf};

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
    /// A tracer's district, or the district whose people an office of the authority looks after.
    #[arg(long)]
    district: Option<String>,
    /// The time for which the token is valid, such as 90m, 8h or 30d; at most 90d.
    #[arg(long, default_value = "8h", value_parser = ttl_ms)]
    ttl: u64,
    /// Prints the links by which staff sign in, with their QR codes, in place of the token.
    #[arg(long)]
    link: bool,
    /// The data folder, whose gateway lists the token [default: data].
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
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

fn ttl_ms(text: &str) -> Result<u64, String> {
    let ttl = duration_ms(text)?;
    if ttl <= TOKEN_VALID_MS_MAX {
        Ok(ttl)
    } else {
        Err(format!("a token is valid for {}d at most", TOKEN_VALID_MS_MAX / DAY_MS))
    }
}

impl RoleName {
    const fn role(self) -> Role {
        match self {
            Self::Terminal => Role::Terminal,
            Self::Authority => Role::Authority,
            Self::Tracer => Role::Tracer,
            Self::Operator => Role::Operator,
        }
    }
}

/// Signs the token, leaves its claims for the gateway's list, and prints it or its links.
pub(crate) fn print(options: TokenOptions) -> anyhow::Result<()> {
    let role = options.role.role();
    let pages = StaffPage::of(role, options.door);
    if options.link && pages.is_empty() {
        refuse_options("--link goes with the roles terminal and tracer: the other roles have no page");
    }
    anyhow::ensure!(role != Role::Terminal || options.venue.is_some(), "a terminal's token needs --venue");
    let has_districts = matches!(role, Role::Tracer | Role::Authority);
    anyhow::ensure!(
        options.district.is_none() || has_districts,
        "--district goes with the roles tracer and authority"
    );
    let district = options.district.map(|district| label(&district).map(str::to_owned));
    anyhow::ensure!(district != Some(None), "--district must have 1 to {NAME_BYTES_MAX} printable bytes");
    anyhow::ensure!(!options.subject.trim().is_empty(), "--subject must name the token's bearer");
    let sources = ConfigSources::of_process(None)
        .with("--data", "data", options.data.as_deref().map(Path::display))
        .with("--secret", "secret", options.secret.as_deref().map(Path::display));
    let Config { data, secret, .. } = sources.read()?.config;
    let secret = deployment::existing_secret(&data, secret.as_deref())?;
    let now = clock::now();
    let expires = now.plus_ms(options.ttl);
    let claims = Claims {
        jti: deployment::draw_token_id()?,
        role,
        subject: options.subject,
        venue: options.venue,
        door: options.door,
        district: district.flatten(),
        expires,
    };
    let key = deployment::token_key(&secret);
    let token = if data.is_dir() {
        deployment::mint(&data, &key, claims, now)?
    } else {
        eprintln!("gateway: there is no {}: the token is listed when it is first used", data.display());
        key.sign(&claims)
    };
    if options.link {
        return staff_link::print(pages, &token, expires, &data);
    }
    println!("{token}");
    Ok(())
}
