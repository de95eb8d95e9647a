//! Version 1: counts of task instances and runs are kept, and runs are found by the states of their
//! task instances. Version 0 had none of these tables; they follow from the others.

use redb::{ReadableTable, WriteTransaction};

use crate::{
    commit::tally::{TI_STATES, Tally},
    error::Fault,
    records::{self, chunk::Chunk, counts, run::RunRecord, ti, word::Word},
    tables::{self, key, runs_by_ti_state},
};
use model::{DeploymentId, RunNo};

pub(super) fn count_task_instances(txn: &WriteTransaction) -> Result<(), Fault> {
    let runs = txn.open_table(tables::runs::TABLE)?;
    let chunks = txn.open_table(tables::task_instances::TABLE)?;
    let mut run_tallies = txn.open_table(tables::run_tallies::TABLE)?;
    let mut by_state = txn.open_table(runs_by_ti_state::TABLE)?;
    let mut tally: Option<(DeploymentId, Tally)> = None;
    let mut done = Vec::new();
    for row in runs.iter()? {
        let (key, value) = row?;
        let mut split = key::Split(key.value());
        let (deployment, no) = (DeploymentId(split.u32()), split.run());
        if tally.as_ref().is_none_or(|(of, _)| *of != deployment) {
            done.extend(tally.replace((deployment, Tally::default())));
        }
        let Some((_, tally)) = &mut tally else {
            continue;
        };
        let run = records::decode::<RunRecord>(value.value())?.into_run(no)?;
        tally.run(run.dag, run.state, 1);
        let counts = count(&chunks, deployment, no)?;
        tally.task_instances(run.dag, &counts.map(u64::cast_signed));
        let mut bytes = key::b(run.dag).to_vec();
        counts::encode(&counts, &mut bytes);
        run_tallies.insert(&tables::run_tallies::key(deployment, no), bytes.as_slice())?;
        for (code, of) in runs_by_ti_state::CODES {
            let mut each = model::state::TaskInstanceState::ALL.iter().zip(counts);
            if each.any(|(state, n)| n > 0 && of(*state)) {
                by_state.insert(&runs_by_ti_state::key(deployment, code, no), [].as_slice())?;
            }
        }
    }
    done.extend(tally);
    for (deployment, tally) in done {
        tally.write(txn, deployment)?;
    }
    Ok(())
}

fn count(
    chunks: &impl ReadableTable<&'static [u8; 20], &'static [u8]>,
    deployment: DeploymentId,
    run: RunNo,
) -> Result<[u64; TI_STATES], Fault> {
    let mut counts = [0; TI_STATES];
    let (deployment, run) = (key::b(deployment), key::b(run));
    let of = [deployment.as_slice(), run.as_slice()];
    let (first, last) = (key::first(&of), key::last(&of));
    for row in chunks.range::<&[u8; 20]>(&first..=&last)? {
        let (_, value) = row?;
        let mut chunk = Chunk::new(value.value())?;
        while let Some((_, bytes)) = chunk.next()? {
            let state = usize::from(ti::state(bytes)?.code());
            if let Some(n) = counts.get_mut(state) {
                *n += 1;
            }
        }
    }
    Ok(counts)
}
