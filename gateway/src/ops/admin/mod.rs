//! The operators' listener: plain HTTP on loopback. It is separate from the public port, so it answers while
//! that port is overloaded.

mod clock;
mod exposition;
mod listener;
mod readiness;
mod watched_stream;

use super::reload::Reloader;
use super::status::{PageRenewal, StatusBoard, page, page_headers};
use crate::office::{Office, run_blocking};
use crate::serve::life::heartbeat::Heartbeats;
use crate::serve::life::phase::Phase;
use crate::serve::tls::CurrentIdentity;
use axum::Json;
use axum::Router;
use axum::extract::{RawQuery, State};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use http::StatusCode;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS};
use metrics_exporter_prometheus::PrometheusHandle;
use readiness::{OfficePatience, ReadinessCheck, ReadinessDetail};
use scangate_core::text::OneLine;
use scangate_storage::journal::Journal;
use serde_json::json;
use std::sync::Arc;
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
    /// The workers' signs of life.
    pub heartbeats: Heartbeats,
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
        .route("/metrics", get(metrics))
        .route("/public_metrics", get(public_metrics))
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
    let reloaded = run_blocking(move || admin.reloader.reload()).await;
    let error = match reloaded {
        Ok(Ok(report)) => return Json(report).into_response(),
        Ok(Err(error)) => error,
        Err(error) => error.into(),
    };
    let problem = json!({
        "status": 422,
        "title": "The configuration is wrong",
        "detail": OneLine(error.as_ref()).to_string(),
        "code": "configuration-invalid",
    });
    let kind = [(CONTENT_TYPE, "application/problem+json")];
    (StatusCode::UNPROCESSABLE_ENTITY, kind, problem.to_string()).into_response()
}

async fn metrics(State(admin): State<Admin>) -> impl IntoResponse {
    (exposition::HEADERS, exposition::all(&admin))
}

async fn public_metrics(State(admin): State<Admin>) -> impl IntoResponse {
    (exposition::HEADERS, exposition::public(&admin))
}
