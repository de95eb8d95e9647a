//! What is checked before a run is asked for.

use model::{
    Json,
    backfill::BackfillAsk,
    change::DagRow,
    command::{Refusal, RefusalKind},
};
use store::ReadError;

use crate::{dag_cache::DagError, params, reader::Reader};

/// The dag's row, if a run with this conf may be asked for.
///
/// # Errors
/// When there is no such dag, or its params do not fit.
pub(crate) fn check(reader: &Reader, dag_id: &str, conf: &Json) -> Result<DagRow, Refusal> {
    let read = |e: ReadError| unreadable(&e.into());
    let book = reader.snapshot().map_err(read)?;
    let row = match book.dag_no(dag_id).map_err(read)? {
        Some(no) => book.dag(no).map_err(read)?,
        None => None,
    };
    let Some(row) = row else {
        let message = format!("there is no dag `{dag_id}`");
        return Err(Refusal {
            kind: RefusalKind::NotFound,
            code: "CTL-012",
            message,
        });
    };
    let dag = reader
        .dags
        .get(&book, row.no, row.version)
        .map_err(|e| unreadable(&e))?;
    if let Some(dag) = dag {
        params::check(&dag.dag, conf)?;
    }
    Ok(row)
}

/// Whether a backfill's conf fits the dag's params.
///
/// # Errors
/// When there is no such dag, or its params do not fit.
pub(crate) fn check_backfill(reader: &Reader, ask: &BackfillAsk) -> Result<(), Refusal> {
    let Some(conf) = &ask.conf else {
        return Ok(());
    };
    let checked = check(reader, &ask.dag_id, conf).map(drop);
    checked.map_err(|mut refusal| {
        // Upstream's word for it here, unlike for single runs.
        if refusal.kind == RefusalKind::Invalid {
            refusal.kind = RefusalKind::Unprocessable;
        }
        refusal
    })
}

fn unreadable(e: &DagError) -> Refusal {
    Refusal {
        kind: RefusalKind::Unavailable,
        code: "CTL-006",
        message: e.to_string(),
    }
}
