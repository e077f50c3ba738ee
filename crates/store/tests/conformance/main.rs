//! One suite, three databases: SQLite on the calling thread, SQLite in a file behind its writer thread, and PostgreSQL
//! where `SLUICE_TEST_POSTGRES_URL` names one (`scripts/with-postgres.sh cargo test -p sluice-store`).
//!
//! Every test is a promise of one of the ports `Store`, `Reader` and `Registry` of `core::port`, named as one.

/// Runs each promise on each database.
macro_rules! promises {
    ($($name:ident;)*) => {$(
        mod $name {
            use crate::world::{Kind, World};

            #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
            async fn inline() {
                super::$name(World::new(Kind::Inline).await.unwrap()).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
            async fn file() {
                super::$name(World::new(Kind::File).await.unwrap()).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
            async fn postgres() {
                match World::new(Kind::Postgres).await {
                    Some(world) => super::$name(world).await,
                    None => eprintln!("skipped: SLUICE_TEST_POSTGRES_URL is not set"),
                }
            }
        }
    )*};
}

mod accept;
mod adoption;
mod again;
mod energy;
mod energy_credit;
mod energy_loan_cost;
mod energy_pool;
mod energy_requests;
mod errands;
mod hand_outs;
#[path = "../interleavings/mod.rs"]
mod interleavings;
mod life;
mod outlook;
#[path = "../reader/mod.rs"]
mod reader;
#[path = "../registry/mod.rs"]
mod registry;
mod restore;
mod schema;
mod signature_requests;
mod slots;
mod speed;
mod statement;
mod sweeps;
mod tiers;
mod trail;
mod unread;
mod went_back;
mod work;
mod world;
