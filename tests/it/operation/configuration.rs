//! What an operator sees before a start: the errors of a configuration, the configuration in force, its
//! schema, and a start that fails.

use anyhow::Context as _;
use scangate_tests::{
    ExpectedLog, Gateway, TestAuthority, assert_done, assert_refused, free_port, output_text,
};
use serde_json::Value;
use std::fs::{self, Permissions};
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Output;
use std::sync::Arc;
use std::thread;
use tempfile::TempDir;

/// The journal's smallest size, for which every disk has room.
const SMALL: &str = "[journal]\nsegment_mib = 1\ndisk_mib_max = 2\n";

/// The first bytes of a segment whose format no version of the gateway has yet.
const LATER_SEGMENT: &[u8; 8] = b"SGSEGMT\xff";

/// A folder with `gateway.toml`.
fn configured(text: &str) -> anyhow::Result<(TempDir, String)> {
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("gateway.toml");
    fs::write(&file, text)?;
    let name = file.display().to_string();
    Ok((folder, name))
}

/// The lines on standard error, with FILE for the configuration and FOLDER for its folder.
fn lines(output: &Output, folder: &TempDir) -> Vec<String> {
    let text = String::from_utf8_lossy(&output.stderr);
    let folder = folder.path().display().to_string();
    let text = text.replace(&format!("{folder}/gateway.toml"), "FILE").replace(&folder, "FOLDER");
    text.lines().map(str::to_owned).collect()
}

#[test]
fn each_wrong_file_has_its_exact_lines() -> anyhow::Result<()> {
    for (text, expected) in [
        ("workers = 900\n", &["FILE:1:11: workers = 900: workers is a whole number from 1 to 256"][..]),
        (
            "# workers = 1\nlitsen = \"127.0.0.1:1\"\n[journal]\nsegment_mib = \"64\"\ndisk_mib = 2\n",
            &[
                "FILE:2:1: unknown key `litsen`; did you mean `listen`?",
                "FILE:4:15: journal.segment_mib = \"64\": journal.segment_mib is a whole number from 1 to 4294967295; \
                 remove the quotes",
                "FILE:5:1: unknown key `journal.disk_mib`; did you mean `journal.disk_mib_max`?",
            ],
        ),
        (
            "origin = \"gate.example/v\"\n",
            &[
                "FILE:1:10: origin = \"gate.example/v\": an origin is https://HOST or https://HOST:PORT; did you mean \
               `https://gate.example`?",
            ],
        ),
        (
            "listen = \"127.0.0.1:7000\"\nadmin = \"127.0.0.1:7000\"\n",
            &[
                "FILE:2:9: listen = \"127.0.0.1:7000\" and admin = \"127.0.0.1:7000\" are the same port: give admin \
               another one, such as \"127.0.0.1:9443\"",
            ],
        ),
        (
            "[city]\nmark = \"/no/such/mark.svg\"\n[journal]\nsegment_mib = 1\ndisk_mib_max = 2\n",
            &["FILE:2:8: city.mark: /no/such/mark.svg: No such file or directory (os error 2)"],
        ),
        (
            "secret = \"/no/such/secret\"\n[journal]\nsegment_mib = 1\ndisk_mib_max = 2\n",
            &[
                "FILE:1:10: secret: /no/such/secret: there is no such file: `openssl rand -out /no/such/secret 32` makes \
               the secret of a new deployment; all gateways of a city share one",
            ],
        ),
    ] {
        let (folder, file) = configured(text)?;
        let output = Gateway::run(&["check-config", &file])?;
        let mut expected: Vec<_> = expected.iter().map(|line| format!("error    {line}")).collect();
        let errors =
            if expected.len() == 1 { "1 error".into() } else { format!("{} errors", expected.len()) };
        expected.push(format!("FILE: {errors}"));
        assert_eq!((lines(&output, &folder), output.status.code()), (expected, Some(1)));
    }
    Ok(())
}

#[test]
fn a_start_tells_the_same_errors_and_the_variables() -> anyhow::Result<()> {
    let (folder, file) = configured("wokers = 1\nretention_days = 0\n")?;
    let output = Gateway::command(&["--config", &file])?.env("SCANGATE__WOKERS", "1").output()?;
    let expected = [
        "gateway: FILE:1:1: unknown key `wokers`; did you mean `workers`?",
        "gateway: FILE:2:18: retention_days = 0: retention_days is a whole number from 1 to 65535",
        "gateway: SCANGATE__WOKERS: unknown variable; did you mean `SCANGATE__WORKERS`?",
    ];
    assert_eq!(
        (lines(&output, &folder), output.status.code()),
        (expected.map(str::to_owned).to_vec(), Some(1))
    );
    Ok(())
}

#[test]
fn warnings_alone_exit_with_2_and_every_finding_is_listed() -> anyhow::Result<()> {
    let (folder, file) = configured("")?;
    let secret = folder.path().join("secret");
    fs::write(&secret, [7; 32])?;
    fs::set_permissions(&secret, Permissions::from_mode(0o644))?;
    let free = free_port()?;
    let busy = TcpListener::bind(("127.0.0.1", free))?;
    let text =
        format!("secret = \"{}\"\norigin = \"https://gate.example:{free}\"\n{SMALL}", secret.display());
    fs::write(&file, &text)?;
    let output = Gateway::run(&["check-config", &file])?;
    assert_eq!(output.status.code(), Some(2), "{}", output_text(&output));
    let told = lines(&output, &folder);
    assert_eq!(
        told,
        [
            "warning  FILE:1:10: secret: FOLDER/secret: every user may read it (mode 644): `chmod 600 FOLDER/secret`"
        ]
    );
    drop(busy);
    fs::set_permissions(&secret, Permissions::from_mode(0o600))?;
    let output = Gateway::run(&["check-config", &file])?;
    let told = lines(&output, &folder);
    assert!(
        told.len() == 1 && told[0].contains(&format!("port {free}, on which nothing listens")),
        "{told:?}"
    );
    fs::write(&file, text.replace("disk_mib_max = 2", "disk_mib_max = 4000000000"))?;
    let output = Gateway::run(&["check-config", &file])?;
    let told = lines(&output, &folder);
    assert!(told.len() == 2 && told[1].contains("the journal may take 4000000000 MiB"), "{told:?}");
    fs::write(&file, SMALL)?;
    assert_done(&Gateway::run(&["check-config", &file])?, "gateway.toml: ok");
    Ok(())
}

#[test]
fn swapped_certificate_files_are_told_with_their_remedy() -> anyhow::Result<()> {
    let authority = TestAuthority::new()?;
    authority.issue(&["localhost"], 2040)?;
    let (certificate, key) = (authority.certificate(), authority.key());
    let text = format!("certificate = \"{}\"\nkey = \"{}\"\n{SMALL}", key.display(), certificate.display());
    let (_folder, file) = configured(&text)?;
    assert_refused(&Gateway::run(&["check-config", &file])?, "`certificate` and `key` are swapped");
    Ok(())
}

#[test]
fn webhooks_are_asked_without_a_message_and_any_answer_counts() -> anyhow::Result<()> {
    let provider = TcpListener::bind("127.0.0.1:0")?;
    let address = provider.local_addr()?;
    let asked = thread::spawn(move || -> anyhow::Result<Vec<String>> {
        let (mut stream, _) = provider.accept()?;
        let lines = BufReader::new(stream.try_clone()?).lines().map_while(Result::ok);
        let head: Vec<_> = lines.take_while(|line| !line.is_empty()).collect();
        stream.write_all(b"HTTP/1.1 405 Method Not Allowed\r\ncontent-length: 0\r\n\r\n")?;
        Ok(head)
    });
    let (folder, file) = configured("")?;
    let token = folder.path().join("token");
    fs::write(&token, "provider-word\n")?;
    let text = format!(
        "[registration]\nsms_webhook = \"http://{address}/send\"\nwebhook_token = \"{}\"\n{SMALL}",
        token.display()
    );
    fs::write(&file, &text)?;
    assert_done(&Gateway::run(&["check-config", &file, "--connect"])?, "gateway.toml: ok");
    let head = asked.join().ok().context("the provider ended")??;
    assert!(head.first().is_some_and(|line| line.starts_with("HEAD /send ")), "{head:?}");
    assert!(head.iter().any(|line| line == "authorization: Bearer provider-word"), "{head:?}");

    let refused = Gateway::run(&["check-config", &file, "--connect"])?;
    assert_refused(&refused, "gateway.toml:2:15: registration.sms_webhook: 127.0.0.1 did not answer: ");
    assert!(!output_text(&refused).contains("provider-word"));
    assert_done(&Gateway::run(&["check-config", &file])?, "gateway.toml: ok");
    Ok(())
}

#[test]
fn the_printed_configuration_is_one_and_names_each_origin() -> anyhow::Result<()> {
    let (folder, file) = configured(SMALL)?;
    let output = Gateway::command(&["print-config", "--config", &file, "--workers", "3"])?
        .env("SCANGATE__RETENTION_DAYS", "5")
        .env("SCANGATE_CQL_PASSWORD", "hunter2")
        .output()?;
    for line in [
        "workers = 3 # --workers of the command line".to_owned(),
        "retention_days = 5 # SCANGATE__RETENTION_DAYS of the environment".to_owned(),
        format!("segment_mib = 1 # {file}:2"),
        "admin = \"127.0.0.1:9443\" # default".to_owned(),
        "# SCANGATE_CQL_PASSWORD = <hidden>".to_owned(),
    ] {
        assert_done(&output, &line);
    }
    assert!(!output_text(&output).contains("hunter2"));
    let again = folder.path().join("again.toml");
    fs::write(&again, &output.stdout)?;
    assert_done(&Gateway::run(&["check-config", &again.display().to_string()])?, "again.toml: ok");
    Ok(())
}

#[test]
fn the_printed_schema_accepts_no_wrong_key() -> anyhow::Result<()> {
    let output = Gateway::run(&["config-schema"])?;
    let schema: Value = serde_json::from_slice(&output.stdout)?;
    let schema = jsonschema::validator_for(&schema).map_err(|error| anyhow::anyhow!("{error}"))?;
    assert!(schema.is_valid(&serde_json::json!({"listen": "0.0.0.0:443", "journal": {"segment_mib": 8}})));
    assert!(!schema.is_valid(&serde_json::json!({"journal": {"segment_mb": 8}})));
    assert!(!schema.is_valid(&serde_json::json!({"workers": 900})));
    Ok(())
}

#[test]
fn a_reload_reads_the_environment_over_the_file_again() -> anyhow::Result<()> {
    let (_folder, file) = configured("person_check_ins_max = 5\n")?;
    let variables = [("SCANGATE__PERSON_CHECK_INS_MAX", Path::new("7"))];
    let data = Arc::new(tempfile::tempdir()?);
    let gateway = Gateway::start_among(&variables, data, &["--config", &file], ExpectedLog::Quiet)?;
    for (text, reloaded) in [
        ("person_check_ins_max = 9\n", r#""reloaded":["certificate","tokens"]"#),
        ("[tracer]\ncases_max = 1\n", r#""reloaded":["certificate","tracer","tokens"]"#),
    ] {
        fs::write(&file, text)?;
        let answer = gateway.ask_by("POST", "/reload")?;
        assert!(answer.contains(reloaded), "{answer}");
    }
    Ok(())
}

#[test]
fn a_start_that_fails_leaves_no_folder_behind_and_says_why() -> anyhow::Result<()> {
    let busy = TcpListener::bind("127.0.0.1:0")?;
    let taken = busy.local_addr()?.to_string();
    for (options, words) in [
        (&["--listen", &taken, "--admin", "127.0.0.1:0"][..], format!("listening on {taken}: ")),
        (&["--listen", "127.0.0.1:0", "--admin", &taken], format!("the admin listener on {taken}: ")),
        (
            &["--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0", "--secret", "/no/such/secret"],
            "the secret /no/such/secret: ".to_owned(),
        ),
        (
            &["--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0", "--policy", "/no/such/pack"],
            "the policy `/no/such/pack` is neither built in nor a file".to_owned(),
        ),
    ] {
        let folder = tempfile::tempdir()?;
        let data = folder.path().join("above/data");
        let argument = data.display().to_string();
        let output = Gateway::run(&[&["--data", &argument], options].concat())?;
        assert_refused(&output, &format!("gateway: {words}"));
        assert_eq!(fs::read_dir(folder.path())?.count(), 0, "{}", output_text(&output));
    }
    Ok(())
}

#[test]
fn a_folder_that_lost_a_part_is_told_and_gets_no_new_one() -> anyhow::Result<()> {
    for (part, words) in [
        ("secret", "has a registry and a journal, and its secret is missing: put the file `secret` back"),
        (
            "registry",
            "has served a deployment, and its registry is missing: restore the folder from a backup",
        ),
    ] {
        let folder = Gateway::start(&[])?.folder();
        let lost = folder.path().join(part);
        if lost.is_dir() {
            fs::remove_dir_all(&lost)?
        } else {
            fs::remove_file(&lost)?
        }
        let started = Gateway::start_in(Arc::clone(&folder), &[], ExpectedLog::Trouble);
        let error = started.err().map(|error| error.to_string()).unwrap_or_default();
        assert!(error.contains(words), "{error}");
        assert!(!lost.exists(), "a new {part} was made");
        let (_config, file) = configured(&format!("data = \"{}\"\n{SMALL}", folder.path().display()))?;
        assert_refused(&Gateway::run(&["check-config", &file])?, words);
    }
    Ok(())
}

#[test]
fn a_folder_of_another_version_names_what_to_do() -> anyhow::Result<()> {
    let folder = Gateway::start(&[])?.folder();
    for entry in fs::read_dir(folder.path().join("journal"))? {
        let path = entry?.path();
        if path.extension().is_some_and(|ending| ending == "segment") {
            let mut bytes = fs::read(&path)?;
            bytes[..LATER_SEGMENT.len()].copy_from_slice(LATER_SEGMENT);
            fs::write(&path, bytes)?;
        }
    }
    let started = Gateway::start_in(Arc::clone(&folder), &[], ExpectedLog::Trouble);
    let error = started.err().map(|error| error.to_string()).unwrap_or_default();
    assert!(error.contains("was written by another version of Scangate: start that version"), "{error}");
    Ok(())
}
