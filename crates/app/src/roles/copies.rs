//! `sluice backup` and `sluice restore`: a copy of the database in a folder, with a manifest that says what it must hold.
//!
//! | file | what it knows |
//! |---|---|
//! | `backup` | takes a copy, whole or not at all |
//! | `manifest` | what a folder holds, and whether it still does |
//! | `restore` | looks at a copy, and puts it where no store is |
//! | `programs` | where PostgreSQL's own programs are |

pub mod backup;
mod folder;
mod manifest;
mod programs;
pub mod restore;

use sluice_store::copy::CopyError;

use crate::config::Both;
use crate::error::StartError;

/// Why a copy could not be taken or used, for people.
fn failed(error: CopyError) -> StartError {
    match error {
        CopyError::Database(error) => error.into(),
        CopyError::File { path, why } => StartError::Path { path: path.display().to_string(), why },
        CopyError::Program { program, why } => StartError::Outside(Both::new(
            format!(
                "{program} failed: {why}; install PostgreSQL's client programs of the server's version, or name their folder with --postgres-bin"
            ),
            format!(
                "{program} 실행에 실패했습니다: {why}. 서버와 같은 버전의 PostgreSQL 클라이언트 프로그램을 설치하거나 --postgres-bin으로 위치를 지정하세요"
            ),
        )),
        CopyError::Schema { found } => StartError::Said(Both::new(
            format!(
                "the schema has version {found}, which is not the one of this program: use the program that runs this database, or `sluice migrate` first"
            ),
            format!(
                "스키마 버전 {found}은(는) 이 프로그램의 버전이 아닙니다. 이 데이터베이스를 실행하는 프로그램을 쓰거나 먼저 `sluice migrate`를 실행하세요"
            ),
        )),
        CopyError::NotEmpty(what) => StartError::Said(Both::new(
            format!(
                "{what} is not empty: a copy is put only where no store is. Move what is there away, and keep it"
            ),
            format!(
                "{what}에 이미 데이터가 있습니다. 복사본은 저장소가 없는 곳에만 놓을 수 있습니다. 기존 데이터를 다른 곳으로 옮겨 보관하세요"
            ),
        )),
        CopyError::OtherKind(url) => StartError::Said(Both::new(
            format!(
                "{url:?} is no address of the kind of database that this is a copy of; name one with --to"
            ),
            format!("{url:?}은(는) 이 복사본과 같은 종류의 데이터베이스 주소가 아닙니다. --to로 지정하세요"),
        )),
    }
}
