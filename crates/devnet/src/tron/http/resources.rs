//! Questions about bandwidth, energy, stakes and delegations.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::{
    super::{
        address::Address,
        json::address_text,
        node::Node,
        state::{Account, Param, Resource, SUN},
        view::View,
    },
    Answer, Request, sparse,
};

/// Stakes of one account that may be on their way back at a time.
const UNFREEZING_MAX: usize = 32;

fn net_of(view: &View<'_>, account: &Account) -> Map<String, Value> {
    let globals = view.globals();
    sparse([
        ("freeNetUsed", account.free.now(view.head_slot)),
        ("freeNetLimit", globals.params.get(Param::FreeNetLimit)),
        ("NetUsed", account.bandwidth.usage.now(view.head_slot)),
        ("NetLimit", view.limit(account, Resource::Bandwidth)),
        ("TotalNetLimit", globals.total_limit(Resource::Bandwidth)),
        ("TotalNetWeight", globals.bandwidth_weight_trx),
    ])
}

pub(super) fn resource(node: &Node<'_>, ask: &Request) -> Answer {
    let view = node.view();
    let Some(account) = ask.address("address")?.and_then(|address| view.account(&address)) else {
        return Ok(json!({}));
    };
    let globals = view.globals();
    let own = |resource| account.staked(resource).own_sun.saturating_add(account.staked(resource).lent_sun);
    let votes = own(Resource::Bandwidth).saturating_add(own(Resource::Energy)) / SUN;
    let mut shown = net_of(&view, account);
    shown.extend(sparse([
        ("EnergyUsed", account.energy.usage.now(view.head_slot)),
        ("EnergyLimit", view.limit(account, Resource::Energy)),
        ("TotalEnergyLimit", globals.total_limit(Resource::Energy)),
        ("TotalEnergyWeight", globals.energy_weight_trx),
        ("tronPowerLimit", votes),
    ]));
    Ok(Value::Object(shown))
}

pub(super) fn net(node: &Node<'_>, ask: &Request) -> Answer {
    let view = node.view();
    let account = ask.address("address")?.and_then(|address| view.account(&address));
    Ok(account.map_or_else(|| json!({}), |account| Value::Object(net_of(&view, account))))
}

/// How much of its stake an account can lend, in sun. Less than 1 TRX is nothing.
pub(super) fn lendable(node: &Node<'_>, ask: &Request) -> Answer {
    let view = node.view();
    let account = ask.address("owner_address")?.and_then(|address| view.account(&address));
    let resource = Resource::of_wire(ask.number("type")?);
    let (Some(account), Some(resource)) = (account, resource) else { return Ok(json!({})) };
    let most = Some(view.lendable_sun(account, resource)).filter(|sun| *sun >= SUN);
    Ok(Value::Object(sparse([("max_size", most.unwrap_or(0))])))
}

/// What one account lends another: what is locked is a row of its own.
pub(super) fn delegated(node: &Node<'_>, ask: &Request) -> Answer {
    let (from, to) = (ask.address("fromAddress")?, ask.address("toAddress")?);
    let (Some(from), Some(to)) = (from, to) else { return Ok(json!({})) };
    let rows = [false, true].into_iter().filter_map(|locked| node.view().delegation(&(from, to, locked)));
    let rows: Vec<Value> = rows
        .map(|row| {
            let mut shown = sparse([
                ("frozen_balance_for_bandwidth", row.bandwidth_sun),
                ("frozen_balance_for_energy", row.energy_sun),
                ("expire_time_for_bandwidth", row.bandwidth_until_ms),
                ("expire_time_for_energy", row.energy_until_ms),
            ]);
            shown.insert("from".to_owned(), json!(address_text(&from.wire(), ask.visible)));
            shown.insert("to".to_owned(), json!(address_text(&to.wire(), ask.visible)));
            Value::Object(shown)
        })
        .collect();
    Ok(if rows.is_empty() { json!({}) } else { json!({ "delegatedResource": rows }) })
}

/// Whom an account lends to, and who lends to it.
pub(super) fn delegated_index(node: &Node<'_>, ask: &Request) -> Answer {
    let Some(address) = ask.address("value")? else { return Ok(json!({})) };
    let view = node.view();
    let text = |address: Address| json!(address_text(&address.wire(), ask.visible));
    let to = in_order(view.lent_by(address).into_iter().map(|((_, to, _), row)| (to, row.made_ms)));
    let from = in_order(view.borrowed_by(address).into_iter().map(|((from, _, _), row)| (from, row.made_ms)));
    let mut shown = Map::from_iter([("account".to_owned(), text(address))]);
    for (name, list) in [("fromAccounts", from), ("toAccounts", to)] {
        if !list.is_empty() {
            shown.insert(name.to_owned(), list.into_iter().map(text).collect());
        }
    }
    Ok(Value::Object(shown))
}

/// Each account once, the oldest loan first.
fn in_order(rows: impl Iterator<Item = (Address, i64)>) -> Vec<Address> {
    let mut oldest: BTreeMap<Address, i64> = BTreeMap::new();
    for (address, made_ms) in rows {
        let first_ms = oldest.entry(address).or_insert(made_ms);
        *first_ms = made_ms.min(*first_ms);
    }
    let mut list: Vec<(i64, Address)> =
        oldest.into_iter().map(|(address, made_ms)| (made_ms, address)).collect();
    list.sort_unstable();
    list.into_iter().map(|(_, address)| address).collect()
}

pub(super) fn unfreeze_count(node: &Node<'_>, ask: &Request) -> Answer {
    let view = node.view();
    let account = ask.address("owner_address")?.and_then(|address| view.account(&address));
    let waiting = account
        .map_or(0, |account| account.unfreezing.iter().filter(|one| one.expire_ms > view.head_ms).count());
    let left = i64::try_from(UNFREEZING_MAX.saturating_sub(waiting)).unwrap_or(0);
    Ok(Value::Object(sparse([("count", left)])))
}

/// What a withdrawal would pay out at a time, now unless told.
pub(super) fn withdrawable(node: &Node<'_>, ask: &Request) -> Answer {
    let view = node.view();
    let at_ms = match ask.number("timestamp")? {
        0 => view.head_ms,
        at_ms => at_ms,
    };
    let account = ask.address("owner_address")?.and_then(|address| view.account(&address));
    let arrived = account.map_or(0, |account| {
        let arrived = account.unfreezing.iter().filter(|one| one.expire_ms <= at_ms);
        arrived.map(|one| one.amount_sun).fold(0, i64::saturating_add)
    });
    Ok(Value::Object(sparse([("amount", arrived)])))
}
