//! How much a peer may still send that brings nothing. Padding and extensions are its right, and
//! RFC 9114 section 10.5 lets us end a connection that does little else.

use super::{ErrorCode, Fault, Limits};

/// What is left of the frames and bytes that may bring nothing.
#[derive(Clone, Copy, Debug)]
pub(super) struct IdleAllowance {
    frames: u32,
    bytes: u64,
}

impl IdleAllowance {
    /// Allows what the limits allow.
    pub(super) fn new(limits: &Limits) -> Self {
        Self { frames: limits.idle_frames_max, bytes: limits.skipped_bytes_max }
    }

    /// Takes one frame with so many bytes to skip off it.
    ///
    /// Errors: `ExcessiveLoad` of the connection once nothing is left.
    pub(super) fn spend(&mut self, skipped_bytes: u64) -> Result<(), Fault> {
        const SPENT: Fault =
            Fault::connection(ErrorCode::ExcessiveLoad, "too many frames that bring nothing");
        self.frames = self.frames.checked_sub(1).ok_or(SPENT)?;
        self.bytes = self.bytes.checked_sub(skipped_bytes).ok_or(SPENT)?;
        Ok(())
    }
}
