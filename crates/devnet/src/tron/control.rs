//! The levers of a simulated network: blocks, time, money, stakes, trouble.

use std::{collections::BTreeMap, sync::Arc};

use serde_json::Value;

use super::{
    address::Address,
    chain::{Deed, Fate, LAYERS_BELOW_SOLID, Stalled},
    execute::Verdict,
    fault::{Rule, RuleError, RuleId},
    json,
    key::Account,
    network::{Network, wall_ms},
    node::Branch,
    schema,
    state::{Param, Resource, SUN},
    tx::{self, Terms, Tx, Txid},
};

/// Where the chain stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head {
    /// The newest block.
    pub number: u64,
    /// When it was made, in milliseconds since 1970.
    pub time_ms: i64,
    /// The newest final block.
    pub solid: u64,
    /// The simulator's time, in milliseconds since 1970.
    pub now_ms: i64,
}

/// A transaction that was not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{code}: {message}")]
pub struct Refused {
    /// The node's code, such as `CONTRACT_VALIDATE_ERROR`.
    pub code: &'static str,
    /// The node's words.
    pub message: String,
}

impl From<Verdict> for Refused {
    fn from(verdict: Verdict) -> Self {
        Self { code: verdict.code, message: verdict.message }
    }
}

/// The levers of one simulated network. Clones work the same ones.
#[derive(Debug, Clone)]
pub struct Control {
    pub(super) network: Arc<Network>,
    pub(super) accounts: Arc<[Account]>,
    pub(super) bank: Account,
}

impl Control {
    // Blocks and time

    /// Where the chain stands.
    pub fn head(&self) -> Head {
        let chain = self.network.chain();
        let head = chain.head();
        Head {
            number: head.number,
            time_ms: head.time_ms,
            solid: chain.solid(),
            now_ms: chain.now_ms(wall_ms()),
        }
    }

    /// Makes blocks now; time moves with them if they are ahead of it.
    ///
    /// # Errors
    /// [`Stalled`]: too many blocks are not solid, or the chain cannot be kept.
    pub fn mine(&self, blocks: u64) -> Result<Head, Stalled> {
        for _ in 0..blocks {
            self.network.chain().mine(wall_ms())?;
        }
        Ok(self.head())
    }

    /// Makes blocks until what is in the newest one now is final.
    ///
    /// # Errors
    /// [`Stalled`]: it cannot become final.
    pub fn solidify(&self) -> Result<Head, Stalled> {
        let wanted = self.mine(1)?.number;
        while self.head().solid < wanted {
            if self.network.chain().is_stalled() {
                return Err(Stalled::Unsolid);
            }
            self.mine(1)?;
        }
        Ok(self.head())
    }

    /// Moves the simulator's time forward. The next block is of the new time; the slots between have none.
    pub fn advance_ms(&self, ms: i64) {
        self.network.chain().advance(ms);
    }

    /// Replaces the newest blocks, as many as are asked for and are not solid, by one more. Returns how many went.
    ///
    /// # Errors
    /// [`Stalled`]: too many blocks are not solid, or the chain cannot be kept.
    pub fn reorg(&self, depth: u64, fate: Fate) -> Result<u64, Stalled> {
        self.network.chain().reorg(depth, fate, wall_ms())
    }

    /// From now on no block becomes final, or they do again.
    pub fn stall(&self, stalled: bool) {
        self.network.chain().stall(stalled);
    }

    /// How many blocks the solid one is behind from now on. What is final stays final.
    pub fn set_solid_lag(&self, blocks: u64) {
        self.network.chain().set_solid_lag(blocks);
    }

    // Money

    /// The accounts whose keys everybody may know.
    pub fn accounts(&self) -> &[Account] {
        &self.accounts
    }

    /// Gives TRX and test dollars; activates the account. Visible at once, final with the next block.
    pub fn faucet(&self, to: Address, sun: i64, units: u128) {
        self.order(Deed::Credit { to, sun });
        self.order(Deed::Mint { to, units });
    }

    /// Gives test dollars and nothing else: the account may stay one that is not activated.
    pub fn mint_usdt(&self, to: Address, units: u128) {
        self.order(Deed::Mint { to, units });
    }

    /// An account has exactly so much TRX, in sun.
    pub fn set_balance(&self, of: Address, sun: i64) {
        self.order(Deed::SetBalance { of, sun });
    }

    /// TRX of an account with everything that waits, in sun; `None` if it is not activated.
    pub fn balance_sun(&self, of: Address) -> Option<i64> {
        self.network.chain().newest().account(&of).map(|account| account.balance_sun)
    }

    /// Test dollars of a holder with everything that waits, in units of 0.000001.
    pub fn usdt_units(&self, of: Address) -> u128 {
        self.network.chain().newest().units(&of)
    }

    /// Puts somebody on the token's blacklist, or takes him off it.
    pub fn blacklist(&self, who: Address, yes: bool) {
        self.order(Deed::Blacklist { who, yes });
    }

    /// Pauses the token, or ends that.
    pub fn pause(&self, yes: bool) {
        self.order(Deed::Pause { yes });
    }

    // Resources

    /// The penalty on the token's energy from now on, in ten-thousandths: 34,000 on the main network.
    pub fn set_factor(&self, factor: i64) {
        self.order(Deed::Factor { factor, traffic: None });
    }

    /// Energy that others are taken to use of the token in each maintenance period. Below the threshold the penalty
    /// falls.
    pub fn set_traffic(&self, energy: i64) {
        let factor = self.network.chain().newest().globals().tether.factor;
        self.order(Deed::Factor { factor, traffic: Some(energy) });
    }

    /// A proposal passes at once.
    pub fn set_parameter(&self, param: Param, value: i64) {
        self.order(Deed::SetParam { param, value });
    }

    /// A stake out of nothing, in sun.
    pub fn stake(&self, owner: Address, resource: Resource, sun: i64) {
        self.order(Deed::Stake { owner, resource, sun });
    }

    /// What a stake of a resource must be to yield this much a day, in sun, rounded up.
    pub fn stake_for(&self, resource: Resource, amount: u64) -> i64 {
        let globals = self.network.chain().newest().globals();
        let weight = i128::from(globals.weight_trx(resource)).saturating_mul(i128::from(SUN));
        let limit = i128::from(globals.total_limit(resource)).max(1);
        let product = i128::from(amount).saturating_mul(weight);
        let stake = product / limit + i128::from(product % limit > 0);
        i64::try_from(stake).unwrap_or(i64::MAX).max(SUN)
    }

    /// Energy an account could spend from stakes now, its own and others'.
    pub fn energy_left(&self, of: Address) -> i64 {
        let chain = self.network.chain();
        let view = chain.newest();
        view.account(&of).map_or(0, |account| view.left(account, Resource::Energy))
    }

    /// The simulator's own bank lends this much energy a day, by a signed transaction in the pool.
    ///
    /// # Errors
    /// [`Refused`]: the node's answer.
    pub fn lend_energy(&self, to: Address, energy: u64) -> Result<Txid, Refused> {
        let value = serde_json::json!({
            "owner_address": self.bank.address().to_string(), "receiver_address": to.to_string(),
            "balance": self.stake_for(Resource::Energy, energy), "resource": "ENERGY",
        });
        self.send(&self.bank, "DelegateResourceContract", &value, 0)
    }

    /// The bank takes back so much of the stake it lent and did not lock, in sun, by a signed transaction in the
    /// pool.
    ///
    /// # Errors
    /// [`Refused`]: the node's answer.
    pub fn end_loan(&self, of: Address, sun: i64) -> Result<Txid, Refused> {
        let value = serde_json::json!({
            "owner_address": self.bank.address().to_string(), "receiver_address": of.to_string(),
            "balance": sun, "resource": "ENERGY",
        });
        self.send(&self.bank, "UnDelegateResourceContract", &value, 0)
    }

    /// Who lends energy here: `from` of the rows that it makes.
    pub fn bank(&self) -> Address {
        self.bank.address()
    }

    /// What the bank lent is gone, locked or not, with its share of what was used. Returns the stake that went, in
    /// sun.
    pub fn take_energy(&self, from: Address) -> i64 {
        let owner = self.bank.address();
        let sun = {
            let chain = self.network.chain();
            let view = chain.newest();
            let row = |locked| view.delegation(&(owner, from, locked)).map_or(0, |row| row.energy_sun);
            row(false).saturating_add(row(true))
        };
        self.order(Deed::Reclaim { owner, receiver: from, resource: Resource::Energy, sun });
        sun
    }

    // Transactions

    /// Signs a contract, given as JSON with base58 addresses, and offers it to the first node. The fee limit is in
    /// sun.
    ///
    /// # Errors
    /// [`Refused`]: the node's answer.
    pub fn send(
        &self,
        by: &Account,
        contract: &str,
        value: &Value,
        fee_limit_sun: i64,
    ) -> Result<Txid, Refused> {
        let wrong = |text: String| Refused { code: "OTHER_ERROR", message: text };
        let (_, schema) =
            schema::contract_named(contract).ok_or_else(|| wrong(format!("no contract {contract}")))?;
        let message = json::to_wire(schema, value, true).map_err(|error| wrong(error.to_string()))?;
        let mut terms = Terms { fee_limit_sun, ..Terms::default() };
        {
            let chain = self.network.chain();
            let [.., high, low] = chain.head().number.to_be_bytes();
            terms.ref_block_bytes = [high, low];
            terms.ref_block_hash.copy_from_slice(chain.head().id.get(8..16).unwrap_or(&[0; 8]));
            terms.expiration_ms = chain.head().time_ms.saturating_add(60_000);
            // Two equal orders are two transactions.
            let waiting = i64::try_from(chain.pending_ids().count()).unwrap_or(0);
            terms.timestamp_ms = chain.head().time_ms.saturating_add(waiting);
        }
        let broken = |_| wrong("the transaction cannot be built".to_owned());
        let unsigned = tx::unsigned(schema, &message, &terms).map_err(broken)?;
        let signature = by.sign(&unsigned.id).to_vec();
        let tx = Arc::new(Tx::new(unsigned.raw, vec![signature]).map_err(broken)?);
        self.network.offer(0, &tx).map_err(|refusal| refusal.verdict())?;
        Ok(tx.id)
    }

    // Trouble

    /// From now on, and until it is lifted.
    ///
    /// # Errors
    /// [`RuleError`]: a figure out of bounds, or too many rules.
    pub fn add(&self, rule: Rule) -> Result<RuleId, RuleError> {
        self.network.plan().add(rule)
    }

    /// Lifts a rule. One that is lifted already stays so.
    pub fn lift(&self, rule: RuleId) {
        self.network.plan().lift(rule);
    }

    /// Lifts every rule.
    pub fn lift_all(&self) {
        self.network.plan().lift_all();
    }

    /// How often each fault has struck, by its name.
    pub fn struck(&self) -> BTreeMap<&'static str, u64> {
        self.network.plan().struck()
    }

    /// A node knows only what is this many blocks old, 256 at most. False if there is no such node.
    pub fn set_lag(&self, node: usize, blocks: u64) -> bool {
        // Older states are not kept.
        let blocks = blocks.min(LAYERS_BELOW_SOLID);
        self.network.change_node(node, |node| node.lag = blocks)
    }

    /// A node has no history any more, or has it again. False if there is no such node.
    pub fn set_lite(&self, node: usize, lite: bool) -> bool {
        self.network.change_node(node, |node| node.lite = lite)
    }

    /// A node goes on by itself from the newest block less `depth`, or joins the others again. False if there is no
    /// such node.
    pub fn set_forked(&self, node: usize, depth: Option<u64>) -> bool {
        let head = self.head().number;
        let branch = depth.map(|depth| Branch { at: head.saturating_sub(depth), included: Vec::new() });
        self.network.change_node(node, |node| node.branch = branch)
    }

    fn order(&self, deed: Deed) {
        self.network.chain().order(deed);
    }
}
