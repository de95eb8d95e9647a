//! What `connections` and `variables` share: files with many, and changes of many at once.

use std::{fs, io::Read, path::Path};

use serde_json::{Map, Value, json};

use super::{
    Server, Trouble,
    client::Client,
    output::{self, entries},
};

const PAGE_ENTRIES: usize = 100;

/// All entries of a list.
pub fn all(server: &Server, kind: &str) -> Result<Vec<Value>, Trouble> {
    let client = Client::new(server);
    let mut all = Vec::new();
    loop {
        let page = client.get(&format!("{kind}?limit={PAGE_ENTRIES}&offset={}", all.len()))?;
        let got = entries(&page, kind);
        all.extend_from_slice(got);
        if got.len() < PAGE_ENTRIES {
            return Ok(all);
        }
    }
}

/// Creates them, or puts them in the place of those that are there.
pub fn put(server: &Server, kind: &str, entities: Vec<Value>) -> Result<(), Trouble> {
    let action = json!({
        "action": "create", "action_on_existence": "overwrite", "entities": entities,
    });
    change(server, kind, "create", &action)
}

/// Deletes them.
pub fn delete(server: &Server, kind: &str, names: &[String]) -> Result<(), Trouble> {
    let action = json!({ "action": "delete", "entities": names });
    change(server, kind, "delete", &action)
}

fn change(server: &Server, kind: &str, verb: &str, action: &Value) -> Result<(), Trouble> {
    let done = Client::new(server).patch(kind, &json!({ "actions": [action] }))?;
    let done = done.get(verb).cloned().unwrap_or_default();
    let errors: Vec<_> = entries(&done, "errors")
        .iter()
        .map(|error| output::text(error, "error"))
        .collect();
    if server.json {
        output::json(&done)?;
    } else {
        let word = if verb == "create" { "set" } else { "deleted" };
        for name in entries(&done, "success") {
            output::line(&format!("{word} {}", output::plain(name)))?;
        }
    }
    if errors.is_empty() {
        Ok(())
    } else {
        Err(Trouble(errors.join("\n")))
    }
}

/// Standard input as text.
pub fn stdin() -> Result<String, Trouble> {
    let mut text = String::new();
    std::io::stdin().read_to_string(&mut text)?;
    Ok(text)
}

/// What a file has: a JSON object, or lines `NAME=VALUE`.
pub fn read(file: &Path) -> Result<Map<String, Value>, Trouble> {
    let text = if file == Path::new("-") {
        stdin()?
    } else {
        fs::read_to_string(file)
            .map_err(|cause| Trouble(format!("cannot read {}: {cause}", file.display())))?
    };
    parse(&text).map_err(|why| {
        Trouble(format!(
            "CLI-006: {}: {why}\n  more: orrery explain CLI-006",
            file.display()
        ))
    })
}

fn parse(text: &str) -> Result<Map<String, Value>, String> {
    if text.trim_start().starts_with('{') {
        return serde_json::from_str(text).map_err(|cause| cause.to_string());
    }
    let mut found = Map::new();
    for (at, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let line = line.strip_prefix("export ").unwrap_or(line);
        let Some((name, value)) = line.split_once('=') else {
            return Err(format!("line {} is not NAME=VALUE", at + 1));
        };
        let value = value.trim();
        let quoted = ['"', '\''].iter().find_map(|quote| {
            let inner = value.strip_prefix(*quote)?;
            inner.strip_suffix(*quote)
        });
        found.insert(name.trim().to_owned(), quoted.unwrap_or(value).into());
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_objects_or_lines() {
        let lines = "# a comment\nexport A='x=y'\n\nB = two words\n";
        let found = Value::from(parse(lines).unwrap());
        assert_eq!(found, json!({"A": "x=y", "B": "two words"}));
        assert_eq!(
            Value::from(parse(" {\"a\": [1]}").unwrap()),
            json!({"a": [1]})
        );
        assert_eq!(parse("A\n").unwrap_err(), "line 1 is not NAME=VALUE");
        assert!(parse("{").is_err());
    }
}
