//! Extractors of path parameters and query strings. A path parameter that does not parse answers 404, like a
//! thing that does not exist. An unknown, repeated or malformed query parameter answers 400. A handler that
//! checks something else first takes `Result<Extractor, OfficeError>`.

use super::error::OfficeError;
use axum::extract::{FromRequestParts, Path, Query};
use http::request::Parts;
use scangate_core::refusal::Refusal;
use serde::de::DeserializeOwned;
use std::str::FromStr;

/// The only parameter of a path.
pub(in crate::office) struct PathId<T>(pub T);

/// Both parameters of a path, in their order.
pub(in crate::office) struct PathIds<A, B>(pub A, pub B);

/// A query string that has these parameters and no others.
pub(in crate::office) struct StrictQuery<T>(pub T);

/// The parameters of one endpoint's query string. Unknown ones are refused by `serde(deny_unknown_fields)`.
pub(in crate::office) trait Parameters: DeserializeOwned {
    /// The problem's detail where the query string is not of this shape.
    const EXPECTED: &'static str;
}

async fn segments<T, S>(parts: &mut Parts, state: &S) -> Result<T, OfficeError>
where
    T: DeserializeOwned + Send,
    S: Send + Sync,
{
    let path = Path::from_request_parts(parts, state).await;
    path.map(|Path(segments)| segments).map_err(|_| OfficeError::Malformed("the path is not UTF-8".into()))
}

fn parse<T: FromStr>(segment: &str) -> Result<T, OfficeError> {
    segment.parse().map_err(|_| Refusal::NotFound.into())
}

impl<T: FromStr, S: Send + Sync> FromRequestParts<S> for PathId<T> {
    type Rejection = OfficeError;
    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, OfficeError> {
        let segment: String = segments(parts, state).await?;
        parse(&segment).map(Self)
    }
}

impl<A: FromStr, B: FromStr, S: Send + Sync> FromRequestParts<S> for PathIds<A, B> {
    type Rejection = OfficeError;
    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, OfficeError> {
        let (first, second): (String, String) = segments(parts, state).await?;
        Ok(Self(parse(&first)?, parse(&second)?))
    }
}

impl<T: Parameters, S: Send + Sync> FromRequestParts<S> for StrictQuery<T> {
    type Rejection = OfficeError;
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, OfficeError> {
        let query = Query::try_from_uri(&parts.uri);
        query.map(|Query(query)| Self(query)).map_err(|_| OfficeError::Malformed(T::EXPECTED.into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::Router;
    use axum::body::Body;
    use axum::routing::get;
    use http::Request;
    use scangate_core::id::{CaseId, PersonId};
    use serde::Deserialize;
    use tower::ServiceExt as _;

    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct PageParameters {
        #[serde(default)]
        page: u8,
    }

    impl Parameters for PageParameters {
        const EXPECTED: &'static str = "the query takes `page`";
    }

    async fn status(path: &str) -> u16 {
        let one = async |PathId(person): PathId<PersonId>| person.to_string();
        let two = async |PathIds(case, day): PathIds<CaseId, String>| format!("{case} {day}");
        let query = async |StrictQuery(query): StrictQuery<PageParameters>| query.page.to_string();
        let router: Router =
            Router::new().route("/p/{id}", get(one)).route("/c/{id}/{day}", get(two)).route("/q", get(query));
        let request = Request::get(path).body(Body::empty()).unwrap();
        router.oneshot(request).await.unwrap().status().as_u16()
    }

    #[tokio::test]
    async fn a_path_that_names_nothing_is_404_and_a_query_of_another_shape_400() {
        let (person, case) = (PersonId(7), CaseId(7));
        for (path, expected) in [
            (format!("/p/{person}"), 200),
            (format!("/p/{case}"), 404),
            ("/p/7".into(), 404),
            ("/p/%ff".into(), 400),
            (format!("/c/{case}/x"), 200),
            (format!("/c/{person}/x"), 404),
            ("/q".into(), 200),
            ("/q?page=1".into(), 200),
            ("/q?page=1&page=2".into(), 400),
            ("/q?page=256".into(), 400),
            ("/q?other=1".into(), 400),
        ] {
            assert_eq!(status(&path).await, expected, "{path}");
        }
    }
}
