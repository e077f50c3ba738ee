//! The caller's own list: what is to be paid to whom, in a file before anything is asked for.

use std::io::Write as _;
use std::path::Path;

use serde::{Deserialize, Serialize};
use sluice_core::address::{EvmAddress, TronAddress};
use sluice_core::port::world::Entropy as _;
use sluice_core::time::Timestamp;

use crate::cli::decimal;
use crate::cli::devnet::DevAsset;
use crate::world::{SystemEntropy, random};

/// The longest list that is read, in bytes.
const LIST_BYTES_MAX: u64 = 16 * 1024 * 1024;
/// Most digits after the point of an amount. Every stablecoin has as many in our books.
const DIGITS_MAX: u8 = 6;

/// One payment, as the caller wants it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Order {
    /// The caller's own id of it.
    pub(super) external_id: String,
    /// CAIP-19 id.
    pub(super) asset: String,
    /// Who is paid.
    pub(super) address: String,
    /// How much, in units of the asset.
    pub(super) amount: String,
}

/// Orders of varied amounts between 1 and 10, so many of each asset, to addresses that nobody has used before. On TRON a
/// payment costs half as much where the recipient holds the token already: there each address of the first half is paid
/// again by the second.
pub(super) fn make(assets: &[&DevAsset], count: u32, now: Timestamp) -> Vec<Order> {
    let run = SystemEntropy.ulid(now).to_string();
    let mut orders = Vec::new();
    for asset in assets {
        let digits = asset.decimals.min(DIGITS_MAX);
        let whole = 10u64.pow(u32::from(digits));
        let fresh = if asset.is_tron() { count.div_ceil(2) } else { count };
        let addresses: Vec<String> = (0..fresh).map(|_| address(asset)).collect();
        for (number, address) in (1..=count).zip(addresses.iter().cycle()) {
            let units = whole + u64::from_be_bytes(random()) % (9 * whole);
            // Every other amount is as people write it, the rest as fine as the asset allows.
            let units = if number % 2 == 0 { units - units % (whole / 100).max(1) } else { units };
            orders.push(Order {
                external_id: format!("demo-{run}-{:02}", orders.len() + 1),
                asset: asset.id.clone(),
                address: address.clone(),
                amount: decimal::text(ruint::aliases::U256::from(units), digits),
            });
        }
    }
    orders
}

fn address(asset: &DevAsset) -> String {
    if asset.is_tron() { TronAddress(random()).to_string() } else { EvmAddress(random()).to_string() }
}

/// Where the list of a run goes: `demo-20261121T010203000004Z.jsonl`.
pub(super) fn file_name(now: Timestamp) -> String {
    let time: String = now.to_string().chars().filter(char::is_ascii_alphanumeric).collect();
    format!("demo-{time}.jsonl")
}

/// Writes the list, one order a line, down to the disk. An earlier list is never written over.
///
/// # Errors
/// What the file system says.
pub(super) fn write(path: &Path, orders: &[Order]) -> std::io::Result<()> {
    let mut text = Vec::new();
    for order in orders {
        serde_json::to_writer(&mut text, order)?;
        text.push(b'\n');
    }
    let mut file = std::fs::OpenOptions::new().write(true).create_new(true).open(path)?;
    file.write_all(&text)?;
    file.sync_all()
}

/// Reads a list again.
///
/// # Errors
/// One sentence.
pub(super) fn read(path: &Path) -> Result<Vec<Order>, String> {
    let length = std::fs::metadata(path).map_err(|error| error.to_string())?.len();
    if length > LIST_BYTES_MAX {
        return Err(format!("{length} bytes"));
    }
    let text = std::fs::read_to_string(path).map_err(|error| error.to_string())?;
    let orders: Result<Vec<Order>, String> = text
        .lines()
        .enumerate()
        .map(|(at, line)| serde_json::from_str(line).map_err(|error| format!("line {}: {error}", at + 1)))
        .collect();
    match orders?.as_slice() {
        [] => Err("0 lines".to_owned()),
        orders => Ok(orders.to_vec()),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn asset(decimals: u8) -> DevAsset {
        DevAsset {
            id: "eip155:31337/erc20:0x1".into(),
            chain: "eip155:31337".into(),
            contract: Some("0x1".into()),
            decimals,
            rpc_url: "http://127.0.0.1:1".into(),
        }
    }

    #[test]
    fn orders_are_all_different_and_their_amounts_fit_the_asset() {
        let now = Timestamp::parse("2026-11-21T01:02:03.000004Z").unwrap();
        for decimals in [0, 1, 2, 6, 18] {
            let orders = make(&[&asset(decimals)], 50, now);
            let ids: BTreeSet<_> = orders.iter().map(|order| &order.external_id).collect();
            let addresses: BTreeSet<_> = orders.iter().map(|order| &order.address).collect();
            assert_eq!((ids.len(), addresses.len()), (50, 50));
            for order in &orders {
                let units = decimal::scaled(&order.amount, decimals).expect("fits");
                assert!(units >= decimal::scaled("1", decimals).unwrap(), "{}", order.amount);
                assert!(units < decimal::scaled("10", decimals).unwrap(), "{}", order.amount);
                assert!(EvmAddress::parse(&order.address).is_ok());
            }
        }
    }

    #[test]
    fn on_tron_half_of_the_orders_go_to_those_who_hold_the_token_by_then() {
        let now = Timestamp::parse("2026-11-21T01:02:03.000004Z").unwrap();
        let tron = DevAsset { chain: "tron:31337".into(), id: "tron:31337/trc20:T".into(), ..asset(6) };
        let orders = make(&[&asset(6), &tron], 5, now);
        let ids: BTreeSet<_> = orders.iter().map(|order| &order.external_id).collect();
        assert_eq!((orders.len(), ids.len()), (10, 10));
        let on_tron: Vec<_> = orders.iter().filter(|order| order.asset == tron.id).collect();
        let addresses: Vec<_> = on_tron.iter().map(|order| order.address.as_str()).collect();
        assert_eq!(
            (addresses[..3].iter().collect::<BTreeSet<_>>().len(), &addresses[3..]),
            (3, &addresses[..2])
        );
        assert!(addresses.iter().all(|it| TronAddress::parse(it).is_ok()));
    }

    #[test]
    fn a_list_is_read_as_it_was_written_and_never_written_over() {
        let folder = tempfile::tempdir().unwrap();
        let now = Timestamp::parse("2026-11-21T01:02:03.000004Z").unwrap();
        let path = folder.path().join(file_name(now));
        assert!(path.ends_with("demo-20261121T010203000004Z.jsonl"));
        let orders = make(&[&asset(6)], 3, now);
        write(&path, &orders).unwrap();
        assert_eq!(read(&path), Ok(orders.clone()));
        assert!(write(&path, &orders[..1]).is_err());
        assert_eq!(read(&path), Ok(orders));
        std::fs::write(&path, "{}\n").unwrap();
        assert!(read(&path).unwrap_err().starts_with("line 1: "));
        std::fs::write(&path, "").unwrap();
        assert!(read(&path).is_err());
    }
}
