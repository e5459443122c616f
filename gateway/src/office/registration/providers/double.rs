//! Doubles: what stands for an outside party that no webhook is configured for, so that a gateway can be tried
//! without one. Each says what it is before it first does anything.

use scangate_core::sms::SmsCode;
use std::io::Write as _;
use std::sync::OnceLock;

/// Digits of a phone that a developer tells their own by.
const LAST_DIGITS: usize = 4;

/// Prints codes in place of sending them.
#[derive(Default)]
pub(super) struct SmsDouble {
    said: OnceLock<()>,
}

impl SmsDouble {
    /// Says that no messages are sent; once.
    pub(super) fn warn_once(&self) {
        self.said.get_or_init(|| {
            tracing::warn!(
                "no SMS are sent: codes are printed on standard error, for development only; \
                 set registration.sms_webhook to send them"
            );
        });
    }

    /// Prints the code of a phone.
    pub(super) fn send(&self, phone: &str, code: &SmsCode) {
        self.warn_once();
        let last = phone.get(phone.len().saturating_sub(LAST_DIGITS)..).unwrap_or_default();
        let line = format!("SMS double, nothing is sent: the code for ***…{last} is {}\n", code.digits());
        // Without a standard error there is nobody to read it.
        let _ = std::io::stderr().write_all(line.as_bytes());
    }
}

/// Takes every picture for its document's.
#[derive(Default)]
pub(super) struct FaceDouble {
    said: OnceLock<()>,
}

impl FaceDouble {
    /// Says that no faces are compared; once.
    pub(super) fn warn_once(&self) {
        self.said.get_or_init(|| {
            tracing::warn!(
                "no faces are compared: every JPEG or PNG is taken, for development only; \
                 set registration.face_webhook to compare them"
            );
        });
    }

    /// Whether a picture is of a document's holder: it is not looked at.
    pub(super) fn is_match(&self) -> bool {
        self.warn_once();
        true
    }
}
