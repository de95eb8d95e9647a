//! The priority of tasks: their own weight and, by their rule, the weights below or above them.

use model::{dag::Dag, state::WeightRule};

/// Tasks whose reach is worked out at once: the bits of a word.
const BLOCK: usize = 64;

/// The effective priority weight of the task at a position.
#[must_use]
pub fn priority_weight(dag: &Dag, at: usize) -> i32 {
    let Some(task) = dag.tasks.get(at) else {
        return 0;
    };
    let own = i64::from(task.priority_weight);
    let down = match task.weight_rule {
        WeightRule::Absolute => return task.priority_weight,
        WeightRule::Downstream => true,
        WeightRule::Upstream => false,
    };
    let mut seen = vec![false; dag.tasks.len()];
    let mut open = vec![at];
    let mut sum = own;
    while let Some(task) = open.pop().and_then(|at| dag.tasks.get(at)) {
        for next in if down {
            &task.downstream
        } else {
            &task.upstream
        } {
            if let Some(seen) = seen.get_mut(*next)
                && !std::mem::replace(seen, true)
            {
                sum += dag
                    .tasks
                    .get(*next)
                    .map_or(0, |task| i64::from(task.priority_weight));
                open.push(*next);
            }
        }
    }
    clamp(sum)
}

/// Of all tasks, by position. Tasks are in topological order, so for each block of tasks one pass
/// over the edges tells who reaches them.
#[must_use]
pub fn priority_weights(dag: &Dag) -> Vec<i32> {
    let n = dag.tasks.len();
    let mut sums: Vec<i64> = dag
        .tasks
        .iter()
        .map(|t| i64::from(t.priority_weight))
        .collect();
    for first in (0..n).step_by(BLOCK) {
        let block = dag
            .tasks
            .get(first..n.min(first + BLOCK))
            .unwrap_or_default();
        let weights: Vec<i64> = block.iter().map(|t| i64::from(t.priority_weight)).collect();
        // Who is above the block adds it as downstream, who is below as upstream.
        let below = reach(dag, first, true);
        let above = reach(dag, first, false);
        for ((task, sum), (below, above)) in dag
            .tasks
            .iter()
            .zip(&mut sums)
            .zip(below.into_iter().zip(above))
        {
            match task.weight_rule {
                WeightRule::Absolute => {}
                WeightRule::Downstream => *sum += weigh(below, &weights),
                WeightRule::Upstream => *sum += weigh(above, &weights),
            }
        }
    }
    sums.into_iter().map(clamp).collect()
}

/// For each task, which tasks of the block that begins at `first` it reaches.
fn reach(dag: &Dag, first: usize, down: bool) -> Vec<u64> {
    let mut bits = vec![0_u64; dag.tasks.len()];
    let mut visit = |at: usize| {
        let Some(task) = dag.tasks.get(at) else {
            return;
        };
        let mut all = 0;
        for next in if down {
            &task.downstream
        } else {
            &task.upstream
        } {
            all |= bits.get(*next).copied().unwrap_or(0);
            if let Some(bit) = next.checked_sub(first).filter(|bit| *bit < BLOCK) {
                all |= 1 << bit;
            }
        }
        if let Some(own) = bits.get_mut(at) {
            *own = all;
        }
    };
    if down {
        (0..dag.tasks.len()).rev().for_each(&mut visit);
    } else {
        (0..dag.tasks.len()).for_each(&mut visit);
    }
    bits
}

fn weigh(mut bits: u64, weights: &[i64]) -> i64 {
    let mut sum = 0;
    while bits != 0 {
        sum += weights
            .get(bits.trailing_zeros() as usize)
            .copied()
            .unwrap_or(0);
        bits &= bits - 1;
    }
    sum
}

fn clamp(sum: i64) -> i32 {
    i32::try_from(sum.clamp(i32::MIN.into(), i32::MAX.into())).unwrap_or(i32::MAX)
}
