//! The worked figures of the network's documentation, to the sun.

mod stakes;
mod strange;

use serde_json::{Value, json};

use super::{
    super::{
        json::to_wire,
        key::Account as Signer,
        schema,
        state::{Account, Globals, SUN, Tether},
        tx::{self, Terms},
    },
    *,
};

const TOKEN: Address = Address::new([9; 20]);
const NOBODY: Address = Address::new([8; 20]);

fn key(index: u32) -> Signer {
    Signer::of_seed(1, index)
}

/// Two accounts with 1,000 TRX and 1,000 test dollars each, all of the network's stakes, and its penalty.
fn state() -> State {
    let tether = Tether { contract: Some(TOKEN), factor: 34_000, cycle: 1, ..Tether::default() };
    let mut state = State::new(Globals {
        energy_weight_trx: 19_000_000_000,
        bandwidth_weight_trx: 27_000_000_000,
        cycle: 1,
        tether,
        ..Globals::default()
    });
    for index in 0..2 {
        let address = key(index).address();
        let account = Account { balance_sun: 1_000 * SUN, ..Account::new(address, 0) };
        state.accounts.set(address, Some(account));
        state.balances.set(address, Some(1_000_000_000));
    }
    let contract = Account { is_contract: true, ..Account::new(TOKEN, 0) };
    state.accounts.set(TOKEN, Some(contract));
    state
}

const fn at(slot: i64) -> Env {
    Env { head_ms: slot * 3_000, head_slot: slot }
}

fn signed(by: &[&Signer], contract: &str, value: &Value, terms: &Terms) -> Tx {
    let (_, schema) = schema::contract_named(contract).unwrap();
    let plain = tx::unsigned(schema, &to_wire(schema, value, true).unwrap(), terms).unwrap();
    let signatures = by.iter().map(|by| by.sign(&plain.id).to_vec()).collect();
    Tx::new(plain.raw, signatures).unwrap()
}

/// As long as the network's transactions are.
fn terms() -> Terms {
    Terms {
        ref_block_bytes: [1, 2],
        ref_block_hash: [3; 8],
        expiration_ms: 1_767_225_660_000,
        timestamp_ms: 1_767_225_600_000,
        fee_limit_sun: 100 * SUN,
        ..Terms::default()
    }
}

fn pay(to: Address, terms: &Terms) -> Tx {
    let value = json!({
        "owner_address": key(0).address().to_string(), "contract_address": TOKEN.to_string(),
        "data": format!("a9059cbb{}{:064x}", hex::encode(to.word()), 1),
    });
    signed(&[&key(0)], "TriggerSmartContract", &value, terms)
}

fn run(state: &mut State, env: &Env, tx: &Tx) -> Result<Receipt, Refusal> {
    state.open();
    let done = process(state, env, tx);
    match done {
        Ok(_) => state.merge(),
        Err(_) => state.undo(),
    }
    done
}

fn contract(state: &mut State, env: &Env, by: u32, name: &str, mut value: Value) -> Result<Receipt, Refusal> {
    value["owner_address"] = json!(key(by).address().to_string());
    run(state, env, &signed(&[&key(by)], name, &value, &Terms { fee_limit_sun: 0, ..terms() }))
}

fn balance(state: &State, index: u32) -> i64 {
    state.account(&key(index).address()).unwrap().balance_sun
}

fn energy_left(state: &State, env: &Env, index: u32) -> i64 {
    let view = view(state, env);
    view.left(view.account(&key(index).address()).unwrap(), Resource::Energy)
}

#[test]
fn a_payment_burns_6_43_trx_to_a_holder_and_13_03_to_nobody() {
    let (mut state, env) = (state(), at(10));
    let to_holder = run(&mut state, &env, &pay(key(1).address(), &terms())).unwrap();
    assert_eq!(
        (to_holder.energy_fee, to_holder.energy_usage_total, to_holder.net_usage),
        (6_428_500, 64_285, 345)
    );
    let to_new =
        run(&mut state, &env, &pay(NOBODY, &Terms { timestamp_ms: 1_767_225_600_001, ..terms() })).unwrap();
    assert_eq!((to_new.energy_fee, to_new.energy_usage_total), (13_028_500, 130_285));
    // 345 of 600 free bytes were gone.
    assert_eq!((to_new.net_usage, to_new.net_fee), (0, 345_000));
    assert_eq!(balance(&state, 0), 1_000 * SUN - 6_428_500 - 13_028_500 - 345_000);
    assert_eq!(state.globals().tether.used, 14_650 + 29_650, "the penalty is no use of the contract");
    assert!(state.account(&NOBODY).is_none(), "test dollars activate nobody");
    assert_eq!(to_new.returned, [0; 32]);
}

#[test]
fn the_fee_limit_caps_all_energy_also_what_a_stake_gives() {
    let (mut state, env) = (state(), at(10));
    let address = key(0).address();
    state.change(&address, |account| account.energy.own_sun = 20_000 * SUN);
    let left = energy_left(&state, &env, 0);
    assert!(left > 130_285);
    let capped = Terms { fee_limit_sun: 64_284 * 100, ..terms() };
    let receipt = run(&mut state, &env, &pay(key(1).address(), &capped)).unwrap();
    assert_eq!(
        (receipt.outcome, receipt.energy_usage_total, receipt.energy_usage),
        (Outcome::OutOfEnergy, 64_284, 64_284)
    );
    assert_eq!((receipt.fee, receipt.logs.len()), (0, 0));
    assert_eq!(state.balances.get(&address), Some(&1_000_000_000), "nothing moved");
    assert_eq!(energy_left(&state, &env, 0), left - 64_284);
    let enough = Terms { fee_limit_sun: 64_285 * 100, ..terms() };
    assert_eq!(run(&mut state, &env, &pay(key(1).address(), &enough)).unwrap().outcome, Outcome::Success);
    let none = Terms { fee_limit_sun: 0, ..terms() };
    assert_eq!(run(&mut state, &env, &pay(key(1).address(), &none)).unwrap().outcome, Outcome::OutOfEnergy);
    let too_much = Terms { fee_limit_sun: 15_000 * SUN + 1, ..terms() };
    let refused = run(&mut state, &env, &pay(key(1).address(), &too_much)).unwrap_err();
    assert_eq!(
        refused.verdict().message,
        "Contract validate error : feeLimit must be >= 0 and <= 15000000000"
    );
}

#[test]
fn out_of_energy_burns_to_the_limit_and_moves_nothing() {
    let (mut state, env) = (state(), at(10));
    let receipt = run(&mut state, &env, &pay(NOBODY, &Terms { fee_limit_sun: 7 * SUN, ..terms() })).unwrap();
    assert_eq!(
        (receipt.outcome, receipt.energy_fee, receipt.energy_usage_total),
        (Outcome::OutOfEnergy, 7 * SUN, 70_000)
    );
    assert_eq!(balance(&state, 0), 993 * SUN);
    assert!(state.balances.get(&NOBODY).is_none());
    assert_eq!(state.globals().tether.used, 0, "what was taken back is no use of the contract");
    // A balance shorter than the limit caps it too.
    state.change(&key(0).address(), |account| account.balance_sun = 3 * SUN);
    let receipt =
        run(&mut state, &env, &pay(NOBODY, &Terms { timestamp_ms: 1_767_225_600_001, ..terms() })).unwrap();
    assert_eq!((receipt.outcome, receipt.net_fee), (Outcome::OutOfEnergy, 345_000));
    assert_eq!((receipt.energy_usage_total, balance(&state, 0)), (26_550, 0));
}

#[test]
fn a_revert_burns_what_it_used_and_moves_nothing() {
    let (mut state, env) = (state(), at(10));
    state.blacklist.set(key(0).address(), Some(()));
    let receipt = run(&mut state, &env, &pay(key(1).address(), &terms())).unwrap();
    assert_eq!((receipt.outcome, receipt.message.as_str()), (Outcome::Revert, "REVERT opcode executed"));
    assert!(receipt.energy_usage_total > 0 && receipt.energy_usage_total < 10_000);
    assert_eq!(state.balances.get(&key(0).address()), Some(&1_000_000_000));
}

#[test]
fn activation_costs_1_trx_and_bandwidth_that_is_not_free() {
    let (mut state, env) = (state(), at(10));
    let to_new = json!({ "to_address": NOBODY.to_string(), "amount": 5 * SUN });
    let receipt = contract(&mut state, &env, 0, "TransferContract", to_new.clone()).unwrap();
    assert_eq!((receipt.fee, receipt.net_fee, receipt.net_usage), (1_100_000, 100_000, 0));
    assert_eq!(state.account(&NOBODY).unwrap().balance_sun, 5 * SUN);
    let receipt = contract(&mut state, &env, 0, "TransferContract", to_new).unwrap();
    assert_eq!((receipt.fee, receipt.net_fee), (0, 0));
    assert!((260..280).contains(&receipt.net_usage), "{}", receipt.net_usage);
    let other = json!({ "account_address": Address::new([6; 20]).to_string() });
    assert_eq!(contract(&mut state, &env, 1, "AccountCreateContract", other.clone()).unwrap().fee, 1_100_000);
    assert_eq!(balance(&state, 1), 1_000 * SUN - 1_100_000);
    let refused = contract(&mut state, &env, 1, "AccountCreateContract", other).unwrap_err();
    assert_eq!(refused.verdict().message, "Contract validate error : Account has existed");
}

#[test]
fn a_memo_and_a_second_signature_cost_1_trx_each_and_permissions_100() {
    let (mut state, env) = (state(), at(10));
    let with_memo = Terms { memo: b"order 17".to_vec(), ..terms() };
    let receipt = run(&mut state, &env, &pay(key(1).address(), &with_memo)).unwrap();
    assert_eq!((receipt.fee - receipt.energy_fee, receipt.net_usage), (SUN, 345 + 10));
    let keys = |indexes: &[u32]| -> Vec<Value> {
        indexes
            .iter()
            .map(|index| json!({ "address": key(*index).address().to_string(), "weight": 1 }))
            .collect()
    };
    let update = json!({
        "owner": { "permission_name": "owner", "threshold": 2, "keys": keys(&[0, 1]) },
        "actives": [{ "type": "Active", "permission_name": "pays", "threshold": 2,
            "operations": format!("00000080{}", "0".repeat(56)), "keys": keys(&[0, 1, 2]) }],
    });
    let receipt = contract(&mut state, &env, 0, "AccountPermissionUpdateContract", update).unwrap();
    assert_eq!(receipt.fee - receipt.net_fee, 100 * SUN);
    let alone = run(&mut state, &env, &pay(key(1).address(), &terms())).unwrap_err();
    assert_eq!(alone.verdict().message, "Validate signature error: sig error");
    let value = json!({
        "owner_address": key(0).address().to_string(), "contract_address": TOKEN.to_string(),
        "data": format!("a9059cbb{}{:064x}", hex::encode(key(1).address().word()), 1),
    });
    let with =
        |by: &[&Signer]| signed(by, "TriggerSmartContract", &value, &Terms { permission_id: 2, ..terms() });
    // An owner's key in the wrong permission, a stranger, the same one twice, too many.
    let twice = run(&mut state, &env, &with(&[&key(0), &key(0)])).unwrap_err().verdict().message;
    assert!(twice.ends_with("has signed twice!"), "{twice}");
    let stranger = run(&mut state, &env, &with(&[&key(0), &key(7)])).unwrap_err().verdict().message;
    assert!(stranger.ends_with("but it is not contained of permission."), "{stranger}");
    let many =
        run(&mut state, &env, &with(&[&key(0), &key(1), &key(2), &key(3)])).unwrap_err().verdict().message;
    assert!(many.ends_with("Signature count is 4 more than key counts of permission : 3"), "{many}");
    let receipt = run(&mut state, &env, &with(&[&key(2), &key(1)])).unwrap();
    assert_eq!(receipt.fee, SUN + receipt.energy_fee + receipt.net_fee);
    assert_eq!(receipt.net_fee, 414 * 1_000);
    // The permission is good for calls alone.
    let trx = json!({ "owner_address": key(0).address().to_string(), "to_address": key(1).address().to_string(), "amount": 1 });
    let trx = signed(&[&key(2), &key(1)], "TransferContract", &trx, &Terms { permission_id: 2, ..terms() });
    assert_eq!(
        run(&mut state, &env, &trx).unwrap_err().verdict().message,
        "Validate signature error: Permission denied"
    );
}

#[test]
fn what_the_network_does_not_have_is_refused() {
    let (mut state, env) = (state(), at(10));
    let refused = |done: Result<Receipt, Refusal>| done.unwrap_err().verdict().message;
    let value = json!({ "owner_address": key(5).address().to_string(), "to_address": NOBODY.to_string(), "amount": 1 });
    let from_nobody = signed(&[&key(5)], "TransferContract", &value, &terms());
    let said = refused(run(&mut state, &env, &from_nobody));
    assert!(said.ends_with(&format!("account [{}] does not exist", key(5).address())), "{said}");
    let amounts = [
        (0, "Amount must be greater than 0."),
        (-5, "Amount must be greater than 0."),
        (1_001 * SUN, "balance is not sufficient."),
        (i64::MAX, "balance is not sufficient."),
    ];
    for (amount, expected) in amounts {
        let said = refused(contract(
            &mut state,
            &env,
            0,
            "TransferContract",
            json!({ "to_address": key(1).address().to_string(), "amount": amount }),
        ));
        assert!(said.ends_with(expected), "{said}");
    }
    let wrong_contract = json!({ "contract_address": NOBODY.to_string(), "data": "a9059cbb" });
    assert!(
        refused(contract(&mut state, &env, 0, "TriggerSmartContract", wrong_contract))
            .contains("not a smart contract")
    );
    assert_eq!(balance(&state, 0), 1_000 * SUN, "what is refused costs nothing");
}
