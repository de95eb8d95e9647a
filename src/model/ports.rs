//! The traits to the outside. Production implements each once; the simulator scripts them.

use crate::{
    Fence, Json, JsonMap, TiKey, Timestamp,
    execution::{Answer, Ask, Asker, Callback, RunTrigger, TriggerFailure, TriggerFired},
    task_instance::Deferral,
    work::{PythonRuntime, Work},
};

/// Tells the time. Only the shell has one; the pure layers are given `now`.
pub trait Clock: Send + Sync {
    /// Now.
    fn now(&self) -> Timestamp;
}

/// Runs tries. Calls return at once; what comes of them is told by reports.
pub trait Executor: Send + Sync {
    /// Starts a try, once for each fence: a second call with the same fence does nothing.
    fn start(&self, work: Work);
    /// Ends a try's process group, first with TERM, then with KILL. An unknown fence is reported
    /// lost.
    fn kill(&self, key: TiKey, fence: Fence);
    /// After a restart: reports what became of a try (its start, its end, or that it is lost). With
    /// `was_running` false, a try that was never started is answered by [`Adopted::NeverStarted`].
    fn adopt(&self, key: TiKey, fence: Fence, was_running: bool) -> Adopted;
    /// The end of this try is in the book, or was dropped as stale: the worker may forget it. Until
    /// then the worker tells it again after each loss of the connection.
    fn ack(&self, fence: Fence) {
        let _ = fence;
    }
}

/// What became of a try over a restart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Adopted {
    /// The worker knows it; its reports follow, again from the start.
    Known,
    /// No worker ever began it: start it with the same fence.
    NeverStarted,
    /// It was begun and is gone; a `Lost` report follows.
    Lost,
}

/// Watches on behalf of deferred instances. What comes of it is told by reports (`Fired`).
pub trait Triggers: Send + Sync {
    /// Begins to watch, once for each fence.
    fn arm(&self, key: TiKey, fence: Fence, deferral: &Deferral);
    /// Stops watching.
    fn disarm(&self, key: TiKey, fence: Fence);
    /// Begins to watch for changes of assets, once for each number.
    fn watch(&self, trigger: Fence, classpath: &str, kwargs: &JsonMap) {
        let _ = (trigger, classpath, kwargs);
    }
    /// Watches for them no longer.
    fn unwatch(&self, trigger: Fence) {
        let _ = trigger;
    }
}

/// Runs upstream's triggers. What comes of them is told to [`Execution`].
pub trait Triggerer: Send + Sync {
    /// Begins to watch, once for each id.
    fn create(&self, runtime: &PythonRuntime, trigger: RunTrigger);
    /// Watches no longer.
    fn cancel(&self, id: u64);
    /// The event with this number ([`TriggerFired::seq`]) is in the book.
    fn confirm(&self, seq: u64);
}

/// Gives an answer, once, from any thread.
pub type Answerer = Box<dyn FnOnce(Answer) + Send>;

/// Answers what children ask. A writing question is answered after the commit that makes the answer
/// true.
pub trait Execution: Send + Sync {
    /// Takes a question; returns at once. An answerer that is dropped answers with a failure.
    fn ask(&self, who: Asker, ask: Ask, answer: Answerer);
    /// A trigger has fired. It is watched until it is cancelled, which is due once this is in the
    /// book; until then it may be told again.
    fn trigger_fired(&self, fired: TriggerFired) {
        let _ = fired;
    }
    /// A trigger has failed. It is not watched any more.
    fn trigger_failed(&self, failure: TriggerFailure) {
        let _ = failure;
    }
}

/// Reads Python dag files.
pub trait Parser: Send + Sync {
    /// Parses one file in a child of its own; returns at once. `done` is called once, from any
    /// thread.
    fn parse(&self, request: ParseRequest, done: Box<dyn FnOnce(Parsed) + Send>);
}

/// Makes callbacks of Python dag files.
pub trait Callbacks: Send + Sync {
    /// Makes callbacks of one file in a child of its own; returns at once. `done` is told what went
    /// wrong with the child, if anything, once, from any thread; what a callback itself raises is
    /// in the log alone.
    fn call(
        &self,
        request: ParseRequest,
        callbacks: Vec<Callback>,
        done: Box<dyn FnOnce(Option<String>) + Send>,
    );
}

/// Answers what only Python can say, in one long-lived child.
pub trait Evaluator: Send + Sync {
    /// Asks; returns at once. `done` is told the answer or what went wrong, once, from any thread.
    /// A child that ends is replaced, and asked again what is open.
    fn evaluate(
        &self,
        runtime: &PythonRuntime,
        ask: Json,
        done: Box<dyn FnOnce(Result<Json, String>) + Send>,
    );
}

/// A file to parse.
#[derive(Clone, Debug, PartialEq)]
pub struct ParseRequest {
    /// The interpreter and the environment.
    pub runtime: PythonRuntime,
    /// The file.
    pub path: String,
    /// The folder that it is in.
    pub bundle_path: String,
    /// That folder's name.
    pub bundle_name: String,
    /// How long it may take, in milliseconds (`dag_file_processor_timeout`).
    pub timeout_ms: u64,
    /// Where what the child prints and logs goes, relative to the log folder; nowhere when absent.
    pub log_path: Option<String>,
}

/// What a parse gave.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Parsed {
    /// Where each dag is defined, and the dag as upstream serialises it.
    pub dags: Vec<(String, Json)>,
    /// Relative path and traceback. One for the file itself when its child ended without a result.
    pub import_errors: Vec<(String, String)>,
    /// Upstream's dag warnings.
    pub warnings: Vec<Json>,
    /// How long it took.
    pub n_seconds: f64,
}
