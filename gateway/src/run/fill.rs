//! Fills the tables at start-up: from the registry, or from the snapshot while the cluster is unavailable.

use crate::clock;
use crate::config::Config;
use crate::deployment::reference::ReferenceData;
use crate::deployment::snapshot::{self, Snapshot};
use crate::deployment::store::Availability;
use crate::deployment::{self, key_states};
use crate::tables::channels::Channels;
use crate::tables::colours::ColourTable;
use crate::tables::key_histories::KeyHistories;
use crate::tables::keyring::Keyring;
use crate::tables::recent::RecentCheckIns;
use crate::tables::venues::Venues;
use crate::tables::{Tables, policies};
use anyhow::Context as _;
use scangate_core::certificate::Issuer;
use scangate_core::keys::Secret;
use scangate_core::policy::Policy;
use scangate_storage::registry::Registry;

/// The tables that the workers share.
pub(super) fn tables(
    config: &Config,
    secret: &Secret,
    issuer: &Issuer,
    registry: &Registry,
    availability: Availability,
) -> anyhow::Result<Tables> {
    let colours = ColourTable::default();
    let reference = match availability {
        Availability::Up => {
            publish_configured(config, issuer, registry)?;
            ReferenceData::read(registry)?
        }
        Availability::Down => from_snapshot(config, &colours)?,
    };
    let policies = reference.packs(issuer.public_key_bytes())?;
    let (venues, key_histories) = (Venues::default(), KeyHistories::default());
    reference.venues.into_iter().for_each(|venue| venues.put(venue));
    reference.key_histories.into_iter().for_each(|(person, history)| key_histories.put(person, history));
    let tables = Tables {
        colours,
        key_histories,
        venues,
        keyring: Keyring::new(secret.clone(), reference.kids),
        policies,
        recent: RecentCheckIns::new(config.person_check_ins_max),
        channels: Channels::new(&config.channel),
        tokens: deployment::token_key(secret),
    };
    if availability == Availability::Up {
        key_states::load(registry, &tables)?;
    }
    Ok(tables)
}

fn from_snapshot(config: &Config, colours: &ColourTable) -> anyhow::Result<ReferenceData> {
    let read = snapshot::read(&config.data, colours)?;
    let Snapshot { followed, reference } = read.with_context(|| {
        format!("{} does not answer, and {} has no snapshot", config.store, config.data.display())
    })?;
    colours.set_followed(followed);
    colours.set_snapshot(followed);
    colours.set_loaded();
    tracing::info!(%followed, residents = colours.len(), "answering from the snapshot");
    Ok(reference)
}

/// The registry's setting that holds the last configured pack.
const CONFIGURED_POLICY: &str = "configured-policy";

/// Publishes the configured pack if it differs from the one at the last start. On a cluster it publishes only
/// the first pack, because gateways with different configurations would overwrite each other; later packs
/// need two approvers.
fn publish_configured(config: &Config, issuer: &Issuer, registry: &Registry) -> anyhow::Result<()> {
    if registry.is_shared() && !registry.policies()?.is_empty() {
        return Ok(());
    }
    let text = deployment::policy(&config.policy)?;
    if registry.setting(CONFIGURED_POLICY)?.as_deref() != Some(text.as_bytes()) {
        let policy = Policy::parse(&text).map_err(|error| anyhow::anyhow!(error.of_file(&config.policy)))?;
        let signature = policies::sign(issuer, policy.label(), &text);
        registry.publish_policy(policy.label(), &text, &signature, clock::now())?;
        registry.set(CONFIGURED_POLICY, text.as_bytes())?;
    }
    Ok(())
}
