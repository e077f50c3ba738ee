//! `POST /v1/lanes/{id}/adopt`: explains a transaction of the lane's wallet that no attempt of ours explains. It must be
//! final; what left is booked, once two persons say the same of it. The lane's state stays: unfreezing is another order.

use sluice_api::lane::{AdoptTransaction, AdoptionType};
use sluice_core::adoption::Kind;
use sluice_core::command;
use sluice_flow::operator::explain;

use crate::call::{Answer, Call, txid};
use crate::problem;
use crate::rest::v1::commands;

pub(crate) async fn run(call: Call) -> Answer {
    let body: AdoptTransaction = call.body()?;
    let wallet = crate::rest::v1::wallets::find(&call).await?.wallet;
    let txid = txid(&body.txid, "txid", wallet.chain)?;
    let given = commands::given(&call, &body.reason, body.version);
    let done = explain(call.ports(), call.caller.sees(), wallet.id, txid, kind(body.kind), given).await;
    let done = done.map_err(|error| problem::explanation(error, &body))?;
    let order = command::Kind::LaneAdopt;
    commands::answered(&call, order, wallet.id, &body.reason, &done, |wallet| wallet.version)
}

const fn kind(kind: AdoptionType) -> Kind {
    match kind {
        AdoptionType::InternalMove => Kind::InternalMove,
        AdoptionType::ManualPayment => Kind::ManualPayment,
        AdoptionType::NetworkCost => Kind::NetworkCost,
        AdoptionType::Permission => Kind::Permission,
        AdoptionType::Theft => Kind::Theft,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_type_of_the_contract_is_a_kind_of_the_engine() {
        let names: Vec<&str> = AdoptionType::ALL.iter().map(|it| kind(*it).as_str()).collect();
        assert_eq!(names, AdoptionType::ALL.iter().map(|it| it.as_str()).collect::<Vec<_>>());
        assert_eq!(names.len(), Kind::ALL.len());
    }
}
