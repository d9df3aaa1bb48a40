//! The one client for everything outbound: token requests, discovery, who-am-I calls, actions.
//!
//! No proxies from the environment, no redirects, no cookies, no referrer; addresses judged where they are connected to; total
//! time limited; answers read as a bounded stream after decompression. Errors never carry the URL: its query may be secret.

use super::egress::{Blocked, EgressPolicy};
use futures::StreamExt as _;
use futures::future::BoxFuture;
use http::{HeaderMap, Method, StatusCode};
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;
use url::Url;

/// Longest time for a whole exchange, unless a caller says otherwise.
pub const TIMEOUT: Duration = Duration::from_secs(15);
/// Largest answer that is read.
pub const MAX_ANSWER: usize = 1024 * 1024;

/// The hardened client. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Http {
    /// For whatever the operator did not name: every address that a name resolves to is judged.
    client: reqwest::Client,
    /// For hosts that the operator named, at the port that was named: they may resolve to anything. A client of its own, because a
    /// resolver is not told the port.
    trusting: reqwest::Client,
    policy: Arc<EgressPolicy>,
}

/// A request.
#[derive(Debug)]
pub struct Request {
    /// Method.
    pub method: Method,
    /// Where to.
    pub url: Url,
    /// With what.
    pub headers: HeaderMap,
    /// Body; empty for none.
    pub body: Vec<u8>,
}

/// An answer, read completely.
pub struct Answer {
    /// Status.
    pub status: StatusCode,
    /// Headers.
    pub headers: HeaderMap,
    /// Body, decompressed.
    pub body: Vec<u8>,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum HttpError {
    /// The policy forbids it.
    #[error(transparent)]
    Blocked(#[from] Blocked),
    /// No connection, or it broke.
    #[error("no answer: {0}")]
    Transport(String),
    /// It took too long.
    #[error("no answer in time")]
    TimedOut,
    /// The answer is larger than the caller takes.
    #[error("the answer is too large")]
    TooLarge,
    /// The answer redirects, which no endpoint we call may do.
    #[error("the answer is a redirect")]
    Redirect,
}

impl Http {
    /// A client that obeys `policy`.
    pub fn new(policy: EgressPolicy) -> anyhow::Result<Self> {
        Self::resolving_with(policy, Arc::new(SystemNames))
    }

    /// The same with names looked up elsewhere than the system does.
    fn resolving_with(policy: EgressPolicy, names: Arc<dyn Names>) -> anyhow::Result<Self> {
        // Process-wide and idempotent: the second call is told that there is one already.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let policy = Arc::new(policy);
        let client = |judge: Option<&Arc<EgressPolicy>>| {
            reqwest::Client::builder()
                .user_agent(concat!("Keyloom/", env!("CARGO_PKG_VERSION")))
                .redirect(reqwest::redirect::Policy::none())
                .no_proxy()
                .referer(false)
                .timeout(TIMEOUT)
                .connect_timeout(Duration::from_secs(5))
                .pool_idle_timeout(Duration::from_secs(30))
                .dns_resolver(Arc::new(PolicyResolver { names: Arc::clone(&names), judge: judge.cloned() }))
                .build()
        };
        Ok(Self { client: client(Some(&policy))?, trusting: client(None)?, policy })
    }

    /// Sends and reads the whole answer, which must not be a redirect.
    pub async fn send(&self, request: Request) -> Result<Answer, HttpError> {
        let answer = self.fetch(request, TIMEOUT).await?;
        if answer.status.is_redirection() { Err(HttpError::Redirect) } else { Ok(answer) }
    }

    /// Whether the policy allows `url`, before a name is resolved.
    pub fn check_url(&self, url: &Url) -> Result<(), Blocked> {
        self.policy.check_url(url)
    }

    /// Sends and reads the whole answer. A redirect is an answer like any other: it is never followed.
    pub async fn fetch(&self, request: Request, timeout: Duration) -> Result<Answer, HttpError> {
        self.fetch_up_to(MAX_ANSWER, request, timeout).await
    }

    /// As [`Http::fetch`], for an answer of at most `largest` bytes.
    pub async fn fetch_up_to(&self, largest: usize, request: Request, timeout: Duration) -> Result<Answer, HttpError> {
        let response = self.start(request, timeout).await?;
        let status = response.status();
        let headers = response.headers().clone();
        let mut body = Vec::new();
        let mut stream = response.bytes_stream();
        while let Some(chunk) = stream.next().await {
            let chunk = chunk.map_err(describe)?;
            if body.len() + chunk.len() > largest {
                return Err(HttpError::TooLarge);
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Answer { status, headers, body })
    }

    /// Sends and reads at most the first `most` bytes of the answer's body: what counts is that there is an answer.
    pub async fn fetch_beginning(&self, request: Request, timeout: Duration, most: usize) -> Result<Answer, HttpError> {
        let response = self.start(request, timeout).await?;
        let status = response.status();
        let headers = response.headers().clone();
        let mut body = Vec::new();
        let mut stream = response.bytes_stream();
        while body.len() < most
            && let Some(Ok(chunk)) = stream.next().await
        {
            body.extend_from_slice(&chunk[..chunk.len().min(most - body.len())]);
        }
        Ok(Answer { status, headers, body })
    }

    async fn start(&self, request: Request, timeout: Duration) -> Result<reqwest::Response, HttpError> {
        self.policy.check_url(&request.url)?;
        let client = if self.policy.lists_url(&request.url) { &self.trusting } else { &self.client };
        client.request(request.method, request.url).headers(request.headers).body(request.body).timeout(timeout).send().await.map_err(describe)
    }
}

/// The chain of causes without the URL.
fn describe(error: reqwest::Error) -> HttpError {
    if error.is_timeout() {
        return HttpError::TimedOut;
    }
    let error = error.without_url();
    let mut source: Option<&dyn std::error::Error> = Some(&error);
    let mut last = error.to_string();
    while let Some(cause) = source {
        if let Some(blocked) = cause.downcast_ref::<Blocked>() {
            return HttpError::Blocked(blocked.clone());
        }
        last = cause.to_string();
        source = cause.source();
    }
    HttpError::Transport(last)
}

/// Looks names up.
trait Names: Send + Sync {
    /// All addresses of a name.
    fn look_up(&self, host: String) -> BoxFuture<'static, std::io::Result<Vec<IpAddr>>>;
}

/// The system's resolver.
struct SystemNames;

impl Names for SystemNames {
    fn look_up(&self, host: String) -> BoxFuture<'static, std::io::Result<Vec<IpAddr>>> {
        Box::pin(async move { Ok(tokio::net::lookup_host((host, 0)).await?.map(|address| address.ip()).collect()) })
    }
}

/// Refuses names whose addresses the policy forbids: all of them must be allowed, so that a name cannot be public in one answer and
/// private in the next. What is judged here is what is connected to: nobody looks the name up again.
struct PolicyResolver {
    names: Arc<dyn Names>,
    judge: Option<Arc<EgressPolicy>>,
}

impl Resolve for PolicyResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let (judge, addresses) = (self.judge.clone(), self.names.look_up(name.as_str().to_owned()));
        Box::pin(async move {
            let addresses = addresses.await?;
            if let Some(policy) = judge {
                for address in &addresses {
                    policy.check_address(*address)?;
                }
            }
            Ok(Box::new(addresses.into_iter().map(|address| SocketAddr::new(address, 0))) as Addrs)
        })
    }
}

#[cfg(test)]
mod tests;
