//! How the caller buys: it does what the order machine allows, dies now and then, and looks.

use super::*;

impl Caller<'_> {
    /// One need, until it is met or late.
    pub(super) async fn meet(&mut self, number: u64, seen: &mut Seen) -> Result<(), String> {
        let wallet = wallet(self.chance.below(2));
        let need = EnergyNeedId::new(Ulid::new(self.now(), u128::from(number)));
        let deadline = self.now().plus_ms(NEED_MS);
        // Each need wants another sum, so that the chain tells them apart.
        let energy = ENERGY + 1_000 * number;
        loop {
            self.look_at_all(seen).await;
            if self.orders.iter().any(|it| it.need == need && it.state.as_str() == "delivered") {
                return Ok(());
            }
            if self.now() >= deadline {
                return Ok(());
            }
            self.put(wallet, need, energy, deadline, seen).await;
            self.check()?;
            self.stall.market.advance(STEP_MS).await;
        }
    }

    /// Puts the need to the cheapest vendor that may be asked.
    pub(super) async fn put(
        &mut self,
        wallet: WalletId,
        need: EnergyNeedId,
        energy: u64,
        deadline: Timestamp,
        seen: &mut Seen,
    ) {
        // A need waits for the vendor that has it: no second one is asked meanwhile.
        let waits =
            |it: &&Order| it.need == need && matches!(it.state, State::Accepted(_) | State::Unknown { .. });
        if self.orders.iter().any(|it| waits(&it)) {
            return;
        }
        let request = QuoteRequest { receiver: receiver(account(wallet)), energy, duration_s: 3_600 };
        let mut quotes: Vec<(VendorName, Quote)> = Vec::new();
        for name in VendorName::ALL {
            if let Ok(quote) = self.stall.vendors.quote(&id(name), &request).await {
                quotes.push((name, quote));
            }
        }
        let now = self.now();
        let offers: Vec<Offer<'_>> = quotes
            .iter()
            .map(|(name, quote)| Offer {
                facts: self.stall.facts(*name),
                quote,
                closed: may_ask(&quote.vendor, wallet, need, &self.orders).err(),
                own: false,
                passes: self.breaker(&quote.vendor).passes(now),
            })
            .collect();
        let wanted = Demand { energy, duration_s: 3_600, deadline };
        let caps = Caps {
            order_max_sun: Cost(20_000_000),
            energy_max_micro_sun: 200_000_000,
            left_sun: OPENING,
            burning_sun: None,
        };
        let Some(place) = choose(&wanted, &offers, &caps, now).chosen else { return };
        let (name, quote) = &quotes[place];
        let plan = Plan {
            id: EnergyOrderId::new(Ulid::new(now, self.orders.len() as u128)),
            need,
            wallet,
            receiver: request.receiver,
            deadline,
        };
        let planned = Order::plan(plan, self.stall.facts(*name), quote, now).unwrap();
        let breaker = self.breaker(&quote.vendor).passed(now).unwrap();
        self.breakers.insert(quote.vendor.clone(), breaker);
        self.orders.push(planned.into_after());
        let at = self.orders.len() - 1;
        let asked = self.orders[at].clone().ask(now).unwrap();
        self.step(at, asked, seen);
        self.send(at, seen).await;
    }

    /// Sends what was asked, unless we die first; and hears the answer, unless we die then.
    pub(super) async fn send(&mut self, at: usize, seen: &mut Seen) {
        let dies = self.chance.below(20);
        let ask = durable(self.orders[at].outgoing().unwrap());
        let placed = match dies {
            0 => None,
            1 => {
                self.stall.vendors.place(&ask).await;
                None
            }
            _ => Some(self.stall.vendors.place(&ask).await),
        };
        let moved = match placed {
            Some(placed) => {
                if let Placed::Unknown(why) = &placed {
                    self.trace.push(format!("  unclear: {why}"));
                }
                self.orders[at].clone().hear(placed).unwrap()
            }
            None => {
                count(seen, "crashed");
                self.orders[at].clone().doubt().unwrap()
            }
        };
        self.step(at, moved, seen);
    }

    /// Looks at each open order: chain, vendor, clock.
    pub(super) async fn look_at_all(&mut self, seen: &mut Seen) {
        for at in 0..self.orders.len() {
            let named = self.orders[at].state.bought().and_then(|bought| bought.provider_id.clone());
            let (mut whole, mut part) = (false, false);
            if let Some(provider_id) = named
                && !self.orders[at].is_ended()
            {
                let found = self.stall.vendors.lookup(&self.orders[at].as_asked(), &provider_id).await;
                whole = matches!(found, Found::Delivered(_));
                part = whole || matches!(found, Found::Partial(_));
                if let Found::Delivered(shown) | Found::Partial(shown) = &found {
                    let id = self.orders[at].id;
                    self.named.extend(shown.txids.iter().map(|txid| (text(txid), id)));
                }
                if let Ok(Some(moved)) = self.orders[at].clone().look(&found) {
                    self.step(at, moved, seen);
                }
            }
            if let Some(arrival) = self.arrival(at)
                && let Ok(Some(moved)) = self.orders[at].clone().prove(arrival, whole)
            {
                self.step(at, moved, seen);
            }
            let now = self.now();
            let waits = matches!(self.orders[at].state, State::Unknown { .. } | State::Accepted(_));
            if waits && now >= self.orders[at].deadline {
                let moved = self.orders[at].clone().expire(self.arrival(at), part, now).unwrap();
                self.step(at, moved, seen);
            }
            // Whether it may be asked again is the machine's to say.
            if matches!(self.orders[at].state, State::Unknown { .. }) {
                self.repeat(at, seen).await;
            }
        }
    }

    /// Asks again for what may have been taken, where account and vendor allow it.
    pub(super) async fn repeat(&mut self, at: usize, seen: &mut Seen) {
        let Some(accounts) = self.accounts(at).await else { return };
        let order = self.orders[at].clone();
        if let Ok(uncharged) = Uncharged::judge(&order, &accounts)
            && let Ok(moved) = order.repeat(&uncharged, self.now())
        {
            count(seen, "repeated");
            self.step(at, moved, seen);
            self.send(at, seen).await;
        }
    }

    pub(super) async fn reconcile_all(&mut self, seen: &mut Seen) {
        for at in 0..self.orders.len() {
            let open = matches!(
                self.orders[at].state,
                State::Unresolved { .. } | State::Failed(_) | State::Lost { .. }
            );
            if self.orders[at].is_ended() && !open {
                continue;
            }
            let Some(accounts) = self.accounts(at).await else { continue };
            let watched = Watched { through: self.now(), unclaimed: self.unclaimed(at) };
            let order = self.orders[at].clone();
            if let Ok(settlement) = Settlement::judge(&order, &accounts, &watched)
                && let Some(moved) = order.reconcile(&settlement).unwrap()
            {
                self.step(at, moved, seen);
            }
        }
    }

    /// The account of an order's vendor, as we expect it without this order and as the vendor tells it.
    pub(super) async fn accounts(&self, at: usize) -> Option<Accounts> {
        let order = &self.orders[at];
        let others = self.orders.iter().filter(|it| it.vendor == order.vendor && it.id != order.id);
        let account = others.fold(Account::opening(OPENING), |account, it| account.with(it).unwrap());
        let told_sun = self.stall.vendors.balance(&order.vendor).await.ok()?;
        Some(Accounts {
            expected_sun: account.expected_sun,
            told_sun,
            read_at: self.now(),
            unexplained: account.unexplained,
            said_sun: account.said_sun,
        })
    }

    /// What the chain shows for an order: delegations to its account, of its need's sum or of half of it, that are
    /// this order's. Where two vendors were given one need, each delegation is its vendor's who names it; one that nobody
    /// names is the newest order's that is open.
    #[expect(clippy::disallowed_methods, reason = "a test is the chain adapter here")]
    pub(super) fn arrival(&self, at: usize) -> Option<Arrival> {
        let order = &self.orders[at];
        order.state.asked()?;
        let rivals = |it: &&Order| it.need == order.need && it.id != order.id && it.state.asked().is_some();
        let newer = self.orders.iter().filter(rivals).any(|it| it.id > order.id && !it.is_ended());
        let told = self.stall.chain.to(&order.receiver.to_string());
        let mine = told.iter().filter(|(it, txid)| {
            let sums = it.energy == order.energy || it.energy == order.energy / 2;
            let named = self.named.get(txid);
            sums && named.map_or(!newer, |name| *name == order.id)
        });
        let (energy, txids) = mine.fold((0, Vec::new()), |(sum, mut txids), (it, txid)| {
            txids.push(bytes(txid));
            (sum + it.energy, txids)
        });
        let block = BlockRef { number: 1, hash: [1; 32] };
        (energy > 0).then(|| Arrival::on_chain(order.receiver, energy, txids, block, self.now()))
    }

    pub(super) fn unclaimed(&self, at: usize) -> u64 {
        self.arrival(at).map_or(0, |arrival| arrival.energy())
    }
}

fn bytes(txid: &str) -> [u8; 32] {
    let mut bytes = [0; 32];
    for (place, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&txid[2 * place..2 * place + 2], 16).unwrap();
    }
    bytes
}

fn text(txid: &[u8; 32]) -> String {
    txid.iter().map(|byte| format!("{byte:02x}")).collect()
}
