//! `/connections/new/{integration}?method=`: the form of one method.

use crate::app::components::{
    AuthorizeForm, CatalogField, FormProblem, LoadError, Loading, Notice, PageHead, Session, SubmitButton, TextField, Tone, WorkspaceField,
};
use crate::app::rpc::connections::CreateConnection;
use crate::app::rpc::integrations::{IntegrationDetail, get_integration};
use crate::app::rpc::load;
use crate::app::rpc::workspaces::{WorkspaceName, workspace_names};
use crate::domain::connect_session::SessionView;
use crate::domain::integration::AuthOption;
use leptos::form::ActionForm;
use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::components::A;
use leptos_router::hooks::{use_navigate, use_params_map, use_query_map};

/// What stays when the method is changed.
#[derive(Clone, Copy)]
struct Draft {
    display_name: RwSignal<String>,
    external_id: RwSignal<String>,
    workspace: RwSignal<String>,
    end_user: RwSignal<String>,
}

page! {
    /// `/connections/new/{integration}?method=`
    NewConnection => NewConnectionPage
}

#[component]
fn NewConnectionPage() -> impl IntoView {
    let params = use_params_map();
    let name = Memo::new(move |_| params.read().get("integration").unwrap_or_default());
    let detail = load(move || name.get(), get_integration);
    let workspaces = load(|| (), |()| workspace_names());
    let Session(me) = expect_context();
    let draft = Draft { display_name: RwSignal::default(), external_id: RwSignal::default(), workspace: RwSignal::default(), end_user: RwSignal::default() };
    let form = move || {
        Suspend::new(async move {
            let may_write = me.await.is_ok_and(|me| me.may_write);
            match (detail.await, workspaces.await) {
                (Ok(_), _) if !may_write => view! {
                    <PageHead title="Create connection" back=("/connections", "Connections")/>
                    <Notice tone=Tone::Plain><p>"You may look at everything here, but not create connections. Ask an admin."</p></Notice>
                }
                .into_any(),
                (Ok(detail), Ok(workspaces)) => view! { <Methods detail workspaces draft/> }.into_any(),
                (Err(error), _) | (_, Err(error)) => {
                    view! { <PageHead title="Create connection" back=("/connections/new", "All services")/> <LoadError error retry=move |()| detail.refetch()/> }.into_any()
                }
            }
        })
    };
    view! { <Transition fallback=Loading>{form}</Transition> }
}

const TAB: &str = "-mb-px block border-b-2 border-transparent py-2 hover:border-base-content/40 aria-[current=true]:border-primary aria-[current=true]:font-semibold aria-[current=true]:text-primary";

/// The tabs, and the form of the chosen one.
#[component]
fn Methods(detail: IntegrationDetail, workspaces: Vec<WorkspaceName>, draft: Draft) -> impl IntoView {
    let query = use_query_map();
    let service = detail.integration.display_name.clone();
    let name = detail.integration.name.clone();
    let methods = detail.integration.auth_options.clone();
    // The recommended one, unless it needs an OAuth app that is not there and another does not.
    let usable = |option: &&AuthOption| option.oauth2.is_none() || !detail.apps.is_empty();
    let first = methods.iter().find(usable).or(methods.first()).map(|option| option.key.clone()).unwrap_or_default();
    let keys: Vec<String> = methods.iter().map(|option| option.key.clone()).collect();
    let chosen = Memo::new(move |_| query.read().get("method").filter(|key| keys.contains(key)).unwrap_or_else(|| first.clone()));
    let tabs = (methods.len() > 1).then(|| {
        let tabs: Vec<_> = methods
            .clone()
            .into_iter()
            .map(|option| {
                let key = option.key.clone();
                let current = move || (chosen.get() == key).then_some("true");
                let href = format!("/connections/new/{name}?method={}", option.key);
                view! { <li><a href=href class=TAB aria-current=current>{option.display_name}</a></li> }
            })
            .collect();
        view! { <nav aria-label="Ways to connect" class="mb-6"><ul class="flex flex-wrap gap-x-5 border-b border-base-300">{tabs}</ul></nav> }
    });
    let title = format!("Connect {service}");
    let logo = detail.logo.clone();
    let detail = StoredValue::new(detail);
    let workspaces = StoredValue::new(workspaces);
    let form = move || {
        let key = chosen.get();
        let option = methods.iter().find(|option| option.key == key).cloned();
        let (detail, workspaces) = (detail.get_value(), workspaces.get_value());
        match option {
            None => view! { <Notice tone=Tone::Plain><p>"There is nothing to authenticate: this service can be used as it is."</p></Notice> }.into_any(),
            Some(option) if option.oauth2.is_some() && detail.apps.is_empty() => view! { <NoApp detail/> }.into_any(),
            Some(option) if option.oauth2.is_some() => view! { <ByOAuth detail option workspaces draft/> }.into_any(),
            Some(option) => view! { <ByForm detail option workspaces draft/> }.into_any(),
        }
    };
    view! {
        <PageHead title=title back=("/connections/new", "All services") logo=(logo, service)/>
        <div class="max-w-2xl rounded-box border border-base-300 bg-base-100 p-5 sm:p-7">
            {tabs}
            {form}
        </div>
    }
}

#[component]
fn NoApp(detail: IntegrationDetail) -> impl IntoView {
    let service = detail.integration.display_name;
    view! {
        <Notice tone=Tone::Warning>
            <p>{format!("{service} asks people to sign in, which needs an OAuth app that is registered there. None is set up yet.")}</p>
            <A href=format!("/integrations/{}", detail.integration.name) attr:class="btn btn-sm">{format!("Set up {service}")}</A>
        </Notice>
    }
}

/// A form whose values are stored as they are.
#[component]
fn ByForm(detail: IntegrationDetail, option: AuthOption, workspaces: Vec<WorkspaceName>, draft: Draft) -> impl IntoView {
    let create = ServerAction::<CreateConnection>::new();
    let failure = Signal::derive(move || create.value().get().and_then(Result::err));
    let error_at = move |path: String| Signal::derive(move || failure.get().and_then(|error| error.field(&path)));
    let fields: Vec<_> = option
        .fields
        .iter()
        .map(|field| {
            let (id, name) = (format!("props-{}", field.name), format!("new[props][{}]", field.name));
            view! { <CatalogField field=field.clone() id name error=error_at(format!("props.{}", field.name))/> }
        })
        .collect();
    view! {
        <ActionForm action=create attr:class="grid gap-5">
            <FormProblem id="problem" error=failure/>
            {option.description.map(|text| view! { <p class="text-base-content/75">{text}</p> })}
            <input type="hidden" name="new[integration]" value=detail.integration.name.clone()/>
            <input type="hidden" name="new[method]" value=option.key/>
            {fields}
            <Identity draft service=detail.integration.display_name workspaces names=["new[display_name]", "new[external_id]", "new[workspace]", "new[end_user]"] error_at/>
            <div><SubmitButton label="Create connection" pending=create.pending()/></div>
        </ActionForm>
    }
}

/// A form that leads to the provider.
#[component]
fn ByOAuth(detail: IntegrationDetail, option: AuthOption, workspaces: Vec<WorkspaceName>, draft: Draft) -> impl IntoView {
    let navigate = use_navigate();
    let done = move |session: SessionView| {
        let id = session.connection_id.map(String::from).unwrap_or_default();
        navigate(&format!("/connections?created={id}"), NavigateOptions::default());
    };
    let nothing = |_: String| Signal::derive(|| None::<String>);
    let fields: Vec<_> = option
        .fields
        .iter()
        .map(|field| {
            let (id, name) = (format!("props-{}", field.name), format!("props.{}", field.name));
            view! { <CatalogField field=field.clone() id name error=nothing(String::new())/> }
        })
        .collect();
    let popup = option.oauth2.as_ref().map_or((600, 700), |oauth2| (oauth2.popup_width, oauth2.popup_height));
    let service = detail.integration.display_name;
    view! {
        <AuthorizeForm service=service.clone() integration=detail.integration.name method=option.key popup button="Authorize" done>
            {option.description.map(|text| view! { <p class="text-base-content/75">{text}</p> })}
            {fields}
            <Identity draft service workspaces names=["display_name", "external_id", "workspace_id", "end_user_id"] error_at=nothing/>
        </AuthorizeForm>
    }
}

/// What every connection has besides its credential.
#[component]
fn Identity<F>(draft: Draft, service: String, workspaces: Vec<WorkspaceName>, names: [&'static str; 4], error_at: F) -> impl IntoView
where
    F: Fn(String) -> Signal<Option<String>> + 'static,
{
    let of = |path: &str| error_at(path.to_owned());
    view! {
        <fieldset class="grid gap-5">
            <legend class="sr-only">"About this connection"</legend>
            <TextField id="display_name" name=names[0] label="Display name" placeholder=service value=draft.display_name.get_untracked() typed=draft.display_name error=of("display_name")/>
            <TextField
                id="external_id" name=names[1] label="External ID" maxlength=255 help="Your own identifier, which your code resolves the connection by. Made up when left empty."
                value=draft.external_id.get_untracked() typed=draft.external_id error=of("external_id")
            />
            <WorkspaceField id="workspace" name=names[2] nothing="None: the whole organisation" help="Connections of a workspace are seen by its keys only." workspaces chosen=draft.workspace error=of("workspace")/>
            <TextField
                id="end_user" name=names[3] label="End user" maxlength=255 help="Your identifier of the user it belongs to. Needs a workspace."
                value=draft.end_user.get_untracked() typed=draft.end_user error=of("end_user")
            />
        </fieldset>
    }
}
