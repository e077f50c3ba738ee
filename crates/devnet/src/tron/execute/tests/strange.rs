//! Whatever figures a signed contract carries: no panic, and no TRX out of nothing.

use proptest::prelude::*;

use super::*;

/// Figures at which sums and products end.
fn figure() -> impl Strategy<Value = i64> {
    let edges = [
        0,
        1,
        -1,
        SUN,
        -SUN,
        i64::MAX,
        i64::MIN,
        i64::MAX - 1,
        1_000 * SUN,
        1_000 * SUN + 1,
        864_000,
        864_001,
    ];
    prop_oneof![3 => prop::sample::select(edges.to_vec()), 1 => any::<i64>(), 2 => 0..2_000 * SUN]
}

fn whole(state: &State) -> i128 {
    let everybody = [key(0).address(), key(1).address(), NOBODY, TOKEN];
    let of = |account: &Account| {
        let staked =
            [&account.bandwidth, &account.energy].map(|it| i128::from(it.own_sun) + i128::from(it.lent_sun));
        let unfreezing: i128 = account.unfreezing.iter().map(|one| i128::from(one.amount_sun)).sum();
        i128::from(account.balance_sun) + staked.iter().sum::<i128>() + unfreezing
    };
    let accounts: i128 = everybody.iter().filter_map(|one| state.account(one)).map(of).sum();
    accounts + i128::from(state.globals().burnt_sun)
}

fn value(kind: usize, figures: &[i64; 4], who: u32, to: Address) -> (&'static str, Value) {
    let [a, b, c, d] = *figures;
    let (owner, to) = (key(who).address().to_string(), to.to_string());
    let resource = ["BANDWIDTH", "ENERGY", "TRON_POWER"][usize::try_from(b.rem_euclid(3)).unwrap()];
    match kind {
        0 => ("TransferContract", json!({ "owner_address": owner, "to_address": to, "amount": a })),
        1 => ("AccountCreateContract", json!({ "owner_address": owner, "account_address": to, "type": b })),
        2 => (
            "TriggerSmartContract",
            json!({ "owner_address": owner, "contract_address": TOKEN.to_string(), "call_value": a,
                "data": format!("a9059cbb{}{:064x}", hex::encode(NOBODY.word()), b.cast_unsigned()),
                "call_token_value": c, "token_id": d }),
        ),
        3 => (
            "FreezeBalanceV2Contract",
            json!({ "owner_address": owner, "frozen_balance": a, "resource": resource }),
        ),
        4 => (
            "UnfreezeBalanceV2Contract",
            json!({ "owner_address": owner, "unfreeze_balance": a, "resource": resource }),
        ),
        5 => (
            "DelegateResourceContract",
            json!({ "owner_address": owner, "receiver_address": to, "balance": a, "resource": resource,
                "lock": c % 2 == 0, "lock_period": d }),
        ),
        6 => (
            "UnDelegateResourceContract",
            json!({ "owner_address": owner, "receiver_address": to, "balance": a, "resource": resource }),
        ),
        7 => ("WithdrawExpireUnfreezeContract", json!({ "owner_address": owner })),
        8 => ("CancelAllUnfreezeV2Contract", json!({ "owner_address": owner })),
        _ => (
            "AccountPermissionUpdateContract",
            json!({ "owner_address": owner,
                "owner": { "type": b % 4, "threshold": a, "keys": [{ "address": owner, "weight": c }, { "address": to, "weight": d }] },
                "actives": [{ "type": 2, "threshold": b, "operations": "ff".repeat(32), "keys": [{ "address": owner, "weight": a }] }] }),
        ),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn strange_figures_make_no_money_and_no_panic(
        steps in proptest::collection::vec((0_usize..10, [figure(), figure(), figure(), figure()], 0_u32..2, 0_u8..4, 0_i64..60_000), 1..12),
        fee_limit in figure(),
        permission_id in 0_i64..4,
    ) {
        let mut state = state();
        let before = whole(&state);
        let mut slot = 0;
        for (kind, figures, who, to, passed) in steps {
            slot += passed;
            let to = [key(0).address(), key(1).address(), NOBODY, TOKEN][usize::from(to)];
            let (name, value) = value(kind, &figures, who, to);
            let terms = Terms { fee_limit_sun: fee_limit, permission_id, ..terms() };
            let tx = signed(&[&key(who)], name, &value, &terms);
            let _refused_or_not = run(&mut state, &at(slot), &tx);
            prop_assert_eq!(whole(&state), before, "{} {}", name, value);
            let view = view(&state, &at(slot));
            for index in 0..2 {
                let account = view.account(&key(index).address()).unwrap();
                prop_assert!(account.balance_sun >= 0);
                prop_assert!(view.left(account, Resource::Energy) >= 0);
                prop_assert!(view.lendable_sun(account, Resource::Energy) <= account.energy.own_sun);
            }
        }
    }
}
