//! Who judges: the vendors' own books, which the caller never sees.

use super::*;

impl Caller<'_> {
    /// What account and chain did not explain, or explained wrongly, is read from the vendor's own statement.
    pub(super) fn ask_a_person(&mut self, seen: &mut Seen) {
        for at in 0..self.orders.len() {
            let kept: u64 = self.truth(at).iter().map(net).sum();
            if self.orders[at].money().known && self.known(at) == kept {
                continue;
            }
            match self.orders[at].clone().resolve(Cost(u128::from(kept)), self.now()) {
                Ok(Some(moved)) => {
                    count(seen, "a person looked");
                    self.step(at, moved, seen);
                }
                Ok(None) => {}
                Err(refusal) => panic!("a person cannot resolve it: {refusal}\n{}", self.trace.join("\n")),
            }
        }
    }

    /// The vendor's own truth about an order: by our id, or by what no other order asked of it. There may be two, where the
    /// vendor gave the first one up, paid it back and forgot it before it was asked again.
    pub(super) fn truth(&self, at: usize) -> Vec<OrderFacts> {
        let order = &self.orders[at];
        let name = VendorName::ALL.into_iter().find(|name| id(*name) == order.vendor);
        let (Some(name), Some(asked)) = (name, order.state.asked()) else { return Vec::new() };
        let mut all = self.stall.desk(name).orders();
        all.retain(|facts| match &facts.client_id {
            Some(client_id) => *client_id == order.id.to_string(),
            None => facts.energy == order.energy && facts.placed_ms == asked.at.millis(),
        });
        all
    }

    /// What our books say that an order cost.
    pub(super) fn known(&self, at: usize) -> u64 {
        let money = self.orders[at].money();
        sun(money.spent_sun) + sun(money.unresolved_sun)
    }

    /// What must hold after every step.
    pub(super) fn check(&self) -> Result<(), String> {
        for name in VendorName::ALL {
            let mut needs: BTreeMap<u64, usize> = BTreeMap::new();
            for facts in self.stall.desk(name).orders().iter().filter(|it| is_bought(it)) {
                *needs.entry(facts.energy).or_default() += 1;
            }
            if let Some((energy, count)) = needs.iter().find(|(_, count)| **count > 1) {
                return Err(format!("{} took {count} orders for the need of {energy}", name.name()));
            }
            for wallet in 0..2 {
                let of = |it: &&Order| it.vendor == id(name) && it.wallet == self::wallet(wallet);
                let open = |it: &&Order| {
                    of(it)
                        && matches!(
                            it.state,
                            State::Asked(_) | State::Unknown { .. } | State::Unresolved { .. }
                        )
                };
                let count = self.orders.iter().filter(|it| open(it)).count();
                if count > 1 {
                    return Err(format!("{count} orders of one wallet are unresolved at {}", name.name()));
                }
            }
        }
        // Whatever is known is the truth; what was proven came.
        for (at, order) in self.orders.iter().enumerate() {
            let truth = self.truth(at);
            let net: u64 = truth.iter().map(net).sum();
            let gross = truth.last().map_or(0, |it| it.charged_sun);
            if order.money().known && ![net, gross].contains(&self.known(at)) {
                return Err(format!(
                    "{} is booked at {}, and it cost {net} of {gross}",
                    order.id,
                    self.known(at)
                ));
            }
            let nothing = matches!(order.state, State::Absent(_) | State::Refused { .. } | State::Dropped);
            if nothing && truth.iter().any(is_bought) {
                return Err(format!("{} is {}, and the vendor has it", order.id, order.state.as_str()));
            }
        }
        Ok(())
    }

    /// At the end: what we say that we spent is what the vendor took, to the sun.
    pub(super) fn balance_to_the_sun(&self) -> Result<(), String> {
        for name in VendorName::ALL {
            let ours = self.orders.iter().filter(|it| it.vendor == id(name)).map(|it| {
                let money = it.money();
                sun(money.spent_sun) + sun(money.unresolved_sun)
            });
            let (ours, books) = (ours.sum::<u64>(), self.stall.desk(name).books());
            if ours != books.spent_sun - books.refunded_sun {
                return Err(format!("{}: we say {ours}, and it took {books:?}", name.name()));
            }
        }
        Ok(())
    }
}

/// What was kept of an order's price, in sun.
fn net(facts: &OrderFacts) -> u64 {
    facts.charged_sun - facts.refunded_sun
}

/// What was given up and paid back at once was never bought.
fn is_bought(facts: &OrderFacts) -> bool {
    net(facts) > 0 || !facts.delegates.is_empty()
}
