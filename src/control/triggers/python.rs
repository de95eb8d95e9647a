//! Waits that upstream's triggers watch over: handed to the triggerer of the runtime, by the fence.

use std::sync::{Arc, PoisonError};

use model::{
    Fence, Json, JsonMap, TiKey,
    execution::RunTrigger,
    ports::{Triggerer, Triggers},
    task_instance::{Deferral, Trigger},
};

use crate::{
    execution::{Armed, Watched, Watching},
    python,
    reader::Reader,
};

/// Hands triggers in Python to the triggerer, and all others on.
pub(crate) struct PythonTriggers {
    pub(crate) others: Arc<dyn Triggers>,
    pub(crate) triggerer: Arc<dyn Triggerer>,
    pub(crate) runtime: python::Current,
    pub(crate) armed: Armed,
    pub(crate) watching: Watching,
    pub(crate) reader: Reader,
}

impl Triggers for PythonTriggers {
    fn arm(&self, key: TiKey, fence: Fence, deferral: &Deferral) {
        let Trigger::Python { class, kwargs } = &deferral.trigger else {
            return self.others.arm(key, fence, deferral);
        };
        let Some(runtime) = self.runtime.get() else {
            return self.others.arm(key, fence, deferral);
        };
        let watched = Watched {
            key,
            ti_id: None,
            seq: None,
        };
        let mut armed = self.armed.lock().unwrap_or_else(PoisonError::into_inner);
        if armed.contains_key(&fence) {
            return;
        }
        armed.insert(fence, watched);
        drop(armed);
        // A trigger can do without knowing for whom it waits.
        let waits_for = match python::instance_of(&self.reader, key) {
            Ok(found) => found,
            Err(e) => {
                tracing::warn!(target: "control", "a trigger starts without its task: {e}");
                None
            }
        };
        let (ti, dag) = waits_for.map(|of| (of.ti, of.dag)).unzip();
        let (dag_data, dag_run_data) = dag.flatten().unzip();
        if let Some(ti) = &ti {
            let mut armed = self.armed.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(watched) = armed.get_mut(&fence) {
                watched.ti_id = Some(ti.id.clone());
            }
        }
        let trigger = RunTrigger {
            id: fence.0,
            classpath: class.clone(),
            kwargs: kwargs.clone(),
            ti: ti.map(Box::new),
            // The engine ends a wait that takes too long.
            timeout_after: None,
            dag_data,
            dag_run_data: dag_run_data.map(Box::new),
            lasts: false,
        };
        self.triggerer.create(&runtime, trigger);
    }

    fn watch(&self, trigger: Fence, classpath: &str, kwargs: &JsonMap) {
        let Some(runtime) = self.runtime.get() else {
            return;
        };
        let mut watching = self.watching.lock().unwrap_or_else(PoisonError::into_inner);
        if !watching.insert(trigger) {
            return;
        }
        drop(watching);
        let trigger = RunTrigger {
            id: trigger.0,
            classpath: classpath.to_owned(),
            kwargs: Json::Object(kwargs.clone()),
            ti: None,
            timeout_after: None,
            dag_data: None,
            dag_run_data: None,
            lasts: true,
        };
        self.triggerer.create(&runtime, trigger);
    }

    fn unwatch(&self, trigger: Fence) {
        let mut watching = self.watching.lock().unwrap_or_else(PoisonError::into_inner);
        if watching.remove(&trigger) {
            self.triggerer.cancel(trigger.0);
        }
    }

    fn disarm(&self, key: TiKey, fence: Fence) {
        let mut armed = self.armed.lock().unwrap_or_else(PoisonError::into_inner);
        let watched = armed.remove(&fence);
        drop(armed);
        let Some(watched) = watched else {
            return self.others.disarm(key, fence);
        };
        self.triggerer.cancel(fence.0);
        if let Some(seq) = watched.seq {
            self.triggerer.confirm(seq);
        }
    }
}
