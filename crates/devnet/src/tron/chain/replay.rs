//! A chain that is kept in a file: it goes on where it stood.

use std::path::Path;

use super::{
    super::journal::{Diverged, Failing, Found, Made, Orders, Record, Resumed, StateError, Terms},
    Chain, Setup,
};

impl Chain {
    /// The chain that is in a file, or a new one that is kept there from now on.
    ///
    /// How far final is behind, and every bound, is what is asked for now; all else is what the file says.
    pub(in crate::tron) fn kept(
        mut setup: Setup,
        path: &Path,
        wall_ms: i64,
    ) -> Result<(Self, Resumed), StateError> {
        let found = Found::at(path)?;
        let mut terms = Terms::of(&setup);
        if let Some(there) = found.terms() {
            there.same_chain(&terms, path)?;
            terms = there.clone();
        }
        let (solid_lag, block_bytes_max) = (setup.solid_lag, setup.block_bytes_max);
        setup.genesis_ms = terms.genesis_ms;
        setup.solid_lag = terms.solid_lag;
        // What a block had room for then is not measured again.
        setup.block_bytes_max = i64::MAX;
        let mut chain = Self::new(setup);
        let (journal, resumed) = found.play(&terms, |record| chain.again(record))?;
        chain.setup.block_bytes_max = block_bytes_max;
        chain.journal = Some(journal);
        // If these cannot be written, [`Chain::failing`] says so.
        let _unwritten = chain.begin(terms.solid_lag, wall_ms);
        if chain.setup.solid_lag != solid_lag {
            chain.set_solid_lag(solid_lag);
        }
        // A machine whose clock was set back goes on all the same.
        chain.clock.reached(chain.head.time_ms, wall_ms);
        Ok((chain, resumed))
    }

    /// Says so once the file cannot be written any more; `None` if there is none.
    pub(in crate::tron) fn failing(&self) -> Option<Failing> {
        Some(self.journal.as_ref()?.failing())
    }

    /// What is ordered of finality and time now.
    pub(super) fn orders(&self) -> Orders {
        Orders { stalled: self.stalled, solid_lag: self.setup.solid_lag, ahead_ms: self.clock.ahead_ms() }
    }

    /// Keeps an order, and then obeys it: it may make blocks final.
    pub(super) fn ordered(&mut self, orders: Orders) {
        if let Some(journal) = &mut self.journal
            && journal.add(&orders.wire()).is_err()
        {
            // The journal has said so, and nobody is answered any more.
            return;
        }
        self.obey(orders);
    }

    fn obey(&mut self, orders: Orders) {
        self.stalled = orders.stalled;
        self.setup.solid_lag = orders.solid_lag;
        self.clock.set_ahead_ms(orders.ahead_ms);
        if !self.stalled {
            self.solid = self.solid.max(self.head().number.saturating_sub(self.setup.solid_lag));
        }
    }

    /// Does again what a record says.
    fn again(&mut self, record: Record) -> Result<(), Diverged> {
        match record {
            Record::Made(made) => self.make_again(made),
            Record::Orders(orders) => {
                self.obey(orders);
                Ok(())
            }
        }
    }

    /// Makes a block as it was made; it must become the same one.
    fn make_again(&mut self, made: Made) -> Result<(), Diverged> {
        let diverged = Diverged { block: made.number };
        let above = self.head.number.saturating_add(1);
        let depth = above.checked_sub(made.number).ok_or(diverged)?;
        if depth > self.head.number.saturating_sub(self.solid) {
            return Err(diverged);
        }
        if depth > 0 {
            // What was in them is in the records that follow, if it came again.
            self.take_back(depth);
        }
        self.branch = made.branch;
        self.pool.refill(made.entries);
        self.make(made.time_ms, made.time_ms).map_err(|_| diverged)?;
        self.clock.set_ahead_ms(made.ahead_ms);
        let same = Made::end_of(&self.head.id) == made.id_end && self.head.receipts() == made.receipts;
        if same { Ok(()) } else { Err(diverged) }
    }
}
