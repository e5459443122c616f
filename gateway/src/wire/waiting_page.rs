//! The small page that a browser gets in place of a problem, if the request was shed. The page loads itself
//! again after the time of `retry-after`.

use super::media_type::accepts_html;
use http::{HeaderMap, Method};

/// The wait from which the page counts minutes. **Units**: seconds.
const LONG_WAIT_S: u32 = 120;

/// Whether a request asks for a page: it reads, and its client names HTML.
#[must_use]
pub fn wants_page(method: &Method, asked: &HeaderMap) -> bool {
    is_read(method) && accepts_html(asked)
}

/// Whether a page can answer this method. A browser repeats no other method by itself.
#[must_use]
pub fn is_read(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD)
}

/// The page in place of a problem with this status and `retry-after`; none if the request was not shed.
#[must_use]
pub fn waiting_page(status: u16, retry_after_s: Option<u32>) -> Option<String> {
    let seconds = retry_after_s.filter(|_| matches!(status, 429 | 503))?.max(1);
    let (number, chinese, english) = if seconds < LONG_WAIT_S {
        (seconds, "秒", if seconds == 1 { "second" } else { "seconds" })
    } else {
        (seconds.div_ceil(60), "分钟", "minutes")
    };
    Some(format!(
        concat!(
            "<!doctype html>\n<html lang=\"zh-CN\">\n<head>\n<meta charset=\"utf-8\">\n",
            "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n",
            "<meta http-equiv=\"refresh\" content=\"{seconds}\">\n",
            "<meta name=\"color-scheme\" content=\"light dark\">\n",
            "<title>排队中 Waiting</title>\n</head>\n<body>\n<main>\n",
            "<h1>排队中 <span lang=\"en\">Waiting</span></h1>\n",
            "<p>排队中，约 {number} {chinese}后自动重试</p>\n",
            "<p lang=\"en\">Waiting: tries again in about {number} {english}</p>\n",
            "</main>\n</body>\n</html>\n"
        ),
        seconds = seconds,
        number = number,
        chinese = chinese,
        english = english,
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;
    use http::header::ACCEPT;

    #[test]
    fn a_shed_request_gets_a_page_that_loads_itself_again() {
        for (status, wait, refresh, chinese, english) in [
            (503, 0, 1, "约 1 秒后自动重试", "in about 1 second<"),
            (503, 3, 3, "约 3 秒后自动重试", "in about 3 seconds<"),
            (429, 119, 119, "约 119 秒后自动重试", "in about 119 seconds<"),
            (429, 3_601, 3_601, "约 61 分钟后自动重试", "in about 61 minutes<"),
        ] {
            let page = waiting_page(status, Some(wait)).unwrap();
            assert!(page.contains(&format!("http-equiv=\"refresh\" content=\"{refresh}\"")), "{page}");
            assert!(page.contains(chinese) && page.contains(english), "{page}");
        }
        for (status, wait) in [(503, None), (404, None), (425, Some(0)), (401, Some(1))] {
            assert_eq!(waiting_page(status, wait), None, "{status} {wait:?}");
        }
    }

    #[test]
    fn only_a_reading_client_that_names_html_wants_a_page() {
        let html = HeaderMap::from_iter([(ACCEPT, HeaderValue::from_static("text/html, */*;q=0.8"))]);
        for (method, wants) in
            [(Method::GET, true), (Method::HEAD, true), (Method::POST, false), (Method::DELETE, false)]
        {
            assert_eq!(wants_page(&method, &html), wants, "{method}");
            assert!(!wants_page(&method, &HeaderMap::new()), "{method}");
        }
    }
}
