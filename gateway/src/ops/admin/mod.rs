//! The operators' listener: plain HTTP on loopback. It is separate from the public port, so it answers while
//! that port is overloaded.

mod clock;
mod listener;
mod readiness;
mod watched_stream;

use super::reload::Reloader;
use super::status::{PageRenewal, StatusBoard, page, page_headers};
use crate::clock as wall_clock;
use crate::office::Office;
use crate::serve::phase::Phase;
use crate::serve::tls::CurrentIdentity;
use axum::Json;
use axum::Router;
use axum::extract::{RawQuery, State};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use http::StatusCode;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS};
use metrics_exporter_prometheus::PrometheusHandle;
use metrics_process::Collector;
use readiness::{OfficePatience, ReadinessCheck, ReadinessDetail};
use scangate_storage::journal::Journal;
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::watch;

/// The state behind the operators' listener.
#[derive(Clone)]
pub struct Admin {
    /// The back office, with the tables.
    pub office: Arc<Office>,
    /// The journal.
    pub journal: Arc<Journal>,
    /// The metrics.
    pub metrics: PrometheusHandle,
    /// The phase of the server's life.
    pub phase: watch::Receiver<Phase>,
    /// The certificate.
    pub identity: Arc<CurrentIdentity>,
    /// Reloads the configuration.
    pub reloader: Arc<Reloader>,
    /// The status.
    pub status: Arc<StatusBoard>,
}

/// Serves until the runtime ends, so operators can watch a drain.
pub async fn serve(listener: TcpListener, admin: Admin) {
    let router = Router::new()
        .route("/", get(operations))
        .route("/v1/status", get(status))
        .route("/livez", get(async || "alive\n"))
        .route("/readyz", get(readyz))
        .route("/metrics", get(render))
        .route("/reload", post(reload))
        .with_state(admin);
    listener::serve(listener, router).await;
}

/// The operations page. With `?renew=off` it does not renew itself.
async fn operations(State(admin): State<Admin>, RawQuery(query): RawQuery) -> impl IntoResponse {
    let is_off = query.is_some_and(|query| query.split('&').any(|parameter| parameter == "renew=off"));
    let renewal = if is_off { PageRenewal::Off } else { PageRenewal::On };
    (page_headers(), page(&admin.status, renewal))
}

/// The status as JSON: everything that the operations page shows.
async fn status(State(admin): State<Admin>) -> impl IntoResponse {
    ([(CACHE_CONTROL, "no-store"), (X_CONTENT_TYPE_OPTIONS, "nosniff")], Json(admin.status.answer()))
}

/// Whether the gateway accepts check-ins; with `?verbose` a line for each check. It accepts them while the
/// colour table is loading; the colour is `unknown` until then.
async fn readyz(State(admin): State<Admin>, RawQuery(query): RawQuery) -> (StatusCode, String) {
    let detail = if query.is_some_and(|query| query.split('&').any(is_verbose)) {
        ReadinessDetail::Verbose
    } else {
        ReadinessDetail::Brief
    };
    readiness::answer(&checks(&admin), detail)
}

fn is_verbose(parameter: &str) -> bool {
    parameter.split('=').next() == Some("verbose")
}

/// What decides on the readiness, and what an operator wants to know with it.
fn checks(admin: &Admin) -> [ReadinessCheck; 5] {
    let is_draining = *admin.phase.borrow() != Phase::Serving;
    let journal = if admin.journal.is_poisoned() {
        Some(("poisoned", "the journal is poisoned"))
    } else {
        admin.journal.is_full().then_some(("full", "the journal is full"))
    };
    let is_loading = !admin.office.tables.colours.is_loaded();
    [
        ReadinessCheck::required("phase", is_draining.then_some(("draining", "draining"))),
        ReadinessCheck::required("journal", journal),
        ReadinessCheck::office(&admin.office.places, OfficePatience::default()),
        ReadinessCheck::informational("colours", is_loading.then_some("loading")),
        ReadinessCheck::informational("store", (!admin.office.is_store_up()).then_some("away")),
    ]
}

/// Reloads the configuration. The answer names what is in force now and what needs a restart, or the error,
/// with which nothing has changed.
async fn reload(State(admin): State<Admin>) -> Response {
    let reloaded = tokio::task::spawn_blocking(move || admin.reloader.reload()).await;
    let error = match reloaded {
        Ok(Ok(report)) => return Json(report).into_response(),
        Ok(Err(error)) => error,
        Err(error) => error.into(),
    };
    let problem = json!({
        "status": 422,
        "title": "The configuration is wrong",
        "detail": format!("{error:#}"),
        "code": "configuration-invalid",
    });
    let kind = [(CONTENT_TYPE, "application/problem+json")];
    (StatusCode::UNPROCESSABLE_ENTITY, kind, problem.to_string()).into_response()
}

async fn render(State(admin): State<Admin>) -> ([(http::HeaderName, &'static str); 1], String) {
    #[expect(clippy::cast_precision_loss, reason = "gauges")]
    {
        metrics::gauge!("scangate_residents").set(admin.office.tables.colours.len() as f64);
        metrics::gauge!("scangate_venues").set(admin.office.tables.venues.len() as f64);
        metrics::gauge!("scangate_journal_room").set(admin.journal.space_left() as f64);
        let expires_s = admin.identity.load().leaf_expires().0 / 1_000;
        metrics::gauge!("scangate_certificate_expiry_seconds").set(expires_s as f64);
    }
    let colours = &admin.office.tables.colours;
    #[expect(clippy::cast_precision_loss, reason = "gauges")]
    for (colour, people) in colours.people().iter() {
        metrics::gauge!("scangate_residents_by_colour", "colour" => colour.word()).set(people as f64);
    }
    for (colour, turns) in colours.turns().iter() {
        metrics::counter!("scangate_colour_turns_total", "colour" => colour.word()).absolute(turns);
    }
    for (name, through) in [
        ("scangate_colours_age_seconds", colours.followed()),
        ("scangate_snapshot_age_seconds", colours.snapshot()),
    ] {
        if let Some(through) = through {
            let age = Duration::from_millis(wall_clock::now().since_ms(through));
            metrics::gauge!(name).set(age.as_secs_f64());
        }
    }
    metrics::gauge!("scangate_colours_loaded")
        .set(f64::from(u8::from(admin.office.tables.colours.is_loaded())));
    Collector::default().collect();
    admin.metrics.run_upkeep();
    let text = with_cpu_as_counter(&admin.metrics.render());
    ([(CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], text)
}

/// Declares the CPU time as a counter. The library's counters hold whole numbers, so the process's collector
/// writes the hundredths of a second to a gauge.
fn with_cpu_as_counter(text: &str) -> String {
    text.replacen("# TYPE process_cpu_seconds_total gauge", "# TYPE process_cpu_seconds_total counter", 1)
}
