//! The list of areas that the authority published, as the registry stores it with a pack: its signature, and
//! its lines in the pack's calendar.

use scangate_core::certificate::{Issuer, PUBLIC_KEY_BYTES, is_signed};
use scangate_core::policy::{AreaLine, AreaRisk, Calendar};
use scangate_core::time::Timestamp;
use scangate_storage::registry::StoredAreas;

/// The domain of a list's signature.
const DOMAIN: &str = "scangate area list";

/// A deployment's signature over a list and the time of its publication.
#[must_use]
pub fn sign_areas(issuer: &Issuer, at: Timestamp, text: &str) -> String {
    issuer.sign(DOMAIN, &signed(at, text))
}

fn signed(at: Timestamp, text: &str) -> Vec<u8> {
    [&at.text()[..], b"\n", text.as_bytes()].concat()
}

/// The lines of a stored list. **Errors**: the list is not signed by this deployment, or this version cannot
/// read it.
pub fn read_areas(
    stored: &StoredAreas,
    calendar: &Calendar,
    signed_by: &[u8; PUBLIC_KEY_BYTES],
) -> anyhow::Result<Vec<AreaRisk>> {
    let StoredAreas { text, at, signature, .. } = stored;
    anyhow::ensure!(
        is_signed(signed_by, DOMAIN, &signed(*at, text), signature),
        "the list of areas of {at} in the registry is not signed by this deployment"
    );
    let lines = text.lines().filter(|line| !line.trim().is_empty());
    lines.map(|line| Ok(serde_json::from_str::<AreaLine>(line)?.checked(calendar)?)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use scangate_core::keys::Key;
    use scangate_core::policy::Policy;

    #[test]
    fn a_list_that_was_changed_in_the_registry_is_not_read() {
        let issuer = Issuer::new(&Key([1; 32]));
        let policy = Policy::parse(Policy::builtin("default").unwrap()).unwrap();
        let (at, text) =
            (Timestamp(5), "{\"code\":\"42\",\"risk\":\"high\",\"from\":\"2022-01-04\"}\n\n".to_owned());
        let signature = sign_areas(&issuer, at, &text);
        let stored = StoredAreas { text, by: "cdc".to_owned(), at, signature };
        let read = |stored: &StoredAreas| read_areas(stored, policy.calendar(), &issuer.public_key_bytes());
        assert_eq!(read(&stored).unwrap().len(), 1);
        for changed in [
            StoredAreas { text: stored.text.replace("42", "41"), ..stored.clone() },
            StoredAreas { at: Timestamp(6), ..stored.clone() },
        ] {
            let error = read(&changed).unwrap_err().to_string();
            assert!(error.contains("not signed by this deployment"), "{error}");
        }
    }
}
