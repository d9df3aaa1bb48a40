//! What pages share: the frame around them, inputs, badges, dialogs.

mod authorize;
mod button;
mod catalog;
mod confirm;
mod copy;
mod field;
mod icon;
mod layout;
mod live;
mod load;
mod logo;
mod outcome;
mod pager;
mod palette;
mod query_form;
mod status;
mod switcher;

pub use authorize::AuthorizeForm;
pub use button::{ActionButton, SubmitButton};
pub use catalog::CatalogList;
pub use confirm::Confirm;
pub use copy::{CopyButton, Copyable};
pub use field::{CatalogField, Field, FormProblem, LinesField, PasswordField, TextField, WorkspaceField};
pub use icon::{Icon, Shape};
pub use layout::{Layout, OwnersOnly, PLACES, PageHead, Ready, Session, WritersOnly};
pub use live::follow_changes;
pub use load::{EmptyState, LoadError, Loading, LoadingSearch, Notice, Tone, WhenLoaded};
pub use logo::Logo;
pub use outcome::{Outcome, empty_after, failure, successes};
pub use pager::{Pager, counted};
pub use palette::{HitIcon, Palette, SearchLink};
pub use query_form::QueryForm;
pub use status::{HealthBadge, Moment};
pub use switcher::{WorkspaceSwitcher, Workspaces};
