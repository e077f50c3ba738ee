//! Runs a promise on each database.

/// Makes two tests of a promise: `sqlite` and `postgres`.
#[macro_export]
macro_rules! on_both {
    ($($(#[$doc:meta])* async fn $name:ident($db:ident: Database) $body:block)*) => {$(
        $(#[$doc])*
        mod $name {
            use super::*;
            use $crate::harness::Database;

            async fn promise($db: Database) $body

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn sqlite() {
                promise(Database::Sqlite).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn postgres() {
                if let Some(database) = Database::postgres() {
                    promise(database).await;
                }
            }
        }
    )*};
}
