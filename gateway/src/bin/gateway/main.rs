//! The `gateway` command. Each subcommand has a module with its options and its work.

mod admin_client;
mod configuration;
mod data_folder;
mod doctor;
mod explain;
mod poster;
mod ready;
mod reference;
mod serve;
mod staff_link;
mod store;
mod support_bundle;
mod token;

use clap::error::ErrorKind;
use clap::{Parser, Subcommand};
use clap_complete::Shell;
use configuration::{check, print, schema};
use data_folder::{backup, journal, sunset, upgrade};
use scangate_core::text::OneLine;
use scangate_gateway::deployment;
use std::io;
use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// The exit code where nothing keeps a gateway from starting, but something needs attention.
const WARNINGS_ONLY: u8 = 2;

/// The environment variables that the gateway reads; a test compares them with the sources.
const ENVIRONMENT: &str = "\
Environment variables:
  SCANGATE_LOG                what is logged, as a tracing filter such as info,scangate_gateway=debug [default: `log` of the configuration]
  SCANGATE_LOG_FORMAT         json for a JSON object a line, or text [default: text on a terminal, otherwise json]
  NO_COLOR                    no colours on a terminal, if it is set and not empty
  SCANGATE_CQL_USER           the user for a CQL cluster, if `cql.login` of the configuration is not set
  SCANGATE_CQL_PASSWORD       its password; set both or neither
  SCANGATE_CQL_USER_FILE      a file with the user, in place of SCANGATE_CQL_USER
  SCANGATE_CQL_PASSWORD_FILE  a file with the password, in place of SCANGATE_CQL_PASSWORD

  Every key of the configuration is a variable, too: SCANGATE__LISTEN is `listen`, and SCANGATE__JOURNAL__SEGMENT_MIB is
  `segment_mib` of [journal]. Lists and tables are TOML: [\"audit\"]. With _FILE at its end, a variable names a file that
  contains the value; for a key that is the path of a file, such as SCANGATE__SECRET_FILE, it is that path. The command
  line wins over the environment, and the environment over the configuration file.";

/// Records a city's venue check-ins and answers each with the person's colour.
#[derive(Parser)]
#[command(name = "gateway", version, args_conflicts_with_subcommands = true, after_help = ENVIRONMENT)]
struct GatewayCli {
    #[command(subcommand)]
    command: Option<GatewayCommand>,
    #[command(flatten)]
    serve: serve::ServeOptions,
}

#[derive(Subcommand)]
enum GatewayCommand {
    /// Serves. `gateway` without a subcommand does the same.
    Serve(serve::ServeOptions),
    CheckConfig(check::CheckConfigOptions),
    /// Prints the configuration in force as TOML, each value with its origin: default, file and line,
    /// variable, or option. The output is a valid configuration file, and secrets are not in it.
    PrintConfig(serve::ServeOptions),
    /// Prints the JSON Schema of the configuration file, for editors.
    ConfigSchema,
    /// Checks a rule pack, reports each error by line, and lists where its rules overlap.
    CheckPolicy {
        /// A file, or the name of a pack that comes with the gateway.
        #[arg(value_name = "FILE|NAME")]
        pack: String,
    },
    Doctor(doctor::DoctorOptions),
    /// Explains a code of an alert, a log line or a doctor's finding: what it means and what to do.
    Explain {
        /// The code; without one, every page is listed.
        code: Option<String>,
    },
    /// Asks a running gateway whether it accepts check-ins; the exit code is 0 if it does.
    Ready(serve::ServeOptions),
    /// Signs a bearer token and prints it.
    Token(token::TokenOptions),
    /// Draws a venue's poster.
    Poster(poster::PosterOptions),
    /// Copies a deployment to a cluster, and lists the gateways that serve there.
    #[command(subcommand)]
    Store(store::StoreCommand),
    /// Writes a backup of a data folder, also beside a running gateway.
    Backup(backup::BackupOptions),
    /// Fills an empty data folder from a backup.
    Restore(backup::RestoreOptions),
    Upgrade(upgrade::UpgradeOptions),
    /// Looks at a journal's files, also beside a running gateway.
    #[command(subcommand)]
    Journal(journal::JournalCommand),
    /// Ends a deployment: deletes everything and leaves a signed report. Also checks such a report.
    Sunset(sunset::SunsetOptions),
    SupportBundle(support_bundle::SupportBundleOptions),
    /// Prints a man page in roff to standard output.
    Man {
        /// The subcommand that the page describes; the page describes gateway itself if this is left out.
        subcommand: Option<String>,
    },
    /// Prints a shell's completion script to standard output.
    Completions {
        /// The shell that reads the script.
        shell: Shell,
    },
}

fn main() -> ExitCode {
    let cli = GatewayCli::parse();
    match run(cli.command.unwrap_or(GatewayCommand::Serve(cli.serve))) {
        Ok(code) => code,
        Err(error) => {
            for line in OneLine(error.as_ref()).to_string().lines() {
                eprintln!("gateway: {line}");
            }
            ExitCode::FAILURE
        }
    }
}

/// Ends the process as clap does where options are wrong.
fn refuse_options(text: &str) -> ! {
    clap::Error::raw(ErrorKind::ArgumentConflict, format!("{text}\n")).exit()
}

impl GatewayCommand {
    /// Whether the command may write into a data folder. A poster hangs at a door, so its file has the mode
    /// that the operator's umask gives it.
    fn writes_data(&self) -> bool {
        match self {
            Self::Serve(_)
            | Self::Doctor(_)
            | Self::Token(_)
            | Self::Store(_)
            | Self::Backup(_)
            | Self::Restore(_)
            | Self::Upgrade(_)
            | Self::Sunset(_) => true,
            Self::CheckConfig(_)
            | Self::PrintConfig(_)
            | Self::ConfigSchema
            | Self::CheckPolicy { .. }
            | Self::Poster(_)
            | Self::Ready(_)
            | Self::Explain { .. }
            | Self::SupportBundle(_)
            | Self::Journal(_)
            | Self::Man { .. }
            | Self::Completions { .. } => false,
        }
    }
}

fn run(command: GatewayCommand) -> anyhow::Result<ExitCode> {
    if command.writes_data() {
        deployment::create_for_owner_only();
    }
    let done = match command {
        GatewayCommand::Serve(options) => serve::serve(&options),
        GatewayCommand::CheckConfig(options) => return Ok(check::config(&options)),
        GatewayCommand::PrintConfig(options) => print::print(&options),
        GatewayCommand::ConfigSchema => schema::print(),
        GatewayCommand::CheckPolicy { pack } => check::policy(&pack),
        GatewayCommand::Doctor(options) => return doctor::check(&options),
        GatewayCommand::Ready(options) => ready::ask(&options),
        GatewayCommand::Explain { code } => explain::run(code.as_deref()),
        GatewayCommand::Token(options) => token::print(options),
        GatewayCommand::Poster(options) => poster::draw(&options),
        GatewayCommand::Store(command) => store::run(command),
        GatewayCommand::Backup(options) => backup::backup(options),
        GatewayCommand::Restore(options) => backup::restore(options),
        GatewayCommand::Upgrade(options) => return upgrade::run(&options),
        GatewayCommand::Journal(command) => journal::run(command),
        GatewayCommand::SupportBundle(options) => support_bundle::write(&options),
        GatewayCommand::Sunset(options) => sunset::run(options),
        GatewayCommand::Man { subcommand } => reference::man_page(subcommand.as_deref(), &mut io::stdout()),
        GatewayCommand::Completions { shell } => Ok(reference::completions(shell, &mut io::stdout())?),
    };
    done.map(|()| ExitCode::SUCCESS)
}
