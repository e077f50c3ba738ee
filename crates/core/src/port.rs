//! All the engine asks of the world: one trait per aggregate, boxed futures, no generics as injection.

pub mod around;
pub mod chain;
pub mod deliver;
pub mod market;
pub mod meter;
pub mod reader;
pub mod registry;
pub mod signer;
pub mod store;
pub mod world;

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use crate::chain::ChainId;

/// A boxed future. Naming no runtime keeps the engine runnable by tokio and by the simulator's executor alike.
pub type Fut<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Sources of energy for a chain, and what may be spent there.
#[derive(Clone)]
pub struct Supply {
    /// The vendors.
    pub market: Arc<dyn market::Market>,
    /// The bounds.
    pub policy: crate::energy::Policy,
    /// The platform's own stake, where it lends of it.
    pub pool: Option<Arc<crate::energy::Pool>>,
}

/// Everything the engine is given.
#[derive(Clone)]
pub struct Ports {
    /// Durable state.
    pub store: Arc<dyn store::Store>,
    /// One per configured chain.
    pub chains: BTreeMap<ChainId, Arc<dyn chain::Chain>>,
    /// Keys.
    pub signer: Arc<dyn signer::Signer>,
    /// Where energy comes from, by chain; lanes of a chain that is not named burn TRX.
    pub energy: BTreeMap<ChainId, Supply>,
    /// Alert sinks.
    pub deliver: Arc<dyn deliver::Deliver>,
    /// Time.
    pub clock: Arc<dyn world::Clock>,
    /// Chance.
    pub entropy: Arc<dyn world::Entropy>,
    /// Waiting and signalling.
    pub wake: Arc<dyn world::Wake>,
    /// Figures about the work.
    pub meter: Arc<dyn meter::Meter>,
}
