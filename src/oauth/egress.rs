//! Where outgoing requests may go: the policy, separate from the client that obeys it.

use crate::config::EgressMode;
use ipnet::IpNet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use url::{Host, Url};

/// Decides about addresses and names.
#[derive(Debug, Clone)]
pub struct EgressPolicy {
    mode: EgressMode,
    networks: Vec<IpNet>,
    hosts: Vec<(String, Option<u16>)>,
}

/// Why a request was not sent.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Blocked(pub String);

impl EgressPolicy {
    /// `allow` holds `host:port`, `host`, addresses and CIDR blocks.
    pub fn new(mode: EgressMode, allow: &[String]) -> Self {
        let mut policy = Self { mode, networks: Vec::new(), hosts: Vec::new() };
        for entry in allow {
            if let Ok(network) = entry.parse::<IpNet>() {
                policy.networks.push(network);
            } else if let Ok(address) = entry.parse::<IpAddr>() {
                policy.networks.push(IpNet::from(address));
            } else if let Some((host, port)) = entry.rsplit_once(':').and_then(|(host, port)| Some((host, port.parse().ok()?))) {
                policy.hosts.push((host.to_ascii_lowercase(), Some(port)));
            } else {
                policy.hosts.push((entry.to_ascii_lowercase(), None));
            }
        }
        policy
    }

    /// Whether `url` may be called at all: scheme, port, literal addresses. Names are judged again once resolved.
    pub fn check_url(&self, url: &Url) -> Result<(), Blocked> {
        let port = url.port_or_known_default().unwrap_or(0);
        let listed = self.lists_host(url.host_str().unwrap_or_default(), port);
        match url.scheme() {
            "https" => {}
            "http" if listed => {}
            "http" => return Err(Blocked(format!("{} is not https", url.host_str().unwrap_or_default()))),
            other => return Err(Blocked(format!("the scheme {other} is not allowed"))),
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(Blocked("a URL with a user name is not allowed".to_owned()));
        }
        if listed {
            return Ok(());
        }
        if self.mode == EgressMode::Public && !matches!(port, 443 | 8443) {
            return Err(Blocked(format!("port {port} is not allowed")));
        }
        match url.host() {
            Some(Host::Ipv4(address)) => self.check_address(IpAddr::V4(address)),
            Some(Host::Ipv6(address)) => self.check_address(IpAddr::V6(address)),
            Some(Host::Domain(name)) => match self.mode {
                EgressMode::Allowlist => Err(Blocked(format!("{name} is not on the allow list"))),
                EgressMode::Public if name.trim_end_matches('.') == "localhost" || name.ends_with(".localhost") => {
                    Err(Blocked(format!("{name} is this machine")))
                }
                EgressMode::Public => Ok(()),
            },
            None => Err(Blocked("a URL without a host is not allowed".to_owned())),
        }
    }

    /// Whether a connection to `address` may be opened.
    pub fn check_address(&self, address: IpAddr) -> Result<(), Blocked> {
        if self.networks.iter().any(|network| network.contains(&address)) {
            return Ok(());
        }
        match self.mode {
            EgressMode::Allowlist => Err(Blocked(format!("{address} is not on the allow list"))),
            EgressMode::Public if is_public(address) => Ok(()),
            EgressMode::Public => Err(Blocked(format!("{address} is not a public address"))),
        }
    }

    /// Whether the operator named the host of `url` at its port, so that it may resolve to anything.
    pub fn lists_url(&self, url: &Url) -> bool {
        self.lists_host(url.host_str().unwrap_or_default(), url.port_or_known_default().unwrap_or(0))
    }

    fn lists_host(&self, host: &str, port: u16) -> bool {
        let host = host.trim_end_matches('.').to_ascii_lowercase();
        self.hosts.iter().any(|(name, only_port)| *name == host && only_port.is_none_or(|only| only == port))
            || host.trim_matches(['[', ']']).parse::<IpAddr>().is_ok_and(|address| self.networks.iter().any(|network| network.contains(&address)))
    }
}

/// Whether an address is on the public internet. Everything special is refused: IANA's special-purpose registries, and the
/// IPv6 forms that carry an IPv4 address are judged by that address or refused.
fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => is_public_v4(v4),
        IpAddr::V6(v6) => is_public_v6(v6),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let special = a == 0
        || a == 127
        || a >= 224
        || address.is_private()
        || address.is_link_local()
        || (a == 100 && (64..128).contains(&b))
        || (a == 192 && b == 0 && (c == 0 || c == 2))
        || (a == 192 && b == 88 && c == 99)
        || (a == 198 && (b == 18 || b == 19))
        || (a == 198 && b == 51 && c == 100)
        || (a == 203 && b == 0 && c == 113);
    !special
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    if let Some(v4) = address.to_ipv4_mapped() {
        return is_public_v4(v4);
    }
    let s = address.segments();
    let global_unicast = (0x2000..0x4000).contains(&s[0]);
    let special = (s[0] == 0x2001 && (s[1] < 0x0200 || s[1] == 0x0db8)) || s[0] == 0x2002 || (s[0] == 0x3fff && s[1] < 0x1000);
    global_unicast && !special
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn private_and_special_addresses_are_refused() {
        let policy = EgressPolicy::new(EgressMode::Public, &[]);
        for bad in [
            "127.0.0.1",
            "0.0.0.0",
            "10.0.0.5",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "192.0.0.8",
            "192.0.2.1",
            "198.18.0.1",
            "198.51.100.1",
            "203.0.113.1",
            "224.0.0.1",
            "255.255.255.255",
            "::1",
            "::",
            "fe80::1",
            "fc00::1",
            "fd00:ec2::254",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "64:ff9b::7f00:1",
            "2002:7f00:1::",
            "2001::1",
            "2001:db8::1",
            "ff02::1",
            "169.254.170.2",
            "192.88.99.1",
            "240.0.0.1",
            "::127.0.0.1",
            "::ffff:169.254.169.254",
            "64:ff9b:1::a00:1",
            "2001:10::1",
            "3fff::1",
            "fec0::1",
            "100::1",
        ] {
            assert!(policy.check_address(bad.parse().unwrap()).is_err(), "{bad}");
        }
        for good in ["1.1.1.1", "8.8.8.8", "2606:4700::1111", "::ffff:1.1.1.1"] {
            assert!(policy.check_address(good.parse().unwrap()).is_ok(), "{good}");
        }
    }

    #[test]
    fn tricky_urls_are_refused() {
        let policy = EgressPolicy::new(EgressMode::Public, &[]);
        for bad in [
            "http://example.com/",
            "https://2130706433/",
            "https://0x7f000001/",
            "https://0177.0.0.1/",
            "https://127.1/",
            "https://0/",
            "https://[::ffff:7f00:1]/",
            "https://localhost./",
            "https://a.localhost/",
            "https://user@example.com/",
            "https://user:pass@example.com/",
            "https://:pass@example.com/",
            "https://example.com@10.0.0.1/",
            "ftp://example.com/",
            "https://example.com:22/",
            "https://example.com:80/",
            "https://1.1.1.1:22/",
            "https://[2606:4700::1111]:6379/",
            "https://①②⑦.⓪.⓪.①/",
            "https://１２７.０.０.１/",
            "https://127。0。0。1/",
            "https://0x7f.1/",
            "https://017700000001/",
            "https://4294967295/",
            "https://2852039166/",
            "https://LOCALHOST/",
            "https://ⓛocalhost/",
            "https://[::]/",
            "https://[::1]/",
            "https://[64:ff9b::a9fe:a9fe]/",
            "https://[::ffff:169.254.169.254]/",
            "https://%31%32%37.0.0.1/",
            "gopher://example.com/",
        ] {
            let url = Url::parse(bad).unwrap();
            assert!(policy.check_url(&url).is_err(), "{bad} → {url}");
        }
        for good in ["https://example.com/", "https://example.com:8443/", "https://1.1.1.1/", "https://[2606:4700::1111]/"] {
            assert!(policy.check_url(&Url::parse(good).unwrap()).is_ok(), "{good}");
        }
    }

    #[test]
    fn an_allow_list_allows_exactly_what_is_on_it() {
        let policy = EgressPolicy::new(EgressMode::Allowlist, &["localhost:9400".to_owned(), "10.1.0.0/16".to_owned(), "intra.example".to_owned()]);
        for (url, allowed) in [
            ("http://localhost:9400/token", true),
            ("http://localhost:9401/token", false),
            ("https://example.com/", false),
            ("https://10.1.2.3/", true),
            ("https://10.2.2.3/", false),
            ("http://intra.example/", true),
        ] {
            assert_eq!(policy.check_url(&Url::parse(url).unwrap()).is_ok(), allowed, "{url}");
        }
    }
}
