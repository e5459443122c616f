//! Backups: `gateway backup` and `gateway restore`. The embedded stores belong to the process that has them
//! open. A running gateway therefore writes its own backup to a Unix socket in its data folder ([`control`]),
//! and the command makes a file of it ([`request`]). Without a running gateway the command opens the folder
//! itself. Either way `take` reads the stores. No stage of a scan waits for a backup.
//!
//! **Consistency**. `take` reads in this order:
//! 1. The journal's checkpoint. Segments that the batcher drains from now on are kept.
//! 2. The registry's rows at one moment. They include the fevers and arrivals of everything before the
//!    checkpoint. They come before the trails, so that an erasure is in the backup with its request.
//! 3. The trails' rows at one moment, which include everything before the checkpoint.
//! 4. The journal's durable end, which is the backup's mark.
//! 5. The journal's records from the checkpoint to the mark.
//!
//! The batcher of a restored gateway drains the records again, and a drain is idempotent.
//!
//! **Shape**, integers big-endian: magic (8), then frames: kind (1), length (4), payload, CRC-32 of all three
//! (4). A stream that ends before its manifest is cut off. The payloads by kind:
//! - 1: the head, JSON: version of the gateway, time, stores, fingerprint of the secret.
//! - 2: a piece of a file: length of its name (2), name, bytes. Consecutive pieces are one file.
//! - 3: records of the journal: sequence of the first (8), slots as in a segment.
//! - 4, 5: rows of the registry or the trails: length of the table's name (2), name, rows. A row has key
//!   length (4), value length (4), key, value.
//! - 6: the manifest, JSON, as the last frame: mark, checkpoint, and each part with its count and SHA-256.
//! - 7: the reason of a failure, as text. It is sent on the socket only, as the last frame.
//!
//! The deployment's secret is in no frame: without it the registry's sealed fields do not open.

mod archive;
mod contents;
pub mod control;
mod files;
mod frame;
pub mod last;
mod manifest;
mod output;
pub mod request;
pub mod restore;
mod sums;
mod take;
mod verify;

pub use manifest::{BackupHead, BackupManifest, PartSum, fingerprint};

#[cfg(test)]
mod tests;
