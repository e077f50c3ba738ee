//! Questions about the signatures of a transaction that is being collected.

use serde_json::{Map, Value, json};

use super::{
    super::{
        address::Address,
        execute::{SignatureError, permission_of, weigh},
        json::address_text,
        key::BadSignature,
        node::Node,
        tx::Tx,
    },
    Answer, Request,
    accounts::permission,
};

/// How much weight a transaction's signatures have together.
pub(super) fn weight(node: &Node<'_>, ask: &Request) -> Answer {
    let tx = Tx::from_json(ask.body(), ask.visible)?;
    let view = node.view();
    let mut shown = Map::new();
    let mut result = Map::new();
    let judged = match tx.owner.map(|owner| view.account(&owner)) {
        Some(Some(_)) => permission_of(&view, &tx),
        _ => Err(SignatureError::Permission("Account does not exist!".to_owned())),
    };
    let judged = judged.and_then(|permission_of| {
        shown.insert("permission".to_owned(), permission(&permission_of, ask.visible));
        let weighed = weigh(&permission_of, &tx)?;
        Ok((weighed, permission_of.threshold))
    });
    match judged {
        Ok((weighed, threshold)) => {
            let weight = weighed.iter().map(|(_, weight)| *weight).fold(0, i64::saturating_add);
            if weight > 0 {
                shown.insert("current_weight".to_owned(), json!(weight));
                shown.insert(
                    "approved_list".to_owned(),
                    list(weighed.iter().map(|(who, _)| *who), ask.visible),
                );
            }
            // The first constant, ENOUGH_PERMISSION, is left out like every zero.
            if weight < threshold {
                result.insert("code".to_owned(), json!("NOT_ENOUGH_PERMISSION"));
            }
        }
        Err(error) => {
            let code = match error {
                SignatureError::Format(_) => "SIGNATURE_FORMAT_ERROR",
                SignatureError::Compute(_) => "COMPUTE_ADDRESS_ERROR",
                SignatureError::Permission(_) => "PERMISSION_ERROR",
            };
            result.insert("code".to_owned(), json!(code));
            result.insert("message".to_owned(), json!(error.to_string()));
        }
    }
    shown.insert("result".to_owned(), Value::Object(result));
    shown.insert("transaction".to_owned(), extention(&tx, ask.visible));
    Ok(Value::Object(shown))
}

/// Who has signed a transaction.
pub(super) fn approved(node: &Node<'_>, ask: &Request) -> Answer {
    let tx = Tx::from_json(ask.body(), ask.visible)?;
    let mut shown = Map::new();
    let mut result = Map::new();
    let known = tx.owner.is_some_and(|owner| node.view().account(&owner).is_some());
    let signers: Result<Vec<Address>, BadSignature> = tx.signers.iter().cloned().collect();
    let failure = match &signers {
        _ if !known => Some((
            "OTHER_ERROR",
            "class org.tron.core.exception.PermissionException : Account does not exist!".to_owned(),
        )),
        Err(error @ BadSignature::Size(_)) => Some(("SIGNATURE_FORMAT_ERROR", error.to_string())),
        Err(error) => Some(("COMPUTE_ADDRESS_ERROR", error.to_string())),
        Ok(_) => None,
    };
    match (failure, signers) {
        (Some((code, message)), _) => {
            result.insert("code".to_owned(), json!(code));
            result.insert("message".to_owned(), json!(message));
        }
        (None, Ok(signers)) if !signers.is_empty() => {
            shown.insert("approved_list".to_owned(), list(signers.into_iter(), ask.visible));
        }
        (None, _) => {}
    }
    shown.insert("result".to_owned(), Value::Object(result));
    shown.insert("transaction".to_owned(), extention(&tx, ask.visible));
    Ok(Value::Object(shown))
}

fn list(addresses: impl Iterator<Item = Address>, visible: bool) -> Value {
    addresses.map(|address| json!(address_text(&address.wire(), visible))).collect()
}

fn extention(tx: &Tx, visible: bool) -> Value {
    json!({
        "result": { "result": true },
        "txid": hex::encode(tx.id),
        "transaction": Value::Object(tx.json(visible, None)),
    })
}
