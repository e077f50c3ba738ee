use super::{
    super::state::{Globals, State, Tether},
    *,
};

const TOKEN: Address = Address::new([9; 20]);
const ALICE: Address = Address::new([1; 20]);
const BOB: Address = Address::new([2; 20]);

fn state() -> State {
    let tether = Tether { contract: Some(TOKEN), owner: Some(BOB), ..Tether::default() };
    let mut state = State::new(Globals { tether, ..Globals::default() });
    state.balances.set(ALICE, Some(1_000_000));
    state
}

fn at(state: &State) -> View<'_> {
    View::newest(state, 0, 0)
}

fn transfer_data(to: Address, value: u64) -> Vec<u8> {
    let mut parameters = to.word().to_vec();
    parameters.extend(U256::from(value).to_be_bytes::<32>());
    call_data("transfer(address,uint256)", &parameters)
}

#[test]
fn a_transfer_costs_what_the_main_network_charges() {
    let mut state = state();
    let to_new = call(&at(&state), TOKEN, ALICE, 0, &transfer_data(BOB, 5)).work;
    state.balances.set(BOB, Some(1));
    let to_holder = call(&at(&state), TOKEN, ALICE, 0, &transfer_data(BOB, 5)).work;
    assert_eq!((to_holder.base(), to_new.base()), (14_650, 29_650));
    assert_eq!((to_holder.with_penalty(34_000), to_new.with_penalty(34_000)), (64_285, 130_285));
    assert_eq!((to_holder.with_penalty(0), to_new.with_penalty(0)), (14_650, 29_650));
    assert_eq!(Work::view().base(), 935);
}

#[test]
fn a_transfer_succeeds_returns_false_and_tells_of_itself() {
    let state = state();
    let done = call(&at(&state), TOKEN, ALICE, 0, &transfer_data(BOB, 400_000));
    assert_eq!(done.returned, Ok(vec![0; 32]));
    assert_eq!(done.writes, [Write::Units(ALICE, 600_000), Write::Units(BOB, 400_000)]);
    assert_eq!(done.logs[0].topics[1..], [ALICE.word(), BOB.word()]);
    assert_eq!(
        hex::encode(done.logs[0].topics[0]),
        "ddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef"
    );
}

#[test]
fn an_emptied_holder_is_a_new_one_and_so_is_the_sender_to_himself() {
    let mut state = state();
    state.balances.set(BOB, Some(0));
    assert_eq!(call(&at(&state), TOKEN, ALICE, 0, &transfer_data(BOB, 1)).work.base(), 29_650);
    assert_eq!(call(&at(&state), TOKEN, ALICE, 0, &transfer_data(BOB, 0)).work.base(), 14_650);
    let all_to_self = call(&at(&state), TOKEN, ALICE, 0, &transfer_data(ALICE, 1_000_000));
    assert_eq!(all_to_self.work.base(), 29_650);
    assert_eq!(all_to_self.writes[1], Write::Units(ALICE, 1_000_000));
}

#[test]
fn what_tether_refuses_reverts() {
    let mut state = state();
    let refused =
        |state: &State, data: &[u8], value| call(&at(state), TOKEN, ALICE, value, data).returned.is_err();
    assert!(refused(&state, &transfer_data(BOB, 1_000_001), 0), "a short balance");
    assert!(refused(&state, &transfer_data(Address::new([0; 20]), 1), 0), "the zero address");
    assert!(refused(&state, &transfer_data(BOB, 1), 1), "TRX with it");
    assert!(refused(&state, &call_data("pause()", &[]), 0), "a stranger pauses");
    assert!(refused(&state, b"abc", 0) && refused(&state, &[], 0) && refused(&state, &[0; 400], 0));
    state.blacklist.set(BOB, Some(()));
    assert!(!refused(&state, &transfer_data(BOB, 1), 0), "a recipient on the blacklist is paid");
    state.blacklist.set(ALICE, Some(()));
    assert!(refused(&state, &transfer_data(BOB, 1), 0), "a sender on the blacklist");
    state.blacklist.set(ALICE, None);
    state.change_globals(|globals| globals.tether.paused = true);
    assert!(refused(&state, &transfer_data(BOB, 1), 0), "a pause");
}

#[test]
fn an_allowance_is_used_up_unless_it_has_no_end() {
    let mut state = state();
    let mut parameters = ALICE.word().to_vec();
    parameters.extend(BOB.word());
    parameters.extend(U256::from(300_u64).to_be_bytes::<32>());
    let data = call_data("transferFrom(address,address,uint256)", &parameters);
    assert!(call(&at(&state), TOKEN, BOB, 0, &data).returned.is_err());
    state.allowances.set((ALICE, BOB), Some(U256::from(500_u64).to_be_bytes()));
    let done = call(&at(&state), TOKEN, BOB, 0, &data);
    assert_eq!(done.returned, Ok(U256::from(1).to_be_bytes::<32>().to_vec()));
    assert_eq!(done.writes[2], Write::Allowance(ALICE, BOB, U256::from(200_u64).to_be_bytes()));
    state.allowances.set((ALICE, BOB), Some([0xff; 32]));
    assert_eq!(call(&at(&state), TOKEN, BOB, 0, &data).writes.len(), 2);
}
