//! Pages for browsers, over every HTTP version.

use bytes::Bytes;
use http::header::{ACCEPT, CACHE_CONTROL, CONTENT_LENGTH, CONTENT_TYPE, RETRY_AFTER};
use http::{Method, Request, Response};
use scangate_loadgen::client::{ClientConnection, Version};
use scangate_tests::{Gateway, TestTown};

/// The media types that a browser accepts for a page.
const BROWSER: &str = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";
/// An app with next to no quota.
const SMALL_CHANNEL: &str = r#"
[[channel]]
name = "app"
hosts = ["app.example"]
requests_a_second_max = 1
"#;
/// More requests than a channel of one a second accepts during a test.
const TRIES: usize = 500;

/// Sends a request until it is shed.
async fn shed(
    connection: &mut ClientConnection,
    method: &Method,
    accept: &str,
) -> anyhow::Result<Response<Bytes>> {
    for _ in 0..TRIES {
        let asked = Request::builder().method(method).uri("https://app.example/v1/notices");
        let answer = connection.send(asked.header(ACCEPT, accept).body(Bytes::new())?).await?;
        if answer.status() != 200 {
            return Ok(answer);
        }
    }
    anyhow::bail!("nothing was shed")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_whose_request_is_shed_gets_a_page_that_tries_again() -> anyhow::Result<()> {
    let config = tempfile::NamedTempFile::new()?;
    std::fs::write(&config, SMALL_CHANNEL)?;
    let gateway = Gateway::start(&["--config", &config.path().display().to_string()])?;
    let target = gateway.target()?.named("app.example");
    for version in Version::ALL {
        let mut connection = target.connect(version).await?;
        let page = shed(&mut connection, &Method::GET, BROWSER).await?;
        let head = page.headers();
        assert_eq!(
            (page.status().as_u16(), &head[CACHE_CONTROL]),
            (503, &"no-store".parse()?),
            "{version:?}"
        );
        assert_eq!(head[CONTENT_TYPE], "text/html; charset=utf-8", "{version:?}");
        let seconds: u32 = head[RETRY_AFTER].to_str()?.parse()?;
        let text = String::from_utf8(page.body().to_vec())?;
        for words in [
            format!("http-equiv=\"refresh\" content=\"{seconds}\""),
            format!("约 {seconds} 秒后自动重试"),
            format!("tries again in about {seconds} second"),
        ] {
            assert!(text.contains(&words), "{version:?} {text}");
        }
        let bare = shed(&mut connection, &Method::HEAD, BROWSER).await?;
        assert_eq!(bare.headers()[CONTENT_TYPE], "text/html; charset=utf-8", "{version:?}");
        assert!(bare.body().is_empty() && bare.headers()[CONTENT_LENGTH] != "0", "{version:?}");
        let problem = shed(&mut connection, &Method::GET, "*/*").await?;
        assert_eq!(problem.headers()[CONTENT_TYPE], "application/problem+json", "{version:?}");
    }
    Ok(())
}

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
