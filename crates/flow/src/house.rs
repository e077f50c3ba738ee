//! The house loop: one lease, and hands told apart by whom they ask, so that none waits for an answer that another one
//! asked for. `feed` asks the store: it seals, and its turns keep the lease for all of them. `standing` asks it too and
//! keeps alerts true. `keys` asks the signer. `books`, a hand for each chain, asks that chain. `energy`, one for each chain that has
//! vendors, asks those. `modes`, one for each chain of TRON, asks it how lanes stand with their energy. They take no input: they
//! look at everything each time, so a missed signal costs latency and nothing else.

mod bar;
mod books;
mod energy;
mod feed;
mod idle;
mod keys;
mod mark;
mod modes;
mod standing;
mod unusual;

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use futures_util::future::join_all;
use sluice_core::lane::Fence;
use sluice_core::port::world::Topic;
use sluice_core::port::{Fut, Ports};
use sluice_core::time::Timestamp;

use crate::{Done, StageError, Turn};

/// What the hands remember between turns. Losing it costs one early look at everything.
pub struct Memory {
    hands: Vec<Box<dyn Hand>>,
}

impl Memory {
    /// Hands that have done nothing yet.
    pub fn new(ports: &Ports) -> Self {
        let unmarked = Arc::new(AtomicBool::new(true));
        let mut hands: Vec<Box<dyn Hand>> = vec![
            Box::new(feed::Feed::new(Arc::clone(&unmarked))),
            Box::<standing::Standing>::default(),
            Box::new(keys::Keys::new(unmarked)),
        ];
        for (id, chain) in &ports.chains {
            hands.push(Box::new(books::Books::new(*id)));
            if chain.profile().tron().is_some() {
                hands.push(Box::new(modes::Modes::new(*id)));
            }
        }
        for (chain, supply) in &ports.energy {
            hands.push(Box::new(energy::Energy::new(*chain, supply.clone())));
        }
        Self { hands }
    }
}

/// What of the loop asks one and the same.
trait Hand: Send {
    /// What wakes it, and what its turns are called where they are measured.
    fn wakes(&self) -> (Topic, &'static str);

    /// One turn.
    fn turn<'a>(&'a mut self, ports: &'a Ports, owner: &'a str) -> Fut<'a, Result<Done, StageError>>;
}

/// Runs the loop for ever.
pub async fn run(ports: Ports, owner: String) {
    let mut memory = Memory::new(&ports);
    join_all(memory.hands.iter_mut().map(async |hand| {
        let (topic, name) = hand.wakes();
        let mut work = Work { ports: &ports, owner: &owner, hand: hand.as_mut() };
        crate::keep(&ports, topic, name, &mut work).await;
    }))
    .await;
}

struct Work<'a> {
    ports: &'a Ports,
    owner: &'a str,
    hand: &'a mut dyn Hand,
}

impl Turn for Work<'_> {
    fn turn(&mut self) -> Fut<'_, Result<Done, StageError>> {
        self.hand.turn(self.ports, self.owner)
    }
}

/// One turn of each hand, one after another.
///
/// # Errors
/// [`StageError`] of store, signer or chain.
pub async fn turn(ports: &Ports, owner: &str, memory: &mut Memory) -> Result<(), StageError> {
    for hand in &mut memory.hands {
        while hand.turn(ports, owner).await? == Done::More {}
    }
    Ok(())
}

/// The lease of the house. A hand asks for it at the beginning of each turn, and the store checks it with each write.
async fn fence(ports: &Ports, owner: &str) -> Result<Fence, StageError> {
    Ok(ports.store.lease("house", owner).await?.ok_or(StageError::LeaseLost)?.into_fence())
}

/// Whether what was last done then is due again.
fn due(at: Option<Timestamp>, every_ms: i64, now: Timestamp) -> bool {
    at.is_none_or(|at| now.since_ms(at) >= every_ms)
}
