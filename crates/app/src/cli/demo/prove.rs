//! Whether the chain shows one payment, exactly as it was ordered: a successful receipt in the block the engine named, one
//! Transfer log of the token with this recipient and these units, and a recipient that holds exactly what it was paid by
//! the orders of the list. Its addresses are new, so holding more would mean being paid twice.

mod cost;
mod evm;
mod tron;

use std::collections::BTreeSet;
use std::ops::RangeInclusive;

use ruint::aliases::U256;
use serde_json::Value;
use sluice_api::problem::Lang;
use sluice_api::status::Status;
use sluice_api::withdrawal::{Transaction, Withdrawal};

use super::node::Node;
use super::order::Order;
use crate::cli::decimal;
use crate::cli::devnet::DevAsset;
use crate::cli::export::payment;
use crate::cli::words::{pick, say, status};

/// What has to be found: everything but the node, of either kind of chain.
struct Wanted<'a> {
    paid: &'a Transaction,
    /// 40 digits.
    contract: String,
    /// 40 digits.
    recipient: String,
    units: U256,
    /// What the recipient may hold now.
    held: RangeInclusive<U256>,
}

/// `Transfer(address,address,uint256)`, hashed.
const TRANSFER: &str = "ddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef";
/// Digits of the coin of EVM chains, and of TRX.
const COIN_DIGITS: u8 = 18;
const TRX_DIGITS: u8 = 6;

/// What was found for one payment.
pub(super) type Verdict = Result<Evidence, Doubt>;

/// Where the chain shows the payment.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Evidence {
    /// The transaction.
    pub(super) txid: String,
    /// Which log of its block; on TRON of the transaction itself.
    pub(super) log_index: u64,
    /// What the network took by its receipt, in the coin's smallest unit; on TRON all of it is burned.
    pub(super) fee: U256,
    /// What of it was burned for energy. Only on TRON.
    pub(super) for_energy: U256,
    /// Digits of the coin.
    pub(super) digits: u8,
}

impl Evidence {
    /// What the network took, in units of the coin.
    pub(super) fn fee_text(&self) -> String {
        decimal::text(self.fee, self.digits)
    }
}

/// Why a payment is not proven.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Doubt {
    /// The engine did not take the order: the code of its refusal.
    NotTaken(String),
    /// It did not end as paid.
    NotCompleted(Status),
    /// The engine holds another order under this external id.
    OtherOrder,
    /// The engine names no final transaction for it.
    NoTransaction,
    /// The asset is not one of the devnet's tokens.
    AssetUnknown,
    /// The node does not answer.
    Node(String),
    /// The chain does not know the transaction.
    NoReceipt,
    /// The transaction failed.
    Reverted,
    /// It is in another block than the engine says.
    OtherBlock,
    /// So many logs of it are this payment; it should be one.
    Logs(usize),
    /// The recipient holds something else, in units of the asset.
    Balance(String),
    /// By its receipt the network took something else than the engine says, in units of the coin.
    Fee(String),
    /// The engine gives no receipt of what it cost.
    NoCost,
    /// Energy was bought for it, and so much was burned for energy all the same, in units of the coin.
    Burned(String),
    /// The same log is shown for another payment too.
    Shared,
}

impl Doubt {
    /// For a person.
    pub(super) fn text(&self, lang: Lang) -> String {
        match self {
            Self::NotTaken(code) => say!(lang, "not accepted ({code})", "접수되지 않음({code})"),
            Self::NotCompleted(at) => {
                let at = status(lang, *at);
                say!(lang, "not completed ({at})", "완료되지 않음({at})")
            }
            Self::OtherOrder => pick(lang, "not what was ordered", "주문한 내용과 다름").to_owned(),
            Self::NoTransaction => pick(lang, "no transaction named", "트랜잭션 없음").to_owned(),
            Self::AssetUnknown => {
                pick(lang, "not a token of the devnet", "개발용 체인의 토큰이 아님").to_owned()
            }
            Self::Node(why) => say!(lang, "the node does not answer: {why}", "노드가 응답하지 않음: {why}"),
            Self::NoReceipt => pick(lang, "no receipt on chain", "체인에 영수증 없음").to_owned(),
            Self::Reverted => pick(lang, "reverted on chain", "체인에서 실패함").to_owned(),
            Self::OtherBlock => {
                pick(lang, "in another block than told", "알려 준 것과 다른 블록에 있음").to_owned()
            }
            Self::Logs(0) => pick(lang, "no such transfer in it", "해당 전송 기록이 없음").to_owned(),
            Self::Logs(count) => {
                say!(lang, "{count} such transfers in it", "같은 전송 기록이 {count}개 있음")
            }
            Self::Balance(held) => say!(lang, "the recipient holds {held}", "수취 주소의 잔액이 {held}"),
            Self::Fee(took) => say!(lang, "the network took {took}", "실제 네트워크 수수료는 {took}"),
            Self::NoCost => pick(lang, "no receipt of its cost", "비용 영수증 없음").to_owned(),
            Self::Burned(trx) => {
                say!(lang, "burned {trx} although energy was bought", "에너지를 샀는데도 {trx} 소각")
            }
            Self::Shared => {
                pick(lang, "the same transfer is shown twice", "같은 전송이 두 건에 쓰임").to_owned()
            }
        }
    }
}

/// Asks the chain about one payment, to a recipient who may hold so much now.
pub(super) async fn check(
    node: &Node,
    asset: &DevAsset,
    order: &Order,
    told: &Withdrawal,
    held: RangeInclusive<U256>,
) -> Verdict {
    if told.status != Status::Completed {
        return Err(Doubt::NotCompleted(told.status));
    }
    let units = units(asset, order).ok_or(Doubt::OtherOrder)?;
    let same_amount = decimal::scaled(told.amount.as_str(), asset.decimals) == Some(units);
    let recipient = account(&order.address).ok_or(Doubt::OtherOrder)?;
    let same_address = account(&told.address).as_ref() == Some(&recipient);
    if told.external_id != order.external_id || !same_address || !same_amount {
        return Err(Doubt::OtherOrder);
    }
    let contract = asset.contract.as_deref().and_then(account).ok_or(Doubt::AssetUnknown)?;
    let paid = payment(told).ok_or(Doubt::NoTransaction)?;
    let wanted = Wanted { paid, contract, recipient, units, held };
    let evidence = match asset.is_tron() {
        true => tron::check(node, &wanted, asset).await?,
        false => evm::check(node, &wanted, asset).await?,
    };
    let told_fee = paid.fee.as_ref().map(|fee| decimal::scaled(fee.as_str(), evidence.digits));
    if told_fee.is_some_and(|told| told != Some(evidence.fee)) {
        return Err(Doubt::Fee(evidence.fee_text()));
    }
    if asset.is_tron() {
        cost::check(told.receipt.as_ref(), &evidence)?;
    }
    Ok(evidence)
}

/// What an order is for, in the asset's smallest unit.
pub(super) fn units(asset: &DevAsset, order: &Order) -> Option<U256> {
    decimal::scaled(&order.amount, asset.decimals)
}

/// The 40 digits of an account, by the auditor's reading of both kinds of addresses.
fn account(address: &str) -> Option<String> {
    sluice_audit::chain::Address::parse(address).map(|it| hex::encode(it.bytes()))
}

impl Wanted<'_> {
    /// The recipient as one word of 32 bytes.
    fn word(&self) -> String {
        format!("{:0>64}", self.recipient)
    }

    /// Whether a log is this payment: address, topics and data without `0x`, as TRON writes them.
    fn is(&self, log: &Value) -> bool {
        let same = |value: &Value, wanted: &str| {
            value.as_str().is_some_and(|it| bare(it).eq_ignore_ascii_case(wanted))
        };
        let topics = log["topics"].as_array().map(Vec::as_slice).unwrap_or_default();
        matches!(topics, [kind, _, to] if same(kind, TRANSFER) && same(to, &self.word()))
            && same(&log["address"], &self.contract)
            && word(&log["data"]) == Some(self.units)
    }

    /// The place of the one log that is this payment.
    fn one_of<'v>(&self, logs: &'v Value) -> Result<(usize, &'v Value), Doubt> {
        let logs = logs.as_array().map(Vec::as_slice).unwrap_or_default();
        let ours: Vec<_> = logs.iter().enumerate().filter(|(_, log)| self.is(log)).collect();
        match ours.as_slice() {
            [one] => Ok(*one),
            others => Err(Doubt::Logs(others.len())),
        }
    }

    /// Whether the recipient holds what it may.
    fn holds(&self, held: U256, asset: &DevAsset) -> Result<(), Doubt> {
        match self.held.contains(&held) {
            true => Ok(()),
            false => Err(Doubt::Balance(decimal::text(held, asset.decimals))),
        }
    }
}

/// Exactly one 32-byte word, with `0x` or without.
fn word(value: &Value) -> Option<U256> {
    let digits = bare(value.as_str()?);
    (digits.len() == 64).then(|| U256::from_str_radix(digits, 16).ok()).flatten()
}

/// Digits without `0x`.
fn bare(text: &str) -> &str {
    text.strip_prefix("0x").unwrap_or(text)
}

/// One log is one payment: evidence that is shown twice proves neither.
pub(super) fn each_its_own(verdicts: Vec<Verdict>) -> Vec<Verdict> {
    let (mut once, mut twice) = (BTreeSet::new(), BTreeSet::new());
    for evidence in verdicts.iter().flatten() {
        if !once.insert(evidence.clone()) {
            twice.insert(evidence.clone());
        }
    }
    let judge = |verdict: Verdict| {
        verdict.and_then(|it| if twice.contains(&it) { Err(Doubt::Shared) } else { Ok(it) })
    };
    verdicts.into_iter().map(judge).collect()
}

#[cfg(test)]
mod tests;
