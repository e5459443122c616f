//! A look at a target before a run: whether a Scangate listens there over TCP and UDP, and whether it accepts
//! the tokens of the run. Each fault is found within five seconds and comes with a remedy.

use crate::client::{ClientConnection, ClientError, LoadTarget, Version};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use http::{Request, Response};
use rustls::CertificateError;
use scangate_core::time::Timestamp;
use serde::Deserialize;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::time::timeout;

/// The time to connect, first over TCP and then over UDP. A handshake takes two round trips.
const CONNECT_MAX: Duration = Duration::from_millis(2_400);
/// The time for all answers together. They come while the connection over UDP is opened.
const ANSWERS_MAX: Duration = Duration::from_millis(2_400);
const _: () = assert!(2 * CONNECT_MAX.as_millis() < 5_000);
const _: () = assert!(CONNECT_MAX.as_millis() + ANSWERS_MAX.as_millis() < 5_000);
/// The title of a gateway's OpenAPI document.
const TITLE: &str = "Scangate";

/// A role's token, with a path that only this role may read.
pub struct RoleToken {
    /// The role, as in the name of the token's file.
    pub role: &'static str,
    /// The `authorization` header.
    pub authorization: String,
}

impl RoleToken {
    fn path(&self) -> &'static str {
        if self.role == "tracer" { "/v1/cases" } else { "/v1/held" }
    }
}

/// The time at which the token of an `authorization` header expires, by its own words; none if it is not a
/// token.
#[must_use]
pub fn token_expires(authorization: &str) -> Option<Timestamp> {
    #[derive(Deserialize)]
    struct TokenExpiry {
        expires: Timestamp,
    }
    let (claims, _) = authorization.strip_prefix("Bearer ")?.split_once('.')?;
    let claims = URL_SAFE_NO_PAD.decode(claims).ok()?;
    Some(serde_json::from_slice::<TokenExpiry>(&claims).ok()?.expires)
}

/// What is wrong with a target.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProbeFault {
    /// No process listens on the TCP port.
    #[error("nothing listens on {0}")]
    Dead(SocketAddr),
    /// The server does not answer in time.
    #[error("{0} does not answer")]
    Silent(SocketAddr),
    /// The server does not speak TLS 1.3.
    #[error("{0} does not speak TLS 1.3")]
    NotTls(SocketAddr),
    /// The server's certificate is not the expected one.
    #[error("the certificate of {0} is not the one in the data folder ({1})")]
    Untrusted(SocketAddr, String),
    /// The server closed the connection or reset it.
    #[error("{0} broke the connection: {1}")]
    Broken(SocketAddr, String),
    /// The server is another program.
    #[error("the server on {0} is not a Scangate: it answered GET /openapi.json with {1}")]
    Foreign(SocketAddr, String),
    /// The server answers over TCP and not over UDP.
    #[error("{0} answers over TCP and not over HTTP/3 ({1})")]
    NoHttp3(SocketAddr, String),
    /// The token has expired.
    #[error("the {0} token expired at {1}")]
    TokenExpired(&'static str, Timestamp),
    /// The gateway refused the token.
    #[error("the gateway refuses the {0} token with {1}")]
    TokenRefused(&'static str, String),
    /// The gateway is not ready to answer.
    #[error("the gateway on {0} is not ready: {1}")]
    Unready(SocketAddr, String),
}

impl ProbeFault {
    /// What the operator can do.
    #[must_use]
    pub fn remedy(&self) -> String {
        match self {
            Self::Dead(_) => "start the gateway, or correct --target".to_owned(),
            Self::Silent(_) => {
                "check the address, the firewall, and whether the gateway is stopped".to_owned()
            }
            Self::NotTls(_) => "pass the gateway's port for clients, not its admin port".to_owned(),
            Self::Untrusted(..) => "pass the data folder of this gateway as --data".to_owned(),
            Self::Broken(..) => "read the log of the server".to_owned(),
            Self::Foreign(..) => "correct --target".to_owned(),
            Self::NoHttp3(address, _) => {
                format!("open UDP port {} on the way to the gateway", address.port())
            }
            Self::TokenExpired(role, _) => format!("make a new one with `gateway token --role {role}`"),
            Self::TokenRefused(role, _) => {
                format!("pass the data folder of this gateway as --data, or make a new {role} token")
            }
            Self::Unready(..) => "wait until /readyz of its admin port answers 200".to_owned(),
        }
    }
}

/// What a look at a sound target found out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TargetSight {
    /// The gateway's clock, in whole seconds; none if its answer has no date.
    pub clock: Option<Timestamp>,
}

/// Looks at a target and its tokens. **Errors**: the first fault that a run would meet, within five seconds.
pub async fn probe(
    target: &LoadTarget,
    tokens: &[RoleToken],
    now: Timestamp,
) -> Result<TargetSight, ProbeFault> {
    let at = target.address;
    let over = |version| timeout(CONNECT_MAX, target.connect(version));
    let tcp = over(Version::Http1).await.map_err(|_| ProbeFault::Silent(at))?;
    let mut connection = tcp.map_err(|error| connect_fault(at, &error))?;
    let answers = async {
        let sight = identify(&mut connection, at).await?;
        for token in tokens {
            check_token(&mut connection, at, token, now).await?;
        }
        Ok(sight)
    };
    let answers = async { timeout(ANSWERS_MAX, answers).await.map_err(|_| ProbeFault::Silent(at))? };
    let udp = async {
        let connected = over(Version::Http3).await;
        let connected = connected.map_err(|_| ProbeFault::NoHttp3(at, "no answer".to_owned()))?;
        connected.map(drop).map_err(|error| ProbeFault::NoHttp3(at, error.to_string()))
    };
    // The fault of an answer comes before the end of the wait for UDP, which another server does not have.
    let (sight, ()) = futures_util::future::try_join(answers, udp).await?;
    Ok(sight)
}

/// The fault of a connection over TCP that could not be opened.
fn connect_fault(at: SocketAddr, error: &ClientError) -> ProbeFault {
    let io = error.io();
    let tls = io.and_then(|io| io.get_ref()?.downcast_ref::<rustls::Error>());
    match (io.map(io::Error::kind), tls) {
        (_, Some(rustls::Error::InvalidCertificate(reason))) => {
            let is_other = matches!(reason, CertificateError::UnknownIssuer | CertificateError::BadSignature);
            let reason = if is_other { "another key".to_owned() } else { reason.to_string() };
            ProbeFault::Untrusted(at, reason)
        }
        (_, Some(_)) => ProbeFault::NotTls(at),
        (Some(io::ErrorKind::ConnectionRefused), None) => ProbeFault::Dead(at),
        (
            Some(
                io::ErrorKind::TimedOut | io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkUnreachable,
            ),
            _,
        ) => ProbeFault::Silent(at),
        // A server that does not know TLS may also close the connection at the first byte.
        (Some(io::ErrorKind::UnexpectedEof), None) => ProbeFault::NotTls(at),
        _ => ProbeFault::Broken(at, error.to_string()),
    }
}

async fn identify(connection: &mut ClientConnection, at: SocketAddr) -> Result<TargetSight, ProbeFault> {
    #[derive(Deserialize)]
    struct DescribedApi {
        info: ApiInfo,
    }
    #[derive(Deserialize)]
    struct ApiInfo {
        title: String,
    }
    let answer = get(connection, at, "/openapi.json", "").await?;
    if answer.status().is_server_error() {
        return Err(ProbeFault::Unready(at, answer.status().to_string()));
    }
    match serde_json::from_slice::<DescribedApi>(answer.body()) {
        Ok(described) if described.info.title == TITLE => Ok(TargetSight { clock: clock_of(&answer) }),
        Ok(described) => Err(ProbeFault::Foreign(at, format!("the API of `{}`", described.info.title))),
        Err(_) => Err(ProbeFault::Foreign(at, answer.status().to_string())),
    }
}

fn clock_of(answer: &Response<Bytes>) -> Option<Timestamp> {
    let date = answer.headers().get("date")?.to_str().ok()?;
    let time = jiff::fmt::rfc2822::parse(date).ok()?.timestamp();
    Some(Timestamp(u64::try_from(time.as_millisecond()).ok()?))
}

async fn check_token(
    connection: &mut ClientConnection,
    at: SocketAddr,
    token: &RoleToken,
    now: Timestamp,
) -> Result<(), ProbeFault> {
    #[derive(Deserialize)]
    struct RefusalCode {
        code: String,
    }
    let answer = get(connection, at, token.path(), &token.authorization).await?;
    let status = answer.status();
    let code = serde_json::from_slice::<RefusalCode>(answer.body());
    let code = code.map_or_else(|_| status.to_string(), |refusal| format!("`{}`", refusal.code));
    match (status.as_u16(), token_expires(&token.authorization)) {
        (401, Some(expires)) if expires <= now => Err(ProbeFault::TokenExpired(token.role, expires)),
        (401 | 403, _) => Err(ProbeFault::TokenRefused(token.role, code)),
        (500.., _) => Err(ProbeFault::Unready(at, code)),
        _ => Ok(()),
    }
}

async fn get(
    connection: &mut ClientConnection,
    at: SocketAddr,
    path: &str,
    authorization: &str,
) -> Result<Response<Bytes>, ProbeFault> {
    let mut request = Request::builder().uri(path);
    if !authorization.is_empty() {
        request = request.header("authorization", authorization);
    }
    let request = request.body(Bytes::new()).map_err(|error| ProbeFault::Broken(at, error.to_string()))?;
    connection.send(request).await.map_err(|error| ProbeFault::Broken(at, format!("{error:#}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_says_when_it_expires() {
        let claims = URL_SAFE_NO_PAD.encode(br#"{"role":"tracer","expires":"2022-01-04T00:00:00.000Z"}"#);
        let at = Some(Timestamp(1_641_254_400_000));
        assert_eq!(token_expires(&format!("Bearer {claims}.mac")), at);
        assert_eq!(token_expires(&format!("Bearer {claims}")), None);
        assert_eq!(token_expires("Bearer e30.mac"), None);
    }
}
