//! `sluice signer key`: makes, takes over and lists keys on the signer's machine. A secret is written under the signer's
//! password and nowhere else; nothing here prints one or talks to the network. A running signer finds new keys by itself.

use std::path::{Path, PathBuf};

use clap::Subcommand;
use serde_json::json;
use sluice_api::problem::Lang;
use sluice_core::address::Address;
use sluice_core::chain::ChainId;
use sluice_core::id::{PartnerId, Ulid, WalletId};
use sluice_core::port::world::Clock as _;
use sluice_signer::key::fresh_secret;
use sluice_signer::key::keystore::{Keystore, Scrypt};
use zeroize::Zeroizing;

use super::SignerConfig;
use crate::cli::Global;
use crate::config::ConfigError;
use crate::error::StartError;
use crate::signer_link;
use crate::world::{SystemClock, random};

/// What is done with keys.
#[derive(Debug, Subcommand)]
pub enum KeyCommand {
    /// Make a key for a new wallet and print its id and address · 새 지갑의 키를 만들고 ID와 주소를 출력합니다
    Create {
        #[command(flatten)]
        of: Of,
    },
    /// Take over a keystore v3 file, such as geth's · keystore v3 파일의 키를 가져옵니다
    Import {
        /// The file
        #[arg(value_name = "FILE")]
        file: PathBuf,
        /// File with the password of that keystore; the signer's own when left out
        #[arg(long, value_name = "FILE")]
        file_password: Option<PathBuf>,
        #[command(flatten)]
        of: Of,
    },
    /// List the wallets whose keys are here · 여기에 키가 있는 지갑을 봅니다
    List,
}

/// Whose wallet it is.
#[derive(Clone, Debug, clap::Args)]
pub struct Of {
    /// CAIP-2 id of its chain, such as eip155:137
    #[arg(long)]
    chain: String,
    /// The partner it belongs to: pt_...
    #[arg(long)]
    partner: String,
}

/// Does it.
///
/// # Errors
/// [`StartError`]: one sentence.
pub fn run(config: &Path, command: KeyCommand, global: &Global) -> Result<(), StartError> {
    let config = SignerConfig::read(config)?;
    match command {
        KeyCommand::List => list(&config, global),
        KeyCommand::Create { of } => {
            let secret = fresh_secret().map_err(|error| StartError::Other(error.to_string()))?;
            keep(&config, &of, &secret, global)
        }
        KeyCommand::Import { file, file_password, of } => {
            let secret = open(&config, &file, file_password.as_deref())?;
            keep(&config, &of, &secret, global)
        }
    }
}

fn keep(config: &SignerConfig, of: &Of, secret: &[u8; 32], global: &Global) -> Result<(), StartError> {
    let value = |key: &str, why: String| ConfigError::Value { key: key.into(), why: why.into() };
    let signs_for = |chain: &ChainId| config.chains.iter().any(|id| *id == chain.to_string());
    let chain = ChainId::parse(&of.chain).ok().filter(signs_for).ok_or_else(|| {
        let chains = config.chains.join(", ");
        value("--chain", format!("this signer does not sign for {}; it signs for {chains}", of.chain))
    })?;
    let partner = PartnerId::parse(&of.partner)
        .map_err(|_| value("--partner", format!("{} is no partner's id (pt_...)", of.partner)))?;
    let wallet = WalletId::new(Ulid::new(SystemClock.now(), u128::from_be_bytes(random())));
    let address =
        signer_link::write_wallet_key(&config.keys, secret, wallet, partner, chain, Scrypt::STANDARD)?;
    let address = Address::of(chain.family, address.0);
    if global.json {
        let said = json!({
            "wallet": wallet.to_string(), "partner": partner.to_string(), "chain": chain.to_string(),
            "address": address.to_string(),
        });
        println!("{said}");
        return Ok(());
    }
    println!("{wallet}  {chain}  {address}");
    eprintln!("{}", next_step(global.lang(), chain, address));
    Ok(())
}

fn next_step(lang: Lang, chain: ChainId, address: Address) -> String {
    let command = format!("sluice wallet adopt --chain {chain} --address {address} --role hot --reason ...");
    match lang {
        Lang::En => format!(
            "The key is kept under the signer's password; back the folder up. Fund the address, then take it into \
             service:\n  {command}"
        ),
        Lang::Ko => format!(
            "키는 서명 서버의 암호로 보호되어 저장되었습니다. 폴더를 백업하세요. 주소에 자금을 넣은 뒤 편입하세요:\n  {command}"
        ),
    }
}

fn open(
    config: &SignerConfig,
    file: &Path,
    password: Option<&Path>,
) -> Result<Zeroizing<[u8; 32]>, StartError> {
    let unusable = |path: &Path, why: String| StartError::Path { path: path.display().to_string(), why };
    let read = |path: &Path| std::fs::read(path).map_err(|error| unusable(path, error.to_string()));
    let word = Zeroizing::new(read(password.unwrap_or(&config.keys.password_file))?);
    let text = String::from_utf8(read(file)?).map_err(|_| unusable(file, "not a text file".into()))?;
    let keystore = Keystore::parse(&text).map_err(|error| unusable(file, error.to_string()))?;
    keystore.open(word.trim_ascii_end()).map_err(|error| unusable(file, error.to_string()))
}

fn list(config: &SignerConfig, global: &Global) -> Result<(), StartError> {
    for enrolled in signer_link::ring(&config.keys)?.wallets() {
        let (wallet, partner, chain) = (enrolled.wallet, enrolled.partner, enrolled.chain);
        let address = enrolled.address();
        if global.json {
            let said = json!({
                "wallet": wallet.to_string(), "partner": partner.to_string(), "chain": chain.to_string(),
                "address": address.to_string(),
            });
            println!("{said}");
        } else {
            println!("{wallet}  {partner}  {chain}  {address}");
        }
    }
    Ok(())
}
