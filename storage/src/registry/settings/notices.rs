//! The authority's notices: one list, newest first, in a setting. Each change replaces the whole list, so
//! its bound holds whichever gateways change it at the same time.

use super::super::changes::Change;
use super::super::rows::RegistryTable;
use super::super::{Registry, Result, pack, unpack};
use scangate_core::id::NoticeId;
use scangate_core::limits::NOTICES_MAX;
use scangate_core::notice::Notice;
use scangate_core::time::Timestamp;

/// The name of the setting that holds the list.
const NOTICES: &str = "notices";

/// The list has as many notices in force as it may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the list of notices is full")]
pub struct NoticesFull;

impl Registry {
    /// An id for a new notice.
    pub fn make_notice_id(&self) -> Result<NoticeId> {
        self.make_id().map(NoticeId)
    }

    /// The notices, newest first, with those that have ended since the last change.
    pub fn notices(&self) -> Result<Vec<Notice>> {
        Ok(self.notices_with_row()?.0)
    }

    fn notices_with_row(&self) -> Result<(Vec<Notice>, Option<Vec<u8>>)> {
        let row = self.setting(NOTICES)?;
        let notices = row.as_deref().map(|row| unpack(RegistryTable::Settings, row)).transpose()?;
        Ok((notices.unwrap_or_default(), row))
    }

    /// Publishes a notice, announces it to the other gateways, and drops notices that have ended. A repeated
    /// id returns the notice that has it.
    pub fn add_notice(&self, notice: Notice) -> Result<std::result::Result<Notice, NoticesFull>> {
        loop {
            let (mut notices, row) = self.notices_with_row()?;
            if let Some(known) = notices.iter().find(|known| known.id == notice.id) {
                return Ok(Ok(known.clone()));
            }
            notices.retain(|known| known.is_in_force(notice.at));
            if notices.len() >= NOTICES_MAX {
                return Ok(Err(NoticesFull));
            }
            notices.insert(0, notice.clone());
            if self.swap_notices(row.as_deref(), &notices)? {
                return Ok(Ok(notice));
            }
        }
    }

    /// Ends a notice that is in force, and announces its end. Returns whether there was one.
    pub fn end_notice(&self, id: NoticeId, now: Timestamp) -> Result<bool> {
        loop {
            let (mut notices, row) = self.notices_with_row()?;
            notices.retain(|notice| notice.is_in_force(now));
            let Some(ended) = notices.iter().position(|notice| notice.id == id) else { return Ok(false) };
            notices.remove(ended);
            if self.swap_notices(row.as_deref(), &notices)? {
                return Ok(true);
            }
        }
    }

    fn swap_notices(&self, from: Option<&[u8]>, to: &[Notice]) -> Result<bool> {
        self.announcing(&[Change::Notices], || self.swap_setting(NOTICES, from, &pack(&to)))
    }
}
