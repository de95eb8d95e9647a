//! Hides secrets. Works on whole lines, so a secret that arrives in two reads is still one text.

use aho_corasick::{AhoCorasick, MatchKind};
use std::borrow::Cow;

/// What is seen in place of a secret.
const MASK: &[u8] = b"***";
/// A secret of several lines is also hidden line by line; shorter lines of it are too common to
/// hide.
const PART_BYTES_MIN: usize = 8;

/// Finds secrets, the longest first where several begin at one place.
#[derive(Debug, Default)]
pub struct Masker {
    find: Option<AhoCorasick>,
    longest: usize,
}

impl Masker {
    /// For these texts; empty ones are nothing.
    #[must_use]
    pub fn new(secrets: &[String]) -> Self {
        let parts = secrets.iter().flat_map(|secret| {
            let lines = secret.lines().filter(|l| l.len() >= PART_BYTES_MIN);
            std::iter::once(secret.as_str()).chain(lines)
        });
        let mut texts: Vec<&str> = parts.filter(|t| !t.trim().is_empty()).collect();
        texts.sort_unstable();
        texts.dedup();
        if texts.is_empty() {
            return Self::default();
        }
        let longest = texts.iter().map(|t| t.len()).max().unwrap_or(0);
        // Without a machine that knows the secrets nothing can be hidden; a limit of the builder
        // that is reached (gigabytes of secrets) must not let them through, so everything is
        // hidden.
        let find = AhoCorasick::builder()
            .match_kind(MatchKind::LeftmostLongest)
            .build(&texts);
        match find {
            Ok(find) => Self {
                find: Some(find),
                longest,
            },
            Err(_) => Self {
                find: None,
                longest: usize::MAX,
            },
        }
    }

    /// How many bytes more than the wanted ones must be kept of a line, so that a secret across the
    /// cut is seen whole.
    #[must_use]
    pub fn overlap(&self) -> usize {
        if self.longest == usize::MAX {
            0
        } else {
            self.longest
        }
    }

    /// The text without secrets, made of its first `limit` bytes and of what begins there.
    #[must_use]
    pub fn mask<'a>(&self, text: &'a [u8], limit: usize) -> Cow<'a, [u8]> {
        let head = text.get(..limit).unwrap_or(text);
        if self.longest == usize::MAX {
            return Cow::Borrowed(MASK);
        }
        let Some(find) = &self.find else {
            return Cow::Borrowed(head);
        };
        let mut masked = Vec::new();
        let mut done = 0;
        for found in find.find_iter(text) {
            if found.start() >= head.len() {
                break;
            }
            masked.extend_from_slice(text.get(done..found.start()).unwrap_or_default());
            masked.extend_from_slice(MASK);
            done = found.end();
        }
        if done == 0 {
            return Cow::Borrowed(head);
        }
        masked.extend_from_slice(head.get(done..).unwrap_or_default());
        Cow::Owned(masked)
    }

    /// The same for a message.
    #[must_use]
    pub fn mask_text(&self, text: &str) -> String {
        String::from_utf8_lossy(&self.mask(text.as_bytes(), text.len())).into_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(secrets: &[&str], text: &str, limit: usize, expected: &str) {
        let secrets: Vec<String> = secrets.iter().map(ToString::to_string).collect();
        let masked = Masker::new(&secrets)
            .mask(text.as_bytes(), limit)
            .into_owned();
        assert_eq!(
            String::from_utf8(masked).unwrap(),
            expected,
            "{text} {limit}"
        );
    }

    #[test]
    fn hides_secrets() {
        check(&[], "nothing to hide", 99, "nothing to hide");
        check(&["", " "], "a b", 99, "a b");
        check(&["pass"], "pass, password, PASS", 99, "***, ***word, PASS");
        check(&["pass", "password"], "password pass", 99, "*** ***");
        check(&["ab", "bc"], "abc", 99, "***c");
        check(
            &["line one is long\nshort\nline two is long"],
            "x line two is long short",
            99,
            "x *** short",
        );
    }

    #[test]
    fn a_secret_across_the_cut_does_not_show_its_first_half() {
        check(&["secret"], "0123secret789", 6, "0123***");
        check(&["secret"], "0123secret789", 4, "0123");
        check(&["secret"], "0123secret789", 11, "0123***7");
        check(&["0123456789"], "0123456789 0123456789", 12, "*** ***");
    }
}
