//! Proofs.

use serde::{Deserialize, Serialize};
use sluice_core::amount::{Amount, Cost};
use sluice_core::chain::BlockRef;
use sluice_core::id::{AttemptId, PartnerId, ProofId, TransferId};
use sluice_core::proof::{Death, DeathKind, Effect, Inclusion, Proof, Stranger, Verdict};

use super::Unread;
use super::cells::{Cells, big, hash};
use super::table::Table;
use super::version::V;
use super::withdrawal::evidence::Block;
use crate::sql::Row;

pub(crate) const TABLE: Table = Table {
    name: "proof",
    texts: &["id", "partner_id", "transfer_id", "verdict", "evidence", "head_hash"],
    ints: &["head_number", "single_source", "at"],
    blobs: &[],
};

/// A row of `proof`.
#[derive(Debug, Serialize)]
pub(crate) struct ProofRow {
    id: String,
    partner_id: String,
    transfer_id: Option<String>,
    verdict: &'static str,
    evidence: String,
    head_number: Option<i64>,
    head_hash: Option<String>,
    single_source: u32,
    at: i64,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Shape {
    v: V<1>,
    operators: Vec<String>,
    found: Found,
}

#[derive(Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
enum Found {
    Paid { inclusion: InclusionShape, block: Block },
    VoidFinal { inclusion: InclusionShape, block: Block },
    RevertedFinal { inclusion: InclusionShape, block: Block },
    Foreign { stranger: StrangerShape },
    Mismatched { inclusion: InclusionShape, block: Block },
    NeverSigned { journal_seq: String },
    AuthorizationExpired { valid_before: i64, final_time: i64 },
    VaultItemDead { carriers: Vec<String> },
    TronExpired { from: u64, to: u64 },
    PaidElsewhere { txid: String, block: Block, log_index: u64 },
}

/// An inclusion without its block, which is a column or a member beside it.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct InclusionShape {
    attempt: String,
    txid: String,
    effect: EffectShape,
    cost: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    returned: Option<String>,
}

#[derive(Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
enum EffectShape {
    Paid { log_index: u64 },
    Reverted,
    OutOfEnergy,
    Voided,
    Mismatch,
}

impl InclusionShape {
    pub(crate) fn of(inclusion: &Inclusion) -> Self {
        Self {
            attempt: inclusion.attempt.to_string(),
            txid: hex::encode(inclusion.txid),
            effect: match inclusion.effect {
                Effect::Paid { log_index } => EffectShape::Paid { log_index },
                Effect::Reverted => EffectShape::Reverted,
                Effect::OutOfEnergy => EffectShape::OutOfEnergy,
                Effect::Voided => EffectShape::Voided,
                Effect::Mismatch => EffectShape::Mismatch,
            },
            cost: inclusion.cost.to_string(),
            returned: (inclusion.returned != Amount::ZERO).then(|| inclusion.returned.atoms().to_string()),
        }
    }

    pub(crate) fn read(&self, block: BlockRef) -> Result<Inclusion, String> {
        Ok(Inclusion {
            attempt: AttemptId::parse(&self.attempt).map_err(|error| error.to_string())?,
            txid: hash(&self.txid).map_err(|error| error.to_string())?,
            block,
            effect: match self.effect {
                EffectShape::Paid { log_index } => Effect::Paid { log_index },
                EffectShape::Reverted => Effect::Reverted,
                EffectShape::OutOfEnergy => Effect::OutOfEnergy,
                EffectShape::Voided => Effect::Voided,
                EffectShape::Mismatch => Effect::Mismatch,
            },
            cost: Cost(self.cost.parse().map_err(|_| "cost is no number")?),
            returned: match &self.returned {
                None => Amount::ZERO,
                Some(atoms) => {
                    let atoms = atoms.parse().ok().and_then(Amount::from_atoms);
                    atoms.ok_or("what came back is no amount")?
                }
            },
        })
    }
}

/// A transaction in one of our slots that is none of ours.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct StrangerShape {
    txid: String,
    block: Block,
}

impl StrangerShape {
    pub(crate) fn of(stranger: &Stranger) -> Self {
        Self { txid: hex::encode(stranger.txid), block: Block::of(&stranger.block) }
    }

    pub(crate) fn read(&self) -> Result<Stranger, String> {
        let txid = hash(&self.txid).map_err(|error| error.to_string())?;
        Ok(Stranger { txid, block: self.block.read()? })
    }
}

impl ProofRow {
    pub(crate) fn of(proof: &Proof) -> Result<Self, serde_json::Error> {
        let with_block = |inclusion: &Inclusion| (InclusionShape::of(inclusion), Block::of(&inclusion.block));
        let (verdict, found) = match proof.verdict() {
            Verdict::Paid(inclusion) => {
                let (inclusion, block) = with_block(inclusion);
                ("paid", Found::Paid { inclusion, block })
            }
            Verdict::Dead(death) => ("dead", death_of(death.kind())),
            Verdict::PaidElsewhere { txid, block, log_index } => (
                "paid_elsewhere",
                Found::PaidElsewhere {
                    txid: hex::encode(txid),
                    block: Block::of(block),
                    log_index: *log_index,
                },
            ),
        };
        let shape = Shape { v: V, operators: proof.operators().to_vec(), found };
        Ok(Self {
            id: proof.id().to_string(),
            partner_id: proof.partner().to_string(),
            transfer_id: proof.transfer().map(|id| id.to_string()),
            verdict,
            evidence: serde_json::to_string(&shape)?,
            head_number: proof.head().map(|head| big(head.number)),
            head_hash: proof.head().map(|head| hex::encode(head.hash)),
            single_source: u32::from(proof.single_source()),
            at: proof.at().micros(),
        })
    }
}

fn death_of(kind: &DeathKind) -> Found {
    match kind {
        DeathKind::VoidFinal(it) => {
            Found::VoidFinal { inclusion: InclusionShape::of(it), block: Block::of(&it.block) }
        }
        DeathKind::RevertedFinal(it) => {
            Found::RevertedFinal { inclusion: InclusionShape::of(it), block: Block::of(&it.block) }
        }
        DeathKind::Foreign(stranger) => Found::Foreign { stranger: StrangerShape::of(stranger) },
        DeathKind::Mismatched(it) => {
            Found::Mismatched { inclusion: InclusionShape::of(it), block: Block::of(&it.block) }
        }
        DeathKind::NeverSigned { journal_seq } => Found::NeverSigned { journal_seq: journal_seq.to_string() },
        DeathKind::AuthorizationExpired { valid_before, final_time } => {
            Found::AuthorizationExpired { valid_before: *valid_before, final_time: *final_time }
        }
        DeathKind::VaultItemDead { carriers } => {
            Found::VaultItemDead { carriers: carriers.iter().map(ToString::to_string).collect() }
        }
        DeathKind::TronExpired { from, to } => Found::TronExpired { from: *from, to: *to },
    }
}

fn verdict(found: Found) -> Result<Verdict, String> {
    #[expect(clippy::disallowed_methods, reason = "reads back a death that was proved before it was stored")]
    let dead = |kind| Verdict::Dead(Death::restored(kind));
    Ok(match found {
        Found::Paid { inclusion, block } => Verdict::Paid(inclusion.read(block.read()?)?),
        Found::VoidFinal { inclusion, block } => dead(DeathKind::VoidFinal(inclusion.read(block.read()?)?)),
        Found::RevertedFinal { inclusion, block } => {
            dead(DeathKind::RevertedFinal(inclusion.read(block.read()?)?))
        }
        Found::Foreign { stranger } => dead(DeathKind::Foreign(stranger.read()?)),
        Found::Mismatched { inclusion, block } => dead(DeathKind::Mismatched(inclusion.read(block.read()?)?)),
        Found::NeverSigned { journal_seq } => dead(DeathKind::NeverSigned {
            journal_seq: journal_seq.parse().map_err(|_| "journal_seq is no number")?,
        }),
        Found::AuthorizationExpired { valid_before, final_time } => {
            dead(DeathKind::AuthorizationExpired { valid_before, final_time })
        }
        Found::VaultItemDead { carriers } => {
            let carriers = carriers.iter().map(|id| ProofId::parse(id).map_err(|error| error.to_string()));
            dead(DeathKind::VaultItemDead { carriers: carriers.collect::<Result<_, _>>()? })
        }
        Found::TronExpired { from, to } => dead(DeathKind::TronExpired { from, to }),
        Found::PaidElsewhere { txid, block, log_index } => {
            let txid = hash(&txid).map_err(|error| error.to_string())?;
            Verdict::PaidElsewhere { txid, block: block.read()?, log_index }
        }
    })
}

/// From a row of `proof`.
///
/// # Errors
/// [`Unread`].
pub fn read(row: &Row) -> Result<Proof, Unread> {
    let cells = Cells::of("proof", "id", row);
    let shape: Shape = cells.json("evidence")?;
    #[expect(clippy::disallowed_methods, reason = "reads back a proof that was made before it was stored")]
    let proof = Proof::restored(
        cells.parsed("id", ProofId::parse)?,
        cells.parsed("partner_id", PartnerId::parse)?,
        cells.opt_parsed("transfer_id", TransferId::parse)?,
        verdict(shape.found).map_err(|why| cells.unread(why))?,
        cells.opt_block("head_number", "head_hash")?,
        shape.operators,
        cells.at("at")?,
    );
    Ok(proof)
}
