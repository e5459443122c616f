//! The rules between settings: each compares values that are valid on their own.

use super::fault::{ConfigFault, SettingOrigin};
use super::source::Setting;
use super::{Config, RegistrationConfig, channel};
use std::collections::BTreeMap;

/// A rule that a configuration breaks.
pub(super) struct BrokenRule {
    /// The keys that it compares; the first of them that is set is the place of the error.
    pub(super) keys: &'static [&'static str],
    /// The place inside the value, such as `[1].name`; empty for the whole value.
    inner: String,
    message: String,
}

impl BrokenRule {
    fn new(keys: &'static [&'static str], message: impl Into<String>) -> Self {
        Self { keys, inner: String::new(), message: message.into() }
    }

    /// The error at the place of its key.
    pub(super) fn placed(self, settings: &BTreeMap<&'static str, Setting>) -> ConfigFault {
        let set = self.keys.iter().find_map(|key| settings.get(key));
        let origin = set.map_or(SettingOrigin::Default, |setting| setting.inner_origin(&self.inner));
        ConfigFault { origin, message: self.message }
    }
}

/// All rules that a configuration breaks.
pub(super) fn broken(config: &Config) -> Vec<BrokenRule> {
    [addresses(config), journal(config), webhooks(config), identity(config), channels(config)]
        .into_iter()
        .flatten()
        .collect()
}

/// Port 0 stands for any free port, so two of them never clash.
fn addresses(config: &Config) -> Option<BrokenRule> {
    let (listen, admin) = (config.listen, config.admin);
    let overlaps = listen.ip() == admin.ip() || listen.ip().is_unspecified() || admin.ip().is_unspecified();
    (listen.port() != 0 && listen.port() == admin.port() && overlaps).then(|| {
        let message = format!(
            "listen = \"{listen}\" and admin = \"{admin}\" are the same port: give admin another one, such as \
             \"127.0.0.1:9443\""
        );
        BrokenRule::new(&["admin", "listen"], message)
    })
}

fn journal(config: &Config) -> Option<BrokenRule> {
    let (segment, disk) = (config.journal.segment_mib, config.journal.disk_mib_max);
    (disk / 2 < segment).then(|| {
        let message = format!(
            "journal.segment_mib = {segment} and journal.disk_mib_max = {disk}: disk_mib_max must hold two segments, \
             so segment_mib is at most {}",
            disk / 2
        );
        BrokenRule::new(&["journal.segment_mib", "journal.disk_mib_max"], message)
    })
}

fn webhooks(config: &Config) -> Option<BrokenRule> {
    let RegistrationConfig { sms_webhook, face_webhook, webhook_token } = &config.registration;
    (webhook_token.is_some() && sms_webhook.is_none() && face_webhook.is_none()).then(|| {
        let message = "registration.webhook_token is for sms_webhook or face_webhook: set one of them";
        BrokenRule::new(
            &["registration.webhook_token", "registration.sms_webhook", "registration.face_webhook"],
            message,
        )
    })
}

fn identity(config: &Config) -> Option<BrokenRule> {
    let message = match (&config.certificate, &config.key) {
        (Some(_), None) => "certificate and key must be set together: key is not set",
        (None, Some(_)) => "certificate and key must be set together: certificate is not set",
        (Some(_), Some(_)) | (None, None) => return None,
    };
    Some(BrokenRule::new(&["certificate", "key"], message))
}

fn channels(config: &Config) -> Option<BrokenRule> {
    let clash = channel::clash(&config.channel)?;
    Some(BrokenRule { keys: &["channel"], inner: clash.place, message: clash.message })
}
