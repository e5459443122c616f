//! Keys by kid: rotation makes a new kid current without a restart. An operator withdraws an old kid once the
//! phones have changed to the new one. A screen at a door reads its key here.

use crate::clock;
use crate::deployment::reference;
use crate::office::http::auth::{DoorScreen, Operator};
use crate::office::http::error::OfficeError;
use crate::office::http::extract::PathId;
use crate::office::venues::known_venue;
use crate::office::{Office, blocking};
use crate::tables::keyring::Kids;
use axum::extract::State;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::StatusCode;
use scangate_core::id::VenueId;
use scangate_core::keys::Kid;
use scangate_core::refusal::Refusal;
use scangate_core::token::Claims;
use scangate_core::venue::Doors;
use serde::Serialize;
use serde_json::json;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The kids, with the number of people whose key is under each.
#[derive(Serialize)]
pub(in crate::office) struct KidUse {
    #[serde(flatten)]
    kids: Kids,
    people: BTreeMap<u8, u64>,
}

/// `GET /v1/keys`. **Cost**: reads the row of every person.
pub(in crate::office) async fn list(
    Operator(_): Operator,
    State(office): State<Arc<Office>>,
) -> Result<axum::Json<KidUse>, OfficeError> {
    let kids = office.tables.keyring.kids();
    let mut people = blocking(move || office.registry.people_by_kid()).await??;
    for &kid in &kids.accepted {
        people.entry(kid).or_default();
    }
    Ok(axum::Json(KidUse { kids, people }))
}

/// The key from which a door's screen makes its codes.
#[derive(Serialize)]
pub(in crate::office) struct ScreenKey {
    venue: VenueId,
    venue_name: String,
    door: u16,
    kid: u8,
    key: String,
}

/// `GET /v1/doors/me/key`: the key of the token's door under the newest kid. **Errors**: the venue is unknown
/// or closed, so its codes would be refused.
pub(in crate::office) async fn read_screen_key(
    DoorScreen { venue, door }: DoorScreen,
    State(office): State<Arc<Office>>,
) -> Result<axum::Json<ScreenKey>, OfficeError> {
    let known = known_venue(&office, venue).await?.ok_or(Refusal::VenueCodeInvalid)?;
    if known.venue.doors == Doors::Closed {
        return Err(Refusal::VenueClosed.into());
    }
    let (kid, key) = office.tables.keyring.newest_door(venue, door);
    let key = URL_SAFE_NO_PAD.encode(key.bytes());
    Ok(axum::Json(ScreenKey { venue, venue_name: known.venue.name.clone(), door, kid: kid.0, key }))
}

/// `POST /v1/keys/rotate`: makes the next kid current; codes under the other kids are still accepted.
pub(in crate::office) async fn rotate(
    Operator(claims): Operator,
    State(office): State<Arc<Office>>,
) -> Result<axum::Json<Kids>, OfficeError> {
    let rotate = |kids: &mut Kids| {
        let next = kids.accepted.iter().copied().max().unwrap_or(kids.current).checked_add(1);
        let next = next.ok_or(OfficeError::Malformed("all 255 kids are used".into()))?;
        kids.current = next;
        kids.accepted.push(next);
        Ok(next)
    };
    change(office, claims, "key-rotated", rotate).await.map(axum::Json)
}

/// `DELETE /v1/keys/{kid}`: rejects codes under this kid from now on. Late scans of the time before are
/// accepted. **Errors**: people still have their key under it.
pub(in crate::office) async fn withdraw(
    Operator(claims): Operator,
    State(office): State<Arc<Office>>,
    PathId(kid): PathId<u8>,
) -> Result<StatusCode, OfficeError> {
    let withdraw = move |kids: &mut Kids| {
        if !kids.accepted.contains(&kid) {
            return Err(Refusal::NotFound.into());
        }
        if kid == kids.current {
            return Err(OfficeError::Malformed("the current kid cannot be withdrawn: rotate first".into()));
        }
        kids.retire(kid, clock::now());
        Ok(kid)
    };
    let shared = Arc::clone(&office);
    let people = blocking(move || shared.registry.people_by_kid()).await??;
    // A person gets no key under a kid that is not current, so the number cannot rise meanwhile.
    if let Some(&people) = people.get(&kid)
        && office.tables.keyring.current() != Kid(kid)
    {
        return Err(OfficeError::KidInUse(people));
    }
    change(office, claims, "key-withdrawn", withdraw).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Changes the kids in the registry first and then here: after a restart this gateway still knows every kid
/// that phones have. If another gateway changed them meanwhile, the compare-and-swap fails and the change is
/// applied again.
async fn change(
    office: Arc<Office>,
    claims: Claims,
    act: &'static str,
    change: impl Fn(&mut Kids) -> Result<u8, OfficeError> + Send + 'static,
) -> Result<Kids, OfficeError> {
    blocking(move || {
        loop {
            let stored = office.registry.kids()?;
            let parsed = reference::parse_kids(stored.as_deref());
            let mut kids = parsed.map_err(|_| OfficeError::StoreUnavailable)?;
            let kid = change(&mut kids)?;
            office.audit(&claims, act, kid.to_string(), json!({}))?;
            let value = serde_json::to_vec(&kids).expect("kids hold nothing that JSON cannot");
            if office.registry.swap_kids(stored.as_deref(), &value)? {
                office.swap_kids(kids.clone());
                return Ok(kids);
            }
        }
    })
    .await?
}
