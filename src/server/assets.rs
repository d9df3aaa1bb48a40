//! The built site, embedded in the binary: WebAssembly, scripts, styles, logos.
//!
//! What the bundler makes is served below a path that holds its own hash, so that it can be kept for ever; everything else by
//! its name, with an entity tag.

use super::state::AppState;
use crate::hosted::views;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use sha2::{Digest as _, Sha256};
use std::io::Read as _;
use std::sync::OnceLock;

#[derive(rust_embed::RustEmbed)]
#[folder = "target/site/"]
struct Site;

/// Where the bundle is served: `pkg/{hash of its files}`.
pub fn package_path() -> &'static str {
    static PATH: OnceLock<String> = OnceLock::new();
    PATH.get_or_init(|| {
        let mut hash = Sha256::new();
        for name in Site::iter().filter(|name| name.starts_with("pkg/")) {
            if let Some(file) = Site::get(&name) {
                hash.update(name.as_bytes());
                hash.update(file.metadata.sha256_hash());
            }
        }
        format!("pkg/{}", short_hash(&hash.finalize()))
    })
}

/// Answers everything that no route does: files of the site, else "not found" in the form the path suggests.
pub async fn serve(State(_): State<AppState>, request: Request) -> Response {
    let path = request.uri().path().trim_start_matches('/');
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return StatusCode::METHOD_NOT_ALLOWED.into_response();
    }
    let package = package_path();
    if let Some(rest) = path.strip_prefix(package).and_then(|rest| rest.strip_prefix('/')) {
        return file(&format!("pkg/{rest}"), request.headers(), "public, max-age=31536000, immutable").unwrap_or_else(missing);
    }
    if path.starts_with("pkg/") {
        return missing();
    }
    match file(path, request.headers(), "public, max-age=3600") {
        Some(response) => response,
        None => views::not_found(),
    }
}

/// The first 96 bits, fit for a URL.
pub fn short_hash(hash: &[u8]) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(&hash[..12])
}

fn missing() -> Response {
    StatusCode::NOT_FOUND.into_response()
}

fn file(name: &str, request: &HeaderMap, cache: &'static str) -> Option<Response> {
    if name.is_empty() || std::path::Path::new(name).extension().is_some_and(|extension| extension == "br" || extension == "gz") {
        return None;
    }
    let packed = |extension: &str| Site::get(&format!("{name}.{extension}"));
    let plain = Site::get(name);
    let tag = format!("\"{}\"", short_hash(&plain.as_ref().or(packed("gz").as_ref())?.metadata.sha256_hash()));
    let mime = mime_guess::from_path(name).first_or_octet_stream();
    let mut response = if request.get(header::IF_NONE_MATCH).and_then(|value| value.to_str().ok()) == Some(&tag) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        let accepts = request.get(header::ACCEPT_ENCODING).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let compressed = [("br", "br"), ("gzip", "gz")]
            .into_iter()
            .filter(|(encoding, _)| accepts.split(',').any(|offer| offer.split(';').next().is_some_and(|name| name.trim() == *encoding)))
            .find_map(|(encoding, extension)| Some((encoding, packed(extension)?)));
        let (encoding, data) = match (compressed, plain) {
            (Some((encoding, file)), _) => (Some(encoding), file.data.into_owned()),
            (None, Some(plain)) => (None, plain.data.into_owned()),
            // A release has WebAssembly only packed. Every browser takes it so.
            (None, None) => (None, unpack(&packed("gz")?.data).ok()?),
        };
        let mut response = Response::new(Body::from(data));
        if let Some(encoding) = encoding {
            response.headers_mut().insert(header::CONTENT_ENCODING, HeaderValue::from_static(encoding));
        }
        response
    };
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_str(mime.as_ref()).ok()?);
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(cache));
    headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    headers.insert(header::ETAG, HeaderValue::from_str(&tag).ok()?);
    Some(response)
}

fn unpack(packed: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut data = Vec::new();
    flate2::read::GzDecoder::new(packed).read_to_end(&mut data)?;
    Ok(data)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::unpack;
    use std::io::Write as _;

    #[test]
    fn unpacks_for_those_who_take_it_plain() {
        let data = b"\0asm".repeat(1000);
        let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        packed.write_all(&data).unwrap();
        assert_eq!(unpack(&packed.finish().unwrap()).unwrap(), data);
        assert!(unpack(&data).is_err());
    }
}
