//! What partners pay ahead. In: blocks of the chain that are final, from where the last look ended. Out: top-ups and that place in
//! one commit, so that a crash before it leaves nothing and a crash after it repeats nothing; and who is told that credit is low.

use std::collections::BTreeMap;

use sluice_core::address::TronAddress;
use sluice_core::alert::{Code, Raise};
use sluice_core::chain::txid_text;
use sluice_core::energy::credit::{Billing, Level, Standing, Turned};
use sluice_core::energy::{Look, POOL, Pool, View};
use sluice_core::id::PartnerId;
use sluice_core::port::chain::ChainError;
use sluice_core::port::store::Change;
use sluice_core::wallet::Wallet;

use super::{Broker, Energy};
use crate::StageError;

/// Time between two looks, milliseconds: a block is 3 s.
const LOOK_MS: i64 = 3_000;
/// Blocks of one question.
const BLOCKS: u64 = 10;
/// Questions of one turn at most: a process that was away catches up over several.
const LOOKS: usize = 8;

impl Energy {
    /// Reads on, where there is a pool. A chain that does not answer holds up nothing else.
    pub(super) async fn read_topups(&mut self, broker: &mut Broker<'_>) -> Result<(), StageError> {
        let (Some(pool), now) = (self.supply.pool.clone(), broker.now()) else { return Ok(()) };
        if self.paid_in.is_some_and(|at| now.since_ms(at) < LOOK_MS) {
            return Ok(());
        }
        let wallets = broker.ports.store.wallets(Some(self.chain)).await?;
        let Some(wallet) = wallets.iter().find(|it| it.address == pool.wallet.into()) else { return Ok(()) };
        for _ in 0..LOOKS {
            let Some(look) = self.next_look(broker, wallet, &wallets).await? else { break };
            let cause = Some(broker.cause("read on chain"));
            if !broker.apply(self.chain, Change { topups: Some(look), cause, ..Change::default() }).await? {
                break;
            }
        }
        self.paid_in = Some(now);
        self.tell_levels(broker, &pool, wallet).await
    }

    /// What a quorum shows of the next blocks; `None` where none is final there, or no quorum answers.
    async fn next_look(
        &self,
        broker: &Broker<'_>,
        pool: &Wallet,
        wallets: &[Wallet],
    ) -> Result<Option<Look>, StageError> {
        let Some(chain) = broker.ports.chains.get(&self.chain) else { return Ok(None) };
        let Some(from) = broker.view.topups_from.get(&pool.id).copied() else {
            let finalized = chain.heads().await.map_or_else(silent, |heads| heads.finalized);
            return Ok(finalized.map(|head| Look::first(pool, &head)));
        };
        let run = chain.paid_in(pool.address, from, BLOCKS).await.unwrap_or_else(silent);
        // What the pool's own partner sends is no top-up, shown or not.
        let shown = wallets.iter().filter(|it| it.is_shown() || it.partner == pool.partner);
        let owners: BTreeMap<TronAddress, PartnerId> =
            shown.filter_map(|it| Some((it.address.tron()?, it.partner))).collect();
        Ok(run.map(|run| Look::of(pool, from, &run, &owners)))
    }

    /// Partners whose credit has come to be low, or enough again: each is told once.
    async fn tell_levels(
        &self,
        broker: &mut Broker<'_>,
        pool: &Pool,
        wallet: &Wallet,
    ) -> Result<(), StageError> {
        let now = broker.now();
        let of_pool = broker.view.credit.iter().filter(|it| it.wallet == wallet.id);
        let turned = |it: &Standing| {
            Turned::of(self.chain, *it, pool.billing_of(it.partner), pool.low_credit_sun, now)
        };
        let turned: Vec<Turned> = of_pool.filter_map(turned).collect();
        if turned.is_empty() {
            return Ok(());
        }
        let cause = Some(broker.cause("credit"));
        let change = Change { credit_turned: turned, cause, ..Change::default() };
        broker.apply(self.chain, change).await?;
        Ok(())
    }

    /// What a person should look at: credit that is low, and top-ups that are nobody's.
    pub(super) fn credit_alerts(&self, view: &View) -> Vec<Raise> {
        let Some(pool) = &self.supply.pool else { return vec![] };
        let low = view.credit.iter().filter(|it| it.level == Level::Low).map(|it| Raise {
            code: Code::EnergyCreditLow,
            subject: format!("{} {POOL} {} {}", self.chain, it.wallet, it.partner),
            partner: Some(it.partner),
            detail: low_detail(pool, it),
        });
        let unknown = view.unknown.iter().map(|it| Raise {
            code: Code::EnergyTopupUnknown,
            subject: format!("{} {POOL} {}", self.chain, txid_text(&it.txid)),
            partner: None,
            detail: format!(
                "{} sun came from {} in {}, which no partner has shown to be its own; say whose they are: POST /v1/energy/topups/{}/assign",
                it.sun,
                it.sender,
                txid_text(&it.txid),
                txid_text(&it.txid)
            ),
        });
        low.chain(unknown).collect()
    }
}

/// How a credit that is low stands, and what to do.
fn low_detail(pool: &Pool, of: &Standing) -> String {
    let billing = pool.billing_of(of.partner);
    let stands = match billing {
        Billing::OnAccount { owed_max_sun } => {
            format!("{} sun are owed of {owed_max_sun} that may be", of.balance_sun.saturating_neg())
        }
        Billing::Prepaid | Billing::Postpaid => {
            let below = billing.low_below_sun(pool.low_credit_sun);
            format!("{} sun are paid ahead, less than {below}", of.balance_sun)
        }
    };
    format!("{stands}; send TRX to {}, or energy is bought and burned instead", pool.wallet)
}

/// It is asked again in the next turn.
fn silent<T>(error: ChainError) -> Option<T> {
    tracing::info!(%error, "The chain does not tell what was paid ahead for energy");
    None
}
