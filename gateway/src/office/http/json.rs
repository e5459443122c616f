//! JSON bodies, bounded and strict: unknown fields are rejected, and an error never repeats a value that was
//! sent.

use super::channel::BODY_BYTES_MAX;
use super::error::OfficeError;
use super::work_place;
use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use scangate_core::refusal::Refusal;
use scangate_core::text::without_mark;
use serde::de::DeserializeOwned;

/// A JSON body.
pub(in crate::office) struct Json<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Json<T> {
    type Rejection = OfficeError;
    async fn from_request(request: Request, _: &S) -> Result<Self, OfficeError> {
        parse(&body(request, BODY_BYTES_MAX).await?).map(Self)
    }
}

/// A JSON body that a request may leave out.
pub(in crate::office) struct OptionalJson<T>(pub T);

impl<T: DeserializeOwned + Default, S: Send + Sync> FromRequest<S> for OptionalJson<T> {
    type Rejection = OfficeError;
    async fn from_request(request: Request, _: &S) -> Result<Self, OfficeError> {
        let body = body(request, BODY_BYTES_MAX).await?;
        if body.is_empty() { Ok(Self(T::default())) } else { parse(&body).map(Self) }
    }
}

/// Reads a whole body, without a byte order mark before it. **Errors**: as for [`signed_body`].
pub(in crate::office) async fn body(request: Request, bytes_max: usize) -> Result<Bytes, OfficeError> {
    let body = signed_body(request, bytes_max).await?;
    Ok(body.slice_ref(without_mark(&body)))
}

/// Reads a whole body as it was sent, for its signature, and then takes a place for the call.
/// **Errors**: `too-large` beyond `bytes_max` bytes, `overloaded` without a place.
pub(in crate::office) async fn signed_body(request: Request, bytes_max: usize) -> Result<Bytes, OfficeError> {
    let body = match Limited::new(request.into_body(), bytes_max).collect().await {
        Ok(body) => body.to_bytes(),
        Err(error) if error.is::<LengthLimitError>() => return Err(Refusal::TooLarge.into()),
        Err(error) => return Err(OfficeError::of_body(error.as_ref())),
    };
    work_place::enter().await?;
    Ok(body)
}

/// Parses a JSON object. A list of its values is rejected, although the parser would accept it.
pub(in crate::office) fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, OfficeError> {
    if bytes.trim_ascii_start().first() == Some(&b'[') {
        return Err(OfficeError::Malformed("a list stands where an object is expected".into()));
    }
    serde_json::from_slice(bytes).map_err(|error| OfficeError::Malformed(describe(&error).into()))
}

/// Describes a parse error. The parser's own message is used where it has only names of the contract.
/// Elsewhere the position must do: a value or name that was sent may be personal.
fn describe(error: &serde_json::Error) -> String {
    let words = error.to_string();
    let place = format!("line {} column {}", error.line(), error.column());
    if words.starts_with("missing field") || words.starts_with("duplicate field") {
        return words;
    }
    match words.split_once(", expected one of ").or_else(|| words.split_once(", expected ")) {
        Some((found, expected))
            if found.starts_with("unknown field") || found.starts_with("unknown variant") =>
        {
            let what = if found.starts_with("unknown field") { "unknown field" } else { "unknown word" };
            format!("{what}; expected {expected}")
        }
        Some(_) | None if error.is_data() => format!("a value is not of its type or range at {place}"),
        Some(_) | None => format!("not JSON at {place}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;

    #[derive(Deserialize, Debug)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only its shape matters")]
    struct SampleBody {
        name: String,
        age: u8,
    }

    #[test]
    fn a_parse_error_names_the_fault_and_repeats_no_value() {
        for (sent, said) in [
            (r#"{"name":"Zhang","age":1,"secret":2}"#, "unknown field; expected `name` or `age`"),
            (r#"{"name":"Zhang"}"#, "missing field `age`"),
            (r#"{"name":"Zhang","age":"Zhang"}"#, "a value is not of its type"),
            (r#"{"name":"Zhang","age":300}"#, "a value is not of its type or range"),
            (r#"{"name":"Zhang""#, "not JSON at line 1 column 15"),
            (r#" ["Zhang",1]"#, "a list stands where an object is expected"),
        ] {
            let wrong = parse::<SampleBody>(sent.as_bytes()).unwrap_err();
            let OfficeError::Malformed(detail) = wrong else { panic!("{sent}") };
            assert!(detail.contains(said), "{sent}: {detail}");
            assert!(!detail.contains("Zhang") && !detail.contains("secret"), "{detail}");
        }
    }
}
