//! The truth table that a real Airflow 3.3.2 gave, and what rules say before all upstream has
//! ended.

use model::state::{TaskInstanceState as State, TriggerRule};

use super::{Counts, Tally, Verdict, evaluate};

fn upstream(states: &str, n_tasks: u32) -> Tally {
    let mut counts = Counts::default();
    for letter in states.chars() {
        let state = match letter {
            's' => State::Success,
            'f' => State::Failed,
            'k' => State::Skipped,
            'u' => State::UpstreamFailed,
            _ => unreachable!("{letter}"),
        };
        counts.count(state, false, true);
    }
    Tally {
        n_tasks,
        n_setups: 0,
        counts,
    }
}

fn letter(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Wait => "-",
        Verdict::Ready => "S",
        Verdict::Skip => "K",
        Verdict::UpstreamFailed => "U",
        Verdict::Remove => "R",
    }
}

const PAIRS: [&str; 10] = ["ss", "sf", "sk", "su", "ff", "fk", "fu", "kk", "ku", "uu"];

/// `all_success` of `ku` was seen as K (the skip came first) and may be U: failure wins here, since
/// both have ended when the rule is looked at.
const TABLE: [(&str, &str); 13] = [
    ("all_success", "S U K U U U U K U U"),
    ("all_failed", "K K K K S K S K K S"),
    ("all_done", "S S S S S S S S S S"),
    ("always", "S S S S S S S S S S"),
    ("all_done_setup_success", "S S S S S S S S S S"),
    ("all_done_min_one_success", "S S K S U K U K K U"),
    ("one_success", "S S S S U U U K U U"),
    ("one_failed", "K S K S S S S K S S"),
    ("one_done", "S S S S S S S K K K"),
    ("none_failed", "S U S U U U U S U U"),
    ("none_failed_min_one_success", "S U S U U U U K U U"),
    ("none_skipped", "S S K S S K S K K S"),
    ("all_skipped", "K K K K K K K S K K"),
];

#[test]
fn s049_to_s061_all_rules_over_all_pairs() {
    assert_eq!(TABLE.len(), TriggerRule::ALL.len());
    for (rule, wanted) in TABLE {
        let rule = TriggerRule::parse(rule).unwrap();
        let found = PAIRS
            .map(|pair| letter(evaluate(rule, &upstream(pair, 2))))
            .join(" ");
        assert_eq!(found, wanted, "{rule}");
    }
}

/// One of two upstream tasks has ended: in s, f, k, u; then none has.
const EARLY: [(&str, &str); 13] = [
    ("all_success", "- U K U -"),
    ("all_failed", "K - K - -"),
    ("all_done", "- - - - -"),
    ("always", "S S S S S"),
    ("all_done_setup_success", "- - - - -"),
    ("all_done_min_one_success", "- - K - -"),
    ("one_success", "S - - - -"),
    ("one_failed", "- S - S -"),
    ("one_done", "S S - - -"),
    ("none_failed", "- U - U -"),
    ("none_failed_min_one_success", "- U - U -"),
    ("none_skipped", "- - K - -"),
    ("all_skipped", "K K - K -"),
];

#[test]
fn rules_before_all_upstream_has_ended() {
    for (rule, wanted) in EARLY {
        let rule = TriggerRule::parse(rule).unwrap();
        let states = ["s", "f", "k", "u", ""];
        let found = states
            .map(|states| letter(evaluate(rule, &upstream(states, 2))))
            .join(" ");
        assert_eq!(found, wanted, "{rule}");
    }
}

#[test]
fn s048_no_upstream_is_always_ready() {
    for rule in TriggerRule::ALL {
        assert_eq!(evaluate(*rule, &upstream("", 0)), Verdict::Ready, "{rule}");
    }
}

#[test]
fn teardowns_look_at_their_setups() {
    let rule = TriggerRule::AllDoneSetupSuccess;
    let mut both = upstream("fs", 2);
    both.n_setups = 1;
    assert_eq!(
        evaluate(rule, &both),
        Verdict::UpstreamFailed,
        "the setup failed"
    );
    both.counts.setup_success = 1;
    assert_eq!(evaluate(rule, &both), Verdict::Ready, "the work failed");
    let mut skipped = upstream("sk", 2);
    skipped.n_setups = 1;
    skipped.counts.setup_skipped = 1;
    assert_eq!(evaluate(rule, &skipped), Verdict::Skip);
}

/// What upstream's own rules say of all ends of one, two and three upstream tasks, in the order of
/// [`ends`]: s, f, k, u, removed and not ended.
const UPSTREAM: [(&str, &str); 13] = [
    (
        "all_success",
        "SUKUS-SUKUS-UUUUUKUKKUUUS--SUKUS-UUUUUKUKK\
         UUUS--UUUUUUUUUUUUUUUKUKKUUUKKKUUUUUUS---",
    ),
    (
        "all_failed",
        "KSKSS-KKKKKKSKSS-KKKKSS-S--KKKKKKKKKKKKKKK\
         KKKKKKSKSS-KKKKSS-S--KKKKKKKKKKSS-S--S---",
    ),
    (
        "all_done",
        "SSSSS-SSSSS-SSSS-SSS-SS-S--SSSSS-SSSS-SSS-\
         SS-S--SSSS-SSS-SS-S--SSS-SS-S--SS-S--S---",
    ),
    (
        "all_done_min_one_success",
        "SUKUU-SSKSS-UKUU-KKKKUU-U--SSKSS-SKSS-KKKK\
         SS-S--UKUU-KKKKUU-U--KKKKKKKKKKUU-U--U---",
    ),
    (
        "all_done_setup_success",
        "SSSSS-SSSSS-SSSS-SSS-SS-S--SSSSS-SSSS-SSS-\
         SS-S--SSSS-SSS-SS-S--SSS-SS-S--SS-S--S---",
    ),
    (
        "one_success",
        "SUKUU-SSSSSSUUUU-KUU-UU-U--SSSSSSSSSSSSSSS\
         SSSSSSUUUU-UUU-UU-U--KUU-UU-U--UU-U--U---",
    ),
    (
        "one_failed",
        "KSKSK-KSKSK-SSSSSKSK-SSSK--KSKSK-SSSSSKSK-\
         SSSK--SSSSSSSSSSSSSSSKSK-SSSK--SSSSSSK---",
    ),
    (
        "one_done",
        "SSKKK-SSSSSSSSSSSKKK-KK-K--SSSSSSSSSSSSSSS\
         SSSSSSSSSSSSSSSSSSSSSKKK-KK-K--KK-K--K---",
    ),
    (
        "none_failed",
        "SUSUS-SUSUS-UUUUUSUS-UUUS--SUSUS-UUUUUSUS-\
         UUUS--UUUUUUUUUUUUUUUSUS-UUUS--UUUUUUS---",
    ),
    (
        "none_skipped",
        "SSKSS-SSKSS-SKSS-KKKKSS-S--SSKSS-SKSS-KKKK\
         SS-S--SKSS-KKKKSS-S--KKKKKKKKKKSS-S--S---",
    ),
    (
        "always",
        "SSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSS\
         SSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSS",
    ),
    (
        "none_failed_min_one_success",
        "SUKUU-SUSUS-UUUUUKUU-UUUU--SUSUS-UUUUUSUS-\
         UUUS--UUUUUUUUUUUUUUUKUU-UUUU--UUUUUUU---",
    ),
    (
        "all_skipped",
        "KKSK--KKKKKKKKKKKSK--KKK---KKKKKKKKKKKKKKK\
         KKKKKKKKKKKKKKKKKKKKKSK--KKK---KKKKKK----",
    ),
];

/// The same for a teardown whose first upstream task is its setup; here the order counts.
const TEARDOWN: &str = "\
    SUKUU-SSSSS-UUUUU-KKKKK-UUUUU-UUUUU-------SSSSS-SSSSS-SSSSS-SSSSS-SSSSS-------UUUUU-\
    UUUUU-UUUUU-UUUUU-UUUUU-------KKKKK-KKKKK-KKKKK-KKKKK-KKKKK-------UUUUU-UUUUU-UUUUU-\
    UUUUU-UUUUU-------UUUUU-UUUUU-UUUUU-UUUUU-UUUUU-------------------------------------\
    ------\
    ";

const LETTERS: [char; 6] = ['s', 'f', 'k', 'u', 'r', '-'];

/// All ends of `n` tasks; those that differ in order alone once, unless `ordered`.
fn ends(n: usize, ordered: bool) -> Vec<Vec<usize>> {
    let mut found = vec![Vec::new()];
    for _ in 0..n {
        let longer = |ends: &Vec<usize>| {
            let from = ends.last().copied().filter(|_| !ordered).unwrap_or(0);
            let ends = ends.clone();
            (from..LETTERS.len()).map(move |next| [ends.clone(), vec![next]].concat())
        };
        found = found.iter().flat_map(longer).collect();
    }
    found
}

fn verdicts(rule: TriggerRule, n_setups: u32) -> String {
    let of = |ends: Vec<usize>| {
        let mut counts = Counts::default();
        for (at, letter) in ends.iter().enumerate() {
            let state = match LETTERS[*letter] {
                's' => State::Success,
                'f' => State::Failed,
                'k' => State::Skipped,
                'u' => State::UpstreamFailed,
                'r' => State::Removed,
                _ => continue,
            };
            counts.count(state, at < n_setups as usize, true);
        }
        let n_tasks = u32::try_from(ends.len()).unwrap();
        letter(evaluate(
            rule,
            &Tally {
                n_tasks,
                n_setups,
                counts,
            },
        ))
    };
    let all = (1..=3).flat_map(|n| ends(n, n_setups > 0));
    all.map(of).collect()
}

#[test]
fn s061_all_rules_over_all_ends_of_three() {
    for (rule, wanted) in UPSTREAM {
        let found = verdicts(TriggerRule::parse(rule).unwrap(), 0);
        assert_eq!(found, wanted, "{rule}");
    }
    assert_eq!(verdicts(TriggerRule::AllDoneSetupSuccess, 1), TEARDOWN);
}
