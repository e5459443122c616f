//! `gateway check-config --connect` and `gateway doctor` on a real cluster, and on a node with a password and
//! TLS. A wrong setting has one finding, which names the setting and its line.

use super::login::SecureDeployment;
use anyhow::Context as _;
use scangate_tests::{ClusterCity, Gateway, TestAuthority, TestTown, cluster, eventually, output_text};
use serde_json::Value;
use std::fs;
use std::process::Output;

/// Writes a configuration beside a data folder. Returns the file.
fn configured(text: &str) -> anyhow::Result<(tempfile::TempDir, String)> {
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("gateway.toml");
    let data = folder.path().join("data");
    // The journal's bound is small, so no finding is about the disk of this machine.
    let journal = "[journal]\nsegment_mib = 1\ndisk_mib_max = 2\n";
    fs::write(&file, format!("data = \"{}\"\n{text}{journal}", data.display()))?;
    let file = file.display().to_string();
    Ok((folder, file))
}

fn check_config(file: &str) -> anyhow::Result<Output> {
    Gateway::run(&["check-config", file, "--connect"])
}

/// The results and texts of the doctor's findings about the store.
fn doctor(file: &str, more: &[&str]) -> anyhow::Result<Vec<(String, String)>> {
    let arguments = [&["doctor", "--json", "--config", file][..], more].concat();
    let output = Gateway::run(&arguments)?;
    let report: Value = serde_json::from_slice(&output.stdout).with_context(|| output_text(&output))?;
    let of_store = |finding: &&Value| finding["code"].as_str().is_some_and(|code| code.starts_with("store"));
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let findings = report["findings"].as_array().into_iter().flatten().filter(of_store);
    Ok(findings.map(|finding| (text(&finding["result"]), text(&finding["text"]))).collect())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cluster_is_in_order_before_and_after_the_first_start_and_its_copies_are_compared()
-> anyhow::Result<()> {
    let _turn = cluster::shared_turn().await;
    let city = ClusterCity::new("checks", 1)?;
    let (_folder, file) = configured(&format!("store = \"{}\"\n", city.store()))?;
    let fresh = check_config(&file)?;
    assert_eq!((fresh.status.code(), output_text(&fresh)), (Some(0), format!("{file}: ok\n")));
    let found = doctor(&file, &[])?;
    let copies = format!("the first start makes keyspace {} with 3 copies", city.keyspace());
    assert!(found.iter().any(|(result, text)| result == "ok" && text.contains(&copies)), "{found:?}");

    let town = TestTown::found_in(city.start(0)?, 1).await?;
    let served = check_config(&file)?;
    assert_eq!((served.status.code(), output_text(&served)), (Some(0), format!("{file}: ok\n")));
    let (data, admin) = (town.gateway.folder(), town.gateway.admin.to_string());
    let listen = town.gateway.listen.to_string();
    let data = data.path().display().to_string();
    let beside = ["--data", &data, "--listen", &listen, "--admin", &admin];
    // Other tests change the schema of the cluster meanwhile.
    let agreed = |found: &Vec<(String, String)>| !found.iter().any(|(_, text)| text.contains("do not agree"));
    let found = eventually(async || doctor(&file, &beside), agreed).await?;
    assert!(found.iter().all(|(result, text)| result == "ok" || text.contains("a small read")), "{found:?}");
    let words = ["keeps 3 copies, as configured", "agree on the schema", "a small read takes"];
    for words in words {
        assert!(found.iter().any(|(_, text)| text.contains(words)), "{words}: {found:?}");
    }

    let (_other, file) = configured(&format!("store = \"{}\"\n[cql]\ncopies = 2\n", city.store()))?;
    let warned = check_config(&file)?;
    assert_eq!(warned.status.code(), Some(2), "{}", output_text(&warned));
    let place = format!("warning  {file}:2:9: store: keyspace {} keeps 3 copies", city.keyspace());
    assert!(output_text(&warned).contains(&place), "{}", output_text(&warned));
    let found = doctor(&file, &[])?;
    assert!(found.iter().any(|(result, text)| result == "warning" && text.contains("cql.copies is 2")));
    Ok(())
}

#[test]
fn a_wrong_authority_login_or_password_has_one_finding_with_its_key_and_line() -> anyhow::Result<()> {
    let secure = SecureDeployment::new("checked")?;
    let (right, secret) = (secure.login("cassandra")?, "not-the-password-3141");
    let authority = format!("authority = \"{}\"\n", secure.authority);
    let stranger = TestAuthority::new()?;
    stranger.issue(&["localhost"], 2040)?;
    let store = format!("store = \"{}\"\n[cql]\ncopies = 1\n", secure.store);
    let (_folder, file) = configured(&format!("{store}{right}"))?;
    let done = check_config(&file)?;
    assert_eq!((done.status.code(), output_text(&done)), (Some(0), format!("{file}: ok\n")));

    let login = right.lines().next().unwrap_or_default().to_owned() + "\n";
    let strange = format!("{login}authority = \"{}\"\n", stranger.certificate().display());
    let wrong = secure.login(secret)?;
    for (cql, place, words) in [
        (strange, "6:13: cql.authority: ", "certificate is not valid by the authority of cql.authority"),
        (wrong, "5:9: cql.login: ", "it refuses the user and password of cql.login"),
        (authority, "2:9: store: ", "it requires a user and a password: name their file in cql.login"),
        (login, "2:9: store: ", "name the certificate of its authority in cql.authority"),
    ] {
        // The file of the login is written for each case.
        secure.login(if place.contains("cql.login") { secret } else { "cassandra" })?;
        let (_folder, file) = configured(&format!("{store}{cql}"))?;
        let refused = check_config(&file)?;
        let text = output_text(&refused);
        assert_eq!(refused.status.code(), Some(1), "{text}");
        let lines: Vec<&str> = text.lines().collect();
        assert!(lines.len() == 2 && lines[1] == format!("{file}: 1 error"), "{text}");
        assert!(
            lines[0].starts_with(&format!("error    {file}:{place}")) && lines[0].contains(words),
            "{text}"
        );
        assert!(!text.contains(secret), "{text}");
        let found = doctor(&file, &[])?;
        assert!(found.len() == 1 && found[0].0 == "error" && found[0].1.contains(words), "{found:?}");
    }
    Ok(())
}
