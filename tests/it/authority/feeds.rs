//! Feeds between province and city: signed, in sequence, all or nothing. Divergence is counted.

use super::packs::publish;
use http::Request;
use scangate_core::certificate::{Issuer, is_signed, public_key};
use scangate_core::keys::Key;
use scangate_core::time::DAY_MS;
use scangate_loadgen::city::{LoadResident, RegistrationReply};
use scangate_loadgen::drive::now;
use scangate_tests::{ExpectedLog, Gateway, TestReply, TestTown, eventually};
use serde_json::{Value, json};
use std::sync::Arc;

/// The document numbers of the registered people.
pub(crate) const NUMBERS: [&str; 2] = ["E70000001", "E70000002"];

/// A city under Xuzhou's pack that accepts a province's feeds.
pub(crate) struct Province {
    pub(crate) town: TestTown,
    pub(crate) people: Vec<LoadResident>,
    _folder: tempfile::TempDir,
}

fn document(number: &str) -> Value {
    json!({"type": "passport", "number": number})
}

const XUZHOU: &str = include_str!("../../../gateway/core/policies/xuzhou.toml");
/// The warnings of providers that are doubles, and of held lists.
const WARNINGS: ExpectedLog = ExpectedLog::Trouble;

/// A line of a pack's trust list for feeds.
fn trust(issuer: &str, key: &str) -> String {
    format!("\n[[trust]]\nissuer = \"{issuer}\"\nkey = \"{key}\"\nfrom = 2020-01-01\nfeeds = true\n")
}

/// Registers the people whose documents are [`NUMBERS`].
async fn import(town: &mut TestTown) -> anyhow::Result<Vec<LoadResident>> {
    let authority = town.authority.clone();
    let line = |number: &&str| {
        json!({"name": "某人", "phone": "13800138000", "document": document(number)}).to_string()
    };
    let lines: Vec<String> = NUMBERS.iter().map(line).collect();
    let given = town.send("POST", "/v1/people/import", &authority, lines.join("\n")).await?.lines()?;
    let people =
        given.into_iter().map(|given| serde_json::from_value::<RegistrationReply>(given)?.resident());
    people.collect()
}

impl Province {
    pub(crate) async fn found(more: &str) -> anyhow::Result<Self> {
        let folder = tempfile::tempdir()?;
        let pack = folder.path().join("pack.toml");
        let jiangsu = trust("jiangsu", &Self::issuer().public_key());
        std::fs::write(&pack, XUZHOU.to_owned() + "\n" + more + &jiangsu)?;
        let pack = pack.display().to_string();
        let gateway = Gateway::start_in(Arc::new(tempfile::tempdir()?), &["--policy", &pack], WARNINGS)?;
        let mut town = TestTown::found_in(gateway, 1).await?;
        let people = import(&mut town).await?;
        Ok(Self { town, people, _folder: folder })
    }

    /// The issuer whose feeds the city accepts.
    pub(crate) fn issuer() -> Issuer {
        Issuer::new(&Key([9; 32]))
    }

    pub(crate) async fn send(
        &mut self,
        issuer: &Issuer,
        sequence: u64,
        lines: &[Value],
    ) -> anyhow::Result<TestReply> {
        let head = json!({"source": "jiangsu", "sequence": sequence, "lines": lines.len()});
        let body: Vec<String> = [head].iter().chain(lines).map(Value::to_string).collect();
        let body = body.join("\n");
        let signature = issuer.sign("scangate feed", body.as_bytes());
        self.relay(body, &signature).await
    }

    /// Sends a feed that is signed already.
    async fn relay(&mut self, body: String, signature: &str) -> anyhow::Result<TestReply> {
        let request = Request::post("/v1/feeds")
            .header("authorization", &self.town.authority)
            .header("scangate-signature", signature);
        let answer = self.town.connection.send(request.body(body.into())?).await?;
        Ok(TestReply { answer })
    }

    /// A person's own record, or a path below it.
    pub(crate) async fn own(&mut self, person: usize, path: &str) -> anyhow::Result<Value> {
        let by = self.people[person].authorization(now());
        self.town.send("GET", &format!("/v1/people/me{path}"), &by, "").await?.json()
    }

    /// Brings the second version of the pack into force, which trusts these issuers.
    async fn trust_only(&mut self, trusted: &str) -> anyhow::Result<()> {
        let text = XUZHOU.replacen("version = 3", "version = 4", 1) + trusted;
        assert_eq!(publish(&mut self.town, &text).await?.json()?["policy"], "xuzhou/4");
        Ok(())
    }

    async fn colour(&mut self, person: usize) -> anyhow::Result<Value> {
        Ok(self.own(person, "").await?["colour"].clone())
    }
}

/// A feed line that orders a test and shows a colour.
pub(crate) fn measure(number: &str, colour: &str) -> Value {
    json!({
        "document": document(number), "kind": "ordered", "measure": "test-due", "at": now().minus_ms(DAY_MS),
        "colour": colour,
    })
}

/// The least number of worsening lines that is held.
pub(crate) fn too_many() -> Vec<Value> {
    // One reading of the clock, or two lines might have one time and be one fact.
    let last = now().minus_ms(DAY_MS);
    let line = |age_ms: u64| {
        let mut line = measure(NUMBERS[0], "yellow");
        line["at"] = json!(last.minus_ms(age_ms));
        line
    };
    (0..1_001).map(line).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn gz_11_a_feed_is_taken_whole_in_sequence_and_once() -> anyhow::Result<()> {
    let mut province = Province::found("").await?;
    let (own, forger) = (Province::issuer(), Issuer::new(&Key([8; 32])));
    let first = [measure(NUMBERS[0], "yellow"), measure("E79999999", "yellow")];
    let forged = province.send(&forger, 1, &first).await?;
    assert_eq!((forged.status(), forged.code().as_str()), (422, "feed-untrusted"));
    let early = province.send(&own, 2, &first).await?;
    assert_eq!((early.status(), early.code().as_str()), (409, "feed-out-of-order"));
    let half = [measure(NUMBERS[0], "yellow"), json!({"document": document(NUMBERS[1]), "kind": "green"})];
    let half = province.send(&own, 1, &half).await?;
    assert_eq!((half.status(), half.code().as_str()), (400, "malformed"));
    assert!(half.text().contains("line 3"), "{}", half.text());
    assert_eq!(province.colour(0).await?, "green");

    let taken = province.send(&own, 1, &first).await?;
    let said = taken.json()?;
    assert_eq!(
        (&said["facts"], &said["unknown"], &said["diverging"]),
        (&json!(1), &json!(1), &json!(0)),
        "{said}"
    );
    assert_eq!(province.colour(0).await?, "yellow");
    assert_eq!(province.send(&own, 1, &first).await?.json()?, json!({"repeated": true}));
    let other = province.send(&own, 1, &[measure(NUMBERS[1], "yellow")]).await?;
    assert_eq!((other.status(), other.code().as_str()), (409, "feed-out-of-order"));
    assert_eq!(province.colour(1).await?, "green");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn xz_07_what_diverges_from_the_province_is_counted_and_gone_after_the_next_feed() -> anyhow::Result<()>
{
    let mut province = Province::found("").await?;
    let own = Province::issuer();
    let colours = |first: &str, second: &str| {
        [
            json!({"document": document(NUMBERS[0]), "colour": first}),
            json!({"document": document(NUMBERS[1]), "colour": second}),
        ]
    };
    let behind = province.send(&own, 1, &colours("green", "yellow")).await?.json()?;
    assert_eq!(behind["diverging"], 1);
    assert!(province.town.gateway.metric("scangate_feed_divergence", "jiangsu")? > 0.0);
    let synced = province.send(&own, 2, &[measure(NUMBERS[1], "yellow")]).await?.json()?;
    assert_eq!(synced["diverging"], 0, "{synced}");
    assert!(province.town.gateway.metric("scangate_feed_divergence", "jiangsu")? == 0.0);
    let both = province.send(&own, 3, &colours("green", "yellow")).await?.json()?;
    assert_eq!(both["diverging"], 0);
    // A feed leaves people that it does not list unchanged.
    assert_eq!(province.send(&own, 4, &colours("red", "yellow")).await?.json()?["diverging"], 1);
    let [_, second] = colours("red", "yellow");
    assert_eq!(province.send(&own, 5, &[second]).await?.json()?["diverging"], 1);
    assert!(province.town.gateway.metric("scangate_feed_divergence", "jiangsu")? == 1.0);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn gz_11_this_citys_facts_go_out_signed_without_a_document() -> anyhow::Result<()> {
    let mut province = Province::found("").await?;
    let own = Province::issuer();
    province.send(&own, 1, &[measure(NUMBERS[0], "yellow")]).await?;
    province.town.post_fact(0, "confirmed").await?;
    let issuer = province.town.send("GET", "/v1/issuer", "", "").await?.json()?;
    let (authority, path) = (province.town.authority.clone(), "/v1/feeds/outward?after=2020-01-01T00:00:00Z");
    // Facts go out some seconds after they are recorded, when every gateway knows them.
    let outward = eventually(
        async || province.town.send("GET", path, &authority, "").await,
        |outward: &TestReply| outward.text().lines().count() == 2,
    )
    .await?;
    let lines = outward.lines()?;
    assert_eq!(
        (&lines[0]["source"], &lines[0]["lines"], &lines[1]["kind"]),
        (&json!("xuzhou"), &json!(1), &json!("confirmed"))
    );
    let text = outward.text();
    assert!(!text.contains("person") && !text.contains("document"), "{text}");
    let key = public_key(issuer["key"].as_str().unwrap_or_default()).unwrap_or_default();
    let signature = outward.header("scangate-signature").unwrap_or_default();
    assert!(is_signed(&key, "scangate feed", text.as_bytes(), signature));
    assert!(!is_signed(&key, "scangate feed", text.replace("confirmed", "suspected").as_bytes(), signature));
    let next = format!("/v1/feeds/outward?after={}", lines[0]["through"].as_str().unwrap_or_default());
    let nothing = province.town.send("GET", &next, &authority, "").await?.lines()?;
    assert_eq!(nothing[0]["lines"], 0);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_line_of_another_source_rejects_the_feed() -> anyhow::Result<()> {
    let mut province = Province::found("").await?;
    let own = Province::issuer();
    let mut foreign = measure(NUMBERS[1], "yellow");
    foreign["source"] = json!("zhejiang");
    let refused = province.send(&own, 1, &[measure(NUMBERS[0], "yellow"), foreign.clone()]).await?;
    assert_eq!((refused.status(), refused.code().as_str()), (400, "malformed"));
    assert!(refused.text().contains("line 3: its source is not the feed's"), "{}", refused.text());
    assert_eq!(province.colour(0).await?, "green");
    foreign["source"] = json!("jiangsu");
    assert_eq!(province.send(&own, 1, &[foreign]).await?.json()?["facts"], 1);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_line_withdraws_an_earlier_one() -> anyhow::Result<()> {
    let mut province = Province::found("").await?;
    let own = Province::issuer();
    let (first, second) = (measure(NUMBERS[0], "yellow"), measure(NUMBERS[1], "yellow"));
    let withdrawn = |line: &Value| {
        let mut line = line.clone();
        line["force"] = json!({"withdrawn": {"reason": "mistaken", "at": now()}});
        line
    };
    assert_eq!(province.send(&own, 1, &[first.clone(), second.clone()]).await?.json()?["facts"], 2);
    assert_eq!(province.colour(0).await?, "yellow");
    let elsewhere = measure("E79999999", "yellow");
    let mut never = second.clone();
    never["reference"] = json!("never sent");
    let lines = [withdrawn(&first), withdrawn(&never), withdrawn(&elsewhere), second.clone()];
    let said = province.send(&own, 2, &lines).await?.json()?;
    let counts = ["facts", "withdrawn", "unknown_withdrawals", "unknown", "known"].map(|name| &said[name]);
    assert_eq!(counts, [&json!(0), &json!(1), &json!(1), &json!(1), &json!(1)], "{said}");
    assert_eq!((province.colour(0).await?, province.colour(1).await?), (json!("green"), json!("yellow")));
    // A withdrawal that is on record changes nothing. The withdrawn fact stays withdrawn, and another one has
    // another reference.
    let said = province.send(&own, 3, &[withdrawn(&first), first.clone()]).await?.json()?;
    assert_eq!(
        (&said["withdrawn"], &said["known"], &said["facts"]),
        (&json!(0), &json!(2), &json!(0)),
        "{said}"
    );
    assert_eq!(province.colour(0).await?, "green");
    let mut another = first;
    another["reference"] = json!("another");
    assert_eq!(province.send(&own, 4, &[another]).await?.json()?["facts"], 1);
    assert_eq!(province.colour(0).await?, "yellow");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_held_feed_is_shown_and_refused_once_its_source_lost_the_trust() -> anyhow::Result<()> {
    let mut province = Province::found("").await?;
    let (own, authority) = (Province::issuer(), province.town.authority.clone());
    let held = province.send(&own, 1, &too_many()).await?;
    assert_eq!(held.status(), 202, "{}", held.text());
    let path = format!("/v1/held/{}", held.json()?["held"].as_str().unwrap_or_default());
    let shown = province.town.send("GET", &path, &authority, "").await?.json()?;
    for (name, expected) in [
        ("kind", json!("feed")),
        ("by_kind", json!({"ordered": 1_001})),
        ("by_source", json!({"jiangsu": 1_001})),
        ("colour_changes", json!({"green-yellow": 1})),
    ] {
        assert_eq!(shown[name], expected, "{name}");
    }
    assert_eq!(shown["lines"].as_array().map(Vec::len), Some(1_001));
    province.trust_only("").await?;
    let second = province.town.gateway.token("authority", "second", None)?;
    for _ in 0..2 {
        let late = province.town.send("POST", &format!("{path}/approve"), &second, "").await?;
        assert_eq!((late.status(), late.code().as_str()), (422, "feed-untrusted"));
    }
    assert_eq!(province.colour(0).await?, "green");
    let rejected = province.town.send("POST", &format!("{path}/reject"), &second, "").await?;
    assert_eq!(rejected.status(), 200, "{}", rejected.text());
    Ok(())
}

/// An outward feed of a city, once it has so many lines.
async fn pull(town: &mut TestTown, after: &str, sequence: u64, lines: usize) -> anyhow::Result<TestReply> {
    let (authority, path) =
        (town.authority.clone(), format!("/v1/feeds/outward?after={after}&sequence={sequence}"));
    eventually(
        async || town.send("GET", &path, &authority, "").await,
        |outward: &TestReply| outward.text().lines().count() == lines + 1,
    )
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn two_cities_exchange_their_own_facts() -> anyhow::Result<()> {
    let mut sender = TestTown::found_in(Gateway::start_under("nanchong")?, 0).await?;
    sender.residents = import(&mut sender).await?;
    let key = sender.send("GET", "/v1/issuer", "", "").await?.json()?["key"]
        .as_str()
        .unwrap_or_default()
        .to_owned();
    let mut reader = Province::found(&trust("nanchong", &key)).await?;
    let relay = async |reader: &mut Province, feed: &TestReply| {
        let signature = feed.header("scangate-signature").unwrap_or_default().to_owned();
        reader.relay(feed.text(), &signature).await
    };

    let posted = sender.post_fact(0, "confirmed").await?.lines()?;
    let first = pull(&mut sender, "2020-01-01T00:00:00Z", 1, 1).await?;
    let taken = relay(&mut reader, &first).await?.json()?;
    assert_eq!((&taken["facts"], &taken["source"]), (&json!(1), &json!("nanchong")), "{taken}");
    assert_eq!((reader.colour(0).await?, reader.colour(1).await?), (json!("red"), json!("green")));
    assert_eq!(relay(&mut reader, &first).await?.json()?, json!({"repeated": true}));

    let withdraw = format!("/v1/facts/{}/withdraw", posted[0]["fact"].as_str().unwrap_or_default());
    let by = sender.authority.clone();
    sender.send("POST", &withdraw, &by, json!({"reason": "mistaken"}).to_string()).await?;
    let through = first.lines()?[0]["through"].as_str().unwrap_or_default().to_owned();
    let second = pull(&mut sender, &through, 2, 1).await?;
    let taken = relay(&mut reader, &second).await?.json()?;
    assert_eq!((&taken["facts"], &taken["withdrawn"]), (&json!(0), &json!(1)), "{taken}");
    assert_eq!(reader.colour(0).await?, "green");

    // A feed that overlaps earlier ones adds nothing twice.
    let overlapping = pull(&mut sender, "2020-01-01T00:00:00Z", 3, 1).await?;
    let taken = relay(&mut reader, &overlapping).await?.json()?;
    assert_eq!((&taken["facts"], &taken["known"]), (&json!(0), &json!(1)), "{taken}");

    // The trust ends: nothing more is accepted, and the facts that were accepted are not sent on.
    sender.post_fact(1, "confirmed").await?;
    let late = pull(&mut sender, &through, 4, 2).await?;
    reader.trust_only("").await?;
    let refused = relay(&mut reader, &late).await?;
    assert_eq!((refused.status(), refused.code().as_str()), (422, "feed-untrusted"));
    assert_eq!(reader.colour(1).await?, "green");
    reader.town.post_fact(0, "suspected").await?;
    let own = pull(&mut reader.town, "2020-01-01T00:00:00Z", 1, 1).await?.lines()?;
    assert_eq!((&own[1]["kind"], &own[1]["source"]), (&json!("suspected"), &json!("xuzhou")));
    Ok(())
}
