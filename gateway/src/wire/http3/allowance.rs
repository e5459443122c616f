//! The allowance for frames without effect. A peer may send padding and extensions, but RFC 9114 section
//! 10.5 lets a server close a connection that does little else.

use super::{ErrorCode, Fault, Limits};

/// The idle frames and skipped bytes that a peer may still send.
#[derive(Clone, Copy, Debug)]
pub(super) struct IdleAllowance {
    frames: u32,
    bytes: u64,
}

impl IdleAllowance {
    /// The full allowance of the limits.
    pub(super) fn new(limits: &Limits) -> Self {
        Self { frames: limits.idle_frames_max, bytes: limits.skipped_bytes_max }
    }

    /// Spends one frame and its skipped bytes.
    ///
    /// **Errors**: `ExcessiveLoad` of the connection once nothing is left.
    pub(super) fn spend(&mut self, skipped_bytes: u64) -> Result<(), Fault> {
        const SPENT: Fault = Fault::connection(ErrorCode::ExcessiveLoad, "too many idle frames");
        self.frames = self.frames.checked_sub(1).ok_or(SPENT)?;
        self.bytes = self.bytes.checked_sub(skipped_bytes).ok_or(SPENT)?;
        Ok(())
    }
}
