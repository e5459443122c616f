//! The part of a run that one generator sends: its scenario and seed, the city that it registers, and the
//! plan of its scans. A run on one generator has one part.

use crate::beside::{BesideLoad, RunTokens};
use crate::city::{self, LoadCity, LoadVenue};
use crate::client::{LoadTarget, Version};
use crate::drive::LoadRun;
use crate::limits::RunWaits;
use crate::plan::{Plan, PlanOptions, SmallCityError};
use crate::sample::KeptAnswers;
use crate::scenario::{RESIDENTS_MAX, Scenario};
use anyhow::Context as _;
use serde::{Deserialize, Serialize};
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

/// The residents of a city whose run needs fewer.
const RESIDENTS_MIN: u64 = 10_000;
/// The address of attackers where the target is on loopback. Gateways bound what one address may hold.
const ATTACKER: IpAddr = IpAddr::V4(Ipv4Addr::new(127, 0, 0, 66));

/// One generator's part of a run.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RunPart {
    /// The scenario, with the rate and the connections of this part.
    pub scenario: Scenario,
    /// The seed of the residents, and of the plan of the first run.
    pub seed: u64,
    /// The waits for answers.
    pub waits: RunWaits,
    /// The part of its acknowledged check-ins that the run remembers.
    pub keep: KeptAnswers,
}

/// The distance between the seeds of two parts, so that the parts of runs with near seeds share no residents.
const PART_SEEDS: u64 = 7_919;

impl RunPart {
    /// One of several equal parts of this run, each with residents of its own. The numbers count from 0.
    #[must_use]
    pub fn part(&self, number: u32, all: u32) -> Self {
        let seed = self.seed.wrapping_add(u64::from(number) * PART_SEEDS);
        Self { scenario: self.scenario.part(number, all), seed, ..self.clone() }
    }

    /// The plan of its scans with this seed. **Errors**: the city of its scenario is too small.
    pub fn plan(&self, seed: u64) -> Result<Plan, SmallCityError> {
        let Scenario { rate, length, venues, venue_choice, .. } = self.scenario;
        let (rate, shape) = (rate.0, self.scenario.shape.clone());
        let plan = PlanOptions { rate, length, shape, residents: RESIDENTS_MAX, venues, venue_choice, seed };
        let needed = plan.residents_needed().max(RESIDENTS_MIN);
        let enough = u32::try_from(needed).unwrap_or(RESIDENTS_MAX).min(RESIDENTS_MAX);
        Plan::new(PlanOptions { residents: self.scenario.residents.unwrap_or(enough), ..plan })
    }

    /// Registers the residents of the plan, and the venues unless the coordinator has. **Errors**: the
    /// gateway cannot be reached, or refuses them.
    pub async fn register(
        &self,
        target: &LoadTarget,
        authority: &str,
        venues: Option<Vec<LoadVenue>>,
    ) -> anyhow::Result<LoadCity> {
        let mut connection = target.connect(Version::Http3).await.context("connecting to the target")?;
        let residents = self.plan(self.seed)?.options().residents;
        let residents = city::residents(&mut connection, authority, self.seed, residents as usize).await?;
        let venues = match venues {
            Some(venues) => venues,
            None => city::venues(&mut connection, authority, self.scenario.venues as usize).await?,
        };
        Ok(LoadCity { venues, residents })
    }

    /// The run of this part against a target, without a watch. **Errors**: attackers get no socket.
    pub fn run(
        &self,
        plan: Plan,
        target: &Arc<LoadTarget>,
        city: &Arc<LoadCity>,
        tokens: &RunTokens,
    ) -> anyhow::Result<LoadRun> {
        let specs = self.scenario.beside.clone();
        let beside = if specs.is_empty() {
            None
        } else {
            Some(BesideLoad {
                target: Arc::clone(target),
                attacked: self.attacked(target)?,
                city: Arc::clone(city),
                tokens: tokens.clone(),
                specs,
                seed: plan.options().seed,
            })
        };
        Ok(LoadRun {
            target: Arc::clone(target),
            city: Arc::clone(city),
            carriers: self.scenario.carriers(),
            plan: Box::new(plan),
            waits: self.waits,
            keep: self.keep,
            beside,
            board: Arc::default(),
        })
    }

    /// The gateway as attackers reach it. On loopback they have an address of their own.
    fn attacked(&self, target: &Arc<LoadTarget>) -> anyhow::Result<Arc<LoadTarget>> {
        let is_local = target.address.is_ipv4() && target.address.ip().is_loopback();
        let is_attacked = self.scenario.beside.iter().any(|beside| beside.kind.is_attack());
        if is_local && is_attacked {
            Ok(Arc::new(LoadTarget::clone(target).from_source(ATTACKER)?))
        } else {
            Ok(Arc::clone(target))
        }
    }
}
