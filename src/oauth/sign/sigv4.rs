//! AWS Signature Version 4, as a header: method, URL, headers and body, signed with a key that is never sent.

use super::super::http::Request;
use super::super::place::{BuildError, insert};
use super::{Moment, authority, encode};
use crate::vault::Secret;
use crate::vault::signing::{hmac_sha256, sha256_hex};
use http::{HeaderMap, HeaderName};
use percent_encoding::percent_decode_str;
use std::collections::BTreeMap;
use url::Url;
use zeroize::Zeroizing;

/// What is signed with, and for what. No `Debug`.
pub(super) struct Keys {
    pub access_key_id: String,
    pub secret_access_key: Secret,
    pub session_token: Option<Secret>,
    pub service: String,
    pub region: String,
    pub s3: bool,
}

impl Keys {
    /// `Authorization` of `request`, and the signature that is in it. Adds the headers that go with it, and writes the query as it is signed.
    pub fn sign(&self, request: &mut Request, moment: &Moment) -> Result<(String, String), BuildError> {
        let payload = sha256_hex(&request.body);
        if self.s3 {
            insert(&mut request.headers, "x-amz-content-sha256", &payload)?;
        }
        if let Some(token) = &self.session_token {
            insert(&mut request.headers, "x-amz-security-token", token.expose())?;
        }
        let date = stamp(moment);
        insert(&mut request.headers, "x-amz-date", &date)?;
        let query = canonical_query(&request.url);
        // So that nobody in between can read a space or an order another way than it was signed.
        request.url.set_query((!query.is_empty()).then_some(query.as_str()));
        Ok(self.signature(request, &query, &payload, &date))
    }

    fn signature(&self, request: &Request, query: &str, payload: &str, date: &str) -> (String, String) {
        let headers = signed_headers(&request.headers, &request.url);
        let names = headers.keys().map(String::as_str).collect::<Vec<_>>().join(";");
        let lines = headers.iter().fold(String::new(), |lines, (name, value)| lines + name + ":" + value + "\n");
        let path = canonical_path(&request.url, self.s3);
        let canonical = format!("{}\n{path}\n{query}\n{lines}\n{names}\n{payload}", request.method);
        let day = &date[..8];
        let scope = format!("{day}/{}/{}/aws4_request", self.region, self.service);
        let to_sign = format!("AWS4-HMAC-SHA256\n{date}\n{scope}\n{}", sha256_hex(canonical.as_bytes()));
        let first = Zeroizing::new(format!("AWS4{}", self.secret_access_key.expose()).into_bytes());
        let key = [day, &self.region, &self.service, "aws4_request"].into_iter().fold(first, |key, part| Zeroizing::new(hmac_sha256(&key, part.as_bytes())));
        let signature = hex::encode(hmac_sha256(&key, to_sign.as_bytes()));
        (format!("AWS4-HMAC-SHA256 Credential={}/{scope}, SignedHeaders={names}, Signature={signature}", self.access_key_id), signature)
    }
}

/// `20150830T123600Z`
fn stamp(moment: &Moment) -> String {
    let text = moment.now.rfc3339();
    let digits: String = text.split('.').next().unwrap_or_default().chars().filter(|c| !matches!(c, '-' | ':')).collect();
    format!("{digits}Z")
}

/// Everything that nobody changes on the way.
fn signed_headers(headers: &HeaderMap, url: &Url) -> BTreeMap<String, String> {
    const UNSIGNED: [&str; 9] =
        ["accept", "accept-encoding", "authorization", "connection", "content-length", "expect", "transfer-encoding", "user-agent", "x-amzn-trace-id"];
    let mut signed = BTreeMap::from([("host".to_owned(), authority(url))]);
    let own = |name: &HeaderName| {
        let values = headers
            .get_all(name)
            .iter()
            .map(|value| String::from_utf8_lossy(value.as_bytes()).split(' ').filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" "));
        values.collect::<Vec<_>>().join(",")
    };
    signed.extend(headers.keys().filter(|name| !UNSIGNED.contains(&name.as_str())).map(|name| (name.as_str().to_owned(), own(name))));
    signed
}

fn canonical_query(url: &Url) -> String {
    let mut pairs: Vec<_> = url.query_pairs().map(|(name, value)| (encode(name.as_bytes()), encode(value.as_bytes()))).collect();
    pairs.sort();
    pairs.into_iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("&")
}

/// S3 encodes what a path means; all others encode the path as it is sent, and take double slashes for one.
fn canonical_path(url: &Url, s3: bool) -> String {
    let segment = |segment: &str| if s3 { encode(&percent_decode_str(segment).collect::<Vec<u8>>()) } else { encode(segment.as_bytes()) };
    let mut path = url.path().split('/').map(segment).collect::<Vec<_>>().join("/");
    while !s3 && path.contains("//") {
        path = path.replace("//", "/");
    }
    path
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use crate::domain::time;
    use http::HeaderValue;

    const DATE: &str = "20150830T123600Z";

    fn suite() -> Keys {
        Keys {
            access_key_id: "AKIDEXAMPLE".to_owned(),
            secret_access_key: Secret::new("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"),
            session_token: None,
            service: "service".to_owned(),
            region: "us-east-1".to_owned(),
            s3: false,
        }
    }

    fn request(method: &str, url: &str, headers: &[(&'static str, &'static str)], body: &str) -> Request {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(*name, HeaderValue::from_static(value));
        }
        Request { method: method.parse().unwrap(), url: Url::parse(url).unwrap(), headers: map, body: body.as_bytes().to_vec() }
    }

    /// Those of AWS's published test suite (`aws-sig-v4-test-suite`) that a URL can say.
    #[test]
    fn the_test_suite_of_aws() {
        const HOST: &str = "https://example.amazonaws.com";
        let form = [("content-type", "application/x-www-form-urlencoded")];
        for (name, method, target, headers, body, expected) in [
            ("get-vanilla", "GET", "/", [].as_slice(), "", "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"),
            (
                "get-vanilla-query-order-key-case",
                "GET",
                "/?Param2=value2&Param1=value1",
                &[],
                "",
                "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500",
            ),
            ("get-vanilla-empty-query-key", "GET", "/?Param1=value1", &[], "", "a67d582fa61cc504c4bae71f336f98b97f1ea3c7a6bfe1b6e45aec72011b9aeb"),
            (
                "get-unreserved",
                "GET",
                "/-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz",
                &[],
                "",
                "07ef7494c76fa4850883e2b006601f940f8a34d404d0cfa977f52a65bbf5f24f",
            ),
            ("post-vanilla", "POST", "/", &[], "", "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"),
            ("post-x-www-form-urlencoded", "POST", "/", &form, "Param1=value1", "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a"),
            ("get-relative", "GET", "/example/..", &[], "", "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"),
            ("get-slash", "GET", "//", &[], "", "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"),
        ] {
            let mut request = request(method, &format!("{HOST}{target}"), headers, body);
            let (header, signature) = suite().sign(&mut request, &moment(DATE)).unwrap();
            assert_eq!(signature, expected, "{name}");
            let signed = if headers.is_empty() { "host;x-amz-date" } else { "content-type;host;x-amz-date" };
            assert_eq!(
                header,
                format!("AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, SignedHeaders={signed}, Signature={expected}"),
                "{name}"
            );
            assert_eq!(request.headers["x-amz-date"], DATE);
        }
        // The suite encodes paths once, as S3 does; the services that encode twice say so elsewhere.
        let utf8 = request("GET", &format!("{HOST}/ሴ"), &[("x-amz-date", DATE)], "");
        let once = Keys { s3: true, ..suite() };
        assert_eq!(once.signature(&utf8, "", &sha256_hex(b""), DATE).1, "8318018e0b0f223aa2bbf98705b62bb787dc9c0e678f255a891fd03141be5d85");
    }

    /// The example "GET Object" of the S3 API reference.
    #[test]
    fn the_example_of_s3() {
        let keys = Keys {
            access_key_id: "AKIAIOSFODNN7EXAMPLE".to_owned(),
            secret_access_key: Secret::new("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"),
            service: "s3".to_owned(),
            s3: true,
            ..suite()
        };
        let mut get = request("GET", "https://examplebucket.s3.amazonaws.com/test.txt", &[("range", "bytes=0-9")], "");
        let (header, signature) = keys.sign(&mut get, &moment("20130524T000000Z")).unwrap();
        assert_eq!(signature, "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41");
        assert!(header.contains("SignedHeaders=host;range;x-amz-content-sha256;x-amz-date,"), "{header}");
        let mut list = request("GET", "https://examplebucket.s3.amazonaws.com/?max-keys=2&prefix=J", &[], "");
        let (_, signature) = keys.sign(&mut list, &moment("20130524T000000Z")).unwrap();
        assert_eq!(signature, "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7");
    }

    #[test]
    fn what_is_sent_is_what_is_signed() {
        let mut asked = request("GET", "https://a.example:8443/a%20b/c:d?b=x+y&a=%2F&flag", &[("accept", "*/*"), ("x-amz-acl", "  private   read ")], "");
        let keys = Keys { session_token: Some(Secret::new("session")), ..suite() };
        let (header, _) = keys.sign(&mut asked, &moment(DATE)).unwrap();
        assert_eq!(asked.url.as_str(), "https://a.example:8443/a%20b/c:d?a=%2F&b=x%20y&flag=");
        assert!(header.contains("SignedHeaders=host;x-amz-acl;x-amz-date;x-amz-security-token,"), "{header}");
        assert_eq!(signed_headers(&asked.headers, &asked.url)["host"], "a.example:8443");
        assert_eq!(signed_headers(&asked.headers, &asked.url)["x-amz-acl"], "private read");
        assert_eq!(canonical_path(&asked.url, false), "/a%2520b/c%3Ad");
        assert_eq!(canonical_path(&asked.url, true), "/a%20b/c%3Ad");
    }

    /// `20150830T123600Z` as a moment.
    fn moment(date: &str) -> Moment {
        let (day, rest) = date.split_at(8);
        let text = format!("{}-{}-{}T{}:{}:{}Z", &day[..4], &day[4..6], &day[6..], &rest[1..3], &rest[3..5], &rest[5..7]);
        Moment { now: time::parse(&text).unwrap(), nonce: String::new() }
    }
}
