//! Has Python files read, a few at once, and publishes what they say.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, PoisonError},
};

use dagfile::serialized;
use model::{
    Json, Timestamp,
    change::{DagFile, DagSource, DagWarning, ImportError},
    command::{PublishDag, PublishFile},
    limits::DAG_PARSE_MS_MAX,
    ports::{ParseRequest, Parsed},
    work::PythonRuntime,
};

use sha2::{Digest, Sha256};

use super::{Scanner, Shared, read::ReadFile, texts::Texts, walk::Stamp, watch::Watch};
use crate::{
    logs::path::{hex, of_file},
    python::BUNDLE,
};

/// A file that was read, and what it says; nothing when nobody could read it.
pub(super) struct Done {
    path: String,
    parsed: Option<Parsed>,
}

/// Tells the thread of the folder, also when it is dropped without a result.
struct Answer {
    shared: Arc<Shared>,
    path: String,
    parsed: Option<Parsed>,
}

impl Drop for Answer {
    fn drop(&mut self) {
        let done = Done {
            path: std::mem::take(&mut self.path),
            parsed: self.parsed.take(),
        };
        let mut all = self
            .shared
            .parsed
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        all.push(done);
        drop(all);
        self.shared.wake();
    }
}

impl Shared {
    fn take_parsed(&self) -> Vec<Done> {
        let mut parsed = self.parsed.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut parsed)
    }
}

impl Scanner {
    /// Has as many files read as may be at once.
    pub(super) fn start_parses(&mut self) {
        let Some((runtime, parser)) = self.reads_python() else {
            return;
        };
        while let Some(path) = self.scripts.next() {
            let request = ParseRequest {
                runtime: PythonRuntime::clone(&runtime),
                path: self.root.join(&path).to_string_lossy().into_owned(),
                bundle_path: self.root.to_string_lossy().into_owned(),
                bundle_name: BUNDLE.to_owned(),
                timeout_ms: DAG_PARSE_MS_MAX,
                log_path: Some(of_file(&path)),
            };
            let answer = Answer {
                shared: Arc::clone(&self.shared),
                path,
                parsed: None,
            };
            let done = move |parsed| {
                let mut answer = answer;
                answer.parsed = Some(parsed);
            };
            parser.parse(request, Box::new(done));
        }
    }

    /// Publishes what was read meanwhile.
    pub(super) fn take_parsed(&mut self, watch: &mut Watch) {
        let parsed = self.shared.take_parsed();
        if parsed.is_empty() {
            return;
        }
        let at = self.clock.now();
        let mut files = Vec::new();
        for Done { path, parsed } in parsed {
            let Some(was) = self.scripts.end(&path) else {
                continue;
            };
            match parsed {
                Some(parsed) => {
                    let texts = Texts::new(&self.root, &path, was.content.as_deref());
                    files.push(made(path, (was.stamp, was.hash), parsed, &texts, at));
                }
                // Nobody could read it: there is another look before long.
                None => watch.look_again(),
            }
        }
        self.metrics
            .files_read
            .fetch_add(files.len() as u64, std::sync::atomic::Ordering::Relaxed);
        let paths: Vec<String> = files.iter().map(|f| f.publish.file.path.clone()).collect();
        self.publish(files);
        let taken = |path: &String| self.known.by_path.get(path).is_some_and(|k| !k.is_refused);
        if paths.iter().any(taken) {
            self.scripts.recheck();
        }
        self.want_refused();
        if self.known.owes {
            watch.look_again();
        }
        self.start_parses();
        self.tell_parsed();
    }
}

/// What a file says: its dags, and what is wrong with it.
fn made(
    path: String,
    (stamp, hash): (Stamp, String),
    parsed: Parsed,
    texts: &Texts,
    at: Timestamp,
) -> ReadFile {
    let Parsed {
        dags,
        import_errors,
        warnings,
        n_seconds,
    } = parsed;
    let warnings: Vec<DagWarning> = warnings.iter().filter_map(warning).collect();
    for DagWarning {
        dag_id, message, ..
    } in &warnings
    {
        // The whole is with the dag; here it would fill the screen.
        let line = message.lines().next().unwrap_or_default();
        tracing::warn!(target: "control", path, %dag_id, "{line}");
    }
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // Saturates.
    let parse_us = (n_seconds * 1e6) as u64;
    let mut error = tracebacks(&path, import_errors);
    let mut published = Vec::new();
    for (place, document) in dags {
        match decode(&document, texts.of(&place), parse_us) {
            Ok(dag) => published.push(dag),
            Err(e) => {
                error.get_or_insert(e);
            }
        }
    }
    let file = DagFile {
        path,
        hash,
        stamp,
        dags: Vec::new(),
        error: error.map(|error| ImportError { at, ..error }),
        warnings,
    };
    ReadFile {
        publish: PublishFile {
            file,
            dags: published,
        },
        includes: Vec::new(),
    }
}

/// A warning of upstream's parser: an object with these three.
fn warning(said: &Json) -> Option<DagWarning> {
    let text = |name: &str| said.get(name).and_then(Json::as_str);
    Some(DagWarning {
        dag_id: text("dag_id")?.into(),
        kind: text("warning_type")?.to_owned(),
        message: text("message")?.trim().to_owned(),
    })
}

/// The tracebacks of a file; of an archive there may be several.
fn tracebacks(path: &str, errors: Vec<(String, String)>) -> Option<ImportError> {
    let n = errors.len();
    let texts = errors.into_iter().map(|(of, text)| {
        if n == 1 && of == path {
            text
        } else {
            format!("{of}:\n{text}")
        }
    });
    let texts: Vec<String> = texts.collect();
    (n > 0).then(|| plain("CTL-020", texts.join("\n")))
}

fn decode(document: &Json, text: Option<String>, parse_us: u64) -> Result<PublishDag, ImportError> {
    let decode = || serialized::decode(document);
    let dag = match catch_unwind(AssertUnwindSafe(decode)) {
        Ok(Ok(dag)) => dag,
        Ok(Err(e)) => return Err(plain(e.code, e.message)),
        Err(_) => {
            let message = "the importer broke on this file".to_owned();
            return Err(plain("CTL-010", message));
        }
    };
    let written = text.as_deref().unwrap_or_default();
    let hash = format!(
        "{}.{}",
        serialized::version_hash(document),
        hex(&Sha256::digest(written))
    );
    Ok(PublishDag {
        dag: Arc::new(dag),
        source: DagSource::Serialized {
            json: document.to_string(),
            text,
        },
        hash,
        parse_us,
    })
}

fn plain(code: &str, message: String) -> ImportError {
    ImportError {
        at: Timestamp::default(),
        code: code.to_owned(),
        message,
        line: None,
        column: None,
    }
}
