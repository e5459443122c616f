//! The registration service: providers, the key of codes, and the limit on pictures. The steps are in
//! `registration`.

use super::providers::Providers;
use crate::office::http::error::OfficeError;
use scangate_core::keys::Secret;
use scangate_core::sms::SmsKey;
use tokio::sync::{Semaphore, SemaphorePermit};

/// Registrations with a picture that are read or checked at the same time. **Cost**: some 3 MiB each at
/// worst: body, text and question. At one second each it is twice the concurrency of a provider.
const PICTURES_AT_ONCE_MAX: usize = 128;

/// The state that self-registration needs beside the registry.
pub struct RegistrationService {
    /// The providers that send codes and compare faces.
    pub(in crate::office) providers: Providers,
    /// The key from which the codes are made.
    pub(in crate::office) sms: SmsKey,
    pictures: Semaphore,
}

impl RegistrationService {
    /// Returns a service with no registration in progress.
    #[must_use]
    pub fn new(providers: Providers, secret: &Secret) -> Self {
        Self { providers, sms: SmsKey::new(secret), pictures: Semaphore::new(PICTURES_AT_ONCE_MAX) }
    }

    /// Acquires a slot for a registration with a picture. **Errors**: `registration-unavailable` if all slots
    /// are in use.
    pub(in crate::office) fn picture_slot(&self) -> Result<SemaphorePermit<'_>, OfficeError> {
        self.pictures.try_acquire().map_err(|_| OfficeError::RegistrationUnavailable)
    }
}
