//! Routes a request: the workers answer two kinds from memory, and the back office all others. The rule
//! is the same for every HTTP version.

/// The route of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Route<'a> {
    /// `POST /v1/check-ins`.
    CheckIn,
    /// `GET /v1/colours/{person code}`, with the code.
    Colour(&'a [u8]),
    /// Anything else.
    Office,
}

impl<'a> Route<'a> {
    /// The route of a method and a path. The path's query does not matter.
    #[must_use]
    pub fn of(method: &[u8], path: &'a [u8]) -> Self {
        let end = path.iter().position(|&byte| byte == b'?').unwrap_or(path.len());
        let path = &path[..end];
        match (method, path) {
            (b"POST", b"/v1/check-ins") => Self::CheckIn,
            (b"GET", _) => match path.strip_prefix(b"/v1/colours/") {
                Some(code) if !code.is_empty() && !code.contains(&b'/') => Self::Colour(code),
                Some(_) | None => Self::Office,
            },
            _ => Self::Office,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_scan_path_stays_with_the_workers() {
        for (method, path, route) in [
            ("POST", "/v1/check-ins", Route::CheckIn),
            ("POST", "/v1/check-ins?x=1", Route::CheckIn),
            ("GET", "/v1/check-ins", Route::Office),
            ("POST", "/v1/check-ins/batch", Route::Office),
            ("GET", "/v1/colours/AQH", Route::Colour(b"AQH")),
            ("GET", "/v1/colours/", Route::Office),
            ("GET", "/v1/colours/a/b", Route::Office),
            ("POST", "/v1/colours/AQH", Route::Office),
            ("GET", "/", Route::Office),
        ] {
            assert_eq!(Route::of(method.as_bytes(), path.as_bytes()), route, "{method} {path}");
        }
    }
}
