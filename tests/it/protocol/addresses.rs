//! Addresses as other programs write them, and the address that the gateway announces.

use scangate_core::time::Step;
use scangate_loadgen::client::Version;
use scangate_loadgen::drive::now;
use scangate_tests::{ExpectedLog, Gateway, TestTown, refused, send};
use std::sync::Arc;

/// A text with every third character percent-encoded.
fn escaped(text: &str) -> String {
    let letters = text.bytes().enumerate();
    letters
        .map(|(at, byte)| if at % 3 == 0 { format!("%{byte:02X}") } else { char::from(byte).to_string() })
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_escape_of_an_unreserved_character_is_the_same_address() -> anyhow::Result<()> {
    let town = TestTown::found(3).await?;
    let terminal = town.gateway.token("terminal", "gate", Some(town.venues[0].venue))?;
    let (authority, venue) = (town.authority.clone(), town.venues[0].venue.to_string());
    for (resident, version) in Version::ALL.into_iter().enumerate() {
        let mut connection = town.target.connect(version).await?;
        let code = escaped(&town.residents[resident].code(Step::of(now())));
        for path in [format!("/v1/colours/{code}"), format!("/%76%31/colours/{code}?x=%41")] {
            let looked = send(&mut connection, "GET", &path, &terminal, "").await?;
            assert_eq!(looked.status(), 200, "{version:?} {path} {}", looked.text());
        }
        for path in ["/v1/check%2Dins", "/v1/check%2dins"] {
            let scan = town.scan(resident, 0);
            let taken = send(&mut connection, "POST", path, "", scan).await?;
            assert_eq!(taken.status(), 200, "{version:?} {path} {}", taken.text());
        }
        for (path, token, status) in [
            (format!("/v1/venues/{}/posters/1%2Esvg", escaped(&venue)), authority.as_str(), 200),
            // An escaped slash is data of its segment: this is a venue of no such id.
            (format!("/v1/%76enues/{venue}%2Fposters%2F1.svg"), authority.as_str(), 404),
            (format!("/v/{}", escaped(&town.venues[0].poster)), "", 200),
            ("/%6De".to_owned(), "", 200),
            ("/v1%2Fregistration".to_owned(), "", 404),
            ("/v1/registratio%6".to_owned(), "", 404),
            ("/v1/registratio%zz".to_owned(), "", 404),
        ] {
            let answer = send(&mut connection, "GET", &path, token, "").await?;
            assert_eq!(answer.status(), status, "{version:?} {path}");
        }
        let invalid = send(&mut connection, "GET", "/v1/colours/AQ%4", &terminal, "").await?;
        assert_eq!(invalid.status_and_code(), refused(401, "person-code-invalid"), "{version:?}");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_check_in_page_opens_with_what_scanners_add() -> anyhow::Result<()> {
    let town = TestTown::found(1).await?;
    let code = &town.venues[0].poster;
    for version in Version::ALL {
        let mut phone = town.target.connect(version).await?;
        for end in ["", "/", "%20", "%0A", "?from=singlemessage&isappinstalled=0", "/?from=x", "%E3%80%82"] {
            let page = send(&mut phone, "GET", &format!("/v/{code}{end}"), "", "").await?;
            assert_eq!(page.status(), 200, "{version:?} {end}");
            assert_eq!(page.header("content-type"), Some("text/html; charset=utf-8"), "{version:?} {end}");
        }
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn alt_svc_names_the_port_by_which_phones_come() -> anyhow::Result<()> {
    let folder = Arc::new(tempfile::tempdir()?);
    let own = Gateway::start(&[])?;
    let file = folder.path().join("gateway.toml");
    let config = file.display().to_string();
    let announced = async |gateway: &Gateway, version| {
        let mut connection = gateway.target()?.connect(version).await?;
        let answer = send(&mut connection, "GET", "/v1/registration", "", "").await?;
        anyhow::Ok(answer.header("alt-svc").unwrap_or_default().to_owned())
    };
    let of_port = |port: u16| format!("h3=\":{port}\"; ma=86400");
    for version in [Version::Http1, Version::Http2] {
        assert_eq!(announced(&own, version).await?, of_port(own.listen.port()), "{version:?}");
    }
    for (origin, port) in [("https://scan.example", 443), ("https://scan.example:9443/", 9_443)] {
        // The first key does not include a byte order mark before the file.
        std::fs::write(&file, format!("\u{feff}origin = \"{origin}\"\n"))?;
        let data = Arc::new(tempfile::tempdir()?);
        let gateway = Gateway::start_in(data, &["--config", &config], ExpectedLog::Quiet)?;
        for version in [Version::Http1, Version::Http2] {
            assert_eq!(announced(&gateway, version).await?, of_port(port), "{version:?} {origin}");
        }
    }
    Ok(())
}
