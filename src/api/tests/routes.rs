//! Upstream's routes that have none here are known, each with its reason.

use std::collections::BTreeSet;

use super::shapes::upstream;

/// A method and a path a line, as upstream's document of 3.3.2 has them.
const THEIRS: &str = include_str!(concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../../tests/golden/airflow-routes.txt"
));

/// What is absent, and why.
const ABSENT: [(&str, &str); 6] = [
    (
        "GET /auth/login",
        "nobody signs in: the server trusts who reaches it",
    ),
    ("GET /auth/logout", "as above"),
    (
        "POST /dags/{dag_id}/favorite",
        "favourites belong to somebody who has signed in",
    ),
    ("POST /dags/{dag_id}/unfavorite", "as above"),
    (
        "POST /connections/enqueue-test",
        "connections are not tested from here, upstream's default",
    ),
    ("GET /connections/enqueue-test", "as above"),
];

fn routes(document: &model::Json) -> BTreeSet<String> {
    let methods = ["get", "put", "post", "delete", "patch"];
    let mut found = BTreeSet::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        let path = path.strip_prefix("/api/v2").unwrap_or(path);
        let all = item.as_object().unwrap().keys();
        let all = all.filter(|method| methods.contains(&method.as_str()));
        found.extend(all.map(|method| format!("{} {path}", method.to_uppercase())));
    }
    found
}

#[test]
fn upstreams_routes_are_here_or_absent_for_a_reason() {
    let theirs: BTreeSet<String> = THEIRS.lines().map(str::to_owned).collect();
    if let Some(document) = upstream() {
        assert_eq!(
            routes(document),
            theirs,
            "the golden list is not upstream's"
        );
    }
    let ours = routes(&crate::openapi::document());
    let missing: Vec<&String> = theirs.difference(&ours).collect();
    let absent: BTreeSet<&str> = ABSENT.iter().map(|(route, _)| *route).collect();
    let unknown = missing
        .iter()
        .filter(|route| !absent.contains(route.as_str()));
    assert_eq!(
        unknown.count(),
        0,
        "neither here nor absent for a reason: {missing:?}"
    );
    let here = ABSENT.iter().filter(|(route, _)| ours.contains(*route));
    let here: Vec<_> = here.collect();
    assert!(
        here.is_empty(),
        "these are here, so they are not absent: {here:?}"
    );
    let known = absent.iter().all(|route| theirs.contains(*route));
    assert!(known, "an absent route that upstream does not have");
}
