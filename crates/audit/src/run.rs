//! One audit, from its question to its report.

mod tron;

use std::collections::BTreeSet;

use serde_json::json;

use crate::chain::{Address, Chain, Family, Hash};
use crate::error::AuditError;
use crate::evm;
use crate::judge;
use crate::list::{Claim, List, Order};
use crate::node::Node;
use crate::read::{self, Bounds, Opening, Reading, Scope};
use crate::report::Report;
use crate::stand::{Block, Stand};

/// A question: which list, by which nodes, over which blocks.
#[derive(Clone, Debug)]
pub struct Audit {
    chain: Chain,
    nodes: Vec<Node>,
    list: List,
    orders: Option<Vec<Order>>,
    wallets: BTreeSet<Address>,
    tokens: BTreeSet<Address>,
    opening: Begin,
    closing: Option<u64>,
    bounds: Bounds,
}

#[derive(Clone, Debug)]
enum Begin {
    Above(u64),
    Standing(Stand),
}

impl Audit {
    /// Of this chain, by these nodes, over the wallets and tokens that the list names; from block 0 (on TRON from an opening) to the last final one.
    ///
    /// # Errors
    /// [`AuditError::NoNodes`], and [`AuditError::Node`] for an address that cannot be used.
    pub fn of(chain: impl Into<Chain>, urls: &[impl AsRef<str>], list: List) -> Result<Self, AuditError> {
        let chain = chain.into();
        let nodes = urls.iter().enumerate().map(|(at, url)| Node::at(at + 1, url.as_ref()));
        let nodes: Vec<Node> = nodes.collect::<Result<_, _>>()?;
        if nodes.is_empty() {
            return Err(AuditError::NoNodes);
        }
        let of_chain = |(of, wallet): &(Chain, Address)| (*of == chain).then_some(*wallet);
        let wallets = list.wallets.iter().filter_map(of_chain).collect();
        let tokens = list.withdrawals.values().filter(|it| it.chain == chain).map(|it| it.token).collect();
        Ok(Self {
            chain,
            nodes,
            list,
            orders: None,
            wallets,
            tokens,
            opening: Begin::Above(0),
            closing: None,
            bounds: Bounds::default(),
        })
    }

    /// Against the caller's own orders too.
    #[must_use]
    pub fn against(mut self, orders: Vec<Order>) -> Self {
        self.orders = Some(orders);
        self
    }

    /// With these wallets and tokens as well.
    #[must_use]
    pub fn with(
        mut self,
        wallets: impl IntoIterator<Item = Address>,
        tokens: impl IntoIterator<Item = Address>,
    ) -> Self {
        self.wallets.extend(wallets);
        self.tokens.extend(tokens);
        self
    }

    /// With a key of the provider of TRON nodes, which every node is shown.
    ///
    /// # Errors
    /// [`AuditError::Node`] for a key that no header can carry.
    pub fn keyed(mut self, key: &str) -> Result<Self, AuditError> {
        let nodes = self.nodes.into_iter().map(|node| node.keyed(key));
        self.nodes = nodes.collect::<Result<_, _>>()?;
        Ok(self)
    }

    /// Above this block, whose state is read from the nodes.
    #[must_use]
    pub fn above(mut self, block: u64) -> Self {
        self.opening = Begin::Above(block);
        self
    }

    /// Above the block of this standing.
    #[must_use]
    pub fn standing(mut self, opening: Stand) -> Self {
        self.opening = Begin::Standing(opening);
        self
    }

    /// Up to this block, which must be final.
    #[must_use]
    pub fn up_to(mut self, block: u64) -> Self {
        self.closing = Some(block);
        self
    }

    /// Asking so much at once, and at all.
    #[must_use]
    pub fn within(mut self, bounds: Bounds) -> Self {
        self.bounds = bounds;
        self
    }

    /// Reads the chain and judges the list.
    ///
    /// # Errors
    /// [`AuditError`], and then nothing is proven.
    pub async fn run(&self) -> Result<Report, AuditError> {
        self.check_question()?;
        let reading = match self.chain.family() {
            Family::Evm => self.reading().await?,
            Family::Tron => {
                self.check_tron().await?;
                self.reading_of_tron().await?
            }
        };
        let verdict = judge::judge(&self.list, self.orders.as_deref(), &reading)?;
        let others = self.list.withdrawals.values().filter(|it| it.chain != self.chain).count();
        Ok(Report::of(&reading, verdict, self.nodes.len(), others))
    }

    async fn reading(&self) -> Result<Reading, AuditError> {
        self.check_chains().await?;
        let closing = self.closing_block().await?;
        let opening = self.opening(closing).await?;
        let scope = Scope {
            chain: self.chain,
            wallets: self.wallets.clone(),
            tokens: self.tokens.clone(),
            opening,
            closing,
            told: self.told(),
            bounds: self.bounds,
        };
        self.read_alike(&scope).await
    }

    /// Where the wallets stand at a block: the last one of every node when none is named. What a later audit begins with.
    ///
    /// # Errors
    /// [`AuditError`].
    pub async fn stand(&self) -> Result<Stand, AuditError> {
        self.check_question()?;
        if self.chain.family() == Family::Tron {
            self.check_tron().await?;
            return Ok(self.stand_on_tron().await?.0);
        }
        self.check_chains().await?;
        let block = match self.closing {
            Some(number) => self.agreed(number).await?,
            None => {
                let mut lowest = u64::MAX;
                for node in &self.nodes {
                    lowest = lowest.min(self.tagged(node, "latest").await?.number);
                }
                self.agreed(lowest).await?
            }
        };
        let mut stands = Vec::new();
        for node in &self.nodes {
            stands.push(read::stand(node, self.chain, block, &self.wallets, &self.tokens).await?);
        }
        self.alike(stands, |one, other| {
            let differing = one.wallets.iter().find(|(wallet, held)| other.wallets.get(wallet) != Some(held));
            differing.map_or_else(String::new, |(wallet, _)| {
                format!("where {wallet} stands at block {}", block.number)
            })
        })
    }

    fn check_question(&self) -> Result<(), AuditError> {
        if self.wallets.is_empty() {
            return Err(AuditError::NoWallets);
        }
        if self.tokens.is_empty() {
            return Err(AuditError::NoTokens(self.chain));
        }
        match &self.opening {
            Begin::Standing(stand) if stand.chain != self.chain => {
                Err(AuditError::OpeningOfAnotherChain { of: stand.chain, wanted: self.chain })
            }
            _ => Ok(()),
        }
    }

    async fn check_chains(&self) -> Result<(), AuditError> {
        for node in &self.nodes {
            let id = node.ask("eth_chainId", json!([])).await?;
            let found = evm::number(&id).ok_or_else(|| node.not_understood("eth_chainId", "no number"))?;
            let found = Chain::Evm(found);
            if found != self.chain {
                let node = node.name().to_owned();
                return Err(AuditError::OtherChain { node, found, wanted: self.chain });
            }
        }
        Ok(())
    }

    /// The named block, which is final at every node; else the highest that is.
    async fn closing_block(&self) -> Result<Block, AuditError> {
        let mut lowest: Option<(Block, &Node)> = None;
        for node in &self.nodes {
            let last = self.tagged(node, "finalized").await?;
            if lowest.is_none_or(|(block, _)| last.number < block.number) {
                lowest = Some((last, node));
            }
        }
        let (last, node) = lowest.ok_or(AuditError::NoNodes)?;
        let number = self.closing.unwrap_or(last.number);
        if number > last.number {
            return Err(AuditError::NotFinal {
                block: number,
                node: node.name().to_owned(),
                last: last.number,
            });
        }
        self.agreed(number).await
    }

    async fn opening(&self, closing: Block) -> Result<Opening, AuditError> {
        let number = match &self.opening {
            Begin::Above(number) => *number,
            Begin::Standing(stand) => stand.block.number,
        };
        if number >= closing.number {
            return Err(AuditError::EmptyRange { from: number, to: closing.number });
        }
        let block = self.agreed(number).await?;
        match &self.opening {
            Begin::Above(_) => Ok(Opening::At(block)),
            Begin::Standing(stand) if stand.block == block => Ok(Opening::Known(stand.clone())),
            Begin::Standing(Stand { block: Block { number, hash }, .. }) => {
                Err(AuditError::OpeningGone { number: *number, hash: *hash })
            }
        }
    }

    async fn tagged(&self, node: &Node, tag: &'static str) -> Result<Block, AuditError> {
        let found = read::block(node, json!(tag)).await?;
        found.ok_or_else(|| AuditError::NoBlock { node: node.name().to_owned(), block: tag.to_owned() })
    }

    /// The block of this height, with the hash that every node gives it.
    async fn agreed(&self, number: u64) -> Result<Block, AuditError> {
        let mut blocks = Vec::new();
        for node in &self.nodes {
            let found = read::block(node, json!(format!("0x{number:x}"))).await?;
            let found = found.filter(|block| block.number == number);
            blocks.push(found.ok_or_else(|| AuditError::NoBlock {
                node: node.name().to_owned(),
                block: number.to_string(),
            })?);
        }
        self.alike(blocks, |one, other| {
            format!("block {number} is {} at one and {} at the other", one.hash, other.hash)
        })
    }

    async fn read_alike(&self, scope: &Scope) -> Result<Reading, AuditError> {
        let mut readings = Vec::new();
        for node in &self.nodes {
            readings.push(read::read(node, scope).await?);
        }
        self.alike(readings, differing)
    }

    /// The one answer that all nodes give.
    fn alike<T: PartialEq>(
        &self,
        answers: Vec<T>,
        what: impl FnOnce(&T, &T) -> String,
    ) -> Result<T, AuditError> {
        let mut answers = self.nodes.iter().zip(answers);
        let (first, answer) = answers.next().ok_or(AuditError::NoNodes)?;
        match answers.find(|(_, other)| *other != answer) {
            None => Ok(answer),
            Some((other, differing)) => Err(AuditError::Disagree {
                one: first.name().to_owned(),
                other: other.name().to_owned(),
                what: what(&answer, &differing),
            }),
        }
    }

    /// The transactions that are looked up wherever they are: what is told to have paid, and whatever was signed for what is
    /// told to be dead.
    fn told(&self) -> BTreeSet<Hash> {
        let mut told = BTreeSet::new();
        for it in self.list.withdrawals.values().filter(|it| it.chain == self.chain) {
            told.extend(it.txid);
            if it.claim() == Claim::Dead {
                told.extend(&it.txids);
            }
        }
        told
    }
}

/// In what two readings differ.
fn differing(one: &Reading, other: &Reading) -> String {
    let parts = [
        ("where the wallets stood before the range", one.opening == other.opening),
        ("where the wallets stand at its end", one.closing == other.closing),
        ("the decimals of a token", one.decimals == other.decimals),
        ("the transfer logs", one.transfers == other.transfers),
        ("the transactions of the wallets", one.sent == other.sent),
        ("the coin that came in", one.received == other.received),
        ("the transactions that the list names", one.elsewhere == other.elsewhere),
        ("the blocks in which they would have been", one.absent == other.absent),
    ];
    let differing: Vec<&str> = parts.into_iter().filter(|(_, same)| !same).map(|(what, _)| what).collect();
    differing.join(", ")
}
