//! The modes of the data folder: whatever the umask and whatever an earlier version left, only the owner
//! reads it.

use nix::sys::stat::{Mode, umask};
use scangate_tests::{ExpectedLog, Gateway, TestTown};
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

/// The permission bits of group and others.
const OTHERS: u32 = 0o077;

/// Every path below a folder, itself included, with its mode.
fn modes(folder: &Path) -> anyhow::Result<Vec<(PathBuf, u32)>> {
    let mut found = vec![(folder.to_owned(), fs::metadata(folder)?.permissions().mode())];
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            found.extend(modes(&path)?);
        } else {
            found.push((path.clone(), fs::metadata(&path)?.permissions().mode()));
        }
    }
    Ok(found)
}

/// Fails if group or others may do anything with an entry of the folder.
fn assert_closed(folder: &Path) -> anyhow::Result<()> {
    let modes = modes(folder)?;
    for part in ["journal", "registry", "trails", "certificate.pem", "secret", "authority.token"] {
        assert!(modes.iter().any(|(path, _)| path.ends_with(part)), "{part} is not there");
    }
    let open = modes.iter().filter(|(_, mode)| mode & OTHERS != 0);
    let open: Vec<_> = open.map(|(path, mode)| format!("{mode:o} {}", path.display())).collect();
    assert!(open.is_empty(), "{}", open.join("\n"));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn only_its_owner_reads_the_data_folder() -> anyhow::Result<()> {
    // The usual one, under which new files are readable by everybody.
    umask(Mode::from_bits_truncate(0o022));
    let mut town = TestTown::found(3).await?;
    for resident in 0..3 {
        town.check_in(resident, 0).await?;
    }
    town.gateway.token("tracer", "Zhang", None)?;
    let folder = town.gateway.folder();
    let TestTown { gateway, .. } = town;
    assert_closed(folder.path())?;
    assert!(gateway.stop()?.success());
    assert_closed(folder.path())?;

    for (path, mode) in modes(folder.path())? {
        let open = if path.is_dir() { mode | 0o055 } else { mode | 0o044 };
        fs::set_permissions(&path, Permissions::from_mode(open))?;
    }
    let gateway = Gateway::start_in(folder.clone(), &[], ExpectedLog::Quiet)?;
    assert!(gateway.log().iter().any(|line| line.contains("could read the data folder")));
    assert_closed(folder.path())?;
    Ok(())
}
