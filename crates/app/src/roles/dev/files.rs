//! The folder of a development installation: keys, passwords, and the file for scripts.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use serde_json::json;
use sluice_api::problem::Lang;
use sluice_core::address::Address;
use sluice_core::chain::ChainId;
use sluice_core::id::{Ulid, WalletId};
use sluice_core::port::world::Clock as _;
use zeroize::Zeroizing;

use super::Chains;
use super::pool;
use super::seed::{Demo, PARTNER};
use crate::config::{Config, Keys};
use crate::error::StartError;
use crate::roles::signer::SignerConfig;
use crate::signer_link;
use crate::world::{SystemClock, random};

/// What `sluice demo` pays of each token unless told.
const PAYMENTS: usize = 20;
/// Whom the lines to type pay: accounts that every such chain begins with.
const EVM_RECIPIENT: &str = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8";
const TRON_RECIPIENT: &str = "TJrwVCELqpuNni8YCbh2C8LmgPR9UjSVbV";

/// The folder.
pub(super) struct Folder {
    root: PathBuf,
    dev_file: String,
}

impl Folder {
    /// Makes it, and checks that it can be written.
    pub(super) fn prepare(root: &Path, dev_file: &str) -> Result<Self, StartError> {
        fs::create_dir_all(root.join("keys")).map_err(|error| unusable(root, &error))?;
        let root = fs::canonicalize(root).map_err(|error| unusable(root, &error))?;
        let folder = Self { root, dev_file: dev_file.to_owned() };
        folder.secret_file("keys.password", || hex::encode(random::<24>()))?;
        folder.secret_file("sealing.key", || hex::encode(random::<{ crate::secrets::KEY_BYTES }>()))?;
        Ok(folder)
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.root.join(name)
    }

    /// The text of a file that only we may read; made when it is not there.
    pub(super) fn secret_file(
        &self,
        name: &str,
        make: impl FnOnce() -> String,
    ) -> Result<Zeroizing<String>, StartError> {
        let path = self.path(name);
        match fs::read_to_string(&path) {
            Ok(text) => Ok(Zeroizing::new(text)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                let text = Zeroizing::new(make());
                write_private(&path, &text)?;
                Ok(text)
            }
            Err(error) => Err(unusable(&path, &error)),
        }
    }

    /// The file is there only while the engine runs.
    pub(super) fn forget_dev_file(&self) {
        let _was_not_there = fs::remove_file(self.path(&self.dev_file));
    }
}

/// A wallet of the demo partner.
#[derive(Clone, Copy)]
pub(super) struct DemoWallet {
    pub(super) id: WalletId,
    pub(super) chain: ChainId,
    pub(super) account: Address,
}

/// The demo wallets, so many on each chain; their keys are made at the first start.
pub(super) fn wallet_keys(keys: &Keys, chains: &[ChainId], count: u8) -> Result<Vec<DemoWallet>, StartError> {
    let held = signer_link::keystore_wallets(keys)?;
    let mut all = Vec::new();
    for &chain in chains {
        let of_it = held.iter().filter(|it| it.1 == chain && it.0 != pool::WALLET).take(usize::from(count));
        let mut wallets: Vec<_> =
            of_it.map(|&(id, chain, account)| DemoWallet { id, chain, account }).collect();
        while wallets.len() < usize::from(count) {
            let id = WalletId::new(Ulid::new(SystemClock.now(), u128::from_be_bytes(random())));
            let account = signer_link::create_wallet_key(keys, id, PARTNER, chain)?;
            wallets.push(DemoWallet { id, chain, account });
        }
        all.append(&mut wallets);
    }
    Ok(all)
}

/// Writes the configuration of a signer in a process of its own over the same keys.
pub(super) fn signer_config(folder: &Folder, keys: &Keys, config: &Config) -> Result<(), StartError> {
    let signer = SignerConfig::for_dev(folder.path("signer.sock"), keys.clone(), config);
    let text = toml::to_string(&signer).map_err(|error| StartError::Other(error.to_string()))?;
    write_private(&folder.path("signer.toml"), &text)
}

/// Writes the file for scripts and tells people what to try.
pub(super) fn announce(
    folder: &Folder,
    api_url: &str,
    demo: &Demo,
    config: &Config,
    chains: &Chains,
    lang: Lang,
) -> Result<(), StartError> {
    let assets: Vec<_> = config
        .assets
        .iter()
        .map(|asset| {
            let (chain_id, _) = asset.id.split_once('/').unwrap_or((asset.id.as_str(), ""));
            json!({
                "id": asset.id,
                "chain": chain_id,
                "contract": contract(&asset.id),
                "decimals": asset.decimals,
                "rpc_url": chains.url(chain_id),
            })
        })
        .collect();
    let dev = json!({
        "api_url": api_url,
        "api_key": demo.api_key.as_str(),
        "second_api_key": demo.second_api_key.as_str(),
        "platform_api_key": demo.platform_api_keys[0].as_str(),
        "second_platform_api_key": demo.platform_api_keys[1].as_str(),
        "partner_id": demo.partner.to_string(),
        "assets": assets,
    });
    write_private(&folder.path(&folder.dev_file), &dev.to_string())?;
    print!("{}", welcome(lang, api_url, chains, demo.api_key.as_str(), config));
    Ok(())
}

fn welcome(lang: Lang, api_url: &str, chains: &Chains, key: &str, config: &Config) -> String {
    let orders: Vec<String> =
        (1..).zip(&config.assets).map(|(number, asset)| order(api_url, key, number, &asset.id)).collect();
    let tokens = config.assets.iter().filter(|asset| contract(&asset.id).is_some()).count();
    let (orders, count) = (orders.join("\n\n"), PAYMENTS * tokens);
    let mut urls = chains.local.url();
    if let Some(tron) = &chains.tron {
        urls.push_str("  (EVM)  ");
        urls.push_str(&tron.url());
        urls.push_str("  (TRON)");
    }
    match lang {
        Lang::En => format!(
            "Sluice is running.\n\n  API      {api_url}   (documentation at {api_url}/docs)\n  chains   {urls}\n  \
             key      {key}\n\nTry it:\n\n{orders}\n\n  make demo                    pays {count} withdrawals and proves each one on \
             chain\n  scripts/sluice why order-1   tells how it stands\n\nCtrl-C stops everything; the next start goes on from \
             here.\n"
        ),
        Lang::Ko => format!(
            "Sluice가 실행 중입니다.\n\n  API     {api_url}   (문서: {api_url}/docs)\n  체인    {urls}\n  키      \
             {key}\n\n써 보기:\n\n{orders}\n\n  make demo                    출금 {count}건을 지급하고 체인에서 증명합니다\n  \
             scripts/sluice why order-1   지금 상태와 이유를 알려 줍니다\n\nCtrl-C로 모두 멈추며, 다음 실행은 여기서 이어집니다.\n"
        ),
    }
}

/// The contract of a token. The coin of a chain has none, and the demo, which proves by what contracts log, pays none of it.
fn contract(asset: &str) -> Option<&str> {
    let (_, token) = asset.split_once('/')?;
    token.split_once(':').filter(|(kind, _)| *kind != "slip44").map(|(_, contract)| contract)
}

/// A line to type: the order of this number.
fn order(api_url: &str, key: &str, number: usize, asset: &str) -> String {
    let address = if asset.starts_with("tron:") { TRON_RECIPIENT } else { EVM_RECIPIENT };
    format!(
        "  curl -s {api_url}/v1/withdrawals \\\n    -H 'Authorization: Bearer {key}' \\\n    -H 'Content-Type: application/json' \\\n    \
         -d '{{\"external_id\": \"order-{number}\", \"user_id\": \"user-1\", \"asset\": \"{asset}\", \"amount\": \"12.5\", \
         \"address\": \"{address}\"}}'"
    )
}

fn write_private(path: &Path, text: &str) -> Result<(), StartError> {
    // Written beside and renamed: a script never reads half a file.
    let beside = path.with_extension("new");
    let write = || {
        let mut file =
            fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&beside)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        fs::rename(&beside, path)
    };
    write().map_err(|error| unusable(path, &error))
}

pub(super) fn unusable(path: &Path, error: &std::io::Error) -> StartError {
    StartError::Path { path: path.display().to_string(), why: error.to_string() }
}

#[cfg(test)]
mod tests {
    use sluice_devnet::tron::Account;

    #[test]
    fn the_line_to_type_pays_an_account_that_the_local_chain_begins_with() {
        assert_eq!(Account::of_seed(1, 1).address().to_string(), super::TRON_RECIPIENT);
    }

    #[test]
    fn a_token_has_a_contract_and_a_coin_has_none() {
        let usdt = format!("tron:31337/trc20:{}", super::TRON_RECIPIENT);
        assert_eq!(super::contract(&usdt), Some(super::TRON_RECIPIENT));
        assert_eq!(super::contract("tron:31337/slip44:195"), None);
        assert_eq!(super::contract("eip155:31337"), None);
    }
}
