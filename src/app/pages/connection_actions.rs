//! What can be done with a connection: test, refresh, reconnect, rename, delete.

use crate::app::components::{ActionButton, AuthorizeForm, Confirm, FormProblem, Notice, SubmitButton, TextField, Tone, failure};
use crate::app::rpc::connections::{DeleteConnection, RefreshConnection, RenameConnection, TestConnection};
use crate::app::rpc::integrations::IntegrationDetail;
use crate::app::words;
use crate::domain::connect_session::SessionView;
use crate::domain::connection::Connection;
use leptos::form::ActionForm;
use leptos::prelude::*;

/// The actions. `changes` is raised when one of them changed something.
#[component]
pub fn Actions(
    /// The connection.
    connection: Connection,
    /// Its integration, if the catalogue still has it.
    integration: Option<IntegrationDetail>,
    /// Whether the person may change things.
    may_write: bool,
    /// Raised when something changed.
    changes: RwSignal<u32>,
) -> impl IntoView {
    if !may_write {
        return ().into_any();
    }
    let Outcomes { said, test, refresh, rename } = expect_context::<Outcomes>();
    let id = StoredValue::new(String::from(connection.id.clone()));
    let display_name = connection.display_name.clone();
    let has_token = words::has_token(&connection);
    let reconnect = integration.as_ref().and_then(|known| {
        let option = known.integration.auth_options.iter().find(|option| option.key == connection.auth_method_key)?;
        let oauth2 = option.oauth2.as_ref()?;
        let popup = (oauth2.popup_width, oauth2.popup_height);
        let done = move |session: SessionView| {
            let account = session.connection.and_then(|connection| connection.account).map(|account| account.label);
            let text = match (account, session.account_changed) {
                (Some(account), true) => format!("Reconnected, but as another account than before: {account}"),
                (Some(account), false) => format!("Reconnected as {account}"),
                (None, _) => "Reconnected".to_owned(),
            };
            said.set(Some((if session.account_changed { Tone::Warning } else { Tone::Good }, text)));
            changes.update(|changes| *changes += 1);
        };
        Some(view! {
            <AuthorizeForm
                service=known.integration.display_name.clone() integration=known.integration.name.clone() method=option.key.clone() popup
                connection=id.get_value() button="Reconnect" done
            />
        })
    });
    let refresh_form = has_token.then(|| {
        view! {
            <ActionForm action=refresh>
                <input type="hidden" name="id" value=id.get_value()/>
                <ActionButton pending=refresh.pending()>"Refresh now"</ActionButton>
            </ActionForm>
        }
    });
    let rename_error = Signal::derive(move || rename.value().get().and_then(Result::err));
    let rename_field = Signal::derive(move || rename_error.get().and_then(|error| error.field("displayName")));
    let delete = view! { <div class="border-t border-base-300 pt-4"><Delete connection/></div> };
    let outcome = move || said.get().map(|(tone, text)| view! { <Notice tone><p>{text}</p></Notice> });
    view! {
        <section class="grid gap-4 rounded-box border border-base-300 bg-base-100 p-5" aria-labelledby="actions">
            <h2 id="actions" class="text-lg font-semibold">"Actions"</h2>
            <div role="status" class="empty:absolute">{outcome}</div>
            <div class="flex flex-wrap items-start gap-3">
                <ActionForm action=test>
                    <input type="hidden" name="id" value=id.get_value()/>
                    <ActionButton pending=test.pending()>"Test"</ActionButton>
                </ActionForm>
                {refresh_form}
                {reconnect}
            </div>
            <details class="border-t border-base-300 pt-3">
                <summary class="w-fit py-1 font-medium">"Rename"</summary>
                <ActionForm action=rename attr:class="mt-3 grid max-w-md gap-3">
                    <FormProblem id="rename-problem" error=rename_error/>
                    <input type="hidden" name="id" value=id.get_value()/>
                    <TextField id="rename" name="display_name" label="Display name" required=true value=display_name.clone() error=rename_field/>
                    <div><SubmitButton label="Rename" pending=rename.pending()/></div>
                </ActionForm>
            </details>
            {delete}
        </section>
    }
    .into_any()
}

/// The page's actions and what they said last. They outlive the reloading of the connection.
#[derive(Clone, Copy)]
pub struct Outcomes {
    said: RwSignal<Option<(Tone, String)>>,
    test: ServerAction<TestConnection>,
    refresh: ServerAction<RefreshConnection>,
    rename: ServerAction<RenameConnection>,
}

impl Outcomes {
    /// Makes the actions; each raises `changes` when it comes back.
    pub fn provide(changes: RwSignal<u32>) {
        let said = RwSignal::new(None);
        let outcomes = Self { said, test: ServerAction::new(), refresh: ServerAction::new(), rename: ServerAction::new() };
        provide_context(outcomes);
        let tell = move |what: Option<(Tone, String)>| {
            if what.is_some() {
                said.set(what);
                changes.update(|changes| *changes += 1);
            }
        };
        let failed = |error: crate::app::rpc::RpcError| (Tone::Bad, error.message());
        // What was said before goes, so that the same said once more is heard.
        Effect::new(move |_| {
            if outcomes.test.pending().get() || outcomes.refresh.pending().get() || outcomes.rename.pending().get() {
                said.set(None);
            }
        });
        Effect::new(move |_| {
            tell(outcomes.test.value().get().map(|result| match result {
                Ok((Some(true), text)) => (Tone::Good, text),
                Ok((Some(false), text)) => (Tone::Bad, text),
                Ok((None, text)) => (Tone::Plain, text),
                Err(error) => failed(error),
            }));
        });
        Effect::new(move |_| {
            tell(outcomes.refresh.value().get().map(|result| match result {
                Ok(_) => (Tone::Good, "The access token has been renewed.".to_owned()),
                Err(error) => failed(error),
            }));
        });
        Effect::new(move |_| {
            if let Some(Ok(_)) = outcomes.rename.value().get() {
                tell(Some((Tone::Good, "Renamed.".to_owned())));
            }
        });
    }
}

#[component]
fn Delete(connection: Connection) -> impl IntoView {
    let delete = ServerAction::<DeleteConnection>::new();
    let follows = if connection.kind.is_oauth() {
        "Its tokens are destroyed, and where the service allows it the access is withdrawn there too. Code that resolves it will get an error."
    } else {
        "Its credential is destroyed here; at the service it stays valid. Code that resolves it will get an error."
    };
    view! {
        <FormProblem id="delete-problem" error=failure(delete)/>
        <Confirm id="delete-connection".to_owned() button="Delete…" subject=connection.display_name.clone() title=format!("Delete {}?", connection.display_name)>
            <p>{follows}</p>
            <ActionForm action=delete attr:class="grid gap-3">
                <input type="hidden" name="id" value=String::from(connection.id)/>
                <SubmitButton label="Delete connection" pending=delete.pending() destructive=true/>
            </ActionForm>
        </Confirm>
    }
}
