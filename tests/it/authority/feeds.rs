//! Feeds between province and city: signed, in sequence, all or nothing. Divergence is counted.

use http::Request;
use scangate_core::certificate::{Issuer, is_signed, public_key};
use scangate_core::keys::Key;
use scangate_core::time::DAY_MS;
use scangate_loadgen::city::{LoadResident, RegistrationReply};
use scangate_loadgen::drive::now;
use scangate_tests::{Gateway, TestReply, TestTown, eventually};
use serde_json::{Value, json};

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

impl Province {
    pub(crate) async fn found(more: &str) -> anyhow::Result<Self> {
        let issuer = Self::issuer();
        let folder = tempfile::tempdir()?;
        let pack = folder.path().join("pack.toml");
        let trust = format!(
            "{more}\n[[trust]]\nissuer = \"jiangsu\"\nkey = \"{}\"\nfrom = 2020-01-01\nfeeds = true\n",
            issuer.public_key()
        );
        std::fs::write(
            &pack,
            include_str!("../../../gateway/core/policies/xuzhou.toml").to_owned() + &trust,
        )?;
        let gateway = Gateway::start_under(&pack.display().to_string())?;
        let mut town = TestTown::found_in(gateway, 1).await?;
        let authority = town.authority.clone();
        let lines: Vec<String> = NUMBERS
            .iter()
            .map(|number| {
                json!({"name": "某人", "phone": "13800138000", "document": document(number)}).to_string()
            })
            .collect();
        let given = town.send("POST", "/v1/people/import", &authority, lines.join("\n")).await?.lines()?;
        let people =
            given.into_iter().map(|given| serde_json::from_value::<RegistrationReply>(given)?.resident());
        let people = people.collect::<anyhow::Result<_>>()?;
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
        let request = Request::post("/v1/feeds")
            .header("authorization", &self.town.authority)
            .header("scangate-signature", issuer.sign("scangate feed", body.as_bytes()));
        let answer = self.town.connection.send(request.body(body.into())?).await?;
        Ok(TestReply { answer })
    }

    /// A person's own record, or a path below it.
    pub(crate) async fn own(&mut self, person: usize, path: &str) -> anyhow::Result<Value> {
        let by = self.people[person].authorization(now());
        self.town.send("GET", &format!("/v1/people/me{path}"), &by, "").await?.json()
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
