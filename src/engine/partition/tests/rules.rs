//! What mappers answer, by the numbers of upstream's behaviours.

use std::collections::BTreeSet;

use expect_test::expect;
use model::Json;
use serde_json::json;

use crate::partition::*;

fn part(module: &str, var: Json) -> Json {
    json!({"__type": format!("airflow.partition_mappers.{module}"), "__var": var})
}

fn temporal(class: &str, zone: &str, input: &str, output: &str) -> Json {
    let var = json!({"timezone": zone, "input_format": input, "output_format": output});
    part(&format!("temporal.{class}"), var)
}

fn days() -> Json {
    temporal("StartOfDayMapper", "UTC", "%Y-%m-%dT%H", "%Y-%m-%d")
}

fn identity() -> Json {
    part("identity.IdentityMapper", json!({}))
}

fn window(name: &str, direction: &str) -> Json {
    part(&format!("window.{name}"), json!({"direction": direction}))
}

fn segments(of: &[&str]) -> Json {
    part("window.SegmentWindow", json!({"segments": of}))
}

fn rollup(upstream: &Json, window: &Json, minimum: Option<i64>) -> Json {
    let wait = match minimum {
        Some(n) => part("wait_policy.MinimumCount", json!({"n": n})),
        None => part("wait_policy.WaitForAll", json!({})),
    };
    let var = json!({"upstream_mapper": upstream, "window": window, "wait_policy": wait});
    part("base.RollupMapper", var)
}

fn fan_out(upstream: &Json, window: &Json, downstream: &Json, cap: Option<u64>) -> Json {
    let mut var = json!({
        "upstream_mapper": upstream, "window": window, "downstream_mapper": downstream,
    });
    if let Some(cap) = cap {
        var["max_downstream_keys"] = cap.into();
    }
    part("temporal.FanOutMapper", var)
}

fn keys(of: &[&str]) -> BTreeSet<String> {
    of.iter().map(|key| (*key).to_owned()).collect()
}

/// One line: the keys that a key gives, or what is wrong with it.
fn told(mapper: &Json, key: &str) -> String {
    let mapper = match decode(mapper) {
        Ok(mapper) => mapper,
        Err(error) => return format!("refused: {error}"),
    };
    match mapper.map(key, 100) {
        Ok(keys) => keys.join(" "),
        Err(error) => error.to_string(),
    }
}

#[test]
fn s133_mappers_map_keys() {
    let week = window("WeekWindow", "forward");
    let product = json!({"delimiter": "|", "mappers": [identity(), days()]});
    let fixed = part("fixed_key.FixedKeyMapper", json!({"downstream_key": "all"}));
    let weeks = temporal("StartOfWeekMapper", "UTC", "%Y-%m-%d", "%Y-%m-%d (W%V)");
    let quarters = temporal("StartOfQuarterMapper", "UTC", "%Y-%m", "Q{quarter} of %Y");
    let chain = json!({"mappers": [fan_out(&weeks, &week, &days(), None), fixed]});
    let allowed = part(
        "allowed_key.AllowedKeyMapper",
        json!({"allowed_keys": ["us", "eu"]}),
    );
    let hours = temporal(
        "StartOfHourMapper",
        "Asia/Kolkata",
        "%Y-%m-%dT%H:%M%z",
        "%Y-%m-%dT%H%z",
    );
    let lines = [
        told(&identity(), "any"),
        told(&allowed, "eu"),
        told(&allowed, "cn"),
        told(&hours, "2026-11-18T10:59+0000"),
        told(&quarters, "2026-05"),
        told(
            &part("product.ProductMapper", product.clone()),
            "eu|2026-11-18T10",
        ),
        told(&part("product.ProductMapper", product), "eu"),
        told(&fan_out(&weeks, &week, &days(), None), "2026-11-18"),
        told(
            &fan_out(&weeks, &window("WeekWindow", "backward"), &days(), None),
            "2026-11-18",
        ),
        told(&part("chain.ChainMapper", chain), "2026-11-18"),
        told(
            &fan_out(&identity(), &segments(&["us", "eu"]), &identity(), None),
            "x",
        ),
        told(&fan_out(&identity(), &week, &days(), None), "x"),
        told(
            &fan_out(&days(), &segments(&["us"]), &days(), None),
            "2026-11-18T10",
        ),
        told(
            &fan_out(&days(), &window("MonthWindow", "forward"), &days(), None),
            "2026-11-18T10",
        ),
    ];
    expect![[r"
        any
        eu
        ValueError: the key 'cn' is not one of us, eu
        2026-11-18T16+0530
        Q2 of 2026
        eu|2026-11-18
        ValueError: the key 'eu' has 1 parts, not 2
        2026-11-16 2026-11-17 2026-11-18 2026-11-19 2026-11-20 2026-11-21 2026-11-22
        2026-11-10 2026-11-11 2026-11-12 2026-11-13 2026-11-14 2026-11-15 2026-11-16
        all all all all all all all
        eu us
        TypeError: 'x' is no time, and the window is one of time
        AttributeError: 'us' is no time, and the downstream mapper is one of times
        ValueError: expected the start of a period on day 1 of a month, not 2026-11-18T00:00:00"]]
    .assert_eq(&lines.join("\n"));
}

#[test]
fn s133_fan_out_has_a_cap() {
    let hours = temporal("StartOfHourMapper", "UTC", "%Y-%m-%dT%H", "%Y-%m-%dT%H:%M");
    let minutes = window("HourWindow", "forward");
    let map = |cap: Option<u64>, default: usize| {
        let mapper = decode(&fan_out(&hours, &minutes, &hours, cap)).unwrap();
        mapper.map("2026-11-18T10", default)
    };
    let exceeded = |cap, default| match map(cap, default) {
        Err(Unmapped::TooMany(of)) => (of.produced, of.cap_source()),
        other => panic!("{other:?}"),
    };
    assert_eq!(map(Some(60), 1).unwrap().len(), 60);
    assert_eq!(map(None, 60).unwrap().len(), 60);
    assert_eq!(
        exceeded(Some(59), 1_000),
        (60, "max_downstream_keys=59".to_owned())
    );
    assert_eq!(
        exceeded(None, 10),
        (
            60,
            "[scheduler] partition_mapper_max_downstream_keys=10".to_owned()
        )
    );
}

#[test]
fn s133_rollups_wait_as_their_policy_says() {
    let fixed = part("fixed_key.FixedKeyMapper", json!({"downstream_key": "all"}));
    let regions = segments(&["us", "eu", "apac"]);
    let status = |minimum: Option<i64>, come: &[&str]| {
        let mapper = decode(&rollup(&fixed, &regions, minimum)).unwrap();
        mapper.rollup().unwrap().status("all", &keys(come)).unwrap()
    };
    let waiting = |matched| Status::Waiting {
        matched,
        expected: 3,
    };
    assert_eq!(status(None, &["us", "eu"]), waiting(2));
    assert_eq!(status(None, &["us", "eu", "apac", "cn"]), Status::Satisfied);
    assert_eq!(status(Some(2), &["us", "cn"]), waiting(1));
    assert_eq!(status(Some(2), &["us", "eu"]), Status::Satisfied);
    assert_eq!(status(Some(-1), &["us"]), waiting(1));
    assert_eq!(status(Some(-1), &["us", "eu"]), Status::Satisfied);
    assert_eq!(status(Some(-9), &[]), Status::Satisfied);
    let never = Status::Unreachable {
        asked: 4,
        expected: 3,
    };
    assert_eq!(status(Some(4), &["us"]), never);
}

#[test]
fn s133_rollups_expect_what_upstreams_write() {
    let expected = |mapper: &Json, key: &str| {
        let mapper = decode(mapper).unwrap();
        let keys = mapper.rollup().unwrap().expected(key).map(Vec::from_iter);
        keys.map_or_else(|error| error.to_string(), |keys| keys.join(" "))
    };
    // Where clocks are changed a day has 24 keys all the same, one of them the hour that follows.
    let zurich = temporal("StartOfDayMapper", "Europe/Zurich", "%dT%H%z", "%Y-%m-%d");
    let day = rollup(&zurich, &window("DayWindow", "forward"), None);
    let spring = expected(&day, "2026-03-29");
    assert!(
        spring.starts_with("29T00+0100 29T01+0100 29T03+0200 29T04+0200"),
        "{spring}"
    );
    let months = temporal("StartOfMonthMapper", "UTC", "%m-%d", "%Y-%m");
    let backward = rollup(&months, &window("MonthWindow", "backward"), None);
    let days = expected(&backward, "2024-03");
    assert!(
        days.starts_with("02-02 02-03") && days.ends_with("02-29 03-01"),
        "{days}"
    );
    let quarters = temporal("StartOfQuarterMapper", "UTC", "%Y-%m", "%Y-Q{quarter}");
    let of_quarter = rollup(&quarters, &window("QuarterWindow", "backward"), None);
    assert_eq!(expected(&of_quarter, "2026-Q1"), "2025-11 2025-12 2026-01");
    assert!(expected(&of_quarter, "2026-Q5").starts_with("ValueError"));
}

#[test]
fn s133_mappers_that_are_none_are_refused_with_what_is_wrong() {
    let fixed = part("fixed_key.FixedKeyMapper", json!({"downstream_key": ""}));
    let twice = temporal("StartOfWeekMapper", "UTC", "%Y", "%Y-%Y");
    let lines = [
        told(&json!({"__type": "plugins.Mine", "__var": {}}), ""),
        told(&fixed, ""),
        told(&twice, ""),
        told(
            &temporal("StartOfDayMapper", "Europe/Zürich", "%Y", "%Y"),
            "",
        ),
        told(
            &rollup(&identity(), &window("DayWindow", "forward"), None),
            "",
        ),
        told(&rollup(&days(), &window("DayWindow", "sideways"), None), ""),
        told(&rollup(&identity(), &segments(&["a"]), Some(0)), ""),
        told(&rollup(&identity(), &segments(&[]), None), ""),
        told(
            &fan_out(&days(), &window("DayWindow", "forward"), &days(), Some(0)),
            "",
        ),
    ];
    let short = lines.join("\n").replace("airflow.partition_mappers.", "");
    expect![[r#"
        refused: plugins.Mine: not a mapper that is known here: use one of Airflow's own
        refused: fixed_key.FixedKeyMapper: `downstream_key` is empty
        refused: temporal.StartOfWeekMapper: the output format '%Y-%Y' has '%Y' twice
        refused: temporal.StartOfDayMapper: unknown time zone `Europe/Zürich`: write an IANA name such as `Europe/Zurich`, or an offset such as `+01:00`
        refused: base.RollupMapper: the window and the upstream mapper do not fit: one is of times and one is not
        refused: window.DayWindow: `direction` is neither `forward` nor `backward`
        refused: wait_policy.MinimumCount: `n` must be a number other than zero
        refused: window.SegmentWindow: `segments` must be texts, at least one, none of them empty
        refused: temporal.FanOutMapper: `max_downstream_keys` must be 1 or more"#]].assert_eq(&short);
}

#[test]
fn s133_each_asset_has_its_mapper() {
    let asset = |name: &str| json!({"__type": "asset", "name": name, "uri": format!("x://{name}")});
    let by_uri = json!({"__type": "asset_ref", "uri": "x://c"});
    let both = json!({"__type": "asset_any", "objects": [asset("a"), by_uri]});
    let alias = json!({"__type": "asset_alias", "name": "d"});
    let timetable = Partitioned::decode(&json!({
        "asset_condition": both,
        "partition_mapper_config": [[both, days()], [alias, days()]],
        "default_partition_mapper": identity(),
    }))
    .unwrap();
    let is_identity = |name: &str, uri: &str| timetable.mapper(name, uri).carries_partition_date();
    assert!(!is_identity("a", "x://a"));
    assert!(!is_identity("", "x://c"));
    assert!(!is_identity("", "x://a"));
    // A name that is not there is not looked for by its URI.
    assert!(is_identity("c", "x://c"));
    assert!(is_identity("d", ""));
}

#[test]
fn s134_runs_get_the_date_that_all_mappers_agree_on() {
    let [utc, zurich] = ["UTC", "Europe/Zurich"]
        .map(|zone| decode(&temporal("StartOfDayMapper", zone, "%Y-%m-%d", "%Y-%m-%d")).unwrap());
    let none = decode(&identity()).unwrap();
    let carried = model::Timestamp::parse("2020-01-01").ok();
    let date = |mappers: &[&Mapper], key: &str| {
        partition_date(mappers.iter().copied(), key, carried).map(|at| at.to_string())
    };
    let day = Some("2026-11-18T00:00:00Z".to_owned());
    assert_eq!(date(&[&utc, &none, &utc], "2026-11-18"), day);
    assert_eq!(
        date(&[&none], "2026-11-18"),
        carried.map(|at| at.to_string())
    );
    assert_eq!(date(&[&utc, &zurich], "2026-11-18"), None);
    assert_eq!(date(&[&none, &utc], "x"), None);
}
