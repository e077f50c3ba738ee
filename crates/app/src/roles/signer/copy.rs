//! `sluice signer export` and `import`: the signer's journal as a file of its own, apart from the store's copies. It holds
//! what was signed, and no key. A running signer answers through its console; where none runs, its journal is opened.

use std::fs::{self, File, OpenOptions};
use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Subcommand;
use serde::{Deserialize, Serialize};
use serde_json::json;
use sha2::{Digest as _, Sha256};
use sluice_api::problem::Lang;
use sluice_core::intent::DeploymentId;
use sluice_core::port::world::Clock as _;
use sluice_core::time::Timestamp;
use sluice_signer::client::Client;
use sluice_signer::{Archive, JournalEntry};

use super::SignerConfig;
use crate::cli::Global;
use crate::config::Both;
use crate::error::StartError;
use crate::world::{SystemClock, random};

/// What a file calls itself.
const WHAT: &str = "sluice-signer-journal";
/// Version of its shape.
const VERSION: u32 = 1;
/// Entries asked for at once.
const PAGE: usize = 500;
/// Longest wait for the signer's answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// What is done with a copy of the journal.
#[derive(Debug, Subcommand)]
pub enum CopyCommand {
    /// Copy the journal into a file; it holds no key · 저널을 파일로 복사합니다 (키는 들어 있지 않습니다)
    Export {
        /// The file; it must not be there yet
        #[arg(long, value_name = "FILE")]
        to: PathBuf,
    },
    /// Make the journal from such a file, where there is none · 저널이 없는 곳에 복사본으로 저널을 만듭니다
    Import {
        /// The file
        #[arg(long, value_name = "FILE")]
        from: PathBuf,
    },
}

/// One line of a file: the first, one for each entry, the last.
#[derive(Serialize, Deserialize)]
#[serde(untagged, deny_unknown_fields)]
enum Line {
    Begin { what: String, v: u32, deployment: String, exported_at: String },
    Entry { seq: u64, at: i64, body: String, prev: String, hash: String },
    End { seq: u64, hash: String, sha256: String },
}

/// Does it.
///
/// # Errors
/// [`StartError`]: one sentence.
pub fn run(config: &Path, command: CopyCommand, global: &Global) -> Result<(), StartError> {
    let config = SignerConfig::read(config)?;
    match command {
        CopyCommand::Export { to } => export(&config, &to, global),
        CopyCommand::Import { from } => import(&config, &from, global),
    }
}

/// Where entries come from.
enum Source {
    Running(Client),
    Stopped(Archive),
}

impl Source {
    fn of(config: &SignerConfig) -> Result<Self, StartError> {
        let deployment = DeploymentId(config.keys.deployment.clone());
        let client = Client::new(config.console(), deployment, PATIENCE);
        if client.hello(None).is_ok() {
            return Ok(Self::Running(client));
        }
        let archive = Archive::open(&config.keys.journal)
            .map_err(|error| unusable(&config.keys.journal, error.to_string()))?;
        match archive.deployment() {
            Ok(Some(found)) if found == config.keys.deployment => Ok(Self::Stopped(archive)),
            Ok(found) => Err(unusable(&config.keys.journal, format!("it belongs to deployment {found:?}"))),
            Err(error) => Err(unusable(&config.keys.journal, error.to_string())),
        }
    }

    fn page(&self, from: u64) -> Result<Vec<JournalEntry>, StartError> {
        match self {
            Self::Running(client) => client.export(from, PAGE).map_err(StartError::Signer),
            Self::Stopped(archive) => {
                archive.entries(from, PAGE).map_err(|error| StartError::Other(error.to_string()))
            }
        }
    }
}

fn export(config: &SignerConfig, to: &Path, global: &Global) -> Result<(), StartError> {
    not_there(to)?;
    let source = Source::of(config)?;
    let partial = partial(to);
    let written = write(config, &source, &partial).and_then(|end| named(&partial, to).map(|()| end));
    let removed = fs::remove_file(&partial);
    let (seq, sha256) = written?;
    removed.map_err(|error| unusable(&partial, error.to_string()))?;
    if global.json {
        println!("{}", json!({ "file": to, "entries": seq, "sha256": sha256 }));
        return Ok(());
    }
    let to = to.display();
    match global.lang() {
        Lang::En => println!(
            "Copied {seq} entries of the signer's journal into {to}, SHA-256 {sha256}. It holds no key: back the keys up \
             apart from it."
        ),
        Lang::Ko => println!(
            "서명 서버 저널의 항목 {seq}개를 {to}에 복사했습니다. SHA-256 {sha256}. 키는 들어 있지 않으니 따로 백업하세요."
        ),
    }
    Ok(())
}

fn write(config: &SignerConfig, source: &Source, to: &Path) -> Result<(u64, String), StartError> {
    let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(to);
    let mut file = std::io::BufWriter::new(file.map_err(|error| unusable(to, error.to_string()))?);
    let (mut hash, mut seq, mut last) = (Sha256::new(), 0_u64, [0; 32]);
    let mut put = |line: &Line, hash: &mut Sha256| -> Result<(), StartError> {
        let text = serde_json::to_string(line).map_err(|error| StartError::Other(error.to_string()))? + "\n";
        hash.update(&text);
        file.write_all(text.as_bytes()).map_err(|error| unusable(to, error.to_string()))
    };
    let begin = Line::Begin {
        what: WHAT.into(),
        v: VERSION,
        deployment: config.keys.deployment.clone(),
        exported_at: SystemClock.now().to_string(),
    };
    put(&begin, &mut hash)?;
    loop {
        let page = source.page(seq.saturating_add(1))?;
        if page.is_empty() {
            break;
        }
        for entry in page {
            let follows = entry.seq == seq.saturating_add(1) && entry.prev == last;
            if !follows || entry.hash != entry.computed_hash() {
                return Err(StartError::Broken(broken_at(seq.saturating_add(1))));
            }
            (seq, last) = (entry.seq, entry.hash);
            let (prev, own) = (hex::encode(entry.prev), hex::encode(entry.hash));
            let line = Line::Entry { seq, at: entry.at.micros(), body: entry.body, prev, hash: own };
            put(&line, &mut hash)?;
        }
    }
    let sha256 = hex::encode(hash.clone().finalize());
    put(&Line::End { seq, hash: hex::encode(last), sha256: sha256.clone() }, &mut hash)?;
    let file = file.into_inner().map_err(|error| unusable(to, error.to_string()))?;
    file.sync_all().map_err(|error| unusable(to, error.to_string()))?;
    Ok((seq, sha256))
}

fn import(config: &SignerConfig, from: &Path, global: &Global) -> Result<(), StartError> {
    let journal = &config.keys.journal;
    for taken in [journal.clone(), beside(journal, "-wal"), beside(journal, "-journal")] {
        not_there(&taken)?;
    }
    // Read whole and proven before anything is written.
    let end = read(config, from, |_| {})?;
    let partial = partial(journal);
    let mut entries = Vec::new();
    read(config, from, |entry| entries.push(entry))?;
    let rebuilt = Archive::rebuild(&partial, entries.into_iter());
    let rebuilt = rebuilt.map_err(|error| StartError::Broken(Both::from(error.to_string())));
    let named = rebuilt.and_then(|head| named(&partial, journal).map(|()| head));
    for left in [partial.clone(), beside(&partial, "-wal"), beside(&partial, "-journal")] {
        if left.exists() {
            fs::remove_file(&left).map_err(|error| unusable(&left, error.to_string()))?;
        }
    }
    let head = named?;
    if head.seq != end {
        return Err(StartError::Broken(broken_at(head.seq)));
    }
    match (global.json, global.lang()) {
        (true, _) => println!("{}", json!({ "journal": journal, "entries": head.seq })),
        (false, Lang::En) => println!(
            "Made the journal {} from {} entries. What was signed after the copy is not in it: keep every lane shut until \
             store, journal and chain were compared (docs/runbooks.md, \"A lost journal\").",
            journal.display(),
            head.seq
        ),
        (false, Lang::Ko) => println!(
            "항목 {}개로 저널 {}을(를) 만들었습니다. 복사한 뒤에 서명된 것은 들어 있지 않습니다. 저장소, 저널, 체인을 대조하기 \
             전까지 모든 레인을 닫아 두세요(docs/runbooks.md, \"저널 분실\").",
            head.seq,
            journal.display()
        ),
    }
    Ok(())
}

/// Reads a file to its end, every entry with its place in the chain; how many there are.
fn read(config: &SignerConfig, from: &Path, mut take: impl FnMut(JournalEntry)) -> Result<u64, StartError> {
    let file = File::open(from).map_err(|error| unusable(from, error.to_string()))?;
    let strange = |why: &str| StartError::Broken(Both::from(format!("{}: {why}", from.display())));
    let (mut hash, mut seq, mut last, mut begun) = (Sha256::new(), 0_u64, [0; 32], false);
    for text in BufReader::new(file).lines() {
        let text = text.map_err(|error| unusable(from, error.to_string()))?;
        let line: Line = serde_json::from_str(&text).map_err(|error| strange(&error.to_string()))?;
        match line {
            Line::Begin { what, v, deployment, .. } if !begun => {
                if what != WHAT || v != VERSION || deployment != config.keys.deployment {
                    return Err(strange("it is no journal of this deployment"));
                }
                begun = true;
            }
            Line::Entry { seq: place, at, body, prev, hash: own } if begun => {
                let at = Timestamp::from_micros(at);
                let words = (word(&prev), word(&own));
                let (Some(prev), Some(own)) = words else { return Err(strange("a hash is none")) };
                let entry = JournalEntry { seq: place, at, body, prev, hash: own };
                if place != seq.saturating_add(1) || prev != last || own != entry.computed_hash() {
                    return Err(StartError::Broken(broken_at(seq.saturating_add(1))));
                }
                (seq, last) = (place, own);
                take(entry);
            }
            Line::End { seq: end, hash: own, sha256 } if begun => {
                let whole = end == seq && word(&own) == Some(last) && sha256 == hex::encode(hash.finalize());
                return if whole { Ok(seq) } else { Err(strange("it does not end as it should")) };
            }
            Line::Begin { .. } | Line::Entry { .. } | Line::End { .. } => {
                return Err(strange("its lines are out of order"));
            }
        }
        hash.update(&text);
        hash.update("\n");
    }
    Err(strange("its end is missing: it was never finished, or cut"))
}

/// Gives a finished file its name. Unlike a rename, a link never takes the place of what came meanwhile.
fn named(partial: &Path, to: &Path) -> Result<(), StartError> {
    fs::hard_link(partial, to).map_err(|error| unusable(to, error.to_string()))?;
    let around = to.parent().filter(|around| !around.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(around)
        .and_then(|around| around.sync_all())
        .map_err(|error| unusable(around, error.to_string()))
}

fn not_there(path: &Path) -> Result<(), StartError> {
    match path.symlink_metadata() {
        Err(_) => Ok(()),
        Ok(_) => Err(StartError::Said(Both::new(
            format!("{} is there already, and is not overwritten", path.display()),
            format!("{}이(가) 이미 있어 덮어쓰지 않습니다", path.display()),
        ))),
    }
}

fn broken_at(seq: u64) -> Both {
    Both::new(
        format!("the journal is not whole: entry {seq} is missing or was changed"),
        format!("저널이 온전하지 않습니다. {seq}번 항목이 없거나 변경되었습니다"),
    )
}

fn word(hex: &str) -> Option<[u8; 32]> {
    let mut bytes = [0; 32];
    hex::decode_to_slice(hex, &mut bytes).ok().map(|()| bytes)
}

fn partial(path: &Path) -> PathBuf {
    beside(path, &format!(".partial-{}", hex::encode(random::<4>())))
}

fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.to_owned().into_os_string();
    name.push(suffix);
    name.into()
}

fn unusable(path: &Path, why: String) -> StartError {
    StartError::Path { path: path.display().to_string(), why }
}
