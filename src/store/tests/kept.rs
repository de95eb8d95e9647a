//! Connections, and what tasks keep beside their XComs.

use model::{
    DeploymentId, MapIndex, RunNo, TaskNo, TiKey, Timestamp,
    change::{Change, Connection, Kept, KeptValue},
};
use serde_json::json;

use super::storage::Memory;
use crate::Options;

const DEPLOYMENT: DeploymentId = DeploymentId::DEFAULT;

fn key(run: u64, map: i32) -> TiKey {
    TiKey {
        run: RunNo(run),
        task: TaskNo(1),
        map: MapIndex(map),
    }
}

fn state(name: &str) -> Kept {
    Kept::State(name.to_owned())
}

#[test]
fn what_is_kept_is_found_by_its_key_and_goes_with_its_run() {
    let (store, mut writer) = crate::open_backend(Memory::default(), &Options::default()).unwrap();
    let value = |n: i64| KeptValue {
        value: json!({ "n": n }),
        expires_at: (n > 1).then(|| Timestamp::from_micros(n)),
    };
    let put = |key, what, n| Change::PutKept {
        key,
        what,
        value: value(n),
    };
    let shop = Connection {
        conn_id: "shop".to_owned(),
        conn_type: "http".to_owned(),
        sealed: vec![1, 2],
        description: Some("one".to_owned()),
    };
    let changes = [
        put(key(1, -1), Kept::Rendered, 1),
        put(key(1, -1), state("a"), 2),
        put(key(1, -1), state("b/c"), 3),
        put(key(1, 0), state("a"), 4),
        put(key(2, -1), state("a"), 5),
        Change::PutConnection(shop.clone()),
    ];
    writer.commit(DEPLOYMENT, &changes).unwrap();
    let book = store.snapshot(DEPLOYMENT).unwrap();
    let kept = |key, what: &Kept| book.kept(key, what).unwrap();
    assert_eq!(kept(key(1, -1), &Kept::Rendered), Some(value(1)));
    assert_eq!(kept(key(1, -1), &state("b/c")), Some(value(3)));
    assert_eq!(kept(key(1, 0), &state("a")), Some(value(4)));
    assert_eq!(kept(key(1, 0), &Kept::Rendered), None);
    assert_eq!(book.state_keys(key(1, -1)).unwrap(), ["a", "b/c"]);
    assert_eq!(book.connection("shop").unwrap(), Some(shop.clone()));
    assert_eq!(book.connections().unwrap(), [shop]);

    let changes = [
        Change::DeleteKept {
            key: key(1, 0),
            what: state("a"),
        },
        Change::DeleteRun { run: RunNo(1) },
        Change::DeleteConnection {
            conn_id: "shop".to_owned(),
        },
    ];
    writer.commit(DEPLOYMENT, &changes).unwrap();
    let book = store.snapshot(DEPLOYMENT).unwrap();
    assert!(book.state_keys(key(1, -1)).unwrap().is_empty());
    assert_eq!(book.kept(key(1, -1), &Kept::Rendered).unwrap(), None);
    assert_eq!(book.state_keys(key(2, -1)).unwrap(), ["a"]);
    assert!(book.connections().unwrap().is_empty());
}
