//! The identity of a fact: the fields that make two reports one fact. The id is derived from them, so two
//! gateways agree on it without asking each other.

use super::{Fact, KindName};
use crate::id::{FactId, PersonId};
use crate::time::Timestamp;
use aws_lc_rs::digest;

/// The domain of the hash, so that no other hash is taken for a fact's id.
const DOMAIN: &[u8] = b"scangate fact id";

/// The fields that two reports of one fact share.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct FactIdentity<'a> {
    /// The person whom the fact is about.
    pub person: PersonId,
    /// The kind's name, without the fields of that kind.
    pub kind: KindName,
    /// When it became so.
    pub at: Timestamp,
    /// The authority or the feed that reported it.
    pub source: &'a str,
    /// The source's own reference.
    pub reference: Option<&'a str>,
}

impl FactIdentity<'_> {
    /// The id of a fact with this identity.
    ///
    /// **Shape**: the first 8 bytes of SHA-256 over the domain, person (8), time (8), and the words of kind,
    /// source and reference, each after its length (4). Integers are big-endian. A missing reference has the
    /// length `ffffffff`.
    #[must_use]
    pub fn id(&self) -> FactId {
        let mut hashed = digest::Context::new(&digest::SHA256);
        hashed.update(DOMAIN);
        hashed.update(&self.person.0.to_be_bytes());
        hashed.update(&self.at.0.to_be_bytes());
        for word in [Some(self.kind.word()), Some(self.source), self.reference] {
            let length = word.map_or(u32::MAX, |word| u32::try_from(word.len()).unwrap_or(u32::MAX - 1));
            hashed.update(&length.to_be_bytes());
            hashed.update(word.unwrap_or_default().as_bytes());
        }
        let mut id = [0; 8];
        id.copy_from_slice(&hashed.finish().as_ref()[..8]);
        FactId(u64::from_be_bytes(id))
    }
}

impl Fact {
    /// The fields that make two reports this one fact.
    #[must_use]
    pub fn identity(&self) -> FactIdentity<'_> {
        FactIdentity {
            person: self.person,
            kind: self.kind.name(),
            at: self.at,
            source: &self.source,
            reference: self.reference.as_deref(),
        }
    }

    /// The same fact under the id that its identity gives it.
    #[must_use]
    pub fn identified(self) -> Self {
        Self { id: self.identity().id(), ..self }
    }

    /// Whether two reports of one fact say the same: the fields of its kind, and when it ends.
    #[must_use]
    pub fn says_the_same(&self, other: &Self) -> bool {
        (&self.kind, self.until) == (&other.kind, other.until)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fact::{FactKind, Force};

    fn fact() -> Fact {
        Fact {
            id: FactId(0),
            person: PersonId(7),
            kind: FactKind::Confirmed,
            at: Timestamp(1_641_254_400_123),
            until: None,
            recorded: Timestamp(1),
            source: "CDC 徐州".into(),
            reference: Some("case 12".into()),
            force: Force::InForce,
        }
    }

    #[test]
    fn an_id_is_the_published_one() {
        // Python: hashlib.sha256(b"scangate fact id" + struct.pack(">QQ", 7, 1641254400123) + b"".join(
        //   struct.pack(">I", len(w)) + w for w in [b"confirmed", "CDC 徐州".encode(), b"case 12"])
        // ).digest()[:8], and without the reference struct.pack(">I", 0xffffffff).
        assert_eq!(fact().identified().id.0, 0x62d5_bc66_b4c7_06b1);
        assert_eq!(Fact { reference: None, ..fact() }.identified().id.0, 0xa559_f9a1_4c75_e5c3);
    }

    #[test]
    fn each_field_of_the_identity_gives_another_id_and_no_other_field_does() {
        let id = fact().identified().id;
        let same = Fact { until: Some(Timestamp(2)), recorded: Timestamp(3), ..fact() };
        assert!(!same.says_the_same(&fact()));
        assert_eq!(same.identified().id, id);
        for other in [
            Fact { person: PersonId(8), ..fact() },
            Fact { kind: FactKind::Suspected, ..fact() },
            Fact { at: Timestamp(1_641_254_400_124), ..fact() },
            Fact { source: "CDC 徐州c".into(), ..fact() },
            Fact { reference: Some("case 1".into()), ..fact() },
            Fact { reference: None, ..fact() },
        ] {
            assert_ne!(other.identified().id, id);
        }
    }
}
