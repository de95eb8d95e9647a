use expect_test::{Expect, expect};

use super::*;

fn check(text: &str, expect: Expect) {
    let shown = match parse(text) {
        Ok(Some(node)) => node.to_json().to_string(),
        Ok(None) => "nothing".to_owned(),
        Err(problem) => {
            let at = problem.at.unwrap();
            format!("{}:{}: {}", at.line, at.column, problem.message)
        }
    };
    expect.assert_eq(&shown);
}

#[test]
fn scalars_mean_what_pyyaml_says() {
    check(
        "[yes, On, no, off, y, ~, '', null, NULL, nULL]",
        expect![[r#"[true,true,false,false,"y",null,"",null,null,"nULL"]"#]],
    );
    check(
        "[1, -1, +1, 1_000, 0777, 0o7, 0x1F, 0b11, 1:30, 190:20:30, 08, 99999999999999999999]",
        expect![[r#"[1,-1,1,1000,511,"0o7",31,3,90,685230,"08",1e+20]"#]],
    );
    check(
        "[1.5, .5, 1., 1e3, 1.0e+3, 1.0e3, -.5, 1.2.3, .]",
        expect![[r#"[1.5,0.5,1.0,"1e3",1000.0,"1.0e3",-0.5,"1.2.3","."]"#]],
    );
    check(
        "[2026-11-18, 2026-11-18 10:00:00, 2026-1-1, 10:00, 01:30]",
        expect![[r#"["2026-11-18","2026-11-18 10:00:00","2026-1-1",600,"01:30"]"#]],
    );
}

#[test]
fn anchors_and_merges_are_written_out() {
    check(
        "base: &b {x: 1, y: 2}\none: {<<: *b, y: 3}\ntwo: {<<: [*b, {z: 4}]}\nthree: *b\n",
        expect![[
            r#"{"base":{"x":1,"y":2},"one":{"y":3,"x":1},"two":{"x":1,"y":2,"z":4},"three":{"x":1,"y":2}}"#
        ]],
    );
    check(
        "a: &a [*a]",
        expect!["1:8: the alias stands inside its own anchor"],
    );
    check(
        "a: *b",
        expect!["1:4: not valid YAML: while parsing node, found unknown anchor"],
    );
    check(
        "{<<: 3}",
        expect!["1:6: `<<` takes a mapping, or a list of mappings"],
    );
}

#[test]
fn mistakes_have_their_place() {
    check("", expect!["nothing"]);
    check("# only a comment\n---\n", expect!["nothing"]);
    check(
        "a: 1\nb: 2\na: 3\n",
        expect!["3:1: the key `a` stands here twice, first in line 1"],
    );
    check(
        "a:\n\tb: 1\n",
        expect![
            "2:2: not valid YAML: tabs disallowed within this context (block indentation); the line is indented with a tab, use spaces"
        ],
    );
    check(
        "a: [1, 2\nb: 3\n",
        expect!["2:2: not valid YAML: illegal placement of ':' indicator"],
    );
    check(
        "a: 'x\n",
        expect!["2:1: not valid YAML: invalid indentation in multiline quoted scalar"],
    );
    check(
        "a: 1\n---\nb: 2\n",
        expect!["3:1: the file holds several documents (`---`); write one dag to a file"],
    );
    check(
        "a: !!python/object:os.system x\n",
        expect![
            "1:30: the tag `tag:yaml.org,2002:python/object:os.system` is not known; a dag file has none of its own"
        ],
    );
    check(
        "a: !secret x\n",
        expect!["1:12: the tag `!secret` is not known; a dag file has none of its own"],
    );
    check(
        "a: !!int x\n",
        expect!["1:10: `x` is not what the tag `tag:yaml.org,2002:int` says"],
    );
    check(
        "? [a]\n: b\n",
        expect!["1:3: a key must be a text, not a list or a mapping"],
    );
    check(
        "a: b: c\n",
        expect!["1:5: not valid YAML: mapping values are not allowed in this context"],
    );
    check(
        "  a: 1\n b: 2\n",
        expect!["2:2: not valid YAML: did not find expected <document start>"],
    );
}

#[test]
fn bombs_and_depths_are_refused() {
    let mut bomb = "a0: &a0 [lol, lol, lol, lol, lol, lol, lol, lol, lol, lol]\n".to_owned();
    for n in 1..20 {
        let item = format!("*a{}", n - 1);
        let items = vec![item; 10].join(", ");
        bomb.push_str(&format!("a{n}: &a{n} [{items}]\n"));
    }
    check(
        &bomb,
        expect![
            "6:9: with its aliases written out the document is larger than 2000000 values or 32 MiB"
        ],
    );
    check(
        &"[".repeat(100_000),
        expect!["1:256: not valid YAML: recursion limit exceeded"],
    );
    check(
        &format!("{}x{}", "[".repeat(64), "]".repeat(64)),
        expect![[
            r#"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[["x"]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]"#
        ]],
    );
    check(
        &format!("{}x{}", "[".repeat(65), "]".repeat(65)),
        expect!["1:65: nested deeper than 64 levels"],
    );
    let deep: String = (0..100).map(|n| format!("{}a:\n", " ".repeat(n))).collect();
    check(&deep, expect!["65:65: nested deeper than 64 levels"]);
}

#[test]
fn a_large_mapping_is_read_in_a_moment_and_still_finds_doubles() {
    let text: String = (0..50_000).map(|n| format!("key{n}: {n}\n")).collect();
    assert!(parse(&text).unwrap().is_some());
    check(
        &format!("{text}key7: 1\n"),
        expect!["50001:1: the key `key7` stands here twice, first in line 8"],
    );
}
