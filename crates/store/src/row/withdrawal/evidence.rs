//! What a withdrawal's state needs beyond its columns, version 1.

use serde::{Deserialize, Serialize};
use sluice_core::chain::BlockRef;
use sluice_core::id::{ProofId, TransferId, WalletId};
use sluice_core::time::Timestamp;
use sluice_core::withdrawal::State;
use sluice_core::withdrawal::{self as core};

use crate::row::cells::hash;
use crate::row::version::V;

/// The facts of a state that are columns, and only columns.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Links {
    pub(crate) transfer: Option<TransferId>,
    pub(crate) wallet: Option<WalletId>,
    pub(crate) proof: Option<ProofId>,
    pub(crate) not_before: Option<Timestamp>,
    pub(crate) expires_at: Option<Timestamp>,
    pub(crate) ended_at: Option<Timestamp>,
}

/// A block inside evidence.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Block {
    number: u64,
    hash: String,
}

impl Block {
    pub(crate) fn of(block: &BlockRef) -> Self {
        Self { number: block.number, hash: hex::encode(block.hash) }
    }

    pub(crate) fn read(&self) -> Result<BlockRef, String> {
        Ok(BlockRef { number: self.number, hash: hash(&self.hash).map_err(|error| error.to_string())? })
    }
}

/// The transfer that had the slot before, inside evidence.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Before {
    transfer: String,
    wallet: String,
}

impl Before {
    fn read(&self) -> Result<(TransferId, WalletId), String> {
        let transfer = TransferId::parse(&self.transfer).map_err(|_| "last.transfer is no id".to_owned())?;
        let wallet = WalletId::parse(&self.wallet).map_err(|_| "last.wallet is no id".to_owned())?;
        Ok((transfer, wallet))
    }
}

macro_rules! shapes {
    ($($(#[$doc:meta])* $name:ident { $($field:ident: $type:ty,)* })*) => {$(
        $(#[$doc])*
        #[derive(Serialize, Deserialize)]
        #[serde(deny_unknown_fields)]
        struct $name { v: V<1>, $($field: $type,)* }
    )*};
}

shapes! {
    Requested {}
    Held { code: String, since: i64, }
    Approved { decision: String, at: i64, }
    Queued { decision: String, why: String, since: i64, }
    Assigned { decision: String, since: i64, last: Option<Before>, }
    Paid { decision: Option<String>, txid: String, block: Block, }
    NeedsAttention { decision: Option<String>, code: String, since: i64, slots_dead: bool, }
    Ended { code: String, }
}

/// Evidence as text, and what belongs into columns.
pub(crate) fn write(state: &State) -> Result<(String, Links), serde_json::Error> {
    let none = Links::default();
    let ended = |ended: &core::Ended| {
        let links = Links { proof: ended.proof, ended_at: Some(ended.at), ..none };
        serde_json::to_string(&Ended { v: V, code: ended.code.clone() }).map(|text| (text, links))
    };
    match state {
        State::Requested => Ok((serde_json::to_string(&Requested { v: V })?, none)),
        State::Held(held) => {
            let text =
                serde_json::to_string(&Held { v: V, code: held.code.clone(), since: held.since.micros() })?;
            Ok((text, Links { expires_at: Some(held.expires_at), ..none }))
        }
        State::Approved(approved) => {
            let shape = Approved { v: V, decision: approved.decision.clone(), at: approved.at.micros() };
            Ok((serde_json::to_string(&shape)?, none))
        }
        State::Queued(queued) => {
            let (decision, why) = (queued.decision.clone(), queued.why.clone());
            let text = serde_json::to_string(&Queued { v: V, decision, why, since: queued.since.micros() })?;
            let (transfer, wallet) = queued.last.unzip();
            Ok((text, Links { transfer, wallet, not_before: Some(queued.not_before), ..none }))
        }
        State::Assigned(assigned) => {
            let last = assigned.last.map(|(transfer, wallet)| Before {
                transfer: transfer.to_string(),
                wallet: wallet.to_string(),
            });
            let shape =
                Assigned { v: V, decision: assigned.decision.clone(), since: assigned.since.micros(), last };
            let links = Links { transfer: Some(assigned.transfer), wallet: Some(assigned.wallet), ..none };
            Ok((serde_json::to_string(&shape)?, links))
        }
        State::Paid(paid) => {
            let (decision, txid) = (paid.decision.clone(), hex::encode(paid.txid));
            let text = serde_json::to_string(&Paid { v: V, decision, txid, block: Block::of(&paid.block) })?;
            let (transfer, wallet) = paid.by.unzip();
            Ok((text, Links { transfer, wallet, proof: Some(paid.proof), ended_at: Some(paid.at), ..none }))
        }
        State::NeedsAttention(attention) => {
            let shape = NeedsAttention {
                v: V,
                decision: attention.decision.clone(),
                code: attention.code.as_str().to_owned(),
                since: attention.since.micros(),
                slots_dead: attention.slots_dead,
            };
            let (transfer, wallet) = attention.last.unzip();
            Ok((serde_json::to_string(&shape)?, Links { transfer, wallet, ..none }))
        }
        State::Rejected(end) | State::Cancelled(end) | State::Failed(end) => ended(end),
    }
}

/// The state from its name, its evidence and its columns; or why it does not read.
pub(crate) fn read(name: &str, text: &str, links: &Links) -> Result<State, String> {
    fn parse<'t, T: Deserialize<'t>>(text: &'t str) -> Result<T, String> {
        serde_json::from_str(text).map_err(|error| format!("evidence: {error}"))
    }
    fn need<T>(column: &str, value: Option<T>) -> Result<T, String> {
        value.ok_or_else(|| format!("column {column} is null"))
    }
    let at = Timestamp::from_micros;
    let pair = links.transfer.zip(links.wallet);
    let ended = || -> Result<core::Ended, String> {
        let shape: Ended = parse(text)?;
        Ok(core::Ended { code: shape.code, proof: links.proof, at: need("ended_at", links.ended_at)? })
    };
    Ok(match name {
        "requested" => {
            let _shape: Requested = parse(text)?;
            State::Requested
        }
        "held" => {
            let shape: Held = parse(text)?;
            let expires_at = need("expires_at", links.expires_at)?;
            State::Held(core::Held { code: shape.code, since: at(shape.since), expires_at })
        }
        "approved" => {
            let shape: Approved = parse(text)?;
            State::Approved(core::Approved { decision: shape.decision, at: at(shape.at) })
        }
        "queued" => {
            let Queued { decision, why, since, .. } = parse(text)?;
            let not_before = need("not_before", links.not_before)?;
            State::Queued(core::Queued { decision, why, last: pair, since: at(since), not_before })
        }
        "assigned" => {
            let Assigned { decision, since, last, .. } = parse(text)?;
            let (transfer, wallet) = need("transfer_id", pair)?;
            let last = last.map(|last| last.read()).transpose()?;
            State::Assigned(core::Assigned { decision, transfer, wallet, last, since: at(since) })
        }
        "paid" => {
            let shape: Paid = parse(text)?;
            State::Paid(core::Paid {
                decision: shape.decision,
                by: pair,
                proof: need("proof_id", links.proof)?,
                txid: hash(&shape.txid).map_err(|error| error.to_string())?,
                block: shape.block.read()?,
                at: need("ended_at", links.ended_at)?,
            })
        }
        "needs_attention" => {
            let NeedsAttention { decision, code, since, slots_dead, .. } = parse(text)?;
            let code = core::AttentionCode::parse(&code).ok_or_else(|| format!("attention {code:?}"))?;
            State::NeedsAttention(core::NeedsAttention {
                decision,
                code,
                since: at(since),
                last: pair,
                slots_dead,
            })
        }
        "rejected" => State::Rejected(ended()?),
        "cancelled" => State::Cancelled(ended()?),
        "failed" => State::Failed(ended()?),
        other => return Err(format!("state {other:?}")),
    })
}
