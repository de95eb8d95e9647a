//! The evaluator: one child that answers for as long as the server wants. When it ends, the next is
//! asked all that is open.

use super::{
    tries::Act,
    value::{from_json, json},
};
use crate::wire::Reply;
use model::Json;
use rmpv::{Value, decode::read_value_with_max_depth};
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// How deep an answer may be nested.
const DEPTH_MAX: usize = 64;
/// How often a question may end the child that is asked it.
const ATTEMPTS_MAX: u32 = 3;

/// Told the answer, or what went wrong, once.
pub type Done = Box<dyn FnOnce(Result<Json, String>) + Send>;

/// What the evaluator is asked. Shared with those who ask.
#[derive(Clone, Default)]
pub struct EvaluatorHandle(Arc<Mutex<Open>>);

#[derive(Default)]
struct Open {
    session: Option<u64>,
    last: u64,
    questions: BTreeMap<u64, Question>,
}

struct Question {
    ask: Json,
    /// Children that were asked it.
    n_asked: u32,
    done: Done,
}

impl EvaluatorHandle {
    fn open(&self) -> MutexGuard<'_, Open> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a question in. Gives the session and the frame to send, where a child is there.
    pub fn ask(&self, ask: Json, done: Done) -> Option<(u64, Vec<u8>)> {
        let mut open = self.open();
        open.last += 1;
        let id = open.last;
        let session = open.session;
        let frame = frame(id, &ask);
        let n_asked = u32::from(session.is_some());
        open.questions.insert(id, Question { ask, n_asked, done });
        session.map(|session| (session, frame))
    }

    /// A child is there: all that is open is asked of it.
    pub fn begin(&self, session: u64) -> Vec<Vec<u8>> {
        let mut open = self.open();
        open.session = Some(session);
        let questions = open.questions.iter_mut();
        let frames = questions.map(|(id, question)| {
            question.n_asked += 1;
            frame(*id, &question.ask)
        });
        frames.collect()
    }

    /// The child is gone. The first question that is open may be what ended it.
    pub fn end(&self, why: &str) {
        let given_up = {
            let mut open = self.open();
            open.session = None;
            let first = open.questions.first_entry();
            first
                .filter(|first| first.get().n_asked >= ATTEMPTS_MAX)
                .map(|first| first.remove())
        };
        if let Some(question) = given_up {
            (question.done)(Err(why.to_owned()));
        }
    }

    /// The child said something: `[id, answer]` or `[id, null, error]`.
    pub fn frame(&self, n: u64, bytes: &[u8]) -> Vec<Act> {
        let mut rest = bytes;
        let said = read_value_with_max_depth(&mut rest, DEPTH_MAX).ok();
        let parts = said.as_ref().and_then(Value::as_array);
        let Some([id, answer, wrong @ ..]) = parts.map(Vec::as_slice) else {
            let what = "TSK-023: the evaluator sent what is no answer".to_owned();
            return vec![Act::Break(what)];
        };
        let plain = |value: &Value| json(value, &|at| Json::from(at.isoformat()));
        let answer = match wrong.first().map(plain) {
            Some(Json::Object(wrong)) => {
                let text = |name: &str| wrong.get(name).and_then(Json::as_str);
                let detail = text("detail").or_else(|| text("error"));
                Err(detail.unwrap_or("it failed").trim_end().to_owned())
            }
            Some(_) | None => Ok(plain(answer)),
        };
        let question = id.as_u64().and_then(|id| self.open().questions.remove(&id));
        if let Some(question) = question {
            (question.done)(answer);
        }
        // Nothing goes back; the worker process may forget the frame.
        vec![Act::Reply(Reply {
            n,
            ..Reply::default()
        })]
    }
}

fn frame(id: u64, ask: &Json) -> Vec<u8> {
    super::frames::bytes(&Value::Array(vec![id.into(), from_json(ask)]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc::channel;

    #[test]
    fn open_questions_are_asked_again_and_one_that_kills_is_given_up() {
        let handle = EvaluatorHandle::default();
        let (tell, told) = channel();
        let ask = |n: u64| {
            let tell = tell.clone();
            let done: Done = Box::new(move |answer| tell.send((n, answer)).unwrap());
            handle.ask(Json::from(n), done)
        };
        assert!(ask(1).is_none());
        assert_eq!(handle.begin(7).len(), 1);
        assert_eq!(ask(2).unwrap().0, 7);
        let answer = super::super::frames::bytes(&Value::Array(vec![2.into(), "x".into()]));
        assert!(matches!(handle.frame(1, &answer)[..], [Act::Reply(_)]));
        assert_eq!(told.try_recv().unwrap(), (2, Ok(Json::from("x"))));
        for session in 8..10 {
            handle.end("it is gone");
            assert_eq!(handle.begin(session).len(), 1);
        }
        handle.end("it is gone");
        assert_eq!(told.try_recv().unwrap(), (1, Err("it is gone".to_owned())));
        assert!(handle.begin(10).is_empty());
        let noise = super::super::frames::bytes(&Value::from(3));
        assert!(matches!(handle.frame(1, &noise)[..], [Act::Break(_)]));
    }
}
