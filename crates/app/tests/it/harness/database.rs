//! The database a promise is kept on.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::World;

/// The database a promise is kept on.
#[derive(Clone, Debug)]
pub enum Database {
    /// A file in the engine's folder.
    Sqlite,
    /// A server; each world makes a database of its own there.
    Postgres(String),
}

impl Database {
    /// The throw-away cluster of `scripts/with-postgres.sh`; without one the promise is kept on SQLite alone, and says so.
    #[expect(clippy::disallowed_methods, reason = "tests have no configuration reader")]
    pub fn postgres() -> Option<Self> {
        let url = std::env::var("SLUICE_TEST_POSTGRES_URL").ok();
        if url.is_none() {
            eprintln!(
                "SLUICE_TEST_POSTGRES_URL is not set: run `make test` to keep this promise on PostgreSQL too"
            );
        }
        url.map(Self::Postgres)
    }

    /// One of the two, by the commit: what needs the machine to itself for a minute is kept on both by every other commit or so.
    pub fn drawn() -> Self {
        let (seed, of) = crate::kills::report::seed();
        let drawn = if seed.is_multiple_of(2) { None } else { Self::postgres() }.unwrap_or(Self::Sqlite);
        eprintln!("on {}, drawn by {of}", drawn.name());
        drawn
    }

    /// What it is called.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Sqlite => "sqlite",
            Self::Postgres(_) => "postgres",
        }
    }

    /// The address of a database of its own for this folder.
    pub fn url(&self, folder: &Path) -> String {
        match self {
            Self::Sqlite => format!("sqlite://{}", folder.join("sluice.db").display()),
            Self::Postgres(server) => {
                let name =
                    format!("it_{}", folder.file_name().unwrap().to_string_lossy().replace(['.', '-'], "_"))
                        .to_lowercase();
                let (made, said) = psql(server, &format!("create database \"{name}\""));
                assert!(made || said.contains("already exists"), "{said}");
                let (base, _) = server.rsplit_once('/').unwrap();
                format!("{base}/{name}")
            }
        }
    }
}

/// Whether a statement went through, and what was said.
fn psql(server: &str, statement: &str) -> (bool, String) {
    let said = Command::new("psql")
        .args([server, "-v", "ON_ERROR_STOP=1", "-qc", statement])
        .output()
        .expect("psql runs");
    (said.status.success(), String::from_utf8_lossy(&said.stderr).into_owned())
}

/// A copy of a world's database.
pub enum Copy {
    /// Files and their copies.
    Files(Vec<(PathBuf, PathBuf)>),
    /// Server, name, and name of the copy.
    Database(String, String, String),
}

impl World {
    /// Copies the database, as a backup would. No engine may run.
    pub fn copy_of_the_database(&self) -> Copy {
        if self.database.starts_with("sqlite") {
            let files = ["sluice.db", "sluice.db-wal", "sluice.db-shm"].map(|name| self.file(name));
            let copied = files.into_iter().filter(|file| file.exists()).map(|file| {
                let mut copy = file.clone().into_os_string();
                copy.push(".copy");
                std::fs::copy(&file, &copy).expect("copied");
                (file, PathBuf::from(copy))
            });
            return Copy::Files(copied.collect());
        }
        let (base, name) = self.database.rsplit_once('/').expect("a name");
        let (server, copy) = (format!("{base}/postgres"), format!("{name}_copy"));
        let (made, said) = psql(&server, &format!("create database \"{copy}\" template \"{name}\""));
        assert!(made, "{said}");
        Copy::Database(server, name.to_owned(), copy)
    }

    /// The address of a copy, as a database of its own.
    pub fn address_of(&self, copy: &Copy) -> String {
        match copy {
            Copy::Files(files) => format!("sqlite://{}", files[0].1.display()),
            Copy::Database(server, _, copy) => {
                let (base, _) = server.rsplit_once('/').expect("a name");
                format!("{base}/{copy}")
            }
        }
    }

    /// The database is gone, as after a disk was lost. No engine may run.
    pub fn lose_the_database(&self) {
        if self.database.starts_with("sqlite") {
            for name in ["sluice.db", "sluice.db-wal", "sluice.db-shm"] {
                let _absent = std::fs::remove_file(self.file(name));
            }
            return;
        }
        let (base, name) = self.database.rsplit_once('/').expect("a name");
        for statement in [format!("drop database \"{name}\""), format!("create database \"{name}\"")] {
            let (done, said) = psql(&format!("{base}/postgres"), &statement);
            assert!(done, "{said}");
        }
    }

    /// Puts a copy in the place of the database. No engine may run.
    pub fn put_back(&self, copy: &Copy) {
        match copy {
            Copy::Files(files) => {
                for name in ["sluice.db", "sluice.db-wal", "sluice.db-shm"] {
                    let _absent = std::fs::remove_file(self.file(name));
                }
                for (file, copy) in files {
                    std::fs::copy(copy, file).expect("put back");
                }
            }
            Copy::Database(server, name, copy) => {
                for statement in [
                    format!("drop database \"{name}\""),
                    format!("create database \"{name}\" template \"{copy}\""),
                ] {
                    let (done, said) = psql(server, &statement);
                    assert!(done, "{said}");
                }
            }
        }
    }
}
