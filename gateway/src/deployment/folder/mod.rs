//! The data folder as a whole: whether it may serve, in which format it is, and who can read it.

mod end_marker;
mod format;
mod owner_only;
mod restore_marker;
mod whole;

pub(crate) use end_marker::read_end_marker;
pub use end_marker::{ENDED_MARKER, ensure_not_ended};
pub(crate) use format::FORMAT_FILE;
pub use format::FolderFormat;
pub(crate) use owner_only::close_to_others;
pub use owner_only::{count_open_to_others, create_for_owner_only};
pub(crate) use restore_marker::RESTORE_MARKER;
pub use restore_marker::ensure_restored;
pub use whole::ensure_whole;
pub(crate) use whole::{StartFolder, has_served};
