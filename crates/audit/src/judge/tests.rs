//! Histories without a chain: honest ones are proven, and no break of one goes unnoticed.

mod lives;
mod play;

use std::collections::BTreeSet;

use proptest::prelude::*;

use self::play::{Play, amount, recipient, wallet};
use super::*;
use crate::evm::Transfer;
use crate::finding::Code;
use crate::list::{Explained, Slot};
use crate::read::Elsewhere;

fn codes(verdict: &Verdict) -> Vec<&'static str> {
    verdict.findings.iter().map(|it| it.code.as_str()).collect()
}

/// Three payments, a void, a failed try that was paid at the second attempt, and one that was given up.
fn honest() -> Play {
    let mut play = Play::new(2);
    for at in 0..3 {
        let txid = play.pays(0, recipient(at), amount(at));
        play.told(&format!("order-{at}"), recipient(at), amount(at), "completed", Some(txid));
    }
    play.void(1);
    let failed = play.reverts(1, recipient(7), amount(7));
    let paid = play.pays(1, recipient(7), amount(7));
    play.told("order-7", recipient(7), amount(7), "completed", Some(paid));
    play.signed("order-7", failed, 1, 1);
    play.told("order-8", recipient(8), amount(8), "failed", None);
    play.slot("order-8", 1, 0);
    play
}

#[test]
fn an_honest_history_is_proven() {
    let verdict = honest().judged();
    assert_eq!(codes(&verdict), [""; 0]);
    let ids: Vec<&str> = verdict.proven.iter().map(|it| it.external_id.as_str()).collect();
    assert_eq!(ids, ["order-0", "order-1", "order-2", "order-7"]);
    assert_eq!((verdict.dead.as_slice(), verdict.voids), (&["order-8".to_owned()][..], 1));
}

#[test]
fn an_honest_history_is_proven_from_a_list_without_transactions() {
    let mut play = honest();
    for it in play.list.withdrawals.values_mut() {
        (it.txid, it.txids, it.slots) = (None, vec![], BTreeSet::new());
    }
    let verdict = play.judged();
    assert_eq!((codes(&verdict), verdict.proven.len()), (vec![], 4));
}

/// Each row breaks one thing. The auditor says which.
#[test]
fn every_kind_of_break_is_noticed_by_name() {
    type Break = fn(&mut Play);
    let breaks: [(&str, Break); 22] = [
        ("paid_twice", |play| {
            play.pays(0, recipient(0), amount(0));
        }),
        ("paid_twice", |play| {
            play.pays(1, recipient(0), amount(0));
        }),
        ("transfer_shared", |play| {
            let txid = play.list.withdrawals["order-0"].txid;
            play.told("order-0b", recipient(0), amount(0), "completed", txid);
        }),
        ("not_paid", |play| play.told("order-9", recipient(9), amount(9), "completed", None)),
        ("not_paid", |play| {
            play.told("order-9", recipient(9), amount(9), "completed", Some(Hash([0xee; 32])))
        }),
        ("not_paid", |play| {
            let txid = play.void(0);
            play.told("order-9", recipient(9), amount(9), "completed", Some(txid));
        }),
        ("paid_by_a_revert", |play| {
            let txid = play.reverts(0, recipient(9), amount(9));
            play.told("order-9", recipient(9), amount(9), "completed", Some(txid));
        }),
        ("amount_wrong", |play| {
            let txid = play.pays(0, recipient(9), amount(9) + U256::from(1));
            play.told("order-9", recipient(9), amount(9), "completed", Some(txid));
        }),
        ("amount_wrong", |play| {
            play.pays(0, recipient(9), amount(9) - U256::from(1));
            play.told("order-9", recipient(9), amount(9), "completed", None);
        }),
        ("recipient_wrong", |play| {
            let txid = play.pays(0, recipient(10), amount(9));
            play.told("order-9", recipient(9), amount(9), "completed", Some(txid));
        }),
        ("transaction_wrong", |play| {
            let other = play.void(0);
            play.pays(0, recipient(9), amount(9));
            play.told("order-9", recipient(9), amount(9), "completed", Some(other));
        }),
        ("ended_but_paid", |play| {
            play.pays(0, recipient(8), amount(8));
        }),
        ("transfer_unexplained", |play| {
            play.pays(0, recipient(99), amount(1));
        }),
        ("coin_unexplained", |play| {
            play.sends_coin(0, recipient(99), 5);
        }),
        ("transaction_unexplained", |play| {
            play.calls(0, b"approve");
        }),
        ("transaction_unexplained", |play| {
            play.delegates(0);
        }),
        ("transaction_unexplained", |play| {
            play.reverts(0, recipient(99), amount(1));
        }),
        ("nonce_unknown", |play| play.skips_nonce(0)),
        ("balance_wrong", |play| play.loses_tokens(0)),
        ("balance_wrong", |play| play.loses_coin(0)),
        ("coin_unseen", |play| play.finds_coin(0)),
        ("slot_open", |play| play.slot("order-8", 0, 1_000)),
    ];
    for (code, make) in breaks {
        let mut play = honest();
        make(&mut play);
        let verdict = play.judged();
        assert_eq!(codes(&verdict), [code], "{:?}", verdict.findings);
        let undecided = verdict.findings[0].class == Class::Undecided;
        assert_eq!(verdict.is_broken(), !undecided, "{code}");
    }
}

#[test]
fn what_somebody_explained_is_no_finding() {
    let mut play = honest();
    let moved = play.pays(0, wallet(1), amount(3));
    let coin = play.sends_coin(0, recipient(99), 5);
    let called = play.calls(1, b"approve");
    play.skips_nonce(1);
    let before = play.judged();
    assert_eq!(
        codes(&before),
        ["transfer_unexplained", "coin_unexplained", "transaction_unexplained", "nonce_unknown"]
    );
    let explained = || Explained { kind: "refill", reason: "r".into() };
    for txid in [moved, coin, called] {
        play.list.transactions.insert((play::CHAIN, txid), explained());
    }
    let skipped = play.nonce(1) - 1;
    play.list.nonces.insert((play::CHAIN, wallet(1), skipped), explained());
    let after = play.judged();
    assert_eq!((codes(&after), after.reasons.len()), (vec![], 4));
    assert!(after.reasons.iter().all(|it| it.kind == "refill" && it.reason == "r"), "{:?}", after.reasons);
}

#[test]
fn a_stake_and_a_loan_are_explained_as_such_and_explain_no_payment() {
    let mut play = honest();
    let staked = play.of_contract(0, 54);
    let lent = play.of_contract(0, 57);
    let paid = play.pays(0, recipient(99), amount(3));
    let coin = play.sends_coin(0, recipient(99), 5);
    let mut said = |txid, kind| {
        let explained = Explained { kind, reason: "r".into() };
        play.list.transactions.insert((play::CHAIN, txid), explained);
        codes(&play.judged())
    };
    said(paid, "delegation");
    said(coin, "stake");
    said(staked, "delegation");
    let all =
        ["transfer_unexplained", "coin_unexplained", "transaction_unexplained", "transaction_unexplained"];
    assert_eq!(said(lent, "stake"), all, "each of them is something else");
    said(staked, "stake");
    assert_eq!(said(lent, "delegation"), ["transfer_unexplained", "coin_unexplained"]);
    said(paid, "refill");
    assert_eq!(said(coin, "refill"), [""; 0]);
}

#[test]
fn what_was_paid_before_the_range_and_told_as_failed_is_noticed() {
    let mut play = honest();
    let (txid, block) = (Hash([0x55; 32]), 50);
    play.signed("order-8", txid, 1, 0);
    assert_eq!(codes(&play.judged()), [""; 0]);
    let paid = Transfer {
        block,
        log_index: 0,
        txid,
        token: play::TOKEN,
        from: wallet(1),
        to: recipient(8),
        units: amount(8),
    };
    let before = |succeeded, transfers| Some(Elsewhere { block, succeeded, transfers });
    for (found, expected) in [
        (before(true, vec![paid.clone()]), &["ended_but_paid"][..]),
        (before(false, vec![]), &[]),
        (before(true, vec![Transfer { to: recipient(9), ..paid }]), &[]),
    ] {
        play.elsewhere.insert(txid, found);
        assert_eq!(codes(&play.judged()), expected);
    }
}

#[test]
fn a_payment_before_the_range_belongs_to_one_withdrawal_too() {
    let mut play = honest();
    let (txid, block) = (Hash([0x55; 32]), 50);
    let paid = |log_index| Transfer {
        block,
        log_index,
        txid,
        token: play::TOKEN,
        from: wallet(1),
        to: recipient(9),
        units: amount(9),
    };
    let told = |play: &mut Play, transfers| {
        play.elsewhere.insert(txid, Some(Elsewhere { block, succeeded: true, transfers }));
    };
    play.told("order-9", recipient(9), amount(9), "completed", Some(txid));
    told(&mut play, vec![paid(1)]);
    let verdict = play.judged();
    assert_eq!((codes(&verdict), verdict.earlier.as_slice()), (vec![], &["order-9".to_owned()][..]));
    play.told("order-9b", recipient(9), amount(9), "completed", Some(txid));
    assert_eq!(codes(&play.judged()), ["transfer_shared"]);
    told(&mut play, vec![paid(1), paid(2)]);
    let verdict = play.judged();
    assert_eq!((codes(&verdict), verdict.earlier.len()), (vec![], 2));
}

#[test]
fn a_slot_without_sender_is_known_by_its_own_transaction_and_by_nothing_else() {
    let mut play = honest();
    let paid = play.list.withdrawals["order-0"].txid.unwrap();
    let slots = |nonces: &[u64]| nonces.iter().map(|nonce| Slot { sender: None, nonce: *nonce }).collect();
    let it = play.list.withdrawals.get_mut("order-0").unwrap();
    (it.txids, it.slots) = (vec![paid], slots(&[0]));
    assert_eq!(codes(&play.judged()), [""; 0]);
    play.list.withdrawals.get_mut("order-0").unwrap().slots = slots(&[0, 1]);
    assert_eq!(codes(&play.judged()), ["slot_unknown"]);
}

#[test]
fn of_two_that_look_alike_the_one_that_names_the_transaction_is_blamed() {
    let mut play = honest();
    play.told("order-8b", recipient(8), amount(8), "rejected", None);
    let txid = play.pays(0, recipient(8), amount(8));
    play.signed("order-8b", txid, 0, 3);
    let verdict = play.judged();
    assert_eq!(
        (codes(&verdict), &verdict.findings[0].external_ids),
        (vec!["ended_but_paid"], &vec!["order-8b".to_owned()])
    );
}

#[test]
fn an_explanation_does_not_hide_a_second_payment_elsewhere() {
    let mut play = honest();
    let by_hand = play.pays(0, recipient(0), amount(0));
    play.list
        .transactions
        .insert((play::CHAIN, by_hand), Explained { kind: "manual_payment", reason: "r".into() });
    assert_eq!(codes(&play.judged()), [""; 0], "a person answers for it");
    play.pays(0, recipient(0), amount(0));
    assert_eq!(codes(&play.judged()), ["paid_twice"]);
}

#[test]
fn a_transfer_of_nothing_in_our_name_is_no_finding() {
    let mut play = honest();
    play.stranger_moves(wallet(0), recipient(99), U256::ZERO);
    let verdict = play.judged();
    assert_eq!((codes(&verdict), verdict.empty), (vec![], 1));
    play.stranger_moves(wallet(0), recipient(99), U256::from(1));
    assert_eq!(codes(&play.judged()), ["transfer_unexplained"], "an old allowance takes something");
}

#[test]
fn undecided_ones_are_never_fine_and_their_payment_is_not_an_orphan() {
    let mut play = honest();
    play.told("order-9", recipient(9), amount(9), "confirming", None);
    play.pays(0, recipient(9), amount(9));
    let verdict = play.judged();
    assert_eq!((codes(&verdict), verdict.is_broken(), verdict.proven.len()), (vec!["not_ended"], false, 4));
    play.pays(0, recipient(9), amount(9));
    assert_eq!(codes(&play.judged()), ["paid_twice", "not_ended"]);
}

#[test]
fn a_list_that_differs_from_the_orders_is_noticed() {
    let play = honest();
    let mut orders = play.orders();
    assert_eq!(codes(&play.judged_against(&orders)), [""; 0]);
    orders[0].amount = crate::amount::Decimal::parse("77").unwrap();
    let gone = orders.remove(1).external_id;
    orders.push(Order { external_id: "lost".into(), ..orders[0].clone() });
    let verdict = play.judged_against(&orders);
    assert_eq!(codes(&verdict), ["order_lost", "order_differs", "not_ordered"]);
    assert_eq!(verdict.findings[2].external_ids, [gone]);
}

proptest! {
    /// Whatever the list and the chain say: where nothing is found, every completed withdrawal has a transfer of its own
    /// that is exactly it, and every transfer that left a wallet has a withdrawal. Recounted here by plain loops.
    #[test]
    fn where_nothing_is_found_there_is_a_bijection(steps in prop::collection::vec((0u8..6, 0u8..2, 0u8..3, 0u8..2), 1..14)) {
        let mut play = Play::new(2);
        let mut last = None;
        for (at, (what, from, to, units)) in steps.into_iter().enumerate() {
            let (to, units) = (recipient(to), amount(units));
            match what {
                // A history that is mostly honest, so that many are proven and the rest is nearly right.
                0 | 1 => {
                    let txid = play.pays(from, to, units);
                    play.told(&format!("o{at}"), to, units, "completed", (what == 0).then_some(txid));
                    last = Some(txid);
                }
                2 => last = Some(play.pays(from, to, units)),
                3 => play.told(&format!("o{at}"), to, units, "completed", None),
                4 => play.told(&format!("o{at}"), to, units, "completed", last),
                _ => play.told(&format!("o{at}"), to, units, "failed", None),
            }
        }
        let verdict = play.judged();
        let reading = play.reading();
        let completed: Vec<&Withdrawal> = play.list.withdrawals.values().filter(|it| it.claim() == Claim::Paid).collect();
        let outgoing: Vec<_> = reading.transfers.iter().collect();
        if verdict.findings.is_empty() {
            prop_assert_eq!(verdict.proven.len(), completed.len());
            prop_assert_eq!(verdict.proven.len(), outgoing.len());
            let used: BTreeSet<_> = verdict.proven.iter().map(|it| (it.txid, it.log_index)).collect();
            prop_assert_eq!(used.len(), outgoing.len());
            for proven in &verdict.proven {
                let it = &play.list.withdrawals[&proven.external_id];
                let log = outgoing.iter().find(|log| (log.txid, log.log_index) == (proven.txid, proven.log_index)).unwrap();
                prop_assert_eq!((log.token, log.to, Some(log.units)), (it.token, it.recipient, it.amount.units(6)));
                prop_assert!(it.txid.is_none_or(|told| told == proven.txid));
            }
        } else {
            // Fewer, more, or other transfers than completed withdrawals; or one of them names the wrong transaction.
            let content = |it: &Withdrawal| (it.recipient, it.amount.units(6).unwrap());
            let mut wanted: Vec<_> = completed.iter().map(|it| content(it)).collect();
            let mut made: Vec<_> = outgoing.iter().map(|log| (log.to, log.units)).collect();
            wanted.sort();
            made.sort();
            let misnamed = verdict.findings.iter().any(|it| matches!(
                it.code, Code::TransferShared | Code::NotPaid | Code::TransactionWrong | Code::AmountWrong | Code::RecipientWrong
            ));
            let misnames = completed.iter().any(|it| it.txid.is_some());
            prop_assert!(wanted != made || (misnamed && misnames), "{:?}", verdict.findings);
        }
    }

    /// An honest history of any shape is proven whole, and dropping, doubling or changing any one payment is noticed.
    #[test]
    fn any_break_of_an_honest_history_is_noticed(
        payments in prop::collection::vec((0u8..2, 0u8..4, 0u8..3, any::<bool>()), 1..12),
        victim in any::<prop::sample::Index>(),
        how in 0u8..4,
    ) {
        let mut play = Play::new(2);
        for (at, (from, to, units, named)) in payments.iter().enumerate() {
            let txid = play.pays(*from, recipient(*to), amount(*units));
            play.told(&format!("o{at:02}"), recipient(*to), amount(*units), "completed", named.then_some(txid));
        }
        let verdict = play.judged();
        prop_assert!(verdict.findings.is_empty(), "{:?}", verdict.findings);
        prop_assert_eq!(verdict.proven.len(), payments.len());

        let victim = victim.index(payments.len());
        match how {
            0 => play.unpay(victim),
            1 => { let (from, to, units, _) = payments[victim]; play.pays(from, recipient(to), amount(units)); }
            2 => play.transfers[victim].units += U256::from(1),
            _ => play.transfers[victim].to = recipient(200),
        }
        prop_assert!(play.judged().is_broken());
    }
}
