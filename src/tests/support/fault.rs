//! A proxy before a real provider that breaks what passes: loses requests and answers, holds them up, sends something else.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;

/// What happens to one token request.
#[derive(Debug, Clone)]
pub enum Fault {
    /// It never arrives.
    DropBefore,
    /// It never goes on, and the caller waits.
    Stall,
    /// It is done, and the answer is lost.
    DropAfter,
    /// It is done, and the answer waits for `FaultProxy::release`.
    Hold,
    /// It waits before it is passed on.
    Delay(Duration),
    /// The answer comes byte by byte.
    Drip(Duration),
    /// The proxy answers itself: status, further header lines, body.
    Answer(u16, String, String),
    /// The same with a body that is no text.
    Bytes(u16, String, Vec<u8>),
}

/// The proxy. It breaks requests to the token and revocation endpoints only, one fault each, in order.
pub struct FaultProxy {
    pub url: String,
    shared: Arc<Shared>,
}

struct Shared {
    upstream: String,
    faults: Mutex<VecDeque<Fault>>,
    /// Instead of a fault for each, one for all.
    always: Mutex<Option<Fault>>,
    arrived: Semaphore,
    released: Semaphore,
    seen: Mutex<Vec<String>>,
    /// So many of a hundred meet some fault.
    chance: AtomicUsize,
    lost: AtomicU64,
    /// Made when it is needed: by then the server has chosen how TLS is done.
    client: OnceLock<reqwest::Client>,
    /// Requests under way, and the most there have been at once.
    at_once: AtomicUsize,
    most: AtomicUsize,
}

impl FaultProxy {
    /// Starts one before `upstream`.
    pub async fn start(upstream: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://localhost:{}", listener.local_addr().unwrap().port());
        let shared = Arc::new(Shared {
            upstream: upstream.to_owned(),
            faults: Mutex::default(),
            always: Mutex::default(),
            arrived: Semaphore::new(0),
            released: Semaphore::new(0),
            seen: Mutex::default(),
            chance: AtomicUsize::new(0),
            lost: AtomicU64::new(0),
            client: OnceLock::new(),
            at_once: AtomicUsize::new(0),
            most: AtomicUsize::new(0),
        });
        let accepting = Arc::clone(&shared);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let shared = Arc::clone(&accepting);
                tokio::spawn(async move {
                    shared.most.fetch_max(shared.at_once.fetch_add(1, Ordering::Relaxed) + 1, Ordering::Relaxed);
                    shared.serve(stream).await;
                    shared.at_once.fetch_sub(1, Ordering::Relaxed);
                });
            }
        });
        Self { url, shared }
    }

    /// The next token request meets this.
    pub fn arm(&self, fault: Fault) {
        self.shared.faults.lock().unwrap().push_back(fault);
    }

    /// All of them do, or with `None` no longer.
    pub fn always(&self, fault: Option<Fault>) {
        *self.shared.always.lock().unwrap() = fault;
    }

    /// From now on so many of a hundred meet some fault.
    pub fn chance(&self, percent: usize) {
        self.shared.chance.store(percent, Ordering::Relaxed);
    }

    /// How many answers it has lost.
    pub fn lost(&self) -> u64 {
        self.shared.lost.load(Ordering::Relaxed)
    }

    /// How many requests were under way at once, at most.
    pub fn most_at_once(&self) -> usize {
        self.shared.most.load(Ordering::Relaxed)
    }

    /// Waits for a held or stalled request: a held one has been done at the provider.
    pub async fn held(&self) {
        self.shared.arrived.acquire().await.unwrap().forget();
    }

    /// Lets the answer of a held request go.
    pub fn release(&self) {
        self.shared.released.add_permits(1);
    }

    /// How many token requests with this in their path or body have come.
    pub fn seen(&self, word: &str) -> usize {
        self.shared.seen.lock().unwrap().iter().filter(|request| request.contains(word)).count()
    }

    /// The refresh tokens that were used, in order.
    pub fn refresh_tokens(&self) -> Vec<String> {
        let token = |request: &String| request.split("&refresh_token=").nth(1).map(str::to_owned);
        self.shared.seen.lock().unwrap().iter().filter_map(token).collect()
    }
}

impl Shared {
    fn by_chance(&self) -> Option<Fault> {
        let random = uuid::Uuid::new_v4().as_u128();
        let hit = random % 100 < self.chance.load(Ordering::Relaxed) as u128;
        let answer = |status, headers: &str| Fault::Answer(status, headers.to_owned(), String::new());
        hit.then(|| match random / 100 % 6 {
            0 => Fault::DropBefore,
            1 => Fault::DropAfter,
            2 => Fault::Delay(Duration::from_millis(400)),
            3 => Fault::Drip(Duration::from_millis(1)),
            4 => answer(503, ""),
            _ => answer(429, "Retry-After: 1\r\n"),
        })
    }

    /// One request a connection: simple, and a dropped answer is a closed socket.
    async fn serve(&self, mut stream: TcpStream) -> Option<()> {
        let (head, body) = read_request(&mut stream).await?;
        let mut lines = head.lines();
        let (method, path) = lines.next()?.split_once(' ').and_then(|(method, rest)| Some((method.to_owned(), rest.split(' ').next()?.to_owned())))?;
        let fault = path.starts_with("/token").then(|| {
            self.seen.lock().unwrap().push(format!("{path} {}", String::from_utf8_lossy(&body)));
            self.always.lock().unwrap().clone().or_else(|| self.faults.lock().unwrap().pop_front()).or_else(|| self.by_chance())
        });
        let fault = fault.flatten();
        match &fault {
            Some(Fault::DropBefore) => return None,
            Some(Fault::Stall) => {
                self.arrived.add_permits(1);
                // Until the caller has gone.
                let _ = stream.read(&mut [0; 1]).await;
                return None;
            }
            Some(Fault::Answer(status, headers, body)) => return say(stream, *status, headers, body.as_bytes()).await,
            Some(Fault::Bytes(status, headers, body)) => return say(stream, *status, headers, body).await,
            Some(Fault::Delay(time)) => tokio::time::sleep(*time).await,
            _ => {}
        }
        let client = self.client.get_or_init(|| reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap());
        let mut request = client.request(method.parse().unwrap(), format!("{}{path}", self.upstream)).body(body);
        for (name, value) in lines.filter_map(|line| line.split_once(": ")) {
            if matches!(name.to_ascii_lowercase().as_str(), "authorization" | "content-type" | "accept") {
                request = request.header(name, value);
            }
        }
        let answer = request.send().await.ok()?;
        let status = answer.status().as_u16();
        let kind = answer.headers().get("content-type").map(|kind| kind.to_str().unwrap().to_owned()).unwrap_or_default();
        let body = answer.bytes().await.ok()?;
        match fault {
            Some(Fault::DropAfter) => {
                self.lost.fetch_add(1, Ordering::Relaxed);
                return None;
            }
            Some(Fault::Hold) => {
                self.arrived.add_permits(1);
                self.released.acquire().await.unwrap().forget();
            }
            _ => {}
        }
        let head = format!("HTTP/1.1 {status} x\r\nconnection: close\r\ncontent-type: {kind}\r\ncontent-length: {}\r\n\r\n", body.len());
        stream.write_all(head.as_bytes()).await.ok()?;
        if let Some(Fault::Drip(pause)) = fault {
            for byte in &body {
                stream.write_all(std::slice::from_ref(byte)).await.ok()?;
                tokio::time::sleep(pause).await;
            }
        } else {
            stream.write_all(&body).await.ok()?;
        }
        stream.shutdown().await.ok()
    }
}

async fn say(mut stream: TcpStream, status: u16, headers: &str, body: &[u8]) -> Option<()> {
    let head = format!("HTTP/1.1 {status} x\r\nconnection: close\r\ncontent-length: {}\r\n{headers}\r\n", body.len());
    stream.write_all(&[head.as_bytes(), body].concat()).await.ok()?;
    stream.shutdown().await.ok()
}

async fn read_request(stream: &mut TcpStream) -> Option<(String, Vec<u8>)> {
    let mut bytes = Vec::new();
    let end = loop {
        if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            break end;
        }
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    };
    let head = String::from_utf8(bytes[..end].to_vec()).ok()?;
    let length = head.lines().find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length: ")?.parse::<usize>().ok()).unwrap_or(0);
    while bytes.len() < end + 4 + length {
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    }
    Some((head, bytes[end + 4..end + 4 + length].to_vec()))
}
