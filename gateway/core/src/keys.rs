//! Keys, all derived from the deployment's one secret. Each kid has a master key, from which follow a key for
//! each person, one for each door and the server's own. The gateway's keyring decides which kids are in use.

use crate::id::{PersonId, VenueId};
use crate::time::Timestamp;
use aws_lc_rs::hmac;
use serde::{Deserialize, Serialize};
use std::fmt;

/// Length of every key.
pub const KEY_BYTES: usize = 32;
/// The minimum length of a deployment's secret.
pub const SECRET_BYTES_MIN: usize = 32;

/// The number of a master key, from 1; every code carries it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Kid(pub u8);

/// The generation of a person's keys. A new generation invalidates the keys, codes and paper passes of all
/// earlier ones. Codes do not carry it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Generation(pub u8);

impl Generation {
    /// The generation after this one; none after the last.
    #[must_use]
    pub fn next(self) -> Option<Self> {
        self.0.checked_add(1).map(Self)
    }
}

/// When a person's keys were renewed and their paper passes revoked. Most people have neither.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct KeyHistory {
    /// The start of each generation after the first.
    pub renewed: Vec<Timestamp>,
    /// The time of each revocation of paper passes.
    pub passes_revoked: Vec<Timestamp>,
}

impl KeyHistory {
    /// The keys that are valid now.
    #[must_use]
    pub fn now(&self) -> KeyState {
        self.at(Timestamp::MAX)
    }

    /// The keys that were valid at a time.
    #[must_use]
    pub fn at(&self, at: Timestamp) -> KeyState {
        let before = |times: &[Timestamp]| {
            u8::try_from(times.iter().filter(|&&time| time <= at).count()).unwrap_or(u8::MAX)
        };
        KeyState {
            generation: Generation(before(&self.renewed)),
            pass_revocations: before(&self.passes_revoked),
        }
    }
}

/// The keys and paper passes of a person that are valid at one time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct KeyState {
    /// The generation of the person's key.
    pub generation: Generation,
    /// How often the person's paper passes were revoked.
    pub pass_revocations: u8,
}

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
    /// A person's key: HMAC-SHA256(master, "scangate person key" ‖ person), and behind the person one byte
    /// of the generation where that is above 0.
    #[must_use]
    pub fn person(&self, person: PersonId, generation: Generation) -> PersonKey {
        let mut named = [0; 9];
        named[..8].copy_from_slice(&person.0.to_be_bytes());
        named[8] = generation.0;
        let named = if generation.0 == 0 { &named[..8] } else { &named[..] };
        PersonKey(derive(&self.0, b"scangate person key", named))
    }

    /// A door screen's key: HMAC-SHA256(master, "scangate door key" ‖ venue ‖ door).
    #[must_use]
    pub fn door(&self, venue: VenueId, door: u16) -> DoorKey {
        let mut named = [0; 10];
        named[..8].copy_from_slice(&venue.0.to_be_bytes());
        named[8..].copy_from_slice(&door.to_be_bytes());
        DoorKey(derive(&self.0, b"scangate door key", &named))
    }

    /// The server's own key, for posters and pass keys: HMAC-SHA256(master, "scangate server key").
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

/// The key of one person's paper passes: the server's key, and the bytes that the mac of a pass covers
/// in addition.
#[derive(Clone)]
pub struct PassKey {
    server: ServerKey,
    state: [u8; 2],
    state_bytes: usize,
}

impl ServerKey {
    /// The key of a person's passes. The mac covers nothing more in generation 0, the generation above it,
    /// and generation and number of revocations once passes were revoked.
    #[must_use]
    pub fn pass(&self, KeyState { generation, pass_revocations }: KeyState) -> PassKey {
        let state_bytes = match (generation.0, pass_revocations) {
            (0, 0) => 0,
            (_, 0) => 1,
            (_, _) => 2,
        };
        PassKey { server: self.clone(), state: [generation.0, pass_revocations], state_bytes }
    }
}

impl PersonKey {
    /// The key's bytes, which registration sends to the person's phone only.
    #[must_use]
    pub fn bytes(&self) -> &[u8; KEY_BYTES] {
        &self.0.0
    }
}

impl DoorKey {
    /// The key's bytes, which the gateway sends to the door's screen only.
    #[must_use]
    pub fn bytes(&self) -> &[u8; KEY_BYTES] {
        &self.0.0
    }
}

/// A key that seals codes.
pub trait SealingKey {
    /// The key, ready for use.
    fn hmac_key(&self) -> std::borrow::Cow<'_, hmac::Key>;

    /// The bytes that the mac covers after the code's own.
    fn state(&self) -> &[u8] {
        &[]
    }
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

impl SealingKey for PassKey {
    fn hmac_key(&self) -> std::borrow::Cow<'_, hmac::Key> {
        self.server.hmac_key()
    }

    fn state(&self) -> &[u8] {
        &self.state[..self.state_bytes]
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
redacted!(Key Secret MasterKey ServerKey PassKey);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_history_says_which_keys_were_valid_when() {
        let history =
            KeyHistory { renewed: vec![Timestamp(10), Timestamp(30)], passes_revoked: vec![Timestamp(20)] };
        for (at, generation, pass_revocations) in
            [(9, 0, 0), (10, 1, 0), (20, 1, 1), (29, 1, 1), (30, 2, 1), (u64::MAX, 2, 1)]
        {
            let expected = KeyState { generation: Generation(generation), pass_revocations };
            assert_eq!(history.at(Timestamp(at)), expected, "{at}");
        }
        assert_eq!(
            (history.now().generation, Generation(254).next()),
            (Generation(2), Some(Generation(255)))
        );
        assert_eq!(Generation(255).next(), None);
        assert_eq!(KeyHistory::default().now(), KeyState::default());
    }
}
