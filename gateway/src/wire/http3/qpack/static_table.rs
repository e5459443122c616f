//! The static table (RFC 9204 appendix A): 99 field lines that both sides know.

/// Name and value by index.
pub(super) const TABLE: [(&str, &str); 99] = [
    (":authority", ""),
    (":path", "/"),
    ("age", "0"),
    ("content-disposition", ""),
    ("content-length", "0"),
    ("cookie", ""),
    ("date", ""),
    ("etag", ""),
    ("if-modified-since", ""),
    ("if-none-match", ""),
    ("last-modified", ""),
    ("link", ""),
    ("location", ""),
    ("referer", ""),
    ("set-cookie", ""),
    (":method", "CONNECT"),
    (":method", "DELETE"),
    (":method", "GET"),
    (":method", "HEAD"),
    (":method", "OPTIONS"),
    (":method", "POST"),
    (":method", "PUT"),
    (":scheme", "http"),
    (":scheme", "https"),
    (":status", "103"),
    (":status", "200"),
    (":status", "304"),
    (":status", "404"),
    (":status", "503"),
    ("accept", "*/*"),
    ("accept", "application/dns-message"),
    ("accept-encoding", "gzip, deflate, br"),
    ("accept-ranges", "bytes"),
    ("access-control-allow-headers", "cache-control"),
    ("access-control-allow-headers", "content-type"),
    ("access-control-allow-origin", "*"),
    ("cache-control", "max-age=0"),
    ("cache-control", "max-age=2592000"),
    ("cache-control", "max-age=604800"),
    ("cache-control", "no-cache"),
    ("cache-control", "no-store"),
    ("cache-control", "public, max-age=31536000"),
    ("content-encoding", "br"),
    ("content-encoding", "gzip"),
    ("content-type", "application/dns-message"),
    ("content-type", "application/javascript"),
    ("content-type", "application/json"),
    ("content-type", "application/x-www-form-urlencoded"),
    ("content-type", "image/gif"),
    ("content-type", "image/jpeg"),
    ("content-type", "image/png"),
    ("content-type", "text/css"),
    ("content-type", "text/html; charset=utf-8"),
    ("content-type", "text/plain"),
    ("content-type", "text/plain;charset=utf-8"),
    ("range", "bytes=0-"),
    ("strict-transport-security", "max-age=31536000"),
    ("strict-transport-security", "max-age=31536000; includesubdomains"),
    ("strict-transport-security", "max-age=31536000; includesubdomains; preload"),
    ("vary", "accept-encoding"),
    ("vary", "origin"),
    ("x-content-type-options", "nosniff"),
    ("x-xss-protection", "1; mode=block"),
    (":status", "100"),
    (":status", "204"),
    (":status", "206"),
    (":status", "302"),
    (":status", "400"),
    (":status", "403"),
    (":status", "421"),
    (":status", "425"),
    (":status", "500"),
    ("accept-language", ""),
    ("access-control-allow-credentials", "FALSE"),
    ("access-control-allow-credentials", "TRUE"),
    ("access-control-allow-headers", "*"),
    ("access-control-allow-methods", "get"),
    ("access-control-allow-methods", "get, post, options"),
    ("access-control-allow-methods", "options"),
    ("access-control-expose-headers", "content-length"),
    ("access-control-request-headers", "content-type"),
    ("access-control-request-method", "get"),
    ("access-control-request-method", "post"),
    ("alt-svc", "clear"),
    ("authorization", ""),
    ("content-security-policy", "script-src 'none'; object-src 'none'; base-uri 'none'"),
    ("early-data", "1"),
    ("expect-ct", ""),
    ("forwarded", ""),
    ("if-range", ""),
    ("origin", ""),
    ("purpose", "prefetch"),
    ("server", ""),
    ("timing-allow-origin", "*"),
    ("upgrade-insecure-requests", "1"),
    ("user-agent", ""),
    ("x-forwarded-for", ""),
    ("x-frame-options", "deny"),
    ("x-frame-options", "sameorigin"),
];

/// Gives the line at an index, if there is one.
#[inline]
pub(super) fn at(index: u64) -> Option<(&'static str, &'static str)> {
    TABLE.get(usize::try_from(index).ok()?).copied()
}

/// Where a line, or at least its name, stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum StaticMatch {
    /// Name and value are the line at this index.
    Line(u8),
    /// The name is that of the line at this index.
    Name(u8),
    /// The name is not in the table.
    Nothing,
}

/// Looks a line up.
///
/// Cost: walks the table, about 100 comparisons of a length; answers of the scan path name their lines
/// by index and do not come here.
pub(super) fn find(name: &[u8], value: &[u8]) -> StaticMatch {
    let mut found = StaticMatch::Nothing;
    for (index, (known, with)) in (0_u8..).zip(TABLE) {
        if known.as_bytes() != name {
            continue;
        }
        if with.as_bytes() == value {
            return StaticMatch::Line(index);
        }
        if found == StaticMatch::Nothing {
            found = StaticMatch::Name(index);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn landmarks_of_the_appendix_stand_where_they_should() {
        let check = |index: u64, line: (&str, &str)| assert_eq!(at(index), Some(line));
        check(0, (":authority", ""));
        check(20, (":method", "POST"));
        check(25, (":status", "200"));
        check(46, ("content-type", "application/json"));
        check(63, (":status", "100"));
        check(71, (":status", "500"));
        check(84, ("authorization", ""));
        check(98, ("x-frame-options", "sameorigin"));
        assert_eq!(at(99), None);
    }

    #[test]
    fn a_line_is_found_whole_or_by_name() {
        assert_eq!(find(b":status", b"503"), StaticMatch::Line(28));
        assert_eq!(find(b":status", b"418"), StaticMatch::Name(24));
        assert_eq!(find(b"content-type", b"text/plain"), StaticMatch::Line(53));
        assert_eq!(find(b"retry-after", b"1"), StaticMatch::Nothing);
    }
}
