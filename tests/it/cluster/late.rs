//! Late scans in a city of several gateways: one gateway takes the scan live, the other one as a late copy.
//! Every reader at either gateway returns the live record. A store that is away does not stop late scans.

use scangate_core::time::{Step, Timestamp};
use scangate_loadgen::client::Version;
use scangate_loadgen::drive::now;
use scangate_tests::{
    ClusterCity, ClusterProxy, SecondGateway, TestTown, cluster, eventually, found_with_second, is_complete,
};
use serde_json::{Value, json};

struct LateTown {
    town: TestTown,
    there: SecondGateway,
    gate: String,
}

impl LateTown {
    async fn found(name: &str) -> anyhow::Result<Self> {
        let city = ClusterCity::new(name, 2)?;
        let (town, there) = found_with_second(&city, 3).await?;
        let gate = town.gateway.token("terminal", "gate", Some(town.venues[0].venue))?;
        Ok(Self { town, there, gate })
    }

    /// Uploads a late copy of a scan to the second gateway.
    async fn late(
        &mut self,
        resident: usize,
        step: Step,
        at: Timestamp,
        outcome: &str,
    ) -> anyhow::Result<Value> {
        let code = self.town.residents[resident].code(step);
        let line = json!({"person": code, "at": at, "outcome": outcome}).to_string();
        let sent = self.there.send("POST", "/v1/check-ins/batch", &self.gate, line).await?;
        Ok(sent.lines()?.remove(0))
    }

    /// Takes a scan live at the first gateway.
    async fn live(&mut self, resident: usize, step: Step) -> anyhow::Result<Value> {
        let code = self.town.residents[resident].code(step);
        let body = json!({"person": code}).to_string();
        self.town.send("POST", "/v1/check-ins", &self.gate, body).await?.json()
    }

    /// The answers of both gateways to a request, once they have every check-in until now.
    async fn both(&mut self, path: &str, who: impl Fn() -> String) -> anyhow::Result<[Value; 2]> {
        let through = now();
        let here = async || self.town.send("GET", path, &who(), "").await?.json();
        let here = eventually(here, |answer| is_complete(answer, through)).await?;
        let there = async || self.there.send_as("GET", path, &who, "").await?.json();
        Ok([here, eventually(there, |answer| is_complete(answer, through)).await?])
    }

    /// Every reader at both gateways has one check-in of the resident: this live one.
    async fn has_only(&mut self, resident: usize, live: &Value) -> anyhow::Result<()> {
        let (tracer, venue) = (self.town.tracer.clone(), self.town.venues[0].venue);
        let case = self.town.open_case(resident).await?;
        for trail in self.both(&format!("/v1/cases/{case}/trail"), || tracer.clone()).await? {
            let visits = trail["visits"].as_array().cloned().unwrap_or_default();
            assert_eq!(visits.len(), 1, "{trail}");
            for (field, of) in [("id", "id"), ("from", "at"), ("verdict", "verdict"), ("colour", "colour")] {
                assert_eq!(visits[0][field], live[of], "{trail}");
            }
        }
        let visits = format!("/v1/cases/{case}/venues/{venue}/visits");
        for visits in self.both(&visits, || tracer.clone()).await? {
            let person = json!(self.town.residents[resident].person);
            let visits = visits["visits"].as_array().cloned().unwrap_or_default();
            let own: Vec<&Value> = visits.iter().filter(|visit| visit["person"] == person).collect();
            assert_eq!(
                own.iter().map(|visit| &visit["from"]).collect::<Vec<_>>(),
                [&live["at"]],
                "{visits:?}"
            );
        }
        let me = self.town.residents[resident].clone();
        for mine in self.both("/v1/people/me", || me.authorization(now())).await? {
            let check_ins = mine["check_ins"].as_array().cloned().unwrap_or_default();
            let found: Vec<_> = check_ins.iter().map(|one| (&one["id"], &one["at"])).collect();
            assert_eq!(found, [(&live["id"], &live["at"])], "{mine}");
        }
        // Resident 2 was there first.
        let other = json!(self.town.residents[2].person);
        for met in self.both(&format!("/v1/cases/{case}/co-presence"), || tracer.clone()).await? {
            let contacts = met["contacts"].as_array().cloned().unwrap_or_default();
            let from = contacts.iter().find(|contact| contact["person"] == other);
            let from = from.map(|contact| &contact["encounters"][0]["from"]);
            assert_eq!(from, Some(&live["at"]), "{contacts:?}");
        }
        Ok(())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_live_and_a_late_record_at_two_gateways_the_live_one_counts() -> anyhow::Result<()> {
    let _turn = cluster::shared_turn().await;
    let mut city = LateTown::found("late_twins").await?;
    let step = Step::of(now());
    city.live(2, step).await?;
    // The late copy comes second, with an earlier time.
    let live = city.live(0, step).await?;
    let at: Timestamp = serde_json::from_value(live["at"].clone())?;
    let late = city.late(0, step, at.minus_ms(1_500), "refused").await?;
    assert_eq!((&late["id"], &late["late"]), (&live["id"], &json!(true)), "{late}");
    city.has_only(0, &live).await?;
    // The late copy comes first.
    let (step, at) =
        eventually(async || Ok((Step::of(now()), now())), |(_, at)| at.0 % 30_000 < 20_000).await?;
    let late = city.late(1, step, at, "refused").await?;
    assert_eq!(late["verdict"], "refuse");
    let live = city.live(1, step).await?;
    assert_eq!((&live["id"], &live["verdict"]), (&late["id"], &json!("pass")));
    city.has_only(1, &live).await?;
    // The same upload again gets the same answer.
    assert_eq!(city.late(1, step, at, "refused").await?, late);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn late_scans_are_kept_while_the_cluster_is_away() -> anyhow::Result<()> {
    let _turn = cluster::shared_turn().await;
    let mut proxy = ClusterProxy::start().await?;
    let city = ClusterCity::by("late_away", 1, &proxy.nodes, &proxy.translate)?;
    let mut town = TestTown::found_in(city.start(0)?, 1).await?;
    let gate = town.gateway.token("terminal", "gate", Some(town.venues[0].venue))?;
    proxy.cut();
    eventually(async || town.gateway.metric("scangate_store_up", ""), |up| *up == 0.0).await?;
    town.connection = town.target.connect(Version::Http3).await?;
    let at = now();
    let line = json!({"person": town.residents[0].code(Step::of(at)), "at": at}).to_string();
    let late = town.send("POST", "/v1/check-ins/batch", &gate, line).await?.lines()?.remove(0);
    assert_eq!((&late["colour"], &late["verdict"]), (&json!("unknown"), &json!("pass")), "{late}");
    proxy.heal();
    town.connection = town.target.connect(Version::Http3).await?;
    let mine = async || {
        let mine = town.own(0, "GET", "", &Value::Null).await?;
        Ok(mine.json()?["check_ins"][0]["id"].clone())
    };
    eventually(mine, |id| *id == late["id"]).await?;
    Ok(())
}
