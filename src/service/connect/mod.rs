//! The hosted connect flow: a token, a page, a trip to the provider or a form, a connection, a session that tells of it.
//!
//! The session row is the truth. `tokens.rs` makes sessions, `arrival.rs` judges where a browser came from, `page.rs` is what the
//! page needs, `attempt.rs` the way to a provider and back, `completion.rs` the application's word that it was the right person,
//! `redeem.rs` what becomes of a consent, `choice.rs` which of the accounts that it covers, `session.rs` what callers see,
//! `trouble.rs` what end users are told when it fails.

mod arrival;
mod attempt;
mod choice;
mod completion;
mod link;
mod page;
mod redeem;
mod session;
mod tokens;
mod trouble;

pub use arrival::{Arrival, CameFrom, Standing, arrive, arrive_at_portal};
pub use attempt::{Callback, Refused, Returned, Start, begin_attempt, finish_attempt};
pub use choice::{CHOOSE_WITHIN, Question, choose};
pub use completion::{CONFIRM_WITHIN, Confirmation, confirm};
pub use link::{Link, link_for};
pub use page::{NOT_STARTED, PageView, SubmitOutcome, cancel, disown, page, reopen, start_for_admin, start_for_end_user, submit};
pub use session::{poll, session, session_by_client_ref, wait};
pub use tokens::{IssuedSession, NewSession, create_token};
pub use trouble::Trouble;

/// Life of a session where the token says nothing, in seconds.
pub const DEFAULT_LIFE: i64 = 30 * 60;
/// How long a finished session can still be asked for, in seconds.
pub const KEEP_SECONDS: i64 = 24 * 3600;
