//! Blocks made by the test instead of the node, so that it can hold still between two of them.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Mutex, MutexGuard};
use tokio::task::JoinSet;

use super::World;

/// Makes a block every so often, until dropped.
pub struct Blocks {
    hand: Arc<Mutex<()>>,
    _maker: JoinSet<()>,
}

impl World {
    /// From now on the test makes the blocks, not the node.
    pub async fn blocks_every(&self, time: Duration) -> Blocks {
        self.no_blocks().await;
        let (hand, control) = (Arc::new(Mutex::new(())), self.control());
        let (held, mut maker) = (hand.clone(), JoinSet::new());
        maker.spawn(async move {
            loop {
                tokio::time::sleep(time).await;
                let _making = held.lock().await;
                // The node ends with the world; then nobody misses the block.
                let _made = control.mine(1).await;
            }
        });
        Blocks { hand, _maker: maker }
    }
}

impl Blocks {
    /// No block comes while this is held.
    pub async fn still(&self) -> MutexGuard<'_, ()> {
        self.hand.lock().await
    }
}
