//! Runs a promise on each database, or on one of them.

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

/// Makes one test of a promise, on the database that the commit draws. For what keeps every other test waiting.
#[macro_export]
macro_rules! on_drawn {
    ($(#[$doc:meta])* async fn $name:ident($db:ident: Database) $body:block) => {
        $(#[$doc])*
        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $name() {
            let $db = $crate::harness::Database::drawn();
            $body
        }
    };
}
