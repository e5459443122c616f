//! The task that reads the gateway's metrics once a second. Each reading has a deadline, so that a gateway
//! that hangs costs the run nothing but the figures of that second.

use super::reading::MetricsReading;
use super::series::GatewaySeries;
use crate::drive::now;
use crate::machine::cpu;
use bytes::Bytes;
use http::Request;
use http_body_util::{BodyExt as _, Empty, Limited};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use scangate_core::time::Timestamp;
use std::fmt;
use std::net::{Ipv4Addr, SocketAddr};
use std::str::FromStr;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{MissedTickBehavior, interval, timeout};

/// The port of a gateway's admin listener, by default.
const ADMIN_PORT: u16 = 9_443;
/// The time between two readings.
const INTERVAL: Duration = Duration::from_secs(1);
/// The longest time of a reading, which leaves time for the next one.
const READING_MAX: Duration = Duration::from_millis(900);
/// The longest answer. A gateway with a hundred channels answers with 200 KB.
const ANSWER_BYTES_MAX: usize = 4 << 20;

/// The place of a gateway's metrics: a URL such as `http://127.0.0.1:9443/metrics`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MetricsUrl {
    authority: String,
    path: String,
}

/// The error for a text that is not the URL of metrics.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a URL of metrics: write http://HOST:PORT, with or without /metrics")]
pub struct MetricsUrlError;

impl FromStr for MetricsUrl {
    type Err = MetricsUrlError;
    fn from_str(text: &str) -> Result<Self, MetricsUrlError> {
        let uri: http::Uri = text.parse().map_err(|_| MetricsUrlError)?;
        let (Some("http"), Some(authority)) = (uri.scheme_str(), uri.authority()) else {
            return Err(MetricsUrlError);
        };
        let port = uri.port_u16().unwrap_or(80);
        let path = if uri.path() == "/" { "/metrics" } else { uri.path() };
        Ok(Self { authority: format!("{}:{port}", authority.host()), path: path.to_owned() })
    }
}

impl fmt::Display for MetricsUrl {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "http://{}{}", self.authority, self.path)
    }
}

impl MetricsUrl {
    /// The default place of the metrics of a target. **Errors**: the target is on another machine; another
    /// process listens on the default admin port.
    pub fn of_target(target: SocketAddr) -> Result<Self, String> {
        if !target.ip().is_loopback() {
            return Err("the gateway is on another machine: pass --metrics URL".to_owned());
        }
        let admin = SocketAddr::from((Ipv4Addr::LOCALHOST, ADMIN_PORT));
        match (cpu::listener(target), cpu::listener(admin)) {
            (Some(gateway), Some(other)) if gateway != other => {
                Err(format!("another process listens on {admin}: pass --metrics URL"))
            }
            _ => Ok(Self { authority: admin.to_string(), path: "/metrics".to_owned() }),
        }
    }

    async fn read(&self) -> Result<MetricsReading, String> {
        match timeout(READING_MAX, self.fetch()).await {
            Ok(Ok(text)) => MetricsReading::parse(&text, now())
                .ok_or_else(|| format!("{self} does not have the metrics of a gateway")),
            Ok(Err(error)) => Err(format!("{self}: {error:#}")),
            Err(_) => Err(format!("{self} does not answer within {} ms", READING_MAX.as_millis())),
        }
    }

    async fn fetch(&self) -> anyhow::Result<String> {
        let stream = TcpStream::connect(&self.authority).await?;
        let (mut requests, driver) = http1::handshake(TokioIo::new(stream)).await?;
        let driver = tokio::spawn(driver);
        let request = Request::builder().uri(&self.path).header("host", &self.authority);
        let answer = requests.send_request(request.body(Empty::<Bytes>::new())?).await?;
        anyhow::ensure!(answer.status().is_success(), "it answers with {}", answer.status());
        let body = Limited::new(answer.into_body(), ANSWER_BYTES_MAX).collect().await;
        driver.abort();
        let body = body.map_err(|error| anyhow::anyhow!("the answer cannot be read: {error}"))?;
        Ok(String::from_utf8_lossy(&body.to_bytes()).into_owned())
    }
}

/// A task that reads metrics until it is finished. **Cost**: 40 bytes a second.
pub struct MetricsSampler {
    stop: watch::Sender<bool>,
    readings: JoinHandle<MetricsReadings>,
}

/// The readings of a run.
struct MetricsReadings {
    readings: Vec<MetricsReading>,
    error: Option<String>,
}

impl MetricsSampler {
    /// Starts to read, or remembers why there is nothing to read.
    #[must_use]
    pub fn start(url: Result<MetricsUrl, String>) -> Self {
        let (stop, stopped) = watch::channel(false);
        Self { stop, readings: tokio::spawn(sample(url, stopped)) }
    }

    /// Stops, and returns the metrics by second of a run that began at this time.
    pub async fn finish(self, began: Timestamp) -> GatewaySeries {
        self.stop.send_replace(true);
        match self.readings.await {
            Ok(MetricsReadings { readings, error: Some(error) }) if readings.is_empty() => {
                GatewaySeries::missing(error)
            }
            Ok(MetricsReadings { readings, .. }) => GatewaySeries::new(&readings, began),
            Err(error) => GatewaySeries::missing(error.to_string()),
        }
    }
}

async fn sample(url: Result<MetricsUrl, String>, mut stopped: watch::Receiver<bool>) -> MetricsReadings {
    let mut sampled = MetricsReadings { readings: Vec::new(), error: None };
    let url = match url {
        Ok(url) => url,
        Err(reason) => return MetricsReadings { error: Some(reason), ..sampled },
    };
    let mut ticks = interval(INTERVAL);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
    let mut is_last = false;
    while !is_last {
        tokio::select! {
            _ = ticks.tick() => {}
            _ = stopped.wait_for(|is_stopped| *is_stopped) => is_last = true,
        }
        match url.read().await {
            Ok(reading) => sampled.readings.push(reading),
            Err(error) => sampled.error = Some(error),
        }
    }
    sampled
}

#[cfg(test)]
#[path = "sampler_tests.rs"]
mod tests;
