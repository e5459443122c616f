//! The disk under the journal. It is a trait, so that tests can lose power at every boundary. Except for
//! [`files`](super::files), the real disk is the only code of the journal that uses the file system.

use super::JournalError;
use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, FileExt as _, OpenOptionsExt as _};
use std::path::PathBuf;
use std::sync::Arc;

/// A folder of files that the journal names.
pub trait Disk: Send + Sync + 'static {
    /// The names of all files.
    fn list(&self) -> io::Result<Vec<String>>;
    /// Opens a file that exists.
    fn open(&self, name: &str) -> io::Result<Arc<dyn DiskFile>>;
    /// Makes an empty file, or truncates one that exists.
    fn create(&self, name: &str) -> io::Result<Arc<dyn DiskFile>>;
    /// Renames a file, replacing any file of the new name.
    fn rename(&self, from: &str, to: &str) -> io::Result<()>;
    /// Removes a file.
    fn remove(&self, name: &str) -> io::Result<()>;
    /// Makes names durable: every earlier creation, rename and removal survives power loss once this returns.
    fn sync_folder(&self) -> io::Result<()>;
}

/// A file. Its content survives power loss only after [`DiskFile::sync_data`].
pub trait DiskFile: Send + Sync {
    /// Writes all bytes at an offset.
    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<()>;
    /// Fills the buffer from an offset. Reading beyond the end is an error.
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<()>;
    /// Makes the content and the length durable.
    fn sync_data(&self) -> io::Result<()>;
    /// The length of the file. **Units**: bytes.
    fn size(&self) -> io::Result<u64>;
}

/// The modes of the folder and its files: only their owner reads who was where.
const FOLDER_MODE: u32 = 0o700;
const FILE_MODE: u32 = 0o600;

/// A folder of the file system, locked while this lives.
pub struct RealDisk {
    folder: PathBuf,
    _lock: File,
}

impl RealDisk {
    /// Makes the folder where it does not exist, and locks it.
    pub fn open(folder: PathBuf) -> Result<Self, JournalError> {
        DirBuilder::new().recursive(true).mode(FOLDER_MODE).create(&folder)?;
        let mut options = OpenOptions::new();
        let lock = options.write(true).create(true).truncate(true).mode(FILE_MODE);
        let lock = lock.open(folder.join("lock"))?;
        match lock.try_lock() {
            Ok(()) => Ok(Self { folder, _lock: lock }),
            Err(TryLockError::WouldBlock) => {
                Err(JournalError::Locked { folder: folder.display().to_string() })
            }
            Err(TryLockError::Error(error)) => Err(error.into()),
        }
    }
}

impl Disk for RealDisk {
    fn list(&self) -> io::Result<Vec<String>> {
        let names = fs::read_dir(&self.folder)?.map(|entry| Ok(entry?.file_name().into_string().ok()));
        names.filter_map(Result::transpose).collect()
    }

    fn open(&self, name: &str) -> io::Result<Arc<dyn DiskFile>> {
        let file = OpenOptions::new().read(true).write(true).open(self.folder.join(name))?;
        Ok(Arc::new(file))
    }

    fn create(&self, name: &str) -> io::Result<Arc<dyn DiskFile>> {
        let mut options = OpenOptions::new();
        let options = options.read(true).write(true).create(true).truncate(true).mode(FILE_MODE);
        Ok(Arc::new(options.open(self.folder.join(name))?))
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        fs::rename(self.folder.join(from), self.folder.join(to))
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        fs::remove_file(self.folder.join(name))
    }

    fn sync_folder(&self) -> io::Result<()> {
        File::open(&self.folder)?.sync_all()
    }
}

impl DiskFile for File {
    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        self.write_all_at(bytes, offset)
    }

    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<()> {
        self.read_exact_at(buffer, offset)
    }

    fn sync_data(&self) -> io::Result<()> {
        File::sync_data(self)
    }

    fn size(&self) -> io::Result<u64> {
        Ok(self.metadata()?.len())
    }
}
