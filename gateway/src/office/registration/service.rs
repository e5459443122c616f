//! The reception: what registering by oneself works with, beside the registry. What it asks of whom is in
//! `registration`.

use super::providers::Providers;
use crate::office::http::error::OfficeError;
use scangate_core::keys::Secret;
use scangate_core::sms::SmsKey;
use tokio::sync::{Semaphore, SemaphorePermit};

/// Registrations with a picture that are read or asked about at once. **Cost**: some 3 MiB each at worst, body,
/// text and question together. At a second each it is twice what outside providers are asked at once.
const PICTURES_AT_ONCE_MAX: usize = 128;

/// The reception.
pub struct RegistrationService {
    /// Whom it asks.
    pub(in crate::office) providers: Providers,
    /// Makes the codes that are sent to phones.
    pub(in crate::office) sms: SmsKey,
    pictures: Semaphore,
}

impl RegistrationService {
    /// A reception with nobody at it.
    #[must_use]
    pub fn new(providers: Providers, secret: &Secret) -> Self {
        Self { providers, sms: SmsKey::new(secret), pictures: Semaphore::new(PICTURES_AT_ONCE_MAX) }
    }

    /// A place for a registration with a picture. **Errors**: `registration-unavailable` where all are taken.
    pub(in crate::office) fn picture_slot(&self) -> Result<SemaphorePermit<'_>, OfficeError> {
        self.pictures.try_acquire().map_err(|_| OfficeError::RegistrationUnavailable)
    }
}
