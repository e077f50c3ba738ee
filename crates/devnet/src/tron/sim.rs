//! The levers over HTTP: `/sim/<order>`, for people and for tests in other languages.

use serde_json::{Value, json};

use super::{
    address::Address,
    chain::Fate,
    control::Control,
    fault::{Fault, Rule, RuleId},
    http::{Failure, Request},
    network::Reply,
    state::{Param, Resource},
};

/// Blocks of one order.
const BLOCKS_MAX: u64 = 10_000;
/// Farthest one order moves time: a hundred years.
const ADVANCE_MAX_MS: i64 = 100 * 365 * 86_400_000;

/// Orders and transactions that may wait for one block; a pool that is wider makes room for as many.
const WAITING_MAX: usize = 1_100_000;

type Done = Result<Value, String>;

pub(super) fn answer(control: &Control, order: &str, ask: Result<Request, Failure>) -> Reply {
    let ask = match ask {
        Ok(ask) => ask,
        Err(failure) => return Reply::Json(failure.json()),
    };
    // What is ordered waits for a block, and nobody is to fill the memory with it.
    if control.network.chain().waiting() >= WAITING_MAX {
        let error = format!("{WAITING_MAX} orders and transactions wait for a block: /sim/mine first");
        if !matches!(order, "status" | "accounts" | "mine" | "stall" | "lift") {
            return Reply::Json(json!({ "Error": error }));
        }
    }
    let done = match order {
        "status" => Ok(status(control)),
        "accounts" => Ok(accounts(control)),
        "mine" => mine(control, &ask),
        "solidify" => control.solidify().map(|_| status(control)).map_err(|stalled| stalled.to_string()),
        "advance" => advance(control, &ask),
        "reorg" => reorg(control, &ask),
        "stall" => on(&ask).map(|on| control.stall(on)).map(|()| status(control)),
        "solidlag" => {
            count(&ask, "blocks", 0).map(|blocks| control.set_solid_lag(blocks)).map(|()| status(control))
        }
        "faucet" => faucet(control, &ask),
        "balance" => set_balance(control, &ask),
        "blacklist" => blacklist(control, &ask),
        "pause" => on(&ask).map(|on| control.pause(on)).map(done),
        "factor" => number(&ask, "factor").map(|factor| control.set_factor(factor)).map(done),
        "traffic" => number(&ask, "energy").map(|energy| control.set_traffic(energy)).map(done),
        "parameter" => parameter(control, &ask),
        "stake" => stake(control, &ask),
        "lend" => lend(control, &ask),
        "endloan" => end_loan(control, &ask),
        "take" => address(&ask, "from").map(|from| json!({ "sun": control.take_energy(from) })),
        "node" => node(control, &ask),
        "fault" => fault(control, &ask),
        "lift" => lift(control, &ask),
        _ => return Reply::NotFound,
    };
    Reply::Json(done.unwrap_or_else(|error| json!({ "Error": error })))
}

fn done((): ()) -> Value {
    json!({ "result": true })
}

fn status(control: &Control) -> Value {
    let head = control.head();
    let chain = control.network.chain();
    json!({
        "block": head.number,
        "blockID": hex::encode(chain.head().id),
        "block_time_ms": head.time_ms,
        "solid": head.solid,
        "now_ms": head.now_ms,
        "pending": chain.pending_ids().count(),
        "chain_id": format!("0x{:x}", chain.setup().chain_id),
        "usdt": chain.setup().token.to_string(),
        "nodes": control.network.node_count(),
        "struck": control.struck(),
    })
}

fn accounts(control: &Control) -> Value {
    let shown = control.accounts().iter().map(|account| {
        json!({
            "address": account.address().to_string(),
            "hex": account.address().hex(),
            "private_key": account.secret_hex(),
        })
    });
    json!({ "accounts": shown.collect::<Vec<_>>() })
}

fn mine(control: &Control, ask: &Request) -> Done {
    let blocks = count(ask, "blocks", 1)?;
    if blocks > BLOCKS_MAX {
        return Err(format!("blocks is at most {BLOCKS_MAX}"));
    }
    control.mine(blocks).map_err(|stalled| stalled.to_string())?;
    Ok(status(control))
}

fn advance(control: &Control, ask: &Request) -> Done {
    let ms = number(ask, "ms")?;
    if !(0..=ADVANCE_MAX_MS).contains(&ms) {
        return Err("ms is from 0 to a hundred years".to_owned());
    }
    control.advance_ms(ms);
    Ok(status(control))
}

fn reorg(control: &Control, ask: &Request) -> Done {
    let fate = match ask.text("transactions") {
        None | Some("pending") => Fate::Pending,
        Some("included") => Fate::Included,
        Some("dropped") => Fate::Dropped,
        Some(_) => return Err("transactions is pending, included or dropped".to_owned()),
    };
    let depth = control.reorg(count(ask, "depth", 1)?, fate).map_err(|stalled| stalled.to_string())?;
    Ok(json!({ "depth": depth, "block": control.head().number }))
}

fn faucet(control: &Control, ask: &Request) -> Done {
    let to = address(ask, "address")?;
    let sun = ask.number("sun").map_err(|_| "sun is a whole number")?;
    let units = ask.number("usdt").map_err(|_| "usdt is a whole number of 0.000001")?;
    let units = u128::try_from(units).map_err(|_| "usdt is not negative")?;
    if sun > 0 {
        control.faucet(to, sun, units);
    } else {
        control.mint_usdt(to, units);
    }
    Ok(json!({ "balance": control.balance_sun(to), "usdt": control.usdt_units(to).to_string() }))
}

fn blacklist(control: &Control, ask: &Request) -> Done {
    control.blacklist(address(ask, "address")?, on(ask)?);
    Ok(done(()))
}

fn set_balance(control: &Control, ask: &Request) -> Done {
    let of = address(ask, "address")?;
    control.set_balance(of, number(ask, "sun")?);
    Ok(json!({ "balance": control.balance_sun(of) }))
}

fn parameter(control: &Control, ask: &Request) -> Done {
    let param = ask.text("key").and_then(Param::named).ok_or("key is a name of getchainparameters")?;
    control.set_parameter(param, number(ask, "value")?);
    Ok(done(()))
}

fn resource(ask: &Request) -> Result<Resource, String> {
    match ask.text("resource") {
        None | Some("ENERGY") => Ok(Resource::Energy),
        Some("BANDWIDTH") => Ok(Resource::Bandwidth),
        Some(_) => Err("resource is ENERGY or BANDWIDTH".to_owned()),
    }
}

fn stake(control: &Control, ask: &Request) -> Done {
    control.stake(address(ask, "address")?, resource(ask)?, number(ask, "sun")?);
    Ok(done(()))
}

fn lend(control: &Control, ask: &Request) -> Done {
    let (to, energy) = (address(ask, "to")?, count(ask, "energy", 65_000)?);
    let txid = control.lend_energy(to, energy).map_err(|refused| refused.to_string())?;
    Ok(json!({ "txid": hex::encode(txid), "sun": control.stake_for(Resource::Energy, energy) }))
}

fn end_loan(control: &Control, ask: &Request) -> Done {
    let (from, sun) = (address(ask, "from")?, number(ask, "sun")?);
    let txid = control.end_loan(from, sun).map_err(|refused| refused.to_string())?;
    Ok(json!({ "txid": hex::encode(txid) }))
}

/// `lag`, `lite` and `fork` (a depth, or false) of a node.
fn node(control: &Control, ask: &Request) -> Done {
    let node = usize::try_from(count(ask, "node", 0)?).unwrap_or(usize::MAX);
    if node >= control.network.node_count() {
        return Err(format!("there are {} nodes, from 0", control.network.node_count()));
    }
    if ask.get("lag").is_some() {
        control.set_lag(node, count(ask, "lag", 0)?);
    }
    if let Some(lite) = ask.get("lite") {
        control.set_lite(node, lite.as_bool().ok_or("lite is true or false")?);
    }
    match ask.get("fork") {
        None => {}
        Some(Value::Bool(false)) => drop(control.set_forked(node, None)),
        Some(depth) => {
            let depth = depth.as_u64().ok_or("fork is a depth, or false")?;
            control.set_forked(node, Some(depth));
        }
    }
    Ok(done(()))
}

fn fault(control: &Control, ask: &Request) -> Done {
    let named = ask.text("fault").and_then(Fault::named);
    let fault = named.ok_or_else(|| {
        let names: Vec<&str> = Fault::ALL.iter().map(|fault| fault.name()).collect();
        format!("fault is one of {}", names.join(", "))
    })?;
    let fault = match fault {
        Fault::Delay { ms } => Fault::Delay { ms: count(ask, "ms", ms)? },
        other => other,
    };
    let mut rule = Rule::every(fault).permille(count(ask, "permille", 1_000)?);
    if ask.get("count").is_some() {
        rule = rule.times(count(ask, "count", 1)?);
    }
    if let Some(name) = ask.text("on") {
        rule = rule.on(name);
    }
    if ask.get("node").is_some() {
        rule = rule.at_node(usize::try_from(count(ask, "node", 0)?).unwrap_or(usize::MAX));
    }
    let RuleId(id) = control.add(rule).map_err(|error| error.to_string())?;
    Ok(json!({ "rule": id }))
}

fn lift(control: &Control, ask: &Request) -> Done {
    match ask.get("rule") {
        None => control.lift_all(),
        Some(_) => control.lift(RuleId(u32::try_from(count(ask, "rule", 0)?).unwrap_or(u32::MAX))),
    }
    Ok(done(()))
}

fn on(ask: &Request) -> Result<bool, String> {
    match ask.get("on") {
        None => Ok(true),
        Some(on) => on.as_bool().ok_or_else(|| "on is true or false".to_owned()),
    }
}

fn number(ask: &Request, name: &str) -> Result<i64, String> {
    ask.get(name).and_then(Value::as_i64).ok_or_else(|| format!("{name} is a whole number"))
}

fn count(ask: &Request, name: &str, otherwise: u64) -> Result<u64, String> {
    match ask.get(name) {
        None => Ok(otherwise),
        Some(value) => value.as_u64().ok_or_else(|| format!("{name} is a whole number, not negative")),
    }
}

/// In either form, whatever `visible` says.
fn address(ask: &Request, name: &str) -> Result<Address, String> {
    let text = ask.text(name).ok_or_else(|| format!("{name} is missing"))?;
    text.parse().map_err(|error| format!("{name}: {error}"))
}
