//! Values of a callback or an answer that are kept as props: what their definitions say is what they are, or they are refused.

use super::definition::Capture;
use serde_json::Value;
use std::collections::BTreeMap;

/// The props that `captures` describe, of what `find` gives for where they come from. An error is the name of the first one that is required
/// and missing, or that does not fit its pattern: they become part of URLs, so that anything unexpected ends it here.
pub fn captured(captures: &[Capture], find: impl Fn(&str) -> Option<String>) -> Result<BTreeMap<String, String>, &str> {
    let mut found = BTreeMap::new();
    for Capture { name, from, pattern, required } in captures {
        let fits = |value: &String| regex_lite::Regex::new(&format!("^(?:{pattern})$")).is_ok_and(|regex| regex.is_match(value));
        match find(from) {
            Some(value) if fits(&value) => {
                found.insert(name.clone(), value);
            }
            None if !required => {}
            _ => return Err(name),
        }
    }
    Ok(found)
}

/// Text or a number at a JSON pointer.
pub fn text_at(answer: &Value, pointer: &str) -> Option<String> {
    match answer.pointer(pointer)? {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}
