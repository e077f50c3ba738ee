//! JSON-RPC 2.0 over HTTP: batches, ids, limits. Every answer is matched to its question by id; an answer to a question
//! that was not asked, or a second answer, makes the whole batch nonsense.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use crate::evm::node::NodeError;
use crate::http::Line;

/// "Invalid request": how a node without batches, or with smaller ones, answers a batch.
const INVALID_REQUEST: i64 = -32_600;
/// Requests in a row that were answered as they were asked, after which a batch that was made smaller is doubled. A reply
/// that was lost looks like a refusal; a provider that does refuse is asked in vain once in so many requests.
const GROW_AFTER: usize = 64;
/// Of an error text, as much as a person needs.
const TEXT_MAX: usize = 300;

/// A method and its parameters.
pub(super) type Question = (&'static str, Value);

/// A JSON-RPC error, with the data it carries.
#[derive(Clone, Debug)]
pub(super) struct Fault {
    pub(super) code: i64,
    pub(super) message: String,
    pub(super) data: Option<Vec<u8>>,
}

/// Why a question has no result.
#[derive(Clone, Debug)]
pub(super) enum Lost {
    /// The node answered with an error.
    Fault(Fault),
    /// No usable answer came.
    Node(NodeError),
}

impl From<Lost> for NodeError {
    fn from(lost: Lost) -> Self {
        match lost {
            Lost::Fault(fault) => Self::Rpc { code: fault.code, message: fault.message },
            Lost::Node(error) => error,
        }
    }
}

/// What came of one question.
pub(super) type Answer = Result<Box<RawValue>, Lost>;

/// One endpoint.
pub(super) struct Wire {
    pub(super) line: Line,
    pub(super) url: reqwest::Url,
    /// Most questions in one request, as configured.
    pub(super) batch_most: usize,
    /// Shrinks when the provider refuses a batch, down to single calls; grows again while it answers.
    pub(super) batch_max: AtomicUsize,
    /// Requests in a row that were answered since the batch was last made smaller or larger.
    pub(super) answered: AtomicUsize,
    pub(super) next_id: AtomicU64,
}

#[derive(Deserialize)]
struct Envelope<'a> {
    jsonrpc: &'a str,
    #[serde(default)]
    id: Value,
    #[serde(borrow, default, deserialize_with = "present")]
    result: Option<&'a RawValue>,
    error: Option<FaultJson>,
}

#[derive(Deserialize)]
struct FaultJson {
    code: i64,
    #[serde(default)]
    message: String,
    #[serde(default)]
    data: Value,
}

/// `null` is a result; only a missing one is none.
fn present<'de: 'a, 'a, D: serde::Deserializer<'de>>(from: D) -> Result<Option<&'a RawValue>, D::Error> {
    <&'a RawValue>::deserialize(from).map(Some)
}

impl FaultJson {
    fn read(self) -> Fault {
        let mut message = self.message;
        if let Some((end, _)) = message.char_indices().nth(TEXT_MAX) {
            message.truncate(end);
        }
        let text = self.data.as_str().and_then(|text| text.strip_prefix("0x"));
        Fault { code: self.code, message, data: text.and_then(|digits| hex::decode(digits).ok()) }
    }
}

/// What came of posting one batch.
enum Posted {
    Answers(Vec<Answer>),
    /// Refused as a batch; nothing in it was executed that matters to repeat.
    TooMany,
}

impl Wire {
    /// Asks one question.
    pub(super) async fn ask(&self, question: Question) -> Answer {
        let none = || Lost::Node(NodeError::Nonsense("no answer".to_owned()));
        self.ask_all(&[question]).await.pop().unwrap_or_else(|| Err(none()))
    }

    /// Asks questions in order, in batches; one answer each, in order. A batch that is lost loses its own answers only.
    pub(super) async fn ask_all(&self, questions: &[Question]) -> Vec<Answer> {
        let mut answers = Vec::with_capacity(questions.len());
        while answers.len() < questions.len() {
            let left = questions.get(answers.len()..).unwrap_or_default();
            let size = self.batch_max.load(Ordering::Relaxed).clamp(1, left.len());
            let few = left.get(..size).unwrap_or_default();
            match self.post(few).await {
                Ok(Posted::Answers(some)) => {
                    self.grow();
                    answers.extend(some);
                }
                Ok(Posted::TooMany) => {
                    self.answered.store(0, Ordering::Relaxed);
                    self.batch_max.fetch_min((size / 2).max(1), Ordering::Relaxed);
                }
                Err(error) => answers.extend(few.iter().map(|_| Err(Lost::Node(error.clone())))),
            }
        }
        answers
    }

    /// After many good answers to small batches, tries larger ones.
    fn grow(&self) {
        let size = self.batch_max.load(Ordering::Relaxed);
        if size < self.batch_most && self.answered.fetch_add(1, Ordering::Relaxed) + 1 >= GROW_AFTER {
            self.answered.store(0, Ordering::Relaxed);
            self.batch_max.store(size.saturating_mul(2).min(self.batch_most), Ordering::Relaxed);
        }
    }

    async fn post(&self, questions: &[Question]) -> Result<Posted, NodeError> {
        let first = self.next_id.fetch_add(u64::try_from(questions.len()).unwrap_or(1), Ordering::Relaxed);
        let ids: Vec<u64> = (first..).take(questions.len()).collect();
        let mut bodies: Vec<Value> = questions.iter().zip(&ids).map(|((method, params), id)| {
            json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params })
        }).collect();
        let single = bodies.len() == 1;
        let body = if single { bodies.pop().unwrap_or_default() } else { Value::Array(bodies) };
        let (status, text) = self.line.exchange(&self.url, None, &body).await?;
        let read = read(&text, &ids);
        match read {
            Ok(Some(answers)) => Ok(Posted::Answers(answers)),
            Ok(None) if !single => Ok(Posted::TooMany),
            Ok(None) => Err(NodeError::Nonsense("no answer to the question".to_owned())),
            // 413: the batch as such is too large.
            Err(_) if !single && status == 413 => Ok(Posted::TooMany),
            Err(_) if !(200..300).contains(&status) => {
                Err(NodeError::Transport(format!("HTTP status {status}")))
            }
            Err(why) => Err(NodeError::Nonsense(why)),
        }
    }
}

/// Answers in the order of `ids`; `None` when this is no answer to the whole batch, as when batches are refused.
fn read(text: &[u8], ids: &[u64]) -> Result<Option<Vec<Answer>>, String> {
    let starts_with_bracket = text.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'[');
    let envelopes: Vec<Envelope<'_>> = if starts_with_bracket {
        serde_json::from_slice(text).map_err(|error| format!("not JSON-RPC: {error}"))?
    } else {
        vec![serde_json::from_slice(text).map_err(|error| format!("not JSON-RPC: {error}"))?]
    };
    if !starts_with_bracket && ids.len() > 1 {
        return refusal(envelopes);
    }
    let mut answers: Vec<Option<Answer>> = vec![None; ids.len()];
    for envelope in envelopes {
        if envelope.jsonrpc != "2.0" {
            return Err("not JSON-RPC 2.0".to_owned());
        }
        let place = envelope.id.as_u64().and_then(|id| ids.iter().position(|asked| *asked == id));
        // An error may lack the id of a question it could not read: when only one was asked, it is that one's.
        let place =
            place.or((ids.len() == 1 && envelope.id.is_null() && envelope.error.is_some()).then_some(0));
        let answer = match (envelope.error, envelope.result) {
            // geth answers a batch above its limit with one error under the first id.
            (Some(fault), _) if fault.code == INVALID_REQUEST && ids.len() > 1 => return Ok(None),
            (Some(fault), _) => Err(Lost::Fault(fault.read())),
            (None, Some(result)) => Ok(result.to_owned()),
            (None, None) => return Err("an answer without result or error".to_owned()),
        };
        match place.and_then(|place| answers.get_mut(place)) {
            Some(free @ None) => *free = Some(answer),
            Some(Some(_)) => return Err("two answers to one question".to_owned()),
            None => return Err("an answer to a question that was not asked".to_owned()),
        }
    }
    Ok(answers.into_iter().collect())
}

/// One object in answer to many questions: the batch was refused, or the node failed as a whole.
fn refusal(envelopes: Vec<Envelope<'_>>) -> Result<Option<Vec<Answer>>, String> {
    match envelopes.into_iter().next().and_then(|envelope| envelope.error) {
        Some(fault) if fault.code == INVALID_REQUEST => Ok(None),
        Some(fault) => {
            let Fault { code, message, .. } = fault.read();
            Err(format!("the whole batch failed: {code}: {message}"))
        }
        None => Err("one answer to many questions".to_owned()),
    }
}

#[cfg(test)]
mod fuzz;

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(text: &str, ids: &[u64]) -> Result<Option<Vec<Result<String, i64>>>, String> {
        let answers = read(text.as_bytes(), ids)?;
        let plain = |answer: Answer| match answer {
            Ok(value) => Ok(value.get().to_owned()),
            Err(Lost::Fault(fault)) => Err(fault.code),
            Err(Lost::Node(error)) => panic!("{error}"),
        };
        Ok(answers.map(|answers| answers.into_iter().map(plain).collect()))
    }

    #[test]
    fn answers_are_matched_by_id_in_any_order() {
        let text = r#" [{"jsonrpc":"2.0","id":8,"error":{"code":3,"message":"m","data":"0x01"}},
                        {"jsonrpc":"2.0","id":7,"result":null}]"#;
        assert_eq!(texts(text, &[7, 8]), Ok(Some(vec![Ok("null".to_owned()), Err(3)])));
        assert_eq!(
            texts(r#"{"jsonrpc":"2.0","id":7,"result":"0x1"}"#, &[7]),
            Ok(Some(vec![Ok("\"0x1\"".to_owned())]))
        );
    }

    #[test]
    fn answers_to_other_questions_are_nonsense() {
        for text in [
            r#"{"jsonrpc":"2.0","id":9,"result":"0x1"}"#,
            r#"{"jsonrpc":"2.0","id":"7","result":"0x1"}"#,
            r#"{"jsonrpc":"2.0","id":7}"#,
            r#"{"jsonrpc":"1.0","id":7,"result":1}"#,
            r#"[{"jsonrpc":"2.0","id":7,"result":1},{"jsonrpc":"2.0","id":7,"result":2}]"#,
            r#"<html>busy</html>"#,
            "",
            "[",
        ] {
            assert!(texts(text, &[7]).is_err(), "{text}");
        }
    }

    #[test]
    fn a_refused_batch_is_told_from_a_failed_one() {
        let refused = r#"{"jsonrpc":"2.0","id":null,"error":{"code":-32600,"message":"no batches"}}"#;
        assert_eq!(texts(refused, &[1, 2]), Ok(None));
        let geth = r#"[{"jsonrpc":"2.0","id":1,"error":{"code":-32600,"message":"batch too large"}}]"#;
        assert_eq!(texts(geth, &[1, 2]), Ok(None));
        let short = r#"[{"jsonrpc":"2.0","id":1,"result":1}]"#;
        assert_eq!(texts(short, &[1, 2]), Ok(None));
        let limited = r#"{"jsonrpc":"2.0","id":null,"error":{"code":-32005,"message":"limit"}}"#;
        assert!(texts(limited, &[1, 2]).is_err());
        assert_eq!(texts(limited, &[1]), Ok(Some(vec![Err(-32005)])));
    }

    proptest::proptest! {
        #[test]
        fn bytes_of_strangers_never_panic(
            noise in ".{0,60}", id in 0u64..4, code in -33_000i64..5, shape in 0usize..5, ids in 1u64..4
        ) {
            let quoted = serde_json::to_string(&noise).unwrap();
            let text = match shape {
                0 => noise,
                1 => format!(r#"{{"jsonrpc":"2.0","id":{id},"result":{quoted}}}"#),
                2 => format!(r#"[{{"jsonrpc":"2.0","id":{id},"error":{{"code":{code},"message":{quoted}}}}}]"#),
                3 => format!(r#"{{"jsonrpc":"2.0","id":{quoted},"error":{{"code":{code},"data":{quoted}}}}}"#),
                _ => format!("[{noise}]"),
            };
            let asked: Vec<u64> = (0..ids).collect();
            if let Ok(Some(answers)) = read(text.as_bytes(), &asked) {
                proptest::prop_assert_eq!(answers.len(), asked.len());
            }
        }
    }
}
