//! The paths of the back office: every path of the contract that is not a scan.

use super::error::OfficeError;
use super::idempotency::answer_once;
use super::measure::measure;
use crate::office::authority::check_ins::{imports, late_scans, later_checks};
use crate::office::authority::{
    audit, facts, feeds, held, keys, person_keys, person_records, policies, test_sites, tokens, venues,
};
use crate::office::registration::reviews;
use crate::office::residents::appeals_and_questions::{self, AppealKind, QuestionKind};
use crate::office::residents::import::import;
use crate::office::residents::people;
use crate::office::residents::{
    arrivals, bookings, certificates, declarations, dependants, erasure, family, overview, own_facts, reports,
};
use crate::office::tracers::cases;
use crate::office::{Office, areas, districts, notices, registration};
use crate::wire::caching::forbid_storing;
use axum::Router;
use axum::middleware::{from_fn, from_fn_with_state, map_response};
use axum::response::Response;
use axum::routing::{delete, get, patch, post};
use http::header::CACHE_CONTROL;
use scangate_core::refusal::Refusal;
use std::sync::Arc;

/// Returns the router of the back office.
pub fn router(office: Arc<Office>) -> Router {
    residents()
        .merge(authority())
        .merge(tracers())
        .merge(operators())
        // The workers answer the scan path's own methods; these routes answer the other methods with 405.
        .route("/v1/check-ins", post(not_found))
        .route("/v1/colours/{code}", get(not_found))
        .method_not_allowed_fallback(async || OfficeError::from(Refusal::MethodNotAllowed))
        .fallback(not_found)
        .with_state(Arc::clone(&office))
        .layer(from_fn_with_state(office, answer_once))
        .layer(map_response(forbid_storing_unless_told))
        .layer(from_fn(measure))
}

/// Forbids caches to store an answer whose handler says nothing about it: most tell of a person.
async fn forbid_storing_unless_told(mut response: Response) -> Response {
    if !response.headers().contains_key(CACHE_CONTROL) {
        forbid_storing(response.headers_mut());
    }
    response
}

/// Registration, and what residents do for themselves and their dependants.
fn residents() -> Router<Arc<Office>> {
    Router::new()
        .route("/v1/registration", get(registration::requirements))
        .route("/v1/people", post(registration::register))
        .route("/v1/people/sms-codes", post(registration::send_code))
        .route("/v1/people/me", get(people::me).patch(people::change).delete(erasure::ask))
        .route("/v1/people/me/erasure", delete(erasure::take_back))
        .route("/v1/people/me/key", post(people::move_key))
        .route("/v1/people/me/reports", get(reports::list).post(reports::add))
        .route("/v1/people/me/facts/{fact}", get(own_facts::read))
        .route("/v1/people/me/declarations", get(declarations::list).post(declarations::draft))
        .route("/v1/people/me/declarations/{declaration}/confirm", post(declarations::confirm))
        .route("/v1/people/me/dependants", get(family::list).post(family::add_dependant))
        .route(
            "/v1/people/me/dependants/{person}",
            get(family::view).patch(family::edit).delete(family::leave),
        )
        .route("/v1/people/me/dependants/{person}/reports", post(family::report))
        .route("/v1/people/me/dependants/{person}/bookings", get(bookings::list_for).post(bookings::add_for))
        .route("/v1/people/me/dependants/{person}/bookings/{day}", delete(bookings::cancel_for))
        .merge(dependants_papers())
        .route("/v1/people/me/guardians", post(family::name_guardian))
        .route("/v1/people/me/guardians/{person}", delete(family::dismiss))
        .route("/v1/people/me/arrivals", get(arrivals::list).post(arrivals::add))
        .route(
            "/v1/people/me/arrivals/{arrival}",
            patch(arrivals::changes::correct).delete(arrivals::changes::withdraw),
        )
        .route("/v1/people/me/arrivals/{arrival}/reported", post(arrivals::reported))
        .route("/v1/people/me/bookings", get(bookings::list).post(bookings::add))
        .route("/v1/people/me/bookings/{day}", delete(bookings::cancel))
        .route(
            "/v1/people/me/appeals",
            get(appeals_and_questions::list::<AppealKind>).post(appeals_and_questions::add::<AppealKind>),
        )
        .route(
            "/v1/people/me/questions",
            get(appeals_and_questions::list::<QuestionKind>).post(appeals_and_questions::add::<QuestionKind>),
        )
        .route("/v1/people/me/overview", get(overview::show))
        .route("/v1/people/me/certificates", get(certificates::issue).post(certificates::hand_in))
}

/// What guardians do with the papers of their dependants.
fn dependants_papers() -> Router<Arc<Office>> {
    let of = |rest: &str| format!("/v1/people/me/dependants/{{person}}/{rest}");
    Router::new()
        .route(&of("arrivals"), get(dependants::list_arrivals).post(dependants::announce_arrival))
        .route(&of("arrivals/{arrival}"), patch(dependants::correct).delete(dependants::withdraw))
        .route(&of("arrivals/{arrival}/reported"), post(dependants::report))
        .route(&of("declarations"), get(dependants::list_declarations).post(dependants::draft))
        .route(&of("declarations/{declaration}/confirm"), post(dependants::confirm))
        .route(&of("appeals"), get(dependants::list_appeals).post(dependants::appeal))
        .route(&of("certificates"), get(dependants::issue))
}

/// The paths of the authority, the terminals and the test sites, and the public key of the issuer.
fn authority() -> Router<Arc<Office>> {
    Router::new()
        .route("/v1/check-ins/batch", post(late_scans::batch))
        .route("/v1/check-ins/{check_in}/checks", post(later_checks::complete))
        .route("/v1/check-ins/import", post(imports::import))
        .route("/v1/people/import", post(import))
        .route("/v1/people/{person}", get(person_records::read))
        .route("/v1/people/{person}/key", post(person_keys::issue))
        .route("/v1/people/{person}/passes", post(person_keys::print_pass))
        .route("/v1/people/{person}/passes/revoke", post(person_keys::revoke_passes))
        .route("/v1/districts/{district}/people", get(districts::list))
        .route("/v1/districts/{district}/people/{person}/contacted", post(districts::contact))
        .route("/v1/arrivals/overdue", get(arrivals::overdue::list))
        .route("/v1/units", get(arrivals::units::list).post(arrivals::units::add))
        .route("/v1/appeals", get(appeals_and_questions::open::<AppealKind>))
        .route("/v1/appeals/{appeal}/answer", post(appeals_and_questions::answer::<AppealKind>))
        .route("/v1/reviews", get(reviews::list))
        .route("/v1/reviews/{person}", post(reviews::decide))
        .route("/v1/questions", get(appeals_and_questions::open::<QuestionKind>))
        .route("/v1/questions/{question}/answer", post(appeals_and_questions::answer::<QuestionKind>))
        .route("/v1/feeds", post(feeds::receive))
        .route("/v1/feeds/outward", get(feeds::outward_feed))
        .route("/v1/issuer", get(certificates::issuer))
        .route("/v1/venues", post(venues::add))
        .route("/v1/venues/{venue}", get(venues::read).delete(venues::close))
        .route("/v1/venues/{venue}/posters/{file}", get(venues::poster))
        .route("/v1/doors/me/key", get(keys::read_screen_key))
        .route("/v1/test-sites", get(test_sites::list).post(test_sites::add))
        .route("/v1/test-sites/{site}", delete(test_sites::close))
        .route("/v1/test-sites/{site}/slots", get(test_sites::slots))
        .route("/v1/test-sites/{site}/bookings", get(test_sites::booked))
        .route("/v1/facts", post(facts::add))
        .route("/v1/facts/{fact}/withdraw", post(facts::withdraw))
        .route("/v1/areas", get(areas::list).post(areas::publish))
        .route("/v1/notices", get(notices::list).post(notices::publish))
        .route("/v1/notices/{notice}", delete(notices::end))
        .route("/v1/held", get(held::list))
        .route("/v1/held/{held}", get(held::show))
        .route("/v1/held/{held}/approve", post(held::approve))
        .route("/v1/held/{held}/reject", post(held::reject))
        .route("/v1/policies", get(policies::list).post(policies::publish))
        .route("/v1/policies/{number}", get(policies::read))
        .route("/v1/policies/dry-run", post(policies::dry_run))
}

/// The paths of tracers.
fn tracers() -> Router<Arc<Office>> {
    Router::new()
        .route("/v1/tracing", get(cases::terms))
        .route("/v1/extensions", get(cases::pending))
        .route("/v1/cases", get(cases::list).post(cases::open))
        .route("/v1/cases/{case}", get(cases::read).patch(cases::change))
        .route("/v1/cases/{case}/extensions", post(cases::ask))
        .route("/v1/cases/{case}/extensions/{extension}", get(cases::read_extension))
        .route("/v1/cases/{case}/extensions/{extension}/approve", post(cases::approve))
        .route("/v1/cases/{case}/reveal", post(cases::reveal))
        .route("/v1/cases/{case}/trail", get(cases::trail))
        .route("/v1/cases/{case}/co-presence", get(cases::co_presence))
        .route("/v1/cases/{case}/venues/{venue}/visits", get(cases::visits))
}

/// The paths of operators.
fn operators() -> Router<Arc<Office>> {
    Router::new()
        .route("/v1/audit", get(audit::read))
        .route("/v1/tokens", get(tokens::list))
        .route("/v1/tokens/revoke", post(tokens::revoke))
        .route("/v1/keys", get(keys::list))
        .route("/v1/keys/rotate", post(keys::rotate))
        .route("/v1/keys/{kid}", delete(keys::withdraw))
}

async fn not_found() -> OfficeError {
    Refusal::NotFound.into()
}
