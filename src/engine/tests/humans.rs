//! People in the loop.

use expect_test::expect;
use model::{
    Json, JsonMap, TimeDelta,
    command::{Command, Reply},
    execution::HitlUser,
    human::HumanInput,
    report::{AwaitedInput, Happened},
    state::TaskInstanceState,
};
use serde_json::json;

use super::World;

fn user(id: &str) -> HitlUser {
    let name = id.to_uppercase();
    HitlUser {
        id: id.to_owned(),
        name,
    }
}

impl World {
    fn asks(&mut self, task: &str, change: impl Fn(&mut HumanInput)) {
        let key = self.key(task);
        let try_number = self.live.task_instance(key).unwrap().try_number;
        let mut input = HumanInput {
            key,
            try_number,
            created_at: self.now,
            options: vec!["yes".to_owned(), "no".to_owned()],
            subject: "Well?".to_owned(),
            body: None,
            defaults: None,
            multiple: false,
            params: JsonMap::new(),
            assigned_users: Vec::new(),
            response: None,
        };
        change(&mut input);
        self.ask(Command::AskHuman(Box::new(input)));
    }
    fn waits(&mut self, task: &str, timeout_s: Option<i64>) {
        let timeout = timeout_s.map(|s| self.now.plus(TimeDelta::from_secs(s)));
        let resume = ("execute_complete".to_owned(), json!({"k": 1}));
        let awaited = AwaitedInput { timeout, resume };
        let key = self.key(task);
        assert!(self.tell(key, Happened::AwaitsInput(Box::new(awaited))));
    }
    fn answers(&mut self, task: &str, chosen: &[&str], by: Option<&str>) -> Option<String> {
        let command = Command::AnswerHuman {
            key: self.key(task),
            chosen_options: chosen.iter().map(|&o| o.to_owned()).collect(),
            params_input: JsonMap::from_iter([("p".to_owned(), json!(2))]),
            by: by.map(user),
            for_others: false,
        };
        match self.ask(command) {
            Reply::Refused(refusal) => Some(format!("{} {:?}", refusal.code, refusal.kind)),
            Reply::Done
            | Reply::Run { .. }
            | Reply::TaskInstances(_)
            | Reply::AssetEvent(_)
            | Reply::Backfill(_) => None,
        }
    }
    fn resumed(&self, task: &str) -> Json {
        let ti = self.live.task_instance(self.key(task)).unwrap();
        assert_eq!(ti.state, TaskInstanceState::Queued);
        let (method, kwargs) = ti.deferral.clone().unwrap().resume.unwrap();
        assert_eq!(method, "execute_complete");
        assert_eq!(kwargs["k"], 1);
        kwargs["event"].clone()
    }
}

#[test]
fn s122_a_person_answers_and_the_task_goes_on() {
    let mut world = World::new();
    world.publish("d", "a; b:a");
    world.play("start; a run");
    world.asks("a", |_| ());
    world.waits("a", None);
    expect![[r#"
        r1 running
          a awaiting_input 1: waits for a person's answer
          b no_status 0: waits for `a`
        start a#1
    "#]]
    .assert_eq(&world.show());
    world.play("restart");
    assert_eq!(world.answers("a", &["yes"], Some("ada")), None);
    let event = world.resumed("a");
    assert_eq!(event["chosen_options"], json!(["yes"]));
    assert_eq!(event["params_input"], json!({"p": 2}));
    assert_eq!(
        event["responded_by_user"],
        json!({"id": "ada", "name": "ADA"})
    );
    assert_eq!(event["timedout"], false);
    assert_eq!(
        event["responded_at"]["__classname__"],
        "pendulum.datetime.DateTime"
    );
    world.play("a run; a ok");
    expect![[r#"
        r1 running
          a success 1
          b queued 1: handed to a worker, starting
        start a#1, start a#1, start b#1
    "#]]
    .assert_eq(&world.show());
}

#[test]
fn s122_an_answer_may_come_before_the_wait_and_a_new_try_asks_anew() {
    let mut world = World::new();
    world.publish("d", "a retries=1");
    world.play("start; a run");
    world.asks("a", |_| ());
    assert_eq!(world.answers("a", &["no"], None), None);
    world.waits("a", Some(60));
    assert_eq!(world.resumed("a")["chosen_options"], json!(["no"]));
    world.play("a run; a fail; tick 10m; a run");
    assert_eq!(world.book.humans.len(), 1);
    assert_eq!(
        world.answers("a", &["no"], None).unwrap(),
        "RUN-050 NotFound"
    );
    world.asks("a", |_| ());
    world.waits("a", Some(60));
    // A cleared one is not asked any more.
    world.play("clear r1.a");
    assert_eq!(
        world.answers("a", &["no"], None).unwrap(),
        "RUN-050 NotFound"
    );
    assert_eq!(world.book.humans.len(), 2);
}

#[test]
fn s123_the_time_to_answer_ends() {
    for (defaults, expected) in [
        (Some("no"), json!([["no"], {"p": 7, "q": 8}, true, null])),
        (None, json!([null, null, null, "timeout"])),
    ] {
        let mut world = World::new();
        world.publish("d", "a");
        world.play("start; a run");
        world.asks("a", |input| {
            input.defaults = defaults.map(|option| vec![option.to_owned()]);
            input.params = JsonMap::from_iter([
                (
                    "p".to_owned(),
                    json!({"value": 7, "description": null, "schema": {}}),
                ),
                ("q".to_owned(), json!(8)),
            ]);
        });
        world.waits("a", Some(60));
        world.play("tick 59s; restart; tick 2s");
        let event = world.resumed("a");
        let names = ["chosen_options", "params_input", "timedout", "error_type"];
        let found: Vec<Json> = names.map(|name| event[name].clone()).into();
        assert_eq!(Json::from(found), expected);
        let input = world.book.humans.values().next().unwrap();
        assert_eq!(input.response.is_some(), defaults.is_some());
    }
}

#[test]
fn s124_who_may_answer_and_how_often_and_what() {
    let mut world = World::new();
    world.publish("d", "a; b");
    world.play("start; a run");
    world.asks("a", |input| input.assigned_users = vec![user("ada")]);
    world.waits("a", None);
    let mut check = |chosen: &[&str], by, expected: &str| {
        assert_eq!(
            world.answers("a", chosen, Some(by)).unwrap_or_default(),
            expected
        );
    };
    check(&["yes"], "bob", "RUN-052 Forbidden");
    check(&["maybe"], "ada", "RUN-053 Invalid");
    check(&["yes", "no"], "ada", "RUN-053 Invalid");
    check(&[], "ada", "RUN-053 Invalid");
    check(&["yes"], "ada", "");
    check(&["yes"], "ada", "RUN-051 Conflict");
    assert_eq!(
        world.answers("b", &["yes"], None).unwrap(),
        "RUN-050 NotFound"
    );
}
