//! Chromium on the residents' pages: registers, checks in, shows the code, moves and fetches keys. It also
//! takes over the key of a printed sheet, prints a paper pass, asks a question, and erases the record.
//! Needs `SCANGATE_TEST_CHROMIUM` and Node.js with `tests/browser` installed.

use super::scripts;
use crate::authority::prints::{import_as, new_person};
use crate::registration::printed_code;
use anyhow::Context as _;
use http::Request;
use scangate_core::code::DoorCode;
use scangate_core::keys::Kid;
use scangate_core::time::{DAY_MS, Step, Timestamp};
use scangate_loadgen::client::Version;
use scangate_loadgen::drive::now;
use scangate_tests::{
    CITIES_EAST_MS, ExpectedLog, Gateway, TestReply, TestTown, away_from_midnight, output_text,
};
use serde_json::{Value, json};
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::sync::Arc;

/// A run of Chromium on a town's pages, driven by a script.
pub(crate) fn browse(script: &str, town: &TestTown, venue: usize) -> Command {
    let mut command = Command::new("node");
    command
        .current_dir(scripts().join("browser"))
        .arg(script)
        .arg(town.gateway.listen.port().to_string())
        .arg(town.gateway.folder().path().join("certificate.pem"))
        .arg(&town.venues[venue].poster);
    command
}

/// Runs a script that asks questions on its output, each a line, and writes the answers to its input.
pub(crate) async fn converse(
    mut command: Command,
    mut answer: impl AsyncFnMut(&str) -> anyhow::Result<String>,
) -> anyhow::Result<Output> {
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut script = command.spawn().context("node is missing")?;
    let mut questions = BufReader::new(script.stdout.take().context("its output is piped")?);
    let mut answers = script.stdin.take().context("its input is piped")?;
    let mut question = String::new();
    while questions.read_line(&mut question)? > 0 {
        writeln!(answers, "{}", answer(question.trim_end()).await?)?;
        question.clear();
    }
    Ok(script.wait_with_output()?)
}

#[tokio::test(flavor = "multi_thread")]
async fn chromium_registers_and_checks_in_on_the_resident_page() -> anyhow::Result<()> {
    let town = TestTown::found(1).await?;
    let output = browse("resident/check_in.mjs", &town, 0).output().context("node is missing")?;
    assert!(output.status.success(), "{}", output_text(&output));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn chromium_keeps_the_venue_of_a_doors_code_while_somebody_registers() -> anyhow::Result<()> {
    let mut town = TestTown::found(1).await?;
    let (venue, door) = (town.venues[0].venue, 1);
    let key = town.gateway.secret()?.master(Kid(1)).door(venue, door);
    town.venues[0].poster = DoorCode::seal(Kid(1), venue, door, Step::of(now()), &key).text();
    let output = browse("resident/ticket.mjs", &town, 0).output().context("node is missing")?;
    assert!(output.status.success(), "{}", output_text(&output));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn chromium_shows_code_colour_clock_and_masked_name_in_one_screen_of_a_small_phone()
-> anyhow::Result<()> {
    let town = TestTown::found(1).await?;
    let output = browse("resident/first_screen.mjs", &town, 0).output().context("node is missing")?;
    assert!(output.status.success(), "{}", output_text(&output));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn chromium_registers_checks_in_leaves_and_reports_with_the_keyboard_alone() -> anyhow::Result<()> {
    let town = TestTown::found(1).await?;
    let output = browse("resident/keyboard.mjs", &town, 0).output().context("node is missing")?;
    assert!(output.status.success(), "{}", output_text(&output));
    Ok(())
}

/// The registration of a person whom the authority imports.
async fn imported(town: &mut TestTown) -> anyhow::Result<Value> {
    let authority = town.authority.clone();
    let person = new_person(1, "云龙").to_string();
    town.send("POST", "/v1/people/import", &authority, person).await?.json()
}

#[tokio::test(flavor = "multi_thread")]
async fn chromium_finds_no_fault_of_accessibility_on_the_residents_pages_of_each_pack() -> anyhow::Result<()>
{
    for pack in ["default", "xuzhou", "xinji", "nanchong", "jingzhou"] {
        let folder = Arc::new(tempfile::tempdir()?);
        let words = ExpectedLog::Words("for development only");
        let gateway = Gateway::start_in(folder, &["--policy", pack], words)?;
        let mut town = TestTown::found_in(gateway, 1).await?;
        let given = imported(&mut town).await?;
        let output = browse("resident/packs.mjs", &town, 0).arg(given.to_string()).output();
        let output = output.context("node is missing")?;
        assert!(output.status.success(), "{pack}: {}", output_text(&output));
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn chromium_finds_no_fault_of_accessibility_while_answers_are_missing() -> anyhow::Result<()> {
    let mut town = TestTown::found(1).await?;
    let given = imported(&mut town).await?;
    let output = browse("resident/waiting.mjs", &town, 0).arg(given.to_string()).output();
    let output = output.context("node is missing")?;
    assert!(output.status.success(), "{}", output_text(&output));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn chromium_opens_each_page_again_whose_script_was_lost_or_broken() -> anyhow::Result<()> {
    let town = TestTown::found(1).await?;
    let output = browse("resident/broken_files.mjs", &town, 0).output().context("node is missing")?;
    assert!(output.status.success(), "{}", output_text(&output));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn xj_01_chromium_asks_about_symptoms_stays_and_contacts() -> anyhow::Result<()> {
    let town = TestTown::under("xinji", 1).await?;
    let output = browse("resident/declare.mjs", &town, 0).output().context("node is missing")?;
    assert!(output.status.success(), "{}", output_text(&output));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn xj_24_chromium_shows_the_code_where_it_was_issued_and_xz_15_everything_beside_it()
-> anyhow::Result<()> {
    let mut town = TestTown::under("xinji", 1).await?;
    let site = json!({
        "name": "市民中心采样点", "district": "云龙", "address": "云龙区新城大道1号", "opens": "00:00",
        "closes": "24:00", "slot_minutes": 60, "places": 2,
    });
    let authority = town.authority.clone();
    let added = town.send("POST", "/v1/test-sites", &authority, site.to_string()).await?;
    assert_eq!(added.status(), 200, "{}", added.text());
    let output = browse("resident/me.mjs", &town, 0).output().context("node is missing")?;
    assert!(output.status.success(), "{}", output_text(&output));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn xz_04_chromium_registers_with_code_and_face_and_is_checked_in_where_it_scanned() -> anyhow::Result<()>
{
    let folder = Arc::new(tempfile::tempdir()?);
    let gateway =
        Gateway::start_in(folder, &["--policy", "xuzhou"], ExpectedLog::Words("for development only"))?;
    let town = TestTown::found_in(gateway, 1).await?;
    let mut script = browse("resident/register.mjs", &town, 1);
    script.arg("Venue 1");
    let mut asked = 0;
    let output = converse(script, async |_| {
        asked += 1;
        printed_code(&town.gateway, asked).await
    })
    .await?;
    assert!(output.status.success(), "{}", output_text(&output));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn chromium_moves_keys_on_both_pages_and_fetches_the_new_key_of_a_dependant() -> anyhow::Result<()> {
    let mut town = TestTown::found(0).await?;
    let (authority, operator) = (town.authority.clone(), town.gateway.first_token("operator")?);
    let script = browse("resident/keys.mjs", &town, 0);
    let output = converse(script, async |question| {
        // The connection may have been idle for too long meanwhile.
        town.connection = town.target.connect(Version::Http3).await?;
        let sent = match question.split_once(' ') {
            None => town.send("POST", "/v1/keys/rotate", &operator, "").await?,
            Some(("issue?", person)) => {
                let reason = json!({"reason": "lost"}).to_string();
                town.send("POST", &format!("/v1/people/{person}/key"), &authority, reason).await?
            }
            Some((_, kid)) => town.send("DELETE", &format!("/v1/keys/{kid}"), &operator, "").await?,
        };
        Ok(sent.status().to_string())
    })
    .await?;
    assert!(output.status.success(), "{}", output_text(&output));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn hb_14_chromium_prints_the_sheets_and_a_phone_takes_over_the_key() -> anyhow::Result<()> {
    let town = TestTown::found(0).await?;
    let office = town.gateway.authority_in("community", "云龙")?;
    let people = [new_person(1, "云龙"), new_person(2, "泉山"), new_person(3, "云龙")];
    let lines: Vec<String> = people.iter().map(Value::to_string).collect();
    let printed = import_as(&town.target, &office, "text/html", lines.join("\n")).await?;
    let given = import_as(&town.target, &office, "application/x-ndjson", lines[0].clone()).await?.json()?;
    let file = town.gateway.folder().path().join("sheets.html");
    std::fs::write(&file, printed.text())?;
    let mut script = browse("resident/prints/sheet.mjs", &town, 0);
    script.arg(&file).arg(given["person"].as_str().context("a person")?);
    let output = script.output().context("node is missing")?;
    assert!(output.status.success(), "{}", output_text(&output));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn xz_10_chromium_prints_the_sheet_of_a_paper_pass_that_opens_a_staffed_door() -> anyhow::Result<()> {
    away_from_midnight().await?;
    let mut town = TestTown::found(1).await?;
    let terminal = town.gateway.token("terminal", "gate", Some(town.venues[0].venue))?;
    let path = format!("/v1/people/{}/passes", town.residents[0].person);
    let mut connection = town.target.connect(Version::Http2).await?;
    let mut replies = Vec::new();
    for accept in ["application/json", "text/html"] {
        let request = Request::post(&path)
            .header("authorization", &town.authority)
            .header("content-type", "application/json")
            .header("accept", accept)
            .body(json!({"days": 7}).to_string().into())?;
        replies.push(TestReply { answer: connection.send(request).await? });
    }
    let (given, printed) = (replies[0].json()?, &replies[1]);
    for (name, value) in [("content-type", "text/html; charset=utf-8"), ("referrer-policy", "no-referrer")] {
        assert_eq!(printed.header(name), Some(value), "{}", printed.text());
    }
    let file = town.gateway.folder().path().join("pass.html");
    std::fs::write(&file, printed.text())?;
    let pass = given["pass"].as_str().context("a pass")?;
    let until: Timestamp = serde_json::from_value(given["until"].clone())?;
    let last = Timestamp(until.0 + CITIES_EAST_MS - DAY_MS).to_string();
    let script = scripts().join("browser/resident/prints/pass.mjs");
    let output = Command::new("node").arg(script).arg(&file).arg(pass).arg(&last[..10]).output()?;
    assert!(output.status.success(), "{}", output_text(&output));
    let scan = json!({"pass": pass}).to_string();
    let said = town.send("POST", "/v1/check-ins", &terminal, scan).await?;
    assert_eq!(said.status(), 200, "{}", said.text());
    Ok(())
}

/// The pages of the gateway, each with an address, by the files in the folder of the pages.
fn page_paths(venue: &str) -> anyhow::Result<Vec<String>> {
    let pages = Path::new(env!("CARGO_MANIFEST_DIR")).join("../gateway/web/pages");
    let mut paths = Vec::new();
    for entry in std::fs::read_dir(pages)? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        let Some(stem) = name.strip_suffix(".html") else { continue };
        paths.push(match stem {
            "home" => "/".to_owned(),
            "me" => "/me".to_owned(),
            "check_in" => format!("/v/{venue}"),
            "unknown" => "/none".to_owned(),
            other => anyhow::bail!("name the address of the page {other}"),
        });
    }
    anyhow::ensure!(paths.len() >= 4, "{paths:?}");
    Ok(paths)
}

#[tokio::test(flavor = "multi_thread")]
async fn gz_19_chromium_finds_the_hotline_on_every_page_and_a_question_gets_an_id_and_an_answer()
-> anyhow::Result<()> {
    let mut town = TestTown::under("xinji", 0).await?;
    let authority = town.authority.clone();
    let mut script = browse("resident/foot.mjs", &town, 0);
    script.arg("0311-83283507").args(page_paths(&town.venues[0].poster)?);
    let output = converse(script, async |question| {
        // The connection may have been idle for too long meanwhile.
        town.connection = town.target.connect(Version::Http3).await?;
        let id = question.strip_prefix("answer? ").context("an id")?;
        let text = json!({"text": "请稍等"}).to_string();
        let sent = town.send("POST", &format!("/v1/questions/{id}/answer"), &authority, text).await?;
        anyhow::ensure!(sent.status() == 200, "{question} {}", sent.text());
        Ok(String::new())
    })
    .await?;
    assert!(output.status.success(), "{}", output_text(&output));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn chromium_shows_the_citys_name_mark_and_time_on_every_page() -> anyhow::Result<()> {
    let folder = Arc::new(tempfile::tempdir()?);
    let (config, mark) = (folder.path().join("gateway.toml"), folder.path().join("mark.svg"));
    let square = "<svg xmlns='http://www.w3.org/2000/svg' width='8' height='8'><path d='M0 0h8v8z'/></svg>";
    std::fs::write(&mark, square)?;
    let city = format!("[city]\nname_zh = \"徐州市\"\nname_en = \"Xuzhou\"\nmark = {mark:?}\n");
    std::fs::write(&config, city)?;
    let config = config.to_str().context("the path is no text")?;
    let gateway = Gateway::start_in(Arc::clone(&folder), &["--config", config], ExpectedLog::Quiet)?;
    let town = TestTown::found_in(gateway, 0).await?;
    let mut script = browse("resident/city.mjs", &town, 0);
    script.args(["徐州市", "Xuzhou"]).args(page_paths(&town.venues[0].poster)?);
    let output = script.output().context("node is missing")?;
    assert!(output.status.success(), "{}", output_text(&output));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn chromium_erases_the_record_on_the_resident_page() -> anyhow::Result<()> {
    let mut town = TestTown::found(1).await?;
    let authority = town.authority.clone();
    let script = browse("resident/record.mjs", &town, 0);
    let mut fact = String::new();
    let output = converse(script, async |question| {
        // The connection may have been idle for too long meanwhile.
        town.connection = town.target.connect(Version::Http3).await?;
        let sent = match question.split_once(' ') {
            None => {
                let reason = json!({"reason": "mistaken"}).to_string();
                town.send("POST", &format!("/v1/facts/{fact}/withdraw"), &authority, reason).await?
            }
            Some((_, person)) => {
                let case = json!({"person": person, "kind": "confirmed", "at": now(), "source": "lab"});
                let posted = town.send("POST", "/v1/facts", &authority, case.to_string()).await?;
                fact = posted.json()?["fact"].as_str().unwrap_or_default().to_owned();
                posted
            }
        };
        anyhow::ensure!(sent.status() == 200, "{question} {}", sent.text());
        Ok(String::new())
    })
    .await?;
    assert!(output.status.success(), "{}", output_text(&output));
    Ok(())
}
