//! Going to a provider in a popup and noticing that one is back.
//!
//! The form itself does the work: it is posted into the popup, and the server answers with a redirect to the provider. Without
//! WebAssembly that is all. With it, this page opens the popup in the click, centred, and asks the server for news until there is
//! some. A closed window means nothing; only the session does.

use super::{ActionButton, Notice, Tone};
use crate::app::browser::{self, News};
use crate::domain::connect_session::{SessionStatus, SessionView};
use leptos::prelude::*;
use leptos::task::spawn_local;

const FORM: &str = "authorize";
const HANDLE: &str = "authorize-client-ref";

#[derive(Debug, Clone, PartialEq)]
enum Stage {
    Idle,
    Waiting,
    /// The last try failed, for this reason. Another may be under way in the popup.
    Failed(String),
    Done,
}

/// What the follower of a popup shares with its page. A new turn makes older followers stop.
#[derive(Clone, Copy)]
struct Progress {
    stage: RwSignal<Stage>,
    turn: RwSignal<u32>,
    done: Callback<SessionView>,
}

impl Progress {
    fn next_turn(self) -> u32 {
        self.turn.update(|turn| *turn += 1);
        self.turn.get_untracked()
    }

    fn stop(self, stage: Stage) {
        self.next_turn();
        self.stage.set(stage);
    }

    /// Asks for news of `client_ref` until it is settled, this turn is over or the page is left.
    async fn follow(self, client_ref: String, turn: u32) {
        loop {
            let news = browser::authorize_news(&client_ref).await;
            if self.turn.try_get_untracked() != Some(turn) {
                return;
            }
            match news {
                News::NothingYet => {}
                News::Unreachable => browser::sleep(2000).await,
                News::SignedOut => return self.stop(Stage::Failed("Your session has ended. Sign in again.".to_owned())),
                News::Refused(why) => {
                    browser::close_popup();
                    return self.stop(Stage::Failed(why));
                }
                News::Session(session) => match session.status {
                    SessionStatus::Completed => {
                        self.stop(Stage::Done);
                        return self.done.run(*session);
                    }
                    SessionStatus::Cancelled => return self.stop(Stage::Idle),
                    SessionStatus::Expired => return self.stop(Stage::Failed("It took too long. Try again.".to_owned())),
                    SessionStatus::Failed => {
                        // The popup offers to try again: the session may still end well.
                        self.stage.set(Stage::Failed(session.error.unwrap_or_else(|| "The service did not grant access.".to_owned())));
                        browser::sleep(1500).await;
                    }
                    SessionStatus::Pending | SessionStatus::Connecting | SessionStatus::AwaitingConfirmation => {
                        if self.stage.try_get_untracked() != Some(Stage::Waiting) {
                            self.stage.set(Stage::Waiting);
                        }
                    }
                },
            }
        }
    }
}

/// The form that opens a provider's consent screen.
#[component]
pub fn AuthorizeForm(
    /// The service, as people call it.
    service: String,
    /// Its name.
    integration: String,
    /// Key of the method.
    method: String,
    /// Width and height of the popup.
    popup: (u16, u16),
    /// The connection that gets the new access, when it is a reconnect.
    #[prop(optional)]
    connection: Option<String>,
    /// On the button.
    button: &'static str,
    /// Called when the session is completed.
    #[prop(into)]
    done: Callback<SessionView>,
    /// Further inputs.
    #[prop(optional)]
    children: Option<Children>,
) -> impl IntoView {
    let progress = Progress { stage: RwSignal::new(Stage::Idle), turn: RwSignal::new(0), done };
    let stage = progress.stage;
    let submit = move |_| {
        let client_ref = browser::random_handle();
        browser::set_value(HANDLE, &client_ref);
        if browser::open_popup(popup.0, popup.1) {
            browser::set_attribute(FORM, "target", browser::POPUP);
            stage.set(Stage::Waiting);
            let turn = progress.next_turn();
            spawn_local(progress.follow(client_ref, turn));
        } else {
            // Blocked: go there in this window, and come back to the list.
            browser::set_attribute(FORM, "target", "_self");
        }
    };
    let cancel = move |_| {
        browser::close_popup();
        progress.stop(Stage::Idle);
    };
    let reopen = move |_| browser::submit(FORM);
    let waiting_for = format!("Waiting for {service}…");
    let panel = move || match stage.get() {
        Stage::Idle => ().into_any(),
        Stage::Waiting => {
            let text = waiting_for.clone();
            view! {
                <Notice tone=Tone::Plain>
                    <p class="flex items-center gap-3"><span class="loading loading-spinner loading-sm" aria-hidden="true"></span>{text}</p>
                    <p class="text-sm">"Sign in and agree in the window that has opened. It closes by itself."</p>
                    <p class="flex gap-2">
                        <button type="button" class="btn btn-sm" on:click=reopen>"Reopen window"</button>
                        <button type="button" class="btn btn-sm btn-ghost" on:click=cancel>"Cancel"</button>
                    </p>
                </Notice>
            }
            .into_any()
        }
        Stage::Failed(why) => {
            view! { <Notice tone=Tone::Bad><p>{why}</p><p class="text-sm">"Try again here, or in the window if it is still open."</p></Notice> }.into_any()
        }
        Stage::Done => view! { <Notice tone=Tone::Good><p>"Connected."</p></Notice> }.into_any(),
    };
    let label = move || if matches!(stage.get(), Stage::Failed(_)) { "Try again" } else { button };
    view! {
        <form id=FORM method="post" action="/dashboard/authorize" target=browser::POPUP class="grid gap-5" on:submit=submit>
            <input type="hidden" name="integration" value=integration/>
            <input type="hidden" name="method" value=method/>
            <input type="hidden" name="client_ref" id=HANDLE value=""/>
            {connection.map(|id| view! { <input type="hidden" name="connection_id" value=id/> })}
            {children.map(|children| children())}
            <div role="status" class="empty:hidden">{panel}</div>
            <div><ActionButton class="btn btn-primary" pending=Signal::derive(move || stage.get() == Stage::Waiting)>{label}</ActionButton></div>
        </form>
    }
}
