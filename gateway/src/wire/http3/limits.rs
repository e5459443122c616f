//! Bounds on the memory and work that a peer can cause, in one place.

use crate::wire::limits::HEAD_BYTES_MAX;

/// The bounds of one connection's HTTP/3 state.
///
/// The most that a peer can make this layer hold is `field_section_bytes_max` for each request stream
/// without its whole head. A decoded head has about 2.6 times that: the block, and its Huffman text of
/// 8/5 the size. The connection has `uni_frame_bytes_max`, and 16 bytes for each of `uni_pending_max`
/// streams. Bodies are slices of the received chunks, bounded by QUIC's flow control.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Limits {
    /// The largest field section, in bytes, both as it travels and as RFC 9114 section 4.2.2 counts
    /// it (name, value and 32 for each line). Default [`HEAD_BYTES_MAX`]; announced in SETTINGS. A larger
    /// one is answered with 431.
    pub field_section_bytes_max: usize,
    /// The longest frame that the control stream holds until it is whole, in bytes. Default 1,024: a
    /// SETTINGS frame of browsers has less than 100, a priority update less than 50.
    pub uni_frame_bytes_max: usize,
    /// The most settings in one SETTINGS frame. Default 64: the search for duplicates is quadratic.
    pub settings_max: usize,
    /// The most unidirectional streams whose type has not arrived. Default 8.
    pub uni_pending_max: usize,
    /// The most idle frames on a request stream, or on the connection between two requests. Idle
    /// frames are unknown types, empty DATA, and any frame or instruction on the control and QPACK
    /// streams. Default 256: they are legitimate as padding, and cost the server more than the peer.
    pub idle_frames_max: u32,
    /// The most skipped bytes of unknown frames in the same span. Default 65,536.
    pub skipped_bytes_max: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            field_section_bytes_max: HEAD_BYTES_MAX,
            uni_frame_bytes_max: 1_024,
            settings_max: 64,
            uni_pending_max: 8,
            idle_frames_max: 256,
            skipped_bytes_max: 65_536,
        }
    }
}
