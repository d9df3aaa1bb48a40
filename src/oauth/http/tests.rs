//! The client against servers that do as they like, and names that resolve to what an attacker wants.
#![expect(clippy::unwrap_used, reason = "tests")]

use super::*;
use crate::config::EgressMode;
use std::collections::VecDeque;
use std::net::Ipv4Addr;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// Answers look-ups as a script says, the last answer for ever; counts them.
struct Script {
    answers: Mutex<VecDeque<Vec<IpAddr>>>,
    asked: AtomicUsize,
}

impl Script {
    fn of(answers: &[&[&str]]) -> Arc<Self> {
        let answers = answers.iter().map(|addresses| addresses.iter().map(|address| address.parse().unwrap()).collect()).collect();
        Arc::new(Self { answers: Mutex::new(answers), asked: AtomicUsize::new(0) })
    }
}

impl Names for Script {
    fn look_up(&self, _: String) -> BoxFuture<'static, std::io::Result<Vec<IpAddr>>> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        let mut answers = self.answers.lock().unwrap();
        let answer = if answers.len() > 1 { answers.pop_front() } else { answers.front().cloned() };
        Box::pin(std::future::ready(Ok(answer.unwrap_or_default())))
    }
}

/// A server that counts who connects, and does `with` each.
struct Server {
    port: u16,
    connections: Arc<AtomicUsize>,
}

impl Server {
    async fn start<F: Future<Output = ()> + Send + 'static>(at: (Ipv4Addr, u16), with: impl Fn(TcpStream) -> F + Send + 'static) -> Self {
        let listener = TcpListener::bind(at).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let connections = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&connections);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                count.fetch_add(1, Ordering::SeqCst);
                tokio::spawn(with(stream));
            }
        });
        Self { port, connections }
    }

    /// One on loopback that answers every request with this text, which holds status line, headers and the beginning of a body.
    async fn saying(text: impl Into<Vec<u8>>) -> Self {
        let text: Arc<[u8]> = text.into().into();
        Self::start((Ipv4Addr::LOCALHOST, 0), move |mut stream| {
            let text = Arc::clone(&text);
            async move {
                read_request(&mut stream).await;
                let _ = stream.write_all(&text).await;
                let _ = stream.shutdown().await;
            }
        })
        .await
    }

    fn url(&self) -> Url {
        Url::parse(&format!("http://127.0.0.1:{}/", self.port)).unwrap()
    }

    fn count(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }
}

/// Reads a request up to the end of its headers.
async fn read_request(stream: &mut TcpStream) {
    let mut seen = Vec::new();
    let mut buffer = [0; 1024];
    while !seen.windows(4).any(|end| end == b"\r\n\r\n") {
        match stream.read(&mut buffer).await {
            Ok(0) | Err(_) => return,
            Ok(count) => seen.extend_from_slice(&buffer[..count]),
        }
    }
}

/// Addresses of loopback that no other test has: this process's.
fn own_address(last: u8) -> Ipv4Addr {
    let [.., high, low] = std::process::id().to_be_bytes();
    Ipv4Addr::new(127, high | 1, low, last)
}

fn get(url: &str) -> Request {
    Request { method: Method::GET, url: Url::parse(url).unwrap(), headers: HeaderMap::new(), body: Vec::new() }
}

fn public(allow: &[String], names: &Arc<Script>) -> Http {
    Http::resolving_with(EgressPolicy::new(EgressMode::Public, allow), Arc::clone(names) as Arc<dyn Names>).unwrap()
}

/// A client that may call loopback.
fn local() -> Http {
    Http::new(EgressPolicy::new(EgressMode::Allowlist, &["127.0.0.1".to_owned()])).unwrap()
}

#[tokio::test]
async fn tricks_are_refused_before_anything_is_looked_up() {
    let names = Script::of(&[&["1.1.1.1"]]);
    let http = public(&[], &names);
    for url in [
        "https://127.0.0.1/",
        "https://2130706433/",
        "https://0x7f000001/",
        "https://0177.0.0.1/",
        "https://127.1/",
        "https://0/",
        "https://169.254.169.254/latest/meta-data/",
        "https://[::ffff:a9fe:a9fe]/",
        "https://[fd00:ec2::254]/",
        "https://localhost/",
        "https://localhost./",
        "https://user:pass@example.com/",
        "https://example.com:22/",
        "https://1.1.1.1:25/",
        "http://example.com/",
        "ftp://example.com/",
    ] {
        let refused = http.fetch(get(url), TIMEOUT).await.err();
        assert!(matches!(refused, Some(HttpError::Blocked(_))), "{url}: {refused:?}");
    }
    assert_eq!(names.asked.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn names_that_resolve_to_what_is_private_are_refused() {
    for addresses in [
        &["10.0.0.5"][..],
        &["127.0.0.1"],
        &["169.254.169.254"],
        &["100.64.0.1"],
        &["::1"],
        &["::ffff:127.0.0.1"],
        &["fd00:ec2::254"],
        &["64:ff9b::a9fe:a9fe"],
        // One good address does not make the other good.
        &["1.1.1.1", "192.168.1.1"],
        &["2606:4700::1111", "fe80::1"],
    ] {
        let http = public(&[], &Script::of(&[addresses]));
        let refused = http.fetch(get("https://rebind.example/"), TIMEOUT).await.err();
        assert!(matches!(refused, Some(HttpError::Blocked(_))), "{addresses:?}: {refused:?}");
    }
}

#[tokio::test]
async fn the_address_that_is_judged_is_the_one_connected_to() {
    let (allowed, forbidden) = (own_address(77), own_address(78));
    let hang_up = |stream: TcpStream| async move { drop(stream) };
    let good = Server::start((allowed, 8443), hang_up).await;
    let bad = Server::start((forbidden, 8443), hang_up).await;
    // The name moves between look-ups, as one of an attacker's own server does.
    let names = Script::of(&[&[&allowed.to_string()], &[&forbidden.to_string()], &[&allowed.to_string(), &forbidden.to_string()]]);
    let http = public(&[allowed.to_string()], &names);
    let first = http.fetch(get("https://rebind.example:8443/"), TIMEOUT).await.err();
    assert!(matches!(first, Some(HttpError::Transport(_))), "it is no TLS server: {first:?}");
    assert_eq!((names.asked.load(Ordering::SeqCst), good.count(), bad.count()), (1, 1, 0), "one look-up, and the connection goes where it led");
    for _ in 0..2 {
        let moved = http.fetch(get("https://rebind.example:8443/"), TIMEOUT).await.err();
        assert!(matches!(moved, Some(HttpError::Blocked(_))), "{moved:?}");
    }
    assert_eq!((good.count(), bad.count()), (1, 0));
}

#[tokio::test]
async fn a_host_that_the_operator_named_is_named_at_its_port() {
    let server = Server::saying("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok").await;
    let http = public(&[format!("intra.example:{}", server.port)], &Script::of(&[&["127.0.0.1"]]));
    let answer = http.fetch(get(&format!("http://intra.example:{}/", server.port)), TIMEOUT).await.unwrap();
    assert_eq!(answer.body, b"ok");
    // The same name at another port is a name like any other.
    for url in ["https://intra.example/", "https://intra.example:8443/", "http://intra.example/"] {
        let refused = http.fetch(get(url), TIMEOUT).await.err();
        assert!(matches!(refused, Some(HttpError::Blocked(_))), "{url}: {refused:?}");
    }
}

#[tokio::test]
async fn time_is_limited_to_the_last_byte() {
    let limit = Duration::from_millis(300);
    let silent = Server::start((Ipv4Addr::LOCALHOST, 0), |mut stream| async move {
        read_request(&mut stream).await;
        std::future::pending::<()>().await;
    })
    .await;
    // A byte now and then is no reason to go on waiting.
    let dripping = Server::start((Ipv4Addr::LOCALHOST, 0), |mut stream| async move {
        read_request(&mut stream).await;
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 1000000\r\n\r\n").await;
        while stream.write_all(b".").await.is_ok() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await;
    for server in [&silent, &dripping] {
        let started = Instant::now();
        let ended = local().fetch(Request { url: server.url(), ..get("http://x/") }, limit).await.err();
        assert!(matches!(ended, Some(HttpError::TimedOut)), "{ended:?}");
        assert!(started.elapsed() < Duration::from_secs(5));
    }
}

#[tokio::test]
async fn size_is_limited_after_decompression() {
    // 4 MiB of zeros.
    let bomb = [0x9f, 0xff, 0xff, 0x3f, 0xf8, 0x27, 0x00, 0xe2, 0xb1, 0x40, 0x20, 0xf7, 0xfe, 0x07];
    let mut compressed = b"HTTP/1.1 200 OK\r\ncontent-encoding: br\r\ncontent-length: 14\r\n\r\n".to_vec();
    compressed.extend(bomb);
    let compressed = Server::saying(compressed).await;
    let endless = Server::start((Ipv4Addr::LOCALHOST, 0), |mut stream| async move {
        read_request(&mut stream).await;
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n").await;
        let chunk = format!("4000\r\n{}\r\n", "a".repeat(0x4000));
        while stream.write_all(chunk.as_bytes()).await.is_ok() {}
    })
    .await;
    for server in [&compressed, &endless] {
        let request = || Request { url: server.url(), ..get("http://x/") };
        let large = local().fetch(request(), TIMEOUT).await.err();
        assert!(matches!(large, Some(HttpError::TooLarge)), "{large:?}");
        let beginning = local().fetch_beginning(request(), TIMEOUT, 1000).await.unwrap();
        assert_eq!(beginning.body.len(), 1000);
    }
    let enough = local().fetch_up_to(4 * 1024 * 1024, Request { url: compressed.url(), ..get("http://x/") }, TIMEOUT).await.unwrap();
    assert_eq!(enough.body.len(), 4 * 1024 * 1024);
}

#[tokio::test]
async fn redirects_are_not_followed() {
    let target = Server::saying("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await;
    for status in [301, 302, 303, 307, 308] {
        let server = Server::saying(format!("HTTP/1.1 {status} Moved\r\nlocation: {}\r\ncontent-length: 0\r\n\r\n", target.url())).await;
        let request = || Request { url: server.url(), ..get("http://x/") };
        assert_eq!(local().fetch(request(), TIMEOUT).await.unwrap().status.as_u16(), status);
        assert!(matches!(local().send(request()).await.err(), Some(HttpError::Redirect)), "no endpoint of a provider may redirect");
    }
    assert_eq!(target.count(), 0);
}

/// The environment belongs to the process: this test runs itself once more, with proxies that must not be used.
#[tokio::test]
async fn proxies_of_the_environment_are_not_used() {
    const CHILD: &str = "EGRESS_TEST_SERVER";
    if let Ok(url) = std::env::var(CHILD) {
        let ours = local();
        // That the proxies would be used shows a client that nobody has told otherwise.
        let usual = reqwest::Client::builder().build().unwrap().get("http://service.example/").send().await;
        assert!(usual.is_ok_and(|answer| answer.status().as_u16() == 418));
        assert_eq!(ours.fetch(get(&url), TIMEOUT).await.unwrap().status.as_u16(), 200);
        return;
    }
    let server = Server::saying("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await;
    let proxy = Server::saying("HTTP/1.1 418 A proxy\r\ncontent-length: 0\r\n\r\n").await;
    let mut child = tokio::process::Command::new(std::env::current_exe().unwrap());
    child.args(["--exact", "oauth::http::tests::proxies_of_the_environment_are_not_used"]).env(CHILD, server.url().as_str());
    for name in ["http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"] {
        child.env(name, proxy.url().as_str());
    }
    for name in ["no_proxy", "NO_PROXY", "REQUEST_METHOD"] {
        child.env_remove(name);
    }
    let output = child.output().await.unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    assert_eq!((server.count(), proxy.count()), (1, 1));
}
