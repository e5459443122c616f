//! Problems (RFC 9457) for refusals, the same on every transport and from the back office.

use bytes::{BufMut, BytesMut};
use scangate_core::refusal::{Refusal, Retry};
use scangate_core::time::Timestamp;

/// The header field that an answer of this status must have, with its value: `www-authenticate` of 401
/// (RFC 9110 section 11.6.1), `accept-encoding` of 415 (section 12.5.3).
#[must_use]
pub const fn field_of(status: u16) -> Option<(&'static str, &'static str)> {
    match status {
        401 => Some(("www-authenticate", "Bearer, Resident")),
        415 => Some(("accept-encoding", "identity")),
        _ => None,
    }
}

/// Whether a value of `content-encoding` has another coding than `identity` (RFC 9110 section 8.4).
#[must_use]
pub fn is_encoding(value: &[u8]) -> bool {
    let is_none = |coding: &[u8]| coding.is_empty() || coding.eq_ignore_ascii_case(b"identity");
    !value.split(|&byte| byte == b',').all(|coding| is_none(coding.trim_ascii()))
}

/// A refusal with its retry time, already spread.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Problem {
    /// The reason of the refusal.
    pub refusal: Refusal,
    /// The time until a retry, if one may help. **Units**: milliseconds.
    pub retry_after_ms: Option<u32>,
}

impl Problem {
    /// Spreads the refusal's retry time over half to one and a half of it. `spread` is any number
    /// that differs from one answer to the next.
    #[must_use]
    pub fn of(refusal: Refusal, spread: u64) -> Self {
        let retry_after_ms = match refusal.retry() {
            Retry::Never => None,
            Retry::After(0) => Some(0),
            Retry::After(ms) => {
                let share = spread.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32;
                let extra = (u64::from(ms) * share) >> 32;
                Some(ms / 2 + u32::try_from(extra).unwrap_or(ms))
            }
        };
        Self { refusal, retry_after_ms }
    }

    /// The `retry-after` header. **Units**: seconds, rounded up.
    #[must_use]
    pub fn retry_after_s(&self) -> Option<u32> {
        self.retry_after_ms.map(|ms| ms.div_ceil(1_000))
    }

    /// Writes the body. `hotline` is the city's number as a JSON string, if its pack has one.
    pub fn write(&self, now: Timestamp, hotline: Option<&str>, out: &mut BytesMut) {
        let refusal = self.refusal;
        out.put_slice(b"{\"status\":");
        out.put_slice(itoa::Buffer::new().format(refusal.status()).as_bytes());
        text(out, "title", refusal.title());
        text(out, "detail", refusal.detail());
        text(out, "code", refusal.code());
        if let Some(ms) = self.retry_after_ms {
            out.put_slice(b",\"retry_after_ms\":");
            out.put_slice(itoa::Buffer::new().format(ms).as_bytes());
        }
        if refusal.shows_server_time() {
            out.put_slice(b",\"server_time\":\"");
            out.put_slice(&now.text());
            out.put_slice(b"\"");
        }
        if let Some(hotline) = hotline {
            out.put_slice(b",\"hotline\":");
            out.put_slice(hotline.as_bytes());
        }
        out.put_slice(b"}");
    }
}

/// Titles, details and codes are fixed texts of this project and need no JSON escapes.
fn text(out: &mut BytesMut, name: &str, words: &str) {
    out.put_slice(b",\"");
    out.put_slice(name.as_bytes());
    out.put_slice(b"\":\"");
    out.put_slice(words.as_bytes());
    out.put_slice(b"\"");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identity_is_no_encoding() {
        for value in ["", "identity", "Identity", " identity , ", "identity,identity"] {
            assert!(!is_encoding(value.as_bytes()), "{value}");
        }
        for value in ["gzip", "br", "zstd", "x-gzip", "identity, gzip", "identity;q=1", "unknown"] {
            assert!(is_encoding(value.as_bytes()), "{value}");
        }
    }

    #[test]
    fn every_problem_is_json_with_the_four_members() {
        for refusal in Refusal::ALL {
            let mut out = BytesMut::new();
            Problem::of(refusal, 7).write(Timestamp(0), None, &mut out);
            let problem: serde_json::Value = serde_json::from_slice(&out).unwrap();
            assert_eq!(problem["status"], refusal.status());
            assert_eq!(problem["code"], refusal.code());
            assert_eq!(problem["title"], refusal.title());
            assert_eq!(problem["detail"], refusal.detail());
            assert_eq!(problem.get("server_time").is_some(), refusal.shows_server_time());
            assert!(problem.get("hotline").is_none());
        }
    }

    #[test]
    fn every_problem_names_the_hotline_of_a_pack_that_has_one() {
        for refusal in Refusal::ALL {
            let mut out = BytesMut::new();
            Problem::of(refusal, 7).write(Timestamp(0), Some("\"12345\""), &mut out);
            let problem: serde_json::Value = serde_json::from_slice(&out).unwrap();
            assert_eq!(problem["hotline"], "12345", "{refusal:?}");
        }
    }

    #[test]
    fn retries_are_spread_around_what_the_refusal_says() {
        let times: Vec<_> =
            (0..1_000).filter_map(|spread| Problem::of(Refusal::Overloaded, spread).retry_after_ms).collect();
        assert!(times.iter().all(|ms| (500..1_500).contains(ms)));
        assert!(times.iter().any(|&ms| ms < 700) && times.iter().any(|&ms| ms > 1_300));
    }
}
