//! What is read out of a vendor's answer. Whole numbers alone are figures.

use serde_json::Value;
use sluice_core::amount::Cost;

use crate::client::Reply;

/// The answer as an object; `None` for anything else.
pub(super) fn object(reply: &Reply) -> Option<Value> {
    serde_json::from_slice::<Value>(&reply.body).ok().filter(Value::is_object)
}

/// A text of this name.
pub(super) fn text<'a>(value: &'a Value, name: &str) -> Option<&'a str> {
    value.get(name)?.as_str()
}

/// A whole number of this name, zero or more.
pub(super) fn figure(value: &Value, name: &str) -> Option<u64> {
    value.get(name)?.as_u64()
}

/// Sun of this name: a whole number, or its digits as a text.
pub(super) fn sun(value: &Value, name: &str) -> Option<Cost> {
    let value = value.get(name)?;
    let digits = |text: &str| match text.bytes().all(|byte| byte.is_ascii_digit()) && text.len() <= 20 {
        true => text.parse::<u64>().ok(),
        false => None,
    };
    value.as_u64().or_else(|| value.as_str().and_then(digits)).map(|sun| Cost(u128::from(sun)))
}

/// A transaction of this name.
pub(super) fn txid(value: &Value, name: &str) -> Option<[u8; 32]> {
    let mut bytes = [0; 32];
    hex::decode_to_slice(text(value, name)?, &mut bytes).ok()?;
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn only_whole_numbers_are_sun() {
        let value = json!({ "a": 5, "b": "5", "c": 5.5, "d": -5, "e": "5.5", "f": "", "g": "+5", "h": null,
            "i": "99999999999999999999", "j": "0x5", "k": 1e3 });
        assert_eq!(sun(&value, "a"), Some(Cost(5)));
        assert_eq!(sun(&value, "b"), Some(Cost(5)));
        for name in ["c", "d", "e", "f", "g", "h", "i", "j", "k", "l"] {
            assert_eq!(sun(&value, name), None, "{name}");
        }
    }

    #[test]
    fn only_an_object_is_an_answer() {
        for body in ["", "[]", "5", "null", "{", "<html>", "{\"a\":1}x"] {
            assert_eq!(object(&Reply { status: 200, body: body.into() }), None, "{body}");
        }
        assert!(object(&Reply { status: 200, body: b"{\"a\":1}".to_vec() }).is_some());
    }
}
