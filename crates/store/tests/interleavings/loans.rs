//! Loans of the pool that are charged against the same credit.

use sluice_core::address::TronAddress;
use sluice_core::energy::credit::Billing;
use sluice_core::port::store::Change;

use super::intake::apply;
use super::pair::{Act, Pair};
use crate::energy_pool::{adopted_at, asked_named, scene_on};
use crate::world::World;

pub const PAIRS: &[Pair] = &[Pair {
    name: "two loans on account for the last of a bound",
    over: |it| {
        Box::pin(async move {
            let pool = adopted_at(&it, it.partner.id, fresh(&it)).await;
            let mut acts = vec![];
            for name in ["one", "other"] {
                let lane = adopted_at(&it, it.partner.id, fresh(&it)).await;
                let scene = scene_on(&it, &pool, lane).await;
                // Each costs 2,112,500 sun: one fits, and both do not.
                let bound = Billing::OnAccount { owed_max_sun: 4_224_999 };
                let (loan, intake) = asked_named(&it, &scene, bound, name.into());
                acts.push(apply(Change { loans: vec![loan], errands: vec![intake], ..it.change() }));
            }
            let [one, other]: [Act; 2] = acts.try_into().ok().unwrap();
            (one, other)
        })
    },
    say: &[
        ("Applied", "Refused(\"energy_owed_is_bounded\")"),
        ("Refused(\"energy_owed_is_bounded\")", "Applied"),
    ],
}];

/// An address that no other tenant of this database has.
fn fresh(it: &World) -> TronAddress {
    let id = it.ulid().to_string();
    TronAddress(id.as_bytes()[6..].try_into().unwrap())
}
