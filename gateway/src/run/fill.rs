//! Fills the tables at start-up: from the registry, or from the snapshot while the cluster is unavailable.

use crate::clock;
use crate::config::Config;
use crate::deployment::reference::ReferenceData;
use crate::deployment::snapshot::{self, Snapshot};
use crate::deployment::store::Availability;
use crate::deployment::store::first_read::{MachineTime, RetryBound, read_first};
use crate::deployment::{self, key_states};
use crate::tables::announced::AnnouncedArrivals;
use crate::tables::channels::Channels;
use crate::tables::colours::ColourTable;
use crate::tables::districts::DistrictQueues;
use crate::tables::key_histories::KeyHistories;
use crate::tables::keyring::Keyring;
use crate::tables::notices::Notices;
use crate::tables::recent::RecentCheckIns;
use crate::tables::tokens::Tokens;
use crate::tables::venues::Venues;
use crate::tables::{Tables, policies};
use anyhow::Context as _;
use scangate_core::certificate::Issuer;
use scangate_core::keys::Secret;
use scangate_core::policy::Policy;
use scangate_core::text::OneLine;
use scangate_core::token::Claims;
use scangate_storage::registry::{Registry, StoredPolicy};
use tokio::sync::mpsc::Receiver;

/// The tables that the workers share, with what was found while they were filled.
pub(super) struct FilledTables {
    pub(super) tables: Tables,
    /// The first uses of tokens, for the back office.
    pub(super) first_uses: Receiver<Claims>,
    /// Whether the registry filled them. Otherwise the snapshot did.
    pub(super) availability: Availability,
}

/// Fills the tables. **Errors**: neither the registry nor a snapshot can be read, or one of them is wrong.
pub(super) fn tables(
    config: &Config,
    secret: &Secret,
    issuer: &Issuer,
    registry: &Registry,
    availability: Availability,
) -> anyhow::Result<FilledTables> {
    if availability == Availability::Up {
        let bound = RetryBound::of(&config.data);
        match from_registry(config, secret, issuer, registry, bound) {
            Err(error) if bound.spares(&error) => {
                tracing::warn!(
                    event = "started-without-cluster",
                    error = %OneLine(error.as_ref()),
                    "starting without the cluster"
                );
            }
            filled => return filled,
        }
    }
    let colours = ColourTable::default();
    let reference = from_snapshot(config, &colours)?;
    let (tables, first_uses) = assemble(config, secret, issuer, colours, reference)?;
    Ok(FilledTables { tables, first_uses, availability: Availability::Down })
}

fn from_registry(
    config: &Config,
    secret: &Secret,
    issuer: &Issuer,
    registry: &Registry,
    bound: RetryBound,
) -> anyhow::Result<FilledTables> {
    let reference = read_first(&mut MachineTime::default(), bound, || {
        ensure_pack(config, issuer, registry)?;
        ReferenceData::read(registry)
    })?;
    let (tables, first_uses) = assemble(config, secret, issuer, ColourTable::default(), reference)?;
    read_first(&mut MachineTime::default(), bound, || Ok(key_states::load(registry, &tables)?))?;
    Ok(FilledTables { tables, first_uses, availability: Availability::Up })
}

/// Makes the tables of the reference data. Returns them with the first uses of tokens.
fn assemble(
    config: &Config,
    secret: &Secret,
    issuer: &Issuer,
    colours: ColourTable,
    reference: ReferenceData,
) -> anyhow::Result<(Tables, Receiver<Claims>)> {
    if let Some(name) = &config.policy {
        ensure_published(name, &reference.policies)?;
    }
    let policies = reference.packs(issuer.public_key_bytes())?;
    {
        let in_force = policies.in_force();
        let (policy, number) = (in_force.policy.label(), in_force.number.0);
        tracing::info!(event = "pack-in-force", policy, number, "this rule pack is in force");
    }
    let (tokens, first_uses) = Tokens::new(deployment::token_key(secret), reference.revoked);
    let (venues, key_histories) = (Venues::default(), KeyHistories::default());
    reference.venues.into_iter().for_each(|venue| venues.put(venue));
    reference.key_histories.into_iter().for_each(|(person, history)| key_histories.put(person, history));
    let tables = Tables {
        colours,
        districts: DistrictQueues::default(),
        key_histories,
        announced: AnnouncedArrivals::default(),
        venues,
        keyring: Keyring::new(secret.clone(), reference.kids),
        policies,
        notices: Notices::new(reference.notices),
        recent: RecentCheckIns::new(config.person_check_ins_max),
        channels: Channels::new(&config.channel),
        tokens,
    };
    Ok((tables, first_uses))
}

fn from_snapshot(config: &Config, colours: &ColourTable) -> anyhow::Result<ReferenceData> {
    let read = snapshot::read(&config.data, colours)?;
    let Snapshot { followed, reference } = read.with_context(|| {
        format!("{} does not answer, and {} has no snapshot", config.store, config.data.display())
    })?;
    colours.set_followed(followed);
    colours.set_snapshot(followed);
    colours.set_loaded();
    tracing::info!(event = "snapshot-in-use", %followed, residents = colours.len(), "answering from the snapshot");
    Ok(reference)
}

/// Publishes the first pack of a deployment that has none. A deployment that has packs keeps the one in
/// force.
fn ensure_pack(config: &Config, issuer: &Issuer, registry: &Registry) -> anyhow::Result<()> {
    if registry.policies()?.is_empty() {
        let (text, policy) = configured(config.policy.as_deref().unwrap_or(FIRST_POLICY))?;
        let signature = policies::sign(issuer, policy.label(), &text);
        // Another gateway may be first.
        if registry.publish_first_policy(policy.label(), &text, &signature, clock::now())? {
            tracing::info!(
                event = "deployment-begun",
                policy = policy.label(),
                "the deployment begins with this rule pack"
            );
        }
    }
    Ok(())
}

/// The pack of a new deployment whose configuration names none.
const FIRST_POLICY: &str = "default";

fn configured(name: &str) -> anyhow::Result<(String, Policy)> {
    let text = deployment::policy(name)?;
    let policy = Policy::parse(&text).map_err(|error| anyhow::anyhow!(error.of_file(name)))?;
    Ok((text, policy))
}

/// Checks that the configured pack was published in this deployment. A later release may have another text
/// of a built-in pack, so its label counts; of a file the text counts.
fn ensure_published(name: &str, published: &[StoredPolicy]) -> anyhow::Result<()> {
    let in_force = published.last().map_or("none", |last| last.label.as_str());
    let advice = || {
        format!(
            "the pack in force is {in_force}; --policy and `policy` name only a deployment's first pack: leave \
             them out, and publish another pack with POST /v1/policies"
        )
    };
    let (text, policy) = configured(name).with_context(advice)?;
    let is_published = match Policy::builtin(name) {
        Some(_) => published.iter().any(|stored| stored.label == policy.label()),
        None => published.iter().any(|stored| stored.text == text),
    };
    let label = policy.label();
    anyhow::ensure!(is_published, "`{name}` ({label}) was never in force in this deployment: {}", advice());
    Ok(())
}
