//! Fuzz target: replies, matched to their questions.

use super::*;
use crate::drive::{Examples, drive};

const SEEDS: &[&[u8]] = &[
    br#"{"jsonrpc":"2.0","id":7,"result":"0x1"}"#,
    br#"[{"jsonrpc":"2.0","id":8,"result":{"a":[1,2]}},{"jsonrpc":"2.0","id":7,"result":null}]"#,
    br#" [{"jsonrpc":"2.0","id":8,"error":{"code":3,"message":"m","data":"0x01"}},{"jsonrpc":"2.0","id":7,"result":"0x2"}]"#,
    br#"{"jsonrpc":"2.0","id":null,"error":{"code":-32600,"message":"no batches"}}"#,
    br#"{"jsonrpc":"2.0","id":null,"error":{"code":-32005,"message":"limit"}}"#,
];
const WORDS: &[&str] = &[
    "\"id\":7",
    "\"id\":8",
    "\"id\":\"7\"",
    "\"id\":7.0",
    "\"id\":null",
    "\"result\":",
    "\"error\":null",
    "\"error\":{\"code\":3}",
    "null",
    "{",
    "}",
    "[",
    "]",
    ",",
    "\"jsonrpc\":\"2.0\",",
    "\"jsonrpc\":\"1.0\",",
    "-32600",
    "99999999999999999999",
    "\"result\":1,\"result\":2",
    "\\u0069d",
    " ",
];

/// A result is handed to a question only if exactly one answer carries its number, and no other question gets it.
#[test]
fn a_spoiled_reply_answers_its_own_question_or_none() {
    drive(&Examples { seeds: SEEDS, words: WORDS }, |input| {
        for ids in [&[7u64][..], &[7, 8]] {
            let Ok(Some(answers)) = read(input, ids) else { continue };
            assert_eq!(answers.len(), ids.len(), "one answer each");
            // In fields that nobody reads, texts may be what plain JSON has not.
            let Ok(value) = serde_json::from_slice::<Value>(input) else { continue };
            let said = value.as_array().cloned().unwrap_or_else(|| vec![value]);
            assert_eq!(said.len(), ids.len(), "none was left out, and none was added");
            for (id, answer) in ids.iter().zip(answers) {
                let own: Vec<&Value> = said.iter().filter(|one| one["id"].as_u64() == Some(*id)).collect();
                match answer {
                    Ok(result) => {
                        assert_eq!(own.len(), 1, "of nobody else's number");
                        assert!(own[0]["jsonrpc"] == "2.0" && own[0]["error"].is_null());
                        let result: Value = serde_json::from_str(result.get()).unwrap();
                        assert_eq!(result, own[0]["result"]);
                    }
                    Err(Lost::Fault(fault)) => {
                        // Without a number, an error belongs to the only question.
                        let of = own.first().copied().unwrap_or(&said[0]);
                        assert!(own.len() == 1 || (ids.len() == 1 && of["id"].is_null()));
                        assert_eq!(of["error"]["code"].as_i64(), Some(fault.code));
                        assert!(fault.message.chars().count() <= TEXT_MAX);
                    }
                    Err(Lost::Node(error)) => panic!("{error}"),
                }
            }
        }
    });
}
