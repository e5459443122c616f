//! The keyring: the accepted kids and the keys derived from them. It is swapped as a whole, so a key
//! rotates without a restart and a scan sees either the old ring or the new.

use arc_swap::ArcSwap;
use scangate_core::code::{PaperPass, PersonCode, PosterCode, ResidentToken};
use scangate_core::id::{PersonId, VenueId};
use scangate_core::keys::{
    DoorKey, Generation, KeyState, Kid, MasterKey, PassKey, PersonKey, Secret, ServerKey,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;

/// The accepted kids: the part of the keyring that the registry stores. It holds no key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kids {
    /// The kid of new codes and keys.
    pub current: u8,
    /// The kids whose codes are accepted, the current one among them.
    pub accepted: Vec<u8>,
}

impl Default for Kids {
    fn default() -> Self {
        Self { current: 1, accepted: vec![1] }
    }
}

struct KidKeys {
    master: MasterKey,
    server: ServerKey,
}

struct Ring {
    kids: Kids,
    keys: BTreeMap<Kid, KidKeys>,
}

/// The keyring of a running gateway.
pub struct Keyring {
    secret: Secret,
    ring: ArcSwap<Ring>,
}

impl Keyring {
    /// Derives the keys of these kids.
    #[must_use]
    pub fn new(secret: Secret, kids: Kids) -> Self {
        let ring = ArcSwap::from_pointee(Ring::derive(&secret, kids));
        Self { secret, ring }
    }

    /// Replaces the kids.
    pub fn swap(&self, kids: Kids) {
        self.ring.store(Arc::new(Ring::derive(&self.secret, kids)));
    }

    /// The present kids.
    #[must_use]
    pub fn kids(&self) -> Kids {
        self.ring.load().kids.clone()
    }

    /// The kid of new codes.
    #[must_use]
    pub fn current(&self) -> Kid {
        Kid(self.ring.load().kids.current)
    }

    /// Whether codes under this kid are accepted.
    #[must_use]
    pub fn accepts(&self, kid: Kid) -> bool {
        self.ring.load().keys.contains_key(&kid)
    }

    /// A person's key of a generation under a kid, if the kid is accepted.
    #[must_use]
    pub fn person(&self, kid: Kid, person: PersonId, generation: Generation) -> Option<PersonKey> {
        self.ring.load().keys.get(&kid).map(|keys| keys.master.person(person, generation))
    }

    /// The key of a person's paper passes under a kid, if the kid is accepted.
    #[must_use]
    pub fn passes(&self, kid: Kid, state: KeyState) -> Option<PassKey> {
        self.ring.load().keys.get(&kid).map(|keys| keys.server.pass(state))
    }

    /// A door's key under a kid, if the kid is accepted.
    #[must_use]
    pub fn door(&self, kid: Kid, venue: VenueId, door: u16) -> Option<DoorKey> {
        self.ring.load().keys.get(&kid).map(|keys| keys.master.door(venue, door))
    }

    /// The server's key under a kid, if the kid is accepted.
    #[must_use]
    pub fn server(&self, kid: Kid) -> Option<ServerKey> {
        self.ring.load().keys.get(&kid).map(|keys| keys.server.clone())
    }

    /// Whether a person's code is sealed with an accepted key of this generation or the next one. Its step is
    /// not checked. The deployment alone knows the next generation's key: a code under it means that another
    /// gateway has just issued that key.
    #[must_use]
    pub fn has_sealed(&self, code: &PersonCode, generation: Generation) -> bool {
        self.is_accepted(code.kid(), code.person(), generation, |key| code.verify(key).is_ok())
    }

    /// Whether a resident token is sealed with an accepted key of this generation or the next one.
    #[must_use]
    pub fn has_sealed_token(&self, token: &ResidentToken, generation: Generation) -> bool {
        self.is_accepted(token.kid(), token.person(), generation, |key| token.verify(key).is_ok())
    }

    fn is_accepted(
        &self,
        kid: Kid,
        person: PersonId,
        generation: Generation,
        is_sealed: impl Fn(&PersonKey) -> bool,
    ) -> bool {
        let ring = self.ring.load();
        let Some(keys) = ring.keys.get(&kid) else { return false };
        let of = |generation| is_sealed(&keys.master.person(person, generation));
        of(generation) || generation.next().is_some_and(of)
    }

    /// Seals a paper pass under the current kid.
    #[must_use]
    pub fn pass(&self, person: PersonId, state: KeyState, last_day: u32) -> PaperPass {
        let ring = self.ring.load();
        let kid = Kid(ring.kids.current);
        let keys = ring.keys.get(&kid).expect("the current kid is always derived");
        PaperPass::seal(kid, person, last_day, &keys.server.pass(state))
    }

    /// Seals a poster under the current kid.
    #[must_use]
    pub fn poster(&self, venue: VenueId, poster: u16) -> PosterCode {
        let ring = self.ring.load();
        let kid = Kid(ring.kids.current);
        let keys = ring.keys.get(&kid).expect("the current kid is always derived");
        PosterCode::seal(kid, venue, poster, &keys.server)
    }
}

impl Ring {
    fn derive(secret: &Secret, kids: Kids) -> Self {
        let numbers = kids.accepted.iter().copied().chain([kids.current]);
        let keys = numbers
            .map(|number| {
                let master = secret.master(Kid(number));
                (Kid(number), KidKeys { server: master.server(), master })
            })
            .collect();
        Self { kids, keys }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use scangate_core::time::Step;

    fn keyring() -> Keyring {
        Keyring::new(Secret::new(&[1; 32]).unwrap(), Kids::default())
    }

    fn code(keyring: &Keyring, generation: u8) -> PersonCode {
        let key = keyring.person(Kid(1), PersonId(5), Generation(generation)).unwrap();
        PersonCode::seal(Kid(1), PersonId(5), Step(9), &key)
    }

    #[test]
    fn a_rotated_key_opens_old_codes_until_its_kid_is_withdrawn() {
        let keyring = keyring();
        let code = code(&keyring, 0);
        assert!(keyring.has_sealed(&code, Generation(0)));
        keyring.swap(Kids { current: 2, accepted: vec![1, 2] });
        assert_eq!(keyring.current(), Kid(2));
        assert!(keyring.has_sealed(&code, Generation(0)));
        keyring.swap(Kids { current: 2, accepted: vec![2] });
        assert!(!keyring.has_sealed(&code, Generation(0)));
    }

    #[test]
    fn a_code_opens_in_its_own_generation_and_in_the_one_before() {
        let keyring = keyring();
        for sealed in [0, 1, 2, 255] {
            let code = code(&keyring, sealed);
            let opening: Vec<u8> =
                (0..=255).filter(|&now| keyring.has_sealed(&code, Generation(now))).collect();
            let expected: Vec<u8> = [sealed.checked_sub(1), Some(sealed)].into_iter().flatten().collect();
            assert_eq!(opening, expected);
        }
    }
}
