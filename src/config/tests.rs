use std::path::Path;

use expect_test::{Expect, expect};

use super::*;

fn check(file: &str, env: &[(&str, &str)], flags: &[(&str, &str)], expected: &Expect) {
    let mut layers = Layers::defaults();
    layers.add_file(Path::new("orrery.toml"), file);
    layers.add_env(
        env.iter()
            .map(|(name, text)| ((*name).to_owned(), (*text).to_owned())),
    );
    flags
        .iter()
        .for_each(|(key, text)| layers.add_flag(key, text));
    let text = match Config::of(&layers) {
        Ok(config) => format!(
            "{} {} {} {:?}",
            config.listen,
            config.parallelism,
            config.dags_are_paused_at_creation,
            config.pass_environment
        ),
        Err(mistakes) => mistakes.to_string(),
    };
    expected.assert_eq(&text);
}

#[test]
fn higher_layers_win() {
    let file = "listen = '127.0.0.1:1'\n[scheduler]\nparallelism = 4\n[worker]\npass_environment = ['A']\n";
    check(file, &[], &[], &expect![[r#"127.0.0.1:1 4 true ["A"]"#]]);
    let env = [
        ("ORRERY_SCHEDULER_PARALLELISM", "5"),
        ("ORRERY_WORKER_PASS_ENVIRONMENT", "B, C"),
        ("HOME", "/"),
    ];
    check(
        file,
        &env,
        &[],
        &expect![[r#"127.0.0.1:1 5 true ["B", "C"]"#]],
    );
    check(
        file,
        &env,
        &[("listen", "[::1]:9")],
        &expect![[r#"[::1]:9 5 true ["B", "C"]"#]],
    );
}

#[test]
fn all_mistakes_are_told_together() {
    check(
        "listn = 'x'\n[scheduler]\nparallelism = 0\ndags_are_paused_at_creation = 'maybe'\n",
        &[("ORRERY_STORE_CACHE", "1")],
        &[("listen", "0.0.0.0:80")],
        &expect![[r#"
            CFG-001: the configuration has mistakes:
              orrery.toml:1: unknown key `listn`; did you mean `listen`?
              $ORRERY_STORE_CACHE: unknown key `store_cache`; did you mean `store.cache_mib`?
              --listen: `listen` is "0.0.0.0:80", and must be a loopback address, such as 127.0.0.1:8080, since there is no sign-in yet
              orrery.toml:3: `scheduler.parallelism` is 0, and must be a whole number, 1 at least
              orrery.toml:4: `scheduler.dags_are_paused_at_creation` is "maybe", and must be true or false"#]],
    );
}

#[test]
fn a_file_that_is_no_toml_is_named_with_its_line() {
    let mut layers = Layers::defaults();
    layers.add_file(Path::new("orrery.toml"), "data = '.'\nlisten 5\n");
    let Mistakes(mistakes) = Config::of(&layers).unwrap_err();
    assert!(mistakes[0].starts_with("orrery.toml:2: "), "{mistakes:?}");
}

#[test]
fn what_is_shown_can_be_read_again() {
    let mut layers = Layers::defaults();
    layers.add_flag("data", "/srv/orrery");
    let mut again = Layers::defaults();
    again.add_file(Path::new("shown.toml"), &show(&layers, true));
    assert_eq!(show(&again, false), show(&layers, false));
    assert!(show(&layers, true).contains("# --data"));
}
