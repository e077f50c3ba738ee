//! `sign`: judge and reserve, commit, use the key, record, commit, answer.

use std::sync::Arc;

use sluice_codec::{evm, tron};
use sluice_core::address::EvmAddress;
use sluice_core::attempt::{Kind, Unsigned};
use sluice_core::chain::Family;
use sluice_core::intent::SigningRequest;
use sluice_core::port::signer::{Signature, SignerError, SignerRefusal};
use sluice_core::time::Timestamp;

use super::{SigningService, answer, broken, close, note_epoch};
use crate::guard::{Caller, No, Sitting, cost_gwei};
use crate::journal::{Fact, JournalError, Reserve, Tron, Tx, WalletRow, read};
use crate::key::{self, Key, KeyRing};
use crate::refusal::Code;

/// A request and the stored attempt it is about. The store's `Durable` is unwrapped by the caller: over a wire it would
/// be a claim, not a proof.
#[derive(Clone, Copy, Debug)]
pub struct Ask<'a> {
    /// What is asked for.
    pub request: &'a SigningRequest,
    /// The bytes the engine stored for it.
    pub unsigned: &'a Unsigned,
}

/// What became of a request before any key was used.
enum Judged {
    /// It was signed before: here is the recorded signature.
    Recorded(Signature),
    /// It is reserved: sign this.
    Reserved(Box<Work>),
}

struct Work {
    kind: Kind,
    attempt: String,
    slot: String,
    digest: [u8; 32],
    unsigned: Vec<u8>,
    family: Family,
    key: Arc<dyn Key>,
    address: EvmAddress,
}

/// A signature that was made and checked, and is not recorded yet.
struct Made {
    raw: Vec<u8>,
    txid: [u8; 32],
    r: [u8; 32],
}

impl SigningService {
    /// Signs, or returns the recorded signature; one answer per request, in order. All requests of a call share two
    /// commits: one for every reservation, one for every signature.
    ///
    /// # Errors
    /// [`SignerError::Journal`]: nothing was signed that will not be signed the same when asked again.
    pub fn sign(
        &self,
        asks: &[Ask<'_>],
        now: Timestamp,
    ) -> Result<Vec<Result<Signature, SignerRefusal>>, SignerError> {
        let ring = self.ring().clone();
        // Unlocking a keystore takes a second; done here it holds nobody up. A failure shows again when the key is used.
        for ask in asks {
            if let Some(enrolled) = ring.get(ask.request.wallet) {
                let _shown_again_at_use = enrolled.key.unlock();
            }
        }
        let mut journal = self.journal()?;

        let mut tx = journal.begin(now).map_err(broken)?;
        let sitting = Sitting::new(&tx, &self.caps, now).map_err(broken)?;
        let judged: Vec<_> = asks
            .iter()
            .map(|ask| reserve(&mut tx, &sitting, &ring, ask))
            .collect::<Result<_, _>>()
            .map_err(broken)?;
        tx.commit().map_err(broken)?;

        let made: Vec<_> = judged
            .iter()
            .map(|judged| match judged {
                Ok(Judged::Reserved(work)) => Some(make(work)),
                Ok(Judged::Recorded(_)) | Err(_) => None,
            })
            .collect();

        let mut tx = journal.begin(now).map_err(broken)?;
        let mut answers = Vec::with_capacity(asks.len());
        for (judged, made) in judged.into_iter().zip(made) {
            answers.push(match (judged, made) {
                (Ok(Judged::Recorded(signature)), _) => Ok(signature),
                (Ok(Judged::Reserved(work)), Some(made)) => record(&mut tx, &work, made).map_err(broken)?,
                (Ok(Judged::Reserved(work)), None) => Err(Code::KeyUnavailable.refuse(work.attempt)),
                (Err(refusal), _) => Err(refusal),
            });
        }
        tx.commit().map_err(broken)?;
        Ok(answers)
    }
}

/// Judges a request and reserves it; a refusal for good closes a slot that nothing was ever asked for.
fn reserve(
    tx: &mut Tx<'_>,
    sitting: &Sitting<'_>,
    ring: &KeyRing,
    ask: &Ask<'_>,
) -> Result<Result<Judged, SignerRefusal>, JournalError> {
    let request = ask.request;
    let (wallet, epoch) = (request.wallet, request.epoch);
    let caller = Caller { wallet, known: ring.holds(wallet), epoch, asked_at: Some(request.at) };
    let guard = sitting.guard(tx);
    let identified = guard.caller(&caller).and_then(|row| {
        guard.own_slot(wallet, &row, &request.slot)?;
        Ok(row)
    });
    let row = match answer(identified)? {
        Ok(row) => row,
        Err(refusal) => return Ok(Err(refusal)),
    };
    note_epoch(tx, &caller, &row)?;
    let judged = answer(judge(tx, sitting, ring, &row, ask))?;
    if let Err(refusal) = &judged
        && refusal.permanent
    {
        close::refused(tx, request.kind, wallet, &request.slot, &refusal.code)?;
    }
    Ok(judged)
}

fn judge(
    tx: &mut Tx<'_>,
    sitting: &Sitting<'_>,
    ring: &KeyRing,
    wallet: &WalletRow,
    ask: &Ask<'_>,
) -> Result<Judged, No> {
    let Ask { request, unsigned } = *ask;
    let guard = sitting.guard(tx);
    guard.same_attempt(request, unsigned)?;
    let (attempt, slot) = (request.attempt.to_string(), request.slot.to_string());
    let known = read::attempt(tx.conn(), &attempt)?;
    if let Some(known) = &known {
        if known.digest != request.digest || known.slot != slot {
            return Err(Code::BytesDiffer
                .refuse("this attempt was asked for with other bytes before")
                .into());
        }
        if let Some(signed) = &known.signed {
            let (raw, txid) = (signed.raw.clone(), signed.txid);
            return Ok(Judged::Recorded(Signature { raw, txid, journal_seq: signed.seq }));
        }
    }
    guard.same_bytes(request, wallet, unsigned)?;
    guard.fees(request)?;
    let row = read::slot(tx.conn(), &slot)?;
    guard.slot(request, wallet, row.as_ref())?;
    guard.gas(request, row.as_ref())?;
    let enrolled = ring
        .get(request.wallet)
        .ok_or_else(|| Code::WalletUnknown.refuse(format!("no key of {} here", request.wallet)))?;
    if known.is_none() {
        tx.append(&Fact::Reserve(Box::new(reservation(request, unsigned))))?;
    }
    Ok(Judged::Reserved(Box::new(Work {
        kind: request.kind,
        attempt,
        slot,
        digest: request.digest,
        unsigned: unsigned.bytes.clone(),
        family: request.slot.chain().family,
        key: Arc::clone(&enrolled.key),
        address: enrolled.key.address(),
    })))
}

fn reservation(request: &SigningRequest, unsigned: &Unsigned) -> Reserve {
    let paid = request.payments.first().filter(|_| request.kind == Kind::Pay);
    let fees = request.terms.evm();
    Reserve {
        attempt: request.attempt.to_string(),
        transfer: unsigned.transfer.to_string(),
        serial: unsigned.serial,
        kind: request.kind.as_str().into(),
        wallet: request.wallet.to_string(),
        epoch: request.epoch,
        slot: request.slot.to_string(),
        payment_key: paid.map(|approved| approved.payment.key.to_string()),
        payment_hash: paid.map(|_| hex::encode(request.payment_hash())),
        request_hash: hex::encode(request.hash()),
        gas_limit: fees.map_or(0, |fees| fees.gas_limit),
        max_fee_wei: fees.map_or(0, |fees| fees.max_fee_wei).to_string(),
        tip_wei: fees.map_or(0, |fees| fees.tip_wei).to_string(),
        tron: request.terms.tron().map(Tron::from),
        unsigned: hex::encode(&unsigned.bytes),
        digest: hex::encode(request.digest),
        built_at: unsigned.built_at.micros(),
        cost_gwei: Some(cost_gwei(&request.terms)),
    }
}

/// Uses the key, and checks what came out.
fn make(work: &Work) -> Result<Made, SignerRefusal> {
    let signature = key::sign_checked(work.key.as_ref(), work.address, &work.digest)
        .map_err(|error| Code::KeyUnavailable.refuse(error.to_string()))?;
    let (r, s, y_parity) = (signature.r, signature.s, signature.y_parity);
    let attached = match work.family {
        Family::Evm => evm::attach(&work.unsigned, r, s, y_parity).map_err(|error| error.to_string()),
        Family::Tron => tron::attach(&work.unsigned, r, s, y_parity)
            .map(|raw| (raw, work.digest))
            .map_err(|error| error.to_string()),
    };
    let (raw, txid) = attached.map_err(|why| Code::KeyUnavailable.refuse(why))?;
    Ok(Made { raw, txid, r: signature.r })
}

fn record(
    tx: &mut Tx<'_>,
    work: &Work,
    made: Result<Made, SignerRefusal>,
) -> Result<Result<Signature, SignerRefusal>, JournalError> {
    let made = match made {
        Ok(made) => made,
        Err(refusal) => return Ok(Err(refusal)),
    };
    // The same attempt twice in one call: the first answer is the answer.
    if let Some(signed) = read::attempt(tx.conn(), &work.attempt)?.and_then(|attempt| attempt.signed) {
        return Ok(Ok(Signature { raw: signed.raw, txid: signed.txid, journal_seq: signed.seq }));
    }
    // A void, or another slot, came later in the same call: then this payment has not been signed as far as anybody
    // will ever know.
    if work.kind == Kind::Pay
        && let Some(slot) = read::slot(tx.conn(), &work.slot)?
        && let Some(code) = slot.shut()
    {
        return Ok(Err(code.refuse(format!("slot {} was given up in the same call", work.slot))));
    }
    // RFC 6979 never repeats r over other bytes. A device with a bad source of chance may, and two such signatures give
    // the key away: the second never leaves.
    if read::r_is_reused(tx.conn(), &made.r, &work.digest)? {
        return Ok(Err(Code::KeyUnavailable.refuse("the key repeats its nonces: take it out of service")));
    }
    let journal_seq = tx.append(&Fact::Signature {
        attempt: work.attempt.clone(),
        slot: work.slot.clone(),
        raw: hex::encode(&made.raw),
        txid: hex::encode(made.txid),
        r: hex::encode(made.r),
    })?;
    Ok(Ok(Signature { raw: made.raw, txid: made.txid, journal_seq }))
}
