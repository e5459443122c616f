//! The keyring: the accepted kids and the keys derived from them. It is swapped as a whole, so a key
//! rotates without a restart and a scan sees either the old ring or the new.

use arc_swap::ArcSwap;
use scangate_core::code::{DoorCode, PaperPass, PersonCode, PosterCode, ResidentToken, VenueTicket};
use scangate_core::id::{PersonId, VenueId};
use scangate_core::keys::{
    DoorKey, Generation, KeyState, Kid, MasterKey, PassKey, PersonKey, Secret, ServerKey,
};
use scangate_core::limits::LATE_MS_MAX;
use scangate_core::time::{DAY_MS, Step, Timestamp};
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
    /// The kids whose codes were accepted until lately, for late scans.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub retired: Vec<RetiredKid>,
}

/// A kid that was withdrawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct RetiredKid {
    /// The kid.
    pub kid: u8,
    /// The time from which its codes are refused.
    pub at: Timestamp,
}

/// The time for which a retired kid is stored: longer than any late scan is accepted. **Units**:
/// milliseconds.
const RETIRED_MS_MAX: u64 = LATE_MS_MAX + DAY_MS;

impl Kids {
    /// Stops accepting a kid from this time on.
    pub fn retire(&mut self, kid: u8, now: Timestamp) {
        self.accepted.retain(|accepted| *accepted != kid);
        self.retired.retain(|retired| retired.kid != kid && now.since_ms(retired.at) < RETIRED_MS_MAX);
        self.retired.push(RetiredKid { kid, at: now });
    }
}

/// The kids that a code may be sealed under.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KidScope {
    /// Those that are accepted now.
    Present,
    /// Those that were accepted at a time.
    AsOf(Timestamp),
}

impl Default for Kids {
    fn default() -> Self {
        Self { current: 1, accepted: vec![1], retired: Vec::new() }
    }
}

struct KidKeys {
    master: MasterKey,
    server: ServerKey,
}

impl KidKeys {
    /// Whether `verify` accepts the person's key of this generation or the next one.
    fn has_sealed(
        &self,
        person: PersonId,
        generation: Generation,
        verify: impl Fn(&PersonKey) -> bool,
    ) -> bool {
        let of = |generation| verify(&self.master.person(person, generation));
        of(generation) || generation.next().is_some_and(of)
    }
}

struct Ring {
    kids: Kids,
    keys: BTreeMap<Kid, KidKeys>,
    /// The keys of retired kids, each with the time from which its codes are refused.
    retired: BTreeMap<Kid, (KidKeys, Timestamp)>,
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
    pub fn accepts(&self, kid: Kid, scope: KidScope) -> bool {
        self.ring.load().keys_in(kid, scope).is_some()
    }

    /// A person's key of a generation under a kid, if the kid is accepted.
    #[must_use]
    pub fn person(&self, kid: Kid, person: PersonId, generation: Generation) -> Option<PersonKey> {
        self.ring.load().keys.get(&kid).map(|keys| keys.master.person(person, generation))
    }

    /// The key of a person's paper passes under a kid, if the kid is accepted.
    #[must_use]
    pub fn passes(&self, kid: Kid, state: KeyState, scope: KidScope) -> Option<PassKey> {
        self.ring.load().keys_in(kid, scope).map(|keys| keys.server.pass(state))
    }

    /// A door's key under a kid, if the kid is accepted.
    #[must_use]
    pub fn door(&self, kid: Kid, venue: VenueId, door: u16, scope: KidScope) -> Option<DoorKey> {
        self.ring.load().keys_in(kid, scope).map(|keys| keys.master.door(venue, door))
    }

    /// A door's key under the current kid, with the kid.
    #[must_use]
    pub fn newest_door(&self, venue: VenueId, door: u16) -> (Kid, DoorKey) {
        let ring = self.ring.load();
        (Kid(ring.kids.current), ring.newest().master.door(venue, door))
    }

    /// The server's key under a kid, if the kid is accepted.
    #[must_use]
    pub fn server(&self, kid: Kid, scope: KidScope) -> Option<ServerKey> {
        self.ring.load().keys_in(kid, scope).map(|keys| keys.server.clone())
    }

    /// Whether a person's code is sealed with an accepted key of this generation or the next one. Its step is
    /// not checked. The deployment alone knows the next generation's key: a code under it means that another
    /// gateway has just issued that key.
    #[must_use]
    pub fn has_sealed(&self, code: &PersonCode, generation: Generation, scope: KidScope) -> bool {
        let ring = self.ring.load();
        let keys = ring.keys_in(code.kid(), scope);
        keys.is_some_and(|keys| keys.has_sealed(code.person(), generation, |key| code.verify(key).is_ok()))
    }

    /// Whether a resident token is sealed with an accepted key of this generation or the next one.
    #[must_use]
    pub fn has_sealed_token(&self, token: &ResidentToken, generation: Generation) -> bool {
        let ring = self.ring.load();
        let keys = ring.keys_in(token.kid(), KidScope::Present);
        keys.is_some_and(|keys| keys.has_sealed(token.person(), generation, |key| token.verify(key).is_ok()))
    }

    /// Seals a paper pass under the current kid.
    #[must_use]
    pub fn pass(&self, person: PersonId, state: KeyState, last_day: u32) -> PaperPass {
        let ring = self.ring.load();
        PaperPass::seal(Kid(ring.kids.current), person, last_day, &ring.newest().server.pass(state))
    }

    /// Seals a poster under the current kid.
    #[must_use]
    pub fn poster(&self, venue: VenueId, poster: u16) -> PosterCode {
        let ring = self.ring.load();
        PosterCode::seal(Kid(ring.kids.current), venue, poster, &ring.newest().server)
    }

    /// A ticket for a door's code, sealed under the current kid.
    #[must_use]
    pub fn ticket(&self, code: &DoorCode, step: Step) -> VenueTicket {
        let ring = self.ring.load();
        let kid = Kid(ring.kids.current);
        VenueTicket::seal(kid, code.venue(), code.door(), step, &ring.newest().server)
    }
}

impl Ring {
    fn derive(secret: &Secret, kids: Kids) -> Self {
        let derive = |number: u8| {
            let master = secret.master(Kid(number));
            KidKeys { server: master.server(), master }
        };
        let numbers = kids.accepted.iter().copied().chain([kids.current]);
        let keys = numbers.map(|number| (Kid(number), derive(number))).collect();
        let retired =
            kids.retired.iter().map(|&RetiredKid { kid, at }| (Kid(kid), (derive(kid), at))).collect();
        Self { kids, keys, retired }
    }

    /// The keys of the current kid.
    fn newest(&self) -> &KidKeys {
        self.keys.get(&Kid(self.kids.current)).expect("the current kid is always derived")
    }

    fn keys_in(&self, kid: Kid, scope: KidScope) -> Option<&KidKeys> {
        let retired = || match scope {
            KidScope::Present => None,
            KidScope::AsOf(at) => {
                self.retired.get(&kid).and_then(|(keys, from)| (at < *from).then_some(keys))
            }
        };
        self.keys.get(&kid).or_else(retired)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
        let has_sealed = |scope| keyring.has_sealed(&code, Generation(0), scope);
        assert!(has_sealed(KidScope::Present));
        let mut kids = Kids { current: 2, accepted: vec![1, 2], ..Kids::default() };
        keyring.swap(kids.clone());
        assert_eq!(keyring.current(), Kid(2));
        let (kid, key) = keyring.newest_door(VenueId(1), 1);
        assert_eq!((kid, Some(key)), (Kid(2), keyring.door(Kid(2), VenueId(1), 1, KidScope::Present)));
        assert!(has_sealed(KidScope::Present));
        kids.retire(1, Timestamp(500));
        keyring.swap(kids.clone());
        assert!(!has_sealed(KidScope::Present));
        assert!(keyring.person(Kid(1), PersonId(5), Generation(0)).is_none());
        // A late scan of the time before is still verified.
        for (at, is_accepted) in [(499, true), (500, false)] {
            let scope = KidScope::AsOf(Timestamp(at));
            assert_eq!(has_sealed(scope), is_accepted, "{at}");
            assert_eq!(keyring.accepts(Kid(1), scope), is_accepted, "{at}");
            assert_eq!(keyring.passes(Kid(1), KeyState::default(), scope).is_some(), is_accepted, "{at}");
            assert_eq!(keyring.server(Kid(1), scope).is_some(), is_accepted, "{at}");
            assert_eq!(keyring.door(Kid(1), VenueId(1), 1, scope).is_some(), is_accepted, "{at}");
        }
        // Later no late scan can need it.
        kids.retire(2, Timestamp(500 + RETIRED_MS_MAX));
        assert_eq!(kids.retired.iter().map(|retired| retired.kid).collect::<Vec<_>>(), [2]);
    }

    #[test]
    fn a_code_opens_in_its_own_generation_and_in_the_one_before() {
        let keyring = keyring();
        for sealed in [0, 1, 2, 255] {
            let code = code(&keyring, sealed);
            let opens = |&now: &u8| keyring.has_sealed(&code, Generation(now), KidScope::Present);
            let opening: Vec<u8> = (0..=255).filter(opens).collect();
            let expected: Vec<u8> = [sealed.checked_sub(1), Some(sealed)].into_iter().flatten().collect();
            assert_eq!(opening, expected);
        }
    }

    #[test]
    fn kids_of_an_earlier_version_are_read() {
        let kids: Kids = serde_json::from_str(r#"{"current":2,"accepted":[1,2]}"#).unwrap();
        assert_eq!(kids, Kids { current: 2, accepted: vec![1, 2], retired: Vec::new() });
    }
}
