//! Questions to the contract, and about it.

use serde_json::{Map, Value, json};

use super::{
    super::{
        address::Address,
        execute::{self, Invalid, Outcome, Simulated},
        json::{address_text, from_hex, text},
        node::Node,
        schema,
        state::{Param, SUN},
        tx::{self, Terms},
        usdt,
    },
    Answer, Failure, Request, VALIDATE,
    request::fields,
    sparse,
};

/// What a question may spend, in energy: the node's `vm.maxEnergyLimitForConstant`.
const CONSTANT_ENERGY_MAX: i64 = 100_000_000;

/// The contract's message, with `function_selector` and `parameter` in place of `data` where they are given.
pub(super) fn trigger_message(ask: &Request) -> Result<Vec<u8>, Failure> {
    let mut body = ask.body().clone();
    let selector = ask.text("function_selector").filter(|selector| !selector.is_empty());
    if let (Some(selector), Some(body)) = (selector, body.as_object_mut()) {
        let parameter = ask.get("parameter").map_or_else(|| Some(Vec::new()), from_hex);
        let parameter = parameter.ok_or_else(|| Failure::parse("parameter: INVALID hex String"))?;
        body.insert("data".to_owned(), json!(hex::encode(usdt::call_data(selector, &parameter))));
    }
    Ok(super::super::json::to_wire(&schema::TRIGGER, &body, ask.visible)?)
}

struct Asked {
    message: Vec<u8>,
    result: Result<Simulated, Invalid>,
}

fn simulate(node: &Node<'_>, ask: &Request, energy: i64) -> Result<Asked, Failure> {
    let message = trigger_message(ask)?;
    let read = fields(&message)?;
    let caller = Address::from_wire(read.bytes(1));
    let view = node.view();
    let token = view.globals().tether.contract;
    let result = match caller {
        _ if Address::from_wire(read.bytes(2)).is_none_or(|contract| Some(contract) != token) => {
            Err(Invalid("Smart contract is not exist.".to_owned()))
        }
        None => Err(Invalid("Invalid owner_address".to_owned())),
        Some(caller) => execute::simulate(&view, caller, &read, energy),
    };
    Ok(Asked { message, result })
}

/// A question to a contract; nothing of it remains.
pub(super) fn constant(node: &Node<'_>, ask: &Request) -> Answer {
    let asked = match simulate(node, ask, CONSTANT_ENERGY_MAX) {
        Ok(asked) => asked,
        Err(Failure::Error { class, text }) => return Ok(other_error(class, &text, ask.visible)),
        Err(other) => return Err(other),
    };
    let done = match asked.result {
        Ok(done) => done,
        Err(Invalid(message)) => {
            let message = text(message.as_bytes(), ask.visible);
            return Ok(json!({ "result": { "code": "CONTRACT_VALIDATE_ERROR", "message": message } }));
        }
    };
    let mut result = json!({ "result": true });
    let mut ret = json!({});
    if done.outcome != Outcome::Success {
        // A revert is a result like any other; only its message and the transaction's own part say so.
        put(&mut result, "message", json!(text(done.message.as_bytes(), ask.visible)));
        put(&mut ret, "ret", json!("FAILED"));
    }
    let tx = tx::unsigned(&schema::TRIGGER, &asked.message, &terms(node));
    let mut transaction = tx.map(|tx| tx.json(ask.visible, Some(ret))).unwrap_or_default();
    transaction.insert("visible".to_owned(), json!(ask.visible));
    let mut shown = sparse([("energy_used", done.energy), ("energy_penalty", done.penalty)]);
    shown.insert("result".to_owned(), result);
    shown.insert("constant_result".to_owned(), json!([hex::encode(&done.returned)]));
    shown.insert("transaction".to_owned(), Value::Object(transaction));
    if !done.logs.is_empty() {
        let logs = done.logs.iter().map(|log| {
            json!({
                "address": hex::encode(log.address.bytes()),
                "topics": log.topics.iter().map(hex::encode).collect::<Vec<_>>(),
                "data": hex::encode(&log.data),
            })
        });
        shown.insert("logs".to_owned(), logs.collect());
    }
    Ok(Value::Object(shown))
}

fn other_error(class: &str, message: &str, visible: bool) -> Value {
    let message = format!("class {class} : {}", message.replace('"', "'"));
    json!({ "result": { "code": "OTHER_ERROR", "message": text(message.as_bytes(), visible) } })
}

fn put(value: &mut Value, name: &str, what: Value) {
    if let Some(value) = value.as_object_mut() {
        value.insert(name.to_owned(), what);
    }
}

/// The terms of a transaction that the node builds: referring to the newest solid block, good for a minute.
pub(super) fn terms(node: &Node<'_>) -> Terms {
    let solid = node.solid_number();
    let mut terms = Terms::default();
    let [.., high, low] = solid.to_be_bytes();
    terms.ref_block_bytes = [high, low];
    if let Some(part) = node.id_of(solid).as_ref().and_then(|id| id.get(8..16)) {
        terms.ref_block_hash.copy_from_slice(part);
    }
    let head_ms = node.block(node.newest_number()).map_or(0, |block| block.time_ms());
    terms.expiration_ms = head_ms.saturating_add(60_000);
    terms.timestamp_ms = head_ms;
    terms
}

/// The fee limit that suffices, found by halving, to 1 TRX: too much, as the node's own answer is.
pub(super) fn estimate(node: &Node<'_>, ask: &Request) -> Answer {
    let most = node.view().params().get(Param::MaxFeeLimit);
    let price = node.view().params().get(Param::EnergyFee).max(1);
    let first = match simulate(node, ask, most / price) {
        Ok(asked) => asked.result,
        Err(Failure::Error { class, text }) => return Ok(other_error(class, &text, ask.visible)),
        Err(other) => return Err(other),
    };
    let used = match first {
        Ok(done) if done.outcome == Outcome::Success => done.energy,
        Ok(done) => {
            let message = text(done.message.as_bytes(), ask.visible);
            return Ok(
                json!({ "result": { "result": true, "code": "CONTRACT_EXE_ERROR", "message": message } }),
            );
        }
        Err(Invalid(message)) => {
            let message = text(message.as_bytes(), ask.visible);
            return Ok(json!({ "result": { "code": "CONTRACT_VALIDATE_ERROR", "message": message } }));
        }
    };
    let suffices = |fee_limit: i64| fee_limit / price >= used;
    let (mut low, mut high) = (price.saturating_mul(used), most);
    let twice = low.saturating_mul(2);
    if twice < high {
        if suffices(twice) { high = twice } else { low = twice }
    }
    while low.saturating_add(SUN) < high {
        let middle = low.midpoint(high);
        if suffices(middle) { high = middle } else { low = middle }
    }
    let required = high / price + i64::from(high % price > 0);
    let mut shown = sparse([("energy_required", required)]);
    shown.insert("result".to_owned(), json!({ "result": true }));
    Ok(Value::Object(shown))
}

fn asked_contract(node: &Node<'_>, ask: &Request) -> Result<Option<Address>, Failure> {
    let asked = ask.address("value")?;
    Ok(asked.filter(|asked| Some(*asked) == node.view().globals().tether.contract))
}

/// The token's own description: enough of its interface for clients that call it by name.
pub(super) fn contract(node: &Node<'_>, ask: &Request) -> Answer {
    let Some(address) = asked_contract(node, ask)? else { return Ok(json!({})) };
    let owner = node.view().globals().tether.owner.unwrap_or(address);
    Ok(json!({
        "origin_address": address_text(&owner.wire(), ask.visible),
        "contract_address": address_text(&address.wire(), ask.visible),
        "abi": { "entrys": interface() },
        "name": "TetherToken",
        "consume_user_resource_percent": 100,
        "origin_energy_limit": 10_000_000,
    }))
}

pub(super) fn info(node: &Node<'_>, ask: &Request) -> Answer {
    if asked_contract(node, ask)?.is_none() {
        return Ok(json!({}));
    }
    let contract = contract(node, ask)?;
    let globals = node.view().globals();
    let mut tether = globals.tether;
    tether.catch_up(globals.cycle, &globals.params);
    let state = sparse([
        ("energy_usage", tether.used.saturating_add(tether.traffic)),
        ("energy_factor", tether.factor),
        ("update_cycle", tether.cycle),
    ]);
    Ok(json!({ "smart_contract": contract, "contract_state": state }))
}

/// Name, arguments, result, and whether it only reads.
type Function = (&'static str, &'static [(&'static str, &'static str)], Option<&'static str>, bool);

const FUNCTIONS: &[Function] = &[
    ("name", &[], Some("string"), true),
    ("symbol", &[], Some("string"), true),
    ("decimals", &[], Some("uint256"), true),
    ("totalSupply", &[], Some("uint256"), true),
    ("owner", &[], Some("address"), true),
    ("paused", &[], Some("bool"), true),
    ("balanceOf", &[("who", "address")], Some("uint256"), true),
    ("allowance", &[("_owner", "address"), ("_spender", "address")], Some("uint256"), true),
    ("isBlackListed", &[("", "address")], Some("bool"), true),
    ("transfer", &[("_to", "address"), ("_value", "uint256")], Some("bool"), false),
    ("transferFrom", &[("_from", "address"), ("_to", "address"), ("_value", "uint256")], Some("bool"), false),
    ("approve", &[("_spender", "address"), ("_value", "uint256")], Some("bool"), false),
    ("pause", &[], None, false),
    ("unpause", &[], None, false),
    ("addBlackList", &[("_evilUser", "address")], None, false),
    ("removeBlackList", &[("_clearedUser", "address")], None, false),
    ("issue", &[("amount", "uint256")], None, false),
];

fn interface() -> Vec<Value> {
    let functions = FUNCTIONS.iter().map(|(name, inputs, output, reads)| {
        let mut entry = Map::from_iter([
            ("name".to_owned(), json!(name)),
            ("type".to_owned(), json!("Function")),
            ("stateMutability".to_owned(), json!(if *reads { "View" } else { "Nonpayable" })),
        ]);
        if *reads {
            entry.insert("constant".to_owned(), json!(true));
        }
        if !inputs.is_empty() {
            let inputs = inputs.iter().map(|(name, kind)| json!({ "name": name, "type": kind }));
            entry.insert("inputs".to_owned(), inputs.collect());
        }
        if let Some(kind) = output {
            entry.insert("outputs".to_owned(), json!([{ "type": kind }]));
        }
        Value::Object(entry)
    });
    let event = |name: &str, from: &str, to: &str| {
        json!({ "name": name, "type": "Event", "inputs": [
            { "name": from, "type": "address", "indexed": true },
            { "name": to, "type": "address", "indexed": true },
            { "name": "value", "type": "uint256" } ] })
    };
    functions.chain([event("Transfer", "from", "to"), event("Approval", "owner", "spender")]).collect()
}

/// A transaction of a call, unsigned. What the call would do is not looked at.
pub(super) fn checked(node: &Node<'_>, message: &[u8]) -> Result<(), Failure> {
    let contract = Address::from_wire(fields(message)?.bytes(2));
    if contract.is_none() || contract != node.view().globals().tether.contract {
        let text = "No contract or not a valid smart contract".to_owned();
        return Err(Failure::Error { class: VALIDATE, text });
    }
    Ok(())
}
