//! Questions that build an unsigned transaction. A contract that could not be executed now is refused.

use serde_json::{Map, Value, json};

use super::{
    super::{
        chain::Chain,
        node::{Node, Peculiarity},
        schema::{self, Schema},
        tx::{self, Terms, Tx},
    },
    Answer, Failure, Request, contracts,
    request::fields,
};

/// Good for as long as the node's own transactions are.
const EXPIRATION_MS: i64 = 60_000;

fn schema_of(name: &str) -> Option<&'static Schema> {
    Some(match name {
        "createtransaction" => &schema::TRANSFER,
        "createaccount" => &schema::ACCOUNT_CREATE,
        "accountpermissionupdate" => &schema::PERMISSION_UPDATE,
        "freezebalancev2" => &schema::FREEZE,
        "unfreezebalancev2" => &schema::UNFREEZE,
        "withdrawexpireunfreeze" => &schema::WITHDRAW_EXPIRE_UNFREEZE,
        "cancelallunfreezev2" => &schema::CANCEL_ALL_UNFREEZE,
        "delegateresource" => &schema::DELEGATE,
        "undelegateresource" => &schema::UNDELEGATE,
        _ => return None,
    })
}

pub(super) fn build(
    chain: &mut Chain,
    peculiarity: &Peculiarity,
    name: &str,
    ask: &Request,
    now_ms: i64,
) -> Option<Answer> {
    if name == "triggersmartcontract" {
        return Some(Ok(trigger(chain, peculiarity, ask, now_ms)));
    }
    Some(plain(chain, peculiarity, schema_of(name)?, ask, now_ms))
}

fn plain(
    chain: &mut Chain,
    peculiarity: &Peculiarity,
    schema: &'static Schema,
    ask: &Request,
    now_ms: i64,
) -> Answer {
    let message = ask.message(schema)?;
    chain.check_contract(schema, &fields(&message)?)?;
    let terms = terms(&Node::new(chain, peculiarity, false), ask, now_ms)?;
    let tx = tx::unsigned(schema, &message, &terms).map_err(|_| Failure::parse("cannot be built"))?;
    Ok(Value::Object(created(&tx, ask.visible)))
}

fn trigger(chain: &Chain, peculiarity: &Peculiarity, ask: &Request, now_ms: i64) -> Value {
    let node = Node::new(chain, peculiarity, false);
    let built = contracts::trigger_message(ask).and_then(|message| {
        contracts::checked(&node, &message)?;
        let terms = terms(&node, ask, now_ms)?;
        tx::unsigned(&schema::TRIGGER, &message, &terms).map_err(|_| Failure::parse("cannot be built"))
    });
    match built {
        Ok(tx) => json!({ "result": { "result": true }, "transaction": created(&tx, ask.visible) }),
        Err(Failure::Error { class, text }) => {
            let (code, message) = match class {
                super::VALIDATE => ("CONTRACT_VALIDATE_ERROR", text),
                class => ("OTHER_ERROR", format!("class {class} : {text}")),
            };
            let message = super::super::json::text(message.as_bytes(), ask.visible);
            json!({ "result": { "code": code, "message": message } })
        }
        Err(Failure::NotFound) => json!({}),
    }
}

fn terms(node: &Node<'_>, ask: &Request, now_ms: i64) -> Result<Terms, Failure> {
    let mut terms = contracts::terms(node);
    terms.expiration_ms = terms.expiration_ms.max(now_ms.saturating_add(EXPIRATION_MS));
    terms.timestamp_ms = now_ms;
    terms.fee_limit_sun = ask.number("fee_limit")?;
    terms.permission_id = ask.number("Permission_id")?.max(0);
    if let Some(memo) = ask.text("extra_data") {
        terms.memo = match ask.visible {
            true => memo.as_bytes().to_vec(),
            false => hex::decode(memo).map_err(|_| Failure::parse("extra_data: INVALID hex String"))?,
        };
    }
    Ok(terms)
}

fn created(tx: &Tx, visible: bool) -> Map<String, Value> {
    let mut shown = tx.json(visible, None);
    shown.insert("visible".to_owned(), json!(visible));
    shown
}
