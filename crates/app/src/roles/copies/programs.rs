//! Where PostgreSQL's own programs are: the folder that is named, what `pg_config` says, the newest of Debian, the path.

use std::path::{Path, PathBuf};
use std::process::Command;

use sluice_store::copy::Programs;

/// Where Debian and Ubuntu keep a folder for each version.
const OF_DEBIAN: &str = "/usr/lib/postgresql";

/// Finds them. What is nowhere is looked for on the path when it is started, and said to be missing then.
pub fn find(named: Option<PathBuf>) -> Programs {
    let folder =
        named.or_else(|| [of_pg_config(), of_debian()].into_iter().flatten().find(|it| has_them(it)));
    Programs { folder }
}

fn has_them(folder: &Path) -> bool {
    ["pg_dump", "pg_restore", "psql"].iter().all(|name| folder.join(name).exists())
}

fn of_pg_config() -> Option<PathBuf> {
    let said = Command::new("pg_config").arg("--bindir").output().ok()?;
    let folder = String::from_utf8(said.stdout).ok()?;
    Some(PathBuf::from(folder.trim()))
}

/// The newest: a dump is read by programs of its server's version or a later one.
fn of_debian() -> Option<PathBuf> {
    let versions = std::fs::read_dir(OF_DEBIAN).ok()?.flatten();
    let number = |name: &std::ffi::OsStr| name.to_str().and_then(|name| name.parse::<u32>().ok());
    let newest = versions.filter_map(|entry| number(&entry.file_name())).max()?;
    Some(Path::new(OF_DEBIAN).join(newest.to_string()).join("bin"))
}
