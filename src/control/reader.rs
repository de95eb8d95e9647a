//! The readers' side of the book: snapshots, with dags and secrets opened. Cheap to clone.

use std::sync::Arc;

use model::DeploymentId;
use security::Keyring;
use store::{ReadError, Snapshot, Store};

use crate::{dag_cache::DagCache, environment::Environment};

/// What is needed to read.
#[derive(Clone)]
pub struct Reader {
    /// The book.
    pub store: Store,
    /// Whose part of it.
    pub deployment: DeploymentId,
    /// Dags in memory.
    pub dags: Arc<DagCache>,
    /// Opens what is sealed.
    pub keyring: Arc<Keyring>,
    /// Variables and connections from outside of the book.
    pub environment: Arc<Environment>,
}

impl Reader {
    /// A reader that has no dag in memory yet.
    #[must_use]
    pub fn new(
        store: Store,
        deployment: DeploymentId,
        keyring: Arc<Keyring>,
        environment: Arc<Environment>,
    ) -> Self {
        Self {
            store,
            deployment,
            dags: Arc::default(),
            keyring,
            environment,
        }
    }

    /// The book as of the last commit.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn snapshot(&self) -> Result<Snapshot, ReadError> {
        self.store.snapshot(self.deployment)
    }
}
