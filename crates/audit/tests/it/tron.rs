//! The auditor as a program, against the TRON simulator: a range with everything that may be in one, each kind of break, and
//! nodes that do not tell the truth.

mod breaks;
mod lies;
mod proxy;
mod ranges;

use std::fmt::Write as _;

use serde_json::{Value, json};
use sluice_devnet::tron::{Account, Address, Control, Fate, Tron, TronConfig, Txid};

use crate::stage::{Said, program};

/// A simulated network of two nodes, wallets that hold something, and what their owner was told.
pub struct Stage {
    pub tron: Tron,
    pub control: Control,
    folder: tempfile::TempDir,
    list: String,
    explained: String,
}

impl Stage {
    /// With an opening at its last solid block. The first two accounts are the wallets.
    pub async fn new() -> Self {
        let tron = Tron::start(TronConfig { nodes: 2, ..TronConfig::test(7) }).await.unwrap();
        let control = tron.control();
        control.mine(5).unwrap();
        control.solidify().unwrap();
        let folder = tempfile::tempdir().unwrap();
        let stage = Self { tron, control, folder, list: String::new(), explained: String::new() };
        stage.stands();
        stage
    }

    /// Writes down where the wallets stand now.
    pub fn stands(&self) {
        let (chain, usdt) = (self.chain(), self.tron.usdt().to_string());
        let stand = self.run(&["stand", "--chain", &chain, "--token", &usdt]);
        assert_eq!(stand.code, Some(0), "{stand:?}");
        self.write("opening.json", &stand.report.to_string());
    }

    pub fn chain(&self) -> String {
        format!("tron:{}", self.tron.chain_id())
    }

    pub fn file(&self, name: &str) -> String {
        self.folder.path().join(name).display().to_string()
    }

    pub fn write(&self, name: &str, text: &str) -> String {
        std::fs::write(self.file(name), text).unwrap();
        self.file(name)
    }

    pub fn list(&self) -> &str {
        &self.list
    }

    pub fn account(&self, index: usize) -> Account {
        self.control.accounts()[index].clone()
    }

    /// Somebody who was never paid before.
    pub fn recipient(number: u32) -> Address {
        Account::of_seed(99, number).address()
    }

    /// Any call of the token, in a block.
    pub fn calls(&self, by: usize, data: &[u8]) -> Txid {
        let by = self.account(by);
        let value = json!({
            "owner_address": by.address().to_string(), "contract_address": self.tron.usdt().to_string(),
            "data": hex::encode(data),
        });
        let txid = self.control.send(&by, "TriggerSmartContract", &value, 100_000_000).unwrap();
        self.control.mine(1).unwrap();
        txid
    }

    /// Any other transaction, in a block.
    pub fn sends(&self, by: usize, contract: &str, value: &Value) -> Txid {
        let mut value = value.clone();
        value["owner_address"] = self.account(by).address().to_string().into();
        let txid = self.control.send(&self.account(by), contract, &value, 0).unwrap();
        self.control.mine(1).unwrap();
        txid
    }

    /// The data of a call with two words.
    pub fn data(selector: [u8; 4], to: Address, units: u64) -> Vec<u8> {
        let units = [&[0; 24][..], &units.to_be_bytes()].concat();
        [&selector[..], &to.word(), &units].concat()
    }

    pub fn pays(&self, from: usize, to: Address, units: u64) -> Txid {
        self.calls(from, &Self::data([0xa9, 0x05, 0x9c, 0xbb], to, units))
    }

    /// A payment that is in a block and was undone there.
    pub fn reverts(&self, from: usize, to: Address, units: u64) -> Txid {
        self.control.pause(true);
        let txid = self.pays(from, to, units);
        self.control.pause(false);
        txid
    }

    /// A payment that was in a block for a while, and will be in none; with the block that it refers to and its end.
    pub fn loses(&self, from: usize, to: Address, units: u64) -> (Txid, u64, i64) {
        let head = self.control.head();
        let txid = self.pays(from, to, units);
        self.control.reorg(1, Fate::Dropped).unwrap();
        (txid, head.number, head.time_ms + 60_000)
    }

    /// What the owner was told, with what more the line says.
    pub fn told(&mut self, id: &str, to: Address, amount: &str, status: &str, more: &str) {
        let asset = format!("{}/trc20:{}", self.chain(), self.tron.usdt());
        writeln!(
            self.list,
            r#"{{"external_id":"{id}","asset":"{asset}","address":"{to}","amount":"{amount}","status":"{status}"{more}}}"#
        )
        .unwrap();
    }

    /// Told as completed by this transaction.
    pub fn completed(&mut self, id: &str, to: Address, amount: &str, txid: Txid) {
        self.told(id, to, amount, "completed", &format!(r#","txid":"{}""#, hex::encode(txid)));
    }

    /// Told as failed, after this transaction was signed for it.
    pub fn failed(&mut self, id: &str, to: Address, amount: &str, txid: Txid, life: Option<(u64, i64)>) {
        let life = life.map_or_else(String::new, |(reference, expires)| {
            format!(r#","reference_block":{reference},"expires_at_ms":{expires}"#)
        });
        let more = format!(r#","transactions":[{{"txid":"{}"{life}}}]"#, hex::encode(txid));
        self.told(id, to, amount, "failed", &more);
    }

    pub fn explain(&mut self, txid: Txid, kind: &str) {
        let chain = self.chain();
        writeln!(
            self.explained,
            r#"{{"record":"explained","chain":"{chain}","txid":"{}","type":"{kind}","reason":"a test"}}"#,
            hex::encode(txid)
        )
        .unwrap();
    }

    /// Three payments, honestly made and told.
    pub fn honest(&mut self) -> Vec<Txid> {
        let mut txids = Vec::new();
        for (number, units, amount) in [(0, 1_500_000, "1.5"), (1, 1_500_000, "1.50"), (2, 7, "0.000007")] {
            let to = Self::recipient(number);
            let txid = self.pays(usize::try_from(number % 2).unwrap(), to, units);
            self.completed(&format!("order-{number}"), to, amount, txid);
            txids.push(txid);
        }
        txids
    }

    /// Judges the list once all is solid, by both nodes.
    pub fn check(&self) -> Said {
        self.control.solidify().unwrap();
        self.check_with(&[])
    }

    pub fn check_with(&self, more: &[&str]) -> Said {
        let list = self.write("list.ndjson", &self.list);
        let explained = self.write("explained.ndjson", &self.explained);
        let opening = self.file("opening.json");
        let fixed = ["check", "--list", &list, "--explained", &explained, "--opening", &opening];
        self.run(&[&fixed[..], more].concat())
    }

    /// Runs the program with these nodes and wallets.
    pub fn run(&self, arguments: &[&str]) -> Said {
        let [one, other] = [0, 1].map(|node| self.tron.node_url(node));
        self.run_by(&[&one, &other], arguments)
    }

    /// Runs the program with other nodes.
    pub fn run_by(&self, nodes: &[&str], arguments: &[&str]) -> Said {
        let [one, other] = [0, 1].map(|it| self.account(it).address().to_string());
        let mut all = [arguments, &["--json", "--wallet", &one, "--wallet", &other]].concat();
        for node in nodes {
            all.extend(["--rpc", node]);
        }
        program(&all)
    }
}
