//! What a caller can do wrong to a right request.

use serde_json::{Value, json};

use super::dice::Dice;

/// Texts that are seldom right.
pub const TEXTS: &[&str] = &[
    "",
    " ",
    ".",
    "..",
    "../../etc/passwd",
    "null",
    "-1",
    "0",
    "1e999",
    "9223372036854775807",
    "18446744073709551616",
    "340282366920938463463374607431768211456",
    "NaN",
    "0x",
    "0xzz",
    "1.0000000000000000000000001",
    "00.5",
    "+1",
    "1,5",
    "wd_01JD2Q8XK5T7M3N9P4R6S8V0WA",
    "wa_8ZZZZZZZZZZZZZZZZZZZZZZZZZ",
    "wd_01jd2q8xk5t7m3n9p4r6s8v0wa",
    "eip155:1/erc20:0x",
    "eip155:99999999999999999999/slip44:60",
    "tron:0x2b6653dc/trc20:TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t",
    "9999-12-31T23:59:59Z",
    "-9999-01-01T00:00:00Z",
    "2026-02-30T00:00:00Z",
    "2026-11-21T00:00:00+09:00[Asia/Seoul]",
    "' or '1'='1",
    "%_%",
    "\u{0}",
    "\u{202e}0x5290",
    "출금",
    "😀",
    "a\r\nSet-Cookie: x=1",
    "{id}",
    "<script>",
];

/// A text as it stands in a path or a query.
pub fn escaped(text: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' | b':' => {
                out.push(char::from(byte))
            }
            other => out.push_str(&format!("%{other:02X}")),
        }
    }
    // A path with nothing in it is another path.
    if out.is_empty() { "%20".to_owned() } else { out }
}

/// Spoils one place of a value.
pub fn value(value: &mut Value, dice: &mut Dice) {
    match value {
        Value::Object(fields) if !fields.is_empty() && dice.chance(85) => {
            let names: Vec<String> = fields.keys().cloned().collect();
            let name = &names[dice.roll(names.len())];
            match dice.roll(6) {
                0 => drop(fields.remove(name)),
                1 => drop(fields.insert("surplus".into(), json!(1))),
                2 => {
                    let taken = fields.remove(name).unwrap_or_default();
                    fields.insert(name.to_uppercase(), taken);
                }
                _ => self::value(fields.get_mut(name).unwrap(), dice),
            }
        }
        Value::Array(items) if !items.is_empty() && dice.chance(70) => {
            let place = dice.roll(items.len());
            self::value(&mut items[place], dice);
        }
        other => *other = odd(dice),
    }
}

fn odd(dice: &mut Dice) -> Value {
    match dice.roll(12) {
        0 => Value::Null,
        1 => json!(-1),
        2 => json!(i64::MIN),
        3 => json!(u64::MAX),
        4 => json!(1e300),
        5 => json!(true),
        6 => json!({}),
        7 => json!([]),
        8 => json!([[[[[[{}]]]]]]),
        9 => json!("x".repeat(10_000)),
        _ => json!(dice.pick(TEXTS)),
    }
}

/// Spoils the bytes of a body.
pub fn bytes(mut bytes: Vec<u8>, dice: &mut Dice) -> Vec<u8> {
    match dice.roll(5) {
        0 => bytes.truncate(dice.roll(bytes.len() + 1)),
        1 => {
            let place = dice.roll(bytes.len());
            bytes[place] = u8::try_from(dice.roll(256)).unwrap();
        }
        2 => {
            // The first name once more.
            if let Some(end) = bytes.iter().position(|byte| *byte == b',') {
                let first = bytes[1..=end].to_vec();
                bytes.splice(1..1, first);
            }
        }
        3 => bytes.splice(0..0, [0xef, 0xbb, 0xbf]).for_each(drop),
        _ => bytes.extend_from_slice(b"{}"),
    }
    bytes
}
