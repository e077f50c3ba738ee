//! Between the wire and our own words. What does not read back exactly is malformed.

use sluice_core::address::Address;
use sluice_core::amount::Amount;
use sluice_core::asset::AssetId;
use sluice_core::attempt::{self, Kind};
use sluice_core::chain::ChainId;
use sluice_core::id::{AttemptId, PartnerId, TransferId, WalletId, WithdrawalId};
use sluice_core::intent::{self, PaymentKey, SigningRequest};
use sluice_core::port::signer::{self, SignerRefusal, SlotRecord};
use sluice_core::proof::Tombstone;
use sluice_core::slot::Slot;
use sluice_core::time::Timestamp;

use super::{
    Approval, Approved, Entry, Fees, Held, Malformed, Outcome, Payment, Record, Request, Shown, Signature,
    Terms, Unsigned,
};
use crate::journal::JournalEntry;
use crate::service::Ask;

fn fixed<const N: usize>(text: &str, what: &'static str) -> Result<[u8; N], Malformed> {
    let mut bytes = [0; N];
    hex::decode_to_slice(text, &mut bytes).map_err(|_| Malformed(what))?;
    Ok(bytes)
}

fn kind(text: &str) -> Result<Kind, Malformed> {
    [Kind::Pay, Kind::Void].into_iter().find(|kind| kind.as_str() == text).ok_or(Malformed("kind"))
}

pub(crate) fn slot(text: &str) -> Result<Slot, Malformed> {
    Slot::parse(text).map_err(|_| Malformed("slot"))
}

/// What the signer's own process said on the other side of the socket.
fn tombstone(name: &str, journal_seq: u64) -> Result<Tombstone, Malformed> {
    #[expect(clippy::disallowed_methods, reason = "the signer's word, read back")]
    let tombstone = Tombstone::journaled(slot(name)?, journal_seq);
    Ok(tombstone)
}

pub(crate) fn challenge(text: &str) -> Result<[u8; 32], Malformed> {
    fixed(text, "challenge")
}

pub(crate) fn wallet(text: &str) -> Result<WalletId, Malformed> {
    WalletId::parse(text).map_err(|_| Malformed("wallet"))
}

impl From<&intent::Payment> for Payment {
    fn from(payment: &intent::Payment) -> Self {
        Self {
            key: payment.key.to_string(),
            partner: payment.partner.to_string(),
            withdrawal: payment.withdrawal.to_string(),
            asset: payment.asset.to_string(),
            atoms: payment.amount.atoms(),
            precision: payment.precision,
            to: hex::encode(payment.to.bytes()),
            memo: payment.memo.clone(),
            expires_at: payment.expires_at.map(Timestamp::micros),
        }
    }
}

impl TryFrom<Payment> for intent::Payment {
    type Error = Malformed;

    fn try_from(wire: Payment) -> Result<Self, Malformed> {
        let asset = AssetId::parse(&wire.asset).map_err(|_| Malformed("asset"))?;
        Ok(Self {
            key: PaymentKey(fixed(&wire.key, "payment key")?),
            partner: PartnerId::parse(&wire.partner).map_err(|_| Malformed("partner"))?,
            withdrawal: WithdrawalId::parse(&wire.withdrawal).map_err(|_| Malformed("withdrawal"))?,
            asset,
            amount: Amount::from_atoms(wire.atoms).ok_or(Malformed("amount"))?,
            precision: wire.precision,
            to: Address::of(asset.chain.family, fixed(&wire.to, "recipient")?),
            memo: wire.memo,
            expires_at: wire.expires_at.map(Timestamp::from_micros),
        })
    }
}

impl From<&intent::Approved> for Approved {
    fn from(approved: &intent::Approved) -> Self {
        let approvals = approved.approvals.iter().map(|approval| Approval {
            key: approval.key.clone(),
            signature: approval.signature.clone(),
            at: approval.at.micros(),
        });
        Self {
            payment: (&approved.payment).into(),
            decision: approved.decision.clone(),
            approvals: approvals.collect(),
        }
    }
}

impl TryFrom<Approved> for intent::Approved {
    type Error = Malformed;

    fn try_from(wire: Approved) -> Result<Self, Malformed> {
        let approvals = wire.approvals.into_iter().map(|approval| intent::Approval {
            key: approval.key,
            signature: approval.signature,
            at: Timestamp::from_micros(approval.at),
        });
        Ok(Self {
            payment: wire.payment.try_into()?,
            decision: wire.decision,
            approvals: approvals.collect(),
        })
    }
}

impl From<&attempt::Fees> for Fees {
    fn from(fees: &attempt::Fees) -> Self {
        Self {
            gas_limit: fees.gas_limit,
            max_fee_wei: fees.max_fee_wei.to_string(),
            tip_wei: fees.tip_wei.to_string(),
        }
    }
}

impl TryFrom<Fees> for attempt::Fees {
    type Error = Malformed;

    fn try_from(wire: Fees) -> Result<Self, Malformed> {
        Ok(Self {
            gas_limit: wire.gas_limit,
            max_fee_wei: wire.max_fee_wei.parse().map_err(|_| Malformed("fee"))?,
            tip_wei: wire.tip_wei.parse().map_err(|_| Malformed("tip"))?,
        })
    }
}

impl From<&attempt::Terms> for Terms {
    fn from(terms: &attempt::Terms) -> Self {
        match terms {
            attempt::Terms::Evm(fees) => Self::Evm(fees.into()),
            attempt::Terms::Tron(terms) => Self::Tron(terms.into()),
        }
    }
}

impl TryFrom<Terms> for attempt::Terms {
    type Error = Malformed;

    fn try_from(wire: Terms) -> Result<Self, Malformed> {
        Ok(match wire {
            Terms::Evm(fees) => Self::Evm(fees.try_into()?),
            Terms::Tron(terms) => Self::Tron(terms.terms().ok_or(Malformed("terms"))?),
        })
    }
}

impl From<&Ask<'_>> for Request {
    fn from(ask: &Ask<'_>) -> Self {
        let Ask { request, unsigned } = ask;
        Self {
            attempt: request.attempt.to_string(),
            kind: request.kind.as_str().into(),
            payments: request.payments.iter().map(Approved::from).collect(),
            slot: request.slot.to_string(),
            terms: (&request.terms).into(),
            wallet: request.wallet.to_string(),
            epoch: request.epoch,
            digest: hex::encode(request.digest),
            at: request.at.micros(),
            unsigned: Unsigned {
                id: unsigned.id.to_string(),
                transfer: unsigned.transfer.to_string(),
                serial: unsigned.serial,
                kind: unsigned.kind.as_str().into(),
                slot: unsigned.slot.to_string(),
                terms: (&unsigned.terms).into(),
                bytes: hex::encode(&unsigned.bytes),
                digest: hex::encode(unsigned.digest),
                built_at: unsigned.built_at.micros(),
            },
        }
    }
}

impl TryFrom<Request> for (SigningRequest, attempt::Unsigned) {
    type Error = Malformed;

    fn try_from(wire: Request) -> Result<Self, Malformed> {
        let stored = wire.unsigned;
        let request = SigningRequest {
            attempt: AttemptId::parse(&wire.attempt).map_err(|_| Malformed("attempt"))?,
            kind: kind(&wire.kind)?,
            payments: wire.payments.into_iter().map(TryInto::try_into).collect::<Result<_, _>>()?,
            slot: slot(&wire.slot)?,
            terms: wire.terms.try_into()?,
            wallet: wallet(&wire.wallet)?,
            epoch: wire.epoch,
            digest: fixed(&wire.digest, "digest")?,
            at: Timestamp::from_micros(wire.at),
        };
        let unsigned = attempt::Unsigned {
            id: AttemptId::parse(&stored.id).map_err(|_| Malformed("attempt"))?,
            transfer: TransferId::parse(&stored.transfer).map_err(|_| Malformed("transfer"))?,
            serial: stored.serial,
            kind: kind(&stored.kind)?,
            slot: slot(&stored.slot)?,
            terms: stored.terms.try_into()?,
            bytes: hex::decode(&stored.bytes).map_err(|_| Malformed("bytes"))?,
            digest: fixed(&stored.digest, "digest")?,
            built_at: Timestamp::from_micros(stored.built_at),
        };
        Ok((request, unsigned))
    }
}

impl From<signer::Signature> for Signature {
    fn from(signature: signer::Signature) -> Self {
        Self {
            raw: hex::encode(&signature.raw),
            txid: hex::encode(signature.txid),
            journal_seq: signature.journal_seq,
        }
    }
}

impl TryFrom<Signature> for signer::Signature {
    type Error = Malformed;

    fn try_from(wire: Signature) -> Result<Self, Malformed> {
        Ok(Self {
            raw: hex::decode(&wire.raw).map_err(|_| Malformed("bytes"))?,
            txid: fixed(&wire.txid, "txid")?,
            journal_seq: wire.journal_seq,
        })
    }
}

fn written(signatures: Vec<(AttemptId, signer::Signature)>) -> Vec<(String, Signature)> {
    signatures.into_iter().map(|(attempt, signature)| (attempt.to_string(), signature.into())).collect()
}

fn read_back(signatures: Vec<(String, Signature)>) -> Result<Vec<(AttemptId, signer::Signature)>, Malformed> {
    let read = |(attempt, signature): (String, Signature)| {
        let attempt = AttemptId::parse(&attempt).map_err(|_| Malformed("attempt"))?;
        Ok((attempt, signature.try_into()?))
    };
    signatures.into_iter().map(read).collect()
}

impl From<SlotRecord> for Record {
    fn from(record: SlotRecord) -> Self {
        match record {
            SlotRecord::Closed(tombstone) => {
                Self::Closed { name: tombstone.slot().to_string(), journal_seq: tombstone.journal_seq() }
            }
            SlotRecord::Voided(tombstone, voids) => Self::Voided {
                name: tombstone.slot().to_string(),
                journal_seq: tombstone.journal_seq(),
                voids: written(voids),
            },
            SlotRecord::Signed(signatures) => Self::Signed { signatures: written(signatures) },
        }
    }
}

impl TryFrom<Record> for SlotRecord {
    type Error = Malformed;

    fn try_from(wire: Record) -> Result<Self, Malformed> {
        match wire {
            Record::Closed { name, journal_seq } => Ok(Self::Closed(tombstone(&name, journal_seq)?)),
            Record::Voided { name, journal_seq, voids } => {
                Ok(Self::Voided(tombstone(&name, journal_seq)?, read_back(voids)?))
            }
            Record::Signed { signatures } => Ok(Self::Signed(read_back(signatures)?)),
        }
    }
}

impl From<signer::Held> for Held {
    fn from(held: signer::Held) -> Self {
        Self {
            wallet: held.wallet.to_string(),
            partner: held.partner.to_string(),
            chain: held.chain.to_string(),
            address: hex::encode(held.address.bytes()),
            barred: held.barred,
        }
    }
}

impl TryFrom<Held> for signer::Held {
    type Error = Malformed;

    fn try_from(wire: Held) -> Result<Self, Malformed> {
        let chain = ChainId::parse(&wire.chain).map_err(|_| Malformed("chain"))?;
        Ok(Self {
            wallet: wallet(&wire.wallet)?,
            partner: PartnerId::parse(&wire.partner).map_err(|_| Malformed("partner"))?,
            chain,
            address: Address::of(chain.family, fixed(&wire.address, "address")?),
            barred: wire.barred,
        })
    }
}

impl From<signer::Shown> for Shown {
    fn from(shown: signer::Shown) -> Self {
        Self { r: hex::encode(shown.r), s: hex::encode(shown.s), y_parity: shown.y_parity }
    }
}

impl TryFrom<Shown> for signer::Shown {
    type Error = Malformed;

    fn try_from(wire: Shown) -> Result<Self, Malformed> {
        let (r, s) = (fixed(&wire.r, "signature")?, fixed(&wire.s, "signature")?);
        Ok(Self { r, s, y_parity: wire.y_parity })
    }
}

impl From<JournalEntry> for Entry {
    fn from(entry: JournalEntry) -> Self {
        Self {
            seq: entry.seq,
            at: entry.at.micros(),
            body: entry.body,
            prev: hex::encode(entry.prev),
            hash: hex::encode(entry.hash),
        }
    }
}

impl TryFrom<Entry> for JournalEntry {
    type Error = Malformed;

    fn try_from(wire: Entry) -> Result<Self, Malformed> {
        Ok(Self {
            seq: wire.seq,
            at: Timestamp::from_micros(wire.at),
            body: wire.body,
            prev: fixed(&wire.prev, "hash")?,
            hash: fixed(&wire.hash, "hash")?,
        })
    }
}

impl<T> Outcome<T> {
    pub(crate) fn of<U: Into<T>>(answer: Result<U, SignerRefusal>) -> Self {
        match answer {
            Ok(value) => Self::Ok(value.into()),
            Err(SignerRefusal { code, detail, permanent }) => Self::Refused { code, detail, permanent },
        }
    }

    pub(crate) fn read<U: TryFrom<T>>(self) -> Result<Result<U, SignerRefusal>, U::Error> {
        match self {
            Self::Ok(value) => Ok(Ok(value.try_into()?)),
            Self::Refused { code, detail, permanent } => Ok(Err(SignerRefusal { code, detail, permanent })),
        }
    }
}
