//! What a peer may make us hold or do, in one place.

/// The bounds of one connection's HTTP/3 state.
///
/// The worst that a peer can make this layer hold is `field_section_bytes_max` for each request stream
/// that has not shown its whole head, and for a head once decoded about 2.6 times that (the block, and
/// its Huffman text of 8/5 the size); `uni_frame_bytes_max` for the connection; and 16 bytes for each of
/// `uni_pending_max` streams. Bodies are passed on as slices of what arrived and are bounded by QUIC's
/// flow control.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Limits {
    /// The largest field section, in bytes, both as it travels and as RFC 9114 section 4.2.2 counts it
    /// (name, value and 32 for each line). Default 8,192; announced in SETTINGS. A larger one is refused
    /// as [`ExcessiveLoad`](super::ErrorCode::ExcessiveLoad) on its stream; the loop may answer 431 instead.
    pub field_section_bytes_max: usize,
    /// The longest frame that the control stream holds until it is whole, in bytes. Default 1,024: a
    /// SETTINGS frame of browsers has less than 100, a priority update less than 50.
    pub uni_frame_bytes_max: usize,
    /// The most settings in one SETTINGS frame. Default 64: telling duplicates apart is quadratic.
    pub settings_max: usize,
    /// The most unidirectional streams whose type has not arrived. Default 8.
    pub uni_pending_max: usize,
    /// The most frames that bring nothing (unknown types, empty DATA; on the control and decoder streams
    /// any frame or instruction) on a request stream, or on the connection between two requests.
    /// Default 256: they are legitimate as padding, and each costs us without costing the peer.
    pub idle_frames_max: u32,
    /// The most bytes of unknown frames skipped in the same span. Default 65,536.
    pub skipped_bytes_max: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            field_section_bytes_max: 8_192,
            uni_frame_bytes_max: 1_024,
            settings_max: 64,
            uni_pending_max: 8,
            idle_frames_max: 256,
            skipped_bytes_max: 65_536,
        }
    }
}
