//! `/integrations/bring-your-own?url=`: an address is pasted, what is there is shown, and saved as an integration.

use crate::app::components::{
    CatalogField, Copyable, FormProblem, LoadError, Loading, Notice, PageHead, QueryForm, Session, SubmitButton, TextField, Tone, WorkspaceField,
};
use crate::app::rpc::bring_your_own::{BringService, Found, discover_service};
use crate::app::rpc::workspaces::{WorkspaceName, workspace_names};
use crate::app::rpc::{RpcError, load};
use crate::domain::discovery::{Discovery, FoundKind};
use crate::domain::integration::FieldView;
use leptos::form::ActionForm;
use leptos::prelude::*;
use leptos_router::hooks::use_query_map;

/// Most scopes that are offered as boxes to tick.
const MOST_BOXES: usize = 40;

page! {
    /// `/integrations/bring-your-own?url=&issuer=`
    BringYourOwn => BringYourOwnPage
}

#[component]
fn BringYourOwnPage() -> impl IntoView {
    let query = use_query_map();
    let asked = Memo::new(move |_| (query.read().get("url").unwrap_or_default(), query.read().get("issuer").unwrap_or_default()));
    let found = load(move || asked.get(), |(url, issuer)| discover_service(url, issuer));
    let workspaces = load(|| (), |()| workspace_names());
    let save = ServerAction::<BringService>::new();
    let Session(me) = expect_context();
    let page = move || {
        Suspend::new(async move {
            let may_write = me.await.is_ok_and(|me| me.may_write);
            if !may_write {
                return view! { <Notice tone=Tone::Plain><p>"You may look at everything here, but not add integrations. Ask an admin."</p></Notice> }
                    .into_any();
            }
            let found = found.await;
            match workspaces.await {
                Ok(workspaces) => {
                    let problem = found.as_ref().err().cloned();
                    let result = found
                        .ok()
                        .flatten()
                        .map(|found| view! { <WhatIsThere found issuer=asked.get_untracked().1 url=asked.get_untracked().0 workspaces save/> });
                    view! { <Find url=asked.get_untracked().0 problem/> {result} }.into_any()
                }
                Err(error) => view! { <LoadError error retry=move |()| workspaces.refetch()/> }.into_any(),
            }
        })
    };
    view! {
        <PageHead title="Bring your own service" back=("/integrations", "Integrations")/>
        <p class="-mt-4 mb-6 max-w-prose text-base-content/75">
            "For a service that is not in the catalogue: paste the issuer of its authorization server, or the address of an MCP server. What it says of itself becomes an integration."
        </p>
        <Transition fallback=Loading>{page}</Transition>
    }
}

/// Where the address goes. A plain form: what it finds is in the page's address.
#[component]
fn Find(url: String, problem: Option<RpcError>) -> impl IntoView {
    let of_field = problem.as_ref().and_then(|problem| problem.field("url"));
    let problem = Signal::derive(move || problem.clone());
    view! {
        <div class="max-w-2xl rounded-box border border-base-300 bg-base-100 p-5 sm:p-7">
            <QueryForm action="/integrations/bring-your-own" attr:class="grid gap-5">
                <FormProblem id="find-problem" error=problem/>
                <TextField id="url" name="url" label="Address" required=true maxlength=2000 value=url placeholder="https://mcp.example.com/mcp".to_owned() help="An issuer, or an MCP server's URL." error=Signal::derive(move || of_field.clone())/>
                <div><button type="submit" class="btn btn-primary">"Discover"</button></div>
            </QueryForm>
        </div>
    }
}

/// What was found, and the form that saves it.
#[component]
fn WhatIsThere(found: Found, url: String, issuer: String, workspaces: Vec<WorkspaceName>, save: ServerAction<BringService>) -> impl IntoView {
    let Found { discovery, callback_url } = found;
    view! {
        <section class="mt-6 grid max-w-2xl gap-5 rounded-box border border-base-300 bg-base-100 p-5 sm:p-7" aria-labelledby="found">
            <h2 id="found" class="text-lg font-semibold">"What was found"</h2>
            <Facts discovery=discovery.clone() url=url.clone()/>
        </section>
        <section class="mt-6 grid max-w-2xl gap-5 rounded-box border border-base-300 bg-base-100 p-5 sm:p-7" aria-labelledby="save">
            <h2 id="save" class="text-lg font-semibold">"Save as an integration"</h2>
            <SaveForm discovery callback_url url issuer workspaces save/>
        </section>
    }
}

#[component]
fn Facts(discovery: Discovery, url: String) -> impl IntoView {
    let yes = |holds: bool, yes: &'static str, no: &'static str| if holds { yes } else { no };
    let facts: Vec<_> = [
        ("Kind", Some(match discovery.kind { FoundKind::Issuer => "Authorization server", FoundKind::Resource => "Protected resource" }.to_owned())),
        ("Resource", discovery.resource.clone()),
        ("Issuer", Some(discovery.issuer.clone())),
        ("Authorization endpoint", Some(discovery.authorization_endpoint.clone())),
        ("Token endpoint", Some(discovery.token_endpoint.clone())),
        ("Registration", Some(discovery.registration_endpoint.clone().unwrap_or_else(|| "By hand: it registers no clients by itself".to_owned()))),
        ("Revocation", Some(discovery.revocation_endpoint.clone().unwrap_or_else(|| "None".to_owned()))),
        ("PKCE (S256)", Some(yes(discovery.pkce, "Supported", "Not announced").to_owned())),
        ("Names itself in answers (iss)", Some(yes(discovery.iss_parameter, "Yes, and is held to it", "Not announced").to_owned())),
        ("Client authentication", Some(discovery.auth_methods.join(", "))),
    ]
    .into_iter()
    .filter_map(|(name, value)| Some(view! { <div class="grid gap-0.5 sm:grid-cols-[14rem_minmax(0,1fr)]"><dt class="text-sm font-semibold">{name}</dt><dd class="wrap-anywhere text-sm">{value?}</dd></div> }))
    .collect();
    let warnings: Vec<_> = discovery.warnings.iter().cloned().map(|warning| view! { <Notice tone=Tone::Warning><p>{warning.message}</p></Notice> }).collect();
    let others: Vec<_> = discovery
        .issuers
        .iter()
        .filter(|other| **other != discovery.issuer)
        .map(|other| {
            let mut params = leptos_router::params::ParamsMap::new();
            params.insert("url", url.clone());
            params.insert("issuer", other.clone());
            view! { <li><a class="link wrap-anywhere" href=format!("/integrations/bring-your-own{}", params.to_query_string())>{other.clone()}</a></li> }
        })
        .collect();
    let others = (!others.is_empty())
        .then(|| view! { <div class="text-sm"><p>"It trusts other authorization servers too:"</p><ul class="list-disc pl-5">{others}</ul></div> });
    view! {
        {warnings}
        <dl class="grid gap-2">{facts}</dl>
        {others}
    }
}

#[component]
fn SaveForm(
    discovery: Discovery,
    callback_url: String,
    url: String,
    issuer: String,
    workspaces: Vec<WorkspaceName>,
    save: ServerAction<BringService>,
) -> impl IntoView {
    let failure = Signal::derive(move || save.value().get().and_then(Result::err));
    let error_at = move |path: &'static str| Signal::derive(move || failure.get().and_then(|error| error.field(path)));
    let registers = discovery.registration_endpoint.is_some();
    let mut offered = discovery.suggested_scopes.clone();
    offered.extend(discovery.scopes.iter().filter(|scope| !discovery.suggested_scopes.contains(scope)).cloned());
    offered.truncate(MOST_BOXES.max(discovery.suggested_scopes.len()));
    let boxes: Vec<_> = offered
        .into_iter()
        .map(|scope| {
            let checked = discovery.suggested_scopes.contains(&scope);
            view! {
                <label class="flex items-start gap-2 text-sm">
                    <input class="checkbox checkbox-sm" type="checkbox" name="new[scopes][]" value=scope.clone() checked=checked/>
                    <code class="wrap-anywhere">{scope}</code>
                </label>
            }
        })
        .collect();
    let boxes =
        (!boxes.is_empty()).then(|| view! { <fieldset class="grid gap-2"><legend class="mb-1 text-sm font-semibold">"Scopes"</legend>{boxes}</fieldset> });
    let input = |name: &str, label: &str, required: bool, kind: &str| FieldView { required, ..FieldView::new(name, label, kind) };
    let client = view! {
        <CatalogField field=input("client_id", "Client ID", !registers, "text") id="client-id".to_owned() name="new[client_id]".to_owned() error=error_at("clientId")/>
        <CatalogField field=input("client_secret", "Client secret", false, "secret") id="client-secret".to_owned() name="new[client_secret]".to_owned() error=error_at("clientSecret")/>
        <p class="text-sm text-base-content/75">"Its callback URL there, if you keep the name and choose no workspace (else it is shown once this is saved): "<Copyable text=callback_url what="callback URL"/></p>
    };
    let client = if registers {
        view! {
            <p class="text-sm">"A client is registered there by itself when you save."</p>
            <details>
                <summary class="w-fit py-1 font-medium">"Use a client of your own"</summary>
                <div class="mt-3 grid gap-5">{client}</div>
            </details>
        }
        .into_any()
    } else {
        view! { <p class="text-sm">"Register a client there, and enter what you got."</p> {client} }.into_any()
    };
    view! {
        <ActionForm action=save attr:class="grid gap-5">
            <FormProblem id="save-problem" error=failure/>
            <input type="hidden" name="new[url]" value=url/>
            <input type="hidden" name="new[issuer]" value=issuer/>
            <TextField id="display-name" name="new[display_name]" label="Display name" required=true value=discovery.suggested_display_name error=error_at("displayName")/>
            <TextField id="name" name="new[name]" label="Name" required=true value=discovery.suggested_name help="For the API: a-z, 0-9 and dashes." error=error_at("name")/>
            {boxes}
            <TextField id="more-scopes" name="new[more_scopes]" label="Further scopes" maxlength=2000 help="Separated by spaces." error=error_at("scopes")/>
            <WorkspaceField id="workspace" name="new[workspace]" nothing="None: the platform's app" help="An app of the platform serves every workspace." workspaces error=error_at("workspaceId")/>
            {client}
            <div><SubmitButton label="Save integration" pending=save.pending()/></div>
        </ActionForm>
    }
}
