//! `/dev/components`: every component of the dashboard in its states, and the tokens they are made of. In debug builds only; a release
//! answers 404 (`server::router`).

page! {
    /// `/dev/components`
    DevComponents => DevComponentsPage
}

#[cfg(not(debug_assertions))]
use super::NotFound as DevComponentsPage;
#[cfg(debug_assertions)]
use gallery::DevComponentsPage;
use leptos::prelude::*;

#[cfg(debug_assertions)]
mod gallery {
    use crate::app::components::{
        CatalogField, Confirm, Copyable, EmptyState, Field, FormProblem, HealthBadge, Icon, LinesField, LoadError, Loading, Logo, Moment, Notice, PageHead,
        PasswordField, Shape, SubmitButton, TextField, Tone, WorkspaceField,
    };
    use crate::app::rpc::RpcError;
    use crate::domain::connection::Health;
    use crate::domain::integration::{FieldView, OptionView};
    use crate::domain::{Code, Error, FieldError, Timestamp};
    use leptos::prelude::*;
    use leptos_router::components::A;

    fn wrong() -> Signal<Option<String>> {
        Signal::derive(|| Some("Say what is wrong and what would be right".to_owned()))
    }

    fn fine() -> Signal<Option<String>> {
        Signal::derive(|| None)
    }

    fn refused() -> RpcError {
        RpcError::Failed(Error::new(Code::Provider, "The service did not answer. Try again in a minute"))
    }

    #[component]
    pub fn DevComponentsPage() -> impl IntoView {
        view! {
            <PageHead title="Components" back=("/connections", "Connections")>
                <a class="btn" href="/dev/hosted" rel="external">"Those of the hosted page"</a>
            </PageHead>
            <div class="grid grid-cols-[minmax(0,1fr)] gap-6">
                <Tokens/>
                <Buttons/>
                <Fields/>
                <Dialogs/>
                <Badges/>
                <Messages/>
                <Lists/>
            </div>
        }
    }

    /// One kind of component: what it is for, in a line, and how it looks.
    #[component]
    fn Part(id: &'static str, title: &'static str, about: &'static str, children: Children) -> impl IntoView {
        view! {
            <section class="rounded-box border border-base-300 bg-base-100 p-5" aria-labelledby=id>
                <h2 id=id class="text-lg font-semibold">{title}</h2>
                <p class="mb-4 max-w-prose text-sm text-base-content/75">{about}</p>
                <div class="grid grid-cols-[minmax(0,1fr)] gap-5">{children()}</div>
            </section>
        }
    }

    #[component]
    fn Tokens() -> impl IntoView {
        const COLOURS: [(&str, &str); 9] = [
            ("base-100", "bg-base-100"),
            ("base-200", "bg-base-200"),
            ("base-300", "bg-base-300"),
            ("base-content", "bg-base-content"),
            ("primary", "bg-primary"),
            ("success", "bg-success"),
            ("warning", "bg-warning"),
            ("error", "bg-error"),
            ("info", "bg-info"),
        ];
        const TYPE: [(&str, &str); 6] = [
            ("text-xs, side notes", "text-xs"),
            ("text-sm, labels and help", "text-sm"),
            ("text-base, text", "text-base"),
            ("text-lg, headings of parts", "text-lg font-semibold"),
            ("text-2xl, the page's title", "text-2xl font-semibold tracking-tight"),
            ("mono, ids and keys", "font-mono text-sm"),
        ];
        const SPACE: [(&str, &str); 6] =
            [("1", "w-1"), ("2", "w-2"), ("3, inside controls", "w-3"), ("4, between fields", "w-4"), ("5, inside boxes", "w-5"), ("6, between boxes", "w-6")];
        let colours: Vec<_> = COLOURS
            .iter()
            .map(|(name, class)| view! { <li class="grid gap-1 text-sm"><span class=format!("h-10 rounded-field border border-base-300 {class}")></span><code>{*name}</code></li> })
            .collect();
        let sizes: Vec<_> = TYPE.iter().map(|(name, class)| view! { <li class=*class>{*name}</li> }).collect();
        let spaces: Vec<_> = SPACE
            .iter()
            .map(|(name, class)| view! { <li class="flex items-center gap-3 text-sm"><span class=format!("h-4 bg-primary {class}")></span>{*name}</li> })
            .collect();
        view! {
            <Part id="tokens" title="Tokens" about="Set once in style/tailwind.css, for light and dark. Colour is never the only sign of anything; text reaches 4.5:1, borders of controls 3:1.">
                <ul class="grid grid-cols-2 gap-3 sm:grid-cols-5 xl:grid-cols-9">{colours}</ul>
                <ul class="grid gap-1">{sizes}</ul>
                <ul class="grid gap-1">{spaces}</ul>
                <div class="flex flex-wrap gap-4 text-sm">
                    <span class="rounded-field border border-base-300 px-3 py-2">"radius-field, controls"</span>
                    <span class="rounded-box border border-base-300 px-3 py-2">"radius-box, boxes"</span>
                    <span class="rounded-field border border-base-300 px-3 py-2 transition-colors duration-(--motion) hover:bg-base-200">"motion, 150 ms; none where less motion is wished for"</span>
                </div>
            </Part>
        }
    }

    #[component]
    fn Buttons() -> impl IntoView {
        const SHAPES: [Shape; 12] = [
            Shape::Plug,
            Shape::Grid,
            Shape::People,
            Shape::Building,
            Shape::Key,
            Shape::Sliders,
            Shape::Clock,
            Shape::Bell,
            Shape::Menu,
            Shape::Lens,
            Shape::Plus,
            Shape::Out,
        ];
        let icons: Vec<_> = SHAPES.iter().map(|shape| view! { <li><Icon shape=*shape/></li> }).collect();
        view! {
            <Part id="buttons" title="Buttons and links" about="One primary button a form. Links go somewhere, buttons do something. What destroys is red and asks first.">
                <div class="flex flex-wrap items-center gap-3">
                    <button type="button" class="btn btn-primary">"Primary"</button>
                    <button type="button" class="btn">"Plain"</button>
                    <button type="button" class="btn btn-ghost">"Quiet"</button>
                    <button type="button" class="btn btn-sm">"Small"</button>
                    <button type="button" class="btn" disabled=true>"Disabled"</button>
                    <A href="/dev/components" attr:class="btn"><Icon shape=Shape::Plus/>"A link as a button"</A>
                    <a class="link" href="#buttons">"A link"</a>
                </div>
                <div class="flex flex-wrap items-center gap-3">
                    <SubmitButton label="Save" pending=Signal::derive(|| false)/>
                    <SubmitButton label="Saving" pending=Signal::derive(|| true)/>
                    <SubmitButton label="Delete" pending=Signal::derive(|| false) destructive=true/>
                </div>
                <ul class="flex flex-wrap gap-3">{icons}</ul>
            </Part>
        }
    }

    fn catalog_field(name: &str, kind: &str) -> FieldView {
        let option = |value: &str, label: &str| OptionView { value: value.to_owned(), label: label.to_owned() };
        FieldView {
            required: kind != "number",
            help: Some("Where to find it at the service.".to_owned()),
            help_url: Some("https://example.com/keys".to_owned()),
            options: if kind == "select" { vec![option("eu", "Europe"), option("us", "United States")] } else { Vec::new() },
            ..FieldView::new(name, &format!("Of a definition: {kind}"), kind)
        }
    }

    #[component]
    fn Fields() -> impl IntoView {
        let of_definitions: Vec<_> = ["text", "secret", "number", "boolean", "select", "url"]
            .into_iter()
            .map(|kind| view! { <CatalogField field=catalog_field(kind, kind) id=format!("catalog-{kind}") name=format!("catalog[{kind}]") error=fine()/> })
            .collect();
        view! {
            <Part id="fields" title="Fields" about="Label above, help and error below, both named by aria-describedby. What may stay empty says so. Errors name the remedy.">
                <div class="grid max-w-md gap-4">
                    <TextField id="dev-text" name="text" label="Text" required=true help="What it is for." error=fine()/>
                    <TextField id="dev-optional" name="optional" label="Text that may stay empty" error=fine()/>
                    <TextField id="dev-wrong" name="wrong" label="Text that is wrong" required=true value="wrong" error=wrong()/>
                    <PasswordField id="dev-password" name="password" label="Password" autocomplete="off" help="At least 10 characters." error=fine()/>
                    <LinesField id="dev-lines" name="lines" label="Lines" help="One a line." lines=vec!["https://app.example".to_owned()] error=fine()/>
                    <WorkspaceField id="dev-workspace" name="workspace" nothing="None" help="A choice of workspaces." workspaces=Vec::new() error=fine()/>
                    <Field id="dev-select".to_owned() label="Select".to_owned() error=fine()>
                        <select class="select w-full" id="dev-select" name="select"><option>"One"</option><option>"Two"</option></select>
                    </Field>
                    <label class="flex items-start gap-3 text-sm"><input class="checkbox" type="checkbox" name="check"/>"A box to check"</label>
                </div>
                <div class="grid max-w-md gap-4">{of_definitions}</div>
            </Part>
        }
    }

    #[component]
    fn Dialogs() -> impl IntoView {
        view! {
            <Part id="dialogs" title="Dialogs, menus, tabs" about="A dialog asks before something is lost; Escape and Cancel close it and give the focus back. Menus are details, tabs are links: both work without JavaScript.">
                <div>
                    <Confirm id="dev-confirm".to_owned() button="Delete…" subject="the example" title="Delete the example?">
                        <p>"What follows from it, in a sentence or two."</p>
                        <button type="button" class="btn btn-error justify-self-start">"Delete example"</button>
                    </Confirm>
                </div>
                <details class="w-fit rounded-field border border-base-300 px-4 py-2"><summary class="font-medium">"A menu"</summary><p class="pt-2">"What it holds"</p></details>
                <nav aria-label="Tabs of the example">
                    <ul class="flex flex-wrap gap-x-5 border-b border-base-300">
                        <li><a class="-mb-px block border-b-2 border-primary py-2 font-semibold text-primary" href="#dialogs" aria-current="true">"Chosen"</a></li>
                        <li><a class="-mb-px block border-b-2 border-transparent py-2 hover:border-base-content/40" href="#dialogs">"Another"</a></li>
                    </ul>
                </nav>
                <p class="text-sm">"The command palette: "<kbd class="rounded-field border border-base-300 px-1.5">"Ctrl K"</kbd></p>
            </Part>
        }
    }

    #[component]
    fn Badges() -> impl IntoView {
        let health: Vec<_> = Health::ALL.iter().map(|health| view! { <li><HealthBadge health=*health/></li> }).collect();
        view! {
            <Part id="badges" title="Badges, logos, moments" about="The word carries it, the colour helps to find it. Logos stand on white, as their owners expect.">
                <ul class="flex flex-wrap gap-2">{health}<li><span class="badge badge-soft">"plain"</span></li></ul>
                <div class="flex flex-wrap items-center gap-4">
                    <Logo src=Some("/logos/github.svg".to_owned()) name="GitHub".to_owned()/>
                    <Logo src=None name="Nameless".to_owned()/>
                    <span><Moment at=Some(Timestamp(1_764_000_000_000))/>" UTC"</span>
                    <span>"never: "<Moment at=None/></span>
                    <Copyable text="conn_0192f0c1".to_owned() what="ID"/>
                </div>
            </Part>
        }
    }

    #[component]
    fn Messages() -> impl IntoView {
        let several = RpcError::Failed(Error {
            fields: vec![
                FieldError { path: "dev-text".to_owned(), code: "required".to_owned(), message: "Text is required".to_owned() },
                FieldError { path: "dev-wrong".to_owned(), code: "invalid".to_owned(), message: "Another is wrong".to_owned() },
            ],
            ..Error::new(Code::Validation, "Two fields are wrong")
        });
        view! {
            <Part id="messages" title="Messages" about="In place of toasts: said where it happened, in a live region, and staying until something else happens.">
                <Notice tone=Tone::Good><p>"It worked."</p></Notice>
                <Notice tone=Tone::Plain><p>"Worth knowing."</p></Notice>
                <Notice tone=Tone::Warning><p>"Look at this."</p></Notice>
                <Notice tone=Tone::Bad><p>"It did not work."</p></Notice>
                <FormProblem id="dev-problem" error=Signal::derive(move || Some(several.clone()))/>
            </Part>
        }
    }

    #[component]
    fn Lists() -> impl IntoView {
        view! {
            <Part id="lists" title="Tables, and lists in their states" about="On a phone the first cell tells what the hidden ones would. Loading is as high as a few rows, so that nothing jumps.">
                <div class="overflow-hidden rounded-box border border-base-300">
                    <table class="table">
                        <caption class="sr-only">"An example"</caption>
                        <thead><tr><th scope="col">"Name"</th><th scope="col">"Health"</th></tr></thead>
                        <tbody>
                            <tr><td class="font-semibold">"Production key"</td><td><HealthBadge health=Health::Ok/></td></tr>
                            <tr><td class="font-semibold">"Old key"</td><td><HealthBadge health=Health::Expired/></td></tr>
                        </tbody>
                    </table>
                </div>
                <Loading/>
                <EmptyState title="Nothing yet"><p>"What would be here, and how it gets here."</p><button type="button" class="btn">"Create the first"</button></EmptyState>
                <LoadError error=refused() retry=|()| ()/>
            </Part>
        }
    }
}
