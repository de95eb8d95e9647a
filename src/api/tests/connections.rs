//! Connections: sealed, masked, changed in part, refused.

use model::Json;
use serde_json::json;

use super::node::Node;

fn node() -> Node {
    Node::new(&[], &[])
}

fn shop(more: Json) -> Option<Json> {
    let mut body = json!({ "connection_id": "shop", "conn_type": "http", "host": "h" });
    let fields = more.as_object().unwrap().clone();
    body.as_object_mut().unwrap().extend(fields);
    Some(body)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connections_are_sealed_masked_and_changed() {
    let node = node();
    let extra = "{\"token\": \"hunter22\", \"n\": 1}";
    let words = json!({ "password": "hunter2", "port": 80, "extra": extra });
    let made = node.ask("POST", "/connections", shop(words.clone())).await;
    assert_eq!(made.status, 201, "{}", made.text);
    assert_eq!(made.json()["extra"], "{\"token\":\"***\",\"n\":1}");
    assert_eq!(
        node.ask("POST", "/connections", shop(words)).await.status,
        409
    );
    let shown = node.get("/connections/shop").await;
    assert_eq!(
        (&shown["password"], &shown["port"]),
        (&"***".into(), &80.into())
    );
    // What comes back masked changes no secret, and what is absent changes nothing.
    let more =
        json!({ "password": "***", "extra": "{\"token\": \"***\", \"n\": 2}", "login": "me" });
    let answer = node.ask("PATCH", "/connections/shop", shop(more)).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let reader_words = || {
        let control = node.control();
        let found = control::queries::connections::get(control.reader(), "shop").unwrap();
        let words = found.unwrap();
        (
            words.password.unwrap(),
            words.extra.unwrap(),
            words.port,
            words.login,
        )
    };
    let (password, extra, port, login) = reader_words();
    assert_eq!(
        (password.as_str(), port, login.as_deref()),
        ("hunter2", Some(80), Some("me"))
    );
    assert_eq!(extra, "{\"token\":\"hunter22\",\"n\":2}");
    let masked = shop(json!({ "login": null, "port": 1 }));
    let path = "/connections/shop?update_mask=login";
    assert_eq!(node.ask("PATCH", path, masked).await.status, 200);
    let (.., port, login) = reader_words();
    assert_eq!((port, login), (Some(80), None));
    let book = std::fs::read(node.folder().join("book.redb")).unwrap();
    assert!(
        !book.windows(7).any(|bytes| bytes == b"hunter2"),
        "it is in the book as it is"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connections_are_listed_checked_and_changed_in_bulk() {
    let node = node();
    node.ask("POST", "/connections", shop(json!({}))).await;
    let list = node
        .get("/connections?connection_id_pattern=%25ho%25&order_by=-conn_type")
        .await;
    assert_eq!(list["total_entries"], 1);
    for (body, expected) in [
        (json!({ "connection_id": "a b", "conn_type": "http" }), 422),
        (
            json!({ "connection_id": "a", "conn_type": "http", "extra": "[1]" }),
            422,
        ),
        (
            json!({ "connection_id": "a", "conn_type": "http", "team_name": "t" }),
            422,
        ),
        (json!({ "connection_id": "a" }), 422),
    ] {
        let text = body.to_string();
        let answer = node.ask("POST", "/connections", Some(body)).await;
        assert_eq!(answer.status, expected, "{text}");
    }
    let refused = node
        .refused("POST", "/connections/test", shop(json!({})))
        .await;
    assert!(refused.starts_with("403 API-018"), "{refused}");
    let bulk = json!({ "actions": [
        { "action": "create", "action_on_existence": "overwrite",
          "entities": [{ "connection_id": "two", "conn_type": "ssh" }] },
        { "action": "delete", "entities": ["shop", "none"] },
    ]});
    let done = node.ask("PATCH", "/connections", Some(bulk)).await.json();
    assert_eq!(done["create"]["success"], json!(["two"]));
    assert_eq!(done["delete"]["success"], json!(["shop"]));
    assert_eq!(done["delete"]["errors"][0]["status_code"], 404);
    assert_eq!(node.ask("GET", "/connections/shop", None).await.status, 404);
}
