//! The socket in the data folder, at which a running gateway writes its backup. Only the gateway's own user
//! and root can connect. The admin listener would not do: it has no login, and a backup is the whole city.

use super::frame::{self, ArchiveFrameKind};
use super::manifest::BackupHead;
use super::take::{BackupSource, take};
use crate::clock;
use crate::serve::life::phase::Phase;
use anyhow::{Context as _, ensure};
use scangate_core::text::OneLine;
use scangate_storage::journal::Journal;
use scangate_storage::registry::Registry;
use scangate_storage::trail::TrailStore;
use std::fs::{self, File, Permissions};
use std::io::{self, BufWriter, ErrorKind, Read as _, Write};
use std::os::fd::AsRawFd as _;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};
use tokio::net::UnixListener;
use tokio::sync::watch;

/// The name of the socket.
pub const CONTROL_SOCKET: &str = "control.sock";
/// The request: what to do, and the version of the answer.
const REQUEST: &[u8] = b"backup 1\n";
/// Time limit of a peer for its request.
const REQUEST_MAX: Duration = Duration::from_secs(5);
/// Time limit of a peer that reads nothing. While it lasts, no other backup can begin.
const STALL_MAX: Duration = Duration::from_secs(30);
/// The interval at which a blocked write looks for the end of the gateway.
const WRITE_TICK: Duration = Duration::from_millis(100);
/// Time limit of the command for the gateway's next bytes.
const ANSWER_MAX: Duration = Duration::from_secs(60);
/// The size of a write to the socket. **Units**: bytes.
const WRITE_BYTES: usize = 1 << 16;
/// The pause after a failed accept, which means that descriptors have run out.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// The parts of a running gateway that its backup reads.
pub struct BackupDesk {
    /// The data folder.
    pub data: PathBuf,
    /// The stores, as the head of a backup names them.
    pub store: String,
    /// The fingerprint of the secret.
    pub secret: String,
    /// The registry.
    pub registry: Registry,
    /// The trails.
    pub trails: Arc<dyn TrailStore>,
    /// The journal.
    pub journal: Arc<Journal>,
    /// The gateway's phase: a backup ends when it stops serving.
    pub phase: watch::Receiver<Phase>,
}

/// The listening socket. Its file is removed when this is dropped.
pub struct ControlSocket {
    listener: UnixListener,
    path: PathBuf,
}

impl Drop for ControlSocket {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.path);
    }
}

/// Listens in a data folder, whose lock the caller holds: a socket that exists was left by a crash.
pub fn listen(data: &Path) -> io::Result<ControlSocket> {
    let path = data.join(CONTROL_SOCKET);
    match fs::remove_file(&path) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
        Ok(()) | Err(_) => {}
    }
    let folder = File::open(data)?;
    let listener = UnixListener::bind(short_path(&folder))?;
    fs::set_permissions(&path, Permissions::from_mode(0o600))?;
    Ok(ControlSocket { listener, path })
}

/// Serves backups, one at a time.
pub async fn serve(socket: ControlSocket, desk: BackupDesk) {
    let (desk, is_busy) = (Arc::new(desk), Arc::new(AtomicBool::new(false)));
    loop {
        let peer = match socket.listener.accept().await {
            Ok((peer, _)) => peer,
            Err(error) => {
                tracing::debug!(event = "control-refused", %error, "the control socket accepted nothing");
                tokio::time::sleep(ACCEPT_PAUSE).await;
                continue;
            }
        };
        if is_busy.swap(true, Ordering::AcqRel) {
            let mut refusal = Vec::new();
            let _ = frame::write_magic(&mut refusal);
            let _ =
                frame::write(&mut refusal, ArchiveFrameKind::Failure, b"it writes another backup already");
            // The buffer of a new connection has room for this.
            let _ = peer.try_write(&refusal);
            continue;
        }
        let place = BusyPlace(Arc::clone(&is_busy));
        let (desk, peer) = (Arc::clone(&desk), peer.into_std());
        let spawned = thread::Builder::new().name("backup".into()).spawn(move || {
            let written = match &peer {
                Ok(peer) => desk.write(peer),
                Err(error) => Err(anyhow::anyhow!("the peer: {error}")),
            };
            match written {
                Ok(mark) => tracing::info!(event = "backup-written", mark, "a backup was written"),
                Err(error) => tracing::warn!(event = "backup-failed", error = %OneLine(error.as_ref()), "a backup was not written"),
            }
            // The place is free before the peer sees the end, so that it may ask again.
            drop(place);
            drop(peer);
        });
        if let Err(error) = spawned {
            tracing::warn!(event = "backup-failed", %error, "no thread for a backup");
        }
    }
}

/// The only place for a backup, while this lives.
struct BusyPlace(Arc<AtomicBool>);

impl Drop for BusyPlace {
    fn drop(&mut self) {
        self.0.store(false, Ordering::Release);
    }
}

impl BackupDesk {
    /// Writes a backup to a peer that asks for one. Returns its mark.
    fn write(&self, mut peer: &UnixStream) -> anyhow::Result<u64> {
        peer.set_nonblocking(false)?;
        peer.set_read_timeout(Some(REQUEST_MAX))?;
        peer.set_write_timeout(Some(WRITE_TICK))?;
        let mut request = [0; REQUEST.len()];
        peer.read_exact(&mut request).context("the request")?;
        ensure!(request == REQUEST, "the request is of another version");
        let head = BackupHead::new(self.store.clone(), self.secret.clone(), clock::now());
        let source = BackupSource {
            data: &self.data,
            registry: Some(&self.registry),
            trails: Some(&*self.trails),
            journal: Some(&self.journal),
        };
        let out = PeerWriter { peer, phase: &self.phase };
        let mut out = BufWriter::with_capacity(WRITE_BYTES, out);
        frame::write_magic(&mut out)?;
        match take(&source, &head, &mut out) {
            Ok((manifest, _)) => Ok(manifest.mark),
            Err(error) => {
                // The peer may be the reason, and gone.
                let _ = frame::write(
                    &mut out,
                    ArchiveFrameKind::Failure,
                    OneLine(error.as_ref()).to_string().as_bytes(),
                );
                let _ = out.flush();
                Err(error)
            }
        }
    }
}

/// A peer that must keep reading, of a gateway that must keep serving.
struct PeerWriter<'a> {
    peer: &'a UnixStream,
    phase: &'a watch::Receiver<Phase>,
}

impl Write for PeerWriter<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let until = Instant::now() + STALL_MAX;
        loop {
            if *self.phase.borrow() != Phase::Serving {
                return Err(io::Error::other("the gateway stops"));
            }
            match self.peer.write(bytes) {
                Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                    if Instant::now() >= until {
                        return Err(io::Error::other(format!("the peer read nothing for {STALL_MAX:?}")));
                    }
                }
                written => return written,
            }
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Asks the gateway that runs on a data folder for a backup, which the stream then holds. `None` if no
/// gateway listens there.
pub(super) fn ask(data: &Path) -> anyhow::Result<Option<UnixStream>> {
    let folder = File::open(data).with_context(|| data.display().to_string())?;
    let stream = match UnixStream::connect(short_path(&folder)) {
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::ConnectionRefused) => {
            return Ok(None);
        }
        connected => connected.with_context(|| data.join(CONTROL_SOCKET).display().to_string())?,
    };
    stream.set_read_timeout(Some(ANSWER_MAX))?;
    stream.set_write_timeout(Some(REQUEST_MAX))?;
    request(&stream)?;
    Ok(Some(stream))
}

/// Writes the request. A gateway that writes another backup refuses before it has read this, and closes: its
/// answer is there to be read.
pub(super) fn request(mut stream: &UnixStream) -> anyhow::Result<()> {
    match stream.write_all(REQUEST) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        written => written.context("asking the gateway"),
    }
}

/// A path to the socket of an open folder that fits into a socket's address, however long the folder's own
/// path is.
fn short_path(folder: &File) -> PathBuf {
    PathBuf::from(format!("/proc/self/fd/{}/{CONTROL_SOCKET}", folder.as_raw_fd()))
}
