//! The triggers' thread with a real clock.

use std::time::Instant;

use model::{MapIndex, RunNo, TaskNo};

use super::*;
use crate::{
    handle::{Inbox, Input, channel},
    testing::{Folder, WallClock},
};

fn deferral(trigger: Trigger) -> Deferral {
    Deferral {
        trigger,
        timeout: None,
        soft_fail: false,
        resume: None,
    }
}

fn key(n: u32) -> TiKey {
    TiKey {
        run: RunNo(1),
        task: TaskNo(n),
        map: MapIndex::NONE,
    }
}

fn fences(inbox: &Inbox, n: usize) -> Vec<u64> {
    let mut out = Vec::new();
    let until = Instant::now() + Duration::from_secs(20);
    while out.len() < n && Instant::now() < until {
        for input in inbox.take(Duration::from_millis(20)).inputs {
            if let Input::Report(report) = input {
                out.push(report.fence.0);
            }
        }
    }
    out
}

#[test]
fn ten_thousand_are_armed_and_fire_once_each_in_order() {
    let (handle, inbox) = channel();
    let clock = Arc::new(WallClock);
    let now = clock.now();
    let triggers = NativeTriggers::start(handle, clock).unwrap();
    let since = Instant::now();
    for n in (1..=10_000_u32).rev() {
        let at = now.plus(TimeDelta::from_micros(2_000_000 + i64::from(n) * 20));
        triggers.arm(key(n), Fence(n.into()), &deferral(Trigger::At(at)));
        triggers.arm(key(n), Fence(n.into()), &deferral(Trigger::At(at)));
    }
    assert!(since.elapsed() < Duration::from_secs(2));
    triggers.disarm(key(9_999), Fence(9_999));
    let fired = fences(&inbox, 9_999);
    assert_eq!(fired.len(), 9_999);
    let mut sorted = fired.clone();
    sorted.sort_unstable();
    sorted.dedup();
    assert_eq!(sorted.len(), 9_999);
    assert!(!fired.contains(&9_999));
    assert_eq!(triggers.armed(), 0);
}

#[test]
fn a_file_fires_once_it_is_there() {
    let folder = Folder::new();
    let (handle, inbox) = channel();
    let triggers = NativeTriggers::start(handle, Arc::new(WallClock)).unwrap();
    let path = folder.path().join("*.done").to_string_lossy().into_owned();
    let file = Trigger::File {
        path,
        recursive: false,
        poke_interval_us: 1,
    };
    triggers.arm(key(1), Fence(1), &deferral(file));
    assert!(inbox.take(Duration::from_millis(150)).inputs.is_empty());
    folder.write("x.done", "");
    assert_eq!(fences(&inbox, 1), [1]);
}
