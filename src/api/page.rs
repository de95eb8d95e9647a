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
    if order.0.is_empty() {
        return;
    }
    let keys = |item: &T| -> Vec<Key> { order.0.iter().map(|(name, _)| key(item, name)).collect() };
    let mut keyed: Vec<(Vec<Key>, T)> = items.drain(..).map(|item| (keys(&item), item)).collect();
    keyed.sort_by(|(a, _), (b, _)| {
        let pairs = a.iter().zip(b).zip(&order.0);
        let orders = pairs.map(|((a, b), (_, descending))| a.compare(b, *descending));
        orders
            .into_iter()
            .find(|order| order.is_ne())
            .unwrap_or(Ordering::Equal)
    });
    items.extend(keyed.into_iter().map(|(_, item)| item));
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
