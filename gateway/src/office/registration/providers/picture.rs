//! A picture of a face on its way from a phone to the provider. Only its first bytes are checked, and it is
//! never stored.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use std::fmt;

const JPEG: &[u8] = b"\xff\xd8\xff";
const PNG: &[u8] = b"\x89PNG\r\n\x1a\n";

/// A JPEG or PNG, in the base64 of the request. `Debug` is redacted.
pub struct Picture(String);

/// Why a text is not a picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PictureError {
    /// Not base64 (RFC 4648, with its padding).
    #[error("face must be a JPEG or PNG in base64, with its padding")]
    Base64,
    /// Neither a JPEG nor a PNG by its first bytes.
    #[error("face is neither a JPEG nor a PNG")]
    Kind,
}

impl Picture {
    /// Parses a base64 text.
    pub fn parse(base64: String) -> Result<Self, PictureError> {
        let bytes = STANDARD.decode(&base64).map_err(|_| PictureError::Base64)?;
        let is_picture = bytes.starts_with(JPEG) || bytes.starts_with(PNG);
        if is_picture { Ok(Self(base64)) } else { Err(PictureError::Kind) }
    }

    /// The base64 text.
    pub(super) fn base64(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Picture {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Picture(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pictures_are_recognised_by_their_first_bytes() {
        for (bytes, wrong) in [
            (b"\xff\xd8\xff\xe0".as_slice(), None),
            (b"\x89PNG\r\n\x1a\n....", None),
            (b"\x89PNG", Some(PictureError::Kind)),
            (b"GIF89a", Some(PictureError::Kind)),
            (b"", Some(PictureError::Kind)),
        ] {
            assert_eq!(Picture::parse(STANDARD.encode(bytes)).err(), wrong, "{bytes:?}");
        }
        for text in ["/9j/4", "data:image/png;base64,iVBORw0KGgo=", "!"] {
            assert_eq!(Picture::parse(text.into()).err(), Some(PictureError::Base64), "{text}");
        }
    }
}
