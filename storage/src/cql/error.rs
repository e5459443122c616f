//! The error of a cluster request.

use scylla::errors::{
    ConnectionError, ConnectionPoolError, ConnectionSetupRequestErrorKind, DbError, MetadataError,
    NewSessionError,
};
use std::error::Error;

/// The setting to which a refused connection points.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClusterSetting {
    /// User and password: `cql.login`.
    Login,
    /// The certificate of the nodes' authority: `cql.authority`.
    Authority,
}

/// The error of a cluster request.
#[derive(Debug, thiserror::Error)]
#[error("the CQL cluster: {cause}")]
pub struct ClusterError {
    cause: Box<dyn Error + Send + Sync>,
    is_final: bool,
    setting: Option<ClusterSetting>,
}

impl ClusterError {
    /// Wraps a driver error or a message.
    pub(crate) fn of(error: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self { cause: error.into(), is_final: false, setting: None }
    }

    /// Wraps an error that no retry changes.
    pub(crate) fn last(error: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self { cause: error.into(), is_final: true, setting: None }
    }

    /// Wraps the error of a session that was not opened. Where login or TLS are the cause, the message names
    /// the setting in place of the driver's layers.
    pub(super) fn unopened(error: NewSessionError, has_tls: bool) -> Self {
        match refusal(&error, has_tls) {
            Some((setting, why)) => Self { cause: why.into(), is_final: false, setting: Some(setting) },
            None => Self::of(error),
        }
    }

    /// The setting to which it points, if login or TLS are the cause.
    #[must_use]
    pub fn setting(&self) -> Option<ClusterSetting> {
        self.setting
    }

    /// The driver's error.
    pub(super) fn cause(&self) -> &(dyn Error + Send + Sync) {
        &*self.cause
    }

    /// Whether retrying is pointless.
    #[must_use]
    pub fn is_final(&self) -> bool {
        self.is_final
    }
}

/// The setting with which a node refused the last connection, and a sentence about it.
#[expect(clippy::wildcard_enum_match_arm, reason = "the driver has more kinds of error than matter here")]
fn refusal(error: &NewSessionError, has_tls: bool) -> Option<(ClusterSetting, String)> {
    let NewSessionError::MetadataError(MetadataError::ConnectionPoolError(ConnectionPoolError::Broken {
        last_connection_error,
    })) = error
    else {
        return None;
    };
    match last_connection_error {
        ConnectionError::IoError(error) => match error.get_ref()?.downcast_ref()? {
            rustls::Error::InvalidCertificate(why) => {
                let text =
                    format!("a node's certificate is not valid by the authority of cql.authority: {why}");
                Some((ClusterSetting::Authority, text))
            }
            _ => None,
        },
        ConnectionError::ConnectionSetupRequestError(error) => match &error.error {
            ConnectionSetupRequestErrorKind::DbError(DbError::AuthenticationError, _) => {
                let text = "it refuses the user and password of cql.login or of the environment";
                Some((ClusterSetting::Login, text.to_owned()))
            }
            ConnectionSetupRequestErrorKind::MissingAuthentication => {
                let text = "it requires a user and a password: name their file in cql.login";
                Some((ClusterSetting::Login, text.to_owned()))
            }
            ConnectionSetupRequestErrorKind::BrokenConnection(why) if !has_tls => {
                let text = format!(
                    "it closes a connection without TLS ({why}): if it requires TLS, name the certificate of its \
                     authority in cql.authority"
                );
                Some((ClusterSetting::Authority, text))
            }
            _ => None,
        },
        _ => None,
    }
}
