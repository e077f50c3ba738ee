//! Worlds whose engines pay on TRON too.

use std::time::Duration;

use super::{Database, Shape, World};

/// Time between blocks of the chain that nobody is paid on: each of them wakes a watcher and two lanes, and four in a second took half
/// of the processors from the chain that matters.
const ASIDE: Duration = Duration::from_secs(2);

impl World {
    /// The same with engines that pay on TRON too, by these nodes.
    pub async fn beside_tron(database: Database, shape: Shape, nodes: Vec<String>) -> Self {
        let mut world = Self::new(database, Shape { block: ASIDE, ..shape }).await;
        world.tron = nodes;
        world
    }

    /// The same with engines that buy energy there.
    pub async fn beside_vendors(
        database: Database,
        shape: Shape,
        nodes: Vec<String>,
        market: String,
    ) -> Self {
        let mut world = Self::beside_tron(database, shape, nodes).await;
        world.market = Some(market);
        world
    }

    /// What a program is told of the other chain.
    pub(super) fn tron_arguments(&self) -> Vec<String> {
        if self.tron.is_empty() {
            return vec!["--no-tron".to_owned()];
        }
        let nodes = self.tron.iter().flat_map(|node| ["--tron-node".to_owned(), node.clone()]);
        let market = self.market.iter().flat_map(|url| ["--energy-market".to_owned(), url.clone()]);
        nodes.chain(market).collect()
    }
}
