//! The node's API: `/wallet`, `/walletsolidity` and `/jsonrpc`, as java-tron answers it.
//!
//! Everything is answered with status 200, as there; errors are in the body. One file holds each group of questions.

mod accounts;
mod blocks;
mod broadcast;
mod builders;
mod contracts;
mod information;
mod jsonrpc;
mod multisig;
mod request;
mod resources;
mod transactions;

use serde_json::{Map, Value, json};

pub(super) use broadcast::{Offered, verdict_json};
pub(super) use jsonrpc::answer as jsonrpc;
pub(super) use request::Request;

use super::{
    chain::Chain,
    execute::Invalid,
    node::{Node, Peculiarity},
};

/// What a question is answered with.
pub(super) type Answer = Result<Value, Failure>;

/// Why a question has no answer, as the node says it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Failure {
    /// `{"Error":"class <class> : <text>"}`.
    Error { class: &'static str, text: String },
    /// There is no such path.
    NotFound,
}

pub(super) const PARSE: &str = "org.tron.core.services.http.JsonFormat$ParseException";
pub(super) const VALIDATE: &str = "org.tron.core.exception.ContractValidateException";

impl Failure {
    pub(super) fn parse(text: impl Into<String>) -> Self {
        Self::Error { class: PARSE, text: text.into() }
    }

    pub(super) fn json(&self) -> Value {
        match self {
            Self::Error { class, text } => json!({ "Error": format!("class {class} : {text}") }),
            Self::NotFound => Value::Null,
        }
    }
}

impl From<Invalid> for Failure {
    fn from(Invalid(text): Invalid) -> Self {
        Self::Error { class: VALIDATE, text }
    }
}

impl From<super::json::NotTheMessage> for Failure {
    fn from(error: super::json::NotTheMessage) -> Self {
        Self::parse(error.0)
    }
}

/// What a lite node has no more.
const HISTORY: &[&str] = &[
    "getblockbyid",
    "getblockbylatestnum",
    "getblockbylimitnext",
    "getblockbynum",
    "gettransactionbyid",
    "gettransactioninfobyid",
    "gettransactioninfobyblocknum",
    "gettransactionreceiptbyid",
    "gettransactioncountbyblocknum",
];

/// True for what a lite node refuses.
pub(super) fn is_history(name: &str) -> bool {
    HISTORY.contains(&name)
}

/// Answers a question that only reads.
pub(super) fn read(
    chain: &Chain,
    peculiarity: &Peculiarity,
    solid_only: bool,
    name: &str,
    ask: &Request,
) -> Answer {
    let node = Node::new(chain, peculiarity, solid_only);
    match name {
        "getnowblock" => Ok(blocks::now(&node, ask)),
        "getblock" => blocks::block(&node, ask),
        "getblockbynum" => blocks::by_number(&node, ask),
        "getblockbyid" => blocks::by_id(&node, ask),
        "getblockbylimitnext" => blocks::by_limit(&node, ask),
        "getblockbylatestnum" => blocks::latest(&node, ask),
        "gettransactioncountbyblocknum" => blocks::count(&node, ask),
        "gettransactionbyid" => transactions::by_id(&node, ask),
        "gettransactioninfobyid" => transactions::info_by_id(&node, ask),
        "gettransactioninfobyblocknum" => transactions::infos_of_block(&node, ask),
        "getaccount" => accounts::account(&node, ask),
        "getcandelegatedmaxsize" => resources::lendable(&node, ask),
        "getdelegatedresourcev2" => resources::delegated(&node, ask),
        "getdelegatedresourceaccountindexv2" => resources::delegated_index(&node, ask),
        "getavailableunfreezecount" => resources::unfreeze_count(&node, ask),
        "getcanwithdrawunfreezeamount" => resources::withdrawable(&node, ask),
        "triggerconstantcontract" => contracts::constant(&node, ask),
        "estimateenergy" => contracts::estimate(&node, ask),
        "getburntrx" => Ok(json!({ "burnTrxAmount": node.view().globals().burnt_sun })),
        "getenergyprices" => Ok(information::energy_prices(&node)),
        "getbandwidthprices" => Ok(information::bandwidth_prices(&node)),
        "getnodeinfo" => Ok(information::node_info(&node)),
        "getreward" | "getReward" => Ok(json!({ "reward": 0 })),
        "getBrokerage" | "getbrokerage" => Ok(json!({ "brokerage": 20 })),
        // The rest has the full node alone: a client that asks for it under /walletsolidity fails on the real network.
        _ if solid_only => Err(Failure::NotFound),
        "gettransactionreceiptbyid" => transactions::info_by_id(&node, ask),
        "getaccountresource" => resources::resource(&node, ask),
        "getaccountnet" => resources::net(&node, ask),
        "getcontract" => contracts::contract(&node, ask),
        "getcontractinfo" => contracts::info(&node, ask),
        "gettransactionfrompending" => transactions::from_pending(&node, ask),
        "gettransactionlistfrompending" => Ok(transactions::pending_list(&node)),
        "getpendingsize" => Ok(json!({ "pendingSize": node.chain.pending_ids().count() })),
        "getchainparameters" => Ok(information::parameters(&node)),
        "getnextmaintenancetime" => Ok(json!({ "num": node.view().globals().next_maintenance_ms })),
        "listnodes" | "listwitnesses" => Ok(json!({})),
        "validateaddress" => Ok(accounts::validate(ask)),
        "getsignweight" => multisig::weight(&node, ask),
        "getapprovedlist" => multisig::approved(&node, ask),
        _ => Err(Failure::NotFound),
    }
}

/// Answers a question that builds a transaction; `None` if it is another one.
pub(super) fn build(
    chain: &mut Chain,
    peculiarity: &Peculiarity,
    name: &str,
    ask: &Request,
    now_ms: i64,
) -> Option<Answer> {
    builders::build(chain, peculiarity, name, ask, now_ms)
}

/// An object without what is zero, as every answer of the node is.
pub(super) fn sparse<const N: usize>(numbers: [(&str, i64); N]) -> Map<String, Value> {
    numbers
        .into_iter()
        .filter(|(_, number)| *number != 0)
        .map(|(name, number)| (name.to_owned(), json!(number)))
        .collect()
}
