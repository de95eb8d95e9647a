//! The nearest known name to a misspelt one.

/// `; did you mean `x`?`, or nothing when no name is near.
pub(crate) fn nearest<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> String {
    match find(name, known) {
        Some(near) => format!("; did you mean `{near}`?"),
        None => String::new(),
    }
}

/// The nearest name, if one is near at all.
pub(crate) fn find<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    // Beyond any name of ours; comparing costs the product of the lengths.
    const LONG: usize = 120;
    if name.is_empty() || name.len() > LONG {
        return None;
    }
    let lower = name.to_lowercase().replace('-', "_");
    let score = |other: &str| {
        let near = strsim::jaro_winkler(&lower, &other.replace('-', "_"));
        let part = lower.len() >= 4 && (other.contains(&lower) || lower.contains(other));
        if part { near.max(0.9) } else { near }
    };
    let best = known
        .map(|other| (score(other), other))
        .max_by(|a, b| a.0.total_cmp(&b.0))?;
    (best.0 >= 0.82).then_some(best.1)
}
