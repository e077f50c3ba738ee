//! The rows that orders left, written once more into the same tables of an empty database by nobody's rules: the most
//! that the database itself can take.

use sqlx::postgres::PgPool;
use sqlx::{AssertSqlSafe, Executor as _};
use tokio::task::JoinSet;

use crate::clock::now;
use crate::database::{Database, Kind};

/// Orders that share a commit.
const GROUP: usize = 100;
/// Who write at the same time, where the database can have it so.
const CLIENTS: usize = 16;

/// What an order leaves, and the column that names it there. Counters are a few rows that every order moves.
const TABLES: [(&str, &str); 4] = [
    ("withdrawal", "id"),
    ("decision", "withdrawal_id"),
    ("reservation", "withdrawal_id"),
    ("event", "withdrawal_id"),
];
/// What they lean on.
const ABOVE: [&str; 3] = ["partner", "asset", "usage"];

/// Orders in a second, of those whose external ids begin so.
pub(super) fn insert(used: &Database<'_>, empty: &Database<'_>, prefix: &str) -> Result<u128, String> {
    let begin = format!("from withdrawal where external_id like '{prefix}%'");
    let count = used.numbers(&format!("select count(*) {begin}"))?.first().copied().unwrap_or(0);
    let orders = usize::try_from(count).map_err(|error| error.to_string())?;
    if orders == 0 {
        return Err("no orders to write once more".into());
    }
    let took_us = match used.kind {
        Kind::Sqlite => lite(used, empty, prefix, orders)?,
        Kind::Postgres => postgres(used, empty, prefix, orders)?,
    };
    Ok(orders as u128 * 1_000_000 / took_us.max(1))
}

/// What is written of a table: an event is not numbered yet, and its place is its own.
fn columns(table: &str, all: &[String]) -> String {
    let own: Vec<String> = all
        .iter()
        .map(|column| match column.as_str() {
            "rowseq" => "r.rowseq + 1000000000".to_owned(),
            "number" | "link" if table == "event" => "null".to_owned(),
            other => format!("r.{other}"),
        })
        .collect();
    own.join(", ")
}

fn lite(used: &Database<'_>, empty: &Database<'_>, prefix: &str, orders: usize) -> Result<u128, String> {
    let fails = |error: rusqlite::Error| error.to_string();
    let lite = empty.lite()?;
    let path = used.url.strip_prefix("sqlite://").unwrap_or_default();
    lite.execute("attach ?1 as used", [path]).map_err(fails)?;
    for table in ABOVE {
        lite.execute_batch(&format!("insert or ignore into main.{table} select * from used.{table}"))
            .map_err(fails)?;
    }
    lite.execute_batch(&format!(
        "create temp table pick as select id, (row_number() over (order by id) - 1) / {GROUP} as part
             from used.withdrawal where external_id like '{prefix}%';
         create index temp.pick_part on pick (part);"
    ))
    .map_err(fails)?;
    let mut writes = Vec::new();
    for (table, key) in TABLES {
        let mut ask =
            lite.prepare(&format!("select name from pragma_table_info('{table}')")).map_err(fails)?;
        let names = ask.query_map([], |row| row.get(0)).map_err(fails)?;
        let names: Vec<String> = names.collect::<Result<_, _>>().map_err(fails)?;
        // Rows are found by the order; which index leads there costs the bare insert time too, so it is the best one.
        writes.push(format!(
            "insert into main.{table} select {} from temp.pick p cross join used.{table} r on r.{key} = p.id where p.part = ?1",
            columns(table, &names)
        ));
    }
    let begun = now();
    for part in 0..orders.div_ceil(GROUP) {
        let part = i64::try_from(part).map_err(|error| error.to_string())?;
        lite.execute_batch("begin immediate").map_err(fails)?;
        for write in &writes {
            lite.prepare_cached(write).and_then(|mut write| write.execute([part])).map_err(fails)?;
        }
        lite.execute_batch("commit").map_err(fails)?;
    }
    Ok(begun.elapsed_us())
}

fn postgres(used: &Database<'_>, empty: &Database<'_>, prefix: &str, orders: usize) -> Result<u128, String> {
    let clients = u32::try_from(CLIENTS).map_err(|error| error.to_string())?;
    let (from, to) = (used.pool(1)?, empty.pool(clients)?);
    let took = used.runtime().block_on(async {
        carry(&from, &to, prefix).await.map_err(|error| error.to_string())?;
        let begun = now();
        let mut writers = JoinSet::new();
        for client in 0..CLIENTS {
            let to = to.clone();
            writers.spawn(async move {
                for part in (client..orders.div_ceil(GROUP)).step_by(CLIENTS) {
                    write(&to, i32::try_from(part).unwrap_or(i32::MAX)).await?;
                }
                Ok::<_, sqlx::Error>(())
            });
        }
        while let Some(done) = writers.join_next().await {
            done.map_err(|error| error.to_string())?.map_err(|error| error.to_string())?;
        }
        Ok::<_, String>(begun.elapsed_us())
    });
    used.runtime().block_on(async {
        from.close().await;
        to.close().await;
    });
    took
}

/// One commit.
async fn write(to: &PgPool, part: i32) -> Result<(), sqlx::Error> {
    let mut transaction = to.begin().await?;
    for (table, _) in TABLES {
        let write = format!(
            "insert into {table} overriding system value select (r.row).* from staged_{table} r where part = $1"
        );
        sqlx::query(AssertSqlSafe(write)).bind(part).execute(&mut *transaction).await?;
    }
    transaction.commit().await
}

/// Brings the rows beside the tables they will be written into, so that only writing them is measured.
async fn carry(from: &PgPool, to: &PgPool, prefix: &str) -> Result<(), sqlx::Error> {
    let pick = format!(
        "(select id, ((row_number() over (order by id) - 1) / {GROUP})::integer as part from withdrawal where external_id like '{prefix}%')"
    );
    for table in ABOVE {
        let rows = format!("select to_jsonb(r)::text from {table} r");
        let rows: Vec<String> = sqlx::query_scalar(AssertSqlSafe(rows)).fetch_all(from).await?;
        let write = format!(
            "insert into {table} select (jsonb_populate_record(null::{table}, $1::jsonb)).* on conflict do nothing"
        );
        for row in rows {
            sqlx::query(AssertSqlSafe(write.clone())).bind(row).execute(to).await?;
        }
    }
    for (table, key) in TABLES {
        let names: Vec<String> = sqlx::query_scalar(
            "select column_name::text from information_schema.columns where table_name = $1 and table_schema = 'public' order by ordinal_position",
        )
        .bind(table)
        .fetch_all(from)
        .await?;
        let stage = format!("create table staged_{table} (part integer, row {table})");
        to.execute(AssertSqlSafe(stage)).await?;
        let rows = format!(
            "select p.part, row({})::{table}::text from {pick} p join {table} r on r.{key} = p.id",
            columns(table, &names)
        );
        let rows: Vec<(i32, String)> = sqlx::query_as(AssertSqlSafe(rows)).fetch_all(from).await?;
        let (parts, texts): (Vec<i32>, Vec<String>) = rows.into_iter().unzip();
        let write = format!(
            "insert into staged_{table} select part, text::{table} from unnest($1::int[], $2::text[]) as t (part, text)"
        );
        sqlx::query(AssertSqlSafe(write)).bind(parts).bind(texts).execute(to).await?;
        to.execute(AssertSqlSafe(format!("create index on staged_{table} (part); analyze staged_{table}")))
            .await?;
    }
    Ok(())
}
