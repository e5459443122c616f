//! Pages for browsers, over every HTTP version.

use bytes::Bytes;
use http::Request;
use http::header::{ACCEPT, CONTENT_TYPE};
use scangate_loadgen::client::Version;
use scangate_tests::TestTown;

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_gets_a_page_where_there_is_none_and_a_program_a_problem() -> anyhow::Result<()> {
    let town = TestTown::found(1).await?;
    for version in Version::ALL {
        let mut connection = town.target.connect(version).await?;
        for (accept, kind, words) in [
            ("text/html,application/xhtml+xml,*/*;q=0.8", "text/html; charset=utf-8", "没有这个页面"),
            ("*/*", "application/problem+json", "not-found"),
        ] {
            let uri = "https://localhost/v/no/such/page";
            let asked = Request::get(uri).header(ACCEPT, accept).body(Bytes::new())?;
            let answer = connection.send(asked).await?;
            assert_eq!(answer.status(), 404, "{version:?} {accept}");
            assert_eq!(answer.headers()[CONTENT_TYPE], kind, "{version:?} {accept}");
            assert!(String::from_utf8_lossy(answer.body()).contains(words), "{version:?} {accept}");
        }
    }
    Ok(())
}
