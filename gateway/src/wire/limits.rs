//! Bounds on a request's head. They are the same for all HTTP versions.

/// The largest head, in bytes as RFC 9113 section 6.5.2 and RFC 9114 section 4.2.2 count them: name, value
/// and 32 for each line.
pub const HEAD_BYTES_MAX: usize = 16 * 1024;
/// The most lines that a head within [`HEAD_BYTES_MAX`] can have, rounded up.
pub const HEAD_LINES_MAX: usize = HEAD_BYTES_MAX / 32;
