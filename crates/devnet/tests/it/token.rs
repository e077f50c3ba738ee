use alloy_primitives::{Address, U256, b256, bytes};
use sluice_devnet::{
    anvil::{AnvilConfig, Mining},
    token::{Refuser, TestUsd, TokenError},
    transaction::{self, Transaction},
};

use crate::support::{config, start, units, with_token};

#[tokio::test]
async fn minted_coins_can_be_sent_and_nothing_is_lost() {
    let (anvil, token, accounts) = with_token().await;
    let (alice, bob) = (accounts[1], accounts[2]);
    token.mint(alice, units(5_000_000)).await.unwrap();
    let receipt = token.transfer(alice, bob, units(1_250_000)).await.unwrap();

    assert_eq!(token.balance_of(alice).await.unwrap(), units(3_750_000));
    assert_eq!(token.balance_of(bob).await.unwrap(), units(1_250_000));
    assert_eq!(token.total_supply().await.unwrap(), units(5_000_000));
    let [log] = &receipt.logs[..] else { panic!("a transfer announces itself once: {:?}", receipt.logs) };
    assert_eq!(log.address, token.address());
    let transfer = b256!("ddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef");
    assert_eq!(log.topics, [transfer, alice.into_word(), bob.into_word()]);
    assert_eq!(U256::from_be_slice(&log.data), units(1_250_000));
    // The real token costs 40 to 60 thousand; a stand-in that costs more would make a fee model look wrong.
    assert!(receipt.gas_used.to::<u64>() < 60_000, "{}", receipt.gas_used);

    token.transfer(bob, bob, units(1_250_000)).await.unwrap();
    assert_eq!(token.balance_of(bob).await.unwrap(), units(1_250_000), "sending to oneself changes nothing");
    let error = token.transfer(bob, alice, units(1_250_001)).await.unwrap_err();
    assert_eq!(error.revert_reason(), Some("ERC20: transfer amount exceeds balance"));
    anvil.stop().await.unwrap();
}

#[tokio::test]
async fn many_are_given_at_once_and_each_has_it() {
    let (anvil, token, accounts) = with_token().await;
    token.mint_each(&accounts[1..5], units(7)).await.unwrap();
    for &account in &accounts[1..5] {
        assert_eq!(token.balance_of(account).await.unwrap(), units(7));
    }
    token.pause().await.unwrap();
    assert!(token.mint_each(&accounts[1..2], units(7)).await.is_err());
    assert_eq!(token.balance_of(accounts[1]).await.unwrap(), units(7));
    anvil.stop().await.unwrap();
}

#[tokio::test]
async fn a_blacklisted_account_can_neither_send_nor_receive_and_keeps_its_coins() {
    let (anvil, token, accounts) = with_token().await;
    let (alice, bob) = (accounts[1], accounts[2]);
    token.mint(alice, units(100)).await.unwrap();
    token.mint(bob, units(100)).await.unwrap();
    token.blacklist(bob).await.unwrap();

    assert!(token.is_blacklisted(bob).await.unwrap());
    assert_eq!(token.balance_of(bob).await.unwrap(), units(100));
    for (from, to) in [(alice, bob), (bob, alice)] {
        let error = token.transfer(from, to, units(1)).await.unwrap_err();
        assert_eq!(error.revert_reason(), Some("Blacklistable: account is blacklisted"));
    }
    // As with the real token, nobody can send coins to the token itself.
    let error = token.transfer(alice, token.address(), units(1)).await.unwrap_err();
    assert_eq!(error.revert_reason(), Some("Blacklistable: account is blacklisted"));

    token.unblacklist(bob).await.unwrap();
    token.transfer(alice, bob, units(1)).await.unwrap();
    assert_eq!(token.balance_of(bob).await.unwrap(), units(101));
    anvil.stop().await.unwrap();
}

#[tokio::test]
async fn a_paused_token_moves_nothing_until_unpaused() {
    let (anvil, token, accounts) = with_token().await;
    token.mint(accounts[1], units(10)).await.unwrap();
    token.pause().await.unwrap();
    assert!(token.is_paused().await.unwrap());
    let error = token.transfer(accounts[1], accounts[2], units(1)).await.unwrap_err();
    assert_eq!(error.revert_reason(), Some("Pausable: paused"));
    token.unpause().await.unwrap();
    token.transfer(accounts[1], accounts[2], units(1)).await.unwrap();
    anvil.stop().await.unwrap();
}

#[tokio::test]
async fn a_transfer_that_reverts_is_mined_and_tells_its_reason() {
    let (anvil, token, accounts) = with_token().await;
    let (alice, bob) = (accounts[1], accounts[2]);
    token.mint(alice, units(10)).await.unwrap();
    token.pause().await.unwrap();
    let data = [&bytes!("a9059cbb")[..], &bob.into_word()[..], &U256::from(1).to_be_bytes::<32>()].concat();
    let transfer = Transaction::call(alice, token.address(), data).with_gas(100_000);
    let error = transaction::execute(anvil.rpc(), &transfer).await.unwrap_err();
    assert!(matches!(&error, transaction::TransactionError::Reverted { .. }), "{error}");
    assert_eq!(error.revert_reason(), Some("Pausable: paused"));
    assert_eq!(token.balance_of(alice).await.unwrap(), units(10));
    anvil.stop().await.unwrap();
}

#[tokio::test]
async fn a_refuser_cannot_be_paid_until_it_changes_its_mind() {
    let (anvil, token, accounts) = with_token().await;
    let alice = accounts[1];
    token.mint(alice, units(10)).await.unwrap();
    let refuser = Refuser::deploy(anvil.rpc(), alice).await.unwrap();
    let error = token.transfer(alice, refuser.address(), units(1)).await.unwrap_err();
    assert_eq!(error.revert_reason(), Some("TestUSD: recipient refuses"));
    refuser.set_refuses(alice, false).await.unwrap();
    token.transfer(alice, refuser.address(), units(1)).await.unwrap();
    assert_eq!(token.balance_of(refuser.address()).await.unwrap(), units(1));
    anvil.stop().await.unwrap();
}

#[tokio::test]
async fn an_ordinary_contract_can_be_paid_whatever_its_fallback_does() {
    let (anvil, token, accounts) = with_token().await;
    token.mint(accounts[1], units(10)).await.unwrap();
    let fallbacks = [
        bytes!("00"),                       // answers nothing
        bytes!("60ff60005260206000f3"),     // answers one word, not 1
        bytes!("600160005260406000f3"),     // answers 1 and another word
        bytes!("60006000fd"),               // reverts
        bytes!("5b600056"),                 // burns all the gas it is given
        bytes!("6080600052620f42406000f3"), // answers a megabyte
    ];
    for (n, code) in fallbacks.into_iter().enumerate() {
        let recipient = Address::with_last_byte(0xa0 + u8::try_from(n).unwrap());
        anvil.control().set_code(recipient, code).await.unwrap();
        let receipt = token.transfer(accounts[1], recipient, units(1)).await.unwrap();
        assert_eq!(token.balance_of(recipient).await.unwrap(), units(1));
        assert!(receipt.gas_used.to::<u64>() < 75_000, "fallback {n} cost {}", receipt.gas_used);
    }
    anvil.stop().await.unwrap();
}

#[tokio::test]
async fn only_the_owner_mints_blacklists_and_pauses() {
    let (anvil, token, accounts) = with_token().await;
    let (alice, bob) = (accounts[1], accounts[2]);
    let word = bob.into_word();
    let calls = [
        (bytes!("40c10f19"), "FiatToken: caller is not a minter"),
        (bytes!("f9f92be4"), "Blacklistable: caller is not the blacklister"),
        (bytes!("1a895266"), "Blacklistable: caller is not the blacklister"),
        (bytes!("8456cb59"), "Pausable: caller is not the pauser"),
        (bytes!("3f4ba83a"), "Pausable: caller is not the pauser"),
    ];
    for (selector, reason) in calls {
        let data = [&selector[..], &word[..], &U256::from(1).to_be_bytes::<32>()].concat();
        let call = Transaction::call(alice, token.address(), data);
        let error = transaction::execute(anvil.rpc(), &call).await.unwrap_err();
        assert_eq!(error.revert_reason(), Some(reason));
    }
    assert_eq!(token.owner(), *accounts.last().unwrap());
    anvil.stop().await.unwrap();
}

#[tokio::test]
async fn an_allowance_is_spent_by_what_is_taken_and_no_more_can_be_taken() {
    let (anvil, token, accounts) = with_token().await;
    let (alice, bob, carol) = (accounts[1], accounts[2], accounts[3]);
    token.mint(alice, units(10)).await.unwrap();
    let word = |n: u64| U256::from(n).to_be_bytes::<32>();
    let approve = [&bytes!("095ea7b3")[..], &bob.into_word()[..], &word(3)].concat();
    transaction::execute(anvil.rpc(), &Transaction::call(alice, token.address(), approve)).await.unwrap();
    let take = |n: u64| {
        let data =
            [&bytes!("23b872dd")[..], &alice.into_word()[..], &carol.into_word()[..], &word(n)].concat();
        Transaction::call(bob, token.address(), data)
    };
    transaction::execute(anvil.rpc(), &take(2)).await.unwrap();
    let error = transaction::execute(anvil.rpc(), &take(2)).await.unwrap_err();
    assert_eq!(error.revert_reason(), Some("ERC20: transfer amount exceeds allowance"));
    assert_eq!(token.balance_of(carol).await.unwrap(), units(2));
    anvil.stop().await.unwrap();
}

#[tokio::test]
async fn ensuring_twice_or_at_once_gives_one_token() {
    let anvil = start(config()).await;
    let (one, other) = tokio::join!(TestUsd::ensure(anvil.rpc()), TestUsd::ensure(anvil.rpc()));
    let (one, other) = (one.unwrap(), other.unwrap());
    let again = TestUsd::ensure(anvil.rpc()).await.unwrap();
    assert!(one.address() == other.address() && other.address() == again.address());
    assert_eq!(anvil.control().nonce(one.owner()).await.unwrap(), 1, "the owner has deployed once");
    anvil.stop().await.unwrap();
}

#[tokio::test]
async fn a_deployer_that_has_done_something_else_first_is_refused() {
    let (anvil, token, accounts) = with_token().await;
    token.mint(accounts[1], units(2)).await.unwrap();
    token.transfer(accounts[1], accounts[2], units(1)).await.unwrap();
    let error = TestUsd::ensure_from(anvil.rpc(), accounts[1]).await.unwrap_err();
    assert!(matches!(error, TokenError::DeployerUsed { nonce: 1, .. }), "{error}");
    anvil.control().set_code(token.address(), bytes!("6001")).await.unwrap();
    let error = TestUsd::ensure(anvil.rpc()).await.unwrap_err();
    assert!(matches!(error, TokenError::OtherCode { .. }), "{error}");
    anvil.stop().await.unwrap();
}

#[tokio::test]
async fn on_a_chain_that_mines_on_demand_the_stage_is_set_all_the_same() {
    let anvil = start(AnvilConfig { mining: Mining::OnDemand, ..config() }).await;
    let token = TestUsd::ensure(anvil.rpc()).await.unwrap();
    let accounts = anvil.control().accounts().await.unwrap();
    token.mint(accounts[1], units(7)).await.unwrap();
    assert_eq!(token.balance_of(accounts[1]).await.unwrap(), units(7));
    assert_eq!(anvil.control().block_number().await.unwrap(), 2, "one block each");
    anvil.stop().await.unwrap();
}
