//! Questions about accounts and addresses.

use serde_json::{Map, Value, json};

use super::{
    super::{
        address::Address,
        json::address_text,
        node::Node,
        state::{Account, Permission, PermissionKind, Resource},
    },
    Answer, Request, sparse,
};

pub(super) fn account(node: &Node<'_>, ask: &Request) -> Answer {
    let Some(address) = ask.address("address")? else { return Ok(json!({})) };
    let account = node.view().account(&address);
    Ok(account.map_or_else(|| json!({}), |account| Value::Object(show(&address, account, ask.visible))))
}

fn show(address: &Address, account: &Account, visible: bool) -> Map<String, Value> {
    let (net, energy) = (&account.bandwidth, &account.energy);
    let mut shown = sparse([
        ("balance", account.balance_sun),
        ("create_time", account.created_ms),
        ("latest_opration_time", account.last_operation_ms),
        // What the node stores is what was used up when it was last used, and since when, in slots.
        ("free_net_usage", account.free.used),
        ("latest_consume_free_time", account.free.slot),
        ("net_usage", net.usage.used),
        ("latest_consume_time", net.usage.slot),
        ("delegated_frozenV2_balance_for_bandwidth", net.lent_sun),
        ("acquired_delegated_frozenV2_balance_for_bandwidth", net.borrowed_sun),
    ]);
    let mut put = |name: &str, value: Value| shown.insert(name.to_owned(), value);
    put("address", json!(address_text(&address.wire(), visible)));
    if account.is_contract {
        put("type", json!("Contract"));
    }
    put("net_window_size", json!(net.usage.window));
    put("net_window_optimized", json!(true));
    let mut resource = sparse([
        ("energy_usage", energy.usage.used),
        ("latest_consume_time_for_energy", energy.usage.slot),
        ("delegated_frozenV2_balance_for_energy", energy.lent_sun),
        ("acquired_delegated_frozenV2_balance_for_energy", energy.borrowed_sun),
        ("energy_window_size", energy.usage.window),
    ]);
    resource.insert("energy_window_optimized".to_owned(), json!(true));
    put("account_resource", Value::Object(resource));
    let frozen = |resource: Resource| {
        let mut shown = sparse([("amount", account.staked(resource).own_sun)]);
        if resource != Resource::Bandwidth {
            shown.insert("type".to_owned(), json!(resource.name()));
        }
        Value::Object(shown)
    };
    put("frozenV2", json!([frozen(Resource::Bandwidth), frozen(Resource::Energy), { "type": "TRON_POWER" }]));
    if !account.unfreezing.is_empty() {
        let list = account.unfreezing.iter().map(|one| {
            let mut shown =
                sparse([("unfreeze_amount", one.amount_sun), ("unfreeze_expire_time", one.expire_ms)]);
            if one.resource != Resource::Bandwidth {
                shown.insert("type".to_owned(), json!(one.resource.name()));
            }
            Value::Object(shown)
        });
        put("unfrozenV2", list.collect());
    }
    if !account.is_contract {
        put("owner_permission", permission(&account.permissions.owner, visible));
        let actives = account.permissions.actives.iter().map(|active| permission(active, visible));
        put("active_permission", actives.collect());
    }
    shown
}

/// A permission, as the node shows it.
pub(super) fn permission(of: &Permission, visible: bool) -> Value {
    let mut shown = sparse([("id", of.id), ("threshold", of.threshold), ("parent_id", of.parent_id)]);
    let mut put = |name: &str, value: Value| shown.insert(name.to_owned(), value);
    if of.kind != PermissionKind::Owner {
        put("type", json!(of.kind.name()));
    }
    if !of.name.is_empty() {
        put("permission_name", json!(String::from_utf8_lossy(&of.name)));
    }
    if !of.operations.is_empty() {
        put("operations", json!(hex::encode(&of.operations)));
    }
    let keys = of.keys.iter().map(|key| {
        let mut shown = sparse([("weight", key.weight)]);
        if let Some(address) = key.address {
            shown.insert("address".to_owned(), json!(address_text(&address.wire(), visible)));
        }
        Value::Object(shown)
    });
    put("keys", keys.collect());
    Value::Object(shown)
}

/// Whether a text is an address, in any of its forms.
pub(super) fn validate(ask: &Request) -> Value {
    let text = ask.text("address").unwrap_or_default();
    let said = |result: bool, message: &str| json!({ "result": result, "message": message });
    if text.is_empty() {
        return said(false, "Address is empty");
    }
    let (parsed, form) = match text.len() {
        42 => (Address::from_hex(text), "Hex string format"),
        34 => (text.parse().ok(), "Base58check format"),
        _ => return said(false, "Length error"),
    };
    if parsed.is_some() { said(true, form) } else { said(false, "Invalid address") }
}
