//! The signer's wire: frames of JSON over a stream. Types of their own, so that a change inside either side is no change
//! of the wire.
//!
//! A frame is its length in four bytes, big-endian, and that many bytes of JSON. A caller sends one [`Call`] and waits
//! for one [`Reply`]. Every question may be asked again after a lost answer: nothing here counts twice.

pub(crate) mod convert;
pub(crate) mod hello;

use std::io::{self, Read, Write};

use serde::{Deserialize, Serialize};

/// Version of the wire. A signer answers no other.
pub(crate) const VERSION: u32 = 2;
/// Longest frame, bytes: some thousand requests, or an export of a thousand entries.
pub(crate) const FRAME_MAX: u32 = 16 * 1024 * 1024;

/// One question.
#[derive(Serialize, Deserialize)]
pub(crate) struct Call {
    pub v: u32,
    /// Which installation the caller belongs to: another one's store must not be paid from these keys (M1).
    pub deployment: String,
    pub question: Question,
}

#[derive(Serialize, Deserialize)]
#[serde(tag = "ask", rename_all = "snake_case")]
pub(crate) enum Question {
    Hello {
        wallet: Option<String>,
    },
    Admit {
        wallet: String,
        epoch: i64,
        payments: Vec<Approved>,
    },
    Sign {
        requests: Vec<Request>,
    },
    Close {
        wallet: String,
        epoch: i64,
        slot: String,
    },
    Export {
        from_seq: u64,
        limit: usize,
    },
    Mark {
        mark: u64,
    },
    Held,
    Show {
        wallet: String,
        challenge: String,
    },
    Bar {
        wallet: String,
        reason: String,
    },
    Stop {
        scope: String,
        subject: String,
        reason: String,
    },
    /// Of the engine's stops, the one that was read at this place; of a person's at this machine, whichever stands.
    Lift {
        scope: String,
        subject: String,
        reason: String,
        read_at: Option<u64>,
    },
    Stops,
}

impl Question {
    /// Whether a person on the signer's machine asks this.
    pub(crate) const fn is_of_the_console(&self) -> bool {
        match self {
            Self::Hello { .. }
            | Self::Held
            | Self::Export { .. }
            | Self::Stop { .. }
            | Self::Lift { .. }
            | Self::Stops => true,
            Self::Admit { .. }
            | Self::Sign { .. }
            | Self::Close { .. }
            | Self::Mark { .. }
            | Self::Show { .. }
            | Self::Bar { .. } => false,
        }
    }
}

/// One answer.
#[derive(Serialize, Deserialize)]
#[serde(tag = "answer", rename_all = "snake_case")]
pub(crate) enum Reply {
    Hello {
        deployment: String,
        journal_seq: u64,
        epoch: i64,
        stops: Vec<Standing>,
        fee_caps: Vec<FeeCap>,
    },
    Admitted {
        tickets: Vec<Outcome<u64>>,
    },
    Signed {
        signatures: Vec<Outcome<Signature>>,
    },
    Closed {
        record: Outcome<Record>,
    },
    Entries {
        entries: Vec<Entry>,
    },
    Held {
        wallets: Vec<Held>,
    },
    Shown {
        signature: Outcome<Shown>,
    },
    Barred {
        place: Outcome<u64>,
    },
    Noted {
        journal_seq: u64,
    },
    Stops {
        stops: Vec<Standing>,
    },
    /// The journal failed.
    Journal {
        why: String,
    },
    /// The signer cannot answer this, or not now.
    Down {
        why: String,
    },
}

#[derive(Serialize, Deserialize)]
pub(crate) struct Standing {
    scope: String,
    subject: String,
    setter: String,
    reason: String,
    journal_seq: u64,
}

#[derive(Serialize, Deserialize)]
pub(crate) struct FeeCap {
    chain: String,
    max_fee_wei: String,
    cost_max_wei: String,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Outcome<T> {
    Ok(T),
    Refused { code: String, detail: String, permanent: bool },
}

#[derive(Serialize, Deserialize)]
pub(crate) struct Payment {
    key: String,
    partner: String,
    withdrawal: String,
    asset: String,
    atoms: i64,
    precision: u8,
    to: String,
    memo: Option<String>,
    expires_at: Option<i64>,
}

#[derive(Serialize, Deserialize)]
pub(crate) struct Approval {
    key: String,
    signature: String,
    at: i64,
}

#[derive(Serialize, Deserialize)]
pub(crate) struct Approved {
    payment: Payment,
    decision: String,
    approvals: Vec<Approval>,
}

/// Terms of an attempt: a family is told by its fields.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
pub(crate) enum Terms {
    Evm(Fees),
    Tron(crate::journal::Tron),
}

#[derive(Serialize, Deserialize)]
pub(crate) struct Fees {
    gas_limit: u64,
    max_fee_wei: String,
    tip_wei: String,
}

/// A signing request and the stored attempt it is about. Both carry slot, kind, fees and digest: the signer compares
/// what was stored with what is asked, so neither may stand for the other.
#[derive(Serialize, Deserialize)]
pub(crate) struct Request {
    attempt: String,
    kind: String,
    payments: Vec<Approved>,
    slot: String,
    #[serde(rename = "fees")]
    terms: Terms,
    wallet: String,
    epoch: i64,
    digest: String,
    at: i64,
    unsigned: Unsigned,
}

#[derive(Serialize, Deserialize)]
pub(crate) struct Unsigned {
    id: String,
    transfer: String,
    serial: u32,
    kind: String,
    slot: String,
    #[serde(rename = "fees")]
    terms: Terms,
    bytes: String,
    digest: String,
    built_at: i64,
}

#[derive(Serialize, Deserialize)]
pub(crate) struct Signature {
    raw: String,
    txid: String,
    journal_seq: u64,
}

#[derive(Serialize, Deserialize)]
#[serde(tag = "slot", rename_all = "snake_case")]
pub(crate) enum Record {
    Closed { name: String, journal_seq: u64 },
    Voided { name: String, journal_seq: u64, voids: Vec<(String, Signature)> },
    Signed { signatures: Vec<(String, Signature)> },
}

#[derive(Serialize, Deserialize)]
pub(crate) struct Held {
    wallet: String,
    partner: String,
    chain: String,
    address: String,
    barred: bool,
}

#[derive(Serialize, Deserialize)]
pub(crate) struct Shown {
    r: String,
    s: String,
    y_parity: bool,
}

#[derive(Serialize, Deserialize)]
pub(crate) struct Entry {
    seq: u64,
    at: i64,
    body: String,
    prev: String,
    hash: String,
}

/// What arrived is not what this wire carries.
#[derive(Debug, thiserror::Error)]
#[error("malformed {0}")]
pub(crate) struct Malformed(pub &'static str);

/// Writes one frame.
pub(crate) fn write_frame(stream: &mut impl Write, message: &impl Serialize) -> io::Result<()> {
    let mut frame = vec![0; 4];
    serde_json::to_writer(&mut frame, message).map_err(io::Error::other)?;
    let length = u32::try_from(frame.len().saturating_sub(4)).ok().filter(|length| *length <= FRAME_MAX);
    let length =
        length.ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "the frame is too long"))?;
    if let Some(head) = frame.first_chunk_mut::<4>() {
        *head = length.to_be_bytes();
    }
    stream.write_all(&frame)?;
    stream.flush()
}

/// The length a frame announces, when it is allowed.
pub(crate) fn frame_length(head: [u8; 4]) -> io::Result<usize> {
    let length = u32::from_be_bytes(head);
    if length > FRAME_MAX {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "the frame is too long"));
    }
    usize::try_from(length).map_err(io::Error::other)
}

/// Reads one frame. The buffer grows with what arrives, not with what was announced.
pub(crate) fn read_frame(stream: &mut impl Read) -> io::Result<Vec<u8>> {
    let mut head = [0; 4];
    stream.read_exact(&mut head)?;
    let length = frame_length(head)?;
    let mut body = Vec::new();
    let limit = u64::try_from(length).map_err(io::Error::other)?;
    stream.take(limit).read_to_end(&mut body)?;
    if body.len() == length { Ok(body) } else { Err(io::ErrorKind::UnexpectedEof.into()) }
}
