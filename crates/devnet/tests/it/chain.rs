use std::{
    env, fs,
    io::{BufRead, BufReader},
    process::{Command, Stdio},
    time::Duration,
};

use alloy_primitives::U256;
use sluice_devnet::{
    anvil::{ANVIL_ENV, Anvil, AnvilConfig, AnvilError, Mining, SavedChain},
    control::BlockTag,
    rpc::{Rpc, RpcError},
    token::TestUsd,
    transaction,
};

use crate::support::{config, is_alive, script, start, units};

/// Set for the process that a test starts in order to kill it.
const VICTIM_STATE: &str = "SLUICE_TEST_VICTIM_STATE";

#[tokio::test]
async fn a_chain_starts_on_a_free_port_with_the_id_that_was_asked_for_and_stops() {
    let anvil = start(AnvilConfig { chain_id: 137, accounts: 3, ..config() }).await;
    let pid = anvil.pid().unwrap();
    assert_eq!(anvil.chain_id(), 137);
    assert_eq!(anvil.url(), format!("http://127.0.0.1:{}", anvil.port()));
    assert_eq!(anvil.control().accounts().await.unwrap().len(), 3);
    let rpc = anvil.rpc().clone();
    anvil.stop().await.unwrap();
    assert!(!is_alive(pid));
    let error = rpc.call::<_, String>("eth_chainId", [(); 0]).await.unwrap_err();
    assert!(matches!(error, RpcError::Unreachable { .. }), "{error}");
}

#[tokio::test]
async fn a_dropped_chain_is_gone() {
    let anvil = start(config()).await;
    let pid = anvil.pid().unwrap();
    drop(anvil);
    await_end(pid).await;
}

#[tokio::test]
async fn a_chain_leaves_nothing_in_the_home_directory() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("anvil");
    // The binary behind a script that gives it another home: the environment of this process is shared by all tests.
    let real = sluice_devnet::anvil::find(None, config().tools_dir.as_deref()).unwrap();
    script(&path, &format!("HOME={} exec {} \"$@\"", home.path().display(), real.display()));
    let anvil = start(AnvilConfig { binary: Some(path), ..config() }).await;
    anvil.control().mine(600).await.unwrap();
    let pid = anvil.pid().unwrap();
    drop(anvil);
    await_end(pid).await;
    assert_eq!(fs::read_dir(home.path()).unwrap().count(), 1, "only the script is there");
}

#[tokio::test]
async fn blocks_come_in_time_even_in_fractions_of_a_second() {
    let anvil = start(AnvilConfig { mining: Mining::Every(Duration::from_millis(200)), ..config() }).await;
    let control = anvil.control();
    let before = control.block_number().await.unwrap();
    let three = async {
        while control.block_number().await.unwrap() < before + 3 {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    // Whole seconds would take three; a busy machine may.
    tokio::time::timeout(Duration::from_secs(20), three).await.unwrap();
    anvil.stop().await.unwrap();
}

#[tokio::test]
async fn another_mnemonic_gives_other_accounts() {
    let words = "legal winner thank year wave sausage worth useful legal winner thank yellow";
    let one = start(config()).await;
    let other = start(AnvilConfig { mnemonic: Some(words.to_owned()), ..config() }).await;
    assert_ne!(one.control().accounts().await.unwrap(), other.control().accounts().await.unwrap());
    one.stop().await.unwrap();
    other.stop().await.unwrap();
}

#[tokio::test]
async fn a_saved_chain_goes_on_where_it_ended() {
    let dir = tempfile::tempdir().unwrap();
    let saved = SavedChain::at(dir.path().join("not/yet/there/chain.json"));
    let config = || AnvilConfig { saved_chain: Some(saved.clone()), slots_in_an_epoch: 2, ..config() };

    let anvil = start(config()).await;
    let token = TestUsd::ensure(anvil.rpc()).await.unwrap();
    let alice = anvil.control().accounts().await.unwrap()[1];
    let minted = token.mint(alice, units(77)).await.unwrap();
    anvil.control().set_next_block_base_fee(U256::from(123_456_789)).await.unwrap();
    anvil.control().mine(1).await.unwrap();
    let last = anvil.control().block(BlockTag::Latest).await.unwrap();
    anvil.stop().await.unwrap();

    let anvil = start(config()).await;
    let again = TestUsd::ensure(anvil.rpc()).await.unwrap();
    assert_eq!(again.address(), token.address());
    assert_eq!(again.balance_of(alice).await.unwrap(), units(77));
    assert_eq!(anvil.control().nonce(token.owner()).await.unwrap(), 2, "it was found, not deployed again");
    let receipt = transaction::receipt(anvil.rpc(), minted.transaction_hash).await.unwrap().unwrap();
    assert_eq!(receipt.block_hash, minted.block_hash);
    // The state at `finalized` can be asked at once, although anvil forgets what lies below the loaded block.
    let finalized = anvil.control().block(BlockTag::Finalized).await.unwrap();
    assert_eq!(finalized.hash, last.hash);
    let wei: U256 = anvil.rpc().call("eth_getBalance", (alice, BlockTag::Finalized)).await.unwrap();
    assert!(wei > U256::ZERO);
    // And the fee market goes on where it was.
    again.mint(alice, units(1)).await.unwrap();
    assert_eq!(
        anvil.control().block(BlockTag::Latest).await.unwrap().base_fee_per_gas,
        last.base_fee_per_gas
    );
    anvil.stop().await.unwrap();
}

#[tokio::test]
async fn a_damaged_saved_chain_is_an_error_and_stays_as_it_is() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("chain.json");
    fs::write(&path, "{\"block\":{\"numb").unwrap();
    let config = AnvilConfig { saved_chain: Some(SavedChain::at(&path)), ..config() };
    let error = Anvil::start(config).await.unwrap_err();
    assert!(matches!(error, AnvilError::SavedChainDamaged { .. }), "{error}");
    assert_eq!(fs::read_to_string(&path).unwrap(), "{\"block\":{\"numb");
}

#[tokio::test]
async fn a_port_in_use_is_said_to_be_so() {
    let first = start(config()).await;
    let error = Anvil::start(AnvilConfig { port: first.port(), ..config() }).await.unwrap_err();
    assert!(matches!(error, AnvilError::PortInUse { port } if port == first.port()), "{error}");
    assert!(error.to_string().contains("choose another port"));
    first.stop().await.unwrap();
}

#[tokio::test]
async fn a_missing_binary_says_how_to_install_it() {
    let missing = AnvilConfig { binary: Some("/nowhere/anvil".into()), ..config() };
    let error = Anvil::start(missing).await.unwrap_err().to_string();
    assert!(
        error.contains("/nowhere/anvil") && error.contains("make tools") && error.contains(ANVIL_ENV),
        "{error}"
    );
}

#[tokio::test]
async fn a_program_that_is_not_anvil_ends_in_its_own_words() {
    let other = AnvilConfig { binary: Some("/bin/ls".into()), ..config() };
    let error = Anvil::start(other).await.unwrap_err();
    assert!(
        matches!(&error, AnvilError::Ended { last_words, .. } if last_words.contains("--host")),
        "{error}"
    );
}

#[tokio::test]
async fn a_program_that_never_answers_is_given_up_and_killed() {
    let dir = tempfile::tempdir().unwrap();
    let (slow, pid_file) = (dir.path().join("slow"), dir.path().join("pid"));
    script(&slow, &format!("echo thinking >&2; echo $$ > {}; exec sleep 60", pid_file.display()));
    let start_limit = Duration::from_secs(5);
    let error = Anvil::start(AnvilConfig { binary: Some(slow), start_limit, ..config() }).await.unwrap_err();
    assert!(matches!(&error, AnvilError::NotReady { last_words, .. } if last_words == "thinking"), "{error}");
    await_end(fs::read_to_string(pid_file).unwrap().trim().parse().unwrap()).await;
}

#[tokio::test]
async fn a_chain_dies_with_its_owner_and_is_saved_even_when_that_one_is_killed() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("chain.json");
    let mut victim = Command::new(env::current_exe().unwrap())
        .args(["--exact", "chain::the_victim", "--ignored", "--nocapture"])
        .env(VICTIM_STATE, &path)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let pid = BufReader::new(victim.stdout.take().unwrap())
        .lines()
        .find_map(|line| line.unwrap().split("anvil runs as ").nth(1).and_then(|pid| pid.trim().parse().ok()))
        .unwrap();
    assert!(is_alive(pid));
    victim.kill().unwrap();
    victim.wait().unwrap();
    await_end(pid).await;

    let anvil = start(AnvilConfig { saved_chain: Some(SavedChain::at(path)), ..config() }).await;
    let token = TestUsd::ensure(anvil.rpc()).await.unwrap();
    assert_eq!(token.balance_of(token.owner()).await.unwrap(), units(5), "the last block was saved");
    anvil.stop().await.unwrap();
}

#[tokio::test]
#[ignore = "run by a_chain_dies_with_its_owner_and_is_saved_even_when_that_one_is_killed, which kills it"]
async fn the_victim() {
    #[expect(
        clippy::disallowed_methods,
        reason = "how the test that starts this process tells it where to save"
    )]
    let Some(path) = env::var_os(VICTIM_STATE) else { return };
    let saved = SavedChain { path: path.into(), save_every: Duration::from_secs(3_600) };
    let anvil = start(AnvilConfig { saved_chain: Some(saved), ..config() }).await;
    let token = TestUsd::ensure(anvil.rpc()).await.unwrap();
    token.mint(token.owner(), units(5)).await.unwrap();
    println!("anvil runs as {}", anvil.pid().unwrap());
    tokio::time::sleep(Duration::from_secs(60)).await;
}

#[tokio::test]
async fn a_node_that_does_not_answer_is_given_up_in_time() {
    let deaf = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let rpc = Rpc::local(deaf.local_addr().unwrap().port()).with_timeout(Duration::from_millis(100));
    let error = rpc.call::<_, String>("eth_chainId", [(); 0]).await.unwrap_err();
    assert!(matches!(error, RpcError::TimedOut { timeout_ms: 100, .. }), "{error}");
}

#[tokio::test]
async fn a_refusal_and_an_unexpected_answer_are_told_apart() {
    let anvil = start(config()).await;
    let error = anvil.rpc().call::<_, String>("eth_nonsense", [(); 0]).await.unwrap_err();
    assert!(matches!(error, RpcError::Refused { code: -32_601, .. }), "{error}");
    let error = anvil.rpc().call::<_, Vec<u8>>("eth_chainId", [(); 0]).await.unwrap_err();
    assert!(matches!(error, RpcError::NotUnderstood { .. }), "{error}");
    anvil.stop().await.unwrap();
}

/// Waits until the process is gone; fails after ten seconds.
async fn await_end(pid: u32) {
    for _ in 0..200 {
        if !is_alive(pid) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("process {pid} is still there");
}
