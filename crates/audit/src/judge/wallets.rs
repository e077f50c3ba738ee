//! The wallets themselves: each of their transactions is known, each nonce is used by one of them, and the balances add up.

use std::collections::{BTreeMap, BTreeSet};

use ruint::aliases::U256;

use super::{Bench, Reason};
use crate::chain::{Address, Family, Hash};
use crate::evm::asked_transfer;
use crate::finding::{Code, Finding};
use crate::read::Sent;
use crate::stand::Held;

/// Sums of one token, in its smallest unit.
#[derive(Clone, Copy, Debug, Default)]
struct Moved {
    came: U256,
    left: U256,
}

impl Bench<'_> {
    pub(super) fn judge_wallets(&mut self) {
        let signed: BTreeSet<Hash> =
            self.claimed.iter().flat_map(|it| it.it.txids.iter().copied().chain(it.it.txid)).collect();
        let asked: BTreeSet<(Address, Address, U256)> =
            self.claimed.iter().map(|it| (it.it.token, it.it.recipient, it.units)).collect();
        for sent in &self.reading.sent {
            self.judge_transaction(sent, &signed, &asked);
        }
        let mut of_wallets: BTreeMap<Address, Vec<&Sent>> = BTreeMap::new();
        for sent in &self.reading.sent {
            of_wallets.entry(sent.from).or_default().push(sent);
        }
        let moved = self.moved();
        for (wallet, closing) in &self.reading.closing.wallets {
            if let Some(opening) = self.reading.opening.wallets.get(wallet) {
                let sent = of_wallets.get(wallet).map_or(&[][..], Vec::as_slice);
                // Accounts of TRON have none: there, each block of the range was read and its bytes name the owner.
                if wallet.family() == Family::Evm {
                    self.judge_nonces(*wallet, opening.nonce, closing.nonce, sent);
                }
                self.judge_tokens(*wallet, opening, closing, &moved);
                self.judge_coin(*wallet, opening, closing, sent);
            }
        }
    }

    /// What each wallet got and gave of each token. A transfer to itself is both.
    fn moved(&self) -> BTreeMap<(Address, Address), Moved> {
        let mut moved: BTreeMap<(Address, Address), Moved> = BTreeMap::new();
        for transfer in &self.reading.transfers {
            let came = &mut moved.entry((transfer.to, transfer.token)).or_default().came;
            *came = came.saturating_add(transfer.units);
            let left = &mut moved.entry((transfer.from, transfer.token)).or_default().left;
            *left = left.saturating_add(transfer.units);
        }
        moved
    }

    fn judge_transaction(
        &mut self,
        sent: &Sent,
        signed: &BTreeSet<Hash>,
        asked: &BTreeSet<(Address, Address, U256)>,
    ) {
        if sent.is_void() {
            self.verdict.voids += 1;
            return;
        }
        if sent.delegates && !self.explained(sent.txid) {
            let detail = format!("it gives accounts code (EIP-7702), {}", sent.place());
            self.find(Finding::of(Code::TransactionUnexplained, detail).by(sent.from).shown_by(sent.txid));
            return;
        }
        let mut transfers = self.by_transaction.get(&sent.txid).into_iter().flatten();
        // A transfer that is not a payment has its own finding, or its explanation.
        let accounted = transfers.any(|at| self.owners[*at].is_some());
        if self.explained(sent.txid) {
            self.verdict.reasons.insert(Reason::of_transaction(sent.txid));
            return;
        }
        if sent.succeeded && !sent.value.is_zero() && sent.to != Some(sent.from) {
            let to = sent.to.map_or_else(|| "a new contract".to_owned(), |to| to.to_string());
            let detail = format!("{} of the coin's smallest unit to {to} {}", sent.value, sent.place());
            self.find(Finding::of(Code::CoinUnexplained, detail).by(sent.from).shown_by(sent.txid));
            return;
        }
        let tried = |to: Address| {
            asked_transfer(&sent.input, to.family())
                .is_some_and(|(who, units)| asked.contains(&(to, who, units)))
        };
        let failed_try = !sent.succeeded && (signed.contains(&sent.txid) || sent.to.is_some_and(tried));
        if accounted || failed_try {
            return;
        }
        let what = if sent.succeeded { "succeeded" } else { "reverted" };
        let to = match (sent.to, sent.kind) {
            (Some(to), _) => format!("to {to}"),
            (None, Some(kind)) => format!("a contract of type {kind}"),
            (None, None) => "a deployment".to_owned(),
        };
        let detail = format!("{to}, {} bytes of data, {what} {}", sent.input.len(), sent.place());
        self.find(Finding::of(Code::TransactionUnexplained, detail).by(sent.from).shown_by(sent.txid));
    }

    /// Every nonce between both ends is the nonce of exactly one transaction that was seen.
    fn judge_nonces(&mut self, wallet: Address, opening: u64, closing: u64, of_wallet: &[&Sent]) {
        let chain = self.reading.closing.chain;
        let mut seen: BTreeMap<u64, Vec<&Sent>> = BTreeMap::new();
        for sent in of_wallet {
            seen.entry(sent.nonce).or_default().push(sent);
        }
        for (nonce, sent) in &seen {
            if sent.len() > 1 || *nonce < opening || *nonce >= closing {
                let detail = format!(
                    "nonce {nonce} is used {} times, and {opening} to {closing} are to be",
                    sent.len()
                );
                let finding = Finding::of(Code::NonceUnknown, detail).by(wallet);
                self.find(sent.iter().map(|sent| sent.txid).fold(finding, Finding::shown_by));
            }
        }
        if closing < opening {
            let detail = format!("the nonce went back from {opening} to {closing}");
            return self.find(Finding::of(Code::NonceUnknown, detail).by(wallet));
        }
        let explained = self.list.nonces.range((chain, wallet, 0)..=(chain, wallet, u64::MAX));
        let explained: BTreeSet<u64> = explained.map(|((.., nonce), _)| *nonce).collect();
        for nonce in explained.iter().filter(|it| (opening..closing).contains(it)) {
            self.verdict.reasons.insert(Reason::of_nonce(wallet, *nonce));
        }
        // Between those that are known, so that a node that makes a number up costs no more than its answer.
        let known = seen.keys().copied().chain(explained).filter(|it| (opening..closing).contains(it));
        let known: BTreeSet<u64> = known.collect();
        let mut next = opening;
        for nonce in known.into_iter().chain([closing]) {
            if next < nonce {
                let detail = match nonce - next {
                    1 => format!("nonce {next}"),
                    _ => format!("nonces {next} to {}", nonce - 1),
                };
                self.find(Finding::of(Code::NonceUnknown, detail).by(wallet));
            }
            next = nonce.saturating_add(1);
        }
    }

    fn judge_tokens(
        &mut self,
        wallet: Address,
        opening: &Held,
        closing: &Held,
        moved: &BTreeMap<(Address, Address), Moved>,
    ) {
        for (token, now) in &closing.tokens {
            let Moved { came, left } = moved.get(&(wallet, *token)).copied().unwrap_or_default();
            let before = opening.tokens.get(token).copied().unwrap_or_default();
            if before.checked_add(came) != now.checked_add(left) {
                let detail = format!(
                    "{token}: {before} and {came} in less {left} out is not {now}, in its smallest unit"
                );
                self.find(Finding::of(Code::BalanceWrong, detail).by(wallet));
            }
        }
    }

    fn judge_coin(&mut self, wallet: Address, opening: &Held, closing: &Held, of_wallet: &[&Sent]) {
        let came = self.reading.received.get(&wallet).copied().unwrap_or_default();
        let (mut paid, mut fees) = (U256::ZERO, U256::ZERO);
        for sent in of_wallet {
            fees = fees.saturating_add(sent.fee);
            if sent.succeeded {
                paid = paid.saturating_add(sent.value);
            }
        }
        let should = opening.coin.saturating_add(came);
        let is = closing.coin.saturating_add(paid).saturating_add(fees);
        if should == is {
            return;
        }
        let detail = format!(
            "coin: {} and {came} in less {paid} out less {fees} of fees is not {}, in its smallest unit",
            opening.coin, closing.coin
        );
        let code = if is < should { Code::BalanceWrong } else { Code::CoinUnseen };
        self.find(Finding::of(code, detail).by(wallet));
    }
}
