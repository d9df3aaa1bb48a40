//! Code that uses a connection.

use crate::app::components::CopyButton;
use crate::domain::connection::Connection;
use crate::domain::id::WorkspaceId;
use leptos::prelude::*;

/// curl, TypeScript and Python that resolve a connection.
#[component]
pub fn Snippets(
    /// The connection.
    connection: Connection,
    /// Where Keyloom is.
    public_url: String,
) -> impl IntoView {
    let [curl, typescript, python] = texts(&connection, &public_url);
    view! {
        <section class="grid grid-cols-[minmax(0,1fr)] gap-3" aria-labelledby="use">
            <h2 id="use" class="text-lg font-semibold">"Use it"</h2>
            <p class="text-sm text-base-content/75">"Resolve the connection by your own identifiers, with an API key in KEYLOOM_API_KEY."</p>
            <Snippet title="curl" text=curl what="curl command" open=true/>
            <Snippet title="TypeScript" text=typescript what="TypeScript code"/>
            <Snippet title="Python" text=python what="Python code"/>
        </section>
    }
}

#[component]
fn Snippet(title: &'static str, text: String, what: &'static str, #[prop(optional)] open: bool) -> impl IntoView {
    view! {
        <details class="rounded-box border border-base-300 bg-base-100" open=open>
            <summary class="px-4 py-2.5 font-medium">{title}</summary>
            <div class="grid grid-cols-[minmax(0,1fr)] gap-2 border-t border-base-300 p-4">
                <pre class="overflow-x-auto rounded-field bg-base-200 p-3 font-mono text-sm" tabindex="0"><code>{text.clone()}</code></pre>
                <div><CopyButton text what/></div>
            </div>
        </details>
    }
}

fn texts(connection: &Connection, public_url: &str) -> [String; 3] {
    let given: Vec<(&str, &str)> = [
        ("integrationName", Some(connection.integration_name.as_str())),
        ("externalId", Some(connection.external_id.as_str())),
        ("workspaceId", connection.workspace_id.as_ref().map(WorkspaceId::as_str)),
        ("endUserId", connection.end_user_id.as_deref()),
    ]
    .into_iter()
    .filter_map(|(name, value)| Some((name, value?)))
    .collect();
    // JSON strings are string literals in all three languages.
    let quoted = |text: &str| serde_json::Value::from(text).to_string();
    let members = |indent: &str, quote_names: bool| {
        let lines: Vec<String> =
            given.iter().map(|(name, value)| format!("{indent}{}: {}", if quote_names { quoted(name) } else { (*name).to_owned() }, quoted(value))).collect();
        lines.join(",\n")
    };
    let in_shell = members("    ", true).replace('\'', r"'\''");
    let curl = format!(
        "curl {public_url}/api/v1/connections/resolve \\\n  -H \"Authorization: Bearer $KEYLOOM_API_KEY\" \\\n  -H 'Content-Type: application/json' \\\n  -d '{{\n{in_shell}\n  }}'"
    );
    let typescript = format!(
        "const response = await fetch(\"{public_url}/api/v1/connections/resolve\", {{\n  method: \"POST\",\n  headers: {{\n    Authorization: `Bearer ${{process.env.KEYLOOM_API_KEY}}`,\n    \"Content-Type\": \"application/json\",\n  }},\n  body: JSON.stringify({{\n{}\n  }}),\n}});\nif (!response.ok) throw new Error(await response.text());\nconst {{ connection }} = await response.json();",
        members("    ", false)
    );
    let python = format!(
        "import os\nimport requests\n\nresponse = requests.post(\n    \"{public_url}/api/v1/connections/resolve\",\n    headers={{\"Authorization\": f\"Bearer {{os.environ['KEYLOOM_API_KEY']}}\"}},\n    json={{\n{}\n    }},\n)\nresponse.raise_for_status()\nconnection = response.json()[\"connection\"]",
        members("        ", true)
    );
    [curl, typescript, python]
}
