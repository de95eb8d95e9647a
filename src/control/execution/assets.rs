//! Assets: the book has none yet, and says so.

use model::execution::{Answer, AssetName, ErrorKind};

use super::{Planned, Wrong, now};

pub(super) fn get(asset: AssetName) -> Planned {
    let (name, value) = match asset {
        AssetName::Name(name) => ("name", name),
        AssetName::Uri(uri) => ("uri", uri),
    };
    now(Answer::Error {
        kind: ErrorKind::AssetNotFound,
        detail: [(name.to_owned(), value.into())].into_iter().collect(),
    })
}

pub(super) fn by_alias() -> Planned {
    let assets = Vec::new();
    now(Answer::AssetsByAliasResult { assets })
}

pub(super) fn events() -> Planned {
    let asset_events = Vec::new();
    now(Answer::AssetEventsResult { asset_events })
}

pub(super) fn inactive() -> Planned {
    let inactive_assets = Vec::new();
    now(Answer::InactiveAssetsResult { inactive_assets })
}

pub(super) fn get_state(key: String) -> Planned {
    now(Answer::Error {
        kind: ErrorKind::AssetStoreNotFound,
        detail: [("key".to_owned(), key.into())].into_iter().collect(),
    })
}

pub(super) fn set_state() -> Planned {
    Err(Wrong::new(501, "assets keep no state yet"))
}

pub(super) fn delete_state() -> Planned {
    now(Answer::OKResponse { ok: true })
}
