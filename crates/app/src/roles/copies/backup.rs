//! `sluice backup`: a copy of the database as it is at one moment, while engines work on it.

use std::path::{Path, PathBuf};

use serde_json::json;
use sha2::{Digest as _, Sha256};
use sluice_api::problem::Lang;
use sluice_core::port::world::Clock as _;
use sluice_store::copy::{self, Kind, Mark};

use super::folder::Making;
use super::manifest::{self, Held, Manifest};
use super::{failed, programs};
use crate::cli::Global;
use crate::config::Config;
use crate::error::StartError;
use crate::world::SystemClock;

/// What is copied, and where to.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Configuration file; its database is copied
    #[arg(long, default_value = "sluice.toml")]
    config: PathBuf,
    /// Address of the database, instead of a configuration file
    #[arg(long, value_name = "URL", conflicts_with = "config")]
    database: Option<String>,
    /// Folder that the copy becomes; it must not be there yet
    #[arg(long, value_name = "FOLDER")]
    to: PathBuf,
    /// Folder of PostgreSQL's programs; found by itself when left out
    #[arg(long, value_name = "FOLDER")]
    postgres_bin: Option<PathBuf>,
}

/// Takes a copy, and says what it holds.
///
/// # Errors
/// [`StartError`]: nothing is at its place then.
pub async fn run(arguments: Arguments, global: &Global) -> Result<(), StartError> {
    let url = match arguments.database {
        Some(url) => url,
        None => Config::read(&arguments.config)?.database.url,
    };
    let kind = Kind::of(&url)?;
    let to: PathBuf = arguments.to.components().collect();
    let making = Making::begin(&to)?;
    let file = making.path().join(kind.file());
    let now = SystemClock.now();
    let taken_at = now.to_string();
    let mark = Mark { evidence: copied_by_hand(&taken_at), copied_at: now, at: now };
    let programs = programs::find(arguments.postgres_bin);
    let facts = copy::take(&url, &file, &mark, &programs).await.map_err(failed)?;
    let held = Held::of(making.path(), kind.file())
        .map_err(|error| StartError::Path { path: file.display().to_string(), why: error.to_string() })?;
    let manifest = Manifest::new(taken_at, kind, facts, vec![held]);
    let text = manifest.text()?;
    making.finish(manifest::NAME, &text)?;
    say(&to, &manifest, &hex::encode(Sha256::digest(&text)), global);
    Ok(())
}

/// What a file says that was copied into place without `sluice restore`.
fn copied_by_hand(taken_at: &str) -> String {
    format!("this is a copy that was made at {taken_at}")
}

fn say(to: &Path, manifest: &Manifest, sha256: &str, global: &Global) {
    let (bytes, facts) = (manifest.files.iter().map(|it| it.size).sum::<u64>(), &manifest.facts);
    let events: i64 = facts.heads.iter().map(|head| head.number).sum();
    if global.json {
        println!("{}", json!({ "folder": to, "manifest_sha256": sha256, "manifest": manifest }));
        return;
    }
    let to = to.display();
    match global.lang() {
        Lang::En => println!(
            "Copied the database into {to}: {bytes} bytes, {events} numbered events, place {} in the signer's journal.\n\
             Manifest SHA-256 {sha256}: note it elsewhere.\n\
             Check it now: sluice restore --from {to} --verify. The signer's journal is copied apart: sluice signer export.",
            facts.journal_seq
        ),
        Lang::Ko => println!(
            "데이터베이스를 {to}에 복사했습니다: {bytes}바이트, 번호가 매겨진 이벤트 {events}건, 서명 서버 저널 위치 {}.\n\
             목록의 SHA-256 {sha256}: 다른 곳에 적어 두세요.\n\
             지금 확인하세요: sluice restore --from {to} --verify. 서명 서버의 저널은 따로 복사합니다: sluice signer export.",
            facts.journal_seq
        ),
    }
}
