//! HTTP of the back office: the router, roles, extractors, bodies and lists in and out, and the errors. It
//! knows no resident, case or fact.

pub(super) mod auth;
pub mod channel;
pub(super) mod csv;
pub mod dispatch;
pub(super) mod error;
pub(super) mod extract;
pub(super) mod format;
pub(super) mod idempotency;
pub(super) mod json;
pub(super) mod line_handler;
mod measure;
pub(super) mod ndjson;
#[cfg(test)]
mod openapi_tests;
pub(super) mod router;
pub(super) mod work_place;
