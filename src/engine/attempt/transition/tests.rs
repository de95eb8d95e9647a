//! The table as a picture: one row for each state, one column for each event.
#![allow(clippy::too_many_lines, reason = "what is expected is data")]

use expect_test::expect;
use model::state::TaskInstanceState as State;

use super::{End, Event, Next, transition};

const EVENTS: [(&str, Event); 22] = [
    ("ready", Event::Ready),
    ("passed", Event::Passed),
    ("ruled_skipped", Event::RuledSkipped),
    ("ruled_failed", Event::RuledFailed),
    ("not_chosen", Event::NotChosen),
    ("queued", Event::Queued),
    ("started", Event::Started),
    ("succeeded", Event::Succeeded),
    ("failed", Event::Failed),
    ("retried", Event::Retried),
    ("skipped_itself", Event::SkippedItself),
    ("deferred", Event::Deferred),
    ("starts_deferred", Event::StartsDeferred),
    ("stuck", Event::Stuck),
    ("rescheduled", Event::Rescheduled),
    ("resumed", Event::Resumed),
    ("gone", Event::Gone),
    ("stopped", Event::Stopped(End::Skipped)),
    ("marked", Event::Marked(End::Success)),
    ("cleared", Event::Cleared),
    ("removed", Event::Removed),
    ("restored", Event::Restored),
];

#[test]
fn what_leads_where() {
    let mut out = String::new();
    for state in State::ALL {
        out += &format!("{state}\n");
        for (name, event) in EVENTS {
            match transition(*state, event) {
                Next::To(to) => out += &format!("    {name} -> {to}\n"),
                Next::Same => out += &format!("    {name} again\n"),
                Next::Refused => {}
            }
        }
    }
    expect![[r#"
        no_status
            ready -> scheduled
            passed -> success
            ruled_skipped -> skipped
            ruled_failed -> upstream_failed
            not_chosen -> skipped
            starts_deferred -> deferred
            stopped -> skipped
            marked -> success
            cleared -> no_status
            removed -> removed
            restored again
        removed
            cleared -> no_status
            removed again
            restored -> no_status
        scheduled
            ready again
            not_chosen -> skipped
            queued -> queued
            stopped -> skipped
            marked -> success
            cleared -> no_status
            removed -> removed
            restored again
        queued
            not_chosen -> skipped
            queued again
            started -> running
            succeeded -> success
            failed -> failed
            retried -> up_for_retry
            skipped_itself -> skipped
            deferred -> deferred
            stuck -> scheduled
            rescheduled -> up_for_reschedule
            stopped -> skipped
            marked -> success
            cleared -> no_status
            removed -> removed
            restored again
        running
            started again
            succeeded -> success
            failed -> failed
            retried -> up_for_retry
            skipped_itself -> skipped
            deferred -> deferred
            rescheduled -> up_for_reschedule
            stopped -> skipped
            marked -> success
            cleared -> restarting
            removed -> removed
            restored again
        success
            marked -> success
            cleared -> no_status
            removed -> removed
            restored again
        restarting
            not_chosen -> skipped
            started again
            gone -> no_status
            stopped -> skipped
            marked -> success
            cleared again
            removed -> removed
            restored again
        failed
            marked -> success
            cleared -> no_status
            removed -> removed
            restored again
        up_for_retry
            ready -> scheduled
            passed -> success
            ruled_skipped -> skipped
            ruled_failed -> upstream_failed
            not_chosen -> skipped
            starts_deferred -> deferred
            stopped -> skipped
            marked -> success
            cleared -> no_status
            removed -> removed
            restored again
        up_for_reschedule
            ready -> scheduled
            passed -> success
            ruled_skipped -> skipped
            ruled_failed -> upstream_failed
            not_chosen -> skipped
            starts_deferred -> deferred
            stopped -> skipped
            marked -> success
            cleared -> no_status
            removed -> removed
            restored again
        upstream_failed
            not_chosen -> skipped
            marked -> success
            cleared -> no_status
            removed -> removed
            restored again
        skipped
            marked -> success
            cleared -> no_status
            removed -> removed
            restored again
        deferred
            not_chosen -> skipped
            succeeded -> success
            failed -> failed
            retried -> up_for_retry
            skipped_itself -> skipped
            deferred again
            resumed -> scheduled
            stopped -> skipped
            marked -> success
            cleared -> no_status
            removed -> removed
            restored again
        awaiting_input
            not_chosen -> skipped
            succeeded -> success
            failed -> failed
            retried -> up_for_retry
            skipped_itself -> skipped
            deferred again
            resumed -> scheduled
            stopped -> skipped
            marked -> success
            cleared -> no_status
            removed -> removed
            restored again
    "#]]
    .assert_eq(&out);
}

#[test]
fn only_a_persons_word_or_the_version_leaves_a_finished_state() {
    for state in State::ALL.iter().filter(|state| state.is_finished()) {
        for (name, event) in EVENTS {
            let by_hand = matches!(
                event,
                Event::Marked(_) | Event::Cleared | Event::Removed | Event::Restored
            );
            let branch = *state == State::UpstreamFailed && event == Event::NotChosen;
            let next = transition(*state, event);
            let stays = matches!(next, Next::Refused | Next::Same);
            assert!(stays || by_hand || branch, "{state} {name}");
        }
    }
}
