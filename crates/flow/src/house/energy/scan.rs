//! Energy that came, as solid blocks show it: read from before the oldest open order on, each block once.

use sluice_core::address::Address;
use sluice_core::energy::{Arrival, Known, Order, View, Watched, whose};
use sluice_core::id::EnergyOrderId;
use sluice_core::port::chain::Lent;
use sluice_core::port::market::TXIDS_MAX;
use sluice_core::time::Timestamp;

use super::{Broker, Energy};
use crate::StageError;

/// Blocks of one look.
const BLOCKS: u64 = 100;
/// Looks of one turn at most: a process that was away catches up over several.
const LOOKS: usize = 4;
/// How far blocks are read before the time at which our own clock asked, milliseconds.
const BEFORE_MS: i64 = 120_000;
/// Most of what is remembered: a wallet that is lent more in the time of an order is somebody's joke.
const LENT_MAX: usize = 4_096;

/// What was read so far.
#[derive(Default)]
pub(super) struct Seen {
    run: Option<Run>,
}

struct Run {
    /// Everything from then on was read.
    since: Timestamp,
    next: u64,
    through: Option<Timestamp>,
    lent: Vec<Lent>,
}

impl Energy {
    /// Reads on, where an order waits for what blocks show, and asks which orders it explains already.
    pub(super) async fn scan(&mut self, broker: &mut Broker<'_>) -> Result<(), StageError> {
        let waits = |order: &&Order| !order.is_ended();
        let open = broker.view.orders.iter().filter(waits);
        let Some(asked) = open.filter_map(|it| it.state.asked()).map(|asked| asked.at).min() else {
            self.seen.run = None;
            return Ok(());
        };
        let Some(chain) = broker.ports.chains.get(&self.chain) else { return Ok(()) };
        let since = asked.plus_ms(-BEFORE_MS);
        if self.seen.run.as_ref().is_none_or(|run| run.since > since) {
            // A block comes no sooner than its time after the one before, so as many lie behind at most.
            let heads = chain.heads().await?;
            let behind_ms =
                Timestamp::default().plus_ms(heads.latest_time.saturating_mul(1_000)).since_ms(since);
            let block_ms = i64::try_from(chain.profile().block_time_ms).unwrap_or(i64::MAX).max(1);
            let behind = u64::try_from(behind_ms.div_euclid(block_ms)).unwrap_or_default().saturating_add(1);
            let next = heads.latest.number.saturating_sub(behind);
            self.seen.run = Some(Run { since, next, through: None, lent: Vec::new() });
        }
        let Some(run) = &mut self.seen.run else { return Ok(()) };
        let wallets: Vec<Address> =
            broker.ports.store.wallets(Some(self.chain)).await?.iter().map(|it| it.address).collect();
        let pool = self.supply.pool.as_ref().map(|pool| pool.wallet);
        for _ in 0..LOOKS {
            let read = chain.lent(run.next, BLOCKS, &wallets).await?;
            let Some((block, at)) = read.through else { break };
            run.next = block.number.saturating_add(1);
            run.through = Some(at);
            // What the pool lends is explained by its errands, and is no vendor's.
            run.lent.extend(read.lent.into_iter().filter(|lent| lent.from.is_none() || lent.from != pool));
            let too_many = run.lent.len().saturating_sub(LENT_MAX);
            run.lent.drain(..too_many);
        }
        broker.lent = run.lent.iter().map(|lent| lent.txid).collect();
        if broker.lent.is_empty() { Ok(()) } else { broker.read(self.chain).await }
    }

    /// The time of the last block that was read.
    pub(super) fn read_through(&self) -> Option<Timestamp> {
        self.seen.run.as_ref()?.through
    }

    /// What came for an order.
    pub(super) fn arrival(&self, view: &View, order: &Order) -> Option<Arrival> {
        order.state.asked()?;
        let whose = self.whose(view, order)?;
        let ours = whose.into_iter().filter(|(_, owner)| *owner == Some(order.id));
        let came: Vec<Lent> = ours.map(|(lent, _)| lent).take(TXIDS_MAX).collect();
        Arrival::of(&came)
    }

    /// What was read of an order's time, and what came in it that proves no order.
    pub(super) fn watched(&self, view: &View, order: &Order) -> Option<Watched> {
        let asked = order.state.asked()?;
        let through = self.read_through()?;
        let whose = self.whose(view, order)?;
        let unclaimed =
            whose.iter().filter(|(lent, owner)| lent.at >= asked.at && owner.is_none_or(|id| id == order.id));
        let unclaimed = unclaimed.fold(0u64, |sum, (lent, _)| sum.saturating_add(lent.energy));
        Some(Watched { through, unclaimed })
    }

    /// Everything that came to an order's account in what was read, and for which order.
    fn whose(&self, view: &View, order: &Order) -> Option<Vec<(Lent, Option<EnergyOrderId>)>> {
        let run = self.seen.run.as_ref()?;
        let known = Known { explained: &view.explained, named: &self.named };
        Some(whose(order.receiver, &view.orders, &run.lent, known))
    }
}
