//! Codes that prove a phone number: six digits, sent in a text message and typed in by the person. No code is
//! stored: it is derived from the deployment's secret, the phone and the time, so every gateway of a city can
//! compute it.
//!
//! **Shape**: the last six decimal digits of the first 8 bytes of HMAC-SHA256(key, "scangate sms code" ‖
//! window(8) ‖ phone) as a number; `window` is the Unix time divided by [`SMS_WINDOW_MS`]. All integers are
//! big-endian.

use crate::keys::Secret;
use crate::limits::SMS_WINDOW_MS;
use crate::time::Timestamp;
use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use std::fmt;

/// The number of possible codes.
const CODES: u64 = 1_000_000;
/// Bytes of a pseudonym, as many as the mac of a code.
const PSEUDONYM_BYTES: usize = 16;

/// Computes the codes of a deployment, and the pseudonyms under which it counts them.
#[derive(Clone)]
pub struct SmsKey {
    codes: hmac::Key,
    pseudonyms: hmac::Key,
}

/// A code. `Debug` is redacted.
#[derive(Clone, PartialEq, Eq)]
pub struct SmsCode(String);

impl SmsKey {
    /// The key of a deployment.
    #[must_use]
    pub fn new(secret: &Secret) -> Self {
        let key = |purpose| hmac::Key::new(hmac::HMAC_SHA256, &secret.purpose(purpose).0);
        Self { codes: key("sms code"), pseudonyms: key("phone pseudonym") }
    }

    /// The code for a phone at `now`. All codes of one window are the same.
    #[must_use]
    pub fn code(&self, phone: &str, now: Timestamp) -> SmsCode {
        self.of_window(phone, window(now))
    }

    /// Whether the typed code is that of the current or the previous window.
    #[must_use]
    pub fn is_good(&self, phone: &str, typed: &str, now: Timestamp) -> bool {
        let window = window(now);
        [window, window.saturating_sub(1)].into_iter().any(|window| {
            let code = self.of_window(phone, window);
            verify_slices_are_equal(code.0.as_bytes(), typed.as_bytes()).is_ok()
        })
    }

    /// The end of the validity of a code that is sent at `now`.
    #[must_use]
    pub fn good_until(now: Timestamp) -> Timestamp {
        Timestamp((window(now) + 2) * SMS_WINDOW_MS)
    }

    /// The pseudonym of a phone in counters. It is the same at every gateway of a city, and only a holder of
    /// the secret can compute it.
    #[must_use]
    pub fn pseudonym(&self, phone: &str) -> String {
        let mac = hmac::sign(&self.pseudonyms, phone.as_bytes());
        URL_SAFE_NO_PAD.encode(&mac.as_ref()[..PSEUDONYM_BYTES])
    }

    fn of_window(&self, phone: &str, window: u64) -> SmsCode {
        let mut context = hmac::Context::with_key(&self.codes);
        context.update(b"scangate sms code");
        context.update(&window.to_be_bytes());
        context.update(phone.as_bytes());
        let mac = context.sign();
        let first: [u8; 8] = std::array::from_fn(|at| mac.as_ref()[at]);
        SmsCode(format!("{:06}", u64::from_be_bytes(first) % CODES))
    }
}

fn window(at: Timestamp) -> u64 {
    at.0 / SMS_WINDOW_MS
}

impl SmsCode {
    /// Its six digits, which are sent to the phone only.
    #[must_use]
    pub fn digits(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for SmsCode {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("SmsCode(…)")
    }
}

impl fmt::Debug for SmsKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("SmsKey(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp(1_641_254_400_123);
    const PHONE: &str = "13800138000";

    fn key(secret: u8) -> SmsKey {
        SmsKey::new(&Secret::new(&[secret; 32]).unwrap())
    }

    #[test]
    fn a_code_is_good_in_its_window_and_the_next() {
        let key = key(7);
        let code = key.code(PHONE, NOW);
        let begins = Timestamp(NOW.0 / SMS_WINDOW_MS * SMS_WINDOW_MS);
        let ends = SmsKey::good_until(NOW);
        for (at, is_good) in [
            (begins.minus_ms(1), false),
            (begins, true),
            (NOW, true),
            (begins.plus_ms(SMS_WINDOW_MS), true),
            (ends.minus_ms(1), true),
            (ends, false),
        ] {
            assert_eq!(key.is_good(PHONE, code.digits(), at), is_good, "{at}");
        }
    }

    #[test]
    fn a_code_is_six_digits_of_one_phone_and_one_deployment() {
        let code = key(7).code(PHONE, NOW);
        assert!(code.digits().len() == 6 && code.digits().bytes().all(|digit| digit.is_ascii_digit()));
        assert_ne!(code, key(7).code("13800138001", NOW));
        assert_ne!(code, key(8).code(PHONE, NOW));
        for said in ["", "12345", &code.digits()[1..], &format!("{} ", code.digits())] {
            assert!(!key(7).is_good(PHONE, said, NOW), "{said}");
        }
        assert_eq!(format!("{code:?} {:?}", key(7)), "SmsCode(…) SmsKey(…)");
    }

    #[test]
    fn these_bytes_are_what_every_version_makes() {
        assert_eq!(key(7).code(PHONE, NOW).digits(), "447544");
        assert_eq!(key(7).pseudonym(PHONE), "YO7mI1vy852G_R6NEAy2ag");
    }
}
