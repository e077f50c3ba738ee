//! Versions of the schema, and what no statement may lack.

use std::path::Path;

use sluice_core::intent::DeploymentId;
use sluice_store::{Db, OpenError, Template};

use crate::world::{Kind, World};

promises! {
    a_newer_schema_is_refused_in_one_sentence;
    a_database_belongs_to_one_deployment;
    a_question_changes_nothing;
}

async fn a_newer_schema_is_refused_in_one_sentence(world: World) {
    if world.kind == Kind::Inline {
        return;
    }
    let newer = "update meta set schema_version = 99";
    world.db.tamper(newer, newer).await.unwrap();
    let again = Db::open(&world.url, world.clock.clone(), world.entropy.clone()).await;
    match again {
        Err(error @ OpenError::Newer { found: 99, known: sluice_store::migrate::KNOWN }) => {
            assert!(error.to_string().contains("written by a newer Sluice"), "{error}");
        }
        other => panic!("{other:?}"),
    }
}

async fn a_database_belongs_to_one_deployment(world: World) {
    let ours = DeploymentId("ours".into());
    world.db.belongs_to(&ours).await.unwrap();
    world.db.belongs_to(&ours).await.unwrap();
    let other = world.db.belongs_to(&DeploymentId("theirs".into())).await;
    assert!(matches!(other, Err(OpenError::Deployment { .. })), "{other:?}");
}

async fn a_question_changes_nothing(world: World) {
    assert!(world.db.inspect("update meta set journal_seq = 5").await.is_err());
    assert_eq!(world.number("select journal_seq from meta").await, 0);
}

#[test]
fn a_template_is_copied_in_well_under_a_millisecond() {
    let template = Template::new().unwrap();
    let clock = std::sync::Arc::new(Still);
    let copies = 50;
    #[expect(clippy::disallowed_methods, reason = "it measures")]
    let start = std::time::Instant::now();
    for _ in 0..copies {
        Db::inline_from_template(&template, clock.clone(), clock.clone()).unwrap();
    }
    #[expect(clippy::disallowed_methods, reason = "it measures")]
    let each = start.elapsed() / copies;
    eprintln!("a copy of the template takes {each:?}");
    assert!(each.as_micros() < 5_000, "{each:?}, and this machine may be busy");
}

struct Still;

impl sluice_core::port::world::Clock for Still {
    fn now(&self) -> sluice_core::time::Timestamp {
        sluice_core::time::Timestamp::default()
    }
}

impl sluice_core::port::world::Entropy for Still {
    fn bits(&self) -> u128 {
        7
    }
}

#[test]
fn every_question_has_a_limit() {
    let mut files = Vec::new();
    walk(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut files);
    let (mut questions, mut endless) = (0, Vec::new());
    for (path, source) in &files {
        let program = source.split("#[cfg(test)]\nmod tests {").next().unwrap();
        for text in program.split('"').skip(1).step_by(2) {
            let words = text.trim_start();
            // Texts put together by macros end in a tail of their own, which is looked at by itself.
            let question = words.starts_with("select ")
                && words.contains(" from ")
                && !words.contains("a.freezable")
                && !words.ends_with(" from ");
            let tail =
                words.starts_with("where ") && !words.contains("..") && !words.starts_with("where true");
            let no_table = words.contains("clock_timestamp");
            if (question || tail) && !no_table {
                questions += 1;
                if !words.contains("limit ") {
                    endless.push(format!("{}: {text}", path.display()));
                }
            }
        }
    }
    assert_eq!(endless, Vec::<String>::new());
    assert!(questions > 20, "{questions}: the search finds nothing any more");
}

fn walk(folder: &Path, files: &mut Vec<(std::path::PathBuf, String)>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            walk(&path, files);
        } else {
            // Escaped quotes would shift what is inside and what is outside.
            let source = std::fs::read_to_string(&path).unwrap().replace("\\\"", "'").replace("'\"'", "");
            files.push((path, source));
        }
    }
}
