//! A target that no run can use: each command says so within seconds, with a remedy, before it sends a scan.

use scangate_core::id::TokenId;
use scangate_core::time::Timestamp;
use scangate_core::token::{Claims, Role};
use scangate_loadgen::drive::now;
use scangate_tests::{Gateway, assert_done, assert_refused, loadgen_command, output_text, run_loadgen};
use serde_json::Value;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::process::Output;
use std::sync::Arc;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::spawn_blocking;
use tokio_rustls::TlsAcceptor;

/// The files of a gateway's data folder that loadgen reads.
const FILES: [&str; 3] = ["certificate.pem", "authority.token", "tracer.token"];

/// A folder with these files of a gateway's data folder.
fn copied(gateway: &Gateway) -> anyhow::Result<TempDir> {
    let folder = tempfile::tempdir()?;
    for file in FILES {
        std::fs::copy(gateway.folder().path().join(file), folder.path().join(file))?;
    }
    Ok(folder)
}

async fn listener() -> anyhow::Result<(TcpListener, SocketAddr)> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let address = listener.local_addr()?;
    Ok((listener, address))
}

/// A TLS server that is no gateway, and a folder with its certificate and a gateway's tokens.
async fn foreign(gateway: &Gateway) -> anyhow::Result<(SocketAddr, TempDir)> {
    let folder = copied(gateway)?;
    let own = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()])?;
    std::fs::write(folder.path().join("certificate.pem"), own.cert.pem())?;
    let key = rustls::pki_types::PrivateKeyDer::Pkcs8(own.signing_key.serialize_der().into());
    let config =
        rustls::ServerConfig::builder_with_provider(Arc::new(rustls::crypto::aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(vec![own.cert.der().clone()], key)?;
    let (listener, address) = listener().await?;
    let acceptor = TlsAcceptor::from(Arc::new(config));
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                let mut stream = acceptor.accept(stream).await?;
                let mut head = [0; 1_024];
                while stream.read(&mut head).await? > 0 {
                    stream.write_all(b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n").await?;
                }
                std::io::Result::Ok(())
            });
        }
    });
    Ok((address, folder))
}

/// A way to the gateway that lets TCP through and no UDP.
async fn tcp_only(gateway: SocketAddr) -> anyhow::Result<SocketAddr> {
    let (listener, address) = listener().await?;
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut on = TcpStream::connect(gateway).await?;
                copy_bidirectional(&mut stream, &mut on).await
            });
        }
    });
    Ok(address)
}

/// Claims of the authority that expire at this time.
fn claims(expires: Timestamp) -> Claims {
    Claims {
        jti: TokenId(7),
        role: Role::Authority,
        subject: "loadgen".to_owned(),
        venue: None,
        door: None,
        district: None,
        expires,
    }
}

/// A copy of the data folder with this header's token as the authority's.
fn with_token(gateway: &Gateway, authorization: &str) -> anyhow::Result<TempDir> {
    let folder = copied(gateway)?;
    std::fs::write(folder.path().join("authority.token"), authorization.trim_start_matches("Bearer "))?;
    Ok(folder)
}

/// Runs a command against a target to its end.
async fn command(words: &[&str], target: SocketAddr, data: &Path) -> anyhow::Result<Output> {
    let (target, data) = (format!("https://{target}"), data.display().to_string());
    let mut command = loadgen_command(words)?;
    command.args(["--target", &target, "--data", &data]);
    Ok(spawn_blocking(move || command.output()).await??)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_target_that_no_run_can_use_is_named_with_a_remedy() -> anyhow::Result<()> {
    let (gateway, other) = (Gateway::start(&[])?, Gateway::start(&[])?);
    let data = copied(&gateway)?;
    let (silent, silent_at) = listener().await?;
    let dead = listener().await?.1;
    let (foreign_at, foreign_data) = foreign(&gateway).await?;
    let narrow = tcp_only(gateway.listen).await?;
    let expired = with_token(&gateway, &gateway.signed(&claims(Timestamp(now().0 - 1)))?)?;
    let wrong = with_token(&gateway, &other.signed(&claims(Timestamp(now().0 + 3_600_000)))?)?;
    let role = with_token(&gateway, &gateway.first_token("tracer")?)?;
    let register = data.path().join("register.csv");
    std::fs::write(&register, "1,v1,2022-01-04T00:00:00Z\n")?;
    let register = register.display().to_string();
    let commands: [&[&str]; 3] = [
        &["run", "gate", "--rate", "10", "--for", "1s", "--residents", "10"],
        &["replay", &register],
        &["doctor"],
    ];
    for (target, data, words) in [
        (dead, &data, "nothing listens on"),
        (silent_at, &data, "does not answer"),
        (gateway.admin, &data, "does not speak TLS 1.3"),
        (other.listen, &data, "is not the one in the data folder (another key)"),
        (foreign_at, &foreign_data, "is not a Scangate: it answered GET /openapi.json with 404 Not Found"),
        (narrow, &data, "answers over TCP and not over HTTP/3"),
        (gateway.listen, &expired, "the authority token expired at"),
        (gateway.listen, &wrong, "refuses the authority token with `token-invalid`"),
        (gateway.listen, &role, "refuses the authority token with `role-wrong`"),
    ] {
        let outputs = commands.iter().map(|words| command(words, target, data.path()));
        for output in futures_util::future::join_all(outputs).await {
            let output = output?;
            assert_refused(&output, words);
            let text = output_text(&output);
            let line = text.lines().find(|line| line.contains(words)).unwrap_or_default();
            assert!(line.rsplit(": ").next().is_some_and(|remedy| remedy.len() > 10), "{line}");
            assert!(!text.contains("registering"), "{text}");
        }
    }
    drop(silent);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_doctor_finds_a_sound_target_fit_and_reports_as_json() -> anyhow::Result<()> {
    let gateway = Gateway::start(&[])?;
    let output = run_loadgen(&gateway, &["doctor"])?;
    assert_done(&output, "a Scangate answers on");
    let report: Value = serde_json::from_slice(&run_loadgen(&gateway, &["doctor", "--json"])?.stdout)?;
    assert_eq!(report["is_fit"], true);
    let findings = report["findings"].as_array().map(Vec::as_slice).unwrap_or_default();
    for check in [
        "token",
        "certificate",
        "descriptors",
        "ports",
        "memory",
        "udp buffer",
        "gso",
        "clock",
        "time",
        "target",
    ] {
        assert!(findings.iter().any(|finding| finding["check"] == check), "{check} is not in {report}");
    }
    let has_remedy = |finding: &Value| finding["remedy"].is_string();
    assert!(findings.iter().all(|finding| (finding["level"] == "ok") != has_remedy(finding)), "{report}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_doctor_exits_with_1_for_a_plan_or_a_folder_that_cannot_run() -> anyhow::Result<()> {
    let gateway = Gateway::start(&[])?;
    let output = run_loadgen(&gateway, &["doctor", "--rate", "5000k", "--for", "24h"])?;
    assert_refused(&output, "error    memory");
    assert_refused(&output, "is too small for this rate");
    let empty = tempfile::tempdir()?;
    let output = command(&["doctor", "--json"], gateway.listen, empty.path()).await?;
    assert_eq!(output.status.code(), Some(1), "{}", output_text(&output));
    let report: Value = serde_json::from_slice(&output.stdout)?;
    assert_eq!(report["is_fit"], false);
    assert!(report["findings"][0]["text"].as_str().is_some_and(|text| text.contains("authority.token")));
    let folder = copied(&gateway)?;
    let old = rcgen::CertificateParams::new(vec!["gate.example".to_owned()]).map(|mut parameters| {
        parameters.not_before = rcgen::date_time_ymd(2021, 1, 1);
        parameters.not_after = rcgen::date_time_ymd(2021, 2, 1);
        parameters
    })?;
    let old = old.self_signed(&rcgen::KeyPair::generate()?)?;
    std::fs::write(folder.path().join("certificate.pem"), old.pem())?;
    let output = command(&["doctor"], gateway.listen, folder.path()).await?;
    assert_refused(&output, "it expired at 2021-02-01");
    assert_refused(&output, "it does not cover localhost");
    Ok(())
}
