//! Withdrawals and transfers, one to one. A withdrawal first gets a transfer of the transactions it names; what names none
//! gets one that is exactly what it asks for. What is left on either side is found.

use std::collections::BTreeMap;

use ruint::aliases::U256;

use super::{Bench, Claimed, Owner, Reason};
use crate::evm::{Address, Hash, Transfer};
use crate::finding::{Code, Finding};
use crate::list::Claim;

/// What makes a transfer a payment of a withdrawal.
type Content = (Address, Address, U256);

impl Bench<'_> {
    pub(super) fn match_all(&mut self) {
        // What is told as paid comes first, so that it is not left over because of something less certain.
        for claim in [Claim::Paid, Claim::Open, Claim::Dead] {
            for at in self.of_claim(claim) {
                self.match_named(at);
            }
        }
        for at in self.of_claim(Claim::Paid) {
            if !self.settled.contains(&at) && self.claimed[at].it.txid.is_some() {
                self.judge_named(at);
            }
        }
        self.match_by_content();
        for at in self.of_claim(Claim::Paid) {
            if !self.settled.contains(&at) {
                self.judge_unpaid(at);
            }
        }
        self.judge_loose();
        for at in self.of_claim(Claim::Open) {
            self.judge_open(at);
        }
        for at in self.of_claim(Claim::Dead) {
            self.judge_dead_before(at);
        }
    }

    fn of_claim(&self, claim: Claim) -> Vec<usize> {
        let all = self.claimed.iter().enumerate();
        all.filter(|(_, claimed)| claimed.it.claim() == claim).map(|(at, _)| at).collect()
    }

    /// Looks into the transactions that a withdrawal names.
    fn match_named(&mut self, at: usize) {
        let claimed = self.claimed[at];
        let named = match (claimed.it.claim(), claimed.it.txid) {
            (Claim::Paid, Some(txid)) => vec![txid],
            _ => claimed.it.txid.into_iter().chain(claimed.it.txids.iter().copied()).collect::<Vec<Hash>>(),
        };
        let found = named.iter().find_map(|txid| self.exact_in(*txid, &claimed));
        match (found, claimed.it.claim()) {
            (None, _) => {}
            (Some(transfer), Claim::Paid | Claim::Open) => self.own(transfer, Owner::Pays(at)),
            (Some(transfer), Claim::Dead) => self.ended_but_paid(at, transfer),
        }
    }

    /// A loose transfer of this transaction that is exactly what is asked for.
    fn exact_in(&self, txid: Hash, claimed: &Claimed<'_>) -> Option<usize> {
        let in_it = self.by_transaction.get(&txid)?;
        in_it.iter().copied().find(|transfer| self.is_loose(*transfer) && self.pays(*transfer, claimed))
    }

    /// What names no transaction is paid by any that nobody else names and nobody explained.
    fn match_by_content(&mut self) {
        let mut offers = self.offers();
        for at in self.of_claim(Claim::Paid) {
            if self.settled.contains(&at) || self.claimed[at].it.txid.is_some() {
                continue;
            }
            let content = content(&self.claimed[at]);
            if let Some(transfer) = offers.get_mut(&content).and_then(Vec::pop) {
                self.own(transfer, Owner::Pays(at));
            }
        }
    }

    /// Loose transfers by what they pay, the first of the chain at the end.
    fn offers(&self) -> BTreeMap<Content, Vec<usize>> {
        let mut offers: BTreeMap<Content, Vec<usize>> = BTreeMap::new();
        for at in self.loose().into_iter().rev() {
            let transfer = &self.reading.transfers[at];
            if !self.explained(transfer.txid) {
                offers.entry((transfer.token, transfer.to, transfer.units)).or_default().push(at);
            }
        }
        offers
    }

    /// Every transfer that pays no withdrawal so far: a payment that was not told, a second one, or a stranger's.
    fn judge_loose(&mut self) {
        let mut wanted: BTreeMap<Content, Vec<usize>> = BTreeMap::new();
        for (at, claimed) in self.claimed.iter().enumerate() {
            wanted.entry(content(claimed)).or_default().push(at);
        }
        for at in self.loose() {
            let transfer = &self.reading.transfers[at];
            if self.explained(transfer.txid) {
                self.own(at, Owner::Explained);
                self.verdict.reasons.insert(Reason::of_transaction(transfer.txid));
                continue;
            }
            let alike =
                wanted.get(&(transfer.token, transfer.to, transfer.units)).map_or(&[][..], Vec::as_slice);
            let unpaid = |claim: Claim| {
                let wanting =
                    |it: &&usize| self.claimed[**it].it.claim() == claim && self.paid_by[**it].is_none();
                alike.iter().find(|it| wanting(it) && !self.settled.contains(*it)).copied()
            };
            if let Some(open) = unpaid(Claim::Open) {
                self.own(at, Owner::Pays(open));
            } else if let Some(dead) = unpaid(Claim::Dead) {
                self.ended_but_paid(dead, at);
            } else if alike.is_empty() {
                self.stranger(at);
            } else {
                self.paid_twice(alike, at);
            }
        }
    }

    fn ended_but_paid(&mut self, withdrawal: usize, at: usize) {
        let (it, transfer) = (self.claimed[withdrawal].it, &self.reading.transfers[at]);
        let detail = format!(
            "told as {}, and log {} of block {} pays it: {}",
            it.status, transfer.log_index, transfer.block, it.amount
        );
        let finding = Finding::of(Code::EndedButPaid, detail).about(&it.external_id).by(transfer.from);
        self.find(finding.shown_by(transfer.txid));
        self.own(at, Owner::Found);
        self.settled.insert(withdrawal);
    }

    /// What was signed for it may have paid it before the range.
    fn judge_dead_before(&mut self, at: usize) {
        let claimed = self.claimed[at];
        let (reading, it) = (self.reading, claimed.it);
        for txid in it.txid.iter().chain(&it.txids) {
            let Some(Some(before)) = reading.elsewhere.get(txid) else { continue };
            let paid = |transfer: &&Transfer| {
                (transfer.token, transfer.to, transfer.units) == (it.token, it.recipient, claimed.units)
            };
            let Some(paid) = before.transfers.iter().filter(|_| before.succeeded).find(paid) else {
                continue;
            };
            if before.block > reading.opening.block.number || self.settled.contains(&at) {
                continue; // Within the range it was matched; above it, its slot is open.
            }
            let detail = format!(
                "told as {}, and {txid} paid it in block {}, before the range",
                it.status, before.block
            );
            let finding = Finding::of(Code::EndedButPaid, detail).about(&it.external_id).by(paid.from);
            self.find(finding.shown_by(*txid));
            self.settled.insert(at);
        }
    }

    fn paid_twice(&mut self, alike: &[usize], at: usize) {
        let transfer = &self.reading.transfers[at];
        let first = alike.iter().find_map(|it| self.paid_by[*it]).map(|first| &self.reading.transfers[first]);
        let detail = match first {
            Some(first) => format!(
                "paid by log {} of block {} and again by log {} of block {}",
                first.log_index, first.block, transfer.log_index, transfer.block
            ),
            None => format!("paid again by log {} of block {}", transfer.log_index, transfer.block),
        };
        let mut finding = Finding::of(Code::PaidTwice, detail).by(transfer.from);
        if let Some(first) = first {
            finding = finding.shown_by(first.txid);
        }
        finding = finding.shown_by(transfer.txid);
        for it in alike {
            finding = finding.about(&self.claimed[*it].it.external_id);
        }
        self.find(finding);
        self.own(at, Owner::Found);
    }

    fn stranger(&mut self, at: usize) {
        let transfer = &self.reading.transfers[at];
        let detail = format!(
            "{} units of {} to {} by log {} of block {}",
            transfer.units, transfer.token, transfer.to, transfer.log_index, transfer.block
        );
        let finding =
            Finding::of(Code::TransferUnexplained, detail).by(transfer.from).shown_by(transfer.txid);
        self.find(finding);
        self.own(at, Owner::Found);
    }

    fn judge_open(&mut self, at: usize) {
        let it = self.claimed[at].it;
        let status = if it.status.is_empty() { "nothing" } else { &it.status };
        let paid = self.paid_by[at].map(|paid| &self.reading.transfers[paid]);
        let finding = match paid {
            None => Finding::of(Code::NotEnded, format!("told as {status}")),
            Some(transfer) => {
                let detail = format!(
                    "told as {status}, and paid by log {} of block {}",
                    transfer.log_index, transfer.block
                );
                Finding::of(Code::NotEnded, detail).shown_by(transfer.txid)
            }
        };
        self.find(finding.about(&it.external_id));
    }
}

fn content(claimed: &Claimed<'_>) -> Content {
    (claimed.it.token, claimed.it.recipient, claimed.units)
}
