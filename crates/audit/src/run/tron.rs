//! The same on TRON: the range ends at the last solid block of all nodes, for nodes tell no state of a past one.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::{Audit, Begin, differing};
use crate::chain::Chain;
use crate::error::AuditError;
use crate::read::Reading;
use crate::stand::{Block, Stand};
use crate::tron::{self, Scope};

/// How often the wallets are read before the last solid block stands still.
const TRIES: u32 = 30;
/// Wait before a further look; a block is made every three seconds.
const AGAIN: Duration = Duration::from_millis(500);

impl Audit {
    /// Every node is one of this network.
    pub(super) async fn check_tron(&self) -> Result<(), AuditError> {
        for node in &self.nodes {
            let found = Chain::Tron(tron::chain_id(node).await?);
            if found != self.chain {
                return Err(AuditError::OtherChain {
                    node: node.name().to_owned(),
                    found,
                    wanted: self.chain,
                });
            }
        }
        match self.closing {
            Some(_) => Err(AuditError::ClosingFixed),
            None => Ok(()),
        }
    }

    /// Where the wallets stand at the last solid block, and its time: all nodes have had the same before and after, and have
    /// told the same in between.
    pub(super) async fn stand_on_tron(&self) -> Result<(Stand, u64), AuditError> {
        for tried in 0..TRIES {
            if tried > 0 {
                tokio::time::sleep(AGAIN).await;
            }
            let before = self.solid_heads().await?;
            let [head] = before.iter().copied().collect::<Vec<_>>()[..] else { continue };
            let (block, time_ms) = (Block { number: head.0, hash: head.1 }, head.2);
            let mut stands = Vec::new();
            for node in &self.nodes {
                stands.push(tron::stand(node, self.chain, block, &self.wallets, &self.tokens).await?);
            }
            if self.solid_heads().await? != before {
                continue;
            }
            let stand = self.alike(stands, |one, other| {
                let differing =
                    one.wallets.iter().find(|(wallet, held)| other.wallets.get(wallet) != Some(held));
                differing.map_or_else(String::new, |(wallet, _)| {
                    format!("where {wallet} stands at block {}", block.number)
                })
            })?;
            return Ok((stand, time_ms));
        }
        Err(AuditError::Unsteady { tries: TRIES })
    }

    /// The last solid blocks that nodes name, with their times.
    async fn solid_heads(&self) -> Result<BTreeSet<(u64, crate::chain::Hash, u64)>, AuditError> {
        let mut heads = BTreeSet::new();
        for node in &self.nodes {
            let head = tron::solid_head(node).await?;
            heads.insert((head.block.number, head.block.hash, head.time_ms));
        }
        Ok(heads)
    }

    /// Reads the whole range from every node.
    pub(super) async fn reading_of_tron(&self) -> Result<Reading, AuditError> {
        let opening = self.opening_on_tron()?;
        let (closing, closing_ms) = self.stand_on_tron().await?;
        let (from, to) = (opening.block.number, closing.block.number);
        if from >= to {
            return Err(AuditError::EmptyRange { from, to });
        }
        let listed = || self.list.withdrawals.values().filter(|it| it.chain == self.chain);
        let scope = Scope {
            wallets: self.wallets.clone(),
            tokens: self.tokens.clone(),
            opening,
            closing,
            closing_ms,
            told: listed().flat_map(|it| it.txid.iter().chain(&it.txids).copied()).collect(),
            lives: listed().flat_map(|it| it.lives.iter().map(|(txid, life)| (*txid, *life))).collect(),
            bounds: self.bounds,
        };
        for node in &self.nodes {
            let found = tron::block_at(node, from).await?;
            if found != Some(scope.opening.block) {
                return Err(AuditError::OpeningGone { number: from, hash: scope.opening.block.hash });
            }
        }
        let mut readings = Vec::new();
        for node in &self.nodes {
            readings.push(tron::read(node, &scope).await?);
        }
        self.alike(readings, differing)
    }

    /// Where the wallets stood: of each of them and in each token, for nobody else tells it.
    fn opening_on_tron(&self) -> Result<Stand, AuditError> {
        let Begin::Standing(stand) = &self.opening else { return Err(AuditError::OpeningNeeded) };
        let mut wallets = BTreeMap::new();
        for wallet in &self.wallets {
            let lacks = |what: String| AuditError::OpeningLacks { wallet: *wallet, what };
            let held = stand.wallets.get(wallet).ok_or_else(|| lacks("the coin".to_owned()))?;
            if let Some(token) = self.tokens.iter().find(|token| !held.tokens.contains_key(*token)) {
                return Err(lacks(token.to_string()));
            }
            wallets.insert(*wallet, held.clone());
        }
        Ok(Stand { chain: stand.chain, block: stand.block, wallets })
    }
}
