//! The same where transactions expire: each transaction that was signed for a withdrawal is in a block, or has expired and is
//! in none of the blocks that could have held it. What was given up can never be paid, and what was paid never again.

use super::{Bench, Claimed};
use crate::chain::{Family, Hash};
use crate::evm::Transfer;
use crate::finding::{Code, Finding};
use crate::list::Claim;
use crate::read::Elsewhere;

impl Bench<'_> {
    pub(super) fn judge_lives(&mut self) {
        if self.reading.closing.chain.family() != Family::Tron {
            return; // A nonce that is used up is the end of all that had it.
        }
        for claimed in self.claimed {
            if claimed.it.claim() == Claim::Open {
                continue; // It has its finding.
            }
            for txid in &claimed.it.txids {
                if let Some(finding) = self.lives_on(claimed, *txid) {
                    self.find(finding.about(&claimed.it.external_id).shown_by(*txid));
                }
            }
        }
    }

    /// What keeps a transaction from being over.
    fn lives_on(&self, claimed: &Claimed<'_>, txid: Hash) -> Option<Finding> {
        if self.sent.contains_key(&txid) {
            return None; // Its transfer, if it has one, has been judged.
        }
        if let Some(Some(elsewhere)) = self.reading.elsewhere.get(&txid) {
            return self.included(claimed, txid, elsewhere);
        }
        let Some(life) = claimed.it.lives.get(&txid) else {
            let detail = format!(
                "{txid} is in no block, and without its expiration nothing proves that it never will be"
            );
            return Some(Finding::of(Code::LifeUnknown, detail));
        };
        let until = self.reading.absent.get(&txid);
        // A block may still hold it if its parent is older than the expiration: the run must have one that is not.
        let over = until.is_some_and(|run| run.above <= life.reference && run.last_ms >= life.expires_at_ms);
        if over {
            return None;
        }
        let detail = format!(
            "{txid} expires at {} ms, and the last block that was read for it is of {} ms",
            life.expires_at_ms,
            until.map_or(self.reading.closing_ms, |run| run.last_ms)
        );
        Some(Finding::of(Code::SlotOpen, detail))
    }

    /// It is in a block outside the range, or in a stranger's name.
    fn included(&self, claimed: &Claimed<'_>, txid: Hash, elsewhere: &Elsewhere) -> Option<Finding> {
        let (it, last) = (claimed.it, self.reading.closing.block.number);
        if elsewhere.block > last {
            let detail = format!("{txid} is in block {}, above the last one, {last}", elsewhere.block);
            return Some(Finding::of(Code::SlotOpen, detail));
        }
        // What is told as dead and was paid before has its finding, and so has what is paid by the one it names.
        let other = it.claim() == Claim::Paid && it.txid != Some(txid);
        let pays = |transfer: &Transfer| {
            (transfer.token, transfer.to, transfer.units) == (it.token, it.recipient, claimed.units)
        };
        if other && elsewhere.succeeded && elsewhere.transfers.iter().any(pays) {
            let detail = format!("{txid} paid it in block {}, before the range, too", elsewhere.block);
            return Some(Finding::of(Code::PaidTwice, detail));
        }
        None
    }
}
