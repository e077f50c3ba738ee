//! The judgement: pure, from a list and a reading to what is proven and what is found. It asks nobody.
//!
//! | file | what it judges |
//! |---|---|
//! | `matching` | withdrawals and transfers, one to one |
//! | `named` | a withdrawal that the transaction it names does not pay |
//! | `slots` | that what was given up can never be paid, and what was paid never again |
//! | `lives` | the same on a chain where transactions expire |
//! | `wallets` | every transaction, nonce and balance of the wallets |
//! | `orders` | the list against what was ordered |

mod lives;
mod matching;
mod named;
mod orders;
mod slots;
#[cfg(test)]
mod tests;
mod wallets;

use std::collections::{BTreeMap, BTreeSet};

use ruint::aliases::U256;
use serde::Serialize;

use crate::chain::{Address, Chain, Hash};
use crate::finding::{Class, Finding};
use crate::list::{Claim, List, Order, Withdrawal};
use crate::read::{Reading, Sent};

/// One payment that is proven.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Proven {
    /// The caller's own id.
    pub external_id: String,
    /// The token.
    pub token: Address,
    /// The transaction.
    pub txid: Hash,
    /// Which log of its block.
    pub log_index: u64,
}

/// What became of the judgement.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verdict {
    /// Payments that are proven, by external id.
    pub proven: Vec<Proven>,
    /// Withdrawals that are proven never to be paid.
    pub dead: Vec<String>,
    /// Withdrawals that were paid at or before the opening: they belong to an earlier audit.
    pub earlier: Vec<String>,
    /// What was explained by somebody, and would have been found otherwise.
    pub reasons: BTreeSet<Reason>,
    /// Transactions that used a nonce up and moved nothing.
    pub voids: u64,
    /// Transfers of nothing, which anybody can make in anybody's name.
    pub empty: u64,
    /// Everything else, by class and name.
    pub findings: Vec<Finding>,
}

impl Verdict {
    /// How many findings are of this class.
    pub fn count(&self, class: Class) -> usize {
        self.findings.iter().filter(|finding| finding.class == class).count()
    }

    /// Whether something is disproven.
    pub fn is_broken(&self) -> bool {
        self.findings.iter().any(|finding| finding.class != Class::Undecided)
    }
}

/// A transaction or a nonce that somebody explained, and the word that was taken for it.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Reason {
    /// The transaction.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub txid: Option<Hash>,
    /// The wallet and its nonce.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nonce: Option<(Address, u64)>,
    /// Its type.
    #[serde(rename = "type")]
    pub kind: String,
    /// In words.
    pub reason: String,
}

impl Reason {
    fn of_transaction(txid: Hash) -> Self {
        Self { txid: Some(txid), ..Self::default() }
    }

    fn of_nonce(wallet: Address, nonce: u64) -> Self {
        Self { nonce: Some((wallet, nonce)), ..Self::default() }
    }

    /// With what the list says of it.
    fn worded(self, list: &List, chain: Chain) -> Self {
        let of_nonce = self.nonce.and_then(|(wallet, nonce)| list.nonces.get(&(chain, wallet, nonce)));
        let of_txid = self.txid.and_then(|txid| list.transactions.get(&(chain, txid)));
        match of_nonce.or(of_txid) {
            Some(said) => Self { kind: said.kind.to_owned(), reason: said.reason.clone(), ..self },
            None => self,
        }
    }
}

/// A withdrawal of the audited chain with its amount in the token's units.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Claimed<'a> {
    pub(crate) it: &'a Withdrawal,
    pub(crate) units: U256,
}

/// An amount that the token cannot hold.
#[derive(Debug, thiserror::Error)]
#[error(
    "`{external_id}`: {amount} is finer than the {decimals} decimals of {token}, or too large; nothing can have paid it. \
     Correct the list"
)]
pub struct Unpayable {
    external_id: String,
    amount: String,
    decimals: u8,
    token: Address,
}

/// Judges a list by what the chain shows.
///
/// # Errors
/// [`Unpayable`].
pub fn judge(list: &List, orders: Option<&[Order]>, reading: &Reading) -> Result<Verdict, Unpayable> {
    let chain = reading.closing.chain;
    let mut claimed = Vec::new();
    for it in list.withdrawals.values().filter(|it| it.chain == chain) {
        let decimals = reading.decimals.get(&it.token).copied().unwrap_or_default();
        let units = it.amount.units(decimals).ok_or_else(|| Unpayable {
            external_id: it.external_id.clone(),
            amount: it.amount.to_string(),
            decimals,
            token: it.token,
        })?;
        claimed.push(Claimed { it, units });
    }
    let mut bench = Bench::new(list, reading, &claimed);
    bench.match_all();
    bench.judge_slots();
    bench.judge_lives();
    bench.judge_wallets();
    if let Some(orders) = orders {
        bench.judge_orders(orders);
    }
    Ok(bench.verdict())
}

/// Whose a transfer is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Owner {
    /// It pays this withdrawal.
    Pays(usize),
    /// A finding is about it.
    Found,
    /// Somebody explained its transaction.
    Explained,
    /// It moves nothing.
    Empty,
}

/// Everything that is looked at together.
struct Bench<'a> {
    list: &'a List,
    reading: &'a Reading,
    claimed: &'a [Claimed<'a>],
    /// For each transfer of the reading: whose it is. Incoming ones belong to nobody.
    owners: Vec<Option<Owner>>,
    /// For each withdrawal: the transfer that pays it.
    paid_by: Vec<Option<usize>>,
    /// Withdrawals whose payment is judged, one way or the other.
    settled: BTreeSet<usize>,
    /// Transfers before the range that pay a withdrawal: their transaction and log, and which.
    earlier: BTreeMap<(Hash, u64), usize>,
    /// Outgoing transfers by their transaction, and by what was paid to whom.
    by_transaction: BTreeMap<Hash, Vec<usize>>,
    by_recipient: BTreeMap<(Address, Address), Vec<usize>>,
    /// Transactions of the wallets by their id.
    sent: BTreeMap<Hash, &'a Sent>,
    verdict: Verdict,
}

impl<'a> Bench<'a> {
    fn new(list: &'a List, reading: &'a Reading, claimed: &'a [Claimed<'a>]) -> Self {
        let mut by_transaction: BTreeMap<Hash, Vec<usize>> = BTreeMap::new();
        let mut by_recipient: BTreeMap<(Address, Address), Vec<usize>> = BTreeMap::new();
        let mut owners = Vec::with_capacity(reading.transfers.len());
        let mut verdict = Verdict::default();
        for (at, transfer) in reading.transfers.iter().enumerate() {
            let ours = reading.closing.wallets.contains_key(&transfer.from);
            let empty = ours && transfer.units.is_zero();
            verdict.empty += u64::from(empty);
            owners.push(empty.then_some(Owner::Empty));
            if ours && !empty {
                by_transaction.entry(transfer.txid).or_default().push(at);
                by_recipient.entry((transfer.token, transfer.to)).or_default().push(at);
            }
        }
        let paid_by = vec![None; claimed.len()];
        let (settled, earlier) = (BTreeSet::new(), BTreeMap::new());
        let sent = reading.sent.iter().map(|sent| (sent.txid, sent)).collect();
        Self {
            list,
            reading,
            claimed,
            owners,
            paid_by,
            settled,
            earlier,
            by_transaction,
            by_recipient,
            sent,
            verdict,
        }
    }

    /// Outgoing transfers that are nobody's yet, in the order of the chain.
    fn loose(&self) -> Vec<usize> {
        let mut loose: Vec<usize> =
            self.by_transaction.values().flatten().copied().filter(|at| self.is_loose(*at)).collect();
        loose.sort_unstable();
        loose
    }

    /// Those of the token to this withdrawal's recipient that nobody explained.
    fn loose_to_recipient(&self, claimed: &Claimed<'_>) -> impl Iterator<Item = usize> {
        let paid = self.by_recipient.get(&(claimed.it.token, claimed.it.recipient));
        let to_it = paid.into_iter().flatten().copied();
        to_it.filter(|at| self.is_loose(*at) && !self.explained(self.reading.transfers[*at].txid))
    }

    fn is_loose(&self, at: usize) -> bool {
        self.owners.get(at).is_some_and(Option::is_none)
    }

    fn explained(&self, txid: Hash) -> bool {
        let contract = self.sent.get(&txid).and_then(|sent| sent.kind);
        let said = self.list.transactions.get(&(self.reading.closing.chain, txid));
        said.is_some_and(|said| said.fits(contract))
    }

    /// Whether this transfer is exactly what the withdrawal asks for.
    fn pays(&self, at: usize, claimed: &Claimed<'_>) -> bool {
        self.reading.transfers.get(at).is_some_and(|transfer| {
            transfer.token == claimed.it.token
                && transfer.to == claimed.it.recipient
                && transfer.units == claimed.units
        })
    }

    fn own(&mut self, at: usize, owner: Owner) {
        if let Some(place) = self.owners.get_mut(at) {
            *place = Some(owner);
        }
        if let Owner::Pays(withdrawal) = owner {
            if let Some(place) = self.paid_by.get_mut(withdrawal) {
                *place = Some(at);
            }
            self.settled.insert(withdrawal);
        }
    }

    fn find(&mut self, finding: Finding) {
        self.verdict.findings.push(finding);
    }

    fn verdict(self) -> Verdict {
        let Self { list, reading, claimed, paid_by, mut verdict, .. } = self;
        let reasons = std::mem::take(&mut verdict.reasons);
        verdict.reasons = reasons.into_iter().map(|it| it.worded(list, reading.closing.chain)).collect();
        verdict.findings.sort();
        let in_doubt: BTreeSet<&str> =
            verdict.findings.iter().flat_map(|finding| &finding.external_ids).map(String::as_str).collect();
        let (mut proven, mut dead) = (Vec::new(), Vec::new());
        for (claimed, paid_by) in claimed.iter().zip(&paid_by) {
            let id = &claimed.it.external_id;
            if in_doubt.contains(id.as_str()) {
                continue;
            }
            match (claimed.it.claim(), paid_by.and_then(|at| reading.transfers.get(at))) {
                (Claim::Paid, Some(transfer)) => proven.push(Proven {
                    external_id: id.clone(),
                    token: transfer.token,
                    txid: transfer.txid,
                    log_index: transfer.log_index,
                }),
                (Claim::Dead, None) => dead.push(id.clone()),
                // What is neither has a finding, or belongs to an earlier audit.
                _ => {}
            }
        }
        verdict.proven = proven;
        verdict.dead = dead;
        verdict
    }
}
