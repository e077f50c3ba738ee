//! What a copy of a withdrawal puts in place of its original's names and times, and its places in the partner's trail.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use sha2::{Digest as _, Sha256};

use super::rows::Value;

/// A piece of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// As it is.
    Same(String),
    /// The id of this prefix and number.
    Id(String, u8),
    /// 64 digits of their own.
    Hash(u8),
    /// The hash of its payment.
    PaymentHash,
    /// The partner's own id.
    External,
    /// Whom it pays.
    Address,
    /// A nonce of its own.
    Nonce(u64),
    /// Number and hash of the block that holds it.
    Height,
    BlockHash,
    /// So long after the acceptance.
    Time(i64),
}

/// One of many.
pub(super) struct Copy {
    /// Its number.
    pub(super) number: u64,
    /// When it was accepted, microseconds.
    pub(super) accepted_at: i64,
    /// The nonce of its first slot.
    pub(super) nonce: u64,
    /// The block that holds it.
    pub(super) height: u64,
}

/// Copies whose customers are their own: more copies are more customers, not more orders of each.
const BLOCK: u64 = 10_000;
/// Customers of so many copies, and addresses they are paid at.
const USERS: u64 = 500;
const ADDRESSES: u64 = 1_000;

impl Copy {
    /// A text of it.
    pub(super) fn text(&self, parts: &[Part], payment_hash: &str) -> String {
        let mut text = String::with_capacity(64);
        for part in parts {
            let _infallible = match part {
                Part::Same(same) => write!(text, "{same}"),
                Part::Id(prefix, place) => write!(text, "{prefix}{}", self.ulid(*place)),
                Part::Hash(place) => write!(text, "{}", self.hash(*place)),
                Part::PaymentHash => write!(text, "{payment_hash}"),
                Part::External => write!(text, "history-{}", self.number),
                Part::Address => {
                    write!(text, "0x{:040x}", u128::from(mixed(self.one_of(ADDRESSES))) + (1 << 100))
                }
                Part::Nonce(place) => write!(text, "{}", self.nonce + place),
                Part::Height => write!(text, "{}", self.height),
                Part::BlockHash => {
                    write!(text, "{:064x}", (u128::from(mixed(self.height)) << 64) + u128::from(self.height))
                }
                Part::Time(since) => write!(text, "{}", self.accepted_at + since),
            };
        }
        text
    }

    /// Its customer.
    pub(super) fn user(&self) -> String {
        format!("user-{}", self.one_of(USERS))
    }

    fn one_of(&self, all: u64) -> u64 {
        mixed(self.number) % all + all * (self.number / BLOCK)
    }

    /// Milliseconds, then what is chance in an id of the engine and a number here.
    fn ulid(&self, place: u8) -> String {
        const DIGITS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
        let at = u128::from(u64::try_from(self.accepted_at / 1_000).unwrap_or_default());
        let chance =
            (u128::from(mixed(self.number) >> 32) << 48) | (u128::from(self.number) << 8) | u128::from(place);
        let all = (at << 80) | chance;
        (0..26)
            .rev()
            .map(|digit| char::from(DIGITS[usize::try_from((all >> (digit * 5)) & 31).unwrap_or_default()]))
            .collect()
    }

    fn hash(&self, place: u8) -> String {
        hex::encode(Sha256::digest(format!("history/{}/{place}", self.number)))
    }
}

/// Spreads numbers (splitmix64).
pub(super) fn mixed(number: u64) -> u64 {
    let mut it = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    it = (it ^ (it >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    it = (it ^ (it >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    it ^ (it >> 31)
}

/// The end of a partner's trail, by our own reading of how it is linked.
pub(super) struct Trail {
    /// Number of the last event.
    pub(super) number: i64,
    link: [u8; 32],
}

impl Trail {
    /// Behind this event.
    pub(super) fn after(number: i64, link: &str) -> Result<Self, String> {
        let mut bytes = [0; 32];
        hex::decode_to_slice(link, &mut bytes).map_err(|error| format!("link: {error}"))?;
        Ok(Self { number, link: bytes })
    }

    /// One more, of these columns.
    pub(super) fn next(&mut self, column: impl Fn(&str) -> Value) {
        let names = [
            ("actor", "actor"),
            ("at", "at"),
            ("data", "data"),
            ("id", "id"),
            ("kind", "kind"),
            ("partner", "partner_id"),
            ("reason", "reason"),
            ("transfer", "transfer_id"),
            ("wallet", "wallet_id"),
            ("withdrawal", "withdrawal_id"),
        ];
        let text = |(name, of)| match column(of) {
            Value::Text(text) => Some((name, text)),
            Value::Int(number) => Some((name, number.to_string())),
            Value::Null | Value::Bytes(_) => None,
        };
        let members: BTreeMap<&str, String> = names.into_iter().filter_map(text).collect();
        let text = serde_json::to_string(&members).unwrap_or_default();
        self.number += 1;
        let mut hash = Sha256::new();
        hash.update(self.link);
        hash.update(self.number.to_be_bytes());
        hash.update(text.as_bytes());
        self.link = hash.finalize().into();
    }

    /// Its link as it is stored.
    pub(super) fn link_text(&self) -> String {
        hex::encode(self.link)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_copies_share_no_name() {
        let copy = |number| Copy { number, accepted_at: 1_700_000_000_000_000, nonce: number, height: 1 };
        let parts = [Part::Id("wd_".into(), 0), Part::Hash(0), Part::External, Part::Nonce(0)];
        for part in parts {
            let parts = [part];
            assert_ne!(copy(1).text(&parts, ""), copy(2).text(&parts, ""), "{parts:?}");
        }
        let id = copy(1).text(&[Part::Id("wd_".into(), 0)], "");
        assert_eq!(id.len(), 29);
        assert!(id.starts_with("wd_01HF7YAT00"), "{id}");
    }
}
