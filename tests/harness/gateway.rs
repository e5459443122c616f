//! A gateway's process, started on free ports with its own data folder, and stopped in order or killed.

use crate::clock::Clock;
use crate::contract;
use anyhow::{Context as _, bail};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use scangate_core::id::VenueId;
use scangate_core::keys::Secret;
use scangate_core::token::{Claims, TokenKey};
use scangate_loadgen::client::LoadTarget;
use std::io::{BufRead as _, BufReader, Read, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use tempfile::TempDir;

/// The warnings that a test expects in the gateway's log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExpectedLog {
    /// None: a warning or an error fails the test.
    Quiet,
    /// Only warnings that contain these words.
    Words(&'static str),
    /// Any, because the test causes faults.
    Trouble,
}

/// The warnings of a gateway whose registration providers are doubles.
const DOUBLES: ExpectedLog = ExpectedLog::Words("development only");

/// A running gateway.
pub struct Gateway {
    child: Child,
    log: Arc<Mutex<Vec<String>>>,
    reader: Option<JoinHandle<()>>,
    expect: ExpectedLog,
    folder: Arc<TempDir>,
    environment: Vec<(String, String)>,
    /// The address at which it serves clients.
    pub listen: SocketAddr,
    /// The address of its admin port.
    pub admin: SocketAddr,
}

/// The path of a binary of the workspace, which cargo builds beside the tests. **Errors**: it is not built.
pub fn binary(name: &str) -> anyhow::Result<PathBuf> {
    let own = std::env::current_exe()?;
    let folder = own.parent().and_then(Path::parent).context("the tests are in target/PROFILE/deps")?;
    let path = folder.join(name);
    anyhow::ensure!(path.exists(), "{} is not built: cargo build --workspace", path.display());
    Ok(path)
}

impl Gateway {
    /// Starts a gateway in a new data folder.
    pub fn start(arguments: &[&str]) -> anyhow::Result<Self> {
        Self::start_in(Arc::new(tempfile::tempdir()?), arguments, ExpectedLog::Quiet)
    }

    /// Starts a gateway in a new data folder under a rule pack. Doubles stand in for the providers that the
    /// pack needs, and log a warning.
    pub fn start_under(policy: &str) -> anyhow::Result<Self> {
        Self::start_in(Arc::new(tempfile::tempdir()?), &["--policy", policy], DOUBLES)
    }

    /// Starts a gateway under a rule pack, by this clock.
    pub fn start_by(clock: &Clock, policy: &str, expect: ExpectedLog) -> anyhow::Result<Self> {
        Self::spawn(Arc::new(tempfile::tempdir()?), &["--policy", policy], clock.environment(), expect)
    }

    /// Starts a gateway in this data folder, by this clock.
    pub fn start_in_by(
        clock: &Clock,
        folder: Arc<TempDir>,
        arguments: &[&str],
        expect: ExpectedLog,
    ) -> anyhow::Result<Self> {
        Self::spawn(folder, arguments, clock.environment(), expect)
    }

    /// Starts a gateway in this data folder.
    pub fn start_in(folder: Arc<TempDir>, arguments: &[&str], expect: ExpectedLog) -> anyhow::Result<Self> {
        Self::spawn(folder, arguments, Vec::new(), expect)
    }

    /// Starts a gateway in the data folder of one that has ended, and at its address for clients.
    pub fn start_at(
        listen: SocketAddr,
        folder: Arc<TempDir>,
        arguments: &[&str],
        expect: ExpectedLog,
    ) -> anyhow::Result<Self> {
        let listen = listen.to_string();
        Self::spawn(folder, &[arguments, &["--listen", &listen]].concat(), Vec::new(), expect)
    }

    /// Starts a gateway with these variables in its environment.
    pub fn start_among(
        environment: &[(&str, &Path)],
        folder: Arc<TempDir>,
        arguments: &[&str],
        expect: ExpectedLog,
    ) -> anyhow::Result<Self> {
        let environment =
            environment.iter().map(|(name, path)| (*name, path.display().to_string())).collect();
        Self::spawn(folder, arguments, environment, expect)
    }

    /// Starts a gateway with one failing or slow system call, under strace: `fdatasync:error=EIO:when=3`
    /// fails the third `fdatasync` of a thread. With a file of the data folder, only calls on it count.
    /// strace is not the parent, so signals reach the gateway.
    pub fn start_with_fault(
        folder: Arc<TempDir>,
        arguments: &[&str],
        fault: &str,
        file: Option<&str>,
    ) -> anyhow::Result<Self> {
        let call = fault.split(':').next().unwrap_or_default();
        let mut strace = Command::new("strace");
        strace.args(["-D", "-f", "-qq", "-o", "/dev/null", "--seccomp-bpf"]);
        if let Some(file) = file {
            strace.arg("-P").arg(folder.path().join(file));
        }
        strace.args(["-e", &format!("trace={call}"), "-e", &format!("inject={fault}"), "--"]);
        strace.arg(binary("gateway")?);
        Self::spawn_by(strace, folder, arguments, Vec::new(), ExpectedLog::Trouble)
    }

    fn spawn(
        folder: Arc<TempDir>,
        arguments: &[&str],
        environment: Vec<(&str, String)>,
        expect: ExpectedLog,
    ) -> anyhow::Result<Self> {
        Self::spawn_by(Command::new(binary("gateway")?), folder, arguments, environment, expect)
    }

    fn spawn_by(
        mut command: Command,
        folder: Arc<TempDir>,
        arguments: &[&str],
        environment: Vec<(&str, String)>,
        expect: ExpectedLog,
    ) -> anyhow::Result<Self> {
        let environment: Vec<(String, String)> =
            environment.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        let listen: &[&str] =
            if arguments.contains(&"--listen") { &[] } else { &["--listen", "127.0.0.1:0"] };
        let mut child = command
            .args(listen)
            .args(["--admin", "127.0.0.1:0", "--data"])
            .arg(folder.path())
            .args(arguments)
            .env("SCANGATE_LOG", "info,scylla=error,h2=error")
            .env("SCANGATE_LOG_FORMAT", "text")
            .envs(environment.iter().map(|(name, value)| (name, value)))
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()?;
        let log = Arc::new(Mutex::new(Vec::new()));
        let stderr = child.stderr.take().context("the log is piped")?;
        let (lines, stdout) = (Arc::clone(&log), child.stdout.take().context("the greeting is piped")?);
        let reader = thread::spawn(move || {
            for line in BufReader::new(stderr).lines().map_while(Result::ok) {
                lines.lock().unwrap_or_else(PoisonError::into_inner).push(line);
            }
        });
        let greeting = greeting(stdout);
        let address = |word: &str| greeting.as_ref().ok().and_then(|text| address_of(text, word));
        let (Some(listen), Some(admin)) = (address("listen"), address("admin")) else {
            let _ = child.kill();
            child.wait()?;
            let _ = reader.join();
            bail!(
                "the gateway did not start: {}",
                log.lock().unwrap_or_else(PoisonError::into_inner).join("\n")
            );
        };
        Ok(Self { child, log, reader: Some(reader), expect, folder, environment, listen, admin })
    }

    /// Runs a `gateway` command to its end.
    pub fn run(arguments: &[&str]) -> anyhow::Result<Output> {
        Ok(Self::command(arguments)?.output()?)
    }

    /// A `gateway` command that the test runs itself.
    pub fn command(arguments: &[&str]) -> anyhow::Result<Command> {
        let mut command = Command::new(binary("gateway")?);
        command.args(arguments);
        Ok(command)
    }

    /// The data folder, which outlives the process.
    #[must_use]
    pub fn folder(&self) -> Arc<TempDir> {
        Arc::clone(&self.folder)
    }

    /// The target by which clients connect.
    pub fn target(&self) -> anyhow::Result<LoadTarget> {
        self.target_at(self.listen)
    }

    /// The target by which clients connect through a relay at this address. Every answer is checked against
    /// the OpenAPI document.
    pub fn target_at(&self, address: SocketAddr) -> anyhow::Result<LoadTarget> {
        let target = LoadTarget::new(address, &self.folder.path().join("certificate.pem"))?;
        Ok(target.checked(contract::check_answer))
    }

    /// The `authorization` of a role's first token.
    pub fn first_token(&self, role: &str) -> anyhow::Result<String> {
        let path = self.folder.path().join(format!("{role}.token"));
        Ok(format!("Bearer {}", std::fs::read_to_string(path)?.trim()))
    }

    /// The secret of the deployment.
    pub fn secret(&self) -> anyhow::Result<Secret> {
        Ok(Secret::new(&std::fs::read(self.folder.path().join("secret"))?)?)
    }

    /// The `authorization` of a token that another program signs with the secret.
    pub fn signed(&self, claims: &Claims) -> anyhow::Result<String> {
        Ok(format!("Bearer {}", TokenKey::new(&self.secret()?.purpose("token")).sign(claims)))
    }

    /// The `authorization` of a new token from `gateway token`, minted by the gateway's own clock. It is
    /// valid for as long as a token may be.
    pub fn token(&self, role: &str, subject: &str, venue: Option<VenueId>) -> anyhow::Result<String> {
        let venue = venue.map(|venue| venue.to_string());
        match &venue {
            Some(venue) => self.token_with(role, subject, &["--venue", venue]),
            None => self.token_with(role, subject, &[]),
        }
    }

    /// The `authorization` of a new tracer's token that is limited to a district.
    pub fn tracer_in(&self, subject: &str, district: &str) -> anyhow::Result<String> {
        self.token_with("tracer", subject, &["--district", district])
    }

    /// The `authorization` of a new token of a district's office of the authority.
    pub fn authority_in(&self, subject: &str, district: &str) -> anyhow::Result<String> {
        self.token_with("authority", subject, &["--district", district])
    }

    /// The `authorization` of a new token of a screen at a venue's door.
    pub fn screen(&self, subject: &str, venue: VenueId, door: u16) -> anyhow::Result<String> {
        let (venue, door) = (venue.to_string(), door.to_string());
        self.token_with("terminal", subject, &["--venue", &venue, "--door", &door])
    }

    fn token_with(&self, role: &str, subject: &str, more: &[&str]) -> anyhow::Result<String> {
        let data = self.folder.path().display().to_string();
        let mut arguments =
            vec!["token", "--role", role, "--subject", subject, "--ttl", "90d", "--data", &data];
        arguments.extend(more);
        let environment = self.environment.iter().map(|(name, value)| (name, value));
        let output = Self::command(&arguments)?.envs(environment).output()?;
        anyhow::ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        Ok(format!("Bearer {}", String::from_utf8(output.stdout)?.trim()))
    }

    /// The admin port's response to a request, head and body.
    pub fn ask(&self, path: &str) -> anyhow::Result<String> {
        self.ask_by("GET", path)
    }

    /// The admin port's response to a request with this method, head and body.
    pub fn ask_by(&self, method: &str, path: &str) -> anyhow::Result<String> {
        let mut stream = TcpStream::connect(self.admin)?;
        write!(stream, "{method} {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n")?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        Ok(answer)
    }

    /// The sum of a metric over all its series that contain these words.
    pub fn metric(&self, name: &str, words: &str) -> anyhow::Result<f64> {
        let answer = self.ask("/metrics")?;
        let lines = answer.lines().filter(|line| line.starts_with(name) && line.contains(words));
        let values = lines.map(|line| Ok(line.rsplit(' ').next().context("a value")?.parse::<f64>()?));
        values.sum()
    }

    /// The lines that it has logged so far.
    #[must_use]
    pub fn log(&self) -> Vec<String> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The number of its process.
    #[must_use]
    pub fn process(&self) -> u32 {
        self.child.id()
    }

    /// Kills the process without a chance to clean up.
    pub fn kill(&mut self) -> anyhow::Result<()> {
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }

    /// Whether the process has ended, and how.
    pub fn ended(&mut self) -> anyhow::Result<Option<ExitStatus>> {
        Ok(self.child.try_wait()?)
    }

    /// Sends SIGTERM and does not wait.
    pub fn terminate(&self) -> anyhow::Result<()> {
        self.signal(Signal::SIGTERM)
    }

    /// Sends SIGHUP, which reloads the configuration.
    pub fn hang_up(&self) -> anyhow::Result<()> {
        self.signal(Signal::SIGHUP)
    }

    /// Stops the process where it is. Its connections stay open, and nothing answers.
    pub fn pause(&self) -> anyhow::Result<()> {
        self.signal(Signal::SIGSTOP)
    }

    /// Lets a stopped process go on.
    pub fn resume(&self) -> anyhow::Result<()> {
        self.signal(Signal::SIGCONT)
    }

    fn signal(&self, signal: Signal) -> anyhow::Result<()> {
        Ok(kill(Pid::from_raw(i32::try_from(self.child.id())?), signal)?)
    }

    /// Sends SIGTERM and waits until the process has ended.
    pub fn stop(mut self) -> anyhow::Result<ExitStatus> {
        self.terminate()?;
        Ok(self.child.wait()?)
    }
}

/// Reads the greeting up to its empty line. The rest of the stream is drained, so the pipe never fills.
fn greeting(mut stdout: impl Read + Send + 'static) -> anyhow::Result<String> {
    let (mut text, mut byte) = (Vec::new(), [0]);
    while !text.ends_with(b"\n\n") && stdout.read(&mut byte)? == 1 {
        text.push(byte[0]);
    }
    thread::spawn(move || std::io::copy(&mut stdout, &mut std::io::sink()));
    Ok(String::from_utf8(text)?)
}

fn address_of(greeting: &str, word: &str) -> Option<SocketAddr> {
    let line = greeting.lines().find_map(|line| line.trim().strip_prefix(word))?;
    let address = line.trim().trim_start_matches("http://");
    address.split('/').next()?.parse().ok()
}

impl Drop for Gateway {
    fn drop(&mut self) {
        // The kill fails if the process has already ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
        if let Some(reader) = self.reader.take() {
            let _ = reader.join();
        }
        let is_expected = |line: &str| match self.expect {
            ExpectedLog::Quiet => false,
            ExpectedLog::Words(words) => line.contains(words),
            ExpectedLog::Trouble => true,
        };
        let is_warning = |line: &str| line.contains(" WARN ") || line.contains(" ERROR ");
        let warned: Vec<String> =
            self.log().into_iter().filter(|line| is_warning(line) && !is_expected(line)).collect();
        if !warned.is_empty() && !thread::panicking() {
            panic!("the gateway's log has unexpected warnings:\n{}", warned.join("\n"));
        }
    }
}
