//! `/workspaces/{id}`: how a workspace is called, where its hosted page may lead and what it looks like.

use crate::app::components::{
    Copyable, Field, FormProblem, LinesField, LoadError, Loading, Notice, PageHead, Session, SubmitButton, TextField, Tone, failure, successes,
};
use crate::app::rpc::workspaces::{UpdateWorkspace, get_workspace};
use crate::domain::workspace::Workspace;
use leptos::form::ActionForm;
use leptos::prelude::*;
use leptos_router::hooks::use_params_map;

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
    let found = Resource::new(move || (id.get(), updated.get()), |(id, _)| get_workspace(id));
    let Session(me) = expect_context();
    let page = move || {
        Suspend::new(async move {
            match (found.await, me.await) {
                (Ok(workspace), Ok(me)) => view! {
                    <PageHead title=workspace.name.clone() back=("/workspaces", "Workspaces")/>
                    <Form workspace update may_write=me.may_write/>
                }
                .into_any(),
                (Err(error), _) | (_, Err(error)) => {
                    view! { <PageHead title="Workspace" back=("/workspaces", "Workspaces")/> <LoadError error retry=move |()| found.refetch()/> }.into_any()
                }
            }
        })
    };
    let saved = move || (updated.get() > 0 && failure(update).read().is_none()).then(|| view! { <Notice tone=Tone::Good><p>"Saved."</p></Notice> });
    view! {
        <Transition fallback=Loading>{page}</Transition>
        <div class="mt-4 max-w-2xl empty:hidden" role="status">{saved}</div>
    }
}

#[component]
fn Form(workspace: Workspace, update: ServerAction<UpdateWorkspace>, may_write: bool) -> impl IntoView {
    let failure = failure(update);
    let error_at = move |path: &'static str| Signal::derive(move || failure.get().and_then(|error| error.field(path)));
    let id = String::from(workspace.id);
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
                    <TextField id="logo-url" name="workspace[logo_url]" label="Logo" maxlength=2000 value=workspace.logo_url.unwrap_or_default() placeholder="https://…".to_owned() help="Address of a picture for the hosted page." error=error_at("logoUrl")/>
                    <TextField id="accent" name="workspace[accent]" label="Accent colour" maxlength=7 value=workspace.accent.unwrap_or_default() placeholder="#3355ff".to_owned() help="Of the buttons on the hosted page." error=error_at("accent")/>
                    <Field id="language".to_owned() label="Language of the hosted page".to_owned() error=error_at("language")>
                        <select class="select w-full" id="language" name="workspace[language]" aria-describedby="language-error">{languages}</select>
                    </Field>
                    {may_write.then(|| view! { <div><SubmitButton label="Save" pending=update.pending()/></div> })}
                </fieldset>
            </ActionForm>
        </div>
    }
}
