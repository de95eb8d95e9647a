//! A key against a pattern, with steps back where a part could be shorter: what Python does with
//! regular expressions, for the few that formats of dates need.

/// One part of a pattern.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Piece {
    /// This character, its case maybe aside.
    Char { c: char, any_case: bool },
    /// One blank or more.
    Blank,
    /// A number of `least` to `most` digits between `min` and `max`; maybe after one blank.
    Number {
        least: usize,
        most: usize,
        min: u32,
        max: u32,
        blank: bool,
    },
    /// One of these words, in any case.
    Word(Vec<String>),
    /// Letters, digits and underscores, as many as there are.
    Letters,
    /// An offset from UTC, or `Z`.
    Offset,
}

/// What each piece matched, when all do, and what was left over, which is nothing for a `whole`
/// match.
pub(super) fn find<'a>(
    pieces: &[Piece],
    text: &'a str,
    whole: bool,
) -> Option<(Vec<&'a str>, &'a str)> {
    let Some((piece, others)) = pieces.split_first() else {
        return (!whole || text.is_empty()).then_some((Vec::new(), text));
    };
    for length in piece.lengths(text) {
        let (head, rest) = text.split_at_checked(length)?;
        if let Some((mut found, left)) = find(others, rest, whole) {
            found.insert(0, head);
            return Some((found, left));
        }
    }
    None
}

impl Piece {
    /// A number of up to `most` digits.
    pub(super) fn number(most: usize, min: u32, max: u32) -> Self {
        Self::Number {
            least: 1,
            most,
            min,
            max,
            blank: false,
        }
    }

    /// A number of just so many digits.
    pub(super) fn digits(n: usize) -> Self {
        Self::Number {
            least: n,
            most: n,
            min: 0,
            max: u32::MAX,
            blank: false,
        }
    }

    /// How many bytes of `text` it may take, what it likes most first.
    fn lengths(&self, text: &str) -> Vec<usize> {
        match self {
            Self::Char { c, any_case } => {
                let same =
                    |of: &char| of == c || *any_case && of.to_lowercase().eq(c.to_lowercase());
                text.chars()
                    .next()
                    .filter(same)
                    .map(char::len_utf8)
                    .into_iter()
                    .collect()
            }
            Self::Blank => down_to_one(text, char::is_whitespace),
            Self::Letters => down_to_one(text, |c| c.is_alphanumeric() || c == '_'),
            Self::Number {
                least,
                most,
                min,
                max,
                blank,
            } => {
                let fits = |from: usize, n: usize| {
                    let digits = text.get(from..from + n)?;
                    let all = digits.bytes().all(|byte| byte.is_ascii_digit());
                    let value = digits.parse::<u32>().ok().filter(|_| all)?;
                    (*min..=*max).contains(&value).then_some(from + n)
                };
                let mut lengths: Vec<usize> =
                    (*least..=*most).rev().filter_map(|n| fits(0, n)).collect();
                if *blank && text.starts_with(' ') {
                    lengths.extend(fits(1, 1));
                }
                lengths
            }
            Self::Word(words) => {
                let is = |word: &&String| {
                    let head = text.get(..word.len());
                    head.is_some_and(|head| head.eq_ignore_ascii_case(word))
                };
                words.iter().filter(is).map(String::len).collect()
            }
            Self::Offset => offset_lengths(text),
        }
    }
}

fn down_to_one(text: &str, takes: impl Fn(char) -> bool) -> Vec<usize> {
    let ends = text.char_indices().take_while(|(_, c)| takes(*c));
    let mut lengths: Vec<usize> = ends.map(|(at, c)| at + c.len_utf8()).collect();
    lengths.reverse();
    lengths
}

/// `Z`, `+HHMM` or `+HH:MM`, maybe with seconds and their fraction.
fn offset_lengths(text: &str) -> Vec<usize> {
    if text.starts_with('Z') {
        return vec![1];
    }
    if !text.starts_with(['+', '-']) {
        return Vec::new();
    }
    let two = |at: usize| {
        let digits = text.get(at..at + 2);
        digits.is_some_and(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()))
    };
    let after_colon =
        |at: usize| at + usize::from(text.get(at..).is_some_and(|t| t.starts_with(':')));
    let sixty = |at: usize| {
        let first = text.as_bytes().get(at);
        two(at) && first.is_some_and(|digit| *digit < b'6')
    };
    if !two(1) {
        return Vec::new();
    }
    let minutes = after_colon(3);
    if !sixty(minutes) {
        return Vec::new();
    }
    let short = minutes + 2;
    let seconds = after_colon(short);
    let mut lengths = vec![short];
    if sixty(seconds) {
        let end = seconds + 2;
        lengths.insert(0, end);
        let fraction = text.get(end..).and_then(|rest| rest.strip_prefix('.'));
        let digits = fraction.map_or(0, |of| of.bytes().take_while(u8::is_ascii_digit).count());
        if digits > 0 {
            lengths.insert(0, end + 1 + digits.min(6));
        }
    }
    lengths
}
