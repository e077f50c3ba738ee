//! What was given up can never be paid, and what was paid never again: every slot that was given to a withdrawal is used
//! up at the named block.

use super::Bench;
use crate::chain::Family;
use crate::finding::{Code, Finding};
use crate::list::{Claim, Withdrawal};

impl Bench<'_> {
    pub(super) fn judge_slots(&mut self) {
        for claimed in self.claimed {
            let it = claimed.it;
            if it.claim() == Claim::Open {
                continue; // It has its finding.
            }
            if it.chain.family() == Family::Tron {
                continue; // Its transactions have lives.
            }
            for slot in &it.slots {
                let held = slot.sender.and_then(|sender| self.reading.closing.wallets.get(&sender));
                let finding = match (slot.sender, held) {
                    (Some(sender), Some(held)) if slot.nonce >= held.nonce => {
                        let detail = format!(
                            "nonce {} of {sender} is not used at block {}, where the next one is {}",
                            slot.nonce, self.reading.closing.block.number, held.nonce
                        );
                        Finding::of(Code::SlotOpen, detail).by(sender)
                    }
                    (Some(_), Some(_)) => continue,
                    (Some(sender), None) => {
                        let detail =
                            format!("nonce {} of {sender}; name that wallet with --wallet", slot.nonce);
                        Finding::of(Code::SlotUnknown, detail).by(sender)
                    }
                    (None, _) if self.used_by_its_own(it, slot.nonce) => continue,
                    (None, _) => {
                        let detail = format!("nonce {} of a sender that the list does not name", slot.nonce);
                        Finding::of(Code::SlotUnknown, detail)
                    }
                };
                self.find(finding.about(&it.external_id));
            }
        }
    }

    /// Whether one of the withdrawal's own transactions has used this nonce: then the chain names the sender.
    fn used_by_its_own(&self, it: &Withdrawal, nonce: u64) -> bool {
        let own = it.txid.iter().chain(&it.txids);
        own.filter_map(|txid| self.sent.get(txid)).any(|sent| sent.nonce == nonce)
    }
}
