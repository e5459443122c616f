//! Providers that fail, hang, are absent or untrusted: registration is unavailable, and the doors stay open.

use super::{MATCH, NUMBER, PHONE, SENT, Xuzhou, configuration, form, jpeg, with};
use futures_util::future::try_join_all;
use scangate_loadgen::client::Version;
use scangate_tests::{Behaviour, ExpectedLog, Gateway, TestProvider, TestReply, TestTown, eventually, send};
use serde_json::json;
use std::net::SocketAddr;
use std::sync::Arc;
use tempfile::TempDir;
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpSocket, TcpStream};

#[tokio::test(flavor = "multi_thread")]
async fn gz_14_parties_that_fail_make_registration_unavailable_and_the_doors_stay_open() -> anyhow::Result<()>
{
    let mut city = Xuzhou::found(ExpectedLog::Words("a provider did not answer a registration")).await?;
    let unavailable = |sent: &TestReply| {
        assert_eq!(
            (sent.status(), sent.code().as_str()),
            (503, "registration-unavailable"),
            "{}",
            sent.text()
        );
        assert!(sent.header("retry-after").is_some(), "{}", sent.text());
        assert!(sent.json().is_ok_and(|body| body["retry_after_ms"].is_u64()), "{}", sent.text());
    };
    let ask = json!({"phone": PHONE});
    // Messages that were certainly not sent do not count: these exceed a phone's limit.
    for status in [500, 400, 302, 503, 500] {
        city.sms.behave(Behaviour::Answers(status, ""));
        unavailable(&city.post("/v1/people/sms-codes", &ask).await?);
    }
    city.sms.behave(Behaviour::Answers(204, ""));
    let code = city.code(PHONE).await?;

    let steps = [("sms_code", code.as_str()), ("face", &jpeg())];
    let whole = with(form(PHONE, "resident-id", NUMBER), &steps);
    // An attempt that a provider does not answer does not count either.
    for behaviour in [
        Behaviour::Answers(500, ""),
        Behaviour::Answers(201, r#"{"match": true}"#),
        Behaviour::Answers(200, r#"{"match": "yes"}"#),
        Behaviour::Answers(200, "yes"),
        Behaviour::Disconnects,
        Behaviour::Answers(401, r#"{"match": true}"#),
    ] {
        city.face.behave(behaviour);
        unavailable(&city.register(&whole).await?);
    }
    city.face.behave(Behaviour::Hangs);
    let mut waiting = city.town.target.connect(Version::Http2).await?;
    let asked = city.face.requests().len();
    let registering = tokio::spawn({
        let whole = whole.to_string();
        async move { send(&mut waiting, "POST", "/v1/people", "", whole).await }
    });
    eventually(async || Ok(city.face.requests().len()), |now| *now > asked).await?;
    assert_eq!(city.town.check_in(0, 0).await?.status(), 200);
    unavailable(&registering.await??);
    // The gateway waited before it gave up.
    assert!(city.town.gateway.metric("scangate_party_faults_total", "\"late\"")? >= 1.0);
    city.face.behave(MATCH);
    let sent = city.register(&whole).await?;
    assert_eq!(sent.status(), 200, "{}", sent.text());
    city.assert_nobody_is_named()?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn gz_14_a_party_that_hangs_holds_a_bounded_number_and_others_are_turned_away() -> anyhow::Result<()> {
    let mut city = Xuzhou::found(ExpectedLog::Words("a provider did not answer a registration")).await?;
    city.sms.behave(Behaviour::Hangs);
    let connection = city.town.target.connect(Version::Http2).await?;
    let asking = (0..80).map(|number| {
        let (mut connection, ask) = (connection.clone(), json!({"phone": format!("1391234{number:04}")}));
        async move { send(&mut connection, "POST", "/v1/people/sms-codes", "", ask.to_string()).await }
    });
    let said = try_join_all(asking).await?;
    assert!(said.iter().all(|sent| sent.code() == "registration-unavailable"));
    let faults =
        |fault: &str| city.town.gateway.metric("scangate_party_faults_total", &format!("\"{fault}\""));
    let (busy, late) = (faults("busy")?, faults("late")?);
    assert!(busy + late == 80.0 && city.sms.hanging_max() <= 64, "{busy} {late} {}", city.sms.hanging_max());
    assert_eq!(late, city.sms.requests().len() as f64);
    // A rejected phone received no message, so its whole limit is left.
    city.sms.behave(SENT);
    assert_eq!(city.town.check_in(0, 0).await?.status(), 200);
    city.code(PHONE).await?;
    Ok(())
}

/// A socket that reserves a port without listening on it.
fn taken(address: SocketAddr) -> std::io::Result<TcpSocket> {
    let socket = TcpSocket::new_v4()?;
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    Ok(socket)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_party_that_is_not_there_makes_registration_unavailable() -> anyhow::Result<()> {
    let mut city = Xuzhou::found(ExpectedLog::Words("no connection was established")).await?;
    let (elsewhere, address) = (TestProvider::start(SENT).await?, city.sms.address);
    // The provider's port is free now; reserve it.
    drop(std::mem::replace(&mut city.sms, elsewhere));
    let _nobody = eventually(async || Ok(taken(address).ok()), Option::is_some).await?;
    let sent = city.post("/v1/people/sms-codes", &json!({"phone": PHONE})).await?;
    assert_eq!((sent.status(), sent.code().as_str()), (503, "registration-unavailable"));
    assert_eq!(city.town.check_in(0, 0).await?.status(), 200);
    city.assert_nobody_is_named()?;
    Ok(())
}

/// A fault between a gateway and a provider over TLS.
#[derive(Clone, Copy, PartialEq, Eq)]
enum TlsFault {
    /// No fault.
    Nothing,
    /// The gateway trusts another certificate.
    Distrust,
    /// The first connections are cut before any byte, this many.
    Cuts(usize),
}

/// A relay to a provider that cuts the first `cuts` connections.
async fn cutting(cuts: usize, party: SocketAddr) -> anyhow::Result<SocketAddr> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    tokio::spawn(async move {
        for number in 0.. {
            let (mut near, _) = listener.accept().await?;
            if number >= cuts {
                let mut far = TcpStream::connect(party).await?;
                tokio::spawn(async move { copy_bidirectional(&mut near, &mut far).await });
            }
        }
        std::io::Result::Ok(())
    });
    Ok(address)
}

/// The status of a code request at a gateway whose provider is behind TLS and this fault.
async fn over_tls(fault: TlsFault, expect: ExpectedLog) -> anyhow::Result<u16> {
    // The provider uses another deployment's certificate.
    let theirs = Gateway::start(&[])?.folder();
    let sms = TestProvider::start_tls(SENT, theirs.path()).await?;
    let cuts = if let TlsFault::Cuts(cuts) = fault { cuts } else { 0 };
    let folder: Arc<TempDir> = Arc::new(tempfile::tempdir()?);
    let to_sms = format!("https://localhost:{}/send", cutting(cuts, sms.address).await?.port());
    let file = configuration(folder.path(), &to_sms, &to_sms)?;
    let distrusts = fault == TlsFault::Distrust;
    let authorities = if distrusts { Gateway::start(&[])?.folder() } else { theirs };
    let authorities = authorities.path().join("certificate.pem");
    let environment = [("SSL_CERT_FILE", authorities.as_path())];
    let gateway = Gateway::start_among(&environment, folder, &["--config", &file], expect)?;
    let mut town = TestTown::found_in(gateway, 1).await?;
    let sent = town.send("POST", "/v1/people/sms-codes", "", json!({"phone": PHONE}).to_string()).await?;
    assert_eq!(sms.requests().len(), usize::from(sent.status() == 202), "{}", sent.text());
    Ok(sent.status())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_party_over_tls_is_asked_only_if_the_machine_trusts_its_certificate() -> anyhow::Result<()> {
    assert_eq!(over_tls(TlsFault::Nothing, ExpectedLog::Quiet).await?, 202);
    assert_eq!(over_tls(TlsFault::Distrust, ExpectedLog::Words("no connection was established")).await?, 503);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_does_not_come_about_is_tried_once_more() -> anyhow::Result<()> {
    assert_eq!(over_tls(TlsFault::Cuts(1), ExpectedLog::Quiet).await?, 202);
    assert_eq!(over_tls(TlsFault::Cuts(2), ExpectedLog::Words("no connection was established")).await?, 503);
    Ok(())
}
