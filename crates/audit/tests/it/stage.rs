//! A chain with two wallets that pay, the list that their owner was told, and the program that judges it.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::Command;

use alloy_primitives::{Address, B256, U256};
use serde_json::Value;
use sluice_devnet::anvil::{Anvil, AnvilConfig};
use sluice_devnet::token::TestUsd;
use sluice_devnet::transaction::{self, Receipt, Transaction, TransactionError};

/// Where everything stands before a test breaks something.
pub struct Stage {
    pub anvil: Anvil,
    pub usd: TestUsd,
    /// Two that pay, one that does not belong to us.
    pub wallets: [Address; 2],
    pub stranger: Address,
    folder: tempfile::TempDir,
    list: String,
    explained: String,
}

/// What the program said.
#[derive(Debug)]
pub struct Said {
    pub code: Option<i32>,
    /// The object on standard output.
    pub report: Value,
    pub error: String,
}

impl Said {
    /// Names of the findings, in their order.
    pub fn found(&self) -> Vec<&str> {
        let findings = self.report["findings"].as_array().map_or(&[][..], Vec::as_slice);
        findings.iter().filter_map(|it| it["code"].as_str()).collect()
    }

    /// It ended like this, with exactly these findings.
    #[track_caller]
    pub fn is(&self, code: i32, found: &[&str]) {
        assert_eq!((self.code, self.found()), (Some(code), found.to_vec()), "{self:#?}");
    }

    /// No verdict, for this reason.
    #[track_caller]
    pub fn refuses(&self, exit: i32, code: &str, words: &str) {
        assert_eq!(self.code, Some(exit), "{self:#?}");
        assert_eq!(self.report["error"]["code"], code, "{self:#?}");
        assert!(self.error.contains(words) && self.report["verdict"].is_null(), "{self:#?}");
    }
}

impl Stage {
    /// A chain where every block is final, and wallets that hold something.
    pub async fn new() -> Self {
        Self::with(AnvilConfig { slots_in_an_epoch: 0, ..AnvilConfig::default() }).await
    }

    pub async fn with(config: AnvilConfig) -> Self {
        let tools = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../contracts");
        let anvil = Anvil::start(AnvilConfig { tools_dir: Some(tools), ..config }).await.unwrap();
        let usd = TestUsd::ensure(anvil.rpc()).await.unwrap();
        let accounts = anvil.control().accounts().await.unwrap();
        let wallets = [accounts[1], accounts[2]];
        for wallet in wallets {
            usd.mint(wallet, U256::from(1_000_000_000)).await.unwrap();
        }
        let folder = tempfile::tempdir().unwrap();
        let (list, explained) = (String::new(), String::new());
        let stage = Self { anvil, usd, wallets, stranger: accounts[5], folder, list, explained };
        let stand =
            stage.run(&["stand", "--chain", "eip155:31337", "--token", &stage.usd.address().to_string()]);
        assert_eq!(stand.code, Some(0), "{stand:?}");
        std::fs::write(stage.file("opening.json"), stand.report.to_string()).unwrap();
        stage
    }

    pub fn file(&self, name: &str) -> String {
        self.folder.path().join(name).display().to_string()
    }

    pub fn write(&self, name: &str, text: &str) -> String {
        std::fs::write(self.file(name), text).unwrap();
        self.file(name)
    }

    pub fn asset(&self) -> String {
        format!("eip155:31337/erc20:{}", self.usd.address())
    }

    /// Somebody who was never paid before.
    pub fn recipient(number: u8) -> Address {
        let mut address = [0xd0; 20];
        address[19] = number;
        Address::from(address)
    }

    /// Pays from one of the wallets.
    pub async fn pays(&self, from: usize, to: Address, units: u64) -> B256 {
        self.usd.transfer(self.wallets[from], to, U256::from(units)).await.unwrap().transaction_hash
    }

    /// A payment that is in a block and was undone there.
    pub async fn reverts(&self, from: usize, to: Address, units: u64) -> B256 {
        self.usd.pause().await.unwrap();
        let data = [
            &[0xa9, 0x05, 0x9c, 0xbb][..],
            to.into_word().as_slice(),
            &U256::from(units).to_be_bytes::<32>(),
        ]
        .concat();
        let call = Transaction::call(self.wallets[from], self.usd.address(), data).with_gas(100_000);
        let error = transaction::execute(self.anvil.rpc(), &call).await.unwrap_err();
        let TransactionError::Reverted { hash, .. } = error else { panic!("{error}") };
        self.usd.unpause().await.unwrap();
        hash
    }

    /// Any transaction of an account of the node.
    pub async fn sends(&self, transaction: Transaction) -> Receipt {
        transaction::execute(self.anvil.rpc(), &transaction).await.unwrap()
    }

    /// Uses up a nonce of a wallet.
    pub async fn void(&self, from: usize) -> B256 {
        let wallet = self.wallets[from];
        self.sends(Transaction { from: wallet, to: Some(wallet), ..Transaction::default() })
            .await
            .transaction_hash
    }

    /// What the owner was told.
    pub fn told(&mut self, id: &str, to: Address, amount: &str, status: &str, txid: Option<B256>) {
        let txid = txid.map_or_else(String::new, |txid| format!(",\"txid\":\"{txid}\""));
        let asset = self.asset();
        writeln!(
            self.list,
            r#"{{"external_id":"{id}","asset":"{asset}","address":"{to}","amount":"{amount}","status":"{status}"{txid}}}"#
        )
        .unwrap();
    }

    /// The same with a slot that was given to it.
    pub fn told_with_slot(
        &mut self,
        id: &str,
        to: Address,
        amount: &str,
        status: &str,
        from: usize,
        nonce: u64,
    ) {
        let (asset, sender, txid) = (self.asset(), self.wallets[from], B256::repeat_byte(0x99));
        writeln!(
            self.list,
            r#"{{"external_id":"{id}","asset":"{asset}","address":"{to}","amount":"{amount}","status":"{status}","transactions":[{{"txid":"{txid}","chain":"eip155:31337","sender":"{sender}","nonce":{nonce}}}]}}"#
        )
        .unwrap();
    }

    /// What somebody explained, by `"txid":".."` or by sender and nonce.
    pub fn explain(&mut self, what: &str, kind: &str) {
        writeln!(
            self.explained,
            r#"{{"record":"explained","chain":"eip155:31337",{what},"type":"{kind}","reason":"a test"}}"#
        )
        .unwrap();
    }

    /// Three payments, honestly made and told.
    pub async fn honest(&mut self) -> Vec<B256> {
        let mut txids = Vec::new();
        for (number, units, amount) in [(0, 1_500_000, "1.5"), (1, 1_500_000, "1.50"), (2, 7, "0.000007")] {
            let to = Self::recipient(number);
            let txid = self.pays(usize::from(number % 2), to, units).await;
            self.told(&format!("order-{number}"), to, amount, "completed", Some(txid));
            txids.push(txid);
        }
        txids
    }

    /// Judges the list.
    pub fn check(&self) -> Said {
        self.check_with(&[])
    }

    pub fn check_with(&self, more: &[&str]) -> Said {
        let list = self.write("list.ndjson", &self.list);
        let explained = self.write("explained.ndjson", &self.explained);
        let opening = self.file("opening.json");
        let fixed = ["check", "--list", &list, "--explained", &explained, "--opening", &opening];
        self.run(&[&fixed[..], more].concat())
    }

    /// The list as it stands.
    pub fn list(&self) -> &str {
        &self.list
    }

    /// Runs the program with this chain's node and wallets.
    pub fn run(&self, arguments: &[&str]) -> Said {
        let [one, other] = self.wallets.map(|wallet| wallet.to_string());
        let url = self.anvil.url();
        let named = ["--json", "--rpc", &url, "--wallet", &one, "--wallet", &other];
        program(&[arguments, &named[..]].concat())
    }
}

/// Runs the program.
pub fn program(arguments: &[&str]) -> Said {
    let out = Command::new(env!("CARGO_BIN_EXE_sluice-audit")).args(arguments).output().unwrap();
    let text = String::from_utf8(out.stdout).unwrap();
    let report = serde_json::from_str(&text).unwrap_or(Value::String(text));
    Said { code: out.status.code(), report, error: String::from_utf8(out.stderr).unwrap() }
}
