//! The database a promise is kept on.

use std::path::Path;
use std::process::Command;

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

    pub(super) fn url(&self, folder: &Path) -> String {
        match self {
            Self::Sqlite => format!("sqlite://{}", folder.join("sluice.db").display()),
            Self::Postgres(server) => {
                let name =
                    format!("it_{}", folder.file_name().unwrap().to_string_lossy().replace(['.', '-'], "_"))
                        .to_lowercase();
                let made = Command::new("psql")
                    .args([
                        server.as_str(),
                        "-v",
                        "ON_ERROR_STOP=1",
                        "-qc",
                        &format!("create database \"{name}\""),
                    ])
                    .output()
                    .expect("psql runs");
                let said = String::from_utf8_lossy(&made.stderr);
                assert!(made.status.success() || said.contains("already exists"), "{said}");
                let (base, _) = server.rsplit_once('/').unwrap();
                format!("{base}/{name}")
            }
        }
    }
}
