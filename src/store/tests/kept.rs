//! Connections, what tasks keep beside their XComs, what they ask, and callbacks that are owed.

use model::{
    DeploymentId, Fence, JsonMap, MapIndex, RunNo, TaskNo, TiKey, Timestamp,
    callback::{Call, OwedCallback},
    change::{Change, Connection, Kept, KeptValue},
    execution::HitlUser,
    human::{HumanInput, HumanResponse},
    state::TaskInstanceState,
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
        updated_at: (n > 2).then(|| Timestamp::from_micros(n)),
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

#[test]
fn callbacks_are_found_in_the_order_in_which_they_came_to_be() {
    let (store, mut writer) = crate::open_backend(Memory::default(), &Options::default()).unwrap();
    let calls = [
        Call::Dag {
            run: RunNo(3),
            is_failure: true,
            reason: "task_failure".to_owned(),
            relevant: Some(key(3, -1)),
        },
        Call::Task {
            key: key(3, 2),
            try_number: 2,
            to: TaskInstanceState::UpForRetry,
            message: "gone".to_owned(),
        },
        Call::Email {
            key: key(3, 2),
            try_number: 2,
            is_failure: true,
            message: "gone".to_owned(),
        },
        Call::Deadline {
            run: RunNo(3),
            id: "u".to_owned(),
            name: None,
            due: Timestamp::from_micros(5),
            callback: json!({"path": "p"}),
        },
    ];
    let owed: Vec<OwedCallback> = (300..)
        .zip(calls)
        .map(|(no, call)| OwedCallback {
            no: Fence(no),
            at: Timestamp::from_micros(9),
            call,
        })
        .collect();
    let puts: Vec<Change> = owed
        .iter()
        .cloned()
        .rev()
        .map(Change::PutCallback)
        .collect();
    writer.commit(DEPLOYMENT, &puts).unwrap();
    let found = || {
        store
            .snapshot(DEPLOYMENT)
            .unwrap()
            .owed_callbacks()
            .unwrap()
    };
    assert_eq!(found(), owed);
    let done = [Change::DeleteCallback { no: Fence(301) }];
    writer.commit(DEPLOYMENT, &done).unwrap();
    assert_eq!(found(), [&owed[..1], &owed[2..]].concat());
}

#[test]
fn questions_to_people_are_found_by_try_and_by_run_and_go_with_their_run() {
    let (store, mut writer) = crate::open_backend(Memory::default(), &Options::default()).unwrap();
    let ada = HitlUser {
        id: "ada".to_owned(),
        name: "Ada".to_owned(),
    };
    let input = |key, try_number| HumanInput {
        key,
        try_number,
        created_at: Timestamp::from_micros(1),
        options: vec!["yes".to_owned(), "no".to_owned()],
        subject: "Well?".to_owned(),
        body: Some("# Say".to_owned()),
        defaults: Some(vec!["no".to_owned()]),
        multiple: true,
        params: JsonMap::from_iter([("p".to_owned(), json!({"value": 1}))]),
        assigned_users: vec![ada.clone()],
        response: (try_number > 1).then(|| HumanResponse {
            at: Timestamp::from_micros(2),
            by: (try_number > 2).then(|| ada.clone()),
            chosen_options: vec!["yes".to_owned()],
            params_input: JsonMap::from_iter([("p".to_owned(), json!(2))]),
        }),
    };
    let all = [
        input(key(2, -1), 1),
        input(key(1, 0), 3),
        input(key(1, -1), 2),
        input(key(1, -1), 1),
    ];
    let puts: Vec<Change> = all
        .iter()
        .cloned()
        .rev()
        .map(|input| Change::PutHumanInput(Box::new(input)))
        .collect();
    writer.commit(DEPLOYMENT, &puts).unwrap();
    let book = store.snapshot(DEPLOYMENT).unwrap();
    assert_eq!(book.human_inputs(None).unwrap(), all);
    assert_eq!(book.human_inputs(Some(RunNo(1))).unwrap(), all[1..]);
    let one = book.human_input(key(1, -1), 2).unwrap();
    assert_eq!(one.as_ref(), Some(&all[2]));
    assert_eq!(book.human_input(key(1, -1), 3).unwrap(), None);
    writer
        .commit(DEPLOYMENT, &[Change::DeleteRun { run: RunNo(1) }])
        .unwrap();
    let book = store.snapshot(DEPLOYMENT).unwrap();
    assert_eq!(book.human_inputs(None).unwrap(), all[..1]);
}
