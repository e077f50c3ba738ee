//! Messages as JSON and back, by their tables: hexadecimal, or base58 and text where the request says `visible`.
//!
//! As on the wire, a zero, `false`, an empty text and the first constant of an enumeration are left out.

use serde_json::{Map, Value, json};

use super::{
    address::Address,
    schema::{FieldOf, Kind, Schema},
    wire::{Field, Fields, Malformed, Writer},
};

/// Messages inside messages inside messages: permissions of an update have keys, and that is all there is.
const DEPTH_MAX: usize = 8;

/// Why JSON is not the message it should be. The text is what the node says.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub(super) struct NotTheMessage(pub(super) String);

/// A message as JSON.
pub(super) fn from_wire(
    schema: &Schema,
    bytes: &[u8],
    visible: bool,
) -> Result<Map<String, Value>, Malformed> {
    deep_from_wire(schema, bytes, visible, 0)
}

fn deep_from_wire(
    schema: &Schema,
    bytes: &[u8],
    visible: bool,
    depth: usize,
) -> Result<Map<String, Value>, Malformed> {
    if depth > DEPTH_MAX {
        return Err(Malformed);
    }
    let fields = Fields::read(bytes)?;
    let mut shown = Map::new();
    for field in schema.fields {
        let values =
            fields.all(field.number).filter_map(|value| show(field, value, visible, depth).transpose());
        let mut values: Vec<Value> = values.collect::<Result<_, _>>()?;
        if field.list {
            if !values.is_empty() {
                shown.insert(field.name.to_owned(), Value::Array(values));
            }
        } else if let Some(value) = values.pop()
            && !is_default(field, &value)
        {
            shown.insert(field.name.to_owned(), value);
        }
    }
    Ok(shown)
}

fn show(field: &FieldOf, value: Field<'_>, visible: bool, depth: usize) -> Result<Option<Value>, Malformed> {
    let shown = match (field.kind, value) {
        (Kind::Int, Field::Number(number)) => json!(number.cast_signed()),
        (Kind::Bool, Field::Number(number)) => json!(number != 0),
        (Kind::Enum(constants), Field::Number(number)) => {
            let number = number.cast_signed();
            let name = constants.iter().find(|(one, _)| *one == number).map(|(_, name)| *name);
            name.map_or_else(|| json!(number), |name| json!(name))
        }
        (Kind::Bytes, Field::Bytes(bytes)) => json!(hex::encode(bytes)),
        (Kind::Address, Field::Bytes(bytes)) => json!(address_text(bytes, visible)),
        (Kind::Text, Field::Bytes(bytes)) => json!(text(bytes, visible)),
        (Kind::String, Field::Bytes(bytes)) => json!(String::from_utf8_lossy(bytes)),
        (Kind::Message(schema), Field::Bytes(bytes)) => {
            Value::Object(deep_from_wire(schema, bytes, visible, depth.saturating_add(1))?)
        }
        _ => return Ok(None),
    };
    Ok(Some(shown))
}

fn is_default(field: &FieldOf, value: &Value) -> bool {
    match value {
        Value::Number(number) => number.as_i64() == Some(0),
        Value::Bool(value) => !value,
        Value::String(text) => match field.kind {
            Kind::Enum(constants) => constants.first().is_some_and(|(_, name)| name == text),
            _ => text.is_empty(),
        },
        _ => false,
    }
}

/// An address of the wire as the caller asked for it.
pub(super) fn address_text(wire: &[u8], visible: bool) -> String {
    match Address::from_wire(wire) {
        Some(address) if visible => address.to_string(),
        _ => hex::encode(wire),
    }
}

/// A text in bytes as the caller asked for it.
pub(super) fn text(bytes: &[u8], visible: bool) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) if visible => text.to_owned(),
        _ => hex::encode(bytes),
    }
}

/// A message of the wire from JSON. Names the table does not have are passed over, as the node does.
pub(super) fn to_wire(schema: &Schema, value: &Value, visible: bool) -> Result<Vec<u8>, NotTheMessage> {
    let object = value.as_object().ok_or_else(|| NotTheMessage("1:1: Expected \"{\".".to_owned()))?;
    object_to_wire(schema, object, visible, 0)
}

fn object_to_wire(
    schema: &Schema,
    object: &Map<String, Value>,
    visible: bool,
    depth: usize,
) -> Result<Vec<u8>, NotTheMessage> {
    if depth > DEPTH_MAX {
        return Err(NotTheMessage("the message is too deep".to_owned()));
    }
    let mut writer = Writer::default();
    for field in schema.fields {
        match object.get(field.name) {
            None | Some(Value::Null) => {}
            Some(Value::Array(values)) if field.list => {
                for value in values {
                    write(&mut writer, field, value, visible, depth)?;
                }
            }
            Some(value) => write(&mut writer, field, value, visible, depth)?,
        }
    }
    Ok(writer.finish())
}

fn write(
    writer: &mut Writer,
    field: &FieldOf,
    value: &Value,
    visible: bool,
    depth: usize,
) -> Result<(), NotTheMessage> {
    let wrong = |wanted: &str| NotTheMessage(format!("{}: expected {wanted}", field.name));
    let number = field.number;
    match field.kind {
        Kind::Int => writer.number(number, value.as_i64().ok_or_else(|| wrong("an integer"))?),
        Kind::Bool => {
            writer.number(number, i64::from(value.as_bool().ok_or_else(|| wrong("true or false"))?))
        }
        Kind::Enum(constants) => {
            let found = match value {
                Value::String(text) => {
                    constants.iter().find(|(_, name)| name == text).map(|(value, _)| *value)
                }
                // The node also takes a constant by its number, and keeps one that it does not know.
                other => other.as_i64(),
            };
            writer.number(number, found.ok_or_else(|| wrong("a constant's name"))?);
        }
        Kind::Bytes => writer.bytes(number, &from_hex(value).ok_or_else(|| wrong("a hex string"))?),
        Kind::Address => {
            writer.bytes(number, &address_bytes(value, visible).ok_or_else(|| wrong("an address"))?)
        }
        Kind::Text if !visible => {
            writer.bytes(number, &from_hex(value).ok_or_else(|| wrong("a hex string"))?)
        }
        Kind::Text | Kind::String => {
            writer.bytes(number, value.as_str().ok_or_else(|| wrong("a text"))?.as_bytes());
        }
        Kind::Message(schema) => {
            let object = value.as_object().ok_or_else(|| wrong("an object"))?;
            writer.element(number, &object_to_wire(schema, object, visible, depth.saturating_add(1))?);
        }
    }
    Ok(())
}

/// Hexadecimal, with or without 0x; an odd digit count is read with a leading 0, as the node does.
pub(super) fn from_hex(value: &Value) -> Option<Vec<u8>> {
    let text = value.as_str()?;
    let text = text.strip_prefix("0x").unwrap_or(text);
    if text.len() % 2 == 1 { hex::decode(format!("0{text}")).ok() } else { hex::decode(text).ok() }
}

/// An address as bytes of the wire, whatever its length, in the form the caller says it has.
fn address_bytes(value: &Value, visible: bool) -> Option<Vec<u8>> {
    if !visible {
        return from_hex(value);
    }
    super::address::from_base58_check(value.as_str()?)
}

#[cfg(test)]
mod tests {
    use super::super::schema::{DELEGATE, PERMISSION_UPDATE, TRANSFER};
    use super::*;

    #[test]
    fn both_forms_of_json_are_the_same_bytes() {
        let hex = json!({
            "owner_address": "41a614f803b6fd780986a42c78ec9c7f77e6ded13c",
            "to_address": "41a614f803b6fd780986a42c78ec9c7f77e6ded13c",
            "amount": 7,
        });
        let visible = json!({
            "owner_address": "TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t",
            "to_address": "TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t",
            "amount": 7,
        });
        let wire = to_wire(&TRANSFER, &hex, false).unwrap();
        assert_eq!(to_wire(&TRANSFER, &visible, true).unwrap(), wire);
        assert_eq!(Value::Object(from_wire(&TRANSFER, &wire, false).unwrap()), hex);
        assert_eq!(Value::Object(from_wire(&TRANSFER, &wire, true).unwrap()), visible);
    }

    #[test]
    fn what_is_zero_is_left_out() {
        let value = json!({ "resource": "BANDWIDTH", "balance": 0, "lock": false, "stranger": [1] });
        assert!(to_wire(&DELEGATE, &value, false).unwrap().is_empty());
        let value = json!({ "resource": "ENERGY", "lock": true });
        let wire = to_wire(&DELEGATE, &value, false).unwrap();
        assert_eq!(Value::Object(from_wire(&DELEGATE, &wire, false).unwrap()), value);
    }

    #[test]
    fn permissions_hold_keys_and_wrong_kinds_are_refused() {
        let value = json!({ "owner": { "permission_name": "owner", "threshold": 2, "keys": [
            { "address": "TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t", "weight": 1 } ] } });
        let wire = to_wire(&PERMISSION_UPDATE, &value, true).unwrap();
        assert_eq!(Value::Object(from_wire(&PERMISSION_UPDATE, &wire, true).unwrap()), value);
        for value in
            [json!([]), json!({ "amount": "7" }), json!({ "amount": 1.5 }), json!({ "to_address": "zz" })]
        {
            assert!(to_wire(&TRANSFER, &value, false).is_err(), "{value}");
        }
    }
}
