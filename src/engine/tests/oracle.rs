//! What a real Airflow beside us did otherwise, each held by its number.

use super::World;

#[test]
fn s049_what_never_ran_began_when_it_ended() {
    let mut world = World::new();
    world.publish("d", "a; b:a; c:b rule=all_done");
    world.play("start; tick 1m; a run; tick 1m; a fail");
    let ended = |at: usize| {
        let ti = world.book.tis.values().nth(at).unwrap();
        (ti.state.as_str(), ti.start_date, ti.end_date)
    };
    assert_eq!(
        ended(1),
        ("upstream_failed", Some(world.now), Some(world.now))
    );
    assert_eq!(ended(0).0, "failed");
    assert!(ended(0).1 < ended(0).2, "its own dates stay");
}

#[test]
fn s011_setting_what_is_set_is_refused() {
    let mut world = World::new();
    world.publish("d", "a");
    world.play("start; a ok; mark r1.a success");
    assert_eq!(
        world.replies,
        ["RUN-040 task `a` is already in state `success`"]
    );
}
