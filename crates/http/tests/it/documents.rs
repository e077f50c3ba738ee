//! The OpenAPI document and the page that shows it.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::Value;

use crate::support::{Request, World};
use crate::tenants::routes;

/// Set it to rewrite the copy in the repository.
const UPDATE: &str = "UPDATE";

#[test]
fn the_copy_in_the_repository_is_what_the_code_says() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/openapi.json");
    #[expect(clippy::disallowed_methods, reason = "a switch for whoever runs the tests")]
    let update = std::env::var_os(UPDATE).is_some();
    if update {
        std::fs::write(&path, sluice_http::openapi()).unwrap();
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        kept == sluice_http::openapi(),
        "docs/openapi.json is old: run this test with {UPDATE}=1 and look at the difference"
    );
}

#[tokio::test]
async fn every_documented_route_is_there() {
    let world = World::new().await;
    for (path, method, scope) in routes() {
        let target = path.replace("{id}", "x");
        let reply = Request::plain(&method, &target, b"").send(&world).await;
        assert!(scope.is_none() || path.starts_with("/v1/"), "{path}");
        let expected = if path.starts_with("/v1/") { 401 } else { 200 };
        assert_eq!(reply.status, expected, "{method} {path}");
    }
}

#[test]
fn every_path_that_the_table_of_old_names_leads_to_is_served() {
    let page = include_str!("../../../../docs/paths.md");
    let served: BTreeSet<String> =
        routes().into_iter().map(|(path, method, _)| format!("{method} {path}")).collect();
    let mut led = 0;
    for line in page.lines().filter(|line| line.starts_with("| `")) {
        let [_, _, ours, what, _] = line.split('|').collect::<Vec<_>>()[..] else {
            panic!("four bars: {line}")
        };
        assert!(what.trim().len() > 10 || ours.contains('`'), "neither a path nor what it waits for: {line}");
        for path in ours.split('`').skip(1).step_by(2) {
            assert!(served.contains(path), "{path} is not a path of the API");
            led += 1;
        }
    }
    assert!(led >= 8, "{led} paths");
}

#[test]
fn the_served_document_is_whole() {
    let document: Value = serde_json::from_str(&sluice_http::openapi()).unwrap();
    let text = document.to_string();
    let schemas: BTreeSet<String> =
        document["components"]["schemas"].as_object().unwrap().keys().cloned().collect();
    let mut used = BTreeSet::new();
    for part in text.split("#/components/schemas/").skip(1) {
        used.insert(part.split('"').next().unwrap().to_owned());
    }
    assert_eq!(used, schemas, "every reference leads somewhere, and nothing is there for nothing");
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1"));
}

#[tokio::test]
async fn the_page_loads_nothing_from_elsewhere() {
    let world = World::new().await;
    let document = Request::plain("GET", "/openapi.json", b"").send(&world).await;
    assert_eq!((document.status, document.text()), (200, sluice_http::openapi()));
    let page = Request::plain("GET", "/docs", b"").send(&world).await;
    assert_eq!((page.status, page.header("content-type")), (200, "text/html; charset=utf-8"));
    let text = page.text();
    assert!(!text.contains("http://") && !text.contains("https://") && !text.contains("src="));
    assert!(page.header("content-security-policy").contains("default-src 'none'"));
}

#[tokio::test]
async fn who_asks_for_nothing_is_told_what_answers_here() {
    let world = World::new().await;
    let reply = Request::plain("GET", "/", b"").send(&world).await;
    assert_eq!((reply.status, reply.json()["service"].as_str()), (200, Some("sluice")), "{}", reply.text());
    for place in ["docs", "openapi", "health", "ready"] {
        let path = reply.json()[place].as_str().unwrap().to_owned();
        assert_ne!(Request::plain("GET", &path, b"").send(&world).await.status, 404, "{path}");
    }
}
