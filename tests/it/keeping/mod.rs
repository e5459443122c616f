//! Backups, restores, upgrades from an earlier version, and the tools for a journal.

mod backup;
mod journal_tools;
mod upgrade;
