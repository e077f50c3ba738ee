//! Questions about the chain as a whole.

use serde_json::{Value, json};

use super::super::{
    node::Node,
    state::{Param, Params},
};

/// What this node says it runs.
const CODE_VERSION: &str = "4.8.0";

pub(super) fn parameters(node: &Node<'_>) -> Value {
    let params = node.view().params();
    let list = Param::ALL.iter().map(|param| match params.get(*param) {
        0 => json!({ "key": param.name() }),
        value => json!({ "key": param.name(), "value": value }),
    });
    json!({ "chainParameter": list.collect::<Vec<_>>() })
}

pub(super) fn energy_prices(node: &Node<'_>) -> Value {
    json!({ "prices": Params::history(&node.view().params().energy_prices) })
}

pub(super) fn bandwidth_prices(node: &Node<'_>) -> Value {
    json!({ "prices": Params::history(&node.view().params().bandwidth_prices) })
}

pub(super) fn node_info(node: &Node<'_>) -> Value {
    let block =
        |number: u64| format!("Num:{number},ID:{}", node.id_of(number).map(hex::encode).unwrap_or_default());
    json!({
        "beginSyncNum": node.head_number(),
        "block": block(node.head_number()),
        "solidityBlock": block(node.solid_number()),
        "currentConnectCount": 1,
        "activeConnectCount": 1,
        "passiveConnectCount": 0,
        "totalFlow": 0,
        "peerList": [],
        "configNodeInfo": {
            "codeVersion": CODE_VERSION,
            "p2pVersion": "11111",
            "listenPort": 18888,
            "supportConstant": true,
            "dbVersion": 2,
        },
        "machineInfo": {},
        "cheatWitnessInfoMap": {},
    })
}
