//! `sluice restore`: looks at a copy, and puts it where no store is. What is put in place is shut: an engine that opens it
//! freezes every lane and stops everything before it asks the signer, and two persons open again (M17).

use std::path::{Path, PathBuf};

use serde_json::json;
use sluice_api::problem::Lang;
use sluice_core::port::world::Clock as _;
use sluice_core::time::Timestamp;
use sluice_store::copy::{self, Kind, Mark};

use super::manifest::{Manifest, compared};
use super::{failed, programs};
use crate::cli::Global;
use crate::config::{Both, Config};
use crate::error::StartError;
use crate::world::SystemClock;

/// Which copy, and what is done with it.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Folder of the copy
    #[arg(long, value_name = "FOLDER")]
    from: PathBuf,
    /// Only look: nothing is put anywhere
    #[arg(long)]
    verify: bool,
    /// Configuration file; the copy becomes its database
    #[arg(long, default_value = "sluice.toml")]
    config: PathBuf,
    /// Address of the database that the copy becomes, instead of a configuration file. With --verify: a PostgreSQL server
    /// on which a dump is restored into a database of its own, and dropped again
    #[arg(long, value_name = "URL", conflicts_with = "config")]
    to: Option<String>,
    /// Folder of PostgreSQL's programs; found by itself when left out
    #[arg(long, value_name = "FOLDER")]
    postgres_bin: Option<PathBuf>,
}

/// Looks at a copy; without `--verify`, puts it in place then.
///
/// # Errors
/// [`StartError`]: one sentence. [`StartError::Broken`] where the copy does not hold what its manifest says.
pub async fn run(arguments: Arguments, global: &Global) -> Result<(), StartError> {
    let manifest = Manifest::read(&arguments.from)?;
    let (kind, from) = (manifest.database, arguments.from.as_path());
    good(manifest.differences(from), global)?;
    let copy = from.join(kind.file());
    let programs = programs::find(arguments.postgres_bin.clone());
    // A file is looked into where it lies. A dump needs a server: the target itself, or one to look at it on.
    let url = match (kind, arguments.verify) {
        (Kind::Sqlite, true) => None,
        (Kind::Sqlite | Kind::Postgres, _) => Some(target(&arguments, &manifest)?),
    };
    if kind == Kind::Sqlite || arguments.verify {
        let (facts, broken) = copy::look(kind, &copy, url.as_deref(), &programs).await.map_err(failed)?;
        let broken = broken.into_iter().map(Both::from);
        good(broken.chain(compared(&manifest.facts, &facts)).collect(), global)?;
    }
    let Some(url) = url.filter(|_| !arguments.verify) else {
        say_good(from, &manifest, global);
        return Ok(());
    };
    let now = SystemClock.now();
    let evidence = format!("a copy that was made at {} was put in place at {now}", manifest.taken_at);
    let copied_at = Timestamp::parse(&manifest.taken_at)
        .map_err(|error| StartError::Path { path: from.display().to_string(), why: error.to_string() })?;
    let mark = Mark { evidence, copied_at, at: now };
    copy::put(kind, &copy, &url, &mark, &programs).await.map_err(failed)?;
    let (facts, broken) = copy::held(&url).await.map_err(failed)?;
    let broken = broken.into_iter().map(Both::from);
    // It is in place and shut, and must not be opened.
    good(broken.chain(compared(&manifest.facts, &facts)).collect(), global)?;
    say_what_comes_next(&manifest, global);
    Ok(())
}

/// The database that a copy becomes. A copy of another installation is refused before anything is written.
fn target(arguments: &Arguments, manifest: &Manifest) -> Result<String, StartError> {
    if let Some(url) = &arguments.to {
        return Ok(url.clone());
    }
    let config = Config::read(&arguments.config)?;
    let ours = config.signer.deployment.as_ref();
    match (ours, &manifest.facts.deployment) {
        (Some(ours), Some(theirs)) if ours != theirs => Err(StartError::Said(Both::new(
            format!(
                "the copy belongs to deployment {theirs:?}, and {} to {ours:?}",
                arguments.config.display()
            ),
            format!(
                "복사본은 설치 {theirs:?}의 것이고 {}은(는) {ours:?}의 것입니다",
                arguments.config.display()
            ),
        ))),
        _ => Ok(config.database.url),
    }
}

/// Says each thing that is wrong; the first of them is the error.
fn good(wrong: Vec<Both>, global: &Global) -> Result<(), StartError> {
    let Some(first) = wrong.first().cloned() else { return Ok(()) };
    if !global.json {
        for one in wrong.iter().skip(1) {
            eprintln!("sluice: {}", if global.lang() == Lang::Ko { &one.ko } else { &one.en });
        }
    }
    Err(StartError::Broken(first))
}

fn say_good(from: &Path, manifest: &Manifest, global: &Global) {
    let facts = &manifest.facts;
    if global.json {
        println!("{}", json!({ "good": true, "folder": from, "manifest": manifest }));
        return;
    }
    let (rows, from) = (facts.rows.values().sum::<u64>(), from.display());
    let events: i64 = facts.heads.iter().map(|head| head.number).sum();
    match global.lang() {
        Lang::En => println!(
            "{from} is a good copy of {}, made at {}: {rows} rows in {} tables, {events} events in an unbroken chain, books \
             that add up, place {} in the signer's journal. Nothing was touched.",
            facts.deployment.as_deref().unwrap_or("no installation"),
            manifest.taken_at,
            facts.rows.len(),
            facts.journal_seq
        ),
        Lang::Ko => println!(
            "{from}은(는) {}의 올바른 복사본이며 {}에 만들어졌습니다: 테이블 {}개에 {rows}행, 끊김 없는 이벤트 {events}건, \
             맞는 장부, 서명 서버 저널 위치 {}. 아무것도 바꾸지 않았습니다.",
            facts.deployment.as_deref().unwrap_or("(설치 없음)"),
            manifest.taken_at,
            facts.rows.len(),
            facts.journal_seq
        ),
    }
}

fn say_what_comes_next(manifest: &Manifest, global: &Global) {
    if global.json {
        println!("{}", json!({ "restored": true, "shut": true, "manifest": manifest }));
        return;
    }
    match global.lang() {
        Lang::En => println!(
            "The copy of {} is in place, and shut: nothing is paid from it before two persons open it.\n\
             1. See that nothing works on the old database any more, nor on another copy.\n\
             2. Start the signer with its own journal, the newest there is: never with an older copy of it.\n\
             3. Start the engine. It freezes every lane, stops everything, and imports what the journal has.\n\
             4. sluice restored     says what was found and what is left to do.\n\
             5. Go on as docs/runbooks.md says, \"Store went back in time\".",
            manifest.taken_at
        ),
        Lang::Ko => println!(
            "{}에 만든 복사본을 제자리에 놓았고, 닫혀 있습니다. 두 사람이 열기 전에는 아무것도 지급되지 않습니다.\n\
             1. 이전 데이터베이스나 다른 복사본에서 동작 중인 프로세스가 없는지 확인하세요.\n\
             2. 서명 서버를 원래의 가장 최신 저널로 시작하세요. 저널의 옛 복사본을 쓰면 안 됩니다.\n\
             3. 엔진을 시작하세요. 모든 레인을 동결하고, 전체를 중지하고, 저널의 내용을 가져옵니다.\n\
             4. sluice restored     무엇이 발견되었고 무엇이 남았는지 보여 줍니다.\n\
             5. docs/runbooks.md의 \"저장소 과거로 되돌아감\"을 따르세요.",
            manifest.taken_at
        ),
    }
}
