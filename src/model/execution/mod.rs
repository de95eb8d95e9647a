//! What a task, a parse, a callback or the triggerer asks while it runs, and what it is answered:
//! the words of upstream's supervisor protocol and of its Execution API, by upstream's names. How
//! they travel (msgpack frames, HTTP) is the business of the edges.
//!
//! Values that only Python understands (XComs, trigger arguments, resume arguments) are [`Json`]
//! that is kept as it came.
//!
//! [`Json`]: crate::Json

mod answer;
mod ask;
mod date;
mod ending;
mod parts;
mod startup;

pub use answer::{Answer, ErrorKind};
pub use ask::{Ask, SkipTarget, TriggerEnd, TriggerFailure, TriggerFired};
pub use date::serde_date;
pub use ending::{Ending, OwnState};
pub use parts::{
    Asset, AssetEvent, AssetName, AssetRef, ConsumedEvent, CreatedRun, DagDetails, DagRun,
    HitlDetail, HitlUser, PreviousTi,
};
pub use startup::{
    Bundle, Callback, ConnectionWords, RunTrigger, StartupDetails, TaskInstance, TiRunContext,
};

use crate::{Fence, TiKey};

/// Who asks.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Asker {
    /// A try. What it asks for itself is granted as long as its fence is the present one.
    Try {
        /// Which task instance.
        key: TiKey,
        /// Its permission.
        fence: Fence,
        /// Which of its questions, counted from 1. After a restart of the server a question that
        /// had no answer is asked again with the same number, also when what it asked for is in
        /// the book already.
        n: u64,
    },
    /// The parse of a dag file.
    Parse {
        /// The file, as the request had it.
        file: String,
    },
    /// A callback of a dag or a task that runs outside of the task.
    Callback {
        /// The dag's file.
        file: String,
    },
    /// The triggerer.
    Triggerer,
    /// The evaluator of custom timetables and the like.
    Evaluator,
}
