//! TLS sessions that clients come back with. rustls's own memory keeps eight tickets a server, which more
//! phones at once would use up.

use rustls::NamedGroup;
use rustls::client::{ClientSessionStore, Tls12ClientSessionValue, Tls13ClientSessionValue};
use rustls::pki_types::ServerName;
use std::collections::VecDeque;
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};
use tokio::sync::Notify;

/// Tickets kept at most; the oldest go first.
const TICKETS_MAX: usize = 65_536;

/// The tickets of one server. Each is used once (RFC 8446 appendix C.4).
#[derive(Default)]
pub struct SessionTickets {
    tickets: Mutex<VecDeque<Tls13ClientSessionValue>>,
    came: Notify,
}

impl SessionTickets {
    fn tickets(&self) -> MutexGuard<'_, VecDeque<Tls13ClientSessionValue>> {
        self.tickets.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until there is a ticket to come back with.
    pub async fn ready(&self) {
        loop {
            let came = self.came.notified();
            if !self.tickets().is_empty() {
                return;
            }
            came.await;
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
        self.came.notify_waiters();
    }

    fn take_tls13_ticket(&self, _: &ServerName<'static>) -> Option<Tls13ClientSessionValue> {
        self.tickets().pop_front()
    }
}
