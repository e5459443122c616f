use super::*;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

#[test]
fn urls_are_read_and_nonsense_is_not() {
    for (text, read) in [
        ("http://127.0.0.1:9443", "http://127.0.0.1:9443/metrics"),
        ("http://127.0.0.1:9443/", "http://127.0.0.1:9443/metrics"),
        ("http://[::1]:9443/metrics", "http://[::1]:9443/metrics"),
        ("http://gateway/own", "http://gateway:80/own"),
    ] {
        assert_eq!(text.parse::<MetricsUrl>().unwrap().to_string(), read, "{text}");
    }
    for text in ["", "127.0.0.1:9443", "https://127.0.0.1:9443", "http://", "/metrics"] {
        assert!(text.parse::<MetricsUrl>().is_err(), "{text}");
    }
    let remote = SocketAddr::from(([192, 0, 2, 1], 8_443));
    assert!(MetricsUrl::of_target(remote).unwrap_err().contains("another machine"));
}

/// A server that answers each connection with this text, and its URL.
async fn server(answer: String) -> MetricsUrl {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap()).parse().unwrap();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut head = [0; 1_024];
            if stream.read(&mut head).await.is_ok() {
                drop(stream.write_all(answer.as_bytes()).await);
            }
        }
    });
    url
}

fn answer(status: &str, body: &str) -> String {
    format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\n\r\n{body}", body.len())
}

#[tokio::test]
async fn a_reading_names_what_is_wrong_with_the_server() {
    let body = "process_cpu_seconds_total 2\nscangate_backlog 3\n";
    let reading = server(answer("200 OK", body)).await.read().await.unwrap();
    assert_eq!((reading.cpu_s, reading.backlog), (2.0, 3.0));
    let dead: MetricsUrl = {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        format!("http://{}", listener.local_addr().unwrap()).parse().unwrap()
    };
    for (url, words) in [
        (server(answer("200 OK", "up 1\n")).await, "does not have the metrics of a gateway"),
        (server(answer("404 Not Found", "")).await, "it answers with 404 Not Found"),
        (server(String::new()).await, "http://127.0.0.1:"),
        (dead, "refused"),
    ] {
        let error = url.read().await.unwrap_err();
        assert!(error.contains(words), "{error}");
    }
}

#[tokio::test]
async fn a_server_that_hangs_leaves_the_run_without_metrics() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let url: MetricsUrl = format!("http://{}", listener.local_addr().unwrap()).parse().unwrap();
    let series = MetricsSampler::start(Ok(url)).finish(now()).await;
    assert!(series.missing.is_some_and(|reason| reason.contains("does not answer within 900 ms")));
    let reason = "the gateway is elsewhere";
    let series = MetricsSampler::start(Err(reason.to_owned())).finish(now()).await;
    assert_eq!(series.missing.as_deref(), Some(reason));
}
