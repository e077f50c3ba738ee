//! One vendor's account and orders: what was paid, what is due, what was delivered. The truth behind whatever is told.

use std::collections::BTreeMap;

use sha2::{Digest as _, Sha256};

use super::delegate::{Delegation, Refused};

/// Orders kept; further ones are refused.
const ORDERS_MAX: usize = 100_000;

/// Where an order stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Life {
    /// Paid, and nothing else.
    Taken,
    /// Handed to the chain.
    Delegating,
    /// The chain has delegated something for it.
    Delivered,
    /// Given up; its money comes back, sooner or later.
    Failed,
}

/// Something that was delegated for an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delegated {
    /// The transaction.
    pub txid: String,
    /// The address that got it.
    pub to: String,
    /// Energy.
    pub energy: u64,
    /// When, in milliseconds since 1970.
    pub at_ms: i64,
}

/// An order as it really is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderFacts {
    /// The vendor's name for it.
    pub id: String,
    /// The caller's name for it.
    pub client_id: Option<String>,
    /// Who is to get the energy.
    pub receiver: String,
    /// How much was ordered.
    pub energy: u64,
    /// For how long, in seconds.
    pub duration_s: u64,
    /// What was taken for it, in sun.
    pub charged_sun: u64,
    /// What was given back of that, in sun.
    pub refunded_sun: u64,
    /// When it was taken, in milliseconds since 1970.
    pub placed_ms: i64,
    /// Where it stands.
    pub life: Life,
    /// What was delegated for it.
    pub delegates: Vec<Delegated>,
    /// The vendor knows nothing of it any more.
    pub forgotten: bool,
}

/// What becomes of an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Fate {
    /// These are delegated: address and energy.
    Delivers(Vec<(String, u64)>),
    /// Nothing ever happens.
    Stays,
    /// It is given up, and its money comes back so many milliseconds later.
    Fails { refund_ms: u64 },
}

/// An order that is about to be taken.
#[derive(Debug, Clone)]
pub(super) struct Taking {
    pub(super) client_id: Option<String>,
    pub(super) receiver: String,
    pub(super) energy: u64,
    pub(super) duration_s: u64,
    pub(super) charge_sun: u64,
    pub(super) fate: Fate,
    /// Milliseconds until it is delegated or given up.
    pub(super) takes_ms: u64,
    pub(super) forgotten: bool,
}

/// Why an order is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NotTaken {
    /// The account holds less than it costs.
    Funds,
    /// The book is full.
    Full,
}

struct Entry {
    facts: OrderFacts,
    fate: Fate,
    due_ms: i64,
}

/// Account and orders. Orders are named by the order in which they came.
pub(super) struct Book {
    name: &'static str,
    deposited_sun: u64,
    spent_sun: u64,
    refunded_sun: u64,
    orders: BTreeMap<String, Entry>,
    by_client: BTreeMap<String, String>,
    order_of: Vec<String>,
}

impl Book {
    pub(super) const fn new(name: &'static str, deposited_sun: u64) -> Self {
        Self {
            name,
            deposited_sun,
            spent_sun: 0,
            refunded_sun: 0,
            orders: BTreeMap::new(),
            by_client: BTreeMap::new(),
            order_of: Vec::new(),
        }
    }

    pub(super) const fn deposit(&mut self, sun: u64) {
        self.deposited_sun = self.deposited_sun.saturating_add(sun);
    }

    pub(super) const fn sums(&self) -> (u64, u64, u64) {
        (self.deposited_sun, self.spent_sun, self.refunded_sun)
    }

    /// What the account really holds, in sun.
    pub(super) const fn balance_sun(&self) -> u64 {
        self.deposited_sun.saturating_add(self.refunded_sun).saturating_sub(self.spent_sun)
    }

    /// Takes an order and its price.
    pub(super) fn take(&mut self, taking: Taking, now_ms: i64) -> Result<OrderFacts, NotTaken> {
        if taking.charge_sun > self.balance_sun() {
            return Err(NotTaken::Funds);
        }
        if self.orders.len() >= ORDERS_MAX {
            return Err(NotTaken::Full);
        }
        let hash = Sha256::digest(format!("{}:{}", self.name, self.order_of.len()));
        let id = hex::encode(hash).get(..24).unwrap_or_default().to_owned();
        self.spent_sun = self.spent_sun.saturating_add(taking.charge_sun);
        if let Some(client_id) = taking.client_id.clone().filter(|_| !taking.forgotten) {
            self.by_client.insert(client_id, id.clone());
        }
        let facts = OrderFacts {
            id: id.clone(),
            client_id: taking.client_id,
            receiver: taking.receiver,
            energy: taking.energy,
            duration_s: taking.duration_s,
            charged_sun: taking.charge_sun,
            refunded_sun: 0,
            placed_ms: now_ms,
            life: Life::Taken,
            delegates: Vec::new(),
            forgotten: taking.forgotten,
        };
        let due_ms = now_ms.saturating_add_unsigned(taking.takes_ms);
        self.orders.insert(id.clone(), Entry { facts: facts.clone(), fate: taking.fate, due_ms });
        self.order_of.push(id);
        Ok(facts)
    }

    /// The order of this name, as far as the vendor remembers it.
    pub(super) fn known(&self, id: &str) -> Option<&OrderFacts> {
        self.orders.get(id).map(|entry| &entry.facts).filter(|facts| !facts.forgotten)
    }

    /// The order that a caller calls this, as far as the vendor remembers it.
    pub(super) fn known_as(&self, client_id: &str) -> Option<&OrderFacts> {
        self.by_client.get(client_id).and_then(|id| self.known(id))
    }

    /// Whether an order of these very terms waits for its energy, as far as the vendor remembers.
    pub(super) fn waits(&self, receiver: &str, energy: u64, duration_s: u64) -> bool {
        self.orders.values().any(|entry| {
            let facts = &entry.facts;
            let alike =
                facts.receiver == receiver && facts.energy == energy && facts.duration_s == duration_s;
            alike && !facts.forgotten && matches!(facts.life, Life::Taken | Life::Delegating)
        })
    }

    /// Every order as it really is, in the order in which they came.
    pub(super) fn facts(&self) -> Vec<OrderFacts> {
        self.order_of.iter().filter_map(|id| Some(self.orders.get(id)?.facts.clone())).collect()
    }

    /// What is to be delegated now, each with its order. It is handed out once.
    pub(super) fn due(&mut self, now_ms: i64) -> Vec<(String, Delegation)> {
        let mut due = Vec::new();
        for id in &self.order_of {
            let Some(entry) = self.orders.get_mut(id) else { continue };
            let Fate::Delivers(parts) = &entry.fate else { continue };
            if entry.facts.life != Life::Taken || entry.due_ms > now_ms {
                continue;
            }
            entry.facts.life = Life::Delegating;
            due.extend(parts.iter().map(|(to, energy)| {
                let duration_s = entry.facts.duration_s;
                (id.clone(), Delegation { to: to.clone(), energy: *energy, duration_s })
            }));
        }
        due
    }

    /// What the chain said to a delegation.
    pub(super) fn delegated(
        &mut self,
        id: &str,
        delegation: &Delegation,
        done: Result<String, Refused>,
        now_ms: i64,
    ) {
        let Some(entry) = self.orders.get_mut(id) else { return };
        match done {
            Ok(txid) => {
                entry.facts.life = Life::Delivered;
                entry.facts.delegates.push(Delegated {
                    txid,
                    to: delegation.to.clone(),
                    energy: delegation.energy,
                    at_ms: now_ms,
                });
            }
            // Nothing came of it: the money goes back as for any order that fails.
            Err(_) if entry.facts.delegates.is_empty() => {
                entry.fate = Fate::Fails { refund_ms: 0 };
                entry.due_ms = now_ms;
            }
            Err(_) => {}
        }
    }

    /// Gives up what is to fail, and pays back what is due.
    pub(super) fn close_out(&mut self, now_ms: i64) {
        for entry in self.orders.values_mut() {
            let Fate::Fails { refund_ms } = entry.fate else { continue };
            if entry.due_ms <= now_ms {
                entry.facts.life = Life::Failed;
            }
            if entry.due_ms.saturating_add_unsigned(refund_ms) <= now_ms && entry.facts.refunded_sun == 0 {
                entry.facts.refunded_sun = entry.facts.charged_sun;
                self.refunded_sun = self.refunded_sun.saturating_add(entry.facts.charged_sun);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taking(client_id: &str, fate: Fate) -> Taking {
        Taking {
            client_id: Some(client_id.to_owned()),
            receiver: "T1".to_owned(),
            energy: 65_000,
            duration_s: 3_600,
            charge_sun: 3_000_000,
            fate,
            takes_ms: 1_000,
            forgotten: false,
        }
    }

    #[test]
    fn an_order_is_paid_once_delivered_once_and_found_by_both_names() {
        let mut book = Book::new("it", 5_000_000);
        let parts = Fate::Delivers(vec![("T1".to_owned(), 65_000)]);
        let order = book.take(taking("a", parts.clone()), 0).unwrap();
        assert_eq!(book.take(taking("b", parts), 0), Err(NotTaken::Funds));
        assert_eq!((book.balance_sun(), book.known_as("a")), (2_000_000, book.known(&order.id)));
        assert!(book.due(999).is_empty());
        let due = book.due(1_000);
        assert_eq!((due.len(), book.due(1_000).len()), (1, 0), "handed out once");
        book.delegated(&order.id, &due[0].1, Ok("tx".to_owned()), 1_000);
        assert_eq!(book.known(&order.id).unwrap().life, Life::Delivered);
        assert!(!book.waits("T1", 65_000, 3_600));
    }

    #[test]
    fn what_fails_is_refunded_when_due_and_once() {
        let mut book = Book::new("it", 5_000_000);
        let order = book.take(taking("a", Fate::Fails { refund_ms: 500 }), 0).unwrap();
        assert!(book.waits("T1", 65_000, 3_600));
        book.close_out(1_499);
        assert_eq!((book.known(&order.id).unwrap().life, book.balance_sun()), (Life::Failed, 2_000_000));
        book.close_out(1_500);
        book.close_out(9_999);
        assert_eq!((book.balance_sun(), book.sums()), (5_000_000, (5_000_000, 3_000_000, 3_000_000)));
    }

    #[test]
    fn what_is_forgotten_is_kept_and_not_known() {
        let mut book = Book::new("it", 5_000_000);
        let order = book.take(Taking { forgotten: true, ..taking("a", Fate::Stays) }, 0).unwrap();
        assert_eq!((book.known(&order.id), book.known_as("a")), (None, None));
        assert_eq!(book.facts().len(), 1);
        assert_eq!(book.balance_sun(), 2_000_000);
    }

    #[test]
    fn a_chain_that_refuses_ends_the_order_and_its_money_comes_back() {
        let mut book = Book::new("it", 5_000_000);
        let order = book.take(taking("a", Fate::Delivers(vec![("T1".to_owned(), 1)])), 0).unwrap();
        let due = book.due(2_000);
        book.delegated(&order.id, &due[0].1, Err(Refused { why: "no stake".to_owned() }), 2_000);
        book.close_out(2_000);
        assert_eq!((book.known(&order.id).unwrap().life, book.balance_sun()), (Life::Failed, 5_000_000));
    }
}
