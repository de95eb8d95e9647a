//! What the scheduler writes into the audit log by itself.

use expect_test::{Expect, expect};
use model::{
    AuditNo,
    audit::AuditEntry,
    command::{Command, Reply},
};

use super::World;

impl World {
    /// The audit log, a line for each entry.
    pub fn show_audit(&self) -> String {
        let mut text = String::new();
        for entry in self.book.audit.values() {
            let AuditEntry {
                event,
                dag_id,
                task_id,
                run_id,
                map_index,
                try_number,
                logical_date: _,
                owner,
                owner_display_name: _,
                extra,
            } = entry;
            text += event;
            for name in [dag_id, run_id, task_id].into_iter().flatten() {
                text += &format!(" {name}");
            }
            if let Some(index) = map_index {
                text += &format!("[{index}]");
            }
            if let Some(n) = try_number {
                text += &format!("#{n}");
            }
            if let Some(owner) = owner {
                text += &format!(" by {owner}");
            }
            text += &format!(": {}\n", extra.as_deref().unwrap_or("-"));
        }
        text
    }
}

fn check(dag: &str, play: &str, expected: Expect) -> World {
    let mut world = World::new();
    world.publish("d", dag);
    world.play(play);
    expected.assert_eq(&world.show_audit());
    world
}

#[test]
fn s034_a_pause_after_failures_is_in_the_audit_log() {
    check(
        "!failures=2; a",
        "start 2025-12-01; r1.a fail; start 2025-12-02; r2.a fail; start 2025-12-03",
        expect![[r#"
            paused d by scheduler: [('dag_id', 'd'), ('is_paused', True)]
        "#]],
    );
}

#[test]
fn s071_what_fail_fast_ends_is_in_the_audit_log() {
    check(
        "!fail_fast=yes; a; b; c:b; d; t:c teardown=yes",
        "start; b run; d ok; a fail",
        expect![[r#"
            fail task d r1 b[-1]#1: `a` failed and the dag is fail_fast
            skip task d r1 c[-1]#0: `a` failed and the dag is fail_fast
        "#]],
    );
}

#[test]
fn s105_a_silent_task_is_in_the_audit_log() {
    check(
        "a kind=python retries=1; m expand=2",
        "start 2025-12-01; a run; a lost; m[1] run; m[1] lost",
        expect![[r#"
            heartbeat timeout d r1 a[-1]#1: the worker is gone
            heartbeat timeout d r1 m[1]#1: the worker is gone
        "#]],
    );
}

#[test]
fn s106_a_task_whose_process_is_gone_is_in_the_audit_log() {
    check(
        "a retries=1; b",
        "start; a run; a killed; b lost",
        expect![[r#"
            state mismatch d r1 a[-1]#1: the process was ended from outside
            state mismatch d r1 b[-1]#1: the worker is gone
        "#]],
    );
}

#[test]
fn s107_a_task_that_stays_queued_is_in_the_audit_log() {
    check(
        "a",
        "start; tick 10m; tick 10m; tick 10m",
        expect![[r#"
        stuck in queued reschedule d r1 a[-1]#1: it was queued for 600 s (task_queued_timeout) and did not begin
        stuck in queued reschedule d r1 a[-1]#1: it was queued for 600 s (task_queued_timeout) and did not begin
        stuck in queued tries exceeded d r1 a[-1]#1: it was queued anew 2 times (num_stuck_in_queued_retries)
    "#]],
    );
}

#[test]
fn the_normal_life_of_a_task_leaves_no_entry() {
    check(
        "a; b:a retries=2 delay=1m; c:b",
        "start; a run; a ok; b run; b fail; tick 61s; b run; b ok; c skip",
        expect![[""]],
    );
}

#[test]
fn s155_entries_outlive_their_dag() {
    let mut world = check(
        "!failures=1; a",
        "start; a fail",
        expect![[r#"
            paused d by scheduler: [('dag_id', 'd'), ('is_paused', True)]
        "#]],
    );
    let delete = Command::DeleteDag { dag_id: "d".into() };
    assert!(matches!(world.ask(delete), Reply::Done));
    assert!(world.book.dags.is_empty());
    assert_eq!(world.book.audit.len(), 1);
}

#[test]
fn numbers_are_times_and_never_meet() {
    let mut world = World::new();
    let entry = |event: &str| Command::Audit(Box::new(AuditEntry::new(event)));
    world.ask(entry("one"));
    world.ask(entry("two"));
    world.play("restart");
    world.ask(entry("three"));
    let first = AuditNo::first_at(world.now);
    let numbers: Vec<AuditNo> = world.book.audit.keys().copied().collect();
    assert_eq!(numbers, [first, first.next(), first.next().next()]);
    world.play("tick 1s");
    let extra = Some("ü".repeat(10_000));
    let long = AuditEntry {
        extra,
        ..AuditEntry::new("x".repeat(100))
    };
    world.ask(Command::Audit(Box::new(long)));
    let (no, last) = world.book.audit.last_key_value().unwrap();
    assert_eq!((no.at(), last.event.len()), (world.now, 60));
    assert_eq!(last.extra.as_ref().map(String::len), Some(16 * 1024));
    let entries = vec![first];
    world.ask(Command::PruneAudit { entries });
    assert_eq!(world.book.audit.len(), 3);
}
