//! The SETTINGS frames of both sides. **Source**: RFC 9114 section 7.2.4, RFC 9204 section 5.

use bytes::{BufMut, BytesMut};

use super::{ErrorCode, Fault, Limits, varint};

const QPACK_MAX_TABLE_CAPACITY: u64 = 0x01;
const MAX_FIELD_SECTION_SIZE: u64 = 0x06;
const QPACK_BLOCKED_STREAMS: u64 = 0x07;
/// RFC 9114 section 7.2.4.1: "Endpoints SHOULD include at least one such setting" of the form
/// 0x1f * N + 0x21, so that peers stay used to skipping them.
const GREASE: u64 = 0x1f * 0x65 + 0x21;

/// The peer's settings that matter to a server without a dynamic table.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub(super) struct Settings {
    /// The largest field section that the peer accepts, in bytes as RFC 9114 section 4.2.2 counts them.
    pub(super) field_section_bytes_max: Option<u64>,
}

/// Appends this server's SETTINGS frame.
pub(super) fn write(out: &mut BytesMut, limits: &Limits) {
    let mut payload = BytesMut::new();
    for (id, value) in [
        (QPACK_MAX_TABLE_CAPACITY, 0),
        (QPACK_BLOCKED_STREAMS, 0),
        (MAX_FIELD_SECTION_SIZE, limits.field_section_bytes_max as u64),
        (GREASE, 0),
    ] {
        varint::write(&mut payload, id);
        varint::write(&mut payload, value);
    }
    varint::write(out, 0x04);
    varint::write(out, payload.len() as u64);
    out.put_slice(&payload);
}

/// Reads the payload of the peer's SETTINGS.
///
/// **Errors**, all of the connection: `FrameError` if it ends within a setting, `SettingsError` for a
/// setting of HTTP/2 or a duplicate, `ExcessiveLoad` for too many.
pub(super) fn read(payload: &[u8], limits: &Limits) -> Result<Settings, Fault> {
    let mut settings = Settings::default();
    let mut seen = Vec::new();
    let mut rest = payload;
    while !rest.is_empty() {
        let id = take(&mut rest)?;
        let value = take(&mut rest)?;
        if seen.len() == limits.settings_max {
            return Err(Fault::connection(ErrorCode::ExcessiveLoad, "too many settings"));
        }
        // RFC 9114 section 7.2.4: "The same setting identifier MUST NOT occur more than once".
        if seen.contains(&id) {
            return Err(Fault::connection(ErrorCode::SettingsError, "a setting given twice"));
        }
        seen.push(id);
        match id {
            // RFC 9114 section 7.2.4.1: settings of HTTP/2 without a counterpart "MUST NOT be sent, and
            // their receipt MUST be treated as a connection error of type H3_SETTINGS_ERROR"; section
            // 11.2.2 has the list.
            0x00 | 0x02..=0x05 => {
                return Err(Fault::connection(ErrorCode::SettingsError, "a setting of HTTP/2"));
            }
            MAX_FIELD_SECTION_SIZE => settings.field_section_bytes_max = Some(value),
            _ => {}
        }
    }
    Ok(settings)
}

fn take(rest: &mut &[u8]) -> Result<u64, Fault> {
    // RFC 9114 section 7.1: a payload "that terminates before the end of the identified fields".
    let (value, size) = varint::parse(rest)
        .ok_or(Fault::connection(ErrorCode::FrameError, "SETTINGS ends within a setting"))?;
    *rest = &rest[size..];
    Ok(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_of_use_is_kept_and_what_is_unknown_skipped() {
        let limits = Limits::default();
        assert_eq!(read(&[], &limits), Ok(Settings::default()));
        let known = Settings { field_section_bytes_max: Some(0x1000) };
        assert_eq!(read(&[0x01, 0x00, 0x21, 0x05, 0x06, 0x50, 0x00, 0x33, 0x01], &limits), Ok(known));
    }

    #[test]
    fn our_own_can_be_read() {
        let limits = Limits::default();
        let mut out = BytesMut::new();
        write(&mut out, &limits);
        assert_eq!(out[0], 0x04);
        assert_eq!(usize::from(out[1]), out.len() - 2);
        let own = Settings { field_section_bytes_max: Some(16_384) };
        assert_eq!(read(&out[2..], &limits), Ok(own));
    }
}
