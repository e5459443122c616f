//! TLS sessions for resumption and early data, sharded, bounded and shared by the workers: a phone may
//! come back to another one. A ticket is good for one use.

use dashmap::DashMap;
use rustls::server::StoresServerSessions;
use std::sync::Mutex;

/// Sessions kept in each of two generations: at some 300 bytes a session, about 160 MB at the most.
const GENERATION_SESSIONS_MAX: usize = 262_144;

type SessionTable = DashMap<Vec<u8>, Vec<u8>>;

/// The store. When the young generation is full, the old one is forgotten and the young one becomes it.
#[derive(Debug, Default)]
pub struct Sessions {
    young: SessionTable,
    old: SessionTable,
    turning: Mutex<()>,
}

impl Sessions {
    fn turn(&self) {
        let _turning = self.turning.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if self.young.len() < GENERATION_SESSIONS_MAX {
            return;
        }
        self.old.clear();
        self.young.retain(|key, value| {
            self.old.insert(std::mem::take(&mut key.clone()), std::mem::take(value));
            false
        });
    }
}

impl StoresServerSessions for Sessions {
    fn put(&self, key: Vec<u8>, value: Vec<u8>) -> bool {
        if self.young.len() >= GENERATION_SESSIONS_MAX {
            self.turn();
        }
        self.young.insert(key, value);
        true
    }

    fn get(&self, key: &[u8]) -> Option<Vec<u8>> {
        self.young.get(key).or_else(|| self.old.get(key)).map(|session| session.clone())
    }

    fn take(&self, key: &[u8]) -> Option<Vec<u8>> {
        self.young.remove(key).or_else(|| self.old.remove(key)).map(|(_, session)| session)
    }

    fn can_cache(&self) -> bool {
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_is_taken_once() {
        let sessions = Sessions::default();
        assert!(sessions.put(b"key".to_vec(), b"session".to_vec()));
        assert_eq!(sessions.take(b"key"), Some(b"session".to_vec()));
        assert_eq!(sessions.take(b"key"), None);
    }

    #[test]
    fn the_oldest_are_forgotten_first() {
        let sessions = Sessions::default();
        let key = |number: usize| number.to_be_bytes().to_vec();
        for number in 0..=2 * GENERATION_SESSIONS_MAX {
            sessions.put(key(number), vec![1]);
        }
        assert_eq!(sessions.get(&key(0)), None);
        assert_eq!(sessions.get(&key(GENERATION_SESSIONS_MAX + 1)), Some(vec![1]));
        assert!(sessions.young.len() + sessions.old.len() <= 2 * GENERATION_SESSIONS_MAX);
    }
}
