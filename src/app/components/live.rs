//! Keeping up with what happens elsewhere, without a reload and without a jump.

use crate::app::browser::{self, Changed};
use crate::domain::Timestamp;
use leptos::prelude::*;
use leptos::task::spawn_local;

/// Between two questions, in milliseconds.
const PAUSE: i32 = 3000;
/// After one that was not answered.
const LONGER_PAUSE: i32 = 15_000;

/// Calls `look` when connections have changed since the time in `since` (by the server's clock), which `look` moves on. Asks only
/// while the page can be seen, and ends with whoever owns `since`.
pub fn follow_changes(
    // The one connection that it is about; none: any.
    connection: Option<String>,
    since: RwSignal<Timestamp>,
    look: Callback<()>,
) {
    Effect::new(move |_| {
        let connection = connection.clone();
        spawn_local(async move {
            loop {
                browser::sleep(PAUSE).await;
                let Some(known) = since.try_get_untracked() else { return };
                if browser::is_hidden() {
                    continue;
                }
                match browser::changed(known.0, connection.as_deref()).await {
                    Changed::Yes => drop(look.try_run(())),
                    Changed::No => {}
                    Changed::Unreachable => browser::sleep(LONGER_PAUSE).await,
                    Changed::SignedOut => return,
                }
            }
        });
    });
}
