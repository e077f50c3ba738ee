//! Stakes, loans, what comes back and what goes with it.

use super::*;

#[test]
fn a_lent_stake_yields_energy_that_comes_back_over_a_day() {
    let mut state = state();
    state.change(&key(1).address(), |account| account.balance_sun = 100_000 * SUN);
    contract(
        &mut state,
        &at(10),
        1,
        "FreezeBalanceV2Contract",
        json!({ "frozen_balance": 50_000 * SUN, "resource": "ENERGY" }),
    )
    .unwrap();
    let globals = state.globals();
    assert_eq!(globals.energy_weight_trx, 19_000_050_000);
    // ceil(E * TotalWeight / TotalLimit)
    let need = 65_000_i128 * 19_000_050_000 * 1_000_000;
    let stake = i64::try_from(need / 180_000_000_000 + i128::from(need % 180_000_000_000 > 0)).unwrap();
    let lend =
        json!({ "balance": stake, "resource": "ENERGY", "receiver_address": key(0).address().to_string() });
    contract(&mut state, &at(10), 1, "DelegateResourceContract", lend).unwrap();
    assert_eq!(energy_left(&state, &at(10), 0), 65_000);
    let receipt = run(&mut state, &at(20), &pay(key(1).address(), &terms())).unwrap();
    assert_eq!((receipt.energy_usage, receipt.energy_fee, receipt.fee), (64_285, 0, 0));
    let left = |slot| energy_left(&state, &at(slot), 0);
    assert_eq!((left(20), left(20 + 28_800)), (65_000 - 64_285, 65_000));
    assert!((left(20 + 14_400) - (65_000 - 64_285 / 2)).abs() <= 1, "{}", left(20 + 14_400));
}

#[test]
fn a_stake_that_is_taken_back_takes_its_share_of_the_usage_with_it() {
    let mut state = state();
    for index in [1, 2] {
        let address = key(index).address();
        let mut account = Account::new(address, 0);
        account.balance_sun = 10 * SUN;
        account.energy.own_sun = 30_000 * SUN;
        state.accounts.set(address, Some(account));
    }
    let lend = |sun: i64| json!({ "balance": sun, "resource": "ENERGY", "receiver_address": key(0).address().to_string() });
    contract(&mut state, &at(10), 1, "DelegateResourceContract", lend(10_000 * SUN)).unwrap();
    run(&mut state, &at(10), &pay(key(1).address(), &terms())).unwrap();
    contract(&mut state, &at(10), 2, "DelegateResourceContract", lend(10_000 * SUN)).unwrap();
    let (used, fresh) = (64_285, state.globals().yields(Resource::Energy, 10_000 * SUN));
    let both = state.globals().yields(Resource::Energy, 20_000 * SUN);
    assert_eq!(energy_left(&state, &at(10), 0), both - used);
    // The old and used one goes: half of the usage with it, so the fresh energy is no longer whole.
    contract(&mut state, &at(10), 1, "UnDelegateResourceContract", lend(10_000 * SUN)).unwrap();
    assert_eq!(energy_left(&state, &at(10), 0), fresh - (used - used / 2));
    let owner = state.account(&key(1).address()).unwrap();
    assert_eq!(
        (owner.energy.usage.used, owner.energy.own_sun, owner.energy.lent_sun),
        (used / 2, 30_000 * SUN, 0)
    );
    assert!(state.delegations.get(&(key(1).address(), key(0).address(), false)).is_none());
}

#[test]
fn a_locked_loan_stays_until_its_time() {
    let mut state = state();
    state.change(&key(1).address(), |account| account.energy.own_sun = 30_000 * SUN);
    let loan = |lock: bool, period: i64| {
        json!({ "balance": 100 * SUN, "resource": "ENERGY", "receiver_address": key(0).address().to_string(),
            "lock": lock, "lock_period": period })
    };
    let refused = |done: Result<Receipt, Refusal>| done.unwrap_err().verdict().message;
    contract(&mut state, &at(10), 1, "DelegateResourceContract", loan(true, 0)).unwrap();
    let row = state.delegations.get(&(key(1).address(), key(0).address(), true)).unwrap();
    assert_eq!(row.energy_until_ms, 30_000 + 86_400 * 3_000, "three days unless told");
    let shorter = refused(contract(&mut state, &at(10), 1, "DelegateResourceContract", loan(true, 5)));
    assert!(shorter.contains("cannot be less than the remaining time[259200000ms]"), "{shorter}");
    let longer = refused(contract(&mut state, &at(10), 1, "DelegateResourceContract", loan(true, 864_001)));
    assert!(longer.contains("cannot exceed 864000!"), "{longer}");
    let back =
        |state: &mut State, slot| contract(state, &at(slot), 1, "UnDelegateResourceContract", loan(false, 0));
    let early = refused(back(&mut state, 86_410));
    assert!(early.contains("unlock_balance=0"), "{early}");
    back(&mut state, 86_411).unwrap();
    let own = refused(contract(
        &mut state,
        &at(10),
        1,
        "DelegateResourceContract",
        json!({ "balance": SUN, "resource": "ENERGY", "receiver_address": key(1).address().to_string() }),
    ));
    assert!(own.contains("must not be the same"), "{own}");
    let to_contract = json!({ "balance": SUN, "resource": "ENERGY", "receiver_address": TOKEN.to_string() });
    let to_contract = refused(contract(&mut state, &at(10), 1, "DelegateResourceContract", to_contract));
    assert!(to_contract.contains("contract addresses"), "{to_contract}");
    let to_nobody = json!({ "balance": SUN, "resource": "ENERGY", "receiver_address": NOBODY.to_string() });
    let to_nobody = refused(contract(&mut state, &at(10), 1, "DelegateResourceContract", to_nobody));
    assert!(to_nobody.contains(&format!("Account[{}] does not exist", NOBODY.hex())), "{to_nobody}");
}

#[test]
fn stakes_come_back_after_14_days_and_32_at_a_time() {
    let mut state = state();
    contract(
        &mut state,
        &at(0),
        0,
        "FreezeBalanceV2Contract",
        json!({ "frozen_balance": 500 * SUN, "resource": "BANDWIDTH" }),
    )
    .unwrap();
    assert_eq!((balance(&state, 0), state.globals().bandwidth_weight_trx), (500 * SUN, 27_000_000_500));
    let unfreeze = |state: &mut State, slot| {
        contract(
            state,
            &at(slot),
            0,
            "UnfreezeBalanceV2Contract",
            json!({ "unfreeze_balance": SUN, "resource": "BANDWIDTH" }),
        )
    };
    for _ in 0..32 {
        state.change(&key(0).address(), |account| account.free = Default::default());
        assert_eq!(unfreeze(&mut state, 0).unwrap().unfreeze_amount, SUN);
    }
    state.change(&key(0).address(), |account| account.free = Default::default());
    assert!(unfreeze(&mut state, 0).unwrap_err().verdict().message.contains("over limit"));
    let withdraw =
        |state: &mut State, slot| contract(state, &at(slot), 0, "WithdrawExpireUnfreezeContract", json!({}));
    let before = 14 * 28_800 - 1;
    assert!(
        withdraw(&mut state, before)
            .unwrap_err()
            .verdict()
            .message
            .ends_with("no unFreeze balance to withdraw ")
    );
    let had = balance(&state, 0);
    assert_eq!(withdraw(&mut state, before + 1).unwrap().withdraw_expire_amount, 32 * SUN);
    assert_eq!(balance(&state, 0), had + 32 * SUN);
}
