//! What a transfer's state needs beyond its columns, version 1.

use serde::{Deserialize, Serialize};
use sluice_core::amount::Cost;
use sluice_core::chain::BlockRef;
use sluice_core::id::{AttemptId, EnergyNeedId, ProofId};
use sluice_core::receipt::Estimate;
use sluice_core::slot::Slot;
use sluice_core::time::Timestamp;
use sluice_core::transfer::{self as core, State};

use crate::row::proof::{InclusionShape, StrangerShape};
use crate::row::version::V;
use crate::row::withdrawal::evidence::Block;

/// The facts of a state that are columns, and only columns.
#[derive(Clone, Debug, Default)]
pub(crate) struct Links {
    pub(crate) asked: bool,
    pub(crate) slot: Option<Slot>,
    pub(crate) block: Option<BlockRef>,
    pub(crate) proof: Option<ProofId>,
}

macro_rules! shapes {
    ($($name:ident { $($(#[$as:meta])* $field:ident: $type:ty,)* })*) => {$(
        #[derive(Serialize, Deserialize)]
        #[serde(deny_unknown_fields)]
        struct $name { $($(#[$as])* $field: $type,)* }
    )*};
}

shapes! {
    Planned { v: V<1>, }
    Funded { v: V<1>, balance_at: Block, }
    Fuelling { v: V<1>, balance_at: Block, order: String, }
    Fuelled { v: V<1>, fuelled: FuelledShape, }
    Built { v: V<1>, fuelled: FuelledShape, mode: ModeShape, attempt: String, }
    BuiltShape { fuelled: FuelledShape, mode: ModeShape, attempt: String, asked: bool, }
    Signed { v: V<1>, signed: SignedShape, }
    Seen { v: V<1>, signed: SignedShape, inclusion: InclusionShape, }
    Final { v: V<1>, signed: SignedShape, inclusion: Option<InclusionShape>, stranger: Option<StrangerShape>, at: i64, }
    Expired { v: V<1>, expired: SignedShape, at: i64, }
    Buried { v: V<1>, buried: BuiltShape, at: i64, }
    Dropped { v: V<1>, code: String, }

    FuelledShape {
        balance_at: Block,
        gas_limit: String,
        gas_budget: String,
        #[serde(skip_serializing_if = "Option::is_none")]
        estimate: Option<EstimateShape>,
    }
    EstimateShape {
        energy: String,
        lent: String,
        burns_sun: String,
        burning_sun: String,
        need: Option<String>,
    }
    SignedShape {
        fuelled: FuelledShape,
        mode: ModeShape,
        attempt: String,
        pending: Option<String>,
        sent_at_height: u64,
        first_signed_at: i64,
        taken_by: Option<StrangerShape>,
    }
}

#[derive(Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
enum ModeShape {
    Pay,
    Void { code: String, races: bool },
}

/// Evidence as text, and what belongs into columns.
pub(crate) fn write(state: &State) -> Result<(String, Links), serde_json::Error> {
    let none = Links::default();
    Ok(match state {
        State::Planned => (serde_json::to_string(&Planned { v: V })?, none),
        State::Funded(funded) => {
            (serde_json::to_string(&Funded { v: V, balance_at: Block::of(&funded.balance_at) })?, none)
        }
        State::Fuelling(fuelling) => {
            let balance_at = Block::of(&fuelling.funded.balance_at);
            (serde_json::to_string(&Fuelling { v: V, balance_at, order: fuelling.order.clone() })?, none)
        }
        State::Fuelled(fuelled) => {
            (serde_json::to_string(&Fuelled { v: V, fuelled: FuelledShape::of(fuelled) })?, none)
        }
        State::Built(built) => {
            let shape = Built {
                v: V,
                fuelled: FuelledShape::of(&built.fuelled),
                mode: ModeShape::of(&built.mode),
                attempt: built.attempt.to_string(),
            };
            let links = Links { asked: built.asked, slot: Some(built.slot.clone()), ..none };
            (serde_json::to_string(&shape)?, links)
        }
        State::Signed(signed) => {
            let links = Links { asked: signed.is_handed_out(), slot: Some(signed.slot.clone()), ..none };
            (serde_json::to_string(&Signed { v: V, signed: SignedShape::of(signed) })?, links)
        }
        State::Seen(seen) => {
            let inclusion = InclusionShape::of(&seen.inclusion);
            let shape = Seen { v: V, signed: SignedShape::of(&seen.signed), inclusion };
            let (slot, block) = (Some(seen.signed.slot.clone()), Some(seen.inclusion.block));
            (serde_json::to_string(&shape)?, Links { slot, block, ..none })
        }
        State::Final(ended) => {
            let (slot, block) = (Some(ended.last.slot().clone()), Some(ended.end.block()));
            (ended_text(ended)?, Links { slot, block, proof: Some(ended.proof), ..none })
        }
        State::Dropped { code } => (serde_json::to_string(&Dropped { v: V, code: code.clone() })?, none),
    })
}

/// The state from its name, its evidence and its columns; or why it does not read.
pub(crate) fn read(name: &str, text: &str, links: &Links) -> Result<State, String> {
    fn parse<'t, T: Deserialize<'t>>(text: &'t str) -> Result<T, String> {
        serde_json::from_str(text).map_err(|error| format!("evidence: {error}"))
    }
    let slot = || links.slot.clone().ok_or("column slot is null");
    let block = || links.block.ok_or("column block_number is null");
    Ok(match name {
        "planned" => {
            let _shape: Planned = parse(text)?;
            State::Planned
        }
        "funded" => State::Funded(core::Funded { balance_at: parse::<Funded>(text)?.balance_at.read()? }),
        "fuelling" => {
            let shape: Fuelling = parse(text)?;
            let funded = core::Funded { balance_at: shape.balance_at.read()? };
            State::Fuelling(core::Fuelling { funded, order: shape.order })
        }
        "fuelled" => State::Fuelled(parse::<Fuelled>(text)?.fuelled.read()?),
        "built" => {
            let shape: Built = parse(text)?;
            State::Built(core::Built {
                fuelled: shape.fuelled.read()?,
                slot: slot()?,
                mode: shape.mode.read(),
                attempt: attempt(&shape.attempt)?,
                asked: links.asked,
            })
        }
        "signed" => State::Signed(parse::<Signed>(text)?.signed.read(slot()?)?),
        "seen" => {
            let shape: Seen = parse(text)?;
            let inclusion = shape.inclusion.read(block()?)?;
            State::Seen(core::Seen { signed: shape.signed.read(slot()?)?, inclusion })
        }
        "final" => {
            let (slot, block) = (slot()?, block()?);
            let (last, end, at) = match parse(text)? {
                EndShape::Settled(shape) => {
                    let end = match (shape.inclusion, shape.stranger) {
                        (Some(inclusion), None) => core::End::Included(inclusion.read(block)?),
                        (None, Some(stranger)) => core::End::Taken(stranger.read()?),
                        (Some(_), Some(_)) | (None, None) => return Err("not exactly one end".into()),
                    };
                    (core::Last::Signed(shape.signed.read(slot)?), end, shape.at)
                }
                EndShape::Expired(shape) => {
                    (core::Last::Signed(shape.expired.read(slot)?), core::End::Expired(block), shape.at)
                }
                EndShape::Buried(shape) => {
                    (core::Last::Built(shape.buried.read(slot)?), core::End::NeverSigned(block), shape.at)
                }
            };
            let proof = links.proof.ok_or("column proof_id is null")?;
            State::Final(core::Ended { last, proof, end, at: Timestamp::from_micros(at) })
        }
        "dropped" => State::Dropped { code: parse::<Dropped>(text)?.code },
        other => return Err(format!("state {other:?}")),
    })
}

/// The ends there are; which one, is told by the members.
#[derive(Deserialize)]
#[serde(untagged)]
enum EndShape {
    Settled(Final),
    Expired(Expired),
    Buried(Buried),
}

fn ended_text(ended: &core::Ended) -> Result<String, serde_json::Error> {
    let at = ended.at.micros();
    let settled = |signed, inclusion, stranger| {
        let signed = SignedShape::of(signed);
        serde_json::to_string(&Final { v: V, signed, inclusion, stranger, at })
    };
    match (&ended.last, &ended.end) {
        (core::Last::Built(built), _) => {
            serde_json::to_string(&Buried { v: V, buried: BuiltShape::of(built), at })
        }
        (core::Last::Signed(signed), core::End::Included(inclusion)) => {
            settled(signed, Some(InclusionShape::of(inclusion)), None)
        }
        (core::Last::Signed(signed), core::End::Taken(stranger)) => {
            settled(signed, None, Some(StrangerShape::of(stranger)))
        }
        (core::Last::Signed(signed), core::End::Expired(_) | core::End::NeverSigned(_)) => {
            serde_json::to_string(&Expired { v: V, expired: SignedShape::of(signed), at })
        }
    }
}

fn attempt(text: &str) -> Result<AttemptId, String> {
    AttemptId::parse(text).map_err(|error| error.to_string())
}

impl ModeShape {
    fn of(mode: &core::Mode) -> Self {
        match mode {
            core::Mode::Pay => Self::Pay,
            core::Mode::Void { code, races } => Self::Void { code: code.clone(), races: *races },
        }
    }

    fn read(self) -> core::Mode {
        match self {
            Self::Pay => core::Mode::Pay,
            Self::Void { code, races } => core::Mode::Void { code, races },
        }
    }
}

impl FuelledShape {
    fn of(fuelled: &core::Fuelled) -> Self {
        Self {
            balance_at: Block::of(&fuelled.funded.balance_at),
            gas_limit: fuelled.gas_limit.to_string(),
            gas_budget: fuelled.gas_budget.to_string(),
            estimate: fuelled.estimate.as_deref().map(EstimateShape::of),
        }
    }

    fn read(&self) -> Result<core::Fuelled, String> {
        Ok(core::Fuelled {
            funded: core::Funded { balance_at: self.balance_at.read()? },
            gas_limit: self.gas_limit.parse().map_err(|_| "gas_limit is no number")?,
            gas_budget: Cost(self.gas_budget.parse().map_err(|_| "gas_budget is no number")?),
            estimate: self.estimate.as_ref().map(EstimateShape::read).transpose()?.map(Box::new),
        })
    }
}

impl EstimateShape {
    fn of(estimate: &Estimate) -> Self {
        Self {
            energy: estimate.energy.to_string(),
            lent: estimate.lent.to_string(),
            burns_sun: estimate.burns_sun.to_string(),
            burning_sun: estimate.burning_sun.to_string(),
            need: estimate.need.map(|need| need.to_string()),
        }
    }

    fn read(&self) -> Result<Estimate, String> {
        let number =
            |text: &str| text.parse().map_err(|_| "a figure of the estimate is no number".to_owned());
        let sun =
            |text: &str| text.parse().map(Cost).map_err(|_| "a sum of the estimate is no number".to_owned());
        let need = self.need.as_deref().map(EnergyNeedId::parse).transpose();
        Ok(Estimate {
            energy: number(&self.energy)?,
            lent: number(&self.lent)?,
            burns_sun: sun(&self.burns_sun)?,
            burning_sun: sun(&self.burning_sun)?,
            need: need.map_err(|error| error.to_string())?,
        })
    }
}

impl BuiltShape {
    fn of(built: &core::Built) -> Self {
        Self {
            fuelled: FuelledShape::of(&built.fuelled),
            mode: ModeShape::of(&built.mode),
            attempt: built.attempt.to_string(),
            asked: built.asked,
        }
    }

    fn read(self, slot: Slot) -> Result<core::Built, String> {
        Ok(core::Built {
            fuelled: self.fuelled.read()?,
            slot,
            mode: self.mode.read(),
            attempt: attempt(&self.attempt)?,
            asked: self.asked,
        })
    }
}

impl SignedShape {
    fn of(signed: &core::Signed) -> Self {
        Self {
            fuelled: FuelledShape::of(&signed.fuelled),
            mode: ModeShape::of(&signed.mode),
            attempt: signed.attempt.to_string(),
            pending: signed.pending.map(|id| id.to_string()),
            sent_at_height: signed.sent_at_height,
            first_signed_at: signed.first_signed_at.micros(),
            taken_by: signed.taken_by.as_ref().map(StrangerShape::of),
        }
    }

    fn read(self, slot: Slot) -> Result<core::Signed, String> {
        Ok(core::Signed {
            fuelled: self.fuelled.read()?,
            slot,
            mode: self.mode.read(),
            attempt: attempt(&self.attempt)?,
            pending: self.pending.as_deref().map(attempt).transpose()?,
            sent_at_height: self.sent_at_height,
            first_signed_at: Timestamp::from_micros(self.first_signed_at),
            taken_by: self.taken_by.map(|stranger| stranger.read()).transpose()?,
        })
    }
}
