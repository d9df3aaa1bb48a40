//! The rules of what says where lists go on and when to ask again.

use super::Findings;
use crate::catalog::action::Action;
use crate::catalog::definition::Definition;
use crate::catalog::next::{Next, Start};
use crate::catalog::retry::{Retry, Throttled, Wait};

impl Findings {
    /// Those for all actions of an API.
    pub(super) fn hints(&mut self, d: &Definition) {
        let Some(api) = &d.api else { return };
        if let Some(next) = &api.next {
            let taking: Vec<&Action> = d.actions.values().filter(|action| action.next.is_none() && action.input.has(&next.input)).collect();
            self.require(!taking.is_empty(), "api.next.input", format_args!("no action has an input {:?} and no next of its own", next.input));
            self.require(next.path.is_none(), "api.next.path", "one path does not go on with all lists: say it in the action");
            for action in taking {
                self.next("api.next", next, action);
            }
        }
        if let Some(retry) = &api.retry {
            self.retry(retry);
        }
    }

    /// How `a` goes on.
    pub(super) fn next(&mut self, at: &str, next: &Next, a: &Action) {
        for (key, input) in [("input", Some(&next.input)), ("size", next.size.as_ref())] {
            if let Some(input) = input {
                self.require(a.input.has(input), &format!("{at}.{key}"), format_args!("there is no input {input:?}"));
            }
        }
        for (key, pointer) in next.pointers() {
            self.pointer(&format!("{at}.{key}"), pointer);
        }
        if let Start::Link(parameter) | Start::Url { parameter, .. } = &next.from {
            self.require(!parameter.trim().is_empty(), &format!("{at}.from"), "name the parameter that the address has");
        }
        let (has_list, has_more) = (next.list.is_some(), next.more.is_some());
        let ends = match next.from {
            Start::Last(_) | Start::Offset(_) => has_list,
            Start::Page(_) => has_list || has_more,
            Start::Pointer(_) | Start::Link(_) | Start::Url { .. } => true,
        };
        self.require(ends, at, "say in list where the items are, or it would never end");
        self.require(next.size.is_none() || has_list, &format!("{at}.size"), "size needs list");
        if let Some(path) = &next.path {
            let at = format!("{at}.path");
            self.require(path.source().starts_with('/') && !path.source().starts_with("//"), &at, "must start with a slash");
            self.require(path.names().next().is_none(), &at, "no places for values: they are in the body");
            self.require(a.body.is_some(), &at, "only an action with a body goes on elsewhere: nothing else takes the input");
        }
    }

    fn retry(&mut self, retry: &Retry) {
        const AT: &str = "api.retry";
        self.require(!retry.throttled.is_empty() || !retry.wait.is_empty(), AT, "give throttled or wait, or leave it out");
        for Throttled { status, header, pointer, equals } in &retry.throttled {
            let at = format!("{AT}.throttled");
            self.require((200..600).contains(status) && *status != 429, &at, format_args!("{status} is not a status that has to be explained"));
            self.require(header.is_some() || pointer.is_some(), &at, "name a header or a pointer: the status alone means something else");
            self.header(&at, header.as_deref());
            if let Some(pointer) = pointer {
                self.pointer(&at, pointer);
            }
            let fits = pointer.is_some() || equals.as_ref().is_none_or(toml::Value::is_str);
            self.require(fits, &at, "headers are text: write equals in quotes");
        }
        for Wait { header, pointer, seconds, .. } in &retry.wait {
            let at = format!("{AT}.wait");
            let given = [header.is_some(), pointer.is_some(), seconds.is_some()].into_iter().filter(|given| *given).count();
            self.require(given == 1, &at, "give one of header, pointer and seconds");
            self.header(&at, header.as_deref());
            if let Some(pointer) = pointer {
                self.pointer(&at, pointer);
            }
        }
    }

    fn header(&mut self, at: &str, name: Option<&str>) {
        let fine = name.is_none_or(|name| http::HeaderName::try_from(name).is_ok());
        self.require(fine, at, format_args!("{:?} is not the name of a header", name.unwrap_or_default()));
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use crate::catalog::Catalog;
    use std::collections::BTreeSet;

    const FILE: &str = r#"name = "a"
display_name = "A"
description = "d"
categories = ["ai"]
docs_url = "https://a.example"

[api]
base_url = "https://a.example"
next = { input = "cursor", from = { pointer = "/next" } }

[api.retry]
throttled = [{ status = 403, header = "x-remaining", equals = "0" }]
wait = [{ header = "x-reset", unit = "moment" }, { pointer = "/wait" }]

[[auth]]
key = "k"
type = "SECRET_TEXT"
label = "K"

[actions.all]
display_name = "All"
description = "d"
method = "POST"
path = "/all"
body = { cursor = "{{input.cursor}}" }
input.properties.cursor = { type = "string" }
example = {}

[actions.own]
display_name = "Own"
description = "d"
method = "POST"
path = "/own"
body = { page = "{{input.page}}", size = "{{input.size}}" }
input.properties.page = { type = "integer" }
input.properties.size = { type = "integer" }
example = {}

[actions.own.next]
input = "page"
from = { page = 1 }
list = "/items"
size = "size"
more = "/more"
"#;

    #[test]
    fn bad_hints_are_told_with_file_line_and_key() {
        let folder = tempfile::tempdir().unwrap();
        let load = |text: &str| {
            std::fs::write(folder.path().join("a.toml"), text).unwrap();
            Catalog::load_directory(folder.path()).map(|_| ()).map_err(|errors| errors.to_string())
        };
        load(FILE).unwrap();
        for (from, to, says) in [
            ("input = \"cursor\"", "input = \"courser\"", "a.toml:9: api.next.input: no action has an input \"courser\""),
            ("pointer = \"/next\"", "pointer = \"next\"", "a.toml:9: api.next.from: \"next\" is not a JSON pointer"),
            ("from = { pointer = \"/next\" } }", "from = { pointer = \"/next\" }, path = \"/x\" }", "a.toml:9: api.next.path: one path"),
            ("input = \"page\"", "input = \"pages\"", "a.toml:40: actions.own.next.input: there is no input \"pages\""),
            ("size = \"size\"\n", "size = \"limit\"\n", "a.toml:43: actions.own.next.size: there is no input \"limit\""),
            ("list = \"/items\"\nsize", "size", "a.toml:42: actions.own.next.size: size needs list"),
            ("list = \"/items\"", "list = \"items\"", "a.toml:42: actions.own.next.list: \"items\" is not a JSON pointer"),
            ("more = \"/more\"", "more = \"/a~b\"", "a.toml:44: actions.own.next.more: \"/a~b\" is not a JSON pointer (write ~0 for ~)"),
            ("list = \"/items\"\nsize = \"size\"\nmore = \"/more\"\n", "", "a.toml:39: actions.own.next: say in list where the items are"),
            ("from = { page = 1 }\nlist = \"/items\"\nsize = \"size\"\n", "from = { last = \"/id\" }\n", "a.toml:39: actions.own.next: say in list"),
            ("from = { page = 1 }", "from = { link = \" \" }", "a.toml:41: actions.own.next.from: name the parameter"),
            ("from = { page = 1 }", "from = { pages = 1 }", "a.toml:41: unknown variant `pages`"),
            ("from = { page = 1 }", "from = { url = { pointer = \"/next\" } }", "missing field `parameter`"),
            ("more = \"/more\"", "path = \"more\"", "a.toml:44: actions.own.next.path: must start with a slash"),
            ("more = \"/more\"", "path = \"/{{input.page}}\"", "a.toml:44: actions.own.next.path: no places for values"),
            ("more = \"/more\"", "mroe = \"/more\"", "a.toml:44: unknown field `mroe`"),
            ("status = 403", "status = 429", "a.toml:12: api.retry.throttled: 429 is not a status that has to be explained"),
            ("header = \"x-remaining\", equals = \"0\"", "equals = \"0\"", "a.toml:12: api.retry.throttled: name a header or a pointer"),
            ("equals = \"0\"", "equals = 0", "a.toml:12: api.retry.throttled: headers are text"),
            ("x-remaining", "x remaining", "a.toml:12: api.retry.throttled: \"x remaining\" is not the name of a header"),
            ("{ pointer = \"/wait\" }", "{ pointer = \"wait\" }", "a.toml:13: api.retry.wait: \"wait\" is not a JSON pointer"),
            ("{ pointer = \"/wait\" }", "{ unit = \"moment\" }", "a.toml:13: api.retry.wait: give one of header, pointer and seconds"),
            ("{ pointer = \"/wait\" }", "{ seconds = 1, header = \"x\" }", "a.toml:13: api.retry.wait: give one of"),
            ("unit = \"moment\"", "unit = \"minutes\"", "unknown variant `minutes`"),
        ] {
            let text = FILE.replacen(from, to, 1);
            assert_ne!(text, FILE, "{from}");
            let said = load(&text).err().unwrap_or_default();
            assert!(said.contains(says), "{says}: {said}");
        }
    }

    /// A key that no service has is one that nothing proves.
    #[test]
    fn every_key_of_a_hint_has_a_service() {
        let root = env!("CARGO_MANIFEST_DIR");
        let schema: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(format!("{root}/docs/integration.schema.json")).unwrap()).unwrap();
        let known = |name: &str| schema["$defs"][name]["properties"].as_object().unwrap().keys().cloned().collect::<BTreeSet<_>>();
        let (mut next, mut retry, mut throttled, mut wait) = (known("Next"), known("Retry"), known("Throttled"), known("Wait"));
        let strike = |unused: &mut BTreeSet<String>, table: &toml::Value| unused.retain(|key| table.get(key).is_none());
        for entry in std::fs::read_dir(format!("{root}/integrations")).unwrap() {
            let file: toml::Table = toml::from_str(&std::fs::read_to_string(entry.unwrap().path()).unwrap()).unwrap();
            let actions = file.get("actions").and_then(toml::Value::as_table).into_iter().flatten().map(|(_, action)| action);
            actions.chain(file.get("api")).filter_map(|table| table.get("next")).for_each(|hint| strike(&mut next, hint));
            if let Some(hint) = file.get("api").and_then(|api| api.get("retry")) {
                strike(&mut retry, hint);
                for (key, unused) in [("throttled", &mut throttled), ("wait", &mut wait)] {
                    hint.get(key).and_then(toml::Value::as_array).into_iter().flatten().for_each(|rule| strike(unused, rule));
                }
            }
        }
        let unused: Vec<String> = [next, retry, throttled, wait].into_iter().flatten().collect();
        assert_eq!(unused, Vec::<String>::new());
    }
}
