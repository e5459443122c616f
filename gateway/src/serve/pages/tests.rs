use super::*;
use http::header::ACCEPT;

fn asked(path: &str, headers: &[(HeaderName, &str)]) -> Result<Response<Bytes>, Refusal> {
    let value = |text: &str| HeaderValue::from_str(text).unwrap();
    let headers = headers.iter().map(|(name, text)| (name.clone(), value(text))).collect();
    answer(&Method::GET, path, &headers)
}

/// The addresses that a page names in a `src` attribute.
fn scripts_of(page: &Response<Bytes>) -> Vec<String> {
    let text = String::from_utf8(page.body().to_vec()).unwrap();
    let sources = text.split("src=\"").skip(1).filter_map(|part| part.split_once('"'));
    sources.map(|(address, _)| address.to_owned()).collect()
}

#[test]
fn what_a_browser_has_is_not_sent_again() {
    let script = scripts_of(&asked("/me", &[]).unwrap()).remove(0);
    for path in ["/me", "/v/EQ", "/v/EQ/", "/v/EQ%0A", &script, "/worker.js", "/openapi.json"] {
        let first = asked(path, &[]).unwrap();
        let tag = first.headers()[ETAG].to_str().unwrap().to_owned();
        assert_eq!(first.status(), StatusCode::OK, "{path}");
        for had in [tag.clone(), format!("\"x\", W/{tag}")] {
            let again = asked(path, &[(IF_NONE_MATCH, &had)]).unwrap();
            assert_eq!(
                (again.status(), &again.headers()[ETAG]),
                (StatusCode::NOT_MODIFIED, &first.headers()[ETAG])
            );
            assert!(again.body().is_empty(), "{path}");
        }
        // Another coding is another representation.
        let coded = asked(path, &[(IF_NONE_MATCH, &tag), (ACCEPT_ENCODING, "gzip")]).unwrap();
        assert_eq!(coded.status(), StatusCode::OK, "{path}");
        let other = asked(path, &[(IF_NONE_MATCH, "\"x\"")]).unwrap();
        assert_eq!(other.status(), StatusCode::OK, "{path}");
    }
    for path in ["/web/pages/me.js", "/web/me.js", "/web/", "/me.html", "/unknown", "/web/../me"] {
        assert_eq!(asked(path, &[]).err(), Some(Refusal::NotFound), "{path}");
    }
}

#[test]
fn a_page_has_one_script_that_never_changes() {
    for path in ["/", "/me", "/v/EQ"] {
        let page = asked(path, &[]).unwrap();
        assert_eq!(page.headers()[CACHE_CONTROL], "no-cache", "{path}");
        let scripts = scripts_of(&page);
        assert_eq!(scripts.len(), 1, "{path}");
        let script = asked(&scripts[0], &[]).unwrap();
        assert_eq!(script.headers()[CACHE_CONTROL], FOR_EVER, "{path}");
        let text = String::from_utf8(page.body().to_vec()).unwrap();
        assert!(!text.contains("{{") && !text.contains("rel=\"stylesheet\""), "{path}");
    }
}

#[test]
fn files_are_sent_in_the_shortest_coding_that_the_browser_accepts() {
    let whole = asked("/me", &[]).unwrap().body().len();
    let lengths = [("gzip, deflate, br, zstd", "br"), ("gzip;q=1.0, br;q=0", "gzip"), ("GZIP", "gzip")];
    for (accepted, coding) in lengths {
        let page = asked("/me", &[(ACCEPT_ENCODING, accepted)]).unwrap();
        assert_eq!(page.headers()[CONTENT_ENCODING], coding, "{accepted}");
        assert_eq!(page.headers()[CONTENT_LENGTH], page.body().len().to_string(), "{accepted}");
        assert!(page.body().len() * 2 < whole, "{accepted}: {}", page.body().len());
        assert_eq!(page.headers()[VARY], "accept-encoding", "{accepted}");
    }
    for accepted in ["", "identity", "br;q=0.0, gzip;q=0", "brr"] {
        let page = asked("/me", &[(ACCEPT_ENCODING, accepted)]).unwrap();
        assert_eq!((page.headers().get(CONTENT_ENCODING), page.body().len()), (None, whole), "{accepted}");
    }
}

#[test]
fn a_first_visit_weighs_at_most_20_kb_and_the_own_page_35() {
    for (path, bytes_max) in [("/v/EQ", 20_000), ("/me", 35_000)] {
        for accepted in ["br", "gzip"] {
            let page = asked(path, &[]).unwrap();
            let script = &scripts_of(&page)[0];
            let sizes =
                [path, script].map(|file| asked(file, &[(ACCEPT_ENCODING, accepted)]).unwrap().body().len());
            assert!(sizes.iter().sum::<usize>() <= bytes_max, "{path} {accepted}: {sizes:?}");
        }
    }
}

#[test]
fn a_page_runs_only_what_is_its_own() {
    for (path, camera) in [
        ("/", "camera=()"),
        ("/me", "camera=()"),
        ("/v/EQ", "camera=()"),
        ("/staff/terminal", "camera=(self)"),
    ] {
        let page = asked(path, &[]).unwrap();
        let header = |name: &HeaderName| page.headers()[name].to_str().unwrap();
        let policy = header(&CONTENT_SECURITY_POLICY);
        assert!(policy.starts_with("default-src 'none'; script-src 'self'"), "{path}: {policy}");
        assert!(!policy.contains("unsafe") && !policy.contains('*'), "{path}: {policy}");
        assert!(policy.contains("frame-ancestors 'none'"), "{path}: {policy}");
        assert!(header(&PERMISSIONS_POLICY).contains(camera), "{path}");
        assert_eq!(header(&STRICT_TRANSPORT_SECURITY), SECURE_ONLY, "{path}");
        assert_eq!(header(&REFERRER_POLICY), "no-referrer", "{path}");
    }
}

#[test]
fn a_browser_gets_a_page_where_there_is_none() {
    for types in ["text/html", "application/xml;q=0.9, Text/HTML;q=0.8"] {
        let page = asked("/none", &[(ACCEPT, types)]).unwrap();
        assert_eq!(page.status(), StatusCode::NOT_FOUND, "{types}");
        assert!(String::from_utf8_lossy(page.body()).contains("没有这个页面"), "{types}");
        let headers: HeaderMap = [(ACCEPT, HeaderValue::from_str(types).unwrap())].into_iter().collect();
        let head = answer(&Method::HEAD, "/none", &headers).unwrap();
        assert!(head.body().is_empty() && head.headers()[CONTENT_LENGTH] != "0", "{types}");
        assert_eq!(answer(&Method::POST, "/none", &headers).err(), Some(Refusal::NotFound), "{types}");
    }
    for types in ["*/*", "application/json", "text/htmlx"] {
        assert_eq!(asked("/none", &[(ACCEPT, types)]).err(), Some(Refusal::NotFound), "{types}");
    }
}

#[test]
fn head_has_no_body_and_other_methods_are_refused() {
    let head = answer(&Method::HEAD, "/me", &HeaderMap::new()).unwrap();
    assert!(head.body().is_empty() && head.headers()[CONTENT_LENGTH] != "0");
    let refused = answer(&Method::POST, "/me", &HeaderMap::new());
    assert_eq!(refused.err(), Some(Refusal::MethodNotAllowed));
    assert_eq!(answer(&Method::POST, "/none", &HeaderMap::new()).err(), Some(Refusal::NotFound));
}

#[test]
fn each_worker_keeps_its_pages_and_their_scripts() {
    let workers =
        [("/worker.js", &["/me", VENUE_PAGE][..]), ("/staff/worker.js", &["/staff/door", "/staff/terminal"])];
    for (worker, pages) in workers {
        let worker = asked(worker, &[]).unwrap();
        let text = String::from_utf8(worker.body().to_vec()).unwrap();
        let expected = pages.iter().flat_map(|path| {
            let page = asked(path, &[]).unwrap();
            [vec![(*path).to_owned()], scripts_of(&page)].concat()
        });
        for file in expected {
            let is_kept = [format!("\"{file}\""), format!("`{file}`")].iter().any(|name| text.contains(name));
            assert!(is_kept, "{file}: {text}");
        }
    }
}

#[test]
fn xz_20_no_page_says_that_the_system_is_busy_or_asks_for_a_refresh() {
    for file in BUILT.iter().filter(|file| file.path != "/openapi.json") {
        let text = String::from_utf8(file.plain.to_vec()).unwrap();
        for words in ["繁忙", "刷新", "refresh the", "Refresh"] {
            assert!(!text.contains(words), "{}: {words}", file.path);
        }
    }
}
