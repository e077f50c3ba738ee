//! What an audit finds, by name. A name is stable: scripts and people look it up in `docs/audit.md`.

use serde::Serialize;

use crate::chain::{Address, Hash};

/// Which kind of trouble.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Class {
    /// One withdrawal, two payments; or one payment, two withdrawals.
    Duplicate,
    /// Told as paid, and the chain shows no payment.
    Missing,
    /// On chain, and nothing explains it.
    Orphan,
    /// There, and not as it should be.
    Wrong,
    /// Neither proven nor disproven.
    Undecided,
}

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $word:literal, $class:ident, $en:literal, $ko:literal;)+) => {
        /// What was found.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Code {$($(#[$doc])* $name,)+}

        impl Code {
            /// Every one.
            pub const ALL: &'static [Self] = &[$(Self::$name),+];

            /// The stable name.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $word,)+ }
            }

            /// Which kind of trouble it is.
            pub const fn class(self) -> Class {
                match self { $(Self::$name => Class::$class,)+ }
            }

            /// In a few words.
            pub const fn title(self, korean: bool) -> &'static str {
                match self { $(Self::$name => if korean { $ko } else { $en },)+ }
            }
        }
    };
}

codes! {
    /// A second transfer pays what was paid.
    PaidTwice = "paid_twice", Duplicate, "paid more than once", "두 번 이상 지급됨";
    /// Two withdrawals name one transfer.
    TransferShared = "transfer_shared", Duplicate, "two withdrawals share one transfer", "한 전송을 두 출금이 함께 씀";
    /// No transfer pays it.
    NotPaid = "not_paid", Missing, "told as completed, and not paid", "완료로 통보되었으나 지급되지 않음";
    /// What should have paid it reverted.
    PaidByARevert = "paid_by_a_revert", Missing, "told as completed by a transaction that reverted", "실패한 트랜잭션으로 완료 통보됨";
    /// An order that is on no list.
    OrderLost = "order_lost", Missing, "ordered, and not on the list", "주문했으나 목록에 없음";
    /// A transfer left a wallet for no withdrawal and no reason.
    TransferUnexplained = "transfer_unexplained", Orphan, "an outgoing transfer that nothing explains", "설명되지 않은 출금 전송";
    /// Coin left a wallet for no reason.
    CoinUnexplained = "coin_unexplained", Orphan, "coin left the wallet and nothing explains it", "설명되지 않은 코인 유출";
    /// A wallet sent a transaction for no withdrawal and no reason.
    TransactionUnexplained = "transaction_unexplained", Orphan, "a transaction of a wallet that nothing explains", "설명되지 않은 지갑 트랜잭션";
    /// Paid, and not what was ordered.
    AmountWrong = "amount_wrong", Wrong, "paid another amount than ordered", "주문과 다른 금액이 지급됨";
    /// Paid to somebody else.
    RecipientWrong = "recipient_wrong", Wrong, "paid to another recipient than ordered", "주문과 다른 수취 주소로 지급됨";
    /// Paid in something else.
    TokenWrong = "token_wrong", Wrong, "paid in another token than ordered", "주문과 다른 토큰으로 지급됨";
    /// Paid by a wallet that is not managed.
    SenderWrong = "sender_wrong", Wrong, "paid by an address that is none of the wallets", "관리 지갑이 아닌 주소에서 지급됨";
    /// Paid by another transaction than was told.
    TransactionWrong = "transaction_wrong", Wrong, "paid by another transaction than was told", "통보된 것과 다른 트랜잭션으로 지급됨";
    /// Told as unpaid, and paid.
    EndedButPaid = "ended_but_paid", Wrong, "told as failed, rejected or cancelled, and paid", "실패·거절·취소로 통보되었으나 지급됨";
    /// A nonce without its transaction.
    NonceUnknown = "nonce_unknown", Wrong, "a nonce was used and no transaction shows by what", "사용된 nonce의 트랜잭션이 없음";
    /// The sums do not agree.
    BalanceWrong = "balance_wrong", Wrong, "the balance does not add up", "잔액이 맞지 않음";
    /// The list has another payment under this id than was ordered.
    OrderDiffers = "order_differs", Wrong, "not what was ordered", "주문 내용과 다름";
    /// On the list, and never ordered.
    NotOrdered = "not_ordered", Wrong, "on the list, and never ordered", "주문하지 않은 출금이 목록에 있음";
    /// Neither paid nor dead.
    NotEnded = "not_ended", Undecided, "not over yet", "아직 끝나지 않음";
    /// A slot could still pay it.
    SlotOpen = "slot_open", Undecided, "a signed transaction of it could still be executed", "서명된 트랜잭션이 아직 실행될 수 있음";
    /// A slot of an address that is not audited.
    SlotUnknown = "slot_unknown", Undecided, "a slot of it belongs to no audited wallet", "감사 대상이 아닌 지갑의 슬롯이 있음";
    /// Nobody tells when a transaction of it expires.
    LifeUnknown = "life_unknown", Undecided, "nobody tells when a transaction of it expires", "트랜잭션의 만료 시각을 알 수 없음";
    /// Paid above the named block.
    AboveTheRange = "above_the_range", Undecided, "paid above the named final block", "지정한 최종 블록 이후에 지급됨";
    /// More coin than plain transactions brought.
    CoinUnseen = "coin_unseen", Undecided, "coin came in by no plain transaction", "일반 트랜잭션이 아닌 경로로 코인이 들어옴";
}

impl Serialize for Code {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(self.as_str())
    }
}

/// One thing that was found.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Finding {
    /// Which kind of trouble.
    pub class: Class,
    /// What.
    pub code: Code,
    /// Withdrawals it is about.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub external_ids: Vec<String>,
    /// Wallet it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wallet: Option<Address>,
    /// Transactions it is about.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub txids: Vec<Hash>,
    /// The rest, in one English sentence.
    pub detail: String,
}

impl Finding {
    pub(crate) fn of(code: Code, detail: impl Into<String>) -> Self {
        Self {
            class: code.class(),
            code,
            external_ids: vec![],
            wallet: None,
            txids: vec![],
            detail: detail.into(),
        }
    }

    pub(crate) fn about(mut self, external_id: &str) -> Self {
        self.external_ids.push(external_id.to_owned());
        self
    }

    pub(crate) fn by(mut self, wallet: Address) -> Self {
        self.wallet = Some(wallet);
        self
    }

    pub(crate) fn shown_by(mut self, txid: Hash) -> Self {
        if !self.txids.contains(&txid) {
            self.txids.push(txid);
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_name_is_its_own_and_is_explained_in_the_documentation() {
        let names: BTreeSet<_> = Code::ALL.iter().map(|code| code.as_str()).collect();
        assert_eq!(names.len(), Code::ALL.len());
        let page = include_str!("../../../docs/audit.md");
        for code in Code::ALL {
            assert!(
                page.contains(&format!("| `{}` |", code.as_str())),
                "docs/audit.md has no row of {}",
                code.as_str()
            );
            assert!(!code.title(true).is_ascii() && code.title(false).is_ascii());
        }
    }
}
