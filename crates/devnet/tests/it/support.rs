//! What the tests share.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use alloy_primitives::{Address, U256};
use sluice_devnet::{
    anvil::{Anvil, AnvilConfig},
    token::TestUsd,
};

/// The directory of the contracts, where `npm ci` has put anvil.
pub fn contracts() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../contracts")
}

/// A fresh chain that mines each transaction as it comes.
pub fn config() -> AnvilConfig {
    AnvilConfig { tools_dir: Some(contracts()), ..AnvilConfig::default() }
}

/// Starts a chain, or says why not in the words a user would see.
pub async fn start(config: AnvilConfig) -> Anvil {
    match Anvil::start(config).await {
        Ok(anvil) => anvil,
        Err(error) => panic!("{error}"),
    }
}

/// A fresh chain with TestUSD, and its accounts.
pub async fn with_token() -> (Anvil, TestUsd, Vec<Address>) {
    let anvil = start(config()).await;
    let token = TestUsd::ensure(anvil.rpc()).await.unwrap();
    let accounts = anvil.control().accounts().await.unwrap();
    (anvil, token, accounts)
}

/// Units of TestUSD.
pub fn units(units: u64) -> U256 {
    U256::from(units)
}

/// True while there is such a process. A zombie counts: it has not been reaped.
pub fn is_alive(pid: u32) -> bool {
    Command::new("/bin/sh").args(["-c", &format!("kill -0 {pid} 2>/dev/null")]).status().unwrap().success()
}

/// Writes a program for `/bin/sh`. Another process writes it: a file that this one has open for writing is inherited
/// by every child that another test is just starting, and cannot be run while that lasts.
pub fn script(path: &Path, text: &str) {
    let write = r#"printf '#!/bin/sh\n%s\n' "$2" > "$1" && chmod 755 "$1""#;
    assert!(
        Command::new("/bin/sh").args(["-c", write, "sh"]).arg(path).arg(text).status().unwrap().success()
    );
}
