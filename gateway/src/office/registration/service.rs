//! The registration service: providers, and the key of codes. The steps are in `registration`.

use super::providers::Providers;
use scangate_core::keys::Secret;
use scangate_core::sms::SmsKey;

/// The state that self-registration needs beside the registry.
pub struct RegistrationService {
    /// The providers that send codes and compare faces.
    pub(in crate::office) providers: Providers,
    /// The key from which the codes are made.
    pub(in crate::office) sms: SmsKey,
}

impl RegistrationService {
    /// Returns a service of these providers.
    #[must_use]
    pub fn new(providers: Providers, secret: &Secret) -> Self {
        Self { providers, sms: SmsKey::new(secret) }
    }
}
