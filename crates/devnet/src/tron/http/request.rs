//! What was asked: a JSON body, or the query of a GET.

use serde_json::{Map, Value};

use super::{
    super::{address::Address, json::from_hex, wire::Fields},
    Failure,
};
use crate::tron::{json, schema::Schema};

/// A question's parameters.
#[derive(Debug, Clone)]
pub(in crate::tron) struct Request {
    body: Value,
    /// Addresses are base58 and texts are texts.
    pub(in crate::tron) visible: bool,
}

impl Request {
    /// From a body. An empty one asks with no parameters.
    pub(in crate::tron) fn of_body(body: &[u8]) -> Result<Self, Failure> {
        if body.iter().all(u8::is_ascii_whitespace) {
            return Ok(Self::new(Value::Object(Map::new())));
        }
        let body: Value = serde_json::from_slice(body).map_err(|error| Failure::Error {
            class: "com.alibaba.fastjson.JSONException",
            text: format!("syntax error, line {}, column {}", error.line(), error.column()),
        })?;
        if !body.is_object() {
            return Err(Failure::Error {
                class: "java.lang.ClassCastException",
                text: "the body is not a JSON object".to_owned(),
            });
        }
        Ok(Self::new(body))
    }

    /// From a query. What looks like a number or a truth value is one.
    pub(in crate::tron) fn of_query(query: &str) -> Self {
        let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
        let value = |text: &str| match text {
            "true" => Value::Bool(true),
            "false" => Value::Bool(false),
            text => text.parse::<i64>().map_or_else(|_| Value::String(text.to_owned()), Value::from),
        };
        Self::new(pairs.map(|(name, text)| (name.to_owned(), value(text))).collect::<Map<_, _>>().into())
    }

    fn new(body: Value) -> Self {
        let visible = body.get("visible").is_some_and(|visible| match visible {
            Value::Bool(visible) => *visible,
            Value::String(text) => text == "true",
            _ => false,
        });
        Self { body, visible }
    }

    pub(in crate::tron) fn body(&self) -> &Value {
        &self.body
    }

    pub(in crate::tron) fn get(&self, name: &str) -> Option<&Value> {
        self.body.get(name).filter(|value| !value.is_null())
    }

    /// A text; `None` if it is missing or is none.
    pub(in crate::tron) fn text(&self, name: &str) -> Option<&str> {
        self.get(name)?.as_str()
    }

    /// A number, 0 when it is missing.
    pub(in crate::tron) fn number(&self, name: &str) -> Result<i64, Failure> {
        match self.get(name) {
            None => Ok(0),
            Some(value) => {
                value.as_i64().ok_or_else(|| Failure::parse(format!("1:1: Couldn't parse integer: {name}")))
            }
        }
    }

    pub(in crate::tron) fn flag(&self, name: &str) -> bool {
        self.get(name).and_then(Value::as_bool).unwrap_or(false)
    }

    /// An address in the form that was said; `None` when it is missing or no address.
    pub(in crate::tron) fn address(&self, name: &str) -> Result<Option<Address>, Failure> {
        let Some(value) = self.get(name) else { return Ok(None) };
        let text = value.as_str().ok_or_else(|| Failure::parse("1:1: Expected string."))?;
        if self.visible {
            let wire = crate::tron::address::from_base58_check(text);
            let wire = wire.ok_or_else(|| Failure::parse("INVALID base58 String, decode58Check error"))?;
            return Ok(Address::from_wire(&wire));
        }
        let wire = from_hex(value).ok_or_else(|| Failure::parse("INVALID hex String"))?;
        Ok(Address::from_wire(&wire))
    }

    /// An id of 32 bytes.
    pub(in crate::tron) fn id(&self, name: &str) -> Option<[u8; 32]> {
        from_hex(self.get(name)?)?.try_into().ok()
    }

    /// The whole body as a message.
    pub(in crate::tron) fn message(&self, schema: &Schema) -> Result<Vec<u8>, Failure> {
        Ok(json::to_wire(schema, &self.body, self.visible)?)
    }
}

/// The fields of a message that was just written.
pub(in crate::tron) fn fields(message: &[u8]) -> Result<Fields<'_>, Failure> {
    Fields::read(message).map_err(|_| Failure::parse("the message cannot be read back"))
}
