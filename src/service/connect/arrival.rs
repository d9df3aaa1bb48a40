//! Arriving with a link: which session it opens, and whether the person has to say first that they started it.
//!
//! A link for one end user that another one follows would connect the other one's account to the first (cross-user session
//! fixation); `state` and PKCE do not see it, since one browser does it all. Where the page that led here is the application's own,
//! it was started there. Anything else is asked about, or refused; see `docs/security.md`.

use super::tokens::workspace_of;
use crate::domain::connect_session::Completion;
use crate::domain::id::SessionId;
use crate::domain::{Code, Error, Timestamp};
use crate::service::end_users::PortalVisit;
use crate::service::{Result, Services, origin};
use crate::store;
use crate::store::connect_sessions::StoredSession;
use crate::vault::token;
use serde::{Deserialize, Serialize};

/// A link that lives longer than this, in seconds, is one that is sent around: it always asks.
const SENT_AROUND: i64 = 3600;

/// Where a browser came from, by the first request's word.
#[derive(Debug, Clone, Default)]
pub struct CameFrom {
    /// Origin of the page with the link, unless that is our own. Browsers leave it out where the page asks them to, and nobody can
    /// make them name another.
    pub page: Option<String>,
    /// `Sec-Fetch-Site: none`: typed, from a bookmark, a mail program, another app.
    pub from_outside: bool,
}

/// What a browser may do on the page.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Standing {
    /// Go on.
    Open,
    /// Say first that they started it.
    #[default]
    Asked,
    /// Nothing: it came from a page that may not lead here.
    Refused,
}

/// What is known about the application's own pages.
struct Rules<'a> {
    /// Its list of origins; a page that is not on it is refused.
    allowed: &'a [String],
    /// Where it wants people back, for want of a list.
    returns_to: Vec<String>,
    always_ask: bool,
    never_ask: bool,
}

fn judge(from: &CameFrom, rules: &Rules<'_>) -> Standing {
    let page = from.page.as_ref().filter(|_| !from.from_outside);
    let is_theirs = match page {
        None => false,
        Some(page) if !rules.allowed.is_empty() => {
            if !rules.allowed.contains(page) {
                return Standing::Refused;
            }
            true
        }
        Some(page) => rules.returns_to.is_empty() || rules.returns_to.contains(page),
    };
    if rules.never_ask || (is_theirs && !rules.always_ask) { Standing::Open } else { Standing::Asked }
}

/// A browser that came with a token.
#[derive(Debug, Clone)]
pub struct Arrival {
    /// The session that the token opens.
    pub session_id: SessionId,
    /// When it ends.
    pub expires_at: Timestamp,
    /// What the browser may do there.
    pub standing: Standing,
}

/// What a token opens. Changes nothing: link scanners follow links too.
pub async fn arrive(services: &Services, plain: &str, from: &CameFrom) -> Result<Arrival> {
    let unknown = || Error::new(Code::InvalidToken, "This link is not valid");
    if !token::is_well_formed(token::CONNECT, plain) {
        return Err(unknown());
    }
    let mut conn = services.store.conn().await?;
    let session = store::connect_sessions::find_by_token(&mut conn, &token::hash(plain)).await?.ok_or_else(unknown)?;
    let workspace = workspace_of(services, &mut conn, &session).await?;
    let of_workspace = workspace.as_ref().map_or(&[][..], |workspace| &workspace.allowed_origins);
    let rules = Rules {
        allowed: if session.allowed_origins.is_empty() { of_workspace } else { &session.allowed_origins },
        returns_to: returns_to(&session),
        always_ask: session.expires_at.seconds_since(session.created_at) > SENT_AROUND,
        // The application confirms who it was.
        never_ask: session.completion == Completion::Verified,
    };
    let standing = judge(from, &rules);
    Ok(Arrival { session_id: session.id, expires_at: session.expires_at, standing })
}

fn returns_to(session: &StoredSession) -> Vec<String> {
    [&session.success_redirect, &session.error_redirect].into_iter().flatten().filter_map(|uri| origin::origin_of(uri)).collect()
}

/// The same for an end user's own page.
pub fn arrive_at_portal(visit: &PortalVisit, from: &CameFrom) -> Standing {
    let always_ask = visit.invited || visit.expires_at.seconds_since(visit.issued_at) > SENT_AROUND;
    judge(from, &Rules { allowed: &visit.workspace.allowed_origins, returns_to: Vec::new(), always_ask, never_ask: false })
}

#[cfg(test)]
mod tests {
    use super::*;

    const APP: &str = "https://app.example";

    fn came(page: Option<&str>) -> CameFrom {
        CameFrom { page: page.map(str::to_owned), from_outside: false }
    }

    #[test]
    fn pages_are_told_apart() {
        let list = [APP.to_owned()];
        let (typed, app, evil) = (CameFrom { page: None, from_outside: true }, came(Some(APP)), came(Some("https://evil.example")));
        let rules = |allowed| Rules { allowed, returns_to: Vec::new(), always_ask: false, never_ask: false };
        let listed = rules(&list);
        assert_eq!([&typed, &came(None), &app, &evil].map(|from| judge(from, &listed)), [Standing::Asked, Standing::Asked, Standing::Open, Standing::Refused]);
        // Without a list nothing is foreign; without a name nobody is known.
        let open = rules(&[]);
        assert_eq!([&typed, &came(None), &app, &evil].map(|from| judge(from, &open)), [Standing::Asked, Standing::Asked, Standing::Open, Standing::Open]);
        // Where it wants people back says which site is the application's, but not which others it has.
        let returning = Rules { returns_to: vec![APP.to_owned()], ..rules(&[]) };
        assert_eq!([&app, &evil].map(|from| judge(from, &returning)), [Standing::Open, Standing::Asked]);
        let sent_around = Rules { always_ask: true, ..rules(&list) };
        assert_eq!([&typed, &app, &evil].map(|from| judge(from, &sent_around)), [Standing::Asked, Standing::Asked, Standing::Refused]);
        let verified = Rules { never_ask: true, ..rules(&list) };
        assert_eq!([&typed, &app, &evil].map(|from| judge(from, &verified)), [Standing::Open, Standing::Open, Standing::Refused]);
        // What a browser that says "from outside" adds is not believed.
        assert_eq!(judge(&CameFrom { page: Some(APP.to_owned()), from_outside: true }, &listed), Standing::Asked);
    }
}
