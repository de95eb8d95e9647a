//! Rows of a table from one key to another, either way.

use redb::AccessGuard;

use super::{Snapshot, page::Order};
use crate::{
    error::ReadError,
    tables::{Fixed, Named, key},
};

/// A row whose key has `N` bytes.
pub(super) type Row<const N: usize> = ([u8; N], AccessGuard<'static, &'static [u8]>);

impl Snapshot {
    /// Rows from `first` to `last`, both inclusive.
    pub(super) fn rows<const N: usize>(
        &self,
        table: Fixed<N>,
        first: [u8; N],
        last: [u8; N],
        order: Order,
    ) -> Result<impl Iterator<Item = Result<Row<N>, ReadError>> + use<N>, ReadError> {
        let table = self.txn.open_table(table)?;
        // An empty span is no error here: redb would take it as one.
        let last = last.max(first);
        let range = table.range::<&[u8; N]>(&first..=&last)?;
        Ok(either(range, order).map(|row| {
            let (key, value) = row?;
            Ok((*key.value(), value))
        }))
    }

    /// All rows of the deployment whose key begins with these parts, in order.
    pub(super) fn rows_of<const N: usize>(
        &self,
        table: Fixed<N>,
        parts: &[&[u8]],
        order: Order,
    ) -> Result<impl Iterator<Item = Result<Row<N>, ReadError>> + use<N>, ReadError> {
        let deployment = key::b(self.deployment);
        let parts = [deployment.as_slice(), &parts.concat()];
        self.rows(table, key::first(&parts), key::last(&parts), order)
    }

    /// The keys from `first` to `last`, both inclusive.
    pub(super) fn named_keys(
        &self,
        table: Named,
        first: &[u8],
        last: &[u8],
        order: Order,
    ) -> Result<impl Iterator<Item = Result<Vec<u8>, ReadError>> + use<>, ReadError> {
        let table = self.txn.open_table(table)?;
        let range = table.range::<&[u8]>(first..=last)?;
        Ok(either(range, order).map(|row| Ok(row?.0.value().to_vec())))
    }

    /// Calls `each` with the name and the value of all rows whose key begins with these parts.
    pub(super) fn names<T>(
        &self,
        table: Named,
        parts: &[&[u8]],
        mut each: impl FnMut(&[u8], &[u8]) -> Result<T, ReadError>,
    ) -> Result<Vec<T>, ReadError> {
        let mut prefix = key::b(self.deployment).to_vec();
        prefix.extend(parts.iter().copied().flatten());
        let end = key::after(&prefix);
        let table = self.txn.open_table(table)?;
        let mut all = Vec::new();
        for row in table.range::<&[u8]>(prefix.as_slice()..end.as_slice())? {
            let (key, value) = row?;
            let rest = key.value().get(prefix.len()..).unwrap_or_default();
            all.push(each(rest, value.value())?);
        }
        Ok(all)
    }
}

fn either<I: DoubleEndedIterator>(range: I, order: Order) -> impl Iterator<Item = I::Item> {
    let (mut forward, mut backward) = match order {
        Order::Ascending => (Some(range), None),
        Order::Descending => (None, Some(range.rev())),
    };
    std::iter::from_fn(move || match (&mut forward, &mut backward) {
        (Some(range), _) => range.next(),
        (None, Some(range)) => range.next(),
        (None, None) => None,
    })
}
