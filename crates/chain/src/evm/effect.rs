//! What one of our attempts did, by its receipt. Exactly what was meant, or it is a mismatch that freezes the lane (M6).
//! Only configured tokens are believed: anybody can write a contract that claims to have moved something of ours.

use std::collections::BTreeSet;

use sluice_codec::evm::log::{self, TransferEvent};
use sluice_core::address::EvmAddress;
use sluice_core::amount::{Amount, Cost, Units};
use sluice_core::attempt::Kind;
use sluice_core::port::chain::Known;
use sluice_core::proof::{Effect, Inclusion};

use super::node::{Log, NodeError, Receipt};

/// The payment that a slot is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Meant {
    /// Token contract; `None` for the native coin.
    pub(super) contract: Option<EvmAddress>,
    /// Recipient.
    pub(super) to: EvmAddress,
    /// Exact units.
    pub(super) units: Units,
}

/// Contracts whose logs say something about money; `None` believes all of them.
pub(super) type Believed<'a> = Option<&'a BTreeSet<EvmAddress>>;

/// What a receipt says about an attempt of `sender`.
///
/// # Errors
/// [`NodeError::Nonsense`] when it cannot be the receipt of that attempt.
pub(super) fn inclusion(
    sender: EvmAddress,
    attempt: &Known,
    meant: Option<&Meant>,
    believed: Believed<'_>,
    receipt: &Receipt,
) -> Result<Inclusion, NodeError> {
    let nonsense =
        |why: &str| NodeError::Nonsense(format!("receipt of 0x{}: {why}", hex::encode(attempt.txid)));
    if receipt.txid != attempt.txid {
        return Err(nonsense("of another transaction"));
    }
    if receipt.from != sender {
        return Err(nonsense("from another sender"));
    }
    let cost =
        Cost::of(receipt.gas_price_wei, receipt.gas_used).ok_or_else(|| nonsense("the cost overflows"))?;
    let effect = effect(sender, attempt.kind, meant, believed, receipt);
    Ok(Inclusion {
        attempt: attempt.attempt,
        txid: attempt.txid,
        block: receipt.block,
        effect,
        cost,
        returned: Amount::ZERO,
    })
}

fn effect(
    sender: EvmAddress,
    kind: Kind,
    meant: Option<&Meant>,
    believed: Believed<'_>,
    receipt: &Receipt,
) -> Effect {
    let token = |log: &&Log| believed.is_none_or(|all| all.contains(&log.address));
    let left: Vec<&Log> = receipt.logs.iter().filter(token).filter(|log| leaves(sender, log)).collect();
    match (kind, receipt.success, meant) {
        // A void carries nothing, so nothing can have left; if something has, code runs in our account.
        (Kind::Void, _, _) if left.is_empty() => Effect::Voided,
        (Kind::Pay, false, _) if left.is_empty() => Effect::Reverted,
        (Kind::Pay, true, Some(meant)) => match (meant.contract, left.as_slice()) {
            (Some(contract), [only]) if only.address == contract && pays(sender, meant, only) => {
                Effect::Paid { log_index: only.index }
            }
            // The hash commits to recipient and value: success is the payment. There is no log to name.
            (None, []) => Effect::Paid { log_index: 0 },
            (Some(_) | None, _) => Effect::Mismatch,
        },
        (Kind::Void | Kind::Pay, _, _) => Effect::Mismatch,
    }
}

/// Whether a log claims that a token left `sender`: also in the shape of ERC-721, which is none of ours.
pub(super) fn leaves(sender: EvmAddress, log: &Log) -> bool {
    matches!(log.topics.as_slice(), [log::TRANSFER, from, ..] if *from == log::topic_of(sender))
}

fn pays(sender: EvmAddress, meant: &Meant, log: &Log) -> bool {
    let expected = TransferEvent { from: sender, to: meant.to, units: meant.units };
    log::transfer(&log.topics, &log.data) == Some(expected)
}

#[cfg(test)]
mod tests {
    use super::*;
    use sluice_core::chain::BlockRef;
    use sluice_core::id::{AttemptId, Ulid};
    use sluice_core::time::Timestamp;

    const US: EvmAddress = EvmAddress([1; 20]);
    const THEM: EvmAddress = EvmAddress([2; 20]);
    const TOKEN: EvmAddress = EvmAddress([3; 20]);
    const OTHER: EvmAddress = EvmAddress([4; 20]);

    fn moved(token: EvmAddress, from: EvmAddress, to: EvmAddress, units: u64) -> Log {
        let topics = vec![log::TRANSFER, log::topic_of(from), log::topic_of(to)];
        Log { address: token, topics, data: Units::from(units).to_be_bytes::<32>().to_vec(), index: 7 }
    }

    fn judged(kind: Kind, contract: Option<EvmAddress>, success: bool, logs: Vec<Log>) -> Effect {
        judged_by(None, kind, contract, success, logs)
    }

    fn judged_by(
        believed: Believed<'_>,
        kind: Kind,
        contract: Option<EvmAddress>,
        success: bool,
        logs: Vec<Log>,
    ) -> Effect {
        let block = BlockRef { number: 5, hash: [5; 32] };
        let receipt =
            Receipt { txid: [9; 32], block, from: US, success, gas_used: 50_000, gas_price_wei: 3, logs };
        let id = AttemptId::new(Ulid::new(Timestamp::default(), 1));
        let attempt = Known { attempt: id, txid: [9; 32], kind, tron: None };
        let meant = Meant { contract, to: THEM, units: Units::from(100) };
        let seen = inclusion(US, &attempt, Some(&meant), believed, &receipt).unwrap();
        assert_eq!(seen.cost, Cost(150_000));
        seen.effect
    }

    #[test]
    fn only_the_exact_transfer_is_the_payment() {
        let right = moved(TOKEN, US, THEM, 100);
        let paid = |logs| judged(Kind::Pay, Some(TOKEN), true, logs);
        assert_eq!(paid(vec![right.clone()]), Effect::Paid { log_index: 7 });
        assert_eq!(paid(vec![moved(TOKEN, THEM, OTHER, 100), right.clone()]), Effect::Paid { log_index: 7 });
        for (what, logs) in [
            ("nothing moved", vec![]),
            ("one atom less", vec![moved(TOKEN, US, THEM, 99)]),
            ("another recipient", vec![moved(TOKEN, US, OTHER, 100)]),
            ("another token", vec![moved(OTHER, US, THEM, 100)]),
            ("another payer", vec![moved(TOKEN, OTHER, THEM, 100)]),
            ("twice", vec![right.clone(), right.clone()]),
            ("and a fee besides", vec![right.clone(), moved(TOKEN, US, OTHER, 1)]),
            ("and another token besides", vec![right.clone(), moved(OTHER, US, OTHER, 1)]),
        ] {
            assert_eq!(paid(logs), Effect::Mismatch, "{what}");
        }
        let mut token_id = right.clone();
        token_id.topics.push([0; 32]);
        assert_eq!(paid(vec![right, token_id]), Effect::Mismatch, "an ERC-721 token left too");
    }

    #[test]
    fn a_failed_payment_and_a_void_move_nothing() {
        assert_eq!(judged(Kind::Pay, Some(TOKEN), false, vec![]), Effect::Reverted);
        assert_eq!(judged(Kind::Void, Some(TOKEN), true, vec![]), Effect::Voided);
        // Polygon adds a log of its own to every transaction.
        let fee = Log { address: EvmAddress([0x10; 20]), topics: vec![[0x4d; 32]], data: vec![], index: 1 };
        assert_eq!(judged(Kind::Void, Some(TOKEN), true, vec![fee]), Effect::Voided);
        let drained = vec![moved(OTHER, US, THEM, 5)];
        assert_eq!(judged(Kind::Void, Some(TOKEN), true, drained), Effect::Mismatch);
    }

    #[test]
    fn a_hostile_contract_that_claims_to_have_moved_something_of_ours_freezes_nothing_and_proves_nothing() {
        let tokens = BTreeSet::from([TOKEN]);
        let judged = |kind, success, logs| judged_by(Some(&tokens), kind, Some(TOKEN), success, logs);
        let (right, fake) = (moved(TOKEN, US, THEM, 100), moved(OTHER, US, THEM, 100));
        let mut odd = fake.clone();
        odd.topics.push([0; 32]);
        for fakes in [vec![fake.clone()], vec![fake.clone(), fake.clone()], vec![odd]] {
            let beside = [fakes.clone(), vec![right.clone()]].concat();
            assert_eq!(judged(Kind::Pay, true, beside), Effect::Paid { log_index: 7 });
            assert_eq!(judged(Kind::Pay, true, fakes.clone()), Effect::Mismatch, "it is no payment");
            assert_eq!(judged(Kind::Pay, false, fakes.clone()), Effect::Reverted);
            assert_eq!(judged(Kind::Void, true, fakes), Effect::Voided);
        }
        let other = BTreeSet::from([TOKEN, OTHER]);
        let both = judged_by(Some(&other), Kind::Pay, Some(TOKEN), true, vec![right, fake]);
        assert_eq!(both, Effect::Mismatch, "a token that is configured is believed");
    }

    #[test]
    fn native_coin_is_paid_by_success() {
        assert_eq!(judged(Kind::Pay, None, true, vec![]), Effect::Paid { log_index: 0 });
        assert_eq!(judged(Kind::Pay, None, false, vec![]), Effect::Reverted);
        assert_eq!(judged(Kind::Pay, None, true, vec![moved(TOKEN, US, THEM, 1)]), Effect::Mismatch);
    }
}
