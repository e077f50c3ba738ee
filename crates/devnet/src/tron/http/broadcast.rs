//! Transactions that are offered: as hexadecimal of their bytes, or as JSON.
//!
//! The bytes are read and their signers looked for before the chain is locked.

use std::sync::Arc;

use serde_json::{Value, json};

use super::{
    super::{
        execute::Verdict,
        json::{from_hex, text},
        tx::Tx,
    },
    Failure, Request,
};

/// How the answer is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::tron) enum Offered {
    /// `broadcasthex`: always every key, the message as text.
    Hex,
    /// `broadcasttransaction`: a message of the API, without what is zero.
    Json,
}

impl Offered {
    /// By the question's name; `None` if it offers nothing.
    pub(in crate::tron) fn named(name: &str) -> Option<Self> {
        match name {
            "broadcasthex" => Some(Self::Hex),
            "broadcasttransaction" => Some(Self::Json),
            _ => None,
        }
    }

    /// Reads the transaction that is offered.
    pub(in crate::tron) fn read(self, ask: &Request) -> Result<Arc<Tx>, Failure> {
        match self {
            Self::Hex => {
                let null =
                    || Failure::Error { class: "java.lang.NullPointerException", text: "null".to_owned() };
                let bytes =
                    from_hex(ask.get("transaction").ok_or_else(null)?).ok_or_else(|| Failure::Error {
                        class: "org.bouncycastle.util.encoders.DecoderException",
                        text: "exception decoding Hex string: invalid characters encountered in Hex string"
                            .to_owned(),
                    })?;
                let tx = Tx::read(&bytes).map_err(|_| Failure::Error {
                    class: "com.google.protobuf.InvalidProtocolBufferException",
                    text: "Protocol message contained an invalid tag (zero).".to_owned(),
                })?;
                Ok(Arc::new(tx))
            }
            Self::Json => Ok(Arc::new(Tx::from_json(ask.body(), ask.visible)?)),
        }
    }
}

/// The answer to an offer.
pub(in crate::tron) fn verdict_json(offered: Offered, tx: &Tx, verdict: &Verdict, visible: bool) -> Value {
    let txid = hex::encode(tx.id);
    match offered {
        Offered::Hex => json!({
            "result": verdict.result,
            "code": verdict.code,
            "message": verdict.message,
            // A text that is JSON, with addresses in base58.
            "transaction": Value::Object(tx.json(true, None)).to_string(),
            "txid": txid,
        }),
        Offered::Json => {
            let mut shown = json!({ "txid": txid });
            if let Some(shown) = shown.as_object_mut() {
                if verdict.result {
                    shown.insert("result".to_owned(), json!(true));
                } else {
                    shown.insert("code".to_owned(), json!(verdict.code));
                    shown.insert("message".to_owned(), json!(text(verdict.message.as_bytes(), visible)));
                }
            }
            shown
        }
    }
}
