//! Priority weights by upstream's rules: each task above or below counts once.

use model::{dag::Task, state::WeightRule};

/// 512 tasks are looked at together.
const BLOCK_WORDS: usize = 8;
const BLOCK_TASKS: usize = BLOCK_WORDS * 64;
type Block = [u64; BLOCK_WORDS];

/// The weight of each task, kept within 32 bits as upstream's database column is.
pub(super) fn weights(tasks: &[Task]) -> Vec<i32> {
    let needs = |rule| tasks.iter().any(|task| task.weight_rule == rule);
    let below = if needs(WeightRule::Downstream) {
        sums(tasks, &Direction::Down)
    } else {
        Vec::new()
    };
    let above = if needs(WeightRule::Upstream) {
        sums(tasks, &Direction::Up)
    } else {
        Vec::new()
    };
    let of = |sums: &[i64], at: usize| sums.get(at).copied().unwrap_or(0);
    tasks
        .iter()
        .enumerate()
        .map(|(at, task)| {
            let own = i64::from(task.priority_weight);
            clamped(match task.weight_rule {
                WeightRule::Absolute => own,
                WeightRule::Downstream => own.saturating_add(of(&below, at)),
                WeightRule::Upstream => own.saturating_add(of(&above, at)),
            })
        })
        .collect()
}

enum Direction {
    Down,
    Up,
}

impl Direction {
    const fn next<'a>(&self, task: &'a Task) -> &'a Vec<usize> {
        match self {
            Self::Down => &task.downstream,
            Self::Up => &task.upstream,
        }
    }
    /// Positions so that those next to a task come before it.
    fn order(&self, n_tasks: usize) -> Box<dyn Iterator<Item = usize>> {
        match self {
            Self::Down => Box::new((0..n_tasks).rev()),
            Self::Up => Box::new(0..n_tasks),
        }
    }
}

/// For each task the sum of the own weights of all that can be reached from it.
fn sums(tasks: &[Task], direction: &Direction) -> Vec<i64> {
    let simple = tasks.iter().all(|task| direction.next(task).len() <= 1);
    if simple {
        return sums_of_chains(tasks, direction);
    }
    let mut sums = vec![0_i64; tasks.len()];
    let mut reached: Vec<Block> = vec![[0; BLOCK_WORDS]; tasks.len()];
    for first in (0..tasks.len()).step_by(BLOCK_TASKS) {
        reached.fill([0; BLOCK_WORDS]);
        let block = tasks.get(first..).unwrap_or_default();
        let weights: Vec<i64> = block
            .iter()
            .take(BLOCK_TASKS)
            .map(|task| i64::from(task.priority_weight))
            .collect();
        let uniform = weights.windows(2).all(|pair| pair.first() == pair.last());
        for at in direction.order(tasks.len()) {
            let Some(task) = tasks.get(at) else { continue };
            let mut mine = [0; BLOCK_WORDS];
            for &next in direction.next(task) {
                if let Some(other) = reached.get(next) {
                    mine.iter_mut().zip(other).for_each(|(a, b)| *a |= b);
                }
                set(&mut mine, next, first);
            }
            if let Some(sum) = sums.get_mut(at) {
                *sum = sum.saturating_add(weigh(&mine, &weights, uniform));
            }
            if let Some(place) = reached.get_mut(at) {
                *place = mine;
            }
        }
    }
    sums
}

fn set(block: &mut Block, task: usize, first: usize) {
    let Some(bit) = task.checked_sub(first) else {
        return;
    };
    if let Some(word) = block.get_mut(bit / 64) {
        *word |= 1 << (bit % 64);
    }
}

fn weigh(block: &Block, weights: &[i64], uniform: bool) -> i64 {
    if uniform {
        let n_reached: u32 = block.iter().map(|word| word.count_ones()).sum();
        return i64::from(n_reached).saturating_mul(weights.first().copied().unwrap_or(0));
    }
    let mut sum = 0_i64;
    for (&word, weights) in block.iter().zip(weights.chunks(64)) {
        let mut rest = word;
        while rest != 0 {
            let weight = weights.get(rest.trailing_zeros() as usize).copied();
            sum = sum.saturating_add(weight.unwrap_or(0));
            rest &= rest - 1;
        }
    }
    sum
}

fn sums_of_chains(tasks: &[Task], direction: &Direction) -> Vec<i64> {
    let mut sums = vec![0_i64; tasks.len()];
    for at in direction.order(tasks.len()) {
        let Some(&next) = tasks.get(at).and_then(|task| direction.next(task).first()) else {
            continue;
        };
        let own = tasks
            .get(next)
            .map_or(0, |task| i64::from(task.priority_weight));
        let total = sums.get(next).copied().unwrap_or(0).saturating_add(own);
        if let Some(place) = sums.get_mut(at) {
            *place = total;
        }
    }
    sums
}

fn clamped(weight: i64) -> i32 {
    i32::try_from(weight).unwrap_or(if weight < 0 { i32::MIN } else { i32::MAX })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::tests::parse_dag;

    #[test]
    fn each_task_below_or_above_counts_once() {
        for (rule, wanted) in [
            ("downstream", [15, 12, 13, 10, 5]),
            ("upstream", [1, 3, 4, 10, 15]),
            ("absolute", [1, 2, 3, 4, 5]),
        ] {
            let names = ["a", "b:a", "c:a", "d:b,c", "e:d"];
            let own = names.iter().zip(1..);
            let text: Vec<String> = own
                .map(|(name, own)| format!("{name} weight={own} weights={rule}"))
                .collect();
            let mut dag = parse_dag("d", &text.join("; "));
            dag.tasks[4].priority_weight = 5;
            let found = weights(&dag.tasks);
            let wanted: Vec<i32> = match rule {
                "downstream" => vec![15, 11, 12, 9, 5],
                _ => wanted.to_vec(),
            };
            assert_eq!(found, wanted, "{rule}");
        }
    }

    #[test]
    fn weights_are_kept_within_32_bits() {
        let dag = parse_dag(
            "d",
            "a weight=2147483647; b:a weight=2147483647; c:a weight=-5",
        );
        assert_eq!(weights(&dag.tasks), [i32::MAX, i32::MAX, -5]);
    }

    proptest! {
        #![proptest_config(ProptestConfig {
            cases: 20, failure_persistence: None, ..Default::default()
        })]
        #[test]
        fn blocks_equal_walking(seed in any::<u64>(), n_tasks in 1..1_300_usize) {
            let mut dag = parse_dag("d", "");
            let mut random = seed | 1;
            for at in 0..n_tasks {
                let mut task = crate::tests::bare_task(&format!("t{at}"));
                for _ in 0..2 {
                    random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                    let up = (random >> 33) as usize % (at + 1);
                    if up < at && !task.upstream.contains(&up) {
                        task.upstream.push(up);
                        dag.tasks[up].downstream.push(at);
                    }
                }
                task.priority_weight = i32::try_from(random % 7).unwrap();
                dag.tasks.push(task);
            }
            let found = sums(&dag.tasks, &Direction::Down);
            for (at, found) in found.into_iter().enumerate().step_by(37) {
                let mut seen = std::collections::BTreeSet::new();
                let mut todo = vec![at];
                while let Some(at) = todo.pop() {
                    todo.extend(dag.tasks[at].downstream.iter().filter(|at| seen.insert(**at)));
                }
                let wanted: i64 =
                    seen.iter().map(|at| i64::from(dag.tasks[*at].priority_weight)).sum();
                prop_assert_eq!(found, wanted);
            }
        }
    }
}
