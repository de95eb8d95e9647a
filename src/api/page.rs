//! Sorting and paging of lists that are small enough to be held: dags, pools, variables, tags.

use std::cmp::Ordering;

use model::Timestamp;

use crate::request::{Limit, Offset, OrderBy};

/// What a list is ordered by. Nothing comes last in both directions, as upstream has it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Key {
    Nothing,
    Number(f64),
    At(Timestamp),
    Text(String),
}

impl Key {
    pub(crate) fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }
    pub(crate) fn at(at: Option<Timestamp>) -> Self {
        at.map_or(Self::Nothing, Self::At)
    }
    pub(crate) fn number(number: impl Into<f64>) -> Self {
        Self::Number(number.into())
    }
    fn compare(&self, other: &Self, descending: bool) -> Ordering {
        let order = match (self, other) {
            (Self::Nothing, Self::Nothing) => return Ordering::Equal,
            (Self::Nothing, _) => return Ordering::Greater,
            (_, Self::Nothing) => return Ordering::Less,
            (Self::Number(a), Self::Number(b)) => a.total_cmp(b),
            (Self::At(a), Self::At(b)) => a.cmp(b),
            (Self::Text(a), Self::Text(b)) => a.cmp(b),
            // One attribute has one kind of key.
            (Self::Number(_) | Self::At(_) | Self::Text(_), _) => Ordering::Equal,
        };
        if descending { order.reverse() } else { order }
    }
}

/// Sorts by `order`; what is equal stays as it was.
pub(crate) fn sort<T>(items: &mut Vec<T>, order: &OrderBy, key: impl Fn(&T, &str) -> Key) {
    let Some(mut places) = places(items, order, key, usize::MAX) else {
        return;
    };
    let mut taken: Vec<Option<T>> = items.drain(..).map(Some).collect();
    let sorted = places.drain(..).filter_map(|at| taken.get_mut(at)?.take());
    items.extend(sorted);
}

/// One page of what `order` makes of `items`, and how many there are in all. Only what is on the
/// page, or before it, is sorted.
pub(crate) fn first_of<T: Clone>(
    items: &[T],
    order: &OrderBy,
    key: impl Fn(&T, &str) -> Key,
    offset: Offset,
    limit: Limit,
) -> (Vec<T>, u64) {
    let end = offset.0.saturating_add(limit.0);
    let places = places(items, order, key, end).unwrap_or_else(|| (0..items.len()).collect());
    let wanted = places.into_iter().skip(offset.0).take(limit.0);
    let page = wanted.filter_map(|at| items.get(at).cloned()).collect();
    (page, items.len() as u64)
}

/// Where the first `n` are; none when there is no order.
fn places<T>(
    items: &[T],
    order: &OrderBy,
    key: impl Fn(&T, &str) -> Key,
    n: usize,
) -> Option<Vec<usize>> {
    let width = order.0.len();
    if width == 0 {
        return None;
    }
    let names = || order.0.iter().map(|(name, _)| name.as_str());
    let keys: Vec<Key> = items
        .iter()
        .flat_map(|item| names().map(|name| key(item, name)))
        .collect();
    let keys_of = |at: usize| keys.get(at * width..(at + 1) * width).unwrap_or_default();
    let compare = |a: &usize, b: &usize| {
        let pairs = keys_of(*a).iter().zip(keys_of(*b)).zip(&order.0);
        let mut orders = pairs.map(|((a, b), (_, descending))| a.compare(b, *descending));
        let first = orders.find(|order| order.is_ne());
        first.unwrap_or_else(|| a.cmp(b))
    };
    let mut places: Vec<usize> = (0..items.len()).collect();
    if n < places.len() {
        places.select_nth_unstable_by(n, compare);
        places.truncate(n);
    }
    places.sort_unstable_by(compare);
    Some(places)
}

/// One page, and how many there are in all.
pub(crate) fn cut<T>(items: Vec<T>, offset: Offset, limit: Limit) -> (Vec<T>, u64) {
    let total = items.len() as u64;
    (
        items.into_iter().skip(offset.0).take(limit.0).collect(),
        total,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_comes_last_in_both_directions() {
        let check = |order: &str, expected: [Option<i32>; 3]| {
            let mut items = vec![Some(2), None, Some(1)];
            sort(
                &mut items,
                &OrderBy::parse(&[order.to_owned()]),
                |item, _| item.map_or(Key::Nothing, Key::number),
            );
            assert_eq!(items, expected, "{order}");
        };
        check("n", [Some(1), Some(2), None]);
        check("-n", [Some(2), Some(1), None]);
        check("", [Some(2), None, Some(1)]);
    }
}
