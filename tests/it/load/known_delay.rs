//! A server whose delay is known: no latency that loadgen reports is shorter than that, and none counts from
//! a later time than it should. `benches generator` measures how much loadgen adds.

use super::stand_in;
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::server::conn::{http1, http2};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use scangate_loadgen::city::LoadCity;
use scangate_loadgen::client::{LoadTarget, Version};
use scangate_loadgen::drive::{Carrier, LoadRun, drive};
use scangate_loadgen::interrupt::Interruption;
use scangate_loadgen::plan::{Plan, PlanOptions};
use scangate_loadgen::sample::RunTotals;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;

/// The time from the whole request to its answer. A sleep never ends early.
const DELAY: Duration = Duration::from_millis(5);
/// The acknowledgement of a check-in.
const ANSWER: &str = r#"{"id":"00000000000000000000000000","at":"2020-01-01T00:00:00Z"}"#;

async fn answer(request: Request<Incoming>) -> anyhow::Result<Response<Full<Bytes>>> {
    request.into_body().collect().await?;
    tokio::time::sleep(DELAY).await;
    Ok(Response::new(Full::new(Bytes::from_static(ANSWER.as_bytes()))))
}

async fn serve(stream: TcpStream, tls: TlsAcceptor) -> anyhow::Result<()> {
    let stream = tls.accept(stream).await?;
    let is_http2 = stream.get_ref().1.alpn_protocol() == Some(b"h2");
    let stream = TokioIo::new(stream);
    if is_http2 {
        http2::Builder::new(TokioExecutor::new()).serve_connection(stream, service_fn(answer)).await?;
    } else {
        http1::Builder::new().serve_connection(stream, service_fn(answer)).await?;
    }
    Ok(())
}

/// Starts the server and returns the target of its clients.
async fn target() -> anyhow::Result<LoadTarget> {
    let (listener, tls, target) = stand_in().await?;
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(serve(stream, tls.clone()));
        }
    });
    Ok(target)
}

async fn measure(version: Version) -> anyhow::Result<RunTotals> {
    let length = Duration::from_secs(2);
    let wish = PlanOptions { rate: 100.0, length, residents: 300, venues: 10, ..PlanOptions::default() };
    let city = Arc::new(LoadCity::made_up(wish.residents, wish.venues));
    let gates = Carrier::Gates { connections: 4, in_flight: 4, version };
    let run = LoadRun::new(Arc::new(target().await?), city, gates, Plan::new(wish)?);
    drive(run, Interruption::never()).await
}

#[tokio::test(flavor = "multi_thread")]
async fn no_latency_is_shorter_than_the_delay_and_service_is_a_part_of_response() -> anyhow::Result<()> {
    for version in [Version::Http1, Version::Http2] {
        let RunTotals { outcomes, response, service, .. } = measure(version).await?;
        assert_eq!((outcomes.acknowledged, outcomes.errors()), (200, 0), "{version:?} {outcomes:?}");
        // A histogram groups values that differ by less than a thousandth.
        assert!(service.min() > 4_990, "{version:?}: {} us", service.min());
        for quantile in [0.0, 0.1, 0.5, 0.9, 0.99, 1.0] {
            let [service, response] = [&service, &response].map(|times| times.value_at_quantile(quantile));
            assert!(service <= response, "{version:?} {quantile}: {service} us of {response} us");
        }
    }
    Ok(())
}
