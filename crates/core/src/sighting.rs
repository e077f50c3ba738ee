//! A transaction that used a nonce of a managed wallet, or took something of it, and that no stored attempt explains
//! (M6). Recorded one by one, also while the lane is frozen: each of them has to be explained by people.

use crate::canonical::Canonical;
use crate::chain::{BlockRef, ChainId, txid_text};
use crate::event::Event;
use crate::id::{PartnerId, WalletId};
use crate::proof::Stranger;
use crate::time::Timestamp;
use crate::wallet::Wallet;

/// How long the claim of one node alone keeps a lane from taking new slots, milliseconds. A liar costs no more than this
/// once; what it shows is judged by others all the while, and by a quorum once its block is final.
pub const CLAIM_MS: i64 = 60_000;

/// Whose word it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Word {
    /// One node shows it, and no node of another operator does so far.
    Claimed,
    /// Another operator shows it too, or a quorum does; or there is no other operator to ask.
    Confirmed,
    /// A quorum reads that no final block holds it, or that it did nothing to the wallet, or that a transfer of ours ended by it
    /// after all.
    Denied,
}

impl Word {
    /// Every word.
    pub const ALL: &'static [Self] = &[Self::Claimed, Self::Confirmed, Self::Denied];

    /// The name in columns and on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Claimed => "claimed",
            Self::Confirmed => "confirmed",
            Self::Denied => "denied",
        }
    }

    /// Reads a name.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|word| word.as_str() == text)
    }
}

/// One such transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sighting {
    /// The wallet it concerns.
    pub wallet: WalletId,
    /// Its owner.
    pub partner: PartnerId,
    /// Its chain.
    pub chain: ChainId,
    /// The transaction.
    pub txid: [u8; 32],
    /// Where it was seen.
    pub block: BlockRef,
    /// The nonce it used, when the wallet sent it.
    pub nonce: Option<u64>,
    /// What it did, in one sentence.
    pub what: String,
    /// The node that showed it: `operator/host`.
    pub told_by: String,
    /// Whose word it is.
    pub word: Word,
    /// First seen. It stays when the same transaction is claimed again.
    pub seen_at: Timestamp,
}

impl Sighting {
    /// A stranger that a quorum shows at a nonce of a wallet, or in a slot that has none; `how` says what makes it one, after a comma.
    pub fn of_stranger(
        wallet: &Wallet,
        nonce: Option<u64>,
        stranger: Stranger,
        how: &str,
        operators: &[String],
        at: Timestamp,
    ) -> Self {
        Self {
            wallet: wallet.id,
            partner: wallet.partner,
            chain: wallet.chain,
            txid: stranger.txid,
            block: stranger.block,
            nonce,
            what: match nonce {
                Some(nonce) => format!("transaction {} at nonce {nonce}, {how}", txid_text(&stranger.txid)),
                None => format!("transaction {}, {how}", txid_text(&stranger.txid)),
            },
            told_by: operators.join(", "),
            word: Word::Confirmed,
            seen_at: at,
        }
    }

    /// One line for alerts and freezes.
    pub fn line(&self) -> String {
        format!("block {}: {}", self.block.number, self.what)
    }

    /// The event. People read it, so it says everything.
    pub fn event(&self) -> Event {
        Event {
            kind: "lane.transaction_sighted".into(),
            partner: self.partner,
            withdrawal: None,
            transfer: None,
            wallet: Some(self.wallet),
            data: Canonical::map([
                ("block_hash", Some(Canonical::Text(hex::encode(self.block.hash)))),
                ("block_number", Some(Canonical::text(self.block.number))),
                ("chain", Some(Canonical::text(self.chain))),
                ("nonce", self.nonce.map(Canonical::text)),
                ("told_by", Some(Canonical::text(&self.told_by))),
                ("txid", Some(Canonical::Text(txid_text(&self.txid)))),
                ("wallet", Some(Canonical::text(self.wallet))),
                ("what", Some(Canonical::text(&self.what))),
                ("word", Some(Canonical::text(self.word.as_str()))),
            ]),
        }
    }
}

/// Whether a lane takes no new slot because of what one node alone has shown: for a while from the oldest such claim on,
/// however many follow it.
pub fn hold_up(sightings: &[Sighting], now: Timestamp) -> bool {
    let claims = sightings.iter().filter(|it| it.word == Word::Claimed);
    claims.map(|it| it.seen_at).min().is_some_and(|oldest| now.since_ms(oldest) < CLAIM_MS)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples;

    #[test]
    fn a_claim_holds_a_lane_up_for_a_bounded_time_and_a_fact_freezes_it_instead() {
        let seen_at = Timestamp::from_micros(0);
        let sighting = |word| Sighting {
            wallet: samples::wallet(),
            partner: samples::partner(),
            chain: ChainId::evm(31_337),
            txid: [1; 32],
            block: BlockRef { number: 5, hash: [5; 32] },
            nonce: None,
            what: "something left".into(),
            told_by: "a/0".into(),
            word,
            seen_at,
        };
        assert!(hold_up(&[sighting(Word::Claimed)], seen_at.plus_ms(CLAIM_MS - 1)));
        assert!(!hold_up(&[sighting(Word::Confirmed), sighting(Word::Denied)], seen_at));
        let younger =
            Sighting { txid: [2; 32], seen_at: seen_at.plus_ms(CLAIM_MS - 1), ..sighting(Word::Claimed) };
        let claims = [younger, sighting(Word::Claimed)];
        assert!(!hold_up(&claims, seen_at.plus_ms(CLAIM_MS)), "a liar buys no more time with another lie");
        for word in Word::ALL {
            assert_eq!(Word::parse(word.as_str()), Some(*word));
        }
    }
}
