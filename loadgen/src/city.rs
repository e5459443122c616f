//! The venues and residents that make the load, registered through the gateway's public interface. The same
//! seed gives the same residents, so a second run finds them already registered.

use crate::client::ClientConnection;
use crate::client::lines::post_lines;
use anyhow::Context as _;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use scangate_core::code::{PersonCode, ResidentToken};
use scangate_core::id::{PersonId, VenueId};
use scangate_core::keys::{KEY_BYTES, Key, Kid, PersonKey};
use scangate_core::person::resident_id_check_digit;
use scangate_core::time::{Step, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::path::Path;

/// The length of a poster's code.
const POSTER_CHARACTERS: usize = 43;

/// A venue with a poster at its door.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct LoadVenue {
    /// The venue's id.
    pub venue: VenueId,
    /// The poster's code.
    pub poster: String,
}

/// A resident with a phone.
#[derive(Debug, Clone)]
pub struct LoadResident {
    /// The resident's person id.
    pub person: PersonId,
    kid: Kid,
    key: PersonKey,
}

impl LoadResident {
    /// The personal code that the phone shows in a time step.
    #[must_use]
    pub fn code(&self, step: Step) -> String {
        PersonCode::seal(self.kid, self.person, step, &self.key).text()
    }

    /// The `Authorization` header with which the resident reads their own records.
    #[must_use]
    pub fn authorization(&self, now: Timestamp) -> String {
        let token = ResidentToken::seal(self.kid, self.person, Step::of(now), &self.key);
        format!("Resident {}", token.text())
    }
}

/// The venues and residents of a run.
pub struct LoadCity {
    /// The registered venues.
    pub venues: Vec<LoadVenue>,
    /// The registered residents.
    pub residents: Vec<LoadResident>,
}

impl LoadCity {
    /// A city that no gateway knows, for servers that look into no code.
    #[must_use]
    pub fn made_up(residents: u32, venues: u32) -> Self {
        let resident = |number| LoadResident {
            person: PersonId(number),
            kid: Kid(0),
            key: PersonKey(Key([7; KEY_BYTES])),
        };
        let venue = |number| LoadVenue { venue: VenueId(number), poster: "7".repeat(POSTER_CHARACTERS) };
        Self {
            venues: (0..u64::from(venues)).map(venue).collect(),
            residents: (0..u64::from(residents)).map(resident).collect(),
        }
    }
}

/// Returns an `Authorization` header with the token of a role from the gateway's data folder.
pub fn authorization(data: &Path, role: &str) -> anyhow::Result<String> {
    let path = data.join(format!("{role}.token"));
    let token = std::fs::read_to_string(&path)
        .with_context(|| format!("{}: is --data the data folder of the gateway?", path.display()))?;
    Ok(format!("Bearer {}", token.trim()))
}

/// The gateway's reply to a registration: the person id and the key for the phone.
#[derive(Deserialize)]
pub struct RegistrationReply {
    person: PersonId,
    kid: u8,
    key: String,
}

impl RegistrationReply {
    /// The registered resident. **Errors**: the key is not 32 bytes in URL-safe base64.
    pub fn resident(self) -> anyhow::Result<LoadResident> {
        let Self { person, kid, key } = self;
        let key = URL_SAFE_NO_PAD.decode(key)?;
        let key = key.try_into().map_err(|_| anyhow::anyhow!("a person key is not 32 bytes"))?;
        Ok(LoadResident { person, kid: Kid(kid), key: PersonKey(Key(key)) })
    }
}

/// Registers the residents of a seed with the numbers from 0 to `count`.
pub async fn residents(
    connection: &mut ClientConnection,
    authority: &str,
    seed: u64,
    count: usize,
) -> anyhow::Result<Vec<LoadResident>> {
    let lines: Vec<String> = (0..count).map(|number| application(seed, number)).collect();
    let given: Vec<RegistrationReply> =
        post_lines(connection, "/v1/people/import", authority, &lines).await?;
    given.into_iter().map(RegistrationReply::resident).collect()
}

/// Creates venues of varying kinds.
pub async fn venues(
    connection: &mut ClientConnection,
    authority: &str,
    count: usize,
) -> anyhow::Result<Vec<LoadVenue>> {
    let kinds = ["mall", "market", "station", "restaurant", "enterprise", "school"];
    let lines: Vec<String> = (0..count)
        .map(|number| {
            let kind = kinds[number % kinds.len()];
            json!({"name": format!("Venue {number}"), "kind": kind, "district": "Load"}).to_string()
        })
        .collect();
    post_lines(connection, "/v1/venues", authority, &lines).await
}

/// The registration form of a resident, with an invented but valid identity number derived from seed and
/// number.
#[must_use]
pub fn application(seed: u64, number: usize) -> String {
    // An identity number has three digits for the order within a day of birth; the day and year vary beyond
    // that.
    let (order, rest) = (number % 1_000, number / 1_000);
    let (day, year) = (rest % 28 + 1, rest / 28 % 200);
    let area = 110_000 + seed % 800_000;
    let first = format!("{area:06}{:04}01{day:02}{order:03}", 1_900 + year);
    let digits: &[u8; 17] = first.as_bytes().try_into().expect("17 digits were written");
    let check = char::from(resident_id_check_digit(digits));
    json!({
        "name": format!("Resident {number}"),
        "phone": format!("138{:08}", number % 100_000_000),
        "document": {"type": "resident-id", "number": format!("{first}{check}")},
    })
    .to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use scangate_core::person::Personal;
    use std::collections::HashSet;

    #[test]
    fn residents_are_valid_and_each_their_own() {
        let mut documents = HashSet::new();
        for number in (0..60_000).step_by(7) {
            let personal: Personal = serde_json::from_str(&application(3, number)).unwrap();
            assert!(documents.insert(personal.checked().unwrap().document), "{number}");
        }
    }
}
