//! Backups, restores, and the tools for a journal.

mod backup;
mod journal_tools;
