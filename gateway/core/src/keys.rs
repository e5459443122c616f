//! Keys, all derived from the deployment's one secret. Each kid has a master key, from which follow a key for
//! each person, one for each door and the server's own. The gateway's keyring decides which kids are in use.

use crate::id::{PersonId, VenueId};
use aws_lc_rs::hmac;
use std::fmt;

/// Length of every key.
pub const KEY_BYTES: usize = 32;
/// The minimum length of a deployment's secret.
pub const SECRET_BYTES_MIN: usize = 32;

/// The number of a master key, from 1; every code carries it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Kid(pub u8);

/// The secret is shorter than [`SECRET_BYTES_MIN`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the deployment's secret must be at least {SECRET_BYTES_MIN} random bytes")]
pub struct SecretTooShort;

/// The deployment's secret, shared by the gateways of a city.
#[derive(Clone)]
pub struct Secret(hmac::Key);

impl Secret {
    /// The secret of a secret file's bytes.
    pub fn new(bytes: &[u8]) -> Result<Self, SecretTooShort> {
        if bytes.len() < SECRET_BYTES_MIN {
            return Err(SecretTooShort);
        }
        Ok(Self(hmac::Key::new(hmac::HMAC_SHA256, bytes)))
    }

    /// The master key of a kid: HMAC-SHA256(secret, "scangate master key" ‖ kid).
    #[must_use]
    pub fn master(&self, kid: Kid) -> MasterKey {
        MasterKey(derive(&self.0, b"scangate master key", &[kid.0]).key())
    }

    /// A key for one purpose of the gateway's own, such as its tokens or its QUIC resets:
    /// HMAC-SHA256(secret, "scangate purpose" ‖ purpose).
    #[must_use]
    pub fn purpose(&self, purpose: &str) -> Key {
        derive(&self.0, b"scangate purpose", purpose.as_bytes())
    }
}

/// A derived key. `Debug` is redacted.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Key(pub [u8; KEY_BYTES]);

impl Key {
    fn key(&self) -> hmac::Key {
        hmac::Key::new(hmac::HMAC_SHA256, &self.0)
    }
}

/// A kid's master key.
#[derive(Clone)]
pub struct MasterKey(hmac::Key);

impl MasterKey {
    /// A person's key: HMAC-SHA256(master, "scangate person key" ‖ person).
    #[must_use]
    pub fn person(&self, person: PersonId) -> PersonKey {
        PersonKey(derive(&self.0, b"scangate person key", &person.0.to_be_bytes()))
    }

    /// A door screen's key: HMAC-SHA256(master, "scangate door key" ‖ venue ‖ door).
    #[must_use]
    pub fn door(&self, venue: VenueId, door: u16) -> DoorKey {
        let mut named = [0; 10];
        named[..8].copy_from_slice(&venue.0.to_be_bytes());
        named[8..].copy_from_slice(&door.to_be_bytes());
        DoorKey(derive(&self.0, b"scangate door key", &named))
    }

    /// The server's own key, for posters and paper passes: HMAC-SHA256(master, "scangate server key").
    #[must_use]
    pub fn server(&self) -> ServerKey {
        ServerKey(derive(&self.0, b"scangate server key", b"").key())
    }
}

/// A person's key, which registration sends to the phone once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PersonKey(pub Key);

/// A door screen's key, which the screen holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DoorKey(pub Key);

/// The server's own key of a kid, which never leaves the server.
#[derive(Clone)]
pub struct ServerKey(hmac::Key);

impl PersonKey {
    /// The key's bytes, which registration sends to the person's phone only.
    #[must_use]
    pub fn bytes(&self) -> &[u8; KEY_BYTES] {
        &self.0.0
    }
}

/// A key that seals codes.
pub trait SealingKey {
    /// The key, ready for use.
    fn hmac_key(&self) -> std::borrow::Cow<'_, hmac::Key>;
}

impl SealingKey for PersonKey {
    fn hmac_key(&self) -> std::borrow::Cow<'_, hmac::Key> {
        std::borrow::Cow::Owned(self.0.key())
    }
}

impl SealingKey for DoorKey {
    fn hmac_key(&self) -> std::borrow::Cow<'_, hmac::Key> {
        std::borrow::Cow::Owned(self.0.key())
    }
}

impl SealingKey for ServerKey {
    fn hmac_key(&self) -> std::borrow::Cow<'_, hmac::Key> {
        std::borrow::Cow::Borrowed(&self.0)
    }
}

fn derive(from: &hmac::Key, domain: &[u8], name: &[u8]) -> Key {
    let mut context = hmac::Context::with_key(from);
    context.update(domain);
    context.update(name);
    let mut key = [0; KEY_BYTES];
    key.copy_from_slice(context.sign().as_ref());
    Key(key)
}

macro_rules! redacted {
    ($($name:ident)*) => {$(
        impl fmt::Debug for $name {
            fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str(concat!(stringify!($name), "(…)"))
            }
        }
    )*};
}
redacted!(Key Secret MasterKey ServerKey);
