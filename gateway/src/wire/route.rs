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

/// The path in which every percent-encoded unreserved character stands for itself (RFC 3986 section 6.2.2.2);
/// none if the path is in that form already. Other escapes, and the query, stay as they are: `%2F` is data of
/// its segment. So does an escape without two hexadecimal digits, which names nothing.
///
/// **Cost**: one search for `%`, and one allocation if there is any.
#[must_use]
pub fn plain_path(path: &[u8]) -> Option<Vec<u8>> {
    let first = path.iter().position(|byte| matches!(byte, b'%' | b'?')).filter(|&at| path[at] == b'%')?;
    let (mut plain, mut at) = (path[..first].to_vec(), first);
    while let Some(&byte) = path.get(at).filter(|&&byte| byte != b'?') {
        let digits = path[at + 1..].first_chunk().filter(|_| byte == b'%');
        let letter = digits.and_then(unreserved);
        plain.push(letter.unwrap_or(byte));
        at += if letter.is_some() { 3 } else { 1 };
    }
    plain.extend_from_slice(&path[at..]);
    (plain != path).then_some(plain)
}

/// The unreserved character (RFC 3986 section 2.3) of these hexadecimal digits.
fn unreserved(digits: &[u8; 2]) -> Option<u8> {
    let [high, low] = digits.map(|digit| char::from(digit).to_digit(16));
    let letter = u8::try_from(high? * 16 + low?).ok()?;
    (letter.is_ascii_alphanumeric() || matches!(letter, b'-' | b'.' | b'_' | b'~')).then_some(letter)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_escape_of_an_unreserved_character_means_the_character() {
        for (path, plain) in [
            ("/v1/check%2Dins", Some("/v1/check-ins")),
            ("/v1/check%2dins/batch", Some("/v1/check-ins/batch")),
            ("/%76%31/colours/%41%51H", Some("/v1/colours/AQH")),
            ("/a%2Eb%5Fc%7Ed", Some("/a.b_c~d")),
            ("/a%2Fb%41", Some("/a%2FbA")),
            ("/%41?x=%41", Some("/A?x=%41")),
            // One pass: what comes out is not read again.
            ("/%2541", None),
            ("/v1/check-ins?x=%41", None),
            ("/a%2Fb%20c%00", None),
            ("/a%", None),
            ("/a%4", None),
            ("/a%4g%zz%+1", None),
            ("/v1/check-ins", None),
            ("*", None),
            ("", None),
        ] {
            let found = plain_path(path.as_bytes());
            assert_eq!(found.as_deref(), plain.map(str::as_bytes), "{path}");
        }
    }

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
