//! A withdrawal that is told as paid, and is not paid by the transaction that it names.

use super::{Bench, Owner};
use crate::evm::{Hash, Transfer};
use crate::finding::{Code, Finding};
use crate::read::Elsewhere;

impl Bench<'_> {
    /// Says what the named transaction did instead.
    pub(super) fn judge_named(&mut self, at: usize) {
        let Some(txid) = self.claimed[at].it.txid else { return };
        let reading = self.reading;
        let sent = self.sent.get(&txid).copied();
        match (sent, reading.elsewhere.get(&txid)) {
            (Some(sent), _) if !sent.succeeded => {
                let detail = format!("{txid} in block {} reverted", sent.block);
                self.unpaid(at, Code::PaidByARevert, detail, Some(txid));
            }
            (Some(_), _) => self.judge_other_payment(at, txid),
            (None, Some(Some(elsewhere))) => self.judge_elsewhere(at, txid, elsewhere),
            (None, _) => {
                let detail = format!("no block has the transaction {txid}");
                self.unpaid(at, Code::NotPaid, detail, Some(txid));
            }
        }
    }

    /// The transaction is a wallet's, and succeeded: it paid something else, or somebody else's withdrawal.
    fn judge_other_payment(&mut self, at: usize, txid: Hash) {
        let claimed = self.claimed[at];
        let in_it = self.by_transaction.get(&txid).cloned().unwrap_or_default();
        let taken = in_it.iter().find_map(|it| match self.owners[*it] {
            Some(Owner::Pays(other)) if self.pays(*it, &claimed) => Some(other),
            _ => None,
        });
        if let Some(other) = taken {
            let other = &self.claimed[other].it.external_id;
            let detail = format!("{txid} holds one such transfer, and `{other}` names it too");
            let finding = Finding::of(Code::TransferShared, detail).about(&claimed.it.external_id);
            self.find(finding.about(other).shown_by(txid));
            self.settled.insert(at);
            return;
        }
        let transfers = &self.reading.transfers;
        let loose: Vec<(usize, &Transfer)> =
            in_it.iter().filter(|it| self.is_loose(**it)).map(|it| (*it, &transfers[*it])).collect();
        let it = claimed.it;
        let (token, to) = (it.token, it.recipient);
        let differs = |transfer: &Transfer| match (
            transfer.token == token,
            transfer.to == to,
            transfer.units == claimed.units,
        ) {
            (true, true, false) => Some(Code::AmountWrong),
            (true, false, true) => Some(Code::RecipientWrong),
            (false, true, true) => Some(Code::TokenWrong),
            _ => None,
        };
        let found = loose
            .iter()
            .find_map(|(place, transfer)| differs(transfer).map(|code| (*place, *transfer, code)));
        match found {
            Some((place, transfer, code)) => {
                let detail = format!(
                    "{} units of {} to {} were ordered, and {} of {} to {} were paid by log {} of block {}",
                    claimed.units,
                    token,
                    to,
                    transfer.units,
                    transfer.token,
                    transfer.to,
                    transfer.log_index,
                    transfer.block
                );
                self.own(place, Owner::Found);
                self.unpaid(at, code, detail, Some(txid));
            }
            None => self.unpaid(at, Code::NotPaid, format!("{txid} does not pay it"), Some(txid)),
        }
    }

    /// The transaction is not a wallet's within the range: earlier, later, or a stranger's.
    fn judge_elsewhere(&mut self, at: usize, txid: Hash, elsewhere: &Elsewhere) {
        let claimed = self.claimed[at];
        let is_it = |transfer: &&Transfer| {
            transfer.token == claimed.it.token
                && transfer.to == claimed.it.recipient
                && transfer.units == claimed.units
        };
        let block = elsewhere.block;
        let all = || elsewhere.transfers.iter().filter(|_| elsewhere.succeeded).filter(is_it);
        // One that pays nothing else, where the transaction holds several.
        let free = all().find(|it| !self.earlier.contains_key(&(txid, it.log_index)));
        let Some(paid) = free.or_else(|| all().next()) else {
            let detail = format!("{txid} in block {block} does not pay it");
            return self.unpaid(at, Code::NotPaid, detail, Some(txid));
        };
        let ours = self.reading.closing.wallets.contains_key(&paid.from);
        if !ours {
            let detail = format!(
                "{txid} in block {block} pays it from {}; name that wallet with --wallet if it is yours",
                paid.from
            );
            self.unpaid(at, Code::SenderWrong, detail, Some(txid));
        } else if block > self.reading.closing.block.number {
            let detail = format!("{txid} is in block {block}; name that block or a later one with --to");
            self.unpaid(at, Code::AboveTheRange, detail, Some(txid));
        } else if block <= self.reading.opening.block.number {
            let id = claimed.it.external_id.clone();
            match self.earlier.insert((txid, paid.log_index), at) {
                None => {
                    self.settled.insert(at);
                    self.verdict.earlier.push(id);
                }
                Some(other) => {
                    let other = &self.claimed[other].it.external_id;
                    let detail = format!(
                        "{txid} in block {block} holds one such transfer, and `{other}` names it too"
                    );
                    self.unpaid(at, Code::TransferShared, detail, Some(txid));
                }
            }
        } else {
            // A wallet's transfer in a stranger's transaction is among the transfers of the range, and somebody else has it.
            let detail = format!("the transfer in {txid} pays another withdrawal");
            self.unpaid(at, Code::TransferShared, detail, Some(txid));
        }
    }

    /// Nothing that was named pays it. A transfer that nobody names may be its payment, or a mistaken one.
    pub(super) fn judge_unpaid(&mut self, at: usize) {
        let claimed = self.claimed[at];
        let nearly = self.loose_to_recipient(&claimed).next();
        let Some(nearly) = nearly else {
            return self.unpaid(at, Code::NotPaid, "no such transfer in the range".to_owned(), None);
        };
        let transfer = &self.reading.transfers[nearly];
        let detail = format!(
            "{} units were ordered, and {} were paid by log {} of block {}",
            claimed.units, transfer.units, transfer.log_index, transfer.block
        );
        self.own(nearly, Owner::Found);
        self.unpaid(at, Code::AmountWrong, detail, Some(transfer.txid));
    }

    fn unpaid(&mut self, at: usize, code: Code, detail: String, txid: Option<Hash>) {
        let claimed = self.claimed[at];
        self.settled.insert(at);
        let instead = txid
            .filter(|_| code.class() == crate::finding::Class::Missing)
            .and_then(|_| self.paid_instead(at));
        let finding = match instead {
            Some(place) => {
                let transfer = &self.reading.transfers[place];
                let detail = format!(
                    "{detail}; log {} of block {} pays it, in another transaction",
                    transfer.log_index, transfer.block
                );
                self.own(place, Owner::Found);
                Finding::of(Code::TransactionWrong, detail).shown_by(transfer.txid)
            }
            None => Finding::of(code, detail),
        };
        let finding = finding.about(&claimed.it.external_id);
        self.find(txid.into_iter().fold(finding, Finding::shown_by));
    }

    /// A loose transfer that is exactly what was asked for.
    fn paid_instead(&self, at: usize) -> Option<usize> {
        let claimed = self.claimed[at];
        self.loose_to_recipient(&claimed).find(|it| self.pays(*it, &claimed))
    }
}
