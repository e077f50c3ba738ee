//! Values that the schemas of the OpenAPI document allow.

use serde_json::{Map, Value, json};

use super::dice::Dice;
use crate::support::token;

/// Deepest nesting that is made; no body of ours is nearly as deep.
const DEPTH_MAX: usize = 8;

/// The served document.
pub struct Document {
    pub root: Value,
}

/// A value as the text of a query or a path.
pub fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

impl Document {
    pub fn served() -> Self {
        Self { root: serde_json::from_str(&sluice_http::openapi()).unwrap() }
    }

    fn resolved<'a>(&'a self, schema: &'a Value) -> &'a Value {
        match schema["$ref"].as_str() {
            Some(reference) => self.root.pointer(&reference[1..]).expect("every reference leads somewhere"),
            None => schema,
        }
    }

    /// A value that a schema allows, for a field of this name; names of rows are taken from `known` where one fits.
    pub fn value(
        &self,
        schema: &Value,
        name: &str,
        dice: &mut Dice,
        known: &[String],
        depth: usize,
    ) -> Value {
        let schema = self.resolved(schema);
        if depth > DEPTH_MAX {
            return Value::Null;
        }
        for choice in ["oneOf", "anyOf"] {
            if let Some(all) = schema[choice].as_array() {
                return self.value(&all[dice.roll(all.len())], name, dice, known, depth + 1);
            }
        }
        if let Some(all) = schema["enum"].as_array() {
            return all[dice.roll(all.len())].clone();
        }
        let kind = match &schema["type"] {
            Value::Array(kinds) => kinds[dice.roll(kinds.len())].as_str().unwrap_or("null"),
            kind => kind.as_str().unwrap_or("object"),
        };
        match kind {
            "object" => self.object(schema, dice, known, depth),
            "array" => {
                let most = usize::try_from(schema["maxItems"].as_u64().unwrap_or(3)).unwrap().min(3);
                let items = (0..dice.roll(most + 1))
                    .map(|_| self.value(&schema["items"], name, dice, known, depth + 1));
                items.collect()
            }
            "string" => Value::String(string(schema, name, dice, known)),
            "integer" | "number" => integer(schema, dice),
            "boolean" => Value::Bool(dice.chance(50)),
            _ => Value::Null,
        }
    }

    fn object(&self, schema: &Value, dice: &mut Dice, known: &[String], depth: usize) -> Value {
        let mut fields = Map::new();
        let required = |name: &str| {
            schema["required"].as_array().is_some_and(|all| all.iter().any(|it| it.as_str() == Some(name)))
        };
        for (name, field) in schema["properties"].as_object().into_iter().flatten() {
            if required(name) || dice.chance(40) {
                fields.insert(name.clone(), self.value(field, name, dice, known, depth + 1));
            }
        }
        if schema["additionalProperties"].is_object() {
            for number in 0..dice.roll(3) {
                let value = self.value(&schema["additionalProperties"], "", dice, known, depth + 1);
                fields.insert(format!("more-{number}"), value);
            }
        }
        Value::Object(fields)
    }
}

fn integer(schema: &Value, dice: &mut Dice) -> Value {
    let least = schema["minimum"].as_i64().unwrap_or(0);
    let most = schema["maximum"].as_i64().unwrap_or(least.saturating_add(1_000));
    let span = usize::try_from(most.saturating_sub(least)).unwrap_or(1_000).min(1_000_000);
    json!(least + i64::try_from(dice.roll(span + 1)).unwrap())
}

/// A string that means something for a field of this name, most of the time.
fn string(schema: &Value, name: &str, dice: &mut Dice, known: &[String]) -> String {
    if let Some(all) = schema["examples"].as_array().filter(|all| !all.is_empty() && dice.chance(50)) {
        return text(&all[dice.roll(all.len())]);
    }
    match name {
        "id" | "subject" | "wallet_id" | "partner_id" | "partner" | "cursor" if dice.chance(90) => {
            known[dice.roll(known.len())].clone()
        }
        "asset" => token().id.to_string(),
        "chain" => token().id.chain.to_string(),
        "amount" | "per_transaction" | "daily" => ["1", "0.000001", "250", "12.5"][dice.roll(4)].to_owned(),
        "max_fee_wei" => ["1", "40000000000", "900000000000"][dice.roll(3)].to_owned(),
        "address" => {
            ["0x52908400098527886E0F7030069857D2E4169EE7", "0x1111111111111111111111111111111111111111"]
                [dice.roll(2)]
            .to_owned()
        }
        "txid" | "paid_by" => format!("0x{}", ["ab", "00", "ff"][dice.roll(3)].repeat(32)),
        "timezone" => ["Asia/Seoul", "Europe/Berlin"][dice.roll(2)].to_owned(),
        "from" | "to" | "until" | "since" | "scheduled_for" | "expires_at" => {
            format!("2026-{:02}-{:02}T{:02}:00:00Z", 1 + dice.roll(12), 1 + dice.roll(28), dice.roll(24))
        }
        _ => {
            let most = usize::try_from(schema["maxLength"].as_u64().unwrap_or(24)).unwrap().min(24);
            let least = usize::try_from(schema["minLength"].as_u64().unwrap_or(1)).unwrap().max(1);
            let length = least + dice.roll(most.saturating_sub(least) + 1);
            (0..length).map(|_| char::from(b"abcdefgh-0123456789"[dice.roll(19)])).collect()
        }
    }
}
