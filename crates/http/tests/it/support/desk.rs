//! A desk of a partner on TRON, and a wallet beside it that is refilled from it.

use sluice_core::address::TronAddress;
use sluice_core::amount::Units;
use sluice_core::asset::{Asset, AssetId};
use sluice_core::chain::ChainId;
use sluice_core::id::{PartnerId, WalletId};
use sluice_core::port::registry::Registry as _;
use sluice_core::port::store::Change;
use sluice_core::wallet::{Balance, Custody, Registration, Tier, Wallet};

use super::{World, token};

/// A desk with 9 USDT, and whom it refills.
pub struct Desk {
    pub id: WalletId,
    pub filled: WalletId,
    pub token: Asset,
}

/// The chain of a desk.
pub fn tron() -> ChainId {
    ChainId::tron(31_337)
}

impl World {
    /// An external wallet of this partner, as two persons have registered it.
    pub async fn registered(&self, partner: PartnerId, number: u8, tier: Tier) -> Wallet {
        let now = self.clock.now_at();
        let wanted = Registration {
            id: WalletId::new(self.api.ports.entropy.ulid(now)),
            partner,
            chain: tron(),
            address: TronAddress([number; 20]).into(),
            tier,
            custody: Custody::External,
            label: format!("vault-{number}"),
            nonce: 0,
            trusted_from: now,
        };
        let step = Wallet::register(wanted, "kept".into(), now).unwrap();
        let wallet = step.after().clone();
        self.apply(Change { wallets: vec![step], ..Change::default() }).await;
        wallet
    }

    /// A desk of this partner.
    pub async fn desk(&self, partner: PartnerId, number: u8) -> Desk {
        let id = AssetId::trc20(tron(), TronAddress([0xcc; 20]));
        let token = Asset { id, symbol: "USDT".into(), freezable: true, ..token() };
        self.db.put_asset(token.clone()).await.unwrap();
        let vault = self.registered(partner, number, Tier::Cold).await;
        let filled = self.registered(partner, number + 1, Tier::Warm).await;
        let now = self.clock.now_at();
        let step = vault.show_key("seen", now).unwrap();
        let id = step.after().id;
        let units = Units::from(9_000_000u64);
        let balance = Balance { wallet: id, asset: token.id, units, block: super::HEAD, at: now };
        self.apply(Change { wallets: vec![step], balances: vec![balance], ..Change::default() }).await;
        Desk { id, filled: filled.id, token }
    }
}
