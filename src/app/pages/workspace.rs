//! `/workspaces/{id}`: how a workspace is called, where its hosted page may lead and what it looks like.

use crate::app::browser;
use crate::app::components::{
    Copyable, Field, FormProblem, LinesField, LoadError, Loading, Notice, PageHead, Ready, Session, SubmitButton, TextField, Tone, failure, successes,
};
use crate::app::rpc::load;
use crate::app::rpc::workspaces::{UpdateWorkspace, get_workspace, workspace_logo};
use crate::domain::workspace::Workspace;
use leptos::form::ActionForm;
use leptos::prelude::*;
use leptos_router::hooks::{use_params_map, use_query_map};

page! {
    /// `/workspaces/{id}`
    WorkspacePage => WorkspaceSettings
}

/// Languages of the hosted page.
const LANGUAGES: [(&str, &str); 7] =
    [("", "That of the browser"), ("en", "English"), ("de", "Deutsch"), ("fr", "Français"), ("es", "Español"), ("pt", "Português"), ("ja", "日本語")];

#[component]
fn WorkspaceSettings() -> impl IntoView {
    let params = use_params_map();
    let id = Memo::new(move |_| params.read().get("id").unwrap_or_default());
    let update = ServerAction::<UpdateWorkspace>::new();
    let updated = successes(update);
    let query = use_query_map();
    let found = load(move || (id.get(), updated.get()), |(id, _)| get_workspace(id));
    let logo = load(move || id.get(), workspace_logo);
    let Session(me) = expect_context();
    let page = move || {
        Suspend::new(async move {
            match (found.await, me.await) {
                (Ok(workspace), Ok(me)) => view! {
                    <PageHead title=workspace.name.clone() back=("/workspaces", "Workspaces")/>
                    <Form workspace=workspace.clone() update may_write=me.may_write/>
                    <LogoForm id=String::from(workspace.id) logo=logo.await.ok().flatten() may_write=me.may_write/>
                }
                .into_any(),
                (Err(error), _) | (_, Err(error)) => {
                    view! { <PageHead title="Workspace" back=("/workspaces", "Workspaces")/> <LoadError error retry=move |()| found.refetch()/> }.into_any()
                }
            }
        })
    };
    let is_saved = move || query.read().get("saved").is_some() && failure(update).read().is_none();
    let saved = move || is_saved().then(|| view! { <Notice tone=Tone::Good><p>"Saved."</p></Notice> });
    view! {
        <div class="mb-4 max-w-2xl empty:hidden" role="status">{saved}</div>
        <Transition fallback=Loading>{page}</Transition>
    }
}

#[component]
fn Form(workspace: Workspace, update: ServerAction<UpdateWorkspace>, may_write: bool) -> impl IntoView {
    let failure = failure(update);
    let error_at = move |path: &'static str| Signal::derive(move || failure.get().and_then(|error| error.field(path)));
    let id = String::from(workspace.id);
    // The picker beside the field is WebAssembly's: one of the two is sent.
    let ready = expect_context::<Ready>();
    let accent = RwSignal::new(workspace.accent.clone().unwrap_or_default());
    let shown_accent = move || Some(accent.get()).filter(|accent| accent.len() == 7).unwrap_or_else(|| "#4338ca".to_owned());
    let pick = move |event| {
        let colour = event_target_value(&event);
        browser::set_value("accent", &colour);
        accent.set(colour);
    };
    let language = workspace.language.unwrap_or_default();
    let languages: Vec<_> = LANGUAGES.iter().map(|(code, name)| view! { <option value=*code selected=*code == language>{*name}</option> }).collect();
    view! {
        <div class="max-w-2xl rounded-box border border-base-300 bg-base-100 p-5 sm:p-7">
            <p class="mb-5 text-sm"><Copyable text=id.clone() what="workspace ID"/></p>
            <ActionForm action=update attr:class="grid gap-5">
                <FormProblem id="workspace-problem" error=failure/>
                <input type="hidden" name="id" value=id/>
                <fieldset class="grid gap-5" disabled=!may_write>
                    <legend class="sr-only">"Settings of the workspace"</legend>
                    <TextField id="name" name="workspace[name]" label="Name" required=true value=workspace.name help="Shown to end users on the hosted page, as the one who asks." error=error_at("name")/>
                    <TextField id="slug" name="workspace[slug]" label="Slug" required=true maxlength=63 value=workspace.slug help="Taken wherever the ID is. Code that uses the old one stops finding the workspace." error=error_at("slug")/>
                    <LinesField
                        id="redirect-uris" name="workspace[redirect_uris]" label="Redirect URIs" lines=workspace.redirect_uris
                        help="Where the hosted page may lead back to, one a line, each exactly. Empty: any https address." error=error_at("redirectUris")
                    />
                    <LinesField
                        id="allowed-origins" name="workspace[allowed_origins]" label="Allowed origins" lines=workspace.allowed_origins
                        help="Whose pages may open the hosted page and hear how it ended, one a line: https://app.example.com" error=error_at("allowedOrigins")
                    />
                    <div class="grid grid-cols-[minmax(0,1fr)_auto] items-start gap-3">
                        <TextField id="accent" name="workspace[accent]" label="Accent colour" maxlength=7 value=workspace.accent.clone().unwrap_or_default() typed=accent placeholder="#4338ca".to_owned() help="Of the button on the hosted page; its text is black or white, whichever reads better." error=error_at("accent")/>
                        <input class="mt-7 h-10 w-14 cursor-pointer rounded-field border border-base-300 bg-base-100 p-1" type="color" aria-label="Palette" hidden=move || !ready.get() prop:value=shown_accent on:input=pick/>
                    </div>
                    <Field id="language".to_owned() label="Language of the hosted page".to_owned() error=error_at("language")>
                        <select class="select w-full" id="language" name="workspace[language]" aria-describedby="language-error">{languages}</select>
                    </Field>
                    {may_write.then(|| view! { <div><SubmitButton label="Save" pending=update.pending()/></div> })}
                </fieldset>
            </ActionForm>
        </div>
    }
}

/// The logo: a form that sends a file, and is answered with this page.
#[component]
fn LogoForm(id: String, logo: Option<String>, may_write: bool) -> impl IntoView {
    let action = format!("/dashboard/workspaces/{id}/logo");
    let has_logo = logo.is_some();
    let shown = match logo {
        Some(src) => view! { <img class="max-h-14 max-w-44 rounded-field bg-white object-contain p-1" src=src alt="The logo"/> }.into_any(),
        None => view! { <p class="text-base-content/75">"None: the workspace's name alone stands there."</p> }.into_any(),
    };
    let forms = may_write.then(|| {
        let remove = has_logo.then(|| {
            view! {
                <form method="post" enctype="multipart/form-data" action=action.clone()>
                    <button class="btn btn-sm" name="remove" value="1">"Remove logo"</button>
                </form>
            }
        });
        view! {
            <form method="post" enctype="multipart/form-data" action=action.clone() class="grid gap-3">
                <label class="text-sm font-semibold" for="logo-file">"Picture"</label>
                <input class="w-full text-sm file:mr-3 file:h-10 file:cursor-pointer file:rounded-field file:border file:border-solid file:border-base-content/35 file:bg-base-100 file:px-4 file:font-semibold file:text-base-content hover:file:bg-base-200" id="logo-file" type="file" name="logo" accept="image/png,image/jpeg,image/webp" required=true aria-describedby="logo-help"/>
                <p class="text-sm text-base-content/75" id="logo-help">"PNG, JPEG or WebP, at most 32 kB. It is kept here: the hosted page loads nothing from elsewhere."</p>
                <div><button class="btn btn-primary">"Upload logo"</button></div>
            </form>
            {remove}
        }
    });
    view! {
        <section class="mt-6 grid max-w-2xl gap-4 rounded-box border border-base-300 bg-base-100 p-5 sm:p-7" aria-labelledby="logo">
            <h2 id="logo" class="text-lg font-semibold">"Logo on the hosted page"</h2>
            {shown}
            {forms}
        </section>
    }
}
