//! Messages to a service manager, and answers to health checks.

use anyhow::{Context as _, bail};
use nix::sys::ptrace;
use nix::sys::wait::{WaitPidFlag, waitpid};
use nix::unistd::Pid;
use scangate_tests::{ExpectedLog, Gateway, eventually};
use std::fs;
use std::os::unix::net::UnixDatagram;
use std::sync::Arc;
use std::time::Duration;

/// The longest wait for a message of the gateway.
const MESSAGE_MAX: Duration = Duration::from_secs(20);

/// A service manager's end of the notification protocol.
struct ServiceManager(UnixDatagram);

impl ServiceManager {
    /// The next message that has this line.
    fn next(&self, line: &str) -> anyhow::Result<String> {
        let mut buffer = [0; 4_096];
        loop {
            let length = self.0.recv(&mut buffer).with_context(|| format!("no message with {line}"))?;
            let message = String::from_utf8(buffer[..length].to_vec())?;
            if message.lines().any(|own| own == line) {
                return Ok(message);
            }
        }
    }
}

fn supervised(watchdog: &str) -> anyhow::Result<(ServiceManager, Gateway)> {
    let folder = Arc::new(tempfile::tempdir()?);
    let socket = folder.path().join("notify");
    let manager = UnixDatagram::bind(&socket)?;
    manager.set_read_timeout(Some(MESSAGE_MAX))?;
    let environment = [("NOTIFY_SOCKET", socket.as_path()), ("WATCHDOG_USEC", watchdog.as_ref())];
    let gateway = Gateway::start_among(&environment, folder, &["--workers", "2"], ExpectedLog::Trouble)?;
    Ok((ServiceManager(manager), gateway))
}

#[test]
fn systemd_learns_of_the_start_a_reload_and_the_end() -> anyhow::Result<()> {
    let (manager, gateway) = supervised("60000000")?;
    let started = manager.next("READY=1")?;
    assert!(started.contains(&format!("STATUS=serves {}", gateway.listen)), "{started}");
    manager.next("WATCHDOG=1")?;
    gateway.hang_up()?;
    assert!(manager.next("RELOADING=1")?.contains("MONOTONIC_USEC="));
    assert!(manager.next("READY=1")?.contains("STATUS=the configuration was reloaded"));
    assert!(gateway.stop()?.success());
    manager.next("STOPPING=1").map(drop)
}

/// A thread that the system does not run until this is dropped.
pub(crate) struct HeldThread(Pid);

impl HeldThread {
    /// Holds a thread.
    pub(crate) fn hold(thread: Pid) -> anyhow::Result<Self> {
        ptrace::seize(thread, ptrace::Options::empty())?;
        ptrace::interrupt(thread)?;
        waitpid(thread, Some(WaitPidFlag::__WALL))?;
        Ok(Self(thread))
    }
}

impl Drop for HeldThread {
    fn drop(&mut self) {
        let _ = ptrace::detach(self.0, None);
    }
}

/// The thread of a process that has this name.
pub(crate) fn thread_named(process: u32, name: &str) -> anyhow::Result<Pid> {
    for entry in fs::read_dir(format!("/proc/{process}/task"))? {
        let entry = entry?;
        if fs::read_to_string(entry.path().join("comm"))?.trim() == name {
            let number = entry.file_name().into_string().ok().and_then(|text| text.parse().ok());
            return number.map(Pid::from_raw).context("a thread has a number");
        }
    }
    bail!("there is no thread {name}")
}

#[tokio::test]
async fn the_watchdog_is_fed_only_while_every_worker_runs() -> anyhow::Result<()> {
    let (manager, gateway) = supervised("4000000")?;
    manager.next("WATCHDOG=1")?;
    let held = HeldThread::hold(thread_named(gateway.process(), "worker-1")?)?;
    let age = async || gateway.metric("scangate_worker_heartbeat_age_seconds", "worker=\"1\"");
    // The worker counts as stuck after half of the watchdog's four seconds.
    eventually(age, |&age| age >= 3.0).await?;
    manager.0.set_nonblocking(true)?;
    while manager.0.recv(&mut [0; 4_096]).is_ok() {}
    eventually(age, |&age| age >= 6.0).await?;
    assert!(manager.0.recv(&mut [0; 4_096]).is_err(), "a stuck worker's gateway feeds the watchdog");
    assert!(gateway.metric("scangate_worker_heartbeat_age_seconds", "worker=\"0\"")? < 3.0);
    assert!(gateway.log().iter().any(|line| line.contains("a worker is stuck")));
    drop(held);
    manager.0.set_nonblocking(false)?;
    manager.next("WATCHDOG=1")?;
    Ok(())
}

#[test]
fn a_health_check_asks_the_gateway_itself() -> anyhow::Result<()> {
    let gateway = Gateway::start(&[])?;
    let admin = gateway.admin.to_string();
    let ready = Gateway::run(&["ready", "--admin", &admin])?;
    let text = String::from_utf8(ready.stdout)?;
    assert!(ready.status.success() && text.ends_with("\nready\n"), "{text}");
    gateway.stop()?;
    let gone = Gateway::run(&["ready", "--admin", &admin])?;
    let text = String::from_utf8(gone.stderr)?;
    assert_eq!(gone.status.code(), Some(1));
    assert!(text.starts_with(&format!("gateway: the gateway at {admin}: ")), "{text}");
    Ok(())
}
