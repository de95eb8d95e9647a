//! What only Python can say: custom timetables, priority strategies and partition mappers. The
//! scheduler asks after a commit and goes on with the answer as with a request.

use crate::{
    DagNo, Fence, Json, RunId, Timestamp, VersionNo, change::NextRun, schedule::DataInterval,
};

/// A question. It can be asked again at any time.
#[derive(Clone, Debug, PartialEq)]
pub struct Evaluation {
    /// Its number, of the same count as permissions to start. An answer to another is dropped.
    pub no: Fence,
    /// About which dag.
    pub dag: DagNo,
    /// At which version.
    pub version: VersionNo,
    /// What is asked.
    pub question: Question,
}

/// What is asked.
#[derive(Clone, Debug, PartialEq)]
pub enum Question {
    /// What a timetable is called, and which run is next.
    Timetable {
        /// As serialised (`__type`, `__var`).
        timetable: Json,
        /// The interval of the last scheduled run.
        last: Option<DataInterval>,
        /// No run before.
        earliest: Option<Timestamp>,
        /// No run after.
        latest: Option<Timestamp>,
        /// Whether missed runs are made up for.
        catchup: bool,
    },
    /// The weights of tasks that have a strategy of their own, at each try.
    Weights(Vec<WeightOf>),
    /// Which runs an event is for, by a mapper of partitions.
    Partition {
        /// As serialised (`__type`, `__var`).
        mapper: Json,
        /// The event's partition.
        key: String,
        /// The date of that, where it is known.
        date: Option<Timestamp>,
        /// The question's row among the pending runs of the dag.
        row: String,
    },
}

/// A task at a try, for its strategy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WeightOf {
    /// The task's position in the dag.
    pub at: u32,
    /// Its id.
    pub task_id: crate::TaskId,
    /// The class path of the strategy.
    pub strategy: String,
    /// The weight of its own.
    pub own: i32,
    /// Which try.
    pub try_number: u32,
}

/// An answer.
#[derive(Clone, Debug, PartialEq)]
pub enum Evaluated {
    /// Of a timetable.
    Timetable(Box<TimetableSays>),
    /// Position, try and weight.
    Weights(Vec<(u32, u32, i32)>),
    /// Of a mapper.
    Partition {
        /// The question's row.
        row: String,
        /// The runs that it asks for, or why there are none.
        asks: Result<Vec<PartitionAsked>, String>,
    },
}

/// A run that an event is for, as a mapper in Python says.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct PartitionAsked {
    /// Its partition.
    pub key: String,
    /// The date that this stands for.
    pub date: Option<Timestamp>,
    /// All keys that the run waits for, where the mapper rolls up.
    pub needs: Option<Vec<String>>,
}

/// What a timetable says.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct TimetableSays {
    /// The next run; none when no run follows.
    pub next: Option<NextRun>,
    /// The id of that run.
    pub run_id: Option<RunId>,
    /// What to show as the schedule.
    pub summary: Option<String>,
    /// The same in words.
    pub description: Option<String>,
}
