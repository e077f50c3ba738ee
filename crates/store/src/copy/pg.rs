//! Copies of a PostgreSQL database: `pg_dump` of the moment that its facts were read in, and back by one transaction.
//!
//! What the programs must know goes to them by their environment: a password on a command line is everybody's.

use std::path::Path;
use std::process::Stdio;

use sluice_core::port::store::StoreError;
use sqlx::postgres::{PgConnectOptions, PgSslMode};
use sqlx::{ConnectOptions as _, Connection as _, PgConnection};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWriteExt as _};
use tokio::process::{Child, Command};

use super::{CopyError, Facts, Mark, Programs, check, facts, io};
use crate::args;
use crate::db::OpenError;
use crate::migrate::KNOWN;
use crate::sql;
use crate::sql::{Conn, Sql, pg_failed};

/// What a program says is kept up to here, bytes; the end of it says why it failed.
const SAID_MAX: usize = 4_096;

pub(super) async fn take(url: &str, to: &Path, programs: &Programs) -> Result<Facts, CopyError> {
    let options = options(url)?;
    let mut connection = connected(&options).await?;
    // It stays open while the program reads: both see what was committed when it began.
    let mut transaction =
        connection.begin_with("begin isolation level repeatable read read only").await.map_err(failed)?;
    let mut conn = Conn::Pg(&mut transaction);
    let version = conn.row(sql!("select schema_version from meta limit 1"), args![]).await?;
    let found = version.map(|row| row.int("schema_version")).transpose()?.unwrap_or(0);
    if found != KNOWN {
        return Err(CopyError::Schema { found });
    }
    let facts = facts::read(&mut conn).await?;
    let snapshot = conn.row(sql!("select pg_export_snapshot() as id limit 1"), args![]).await?;
    let snapshot = snapshot.ok_or_else(|| StoreError::Statement("the server exports no snapshot".into()))?;
    std::os::unix::fs::OpenOptionsExt::mode(std::fs::OpenOptions::new().write(true).create_new(true), 0o600)
        .open(to)
        .map_err(io(to))?;
    let mut dump = program(programs, "pg_dump", url, &options);
    dump.args(["--format=custom", "--no-owner", "--no-privileges", "--no-password"]);
    dump.arg(format!("--snapshot={}", snapshot.text("id")?)).arg("--file").arg(to);
    finished("pg_dump", dump.stdout(Stdio::null()).spawn()).await?;
    transaction.rollback().await.map_err(failed)?;
    std::fs::File::open(to).and_then(|file| file.sync_all()).map_err(io(to))?;
    Ok(facts)
}

/// Restores it into a database of its own beside the one at `server`, looks, and drops that again.
pub(super) async fn look(
    copy: &Path,
    server: &str,
    programs: &Programs,
) -> Result<(Facts, Vec<String>), CopyError> {
    let options = options(server)?;
    let mut connection = connected(&options).await?;
    let name = conn_row(
        &mut connection,
        "select 'sluice_look_' || replace(gen_random_uuid()::text, '-', '') as name",
    )
    .await?;
    statement(&mut connection, format!("create database \"{name}\"")).await?;
    let looked = async {
        let scratch = with_database(server, &name);
        put(copy, &scratch, None, programs).await?;
        look_into(&scratch).await
    }
    .await;
    let dropped = statement(&mut connection, format!("drop database \"{name}\"")).await;
    let looked = looked?;
    dropped?;
    Ok(looked)
}

pub(super) async fn look_into(url: &str) -> Result<(Facts, Vec<String>), CopyError> {
    let mut connection = connected(&options(url)?).await?;
    let mut transaction =
        connection.begin_with("begin isolation level repeatable read read only").await.map_err(failed)?;
    let mut conn = Conn::Pg(&mut transaction);
    let facts = facts::read(&mut conn).await?;
    let broken = check::run(&mut conn, &facts).await?;
    transaction.rollback().await.map_err(failed)?;
    connection.close().await.map_err(failed)?;
    Ok((facts, broken))
}

/// Plays the dump into an empty database, with its mark, in one transaction. A program that dies leaves nothing.
pub(super) async fn put(
    copy: &Path,
    url: &str,
    mark: Option<&Mark>,
    programs: &Programs,
) -> Result<(), CopyError> {
    let options = options(url)?;
    let mut connection = connected(&options).await?;
    let text = "select count(*)::text as name from pg_tables where schemaname = current_schema() limit 1";
    if conn_row(&mut connection, text).await? != "0" {
        return Err(CopyError::NotEmpty(at(&options)));
    }
    let schema = conn_row(&mut connection, "select quote_ident(current_schema()) as name").await?;
    connection.close().await.map_err(failed)?;
    let mut out = program(programs, "pg_restore", url, &options);
    out.args(["--no-owner", "--no-privileges", "--file=-"]).arg(copy);
    let mut out = out.stdout(Stdio::piped()).stdin(Stdio::null()).spawn();
    let mut into = program(programs, "psql", url, &options);
    into.args(["--no-psqlrc", "--quiet", "--no-password", "--set=ON_ERROR_STOP=1", "--file=-"]);
    let mut into = into.stdin(Stdio::piped()).stdout(Stdio::null()).spawn();
    let words = out.as_mut().ok().and_then(|child| child.stdout.take());
    let ear = into.as_mut().ok().and_then(|child| child.stdin.take());
    let (Some(mut words), Some(mut ear)) = (words, ear) else {
        finished("pg_restore", out).await?;
        finished("psql", into).await?;
        return Err(StoreError::Down("a program has no pipes".into()).into());
    };
    // A process that starts on this database waits for the same lock before it looks at the schema.
    let begin = "begin; select pg_advisory_xact_lock(7310579624);
         do $$ begin if exists (select 1 from pg_tables where schemaname = current_schema()) then
             raise exception 'the database is not empty'; end if; end $$;\n";
    let played = async {
        ear.write_all(begin.as_bytes()).await?;
        tokio::io::copy(&mut words, &mut ear).await
    };
    let played = played.await;
    drop(words);
    if played.is_err() {
        // It ended before it had everything. Without a `commit` nothing of it happened.
        drop(ear);
        finished("psql", into).await?;
        return Err(StoreError::Down("psql ended before it had everything".into()).into());
    }
    if let Err(error) = finished("pg_restore", out).await {
        drop(ear);
        finished("psql", into).await?;
        return Err(error);
    }
    let end = format!("\n{}commit;\n", mark.map_or_else(String::new, |mark| marked(&schema, mark)));
    let told = ear.write_all(end.as_bytes()).await;
    drop(ear);
    finished("psql", into).await?;
    told.map_err(|error| StoreError::Unknown(error.to_string()).into())
}

fn marked(schema: &str, mark: &Mark) -> String {
    let evidence = mark.evidence.replace('\'', "''");
    let (copied_at, at) = (mark.copied_at.micros(), mark.at.micros());
    format!(
        "update {schema}.went_back set evidence = '{evidence}', copied_at = {copied_at}, noticed_at = {at}, shut_at = null
             where pending = 1;
         insert into {schema}.went_back (evidence, copied_at, noticed_at) select '{evidence}', {copied_at}, {at}
             where not exists (select 1 from {schema}.went_back where pending = 1);\n"
    )
}

/// A program that talks to this server.
fn program(programs: &Programs, name: &str, url: &str, options: &PgConnectOptions) -> Command {
    let mut command = Command::new(programs.path(name));
    let host =
        options.get_socket().map_or_else(|| options.get_host().into(), |socket| socket.display().to_string());
    command
        .env("PGHOST", host)
        .env("PGPORT", options.get_port().to_string())
        .env("PGUSER", options.get_username())
        .env("PGDATABASE", options.get_database().unwrap_or_else(|| options.get_username()))
        .env("PGSSLMODE", ssl_mode(options.get_ssl_mode()))
        .env("PGAPPNAME", "sluice copy")
        .env("PGOPTIONS", "-c statement_timeout=0 -c lock_timeout=5s")
        .env("LC_ALL", "C")
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    // As it was given, or as the password file of the user says.
    if let Some(password) = options.to_url_lossy().password() {
        command.env("PGPASSWORD", decoded(password));
    }
    if let Some(certificate) = of_query(url, "sslrootcert") {
        command.env("PGSSLROOTCERT", certificate);
    }
    command
}

/// Waits for a program; what it said last when it failed.
async fn finished(name: &str, started: std::io::Result<Child>) -> Result<(), CopyError> {
    let program_failed = |why: String| CopyError::Program { program: name.to_owned(), why };
    let mut child = started.map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => program_failed(format!("{name} is not on this machine")),
        _ => program_failed(error.to_string()),
    })?;
    let said = match child.stderr.take() {
        Some(words) => last_of(words).await.unwrap_or_default(),
        None => String::new(),
    };
    let status = child.wait().await.map_err(|error| program_failed(error.to_string()))?;
    if status.success() {
        return Ok(());
    }
    let last = said.lines().rev().find(|line| !line.trim().is_empty());
    Err(program_failed(last.map_or_else(|| status.to_string(), str::to_owned)))
}

async fn last_of(mut words: impl AsyncRead + Unpin) -> std::io::Result<String> {
    let (mut kept, mut chunk) = (Vec::new(), [0; 1_024]);
    loop {
        let count = words.read(&mut chunk).await?;
        if count == 0 {
            return Ok(String::from_utf8_lossy(&kept).into_owned());
        }
        kept.extend_from_slice(chunk.get(..count).unwrap_or_default());
        let over = kept.len().saturating_sub(SAID_MAX);
        kept.drain(..over);
    }
}

fn options(url: &str) -> Result<PgConnectOptions, CopyError> {
    let options: PgConnectOptions = url.parse().map_err(|_| OpenError::Url("postgres://..".into()))?;
    Ok(options.application_name("sluice copy").options([("lock_timeout", "5s")]))
}

async fn connected(options: &PgConnectOptions) -> Result<PgConnection, CopyError> {
    PgConnection::connect_with(options).await.map_err(|error| {
        let why = StoreError::from(pg_failed(&error));
        CopyError::from(StoreError::Down(format!("{}: {why}", at(options))))
    })
}

/// Where, without who and with what word.
fn at(options: &PgConnectOptions) -> String {
    let database = options.get_database().unwrap_or_else(|| options.get_username());
    format!("{}:{}/{database}", options.get_host(), options.get_port())
}

async fn conn_row(connection: &mut PgConnection, question: &'static str) -> Result<String, CopyError> {
    let row = Conn::Pg(connection).row(&Sql::one(question), args![]).await?;
    let row = row.ok_or_else(|| StoreError::Statement("the server gives no answer".into()))?;
    Ok(row.text("name")?.to_owned())
}

async fn statement(connection: &mut PgConnection, text: String) -> Result<(), CopyError> {
    Conn::Pg(connection).run(&Sql::built(text.clone(), text), args![]).await?;
    Ok(())
}

/// The same address with another database.
fn with_database(url: &str, name: &str) -> String {
    let (before, query) = url.split_once('?').map_or((url, ""), |(before, query)| (before, query));
    let authority = before.find("://").map_or(0, |place| place.saturating_add(3));
    let (scheme, rest) = before.split_at(authority);
    let server = rest.split('/').next().unwrap_or(rest);
    let query = if query.is_empty() { String::new() } else { format!("?{query}") };
    format!("{scheme}{server}/{name}{query}")
}

fn of_query(url: &str, key: &str) -> Option<String> {
    let (_, query) = url.split_once('?')?;
    query
        .split('&')
        .filter_map(|pair| pair.split_once('='))
        .find(|pair| pair.0 == key)
        .map(|pair| decoded(pair.1))
}

/// Undoes percent encoding.
fn decoded(text: &str) -> String {
    let (mut bytes, mut rest) = (Vec::new(), text.as_bytes());
    while let Some((first, after)) = rest.split_first() {
        let pair = after.get(..2).and_then(|pair| std::str::from_utf8(pair).ok());
        match pair.and_then(|pair| u8::from_str_radix(pair, 16).ok()).filter(|_| *first == b'%') {
            Some(byte) => {
                bytes.push(byte);
                rest = after.get(2..).unwrap_or_default();
            }
            None => {
                bytes.push(*first);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

const fn ssl_mode(mode: PgSslMode) -> &'static str {
    match mode {
        PgSslMode::Disable => "disable",
        PgSslMode::Allow => "allow",
        PgSslMode::Prefer => "prefer",
        PgSslMode::Require => "require",
        PgSslMode::VerifyCa => "verify-ca",
        PgSslMode::VerifyFull => "verify-full",
    }
}

fn failed(error: sqlx::Error) -> CopyError {
    pg_failed(&error).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_database_of_the_same_server_is_named() {
        assert_eq!(
            with_database("postgres://a:b%40c@h:5/x?sslmode=disable", "y"),
            "postgres://a:b%40c@h:5/y?sslmode=disable"
        );
        assert_eq!(with_database("postgres://h", "y"), "postgres://h/y");
    }

    #[test]
    fn a_password_is_read_as_it_was_meant() {
        assert_eq!(decoded("p%40ss%2F%ec%95%94%zz"), "p@ss/암%zz");
    }

    #[test]
    fn no_password_is_on_a_command_line() {
        let url = "postgres://kim:s3cret@127.0.0.1:5/x";
        let command = program(&Programs::default(), "pg_dump", url, &options(url).unwrap());
        let line = format!("{:?}", command.as_std().get_args().collect::<Vec<_>>());
        assert!(!line.contains("s3cret"), "{line}");
        let told = command
            .as_std()
            .get_envs()
            .any(|(key, value)| key == "PGPASSWORD" && value.is_some_and(|it| it == "s3cret"));
        assert!(told, "the program is told by its environment");
    }
}
