//! `orrery explain`: the page of an error code.

use super::{Trouble, output};

pub fn run(code: Option<&str>) -> Result<(), Trouble> {
    let Some(code) = code else {
        return api::error_titles()
            .iter()
            .try_for_each(|title| output::line(title));
    };
    let wanted = code.to_uppercase();
    let page = api::error_page(&wanted);
    let none = || {
        Trouble(format!(
            "CLI-004: no error has the code `{wanted}`; all: orrery explain"
        ))
    };
    output::line(page.ok_or_else(none)?.trim_end())
}
