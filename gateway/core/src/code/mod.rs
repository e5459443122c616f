//! Codes: the content of QR codes and of the resident's header. A code is parsed first and proves nothing
//! until it is verified with the key of its kid and subject.
//!
//! **Shape** (integers big-endian, `mac` the first 16 bytes of HMAC-SHA256, the whole in base64url without
//! padding):
//!
//! | code | bytes | domain of the mac |
//! |---|---|---|
//! | [`PersonCode`] | `01` kid(1) person(8) step(4) mac(16) | `scangate person code` |
//! | [`ResidentToken`] | `02` kid(1) person(8) step(4) mac(16) | `scangate resident token` |
//! | [`PaperPass`] | `03` kid(1) person(8) not-after-day(4) mac(16) | `scangate paper pass` |
//! | [`PosterCode`] | `11` kid(1) venue(8) poster(2) mac(16) | `scangate poster code` |
//! | [`DoorCode`] | `12` kid(1) venue(8) door(2) step(4) mac(16) | `scangate door code` |
//! | [`VenueTicket`] | `13` kid(1) venue(8) door(2) step(4) mac(16) | `scangate venue ticket` |
//!
//! The mac covers the domain and all bytes before it, and that of a pass also the state of [`PassKey`]. A
//! code with any flipped bit is rejected, even in the unused bits of the last character.

use crate::id::{PersonId, VenueId};
use crate::keys::{DoorKey, Kid, PassKey, PersonKey, SealingKey, ServerKey};
use crate::limits;
use crate::time::{Step, Timestamp};
use aws_lc_rs::{constant_time, hmac};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

const MAC_BYTES: usize = 16;

/// The text is not a code of the expected kind. The error depends on no key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a code of this kind")]
pub struct CodeError;

/// The mac was not made with this key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the code is not sealed with this key")]
pub struct SealError;

/// A code's bytes with their mac at the end.
#[derive(Clone, Copy, Eq)]
struct Sealed<const N: usize>([u8; N]);

/// Compares in constant time, so a client learns nothing about another code's mac.
impl<const N: usize> PartialEq for Sealed<N> {
    fn eq(&self, other: &Self) -> bool {
        constant_time::verify_slices_are_equal(&self.0, &other.0).is_ok()
    }
}

impl<const N: usize> Sealed<N> {
    /// Reads exactly one spelling: no padding, no spare bits. **Cost**: no allocation.
    fn parse(text: &[u8], tag: u8) -> Result<Self, CodeError> {
        if text.len() > limits::CODE_CHARS_MAX {
            return Err(CodeError);
        }
        // The decoder needs a buffer of whole quanta of three bytes.
        let mut bytes = [0; limits::CODE_CHARS_MAX / 4 * 3];
        let length = URL_SAFE_NO_PAD.decode_slice(text, &mut bytes).map_err(|_| CodeError)?;
        let bytes: [u8; N] = bytes[..length].try_into().map_err(|_| CodeError)?;
        if bytes[0] == tag { Ok(Self(bytes)) } else { Err(CodeError) }
    }

    fn seal(mut bytes: [u8; N], domain: &str, key: &impl SealingKey) -> Self {
        let mac = Self::mac(&bytes, domain, key);
        bytes[N - MAC_BYTES..].copy_from_slice(&mac.as_ref()[..MAC_BYTES]);
        Self(bytes)
    }

    fn verify(&self, domain: &str, key: &impl SealingKey) -> Result<(), SealError> {
        let mac = Self::mac(&self.0, domain, key);
        constant_time::verify_slices_are_equal(&mac.as_ref()[..MAC_BYTES], &self.0[N - MAC_BYTES..])
            .map_err(|_| SealError)
    }

    fn mac(bytes: &[u8; N], domain: &str, key: &impl SealingKey) -> hmac::Tag {
        let mut context = hmac::Context::with_key(&key.hmac_key());
        context.update(domain.as_bytes());
        context.update(&bytes[..N - MAC_BYTES]);
        context.update(key.state());
        context.sign()
    }

    fn kid(&self) -> Kid {
        Kid(self.0[1])
    }

    fn subject(&self) -> u64 {
        u64::from_be_bytes(self.field(2))
    }

    fn field<const M: usize>(&self, from: usize) -> [u8; M] {
        let mut field = [0; M];
        field.copy_from_slice(&self.0[from..from + M]);
        field
    }

    fn text(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.0)
    }
}

macro_rules! code {
    (
        $(#[$doc:meta])* $name:ident, $tag:literal, $domain:literal, $key:ident, $bytes:literal,
        $subject:ident: $subject_type:ident $(, $field:ident: $inner:ident at $at:literal, $make:expr, $from:expr)*
    ) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq)]
        pub struct $name(Sealed<$bytes>);

        impl $name {
            /// Makes and seals a code.
            #[must_use]
            pub fn seal(kid: Kid, $subject: $subject_type $(, $field: $inner)*, key: &$key) -> Self {
                let mut bytes = [0; $bytes];
                bytes[0] = $tag;
                bytes[1] = kid.0;
                bytes[2..10].copy_from_slice(&$subject.0.to_be_bytes());
                $({
                    let field = $from($field).to_be_bytes();
                    bytes[$at..$at + field.len()].copy_from_slice(&field);
                })*
                Self(Sealed::seal(bytes, $domain, key))
            }

            /// Parses a code without verifying it.
            pub fn parse(text: &[u8]) -> Result<Self, CodeError> {
                Sealed::parse(text, $tag).map(Self)
            }

            /// Verifies the mac in constant time.
            pub fn verify(&self, key: &$key) -> Result<(), SealError> {
                self.0.verify($domain, key)
            }

            /// The kid that the code names.
            #[must_use]
            pub fn kid(&self) -> Kid {
                self.0.kid()
            }

            /// The subject that the code names.
            #[must_use]
            pub fn $subject(&self) -> $subject_type {
                $subject_type(self.0.subject())
            }

            $(
                /// The field of this name, unverified.
                #[must_use]
                pub fn $field(&self) -> $inner {
                    $make(self.0.field($at))
                }
            )*

            /// The code as text.
            #[must_use]
            pub fn text(&self) -> String {
                self.0.text()
            }
        }

        impl std::fmt::Debug for $name {
            fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                out.write_str(concat!(stringify!($name), "(…)"))
            }
        }
    };
}

code!(
    /// A person's code, shown as a QR code. It opens doors and reads nothing but its own answer.
    PersonCode, 0x01, "scangate person code", PersonKey, 30,
    person: PersonId, step: Step at 10, |field| Step(u32::from_be_bytes(field)), |step: Step| step.0
);
code!(
    /// A resident's token, which is never shown. It reads the resident's own data.
    ResidentToken, 0x02, "scangate resident token", PersonKey, 30,
    person: PersonId, step: Step at 10, |field| Step(u32::from_be_bytes(field)), |step: Step| step.0
);
code!(
    /// A printed pass for a person without a phone, valid to the end of its last day in the city.
    PaperPass, 0x03, "scangate paper pass", PassKey, 30,
    person: PersonId, not_after_day: u32 at 10, u32::from_be_bytes, |day: u32| day
);
code!(
    /// A printed poster at a venue.
    PosterCode, 0x11, "scangate poster code", ServerKey, 28,
    venue: VenueId, poster: u16 at 10, u16::from_be_bytes, |poster: u16| poster
);
code!(
    /// A code on a screen at a door. It changes with the step, so a scan proves presence.
    DoorCode, 0x12, "scangate door code", DoorKey, 32,
    venue: VenueId, door: u16 at 10, u16::from_be_bytes, |door: u16| door,
    step: Step at 12, |field| Step(u32::from_be_bytes(field)), |step: Step| step.0
);

code!(
    /// A ticket, which a page gets for the door's code that it was opened with. It keeps the venue while a
    /// person registers. Its step is that of its issue.
    VenueTicket, 0x13, "scangate venue ticket", ServerKey, 32,
    venue: VenueId, door: u16 at 10, u16::from_be_bytes, |door: u16| door,
    step: Step at 12, |field| Step(u32::from_be_bytes(field)), |step: Step| step.0
);

impl VenueTicket {
    /// The time at which it expires.
    #[must_use]
    pub fn expires(&self) -> Timestamp {
        Step(self.step().0.saturating_add(limits::TICKET_STEPS + 1)).start()
    }

    /// Whether it may be used at this time. Another gateway, whose clock is ahead, may have issued it.
    #[must_use]
    pub fn is_valid_at(&self, now: Timestamp) -> bool {
        let from = self.step().start().minus_ms(limits::AHEAD_MS_MAX);
        (from..self.expires()).contains(&now)
    }
}

impl PaperPass {
    /// Whether its last day is not over on this day of the city's calendar. **Units**: days since 1970.
    #[must_use]
    pub fn is_valid_on(&self, day: i32) -> bool {
        i64::from(day) <= i64::from(self.not_after_day())
    }
}

/// A venue's code of any kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VenueCode {
    /// A printed poster's code.
    Poster(PosterCode),
    /// A door screen's code.
    Door(DoorCode),
    /// A ticket that was issued for a door screen's code.
    Ticket(VenueTicket),
}

impl VenueCode {
    /// Parses a venue's code without verifying it.
    pub fn parse(text: &[u8]) -> Result<Self, CodeError> {
        PosterCode::parse(text)
            .map(Self::Poster)
            .or_else(|_| DoorCode::parse(text).map(Self::Door))
            .or_else(|_| VenueTicket::parse(text).map(Self::Ticket))
    }

    /// The venue that the code names.
    #[must_use]
    pub fn venue(&self) -> VenueId {
        match self {
            Self::Poster(code) => code.venue(),
            Self::Door(code) => code.venue(),
            Self::Ticket(ticket) => ticket.venue(),
        }
    }
}

#[cfg(test)]
mod tests;
