//! The `gateway` command.

mod doctor;
mod store;
mod sunset;

use anyhow::Context as _;
use clap::{Args, Parser, Subcommand, ValueEnum};
use nix::sys::prctl::set_thp_disable;
use scangate_core::code::PosterCode;
use scangate_core::id::VenueId;
use scangate_core::keys::Kid;
use scangate_core::policy::Policy;
use scangate_core::time::DAY_MS;
use scangate_core::token::{Claims, Role};
use scangate_gateway::config::{Config, Store};
use scangate_gateway::office::poster;
use scangate_gateway::ops::telemetry;
use scangate_gateway::run::{self, Addresses};
use scangate_gateway::{clock, deployment};
use std::io::Write as _;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Absorbs a city's venue check-ins and answers each with the person's colour.
#[derive(Parser)]
#[command(name = "gateway", version, args_conflicts_with_subcommands = true)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    serve: Serve,
}

#[derive(Subcommand)]
enum Command {
    /// Serves; what `gateway` does without a command.
    Serve(Serve),
    /// Reads a configuration and says what is wrong with it, by line.
    CheckConfig {
        /// The file.
        file: PathBuf,
    },
    /// Reads a rule pack, says what is wrong with it, by line, and where its rules overlap.
    CheckPolicy {
        /// A file, or the name of a pack that comes with the gateway.
        #[arg(value_name = "FILE|NAME")]
        pack: String,
    },
    /// Looks at what this machine gives a gateway: ports, disk, limits, clock.
    Doctor(Serve),
    /// Signs and prints a bearer token.
    Token(Token),
    /// Draws a venue's poster.
    Poster(Poster),
    /// Moves a deployment to a cluster, and tells who serves there.
    #[command(subcommand)]
    Store(store::Command),
    /// Ends a deployment: deletes everything and leaves a signed report; or checks such a report.
    Sunset(sunset::Options),
}

#[derive(Args, Default)]
struct Serve {
    /// The configuration.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Where phones and gates connect, on UDP and TCP.
    #[arg(long, value_name = "ADDR")]
    listen: Option<SocketAddr>,
    /// Where operators connect.
    #[arg(long, value_name = "ADDR")]
    admin: Option<SocketAddr>,
    /// The data folder.
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Where trails and registry are kept: `embedded`, or `cql://HOST[:PORT][,HOST…]/KEYSPACE`.
    #[arg(long, value_name = "STORE")]
    store: Option<Store>,
    /// A rule pack that comes with the gateway, or a file.
    #[arg(long, value_name = "NAME|FILE")]
    policy: Option<String>,
    /// Worker threads; one a core unless set.
    #[arg(long)]
    workers: Option<u16>,
    /// The deployment's secret: 32 random bytes or more.
    #[arg(long, value_name = "FILE")]
    secret: Option<PathBuf>,
}

impl Serve {
    /// The configuration file with the command line over it.
    fn config(self) -> anyhow::Result<Config> {
        let mut config = match &self.config {
            Some(file) => Config::read(file)?,
            None => Config::default(),
        };
        config.listen = self.listen.unwrap_or(config.listen);
        config.admin = self.admin.unwrap_or(config.admin);
        config.data = self.data.unwrap_or(config.data);
        config.store = self.store.unwrap_or(config.store);
        config.policy = self.policy.unwrap_or(config.policy);
        config.workers = self.workers.or(config.workers);
        config.secret = self.secret.or(config.secret);
        anyhow::ensure!(config.workers != Some(0), "--workers must be at least 1");
        Ok(config)
    }
}

#[derive(Args)]
struct Token {
    /// What its bearer may do.
    #[arg(long)]
    role: RoleName,
    /// Who holds it, by your own name for them.
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
    /// How long it is good, such as 90m, 8h or 30d.
    #[arg(long, default_value = "8h", value_parser = duration_ms)]
    ttl: u64,
    /// The data folder.
    #[arg(long, value_name = "DIR", default_value = "data")]
    data: PathBuf,
    /// The deployment's secret.
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

#[derive(Args)]
struct Poster {
    /// The venue.
    venue: VenueId,
    /// Where to; standard output unless set.
    #[arg(long, value_name = "FILE.svg")]
    out: Option<PathBuf>,
    /// The words under the code.
    #[arg(long, default_value = "")]
    name: String,
    /// The poster's number at the venue.
    #[arg(long, default_value_t = 1)]
    number: u16,
    /// The key under which it is sealed.
    #[arg(long, default_value_t = 1)]
    kid: u8,
    /// The origin that the code points to.
    #[arg(long, default_value = "https://localhost:8443")]
    origin: String,
    /// The data folder.
    #[arg(long, value_name = "DIR", default_value = "data")]
    data: PathBuf,
    /// The deployment's secret.
    #[arg(long, value_name = "FILE")]
    secret: Option<PathBuf>,
}

fn duration_ms(text: &str) -> Result<u64, String> {
    let wrong = || format!("`{text}` is no duration: write a number and s, m, h or d");
    let unit_at = text.find(|letter: char| !letter.is_ascii_digit()).ok_or_else(wrong)?;
    let (number, unit) = text.split_at(unit_at);
    let unit_ms = match unit {
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        "d" => DAY_MS,
        _ => return Err(wrong()),
    };
    number.parse::<u64>().ok().and_then(|number| number.checked_mul(unit_ms)).ok_or_else(wrong)
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let done = match cli.command.unwrap_or(Command::Serve(cli.serve)) {
        Command::Serve(options) => serve(options),
        Command::CheckConfig { file } => check_config(&file),
        Command::CheckPolicy { pack } => check_policy(&pack),
        Command::Doctor(options) => options.config().and_then(|config| doctor::look(&config)),
        Command::Token(options) => token(options),
        Command::Poster(options) => draw(&options),
        Command::Store(command) => store::run(command),
        Command::Sunset(options) => sunset::run(options),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("gateway: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn serve(options: Serve) -> anyhow::Result<()> {
    let config = options.config()?;
    telemetry::start_logs();
    use_small_pages();
    let metrics = telemetry::start_metrics()?;
    run::run(&config, metrics, greet)
}

/// Huge pages are cleared whole when a table first touches them, which costs more than they save it later.
fn use_small_pages() {
    if let Err(error) = set_thp_disable(true) {
        tracing::info!(%error, "the system goes on giving huge pages");
    }
}

/// Says where the gateway is and what to try next.
fn greet(config: &Config, at: Addresses) {
    let (data, port) = (config.data.display(), at.listen.port());
    let text = format!(
        "Scangate {version} serves https://localhost:{port} over HTTP/3, HTTP/2 and HTTP/1.1\n\
         \x20 listen   {listen}\n\
         \x20 admin    http://{admin}/metrics\n\
         \x20 data     {data} (certificate.pem; authority.token, tracer.token, operator.token)\n\
         \x20 store    {store}\n\
         \x20 policy   {policy}\n\
         \n\
         Try next:\n\
         \x20 curl --cacert {data}/certificate.pem -H \"authorization: Bearer $(cat {data}/authority.token)\" \\\n\
         \x20      -d '{{\"name\":\"East Gate Market\",\"kind\":\"market\",\"district\":\"Gulou\"}}' https://localhost:{port}/v1/venues\n\
         \x20 open https://localhost:{port}/v/CODE with the poster code that this answers\n\
         \x20 cargo run --release -p scangate-loadgen -- run gate --target https://127.0.0.1:{port} --data {data} --rate 2k --for 10s\n",
        version = env!("CARGO_PKG_VERSION"),
        listen = at.listen,
        admin = at.admin,
        store = config.store,
        policy = config.policy,
    );
    // Without a reader there is nobody to greet.
    let _ = std::io::stdout().write_all(text.as_bytes());
    let _ = std::io::stdout().flush();
}

fn check_config(file: &Path) -> anyhow::Result<()> {
    let config = Config::read(file)?;
    deployment::policy(&config.policy)?;
    println!("{} is well", file.display());
    Ok(())
}

fn check_policy(pack: &str) -> anyhow::Result<()> {
    let text = deployment::policy(pack)?;
    let policy = Policy::parse(&text).map_err(|error| anyhow::anyhow!(error.of_file(pack)))?;
    let overlaps = policy.overlaps();
    for overlap in &overlaps {
        println!("{pack}:{overlap}");
    }
    let (label, rules) = (policy.label(), policy.rules().len());
    println!("{pack} is well: {label}, {rules} rules, {} overlaps", overlaps.len());
    Ok(())
}

fn token(options: Token) -> anyhow::Result<()> {
    let role = match options.role {
        RoleName::Terminal => Role::Terminal,
        RoleName::Authority => Role::Authority,
        RoleName::Tracer => Role::Tracer,
        RoleName::Operator => Role::Operator,
    };
    anyhow::ensure!(role != Role::Terminal || options.venue.is_some(), "a terminal's token needs --venue");
    anyhow::ensure!(!options.subject.trim().is_empty(), "--subject must say who holds the token");
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

fn draw(options: &Poster) -> anyhow::Result<()> {
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
