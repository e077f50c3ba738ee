//! Questions about accounts and addresses.

use serde_json::{Map, Value, json};

use super::{
    super::{
        address::Address,
        chain::BLOCK_MS,
        json::address_text,
        node::Node,
        state::{Account, Permission, PermissionKind, Resource, Usage},
    },
    Answer, Request, sparse,
};

pub(super) fn account(node: &Node<'_>, ask: &Request) -> Answer {
    let Some(address) = ask.address("address")? else { return Ok(json!({})) };
    let view = node.view();
    let account = view.account(&address);
    let clock = Clock { slot: view.head_slot, genesis_ms: node.chain.setup().genesis_ms };
    Ok(account
        .map_or_else(|| json!({}), |account| Value::Object(show(&address, account, &clock, ask.visible))))
}

/// What a usage's figures are shown by.
struct Clock {
    slot: i64,
    genesis_ms: i64,
}

impl Clock {
    /// What is used up now, and how long that takes to come back. When it was last used stays as it was.
    fn now(&self, usage: &Usage) -> Usage {
        Usage { slot: usage.slot, ..usage.with(0, self.slot) }
    }

    /// A slot as a time, in milliseconds.
    fn time_ms(&self, usage: &Usage) -> i64 {
        self.genesis_ms.saturating_add(usage.slot.saturating_mul(BLOCK_MS))
    }
}

fn show(address: &Address, account: &Account, clock: &Clock, visible: bool) -> Map<String, Value> {
    let (net, energy) = (&account.bandwidth, &account.energy);
    let (net_usage, energy_usage) = (clock.now(&net.usage), clock.now(&energy.usage));
    let mut shown = sparse([
        ("balance", account.balance_sun),
        ("create_time", account.created_ms),
        ("latest_opration_time", account.last_operation_ms),
        ("free_net_usage", account.free.now(clock.slot)),
        ("latest_consume_free_time", clock.time_ms(&account.free)),
        ("net_usage", net_usage.used),
        ("latest_consume_time", clock.time_ms(&net_usage)),
        ("net_window_size", net_usage.window),
        ("delegated_frozenV2_balance_for_bandwidth", net.lent_sun),
        ("acquired_delegated_frozenV2_balance_for_bandwidth", net.borrowed_sun),
    ]);
    let mut put = |name: &str, value: Value| shown.insert(name.to_owned(), value);
    put("address", json!(address_text(&address.wire(), visible)));
    if account.is_contract {
        put("type", json!("Contract"));
    }
    put("net_window_optimized", json!(true));
    let mut resource = sparse([
        ("energy_usage", energy_usage.used),
        ("latest_consume_time_for_energy", clock.time_ms(&energy_usage)),
        ("energy_window_size", energy_usage.window),
        ("delegated_frozenV2_balance_for_energy", energy.lent_sun),
        ("acquired_delegated_frozenV2_balance_for_energy", energy.borrowed_sun),
    ]);
    resource.insert("energy_window_optimized".to_owned(), json!(true));
    put("account_resource", Value::Object(resource));
    put("frozenV2", frozen(account));
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

fn frozen(account: &Account) -> Value {
    let one = |resource: Resource| {
        let mut shown = sparse([("amount", account.staked(resource).own_sun)]);
        if resource != Resource::Bandwidth {
            shown.insert("type".to_owned(), json!(resource.name()));
        }
        Value::Object(shown)
    };
    json!([one(Resource::Bandwidth), one(Resource::Energy), { "type": "TRON_POWER" }])
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
