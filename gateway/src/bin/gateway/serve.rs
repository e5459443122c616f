//! `gateway serve`: the configuration with the command line over it, a gateway, and a greeting once it
//! listens.

use clap::Args;
use nix::sys::prctl::set_thp_disable;
use scangate_gateway::config::{Config, ConfigSources, Origin, StoreLocation};
use scangate_gateway::ops::telemetry;
use scangate_gateway::run::{self, Addresses, OperatorTools};
use std::io::Write as _;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

#[derive(Args, Default)]
pub(crate) struct ServeOptions {
    /// The configuration file.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// The address for phones and gates, on UDP and TCP [default: 127.0.0.1:8443].
    #[arg(long, value_name = "ADDR")]
    listen: Option<SocketAddr>,
    /// The address for operators, in plain HTTP [default: 127.0.0.1:9443].
    #[arg(long, value_name = "ADDR")]
    admin: Option<SocketAddr>,
    /// The data folder [default: data].
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// The store of trails and registry: `embedded`, or `cql://HOST[:PORT][,HOST…]/KEYSPACE` [default:
    /// embedded].
    #[arg(long, value_name = "STORE")]
    store: Option<StoreLocation>,
    /// The first rule pack of a new deployment: the name of one that comes with the gateway, or a file. A
    /// deployment that has packs keeps the one in force, and POST /v1/policies publishes another [default:
    /// default].
    #[arg(long, value_name = "NAME|FILE")]
    policy: Option<String>,
    /// Worker threads, 1 to 256 [default: one a core].
    #[arg(long)]
    workers: Option<u16>,
    /// The file of the deployment's secret, 32 random bytes or more [default: `secret` in the data folder].
    #[arg(long, value_name = "FILE")]
    secret: Option<PathBuf>,
}

impl ServeOptions {
    /// The configuration file and the environment, with the command line over them.
    pub(crate) fn sources(&self) -> ConfigSources {
        ConfigSources::of_process(self.config.clone())
            .with("--listen", "listen", self.listen.as_ref())
            .with("--admin", "admin", self.admin.as_ref())
            .with("--data", "data", self.data.as_deref().map(Path::display))
            .with("--store", "store", self.store.as_ref())
            .with("--policy", "policy", self.policy.as_ref())
            .with("--workers", "workers", self.workers)
            .with("--secret", "secret", self.secret.as_deref().map(Path::display))
    }

    /// The configuration in force.
    pub(crate) fn config(&self) -> anyhow::Result<Config> {
        Ok(self.sources().read()?.config)
    }
}

/// Serves until a signal stops the gateway.
pub(crate) fn serve(options: &ServeOptions) -> anyhow::Result<()> {
    let sources = options.sources();
    let config = sources.read()?.config;
    let logs = telemetry::start_logs(&config.log)?;
    use_small_pages();
    let metrics = telemetry::start_metrics()?;
    let read_config = Box::new(move || Ok(sources.read()?.config));
    run::run(&config, OperatorTools { metrics, logs, read_config }, greet)
}

/// Turns huge pages off. The system clears a huge page whole when a table first touches it, which costs more
/// than the page saves later.
fn use_small_pages() {
    if let Err(error) = set_thp_disable(true) {
        tracing::info!(event = "huge-pages-on", %error, "huge pages stay on");
    }
}

/// Prints the addresses and commands to try next.
fn greet(config: &Config, at: Addresses, policy: &str) {
    // A closed standard output is not a reason to stop.
    let _ = std::io::stdout().write_all(greeting(config, at, policy).as_bytes());
    let _ = std::io::stdout().flush();
}

/// The greeting. The harness and operators' scripts read the addresses up to the empty line.
fn greeting(config: &Config, at: Addresses, policy: &str) -> String {
    let (data, port) = (config.data.display(), at.listen.port());
    let origin = config.origin.clone().unwrap_or_else(|| Origin::of_localhost(port));
    let own = config.certificate.as_ref().map(|file| file.display().to_string());
    let certificate =
        own.clone().unwrap_or_else(|| format!("{data}/certificate.pem, self-signed, for development"));
    // A public authority signed the operator's certificate, or the operator's machines know their own.
    let trust = own.as_ref().map_or_else(|| format!("--cacert {data}/certificate.pem "), |_| String::new());
    let hint = own.map_or_else(String::new, |file| {
        format!(
            "  If curl does not know the authority that signed {file}, add `--cacert FILE` with its certificate.\n"
        )
    });
    format!(
        "Scangate {version} serves {origin} over HTTP/3, HTTP/2 and HTTP/1.1\n\
         \x20 listen       {listen}\n\
         \x20 admin        http://{admin}/ (operations), /metrics, /v1/status, /livez, /readyz, POST /reload\n\
         \x20 certificate  {certificate}\n\
         \x20 data         {data} (authority.token, tracer.token, operator.token)\n\
         \x20 store        {store}\n\
         \x20 policy       {policy}\n\
         \n\
         Try next:\n\
         \x20 curl {trust}-H \"authorization: Bearer $(cat {data}/authority.token)\" \\\n\
         \x20      -d '{{\"name\":\"East Gate Market\",\"kind\":\"market\",\"district\":\"Gulou\"}}' {origin}/v1/venues\n\
         {hint}\
         \x20 open {origin}/v/CODE with the poster code that this answers\n",
        version = env!("CARGO_PKG_VERSION"),
        listen = at.listen,
        admin = at.admin,
        store = config.store,
    ) + &loadgen_hint(config, port)
}

/// How to try the gateway under load: with the development certificate only, because a city's gateway is no
/// place for trials.
fn loadgen_hint(config: &Config, port: u16) -> String {
    if config.certificate.is_some() {
        return String::new();
    }
    let data = config.data.display();
    format!(
        "  cargo run --release -p scangate-loadgen -- run gate --target https://127.0.0.1:{port} --data {data} --rate 2k --for 10s\n"
    )
}
