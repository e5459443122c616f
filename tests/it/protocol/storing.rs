//! Which answers caches and browsers may store.

use scangate_core::time::Step;
use scangate_loadgen::client::Version;
use scangate_loadgen::drive::now;
use scangate_tests::{TestTown, send};

#[tokio::test(flavor = "multi_thread")]
async fn nobody_stores_an_answer_that_may_tell_of_a_person() -> anyhow::Result<()> {
    let town = TestTown::found(3).await?;
    let terminal = town.gateway.token("terminal", "gate", Some(town.venues[0].venue))?;
    for (resident, version) in Version::ALL.into_iter().enumerate() {
        let mut phone = town.target.connect(version).await?;
        let (scan, own) = (town.scan(resident, 0), town.residents[resident].authorization(now()));
        let colour = format!("/v1/colours/{}", town.residents[resident].code(Step::of(now())));
        for (method, path, who, body, status) in [
            ("POST", "/v1/check-ins", "", scan.as_str(), 200),
            ("POST", "/v1/check-ins", "", "{", 400),
            ("GET", &colour, &terminal, "", 200),
            ("GET", &colour, "", "", 401),
            ("GET", "/v1/people/me", &own, "", 200),
            ("GET", "/v1/people/me/overview", &own, "", 200),
            ("GET", "/v1/people/me", "", "", 401),
            ("POST", "/v1/facts", &town.authority, "{", 200),
        ] {
            let answer = send(&mut phone, method, path, who, body.to_owned()).await?;
            let place = format!("{version:?} {method} {path} {}", answer.text());
            assert_eq!(answer.status(), status, "{place}");
            assert_eq!(answer.header("cache-control"), Some("no-store"), "{place}");
            assert_eq!(answer.header("x-content-type-options"), Some("nosniff"), "{place}");
        }
        // A page names no resident, and a phone on a bad signal keeps it.
        let page = send(&mut phone, "GET", "/me", "", "").await?;
        assert_eq!(page.header("cache-control"), Some("no-cache"), "{version:?}");
    }
    Ok(())
}
