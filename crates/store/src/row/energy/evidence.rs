//! What an order's state needs beyond its columns, version 1.

use serde::{Deserialize, Serialize};
use sluice_core::address::TronAddress;
use sluice_core::amount::Cost;
use sluice_core::energy::{Arrival, Asked, Bought, Doubt, State};
use sluice_core::port::market::{ProviderId, Rejection};
use sluice_core::time::Timestamp;

use crate::row::Unread;
use crate::row::cells::{Cells, hash};
use crate::row::version::V;
use crate::row::withdrawal::evidence::Block;

#[derive(Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Shape {
    v: V<1>,
    /// Why it was refused, is unknown, or is unresolved.
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    arrival: Option<ArrivalShape>,
    /// What came back, or was lost; what a vendor said that it takes for what came, while the cost is not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    sun: Option<String>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ArrivalShape {
    receiver: String,
    energy: String,
    txids: Vec<String>,
    block: Block,
    block_at: i64,
}

impl ArrivalShape {
    fn of(arrival: &Arrival) -> Self {
        Self {
            receiver: arrival.receiver().to_string(),
            energy: arrival.energy().to_string(),
            txids: arrival.txids().iter().map(hex::encode).collect(),
            block: Block::of(&arrival.block()),
            block_at: arrival.block_at().micros(),
        }
    }

    #[expect(clippy::disallowed_methods, reason = "a row of the store is what the door is for")]
    fn read(&self) -> Result<Arrival, String> {
        let receiver = TronAddress::parse(&self.receiver).map_err(|error| error.to_string())?;
        let energy = self.energy.parse().map_err(|_| "energy is no number".to_owned())?;
        let txids: Result<Vec<_>, _> = self.txids.iter().map(|text| hash(text)).collect();
        let txids = txids.map_err(|error| error.to_string())?;
        let at = Timestamp::from_micros(self.block_at);
        Ok(Arrival::on_chain(receiver, energy, txids, self.block.read()?, at))
    }
}

/// Evidence as text.
pub(super) fn write(state: &State) -> Result<String, serde_json::Error> {
    let sun = |cost: &Cost| Some(cost.0.to_string());
    let shape = match state {
        State::Planned | State::Dropped | State::Asked(_) | State::Accepted(_) | State::Failed(_) => {
            Shape::default()
        }
        State::Absent(_) => Shape::default(),
        State::Refused { why, .. } => Shape { why: Some(why.as_str().to_owned()), ..Shape::default() },
        State::Unknown { why, .. } => Shape { why: Some(why.clone()), ..Shape::default() },
        State::Delivered { arrival, said_sun, .. } | State::Short { arrival, said_sun, .. } => {
            let sun = said_sun.as_ref().and_then(sun);
            Shape { arrival: Some(ArrivalShape::of(arrival)), sun, ..Shape::default() }
        }
        State::Refunded { refunded_sun, .. } => Shape { sun: sun(refunded_sun), ..Shape::default() },
        State::Unresolved { doubt, .. } => {
            Shape { why: Some(doubt_name(*doubt).to_owned()), ..Shape::default() }
        }
        State::Lost { lost_sun, .. } => Shape { sun: sun(lost_sun), ..Shape::default() },
    };
    serde_json::to_string(&shape)
}

/// The state from its columns and its evidence.
pub(super) fn read(cells: &Cells<'_>) -> Result<State, Unread> {
    let shape: Shape = cells.json("evidence")?;
    let missing = |what: &str| cells.unread(format!("evidence has no {what}"));
    let asked = || -> Result<Asked, Unread> {
        Ok(Asked { at: cells.at("asked_at")?, times: cells.number("times")? })
    };
    let bought = || -> Result<Bought, Unread> {
        Ok(Bought {
            asked: asked()?,
            provider_id: cells.opt_parsed("provider_id", ProviderId::parse)?,
            charged_sun: cells.opt_number("charged_sun")?.map(Cost),
        })
    };
    let why = || shape.why.clone().ok_or_else(|| missing("reason"));
    let arrival = || -> Result<Arrival, Unread> {
        let arrival = shape.arrival.as_ref().ok_or_else(|| missing("arrival"))?;
        arrival.read().map_err(|why| cells.unread(why))
    };
    let said = || -> Result<Option<Cost>, Unread> {
        let sun = shape.sun.as_ref().map(|sun| sun.parse().map(Cost));
        sun.transpose().map_err(|error| cells.unread(error))
    };
    let sun = || said()?.ok_or_else(|| missing("sun"));
    Ok(match cells.text("state")? {
        "planned" => State::Planned,
        "dropped" => State::Dropped,
        "asked" => State::Asked(asked()?),
        "refused" => {
            let why = Rejection::parse(&why()?).ok_or_else(|| missing("known reason"))?;
            State::Refused { asked: asked()?, why }
        }
        "unknown" => State::Unknown { bought: bought()?, why: why()? },
        "accepted" => State::Accepted(bought()?),
        "delivered" => State::Delivered { bought: bought()?, arrival: arrival()?, said_sun: said()? },
        "short" => State::Short { bought: bought()?, arrival: arrival()?, said_sun: said()? },
        "failed" => State::Failed(bought()?),
        "refunded" => State::Refunded { bought: bought()?, refunded_sun: sun()? },
        "unresolved" => {
            let doubt = doubt_of(&why()?).ok_or_else(|| missing("known doubt"))?;
            State::Unresolved { bought: bought()?, doubt }
        }
        "absent" => State::Absent(asked()?),
        "lost" => State::Lost { bought: bought()?, lost_sun: sun()? },
        other => return Err(cells.unread(format!("state {other:?}"))),
    })
}

const fn doubt_name(doubt: Doubt) -> &'static str {
    match doubt {
        Doubt::NoAnswer => "no_answer",
        Doubt::NotDelivered => "not_delivered",
    }
}

fn doubt_of(name: &str) -> Option<Doubt> {
    [Doubt::NoAnswer, Doubt::NotDelivered].into_iter().find(|doubt| doubt_name(*doubt) == name)
}
