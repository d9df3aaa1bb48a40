//! `/integrations/{name}`: how a service is connected to, and the OAuth apps for it.

use super::oauth_app::Apps;
use crate::app::components::{Copyable, Icon, LoadError, Loading, Notice, Outcome, PageHead, Shape, Tone, WritersOnly, failure, successes};
use crate::app::rpc::integrations::{CheckOauthApp, DeleteOauthApp, IntegrationDetail, SaveOauthApp, get_integration};
use crate::app::rpc::load;
use crate::app::rpc::workspaces::workspace_names;
use crate::app::words;
use crate::domain::integration::AuthOption;
use leptos::prelude::*;
use leptos_router::components::A;
use leptos_router::hooks::{use_params_map, use_query_map};

page! {
    /// `/integrations/{name}`
    IntegrationPage => IntegrationDetailPage
}

#[component]
fn IntegrationDetailPage() -> impl IntoView {
    let params = use_params_map();
    let name = Memo::new(move |_| params.read().get("name").unwrap_or_default());
    let save = ServerAction::<SaveOauthApp>::new();
    let delete = ServerAction::<DeleteOauthApp>::new();
    let check = ServerAction::<CheckOauthApp>::new();
    let (saved, deleted, checked) = (successes(save), successes(delete), successes(check));
    // A check may clear an app's problem.
    let detail = load(move || (name.get(), saved.get(), deleted.get(), checked.get()), |(name, ..)| get_integration(name));
    let workspaces = load(|| (), |()| workspace_names());
    let page = move || {
        Suspend::new(async move {
            match (detail.await, workspaces.await) {
                (Ok(detail), Ok(workspaces)) => {
                    let apps = detail.callback_url.is_some().then(|| view! { <Apps detail=detail.clone() workspaces save delete check/> });
                    view! { <About detail/> {apps} }.into_any()
                }
                (Err(error), _) | (_, Err(error)) => {
                    view! { <PageHead title="Integration" back=("/integrations", "Integrations")/> <LoadError error retry=move |()| detail.refetch()/> }
                        .into_any()
                }
            }
        })
    };
    let query = use_query_map();
    let brought = move || {
        (query.read().get("brought").is_some()).then(|| {
            view! {
                <Notice tone=Tone::Good>
                    <p>"Saved. See whether people can consent to it:"</p>
                    <A href=format!("/connections/new/{}", name.get()) attr:class="btn btn-sm">"Test the consent"</A>
                </Notice>
            }
        })
    };
    view! {
        <div class="mb-4 empty:hidden" role="status">{brought}</div>
        <Outcome id="delete-problem" error=failure(delete) done=deleted text="OAuth app deleted."/>
        <Outcome id="save-problem" error=Signal::derive(|| None) done=saved text="OAuth app saved."/>
        <Transition fallback=Loading>{page}</Transition>
    }
}

#[component]
fn About(detail: IntegrationDetail) -> impl IntoView {
    let integration = detail.integration;
    let steps: Vec<_> = integration.setup_steps.iter().map(|step| view! { <li>{step.clone()}</li> }).collect();
    let links: Vec<_> = [("Documentation", Some(integration.docs_url.clone())), ("Where apps and keys are made", integration.setup_url.clone())]
        .into_iter()
        .filter_map(|(name, href)| {
            let href = href.filter(|href| href.starts_with("https://"))?;
            Some(view! { <a class="link inline-flex items-center gap-1.5" href=href target="_blank" rel="noopener noreferrer external"><Icon shape=Shape::Out/>{name}<span class="sr-only">" (new window)"</span></a> })
        })
        .collect();
    let methods: Vec<_> = integration.auth_options.into_iter().map(|option| view! { <Method option integration=integration.name.clone()/> }).collect();
    let callback = detail.callback_url.map(|url| {
        view! {
            <p class="mt-4 text-sm font-semibold">"Callback URL of the platform's app"</p>
            <p class="mt-1"><Copyable text=url what="callback URL"/></p>
        }
    });
    let setup = (!steps.is_empty() || callback.is_some()).then(|| {
        view! {
            <section class="rounded-box border border-base-300 bg-base-100 p-5" aria-labelledby="steps">
                <h2 id="steps" class="mb-3 text-lg font-semibold">"Set-up"</h2>
                <ol class="grid list-decimal gap-1.5 pl-5">{steps}</ol>
                {callback}
            </section>
        }
    });
    view! {
        <PageHead title=integration.display_name.clone() back=("/integrations", "Integrations") logo=(detail.logo, integration.display_name)/>
        <div class="grid gap-6">
            <div class="grid gap-2">
                <p class="max-w-prose text-base-content/75">{integration.description}</p>
                <p class="flex flex-wrap gap-x-5 gap-y-2 text-sm">{links}</p>
            </div>
            <section class="rounded-box border border-base-300 bg-base-100 p-5" aria-labelledby="methods">
                <h2 id="methods" class="mb-3 text-lg font-semibold">"Ways to connect"</h2>
                <ul class="grid gap-4">{methods}</ul>
            </section>
            {setup}
        </div>
    }
}

#[component]
fn Method(option: AuthOption, integration: String) -> impl IntoView {
    let fields: Vec<String> = option.fields.iter().map(|field| field.label.clone()).collect();
    let asks = (!fields.is_empty()).then(|| view! { <p class="text-sm text-base-content/75">"Asks for: "{fields.join(", ")}</p> });
    let scopes = option
        .oauth2
        .as_ref()
        .filter(|oauth2| !oauth2.scopes.is_empty())
        .map(|oauth2| view! { <p class="text-sm break-words text-base-content/75">"Scopes by default: "{oauth2.scopes.join(", ")}</p> });
    let href = format!("/connections/new/{integration}?method={}", option.key);
    let name = StoredValue::new(option.display_name.clone());
    view! {
        <li class="flex flex-wrap items-start justify-between gap-3">
            <div class="grid min-w-0 gap-0.5">
                <p><span class="font-medium">{option.display_name}</span>" "<span class="text-sm text-base-content/75">{words::kind(option.kind)}</span></p>
                {option.description.map(|text| view! { <p class="text-sm text-base-content/75">{text}</p> })}
                {asks}
                {scopes}
            </div>
            <WritersOnly><A href=href.clone() attr:class="btn btn-sm">"Connect"<span class="sr-only">" with "{name.get_value()}</span></A></WritersOnly>
        </li>
    }
}
