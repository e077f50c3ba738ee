//! JSON-RPC calls and answers, as far as a proxy must understand them.

use serde_json::{Value, json};

/// One call, alone or in a batch.
#[derive(Debug, Clone)]
pub(super) struct Call {
    pub(super) method: String,
    /// As it came.
    pub(super) body: Value,
}

impl Call {
    /// Reads a call; `None` for what is none.
    pub(super) fn read(body: Value) -> Option<Self> {
        let method = body.get("method")?.as_str()?.to_owned();
        Some(Self { method, body })
    }

    /// The parameter at this place; `null` without one.
    pub(super) fn parameter(&self, place: usize) -> &Value {
        const NONE: &Value = &Value::Null;
        self.body.get("params").and_then(|params| params.get(place)).unwrap_or(NONE)
    }

    /// The answer that has this result.
    pub(super) fn result(&self, result: Value) -> Value {
        json!({ "jsonrpc": "2.0", "id": self.id(), "result": result })
    }

    /// The answer that is this error.
    pub(super) fn error(&self, code: i64, message: &str) -> Value {
        json!({ "jsonrpc": "2.0", "id": self.id(), "error": { "code": code, "message": message } })
    }

    /// The same call with other parameters.
    pub(super) fn with(&self, params: Value) -> Value {
        json!({ "jsonrpc": "2.0", "id": self.id(), "method": self.method, "params": params })
    }

    fn id(&self) -> Value {
        self.body.get("id").cloned().unwrap_or_default()
    }
}

/// What came in one body.
#[derive(Debug)]
pub(super) enum Message {
    One(Call),
    Many(Vec<Call>),
}

impl Message {
    /// Reads a body; `None` for what the node had better judge itself.
    pub(super) fn read(body: &[u8]) -> Option<Self> {
        match serde_json::from_slice(body).ok()? {
            Value::Array(calls) if !calls.is_empty() => {
                calls.into_iter().map(Call::read).collect::<Option<Vec<Call>>>().map(Self::Many)
            }
            call => Call::read(call).map(Self::One),
        }
    }

    pub(super) fn calls(&self) -> &[Call] {
        match self {
            Self::One(call) => std::slice::from_ref(call),
            Self::Many(calls) => calls,
        }
    }
}

/// Reads a quantity.
pub(super) fn quantity(value: &Value) -> Option<u64> {
    u64::from_str_radix(value.as_str()?.strip_prefix("0x")?, 16).ok()
}

/// Writes a quantity.
pub(super) fn hex_of(number: u64) -> Value {
    Value::String(format!("{number:#x}"))
}

/// Reads bytes.
pub(super) fn bytes(value: &Value) -> Option<Vec<u8>> {
    hex::decode(value.as_str()?.strip_prefix("0x")?).ok()
}
