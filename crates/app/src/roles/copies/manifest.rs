//! What a folder with a copy must hold. It is written last: a folder without one is no copy.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use sluice_store::copy::{Facts, Kind};

use crate::config::Both;
use crate::error::StartError;

/// Name of the file.
pub const NAME: &str = "manifest.json";
/// What it calls itself, so that no other JSON is taken for one.
const WHAT: &str = "sluice-backup";
/// Version of its shape.
const VERSION: u32 = 1;
/// Longest manifest that is read, bytes: a line for each partner.
const SIZE_MAX: u64 = 64 << 20;

/// What a copy is, and of which moment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    what: String,
    v: u32,
    /// Version of the program that took it.
    pub program: String,
    /// When it was taken.
    pub taken_at: String,
    /// Which database it is of.
    pub database: Kind,
    /// What the database held at that moment.
    pub facts: Facts,
    /// The files beside it.
    pub files: Vec<Held>,
}

/// One file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Held {
    /// Its name.
    pub name: String,
    /// Bytes.
    pub size: u64,
    /// SHA-256, hex.
    pub sha256: String,
}

impl Manifest {
    /// Of a copy that was just taken.
    pub fn new(taken_at: String, database: Kind, facts: Facts, files: Vec<Held>) -> Self {
        let program = env!("CARGO_PKG_VERSION").to_owned();
        Self { what: WHAT.into(), v: VERSION, program, taken_at, database, facts, files }
    }

    /// As text, one line.
    ///
    /// # Errors
    /// [`StartError::Other`].
    pub fn text(&self) -> Result<String, StartError> {
        let text = serde_json::to_string(self).map_err(|error| StartError::Other(error.to_string()))?;
        Ok(text + "\n")
    }

    /// Reads the one of a folder.
    ///
    /// # Errors
    /// [`StartError`]: there is none, or it is none of ours.
    pub fn read(folder: &Path) -> Result<Self, StartError> {
        let path = folder.join(NAME);
        let unusable = |why: String| StartError::Path { path: path.display().to_string(), why };
        let mut text = String::new();
        let file = File::open(&path).map_err(|error| match error.kind() {
            std::io::ErrorKind::NotFound => StartError::Said(Both::new(
                format!(
                    "{} holds no {NAME}: it is no copy, or one that was never finished",
                    folder.display()
                ),
                format!(
                    "{}에 {NAME}이 없습니다. 복사본이 아니거나 완성되지 않은 복사본입니다",
                    folder.display()
                ),
            )),
            _ => unusable(error.to_string()),
        })?;
        file.take(SIZE_MAX).read_to_string(&mut text).map_err(|error| unusable(error.to_string()))?;
        let manifest: Self =
            serde_json::from_str(&text).map_err(|error| unusable(format!("it is no manifest: {error}")))?;
        if manifest.what != WHAT || manifest.v != VERSION {
            return Err(unusable(format!("it is a {} of version {}", manifest.what, manifest.v)));
        }
        Ok(manifest)
    }

    /// Every file that is not what it was, in sentences for people; none is good.
    pub fn differences(&self, folder: &Path) -> Vec<Both> {
        let mut found = Vec::new();
        for held in &self.files {
            // A name, and never a way out of the folder.
            let plain = Path::new(&held.name).file_name().is_some_and(|name| name == held.name.as_str());
            match plain.then(|| Held::of(folder, &held.name)) {
                Some(Ok(now)) if now == *held => {}
                Some(Ok(now)) => found.push(Both::new(
                    format!("{} is not what it was: {} bytes, SHA-256 {}", held.name, now.size, now.sha256),
                    format!("{} 파일이 달라졌습니다: {}바이트, SHA-256 {}", held.name, now.size, now.sha256),
                )),
                Some(Err(error)) => found.push(Both::new(
                    format!("{} cannot be read: {error}", held.name),
                    format!("{} 파일을 읽을 수 없습니다: {error}", held.name),
                )),
                None => found.push(Both::new(
                    format!("{:?} is no file of this folder", held.name),
                    format!("{:?}은(는) 이 폴더의 파일이 아닙니다", held.name),
                )),
            }
        }
        if !self.files.iter().any(|held| held.name == self.database.file()) {
            found.push(Both::new(
                format!("the manifest names no {}", self.database.file()),
                format!("목록에 {} 파일이 없습니다", self.database.file()),
            ));
        }
        found
    }
}

impl Held {
    /// A file as it is now.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn of(folder: &Path, name: &str) -> std::io::Result<Self> {
        let mut file = File::open(folder.join(name))?;
        let (mut hash, mut size, mut chunk) = (Sha256::new(), 0_u64, vec![0; 1 << 20]);
        loop {
            let count = file.read(&mut chunk)?;
            if count == 0 {
                return Ok(Self { name: name.to_owned(), size, sha256: hex::encode(hash.finalize()) });
            }
            hash.update(chunk.get(..count).unwrap_or_default());
            size = size.saturating_add(count as u64);
        }
    }
}

/// Where a copy differs from what its manifest says it held, in sentences for people.
pub fn compared(expected: &Facts, found: &Facts) -> Vec<Both> {
    let mut differs = Vec::new();
    let mut compare = |what: &str, expected: &dyn std::fmt::Debug, found: &dyn std::fmt::Debug| {
        let (expected, found) = (format!("{expected:?}"), format!("{found:?}"));
        if expected != found {
            differs.push(Both::new(
                format!("{what}: the manifest says {expected}, and the copy holds {found}"),
                format!("{what}: 목록에는 {expected}, 복사본에는 {found}"),
            ));
        }
    };
    compare("deployment", &expected.deployment, &found.deployment);
    compare("schema_version", &expected.schema_version, &found.schema_version);
    compare("journal_seq", &expected.journal_seq, &found.journal_seq);
    compare("mark", &expected.mark, &found.mark);
    compare("feed_id", &expected.feed_id, &found.feed_id);
    compare("unsealed", &expected.unsealed, &found.unsealed);
    for name in
        expected.rows.keys().chain(found.rows.keys().filter(|name| !expected.rows.contains_key(*name)))
    {
        compare(&format!("rows of {name}"), &expected.rows.get(name), &found.rows.get(name));
    }
    let head = |heads: &[sluice_store::copy::Head], at: usize| {
        heads.get(at).map(|it| (it.partner.clone(), it.number, it.link.clone()))
    };
    for place in 0..expected.heads.len().max(found.heads.len()) {
        compare("head of the events", &head(&expected.heads, place), &head(&found.heads, place));
    }
    differs
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts() -> Facts {
        Facts {
            deployment: Some("d".into()),
            schema_version: 1,
            journal_seq: 2,
            mark: 3,
            feed_id: "fd_1".into(),
            heads: vec![],
            unsealed: 0,
            rows: [("event".to_owned(), 4)].into(),
        }
    }

    #[test]
    fn a_file_that_changed_by_one_byte_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let name = Kind::Sqlite.file();
        std::fs::write(folder.path().join(name), b"pages").unwrap();
        let held = Held::of(folder.path(), name).unwrap();
        let manifest = Manifest::new("now".into(), Kind::Sqlite, facts(), vec![held]);
        assert_eq!(manifest.differences(folder.path()), vec![]);
        std::fs::write(folder.path().join(name), b"pagez").unwrap();
        assert_eq!(manifest.differences(folder.path()).len(), 1);
    }

    #[test]
    fn no_name_leads_out_of_the_folder() {
        let folder = tempfile::tempdir().unwrap();
        let held = Held { name: "../sluice.db".into(), size: 0, sha256: String::new() };
        let manifest = Manifest::new("now".into(), Kind::Sqlite, facts(), vec![held]);
        assert!(
            manifest.differences(folder.path()).iter().any(|it| it.en.contains("no file of this folder"))
        );
    }

    #[test]
    fn every_fact_is_compared() {
        assert_eq!(compared(&facts(), &facts()), vec![]);
        let head = sluice_store::copy::Head { partner: "pt".into(), number: 1, link: "aa".into() };
        let changed: [fn(&mut Facts); 6] = [
            |it| it.deployment = None,
            |it| it.schema_version = 9,
            |it| it.journal_seq = 9,
            |it| it.mark = 9,
            |it| it.feed_id = "fd_2".into(),
            |it| it.unsealed = 9,
        ];
        for change in changed {
            let mut other = facts();
            change(&mut other);
            assert_eq!(compared(&facts(), &other).len(), 1);
        }
        let rows = Facts { rows: [("event".to_owned(), 3)].into(), ..facts() };
        assert_eq!(compared(&facts(), &rows).len(), 1);
        assert_eq!(compared(&facts(), &Facts { heads: vec![head], ..facts() }).len(), 1);
    }
}
