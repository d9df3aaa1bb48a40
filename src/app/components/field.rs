//! Inputs with their label, help and error, and what goes wrong with a form as a whole.

use super::Ready;
use crate::app::browser;
use crate::app::rpc::RpcError;
use crate::app::rpc::workspaces::WorkspaceName;
use crate::domain::Code;
use crate::domain::integration::FieldView;
use leptos::prelude::*;

const INPUT: &str = "input w-full";

/// The label above an input, help and error below it. The input names `{id}-help` and `{id}-error` in `aria-describedby`.
#[component]
pub fn Field(
    /// Id of the input.
    id: String,
    /// Shown above it.
    label: String,
    /// Whether it may stay empty.
    #[prop(optional)]
    optional: bool,
    /// Shown below it.
    #[prop(optional_no_strip)]
    help: Option<String>,
    /// A page about it.
    #[prop(optional_no_strip)]
    help_url: Option<String>,
    /// What is wrong.
    #[prop(into)]
    error: Signal<Option<String>>,
    /// The input.
    children: Children,
) -> impl IntoView {
    let optional = optional.then(|| view! { <span class="font-normal text-base-content/75">" (optional)"</span> });
    let link = help_url.map(|href| view! { " "<a class="link" href=href target="_blank" rel="noopener noreferrer external">"Where to find it"<span class="sr-only">" (new window)"</span></a> });
    let help = (help.is_some() || link.is_some()).then(|| view! { <p class="text-sm text-base-content/75" id=format!("{id}-help")>{help}{link}</p> });
    let error_id = format!("{id}-error");
    view! {
        <div class="grid gap-1.5">
            <label class="text-sm font-semibold" for=id>{label}{optional}</label>
            {children()}
            <p class="text-sm text-error first-letter:uppercase empty:hidden" id=error_id>{move || error.get()}</p>
            {help}
        </div>
    }
}

/// A plain text input.
#[component]
pub fn TextField(
    /// Id, and the path of its errors unless `path` is given.
    id: &'static str,
    /// Name in the form.
    name: &'static str,
    /// Shown above it.
    label: &'static str,
    /// Shown below it.
    #[prop(optional)]
    help: Option<&'static str>,
    /// An example.
    #[prop(optional)]
    placeholder: Option<String>,
    /// What it starts with.
    #[prop(optional, into)]
    value: String,
    /// Must be filled in.
    #[prop(optional)]
    required: bool,
    /// Longest text.
    #[prop(default = 200)]
    maxlength: u16,
    /// Remembers what is typed.
    #[prop(optional)]
    typed: Option<RwSignal<String>>,
    /// What is wrong.
    #[prop(into)]
    error: Signal<Option<String>>,
) -> impl IntoView {
    let input = move |event| {
        if let Some(typed) = typed {
            typed.set(event_target_value(&event));
        }
    };
    view! {
        <Field id=id.to_owned() label=label.to_owned() optional=!required help=help.map(str::to_owned) error>
            <input
                class=INPUT id=id name=name type="text" value=value required=required placeholder=placeholder maxlength=maxlength.to_string()
                autocomplete="off" autocapitalize="none" spellcheck="false" on:input=input
                aria-describedby=format!("{id}-error {id}-help") aria-invalid=move || error.get().map(|_| "true")
            />
        </Field>
    }
}

/// A password.
#[component]
pub fn PasswordField(
    /// Id.
    id: &'static str,
    /// Name in the form.
    name: &'static str,
    /// Shown above it.
    label: &'static str,
    /// `current-password` or `new-password`.
    autocomplete: &'static str,
    /// Shown below it.
    #[prop(optional)]
    help: Option<&'static str>,
    /// What is wrong.
    #[prop(into)]
    error: Signal<Option<String>>,
) -> impl IntoView {
    view! {
        <Field id=id.to_owned() label=label.to_owned() help=help.map(str::to_owned) error>
            <input
                class=INPUT id=id name=name type="password" required=true autocomplete=autocomplete
                aria-describedby=format!("{id}-error {id}-help") aria-invalid=move || error.get().map(|_| "true")
            />
        </Field>
    }
}

/// Several lines, one value each.
#[component]
pub fn LinesField(
    /// Id.
    id: &'static str,
    /// Name in the form.
    name: &'static str,
    /// Shown above it.
    label: &'static str,
    /// Shown below it.
    help: &'static str,
    /// What it starts with.
    lines: Vec<String>,
    /// What is wrong.
    #[prop(into)]
    error: Signal<Option<String>>,
) -> impl IntoView {
    let rows = lines.len().clamp(2, 8).to_string();
    view! {
        <Field id=id.to_owned() label=label.to_owned() optional=true help=Some(help.to_owned()) error>
            <textarea
                class="textarea w-full font-mono text-sm" id=id name=name rows=rows autocomplete="off" autocapitalize="none" spellcheck="false"
                aria-describedby=format!("{id}-error {id}-help") aria-invalid=move || error.get().map(|_| "true")
            >{lines.join("\n")}</textarea>
        </Field>
    }
}

/// Which workspace something belongs to.
#[component]
pub fn WorkspaceField(
    /// Id.
    id: &'static str,
    /// Name in the form.
    name: &'static str,
    /// What no workspace is called.
    nothing: &'static str,
    /// Shown below it.
    help: &'static str,
    /// Those there are.
    workspaces: Vec<WorkspaceName>,
    /// Remembers the choice.
    #[prop(optional)]
    chosen: Option<RwSignal<String>>,
    /// What is wrong.
    #[prop(into)]
    error: Signal<Option<String>>,
) -> impl IntoView {
    let now = chosen.map(|chosen| chosen.get_untracked()).unwrap_or_default();
    let options: Vec<_> = workspaces
        .into_iter()
        .map(|workspace| {
            let is_chosen = workspace.id == now;
            view! { <option value=workspace.id selected=is_chosen>{workspace.name}</option> }
        })
        .collect();
    let change = move |event| {
        if let Some(chosen) = chosen {
            chosen.set(event_target_value(&event));
        }
    };
    view! {
        <Field id=id.to_owned() label="Workspace".to_owned() optional=true help=Some(help.to_owned()) error>
            <select class="select w-full" id=id name=name on:change=change aria-describedby=format!("{id}-error {id}-help") aria-invalid=move || error.get().map(|_| "true")>
                <option value="">{nothing}</option>
                {options}
            </select>
        </Field>
    }
}

/// The form of a catalogue's pattern that browsers take: inside brackets they want a plain hyphen escaped. Spaces around a value
/// are taken off by the server.
fn browser_pattern(pattern: &str) -> String {
    let mut out = String::with_capacity(pattern.len() + 16);
    let mut chars = pattern.chars().peekable();
    let mut inside = false;
    out.push_str(r"\s*(?:");
    while let Some(c) = chars.next() {
        match c {
            '\\' => {
                out.push(c);
                out.extend(chars.next());
            }
            '[' if !inside => {
                inside = true;
                out.push(c);
                if chars.peek() == Some(&'^') {
                    out.extend(chars.next());
                }
                if chars.peek() == Some(&'-') {
                    chars.next();
                    out.push_str(r"\-");
                }
            }
            ']' if inside => {
                inside = false;
                out.push(c);
            }
            '-' if inside && chars.peek() == Some(&']') => out.push_str(r"\-"),
            '(' | ')' | '{' | '}' | '/' | '|' if inside => {
                out.push('\\');
                out.push(c);
            }
            _ => out.push(c),
        }
    }
    out.push_str(r")\s*");
    out
}

/// An input as the catalogue describes it.
#[component]
pub fn CatalogField(
    /// What the catalogue says.
    field: FieldView,
    /// Id, unique on the page.
    id: String,
    /// Name in the form.
    name: String,
    /// What it starts with, instead of the default.
    #[prop(optional_no_strip)]
    value: Option<String>,
    /// What the server says is wrong.
    #[prop(into)]
    error: Signal<Option<String>>,
) -> impl IntoView {
    let ready = expect_context::<Ready>();
    // Found by the browser while typing; what the server said goes away as soon as the value changes.
    let local = RwSignal::new(None::<String>);
    let changed = RwSignal::new(false);
    Effect::new(move |_| {
        error.track();
        changed.set(false);
    });
    let shown = Signal::derive(move || local.get().or_else(|| error.get().filter(|_| !changed.get())));
    let complaint = field.pattern_error.clone().unwrap_or_else(|| format!("{} does not have the expected form", field.label));
    let check = move |event: leptos::ev::Event| local.set(browser::is_faulty(&event).then(|| complaint.clone()));
    let input = move |event: leptos::ev::Event| {
        changed.set(true);
        if local.get_untracked().is_some() && !browser::is_faulty(&event) {
            local.set(None);
        }
    };
    let described = format!("{id}-error {id}-help");
    let invalid = move || shown.get().map(|_| "true");
    let start = value.or_else(|| field.default.clone());
    // Hosts and URLs are put right by the server before its pattern looks at them.
    let pattern = field.pattern.as_deref().filter(|_| matches!(field.kind.as_str(), "text" | "secret")).map(browser_pattern);
    let title = pattern.as_ref().and(field.pattern_error.clone());
    let control = match field.kind.as_str() {
        "select" | "boolean" => {
            let choices: Vec<(String, String)> = if field.kind == "boolean" {
                vec![("false".to_owned(), "No".to_owned()), ("true".to_owned(), "Yes".to_owned())]
            } else {
                field.options.iter().map(|option| (option.value.clone(), option.label.clone())).collect()
            };
            let blank = (field.kind == "select" && (start.is_none() || !field.required)).then(|| view! { <option value="">"Choose…"</option> });
            let options: Vec<_> =
                choices.into_iter().map(|(value, label)| view! { <option selected=start.as_ref() == Some(&value) value=value>{label}</option> }).collect();
            view! {
                <select class="select w-full" id=id.clone() name=name required=field.required aria-describedby=described aria-invalid=invalid on:change=input>
                    {blank}
                    {options}
                </select>
            }
            .into_any()
        }
        _ if field.placeholder.as_deref().is_some_and(|example| example.contains("-----BEGIN")) => view! {
            <textarea
                class="textarea masked w-full font-mono" rows="4" id=id.clone() name=name required=field.required placeholder=field.placeholder.clone()
                autocomplete="off" autocapitalize="none" spellcheck="false" aria-describedby=described aria-invalid=invalid on:input=input
            ></textarea>
        }
        .into_any(),
        _ if field.secret => {
            let visible = RwSignal::new(false);
            let what = field.label.clone();
            view! {
                <span class="flex gap-2">
                    <input
                        class=INPUT id=id.clone() name=name type=move || if visible.get() { "text" } else { "password" } required=field.required
                        placeholder=field.placeholder.clone() pattern=pattern title=title autocomplete="new-password" autocapitalize="none" spellcheck="false"
                        aria-describedby=described aria-invalid=invalid on:input=input on:change=check
                    />
                    <button type="button" class="btn" hidden=move || !ready.get() aria-pressed=move || visible.get().to_string() on:click=move |_| visible.update(|shown| *shown = !*shown)>
                        "Show"<span class="sr-only">" "{what}</span>
                    </button>
                </span>
            }
            .into_any()
        }
        kind => {
            let mode = match kind {
                "number" => Some("decimal"),
                "url" | "host" => Some("url"),
                _ => None,
            };
            view! {
                <input
                    class=INPUT id=id.clone() name=name type="text" inputmode=mode required=field.required value=start placeholder=field.placeholder.clone()
                    pattern=pattern title=title autocomplete="off" autocapitalize="none" spellcheck="false"
                    aria-describedby=described aria-invalid=invalid on:input=input on:change=check
                />
            }
            .into_any()
        }
    };
    view! {
        <Field id=id label=field.label.clone() optional=!field.required && field.kind != "boolean" help=field.help.clone() help_url=field.help_url.clone() error=shown>
            {control}
        </Field>
    }
}

/// Why a form was refused. Takes the focus when it appears.
#[component]
pub fn FormProblem(
    /// Id, unique on the page.
    id: &'static str,
    /// What the server said.
    #[prop(into)]
    error: Signal<Option<RpcError>>,
) -> impl IntoView {
    Effect::new(move |_| {
        if error.get().is_some() {
            browser::focus(id);
        }
    });
    view! { {move || error.get().map(|error| problem(id, &error))} }
}

fn problem(id: &'static str, error: &RpcError) -> AnyView {
    let fields: Vec<_> = error.fields().iter().map(|field| view! { <li class="first-letter:uppercase">{field.message.clone()}</li> }.into_any()).collect();
    let heading = if fields.is_empty() { error.message() } else { "Some of it needs another look:".to_owned() };
    let (existing, suggestion) = match error {
        RpcError::Failed(error) => {
            let existing = error.details.get("existingId").and_then(serde_json::Value::as_str).filter(|id| id.starts_with("conn_")).map(str::to_owned);
            // For these the contract's advice is about the API.
            let of_api = matches!(error.code, Code::Duplicate | Code::NotEmpty);
            (existing, error.suggestion.clone().filter(|_| !of_api).map(|text| format!("{}.", text.trim_end_matches('.'))))
        }
        RpcError::Transport(_) => (None, None),
    };
    let sign_in = error.is_signed_out().then(|| view! { <a class="link" href="/login" rel="external">"Sign in again"</a> }.into_any());
    view! {
        <div class="alert alert-soft alert-error items-start" role="alert" id=id tabindex="-1">
            <div class="grid min-w-0 gap-1 wrap-anywhere">
                <p class="font-semibold first-letter:uppercase">{heading}</p>
                {(!fields.is_empty()).then(|| view! { <ul class="list-disc pl-5">{fields}</ul> }.into_any())}
                {suggestion.map(|suggestion| view! { <p>{suggestion}</p> }.into_any())}
                {existing.map(|id| view! { <a class="link" href=format!("/connections/{id}")>"Open the existing connection"</a> }.into_any())}
                {sign_in}
            </div>
        </div>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::browser_pattern;

    #[test]
    fn patterns_fit_browsers() {
        for (ours, theirs) in [
            ("[a-z0-9][a-z0-9-]*", r"\s*(?:[a-z0-9][a-z0-9\-]*)\s*"),
            (r"https://[a-z.-]+\.x", r"\s*(?:https://[a-z.\-]+\.x)\s*"),
            ("[^-a](sk|rk)_.+", r"\s*(?:[^\-a](sk|rk)_.+)\s*"),
        ] {
            assert_eq!(browser_pattern(ours), theirs);
        }
    }
}
