//! Doubles: stand-ins for providers without a configured webhook, for development. Each logs a warning before
//! its first use.

use scangate_core::sms::SmsCode;
use std::io::Write as _;
use std::sync::OnceLock;

/// The last digits of a phone, by which a developer recognises it.
const LAST_DIGITS: usize = 4;

/// Prints codes instead of sending them.
#[derive(Default)]
pub(super) struct SmsDouble {
    warned: OnceLock<()>,
}

impl SmsDouble {
    /// Logs once that no messages are sent.
    pub(super) fn warn_once(&self) {
        self.warned.get_or_init(|| {
            tracing::warn!(
                event = "sms-double",
                "no SMS are sent: codes are printed on standard error, for development only; \
                 set registration.sms_webhook to send them"
            );
        });
    }

    /// Prints the code for a phone.
    pub(super) fn send(&self, phone: &str, code: &SmsCode) {
        self.warn_once();
        let last = phone.get(phone.len().saturating_sub(LAST_DIGITS)..).unwrap_or_default();
        let line = format!("SMS double, nothing is sent: the code for ***…{last} is {}\n", code.digits());
        // If standard error is closed, the code is lost with it.
        let _ = std::io::stderr().write_all(line.as_bytes());
    }
}

/// Accepts every picture.
#[derive(Default)]
pub(super) struct FaceDouble {
    warned: OnceLock<()>,
}

impl FaceDouble {
    /// Logs once that no faces are compared.
    pub(super) fn warn_once(&self) {
        self.warned.get_or_init(|| {
            tracing::warn!(
                event = "face-double",
                "no faces are compared: every JPEG or PNG is accepted, for development only; \
                 set registration.face_webhook to compare them"
            );
        });
    }

    /// Returns a match for any picture.
    pub(super) fn is_match(&self) -> bool {
        self.warn_once();
        true
    }
}
