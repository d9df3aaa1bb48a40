//! The OAuth apps of an integration: the platform's, and those of workspaces.

use crate::app::components::{ActionButton, CatalogField, Confirm, Copyable, Field, FormProblem, Notice, SubmitButton, Tone, WorkspaceField, WritersOnly};
use crate::app::rpc::integrations::{CheckOauthApp, DeleteOauthApp, IntegrationDetail, SaveOauthApp};
use crate::app::rpc::workspaces::WorkspaceName;
use crate::domain::Timestamp;
use crate::domain::integration::{FieldView, OAuth2View};
use crate::domain::oauth_app::{AppCheck, AppCheckItem, CheckResult, OAuthApp};
use leptos::form::ActionForm;
use leptos::prelude::*;

/// The apps there are, and the form for another.
#[component]
pub fn Apps(
    /// The integration and its apps.
    detail: IntegrationDetail,
    /// Those there are.
    workspaces: Vec<WorkspaceName>,
    /// Registers or changes an app.
    save: ServerAction<SaveOauthApp>,
    /// Removes one.
    delete: ServerAction<DeleteOauthApp>,
    /// Asks the service about one.
    check: ServerAction<CheckOauthApp>,
) -> impl IntoView {
    let oauth2 = detail.integration.auth_options.iter().find_map(|option| option.oauth2.clone());
    let Some(oauth2) = oauth2 else { return ().into_any() };
    let service = detail.integration.display_name.clone();
    let nothing = detail.apps.is_empty().then(|| {
        view! { <p class="text-base-content/75">{format!("None yet. Register one at {service}, with the callback URL above, and enter what you got there.")}</p> }
    });
    let has_platform = detail.apps.iter().any(|app| app.workspace_id.is_none());
    let apps: Vec<_> = detail
        .apps
        .iter()
        .cloned()
        .map(|app| {
            let workspace = app
                .workspace_id
                .as_ref()
                .map(|id| workspaces.iter().find(|workspace| workspace.id == id.as_str()).map_or_else(|| id.to_string(), |workspace| workspace.name.clone()));
            view! { <App app workspace oauth2=oauth2.clone() secret_refs=detail.secret_refs save delete check/> }
        })
        .collect();
    let integration = detail.integration.name.clone();
    let secret_refs = detail.secret_refs;
    let (oauth2, workspaces) = (StoredValue::new(oauth2), StoredValue::new(workspaces));
    // Without WebAssembly a refused form is a new page: it opens where the refusal is.
    let open = !has_platform || save.value().get_untracked().is_some_and(|result| result.is_err());
    view! {
        <section class="mt-6 grid grid-cols-[minmax(0,1fr)] gap-4 rounded-box border border-base-300 bg-base-100 p-5" aria-labelledby="apps">
            <h2 id="apps" class="text-lg font-semibold">"OAuth apps"</h2>
            {nothing}
            <ul class="grid grid-cols-[minmax(0,1fr)] gap-4 empty:hidden">{apps}</ul>
            <WritersOnly>
                <details open=open class="border-t border-base-300 pt-3">
                    <summary class="w-fit py-1 font-medium">"Add an OAuth app"</summary>
                    <AppForm integration=integration.clone() app=None oauth2=oauth2.get_value() workspaces=workspaces.get_value() has_platform secret_refs save/>
                </details>
            </WritersOnly>
        </section>
    }
    .into_any()
}

#[component]
fn App(
    app: OAuthApp,
    workspace: Option<String>,
    oauth2: OAuth2View,
    secret_refs: bool,
    save: ServerAction<SaveOauthApp>,
    delete: ServerAction<DeleteOauthApp>,
    check: ServerAction<CheckOauthApp>,
) -> impl IntoView {
    let whose = workspace.map_or_else(|| "Platform".to_owned(), |name| format!("Workspace {name}"));
    let secret = match &app.client_secret_ref {
        Some(place) => format!("Client secret read from {place}"),
        None if app.has_client_secret => "Client secret stored".to_owned(),
        None => "No client secret".to_owned(),
    };
    let ends = match (app.secret_warning(), app.client_secret_expires_at) {
        (Some(warning), _) => Some(view! { <Notice tone=Tone::Warning><p>{warning}"."</p></Notice> }.into_any()),
        (None, Some(at)) => Some(view! { <p class="text-sm text-base-content/75">{format!("The client secret ends on {}.", day(at))}</p> }.into_any()),
        (None, None) => None,
    };
    let scopes = app.scopes.clone().map(|scopes| view! { <p class="text-sm break-words text-base-content/75">"Scopes: "{scopes.join(" ")}</p> });
    let registered = app.registration.as_ref().map(|registration| {
        let ends = registration.client_secret_expires_at.map(|at| format!(" Its secret ends on {} UTC; then it registers anew.", at.minute()));
        view! { <p class="text-sm text-base-content/75">{format!("Registered by itself on {} UTC.", registration.registered_at.minute())}{ends}</p> }
    });
    let problem = app.problem.clone().map(|problem| {
        view! {
            <Notice tone=Tone::Bad>
                <p>{problem.message}</p>
                <p class="text-sm">{format!("Since {} UTC. Until this app is corrected none of its connections is renewed.", problem.at.minute())}</p>
            </Notice>
        }
    });
    let checked = view! { <Check id=app.id.to_string() whose=whose.clone() check/> };
    let actions = if app.from_environment {
        view! { <p class="text-sm text-base-content/75">"From environment variables (KEYLOOM_OAUTH_…): changed there."</p> }.into_any()
    } else {
        let app = StoredValue::new(app.clone());
        let oauth2 = StoredValue::new(oauth2);
        let whose = whose.clone();
        view! {
            <WritersOnly>
                <div class="flex flex-wrap items-start gap-3"><DeleteApp app=app.get_value() whose=whose.clone() delete/></div>
                <details>
                    <summary class="w-fit py-1 font-medium">"Change"</summary>
                    <AppForm integration=app.get_value().integration_name app=Some(app.get_value()) oauth2=oauth2.get_value() workspaces=Vec::new() has_platform=true secret_refs save/>
                </details>
            </WritersOnly>
        }
        .into_any()
    };
    view! {
        <li class="grid grid-cols-[minmax(0,1fr)] gap-2 border-t border-base-300 pt-4 first:border-0 first:pt-0">
            <p><span class="font-medium">{whose}</span>" "<span class="text-sm text-base-content/75">{secret}</span></p>
            <p class="text-sm break-all">"Client ID "<code>{app.client_id}</code></p>
            {scopes}
            {registered}
            {problem}
            {ends}
            <p class="text-sm">"Callback URL "<Copyable text=app.callback_url what="callback URL"/></p>
            {checked}
            {actions}
        </li>
    }
}

/// The button that asks the service what it thinks of an app, and what it said.
#[component]
fn Check(id: String, whose: String, check: ServerAction<CheckOauthApp>) -> impl IntoView {
    // The apps of a page share one action: an answer says whose it is, and a failure belongs to the one that was asked about last.
    let asked = RwSignal::new(false);
    let (own, sent) = (id.clone(), id.clone());
    Effect::new(move |_| {
        if let Some(input) = check.input().get() {
            asked.set(input.id == sent);
        }
    });
    let answer = move || match check.value().get() {
        Some(Ok((of, found))) if of == own => Some(view! { <Found found/> }.into_any()),
        Some(Err(error)) if asked.get() => Some(view! { <Notice tone=Tone::Bad><p>{error.message()}</p></Notice> }.into_any()),
        _ => None,
    };
    let id = StoredValue::new(id);
    let whose = StoredValue::new(whose);
    view! {
        <WritersOnly>
            <ActionForm action=check>
                <input type="hidden" name="id" value=id.get_value()/>
                <ActionButton class="btn btn-sm" pending=check.pending()>"Check"<span class="sr-only">" OAuth app, "{whose.get_value()}</span></ActionButton>
            </ActionForm>
        </WritersOnly>
        <div role="status" class="grid grid-cols-[minmax(0,1fr)] gap-2 empty:hidden">{answer}</div>
    }
}

/// What a service thinks of an app, part by part, each with what to do.
#[component]
fn Found(found: AppCheck) -> impl IntoView {
    let said = |item: AppCheckItem| {
        let tone = match item.result {
            CheckResult::Accepted => Tone::Good,
            CheckResult::Refused => Tone::Bad,
            CheckResult::Unknown => Tone::Plain,
        };
        view! {
            <Notice tone>
                <p>{item.message}"."</p>
                {item.suggestion.map(|text| view! { <p class="text-sm">{text}"."</p> })}
            </Notice>
        }
    };
    found.checks.into_iter().map(said).collect_view()
}

/// `2026-11-24`
fn day(at: Timestamp) -> String {
    at.rfc3339().chars().take(10).collect()
}

#[component]
fn DeleteApp(app: OAuthApp, whose: String, delete: ServerAction<DeleteOauthApp>) -> impl IntoView {
    view! {
        <Confirm id=format!("delete-{}", app.id) button="Delete…" subject=format!("OAuth app, {whose}") title="Delete this OAuth app?">
            <p>"Connections made with it stay, but their tokens can no longer be renewed: they end when the current ones do."</p>
            <ActionForm action=delete attr:class="grid gap-3">
                <input type="hidden" name="id" value=String::from(app.id)/>
                <SubmitButton label="Delete OAuth app" pending=delete.pending() destructive=true/>
            </ActionForm>
        </Confirm>
    }
}

/// Registers an app, or changes `app`.
#[component]
fn AppForm(
    integration: String,
    app: Option<OAuthApp>,
    oauth2: OAuth2View,
    workspaces: Vec<WorkspaceName>,
    has_platform: bool,
    secret_refs: bool,
    save: ServerAction<SaveOauthApp>,
) -> impl IntoView {
    let id = app.as_ref().map(|app| String::from(app.id.clone())).unwrap_or_default();
    // Several of these forms share one action: a failure belongs to the one that was sent.
    let own = id.clone();
    let failure = Signal::derive(move || {
        let sent = save.input().get().map(|input| input.app.id);
        save.value().get().and_then(Result::err).filter(|_| sent.is_none_or(|sent| sent == own))
    });
    let error_at = move |path: String| Signal::derive(move || failure.get().and_then(|error| error.field(&path)));
    let tail = app.as_ref().map_or_else(|| "new".to_owned(), |app| app.id.as_str().to_owned());
    let config: Vec<_> = oauth2
        .app_fields
        .iter()
        .map(|field| {
            let value = app.as_ref().and_then(|app| app.config.get(&field.name).cloned());
            let (id, name) = (format!("config-{}-{tail}", field.name), format!("app[config][{}]", field.name));
            view! { <CatalogField field=field.clone() id name value error=error_at(format!("config.{}", field.name))/> }
        })
        .collect();
    let text = |name: &str, label: &str, help: Option<String>, required: bool, kind: &str| FieldView { required, help, ..FieldView::new(name, label, kind) };
    let known = app.as_ref().map(|app| app.client_id.clone());
    let scopes = app.as_ref().and_then(|app| app.scopes.as_ref()).map(|scopes| scopes.join(" "));
    let keep = app.as_ref().filter(|app| app.has_client_secret).map(|_| "Leave empty to keep the present one.");
    let elsewhere = secret_refs.then_some("Or where it is kept: env:NAME or file:/path, as the operator allows.");
    let about_secret = [keep, elsewhere].into_iter().flatten().collect::<Vec<_>>().join(" ");
    let about_secret = (!about_secret.is_empty()).then_some(about_secret);
    let ends = app.as_ref().and_then(|app| app.client_secret_expires_at).map(day);
    let ends_id = format!("secret-ends-{tail}");
    let ends_error = error_at("clientSecretExpiresAt".to_owned());
    let usual =
        if oauth2.scopes.is_empty() { "Separated by spaces.".to_owned() } else { format!("Separated by spaces. Left empty: {}", oauth2.scopes.join(" ")) };
    let workspace = app.is_none().then(|| {
        let help = if has_platform { "The platform has its app. Choose a workspace to give it one of its own." } else { "An app of the platform serves every workspace that has none of its own." };
        view! { <WorkspaceField id="app-workspace" name="app[workspace]" nothing="None: the platform's app" help workspaces error=error_at("workspaceId".to_owned())/> }
    });
    let label = if app.is_some() { "Save changes" } else { "Add OAuth app" };
    view! {
        <ActionForm action=save attr:class="mt-3 grid max-w-xl gap-5">
            <FormProblem id="app-problem" error=failure/>
            <input type="hidden" name="app[integration]" value=integration/>
            <input type="hidden" name="app[id]" value=id/>
            {workspace}
            <CatalogField field=text("client_id", "Client ID", None, true, "text") id=format!("client-id-{tail}") name="app[client_id]".to_owned() value=known error=error_at("clientId".to_owned())/>
            <CatalogField field=text("client_secret", "Client secret", about_secret, false, "secret") id=format!("client-secret-{tail}") name="app[client_secret]".to_owned() error=error_at("clientSecret".to_owned())/>
            <Field
                id=ends_id.clone() label="Client secret ends on".to_owned() optional=true error=ends_error
                help=Some("Where the service says so. From 30 days before there is a warning here.".to_owned())
            >
                <input
                    class="input w-full" type="date" id=ends_id.clone() name="app[secret_ends]" value=ends
                    aria-describedby=format!("{ends_id}-error {ends_id}-help") aria-invalid=move || ends_error.get().map(|_| "true")
                />
            </Field>
            <CatalogField field=text("scopes", "Scopes", Some(usual), false, "text") id=format!("scopes-{tail}") name="app[scopes]".to_owned() value=scopes error=error_at("scopes".to_owned())/>
            {config}
            <div><SubmitButton label pending=save.pending()/></div>
        </ActionForm>
    }
}
