//! The TLS session tickets with which clients resume. rustls's own store keeps eight tickets for each server;
//! more concurrent phones than that would run out.

use rustls::NamedGroup;
use rustls::client::{ClientSessionStore, Tls12ClientSessionValue, Tls13ClientSessionValue};
use rustls::pki_types::ServerName;
use std::collections::VecDeque;
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};
use tokio::sync::Notify;

/// The maximum number of stored tickets; the oldest is dropped first.
const TICKETS_MAX: usize = 65_536;

/// The session tickets of one server. Each ticket is used once (RFC 8446 appendix C.4).
#[derive(Default)]
pub struct SessionTickets {
    tickets: Mutex<VecDeque<Tls13ClientSessionValue>>,
    added: Notify,
}

impl SessionTickets {
    fn tickets(&self) -> MutexGuard<'_, VecDeque<Tls13ClientSessionValue>> {
        self.tickets.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until there is a ticket to resume with.
    pub async fn ready(&self) {
        loop {
            let added = self.added.notified();
            if !self.tickets().is_empty() {
                return;
            }
            added.await;
        }
    }
}

impl fmt::Debug for SessionTickets {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Sessions").field("tickets", &self.tickets().len()).finish()
    }
}

impl ClientSessionStore for SessionTickets {
    fn set_kx_hint(&self, _: ServerName<'static>, _: NamedGroup) {}

    fn kx_hint(&self, _: &ServerName<'_>) -> Option<NamedGroup> {
        None
    }

    fn set_tls12_session(&self, _: ServerName<'static>, _: Tls12ClientSessionValue) {}

    fn tls12_session(&self, _: &ServerName<'_>) -> Option<Tls12ClientSessionValue> {
        None
    }

    fn remove_tls12_session(&self, _: &ServerName<'static>) {}

    fn insert_tls13_ticket(&self, _: ServerName<'static>, value: Tls13ClientSessionValue) {
        let mut tickets = self.tickets();
        if tickets.len() == TICKETS_MAX {
            tickets.pop_front();
        }
        tickets.push_back(value);
        self.added.notify_waiters();
    }

    fn take_tls13_ticket(&self, _: &ServerName<'static>) -> Option<Tls13ClientSessionValue> {
        self.tickets().pop_front()
    }
}
