//! The program under test: a book, its reader and the scheduler, as the shell puts them together.

use std::sync::{Arc, OnceLock};

use control::{
    Environment, Metrics, Reader,
    batch::{Failure, Outcome, Scheduler},
};
use model::{DagId, DeploymentId, TiKey, Timestamp};
use security::Keyring;

use crate::{disk::Disk, person::Screen, world::TaskFacts};

/// One start of the program.
pub struct Server {
    /// What ships.
    pub scheduler: Scheduler,
    /// Its way to the book.
    pub reader: Reader,
}

/// Why the program did not come up.
#[derive(Debug)]
pub enum NotUp {
    /// The book does not open.
    Book(store::OpenError),
    /// What is live cannot be derived.
    Failure(Failure),
}

impl Server {
    /// Opens the book and derives what is live.
    ///
    /// # Errors
    /// When the disk does not let it.
    pub fn start(disk: &Disk, now: Timestamp) -> Result<(Self, Outcome), NotUp> {
        let options = store::Options {
            cache_bytes: 1024 * 1024,
            quick_repair: false,
        };
        let opened = store::open_backend(disk.handle(), &options);
        let (store, writer) = opened.map_err(NotUp::Book)?;
        let environment = Arc::new(Environment::default());
        let reader = Reader::new(store, DeploymentId::DEFAULT, keyring(), environment);
        let options = engine::Options {
            parallelism: 8,
            dags_are_paused_at_creation: false,
            default_pool_slots: 8,
            // Workers of this world are slow, and are not asked twice for the same try.
            task_queued_timeout_ms: 365 * 86_400_000,
            ..engine::Options::upstream()
        };
        let metrics = Arc::new(Metrics::default());
        let started = Scheduler::open(reader.clone(), writer, options, metrics, now);
        let (scheduler, outcome) = started.map_err(NotUp::Failure)?;
        Ok((Self { scheduler, reader }, outcome))
    }

    /// The whole book as text.
    #[must_use]
    pub fn text(&self) -> Option<Vec<String>> {
        let book = self.reader.snapshot().ok()?;
        crate::book::text(&book).ok()
    }

    /// What the executor is told of a task.
    #[must_use]
    pub fn facts(&self, key: TiKey) -> TaskFacts {
        self.find_facts(key).unwrap_or_default()
    }

    fn find_facts(&self, key: TiKey) -> Option<TaskFacts> {
        let book = self.reader.snapshot().ok()?;
        let run = book.run(key.run).ok()??;
        let ti = book.task_instance(key).ok()??;
        let dag = self.reader.dags.get(&book, run.dag, ti.version).ok()??;
        let task = dag.task(key.task)?;
        let below = task
            .downstream
            .iter()
            .filter_map(|at| dag.dag.tasks.get(*at));
        Some(TaskFacts {
            task_id: task.task_id.to_string(),
            downstream: below.map(|task| task.task_id.clone()).collect(),
            outlets: task.outlets.clone(),
        })
    }

    /// What a person sees, with the instances of the `nth` run.
    #[must_use]
    pub fn screen(&self, nth: usize) -> Screen {
        self.find_screen(nth).unwrap_or_default()
    }

    fn find_screen(&self, nth: usize) -> Option<Screen> {
        let book = self.reader.snapshot().ok()?;
        let rows = book.dags(None, usize::MAX).ok()?;
        let mut screen = Screen::default();
        for row in &rows {
            screen.dags.push(row.dag_id.clone());
            for no in book.last_runs(row.no, 6).ok()? {
                let run = book.run(no).ok()??;
                screen.runs.push((DagId::from(&*row.dag_id), run));
            }
        }
        if screen.runs.is_empty() {
            return Some(screen);
        }
        let chosen = screen.runs.remove(nth % screen.runs.len());
        let names = book.task_names(chosen.1.dag).ok()?;
        for ti in book.task_instances(chosen.1.no).ok()? {
            if let Some((_, task_id)) = names.iter().find(|(no, _)| *no == ti.key.task) {
                screen.instances.push((task_id.clone(), ti));
            }
        }
        screen.runs.push(chosen);
        Some(screen)
    }
}

/// One for all seeds: nothing in the simulator is sealed with it.
fn keyring() -> Arc<Keyring> {
    static KEYRING: OnceLock<Arc<Keyring>> = OnceLock::new();
    let make = || {
        let folder = std::env::temp_dir().join(format!("sim-keys-{}", std::process::id()));
        let _ = std::fs::create_dir_all(&folder);
        match Keyring::open_or_create(&folder) {
            Ok(keyring) => {
                let _ = std::fs::remove_dir_all(&folder);
                Arc::new(keyring)
            }
            Err(problem) => {
                eprintln!("sim: no keys in {}: {problem}", folder.display());
                std::process::exit(2)
            }
        }
    };
    Arc::clone(KEYRING.get_or_init(make))
}
