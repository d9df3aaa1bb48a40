//! OAuth 1.0 (RFC 5849): method, URL, query and form, signed with secrets that are never sent.

use super::super::http::Request;
use super::{Moment, authority, encode};
use crate::catalog::OAuth1Signature;
use crate::vault::Secret;
use crate::vault::signing::{hmac_sha1, hmac_sha256};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::header::CONTENT_TYPE;
use url::form_urlencoded;

/// What is signed with. No `Debug`.
pub(super) struct Keys {
    pub consumer_key: String,
    pub consumer_secret: Secret,
    pub token: Option<String>,
    pub token_secret: Option<Secret>,
    pub realm: Option<String>,
    pub method: OAuth1Signature,
}

impl Keys {
    /// `Authorization` of `request`, and the signature that is in it.
    pub fn sign(&self, request: &Request, moment: &Moment) -> (String, String) {
        let mut protocol = self.protocol(&moment.seconds().to_string(), &moment.nonce);
        protocol.push(("oauth_version", "1.0".to_owned()));
        self.header(request, protocol)
    }

    /// The protocol's parameters but the signature (RFC 5849 §3.1).
    fn protocol(&self, timestamp: &str, nonce: &str) -> Vec<(&'static str, String)> {
        let method = match self.method {
            OAuth1Signature::HmacSha1 => "HMAC-SHA1",
            OAuth1Signature::HmacSha256 => "HMAC-SHA256",
        };
        let mut all = vec![("oauth_consumer_key", self.consumer_key.clone())];
        all.extend(self.token.iter().map(|token| ("oauth_token", token.clone())));
        all.extend([("oauth_signature_method", method.to_owned()), ("oauth_timestamp", timestamp.to_owned()), ("oauth_nonce", nonce.to_owned())]);
        all
    }

    fn header(&self, request: &Request, mut protocol: Vec<(&'static str, String)>) -> (String, String) {
        let base = base_string(request, &protocol);
        let secret = |secret: Option<&Secret>| encode(secret.map_or("", Secret::expose).as_bytes());
        let key = Secret::new(format!("{}&{}", secret(Some(&self.consumer_secret)), secret(self.token_secret.as_ref())));
        let signature = STANDARD.encode(match self.method {
            OAuth1Signature::HmacSha1 => hmac_sha1(key.expose().as_bytes(), base.as_bytes()),
            OAuth1Signature::HmacSha256 => hmac_sha256(key.expose().as_bytes(), base.as_bytes()),
        });
        protocol.push(("oauth_signature", signature.clone()));
        let realm = self.realm.iter().map(|realm| format!("realm=\"{}\"", encode(realm.as_bytes())));
        let parameters = protocol.iter().map(|(name, value)| format!("{name}=\"{}\"", encode(value.as_bytes())));
        (format!("OAuth {}", realm.chain(parameters).collect::<Vec<_>>().join(", ")), signature)
    }
}

/// RFC 5849 §3.4.1.
fn base_string(request: &Request, protocol: &[(&'static str, String)]) -> String {
    let mut parameters: Vec<(String, String)> = request.url.query_pairs().map(|(name, value)| (encode(name.as_bytes()), encode(value.as_bytes()))).collect();
    parameters.extend(protocol.iter().map(|(name, value)| (encode(name.as_bytes()), encode(value.as_bytes()))));
    let media = request.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default().to_ascii_lowercase();
    if media.split(';').next().is_some_and(|media| media.trim() == "application/x-www-form-urlencoded") {
        parameters.extend(form_urlencoded::parse(&request.body).map(|(name, value)| (encode(name.as_bytes()), encode(value.as_bytes()))));
    }
    parameters.sort();
    let normalised = parameters.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("&");
    let url = format!("{}://{}{}", request.url.scheme(), authority(&request.url), request.url.path());
    format!("{}&{}&{}", request.method.as_str().to_ascii_uppercase(), encode(url.as_bytes()), encode(normalised.as_bytes()))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use http::{HeaderMap, HeaderValue};
    use url::Url;

    fn request(method: &str, url: &str, form: Option<&str>) -> Request {
        let mut headers = HeaderMap::new();
        if form.is_some() {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/x-www-form-urlencoded"));
        }
        Request { method: method.parse().unwrap(), url: Url::parse(url).unwrap(), headers, body: form.unwrap_or_default().as_bytes().to_vec() }
    }

    fn keys(consumer: [&str; 2], token: Option<[&str; 2]>) -> Keys {
        Keys {
            consumer_key: consumer[0].to_owned(),
            consumer_secret: Secret::new(consumer[1]),
            token: token.map(|token| token[0].to_owned()),
            token_secret: token.map(|token| Secret::new(token[1])),
            realm: None,
            method: OAuth1Signature::HmacSha1,
        }
    }

    /// RFC 5849 §3.4.1.1, and §3.4.1.3.2 within it.
    #[test]
    fn the_base_string_of_the_rfc() {
        let keys = keys(["9djdj82h48djs9d2", "j49sk3j29djd"], Some(["kkk9d7dh3k39sjv7", "dh893hdasih9"]));
        let request = request("POST", "http://EXAMPLE.COM:80/request?b5=%3D%253D&a3=a&c%40=&a2=r%20b", Some("c2&a3=2+q"));
        let protocol = keys.protocol("137131201", "7d8f3e4a");
        assert_eq!(
            base_string(&request, &protocol),
            "POST&http%3A%2F%2Fexample.com%2Frequest&a2%3Dr%2520b%26a3%3D2%2520q%26a3%3Da%26b5%3D%253D%25253D%26c%2540%3D%26c2%3D%26oauth_consumer_key%3D9djdj82h48djs9d2%26oauth_nonce%3D7d8f3e4a%26oauth_signature_method%3DHMAC-SHA1%26oauth_timestamp%3D137131201%26oauth_token%3Dkkk9d7dh3k39sjv7"
        );
        // The RFC names no secrets; with those of its erratum 2550 the signature is this.
        assert_eq!(keys.header(&request, protocol).1, "r6/TJjbCOr97/+UU0NsvSne7s5g=");
    }

    /// RFC 5849 §1.2: the first request has no token yet, the last one has.
    #[test]
    fn the_signatures_of_the_rfc() {
        let initiate = keys(["dpf43f3p2l4k3l03", "kd94hf93k423kf44"], None);
        let mut protocol = initiate.protocol("137131200", "wIjqoS");
        protocol.push(("oauth_callback", "http://printer.example.com/ready".to_owned()));
        assert_eq!(initiate.header(&request("POST", "https://photos.example.net/initiate", None), protocol).1, "74KNZJeDHnMBp0EMJ9ZHt/XKycU=");
        let token = keys(["dpf43f3p2l4k3l03", "kd94hf93k423kf44"], Some(["hh5s93j4hdidpola", "hdhd0244k9j7ao03"]));
        let mut protocol = token.protocol("137131201", "walatlh");
        protocol.push(("oauth_verifier", "hfdp7dh39dks9884".to_owned()));
        assert_eq!(token.header(&request("POST", "https://photos.example.net/token", None), protocol).1, "gKgrFCywp7rO0OXSjdot/IHF7IU=");
        let mut photos = keys(["dpf43f3p2l4k3l03", "kd94hf93k423kf44"], Some(["nnch734d00sl2jdk", "pfkkdhi9sl3r4s00"]));
        photos.realm = Some("Photos".to_owned());
        let protocol = photos.protocol("137131202", "chapoH");
        assert_eq!(
            photos.header(&request("GET", "http://photos.example.net/photos?file=vacation.jpg&size=original", None), protocol).0,
            "OAuth realm=\"Photos\", oauth_consumer_key=\"dpf43f3p2l4k3l03\", oauth_token=\"nnch734d00sl2jdk\", oauth_signature_method=\"HMAC-SHA1\", oauth_timestamp=\"137131202\", oauth_nonce=\"chapoH\", oauth_signature=\"MdpQcU8iPSUjWoN%2FUDMsK2sui9I%3D\""
        );
    }

    #[test]
    fn what_is_no_form_is_not_signed() {
        let keys = keys(["a", "b"], None);
        let mut json = request("POST", "https://a.example:8443/x", Some("{\"a\":1}"));
        json.headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        let base = base_string(&json, &keys.protocol("1", "n"));
        assert!(base.starts_with("POST&https%3A%2F%2Fa.example%3A8443%2Fx&oauth_consumer_key"), "{base}");
    }
}
