//! `-> requested`: what was asked for, in checked values.

use std::collections::BTreeMap;

use super::{Record, State, Withdrawal};
use crate::address::Address;
use crate::amount::Amount;
use crate::asset::Asset;
use crate::canonical::Canonical;
use crate::errand::{REFILL, SWEEP, kind_of};
use crate::id::{PartnerId, WalletId, WithdrawalId};
use crate::intent::{Approved as ApprovedPayment, DeploymentId, Payment, PaymentKey};
use crate::moved::Moved;
use crate::time::Timestamp;

/// How soon a partner wants it. Sets a deadline, never a minimum wait and never fewer gates (M11).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Type {
    /// Done within 30 minutes.
    Immediate,
    /// Done within 2 hours.
    Regular,
    /// Starts at a given time, done within 30 minutes of it.
    Scheduled,
}

impl Type {
    /// The name on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Immediate => "immediate",
            Self::Regular => "regular",
            Self::Scheduled => "scheduled",
        }
    }

    /// Reads the name.
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "immediate" => Some(Self::Immediate),
            "regular" => Some(Self::Regular),
            "scheduled" => Some(Self::Scheduled),
            _ => None,
        }
    }
}

/// Longest `external_id`, `user_id`, `Idempotency-Key`, bytes.
pub const ID_MAX: usize = 128;
/// Longest memo, bytes.
pub const MEMO_MAX: usize = 255;
/// Most metadata entries.
pub const METADATA_MAX: usize = 20;
/// Longest metadata key or value, bytes.
pub const METADATA_TEXT_MAX: usize = 256;
/// Furthest a withdrawal may be scheduled ahead, days.
pub const SCHEDULE_DAYS_MAX: i64 = 90;

/// What a caller hands over, in parsed but unchecked values.
#[derive(Clone, Debug)]
pub struct NewRequest {
    /// The partner's own id.
    pub external_id: String,
    /// Who is paid, in the partner's words.
    pub user_id: String,
    /// What.
    pub asset: Asset,
    /// How much the recipient gets.
    pub amount: Amount,
    /// To whom.
    pub to: Address,
    /// How soon.
    pub kind: Type,
    /// Text for the recipient.
    pub memo: Option<String>,
    /// Not before.
    pub scheduled_for: Option<Timestamp>,
    /// The partner's own notes.
    pub metadata: BTreeMap<String, String>,
}

/// What was asked for. Every value is checked; nothing in it ever changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// The partner's own id: unique per partner for ever (M1).
    pub external_id: String,
    /// Who is paid, in the partner's words.
    pub user_id: String,
    /// What.
    pub asset: Asset,
    /// How much the recipient gets.
    pub amount: Amount,
    /// What we charge beside it.
    pub fee: Amount,
    /// To whom.
    pub to: Address,
    /// How soon.
    pub kind: Type,
    /// Text for the recipient.
    pub memo: Option<String>,
    /// Not before.
    pub scheduled_for: Option<Timestamp>,
    /// The partner's own notes.
    pub metadata: BTreeMap<String, String>,
    /// An errand of the house: the wallet that must do it, and no other.
    pub pinned_to: Option<WalletId>,
}

/// Why a request is refused. The field, and the rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RequestError {
    /// Empty, too long, or anything but visible ASCII.
    #[error("external_id is 1 to {ID_MAX} visible ASCII characters without spaces")]
    ExternalId,
    /// Empty, too long, or control characters.
    #[error("user_id is 1 to {ID_MAX} printable characters")]
    UserId,
    /// Too long, or control characters.
    #[error("memo is at most {MEMO_MAX} bytes of printable text")]
    Memo,
    /// Too many entries, too long, or control characters.
    #[error("metadata is at most {METADATA_MAX} entries of at most {METADATA_TEXT_MAX} bytes")]
    Metadata,
    /// `scheduled` without a time.
    #[error("a scheduled withdrawal needs scheduled_for")]
    ScheduleMissing,
    /// A time without `scheduled`.
    #[error("scheduled_for is only for type scheduled")]
    ScheduleUnexpected,
    /// In the past.
    #[error("scheduled_for lies in the past")]
    SchedulePast,
    /// Too far ahead.
    #[error("scheduled_for lies more than {SCHEDULE_DAYS_MAX} days ahead")]
    ScheduleFar,
    /// Zero.
    #[error("the amount must be more than zero")]
    Amount,
    /// The token contract itself.
    #[error("the address is the token's own contract")]
    TokenItself,
    /// A wallet of the same partner.
    #[error("the address is one of your own wallets")]
    OwnWallet,
    /// Amount and fee together are too large.
    #[error("amount and fee together are larger than the books can hold")]
    Total,
}

impl Request {
    /// Checks what a caller hands over. `own_wallets` are the caller's alone: the refusal must not tell whose another
    /// wallet is.
    ///
    /// # Errors
    /// [`RequestError`]: the first rule broken, in field order.
    pub fn check(
        new: NewRequest,
        fee: Amount,
        own_wallets: &[Address],
        now: Timestamp,
    ) -> Result<Self, RequestError> {
        let visible = |byte: u8| byte.is_ascii_graphic();
        if new.external_id.is_empty()
            || new.external_id.len() > ID_MAX
            || !new.external_id.bytes().all(visible)
        {
            return Err(RequestError::ExternalId);
        }
        if new.user_id.is_empty() || new.user_id.len() > ID_MAX || !printable(&new.user_id) {
            return Err(RequestError::UserId);
        }
        if new.amount == Amount::ZERO {
            return Err(RequestError::Amount);
        }
        if new.amount.checked_add(fee).is_none() {
            return Err(RequestError::Total);
        }
        if new.asset.contract() == Some(new.to) {
            return Err(RequestError::TokenItself);
        }
        if own_wallets.contains(&new.to) {
            return Err(RequestError::OwnWallet);
        }
        if new.memo.as_ref().is_some_and(|memo| memo.len() > MEMO_MAX || !printable(memo)) {
            return Err(RequestError::Memo);
        }
        let text_fits = |text: &String| text.len() <= METADATA_TEXT_MAX && printable(text);
        if new.metadata.len() > METADATA_MAX
            || !new.metadata.iter().all(|(key, value)| !key.is_empty() && text_fits(key) && text_fits(value))
        {
            return Err(RequestError::Metadata);
        }
        match (new.kind, new.scheduled_for) {
            (Type::Scheduled, None) => return Err(RequestError::ScheduleMissing),
            (Type::Immediate | Type::Regular, Some(_)) => return Err(RequestError::ScheduleUnexpected),
            (Type::Scheduled, Some(at)) if at < now => return Err(RequestError::SchedulePast),
            (Type::Scheduled, Some(at)) if at.since_ms(now) > SCHEDULE_DAYS_MAX * 86_400_000 => {
                return Err(RequestError::ScheduleFar);
            }
            (Type::Scheduled, Some(_)) | (Type::Immediate | Type::Regular, None) => {}
        }
        Ok(Self {
            external_id: new.external_id,
            user_id: new.user_id,
            asset: new.asset,
            amount: new.amount,
            fee,
            to: new.to,
            kind: new.kind,
            memo: new.memo,
            scheduled_for: new.scheduled_for,
            metadata: new.metadata,
            pinned_to: None,
        })
    }

    /// Whether a person signs it: a token from a desk to another wallet.
    pub fn is_refill(&self) -> bool {
        self.errand_kind() == Some(REFILL)
    }

    /// Its kind as an errand; `None` for what a partner asked for.
    pub fn errand_kind(&self) -> Option<&'static str> {
        match kind_of(&self.asset.id, self.pinned_to.is_some()) {
            // What a person signs may wait for one; what a lane signs is done at once.
            Some(REFILL) if self.kind == Type::Immediate => Some(SWEEP),
            kind => kind,
        }
    }

    /// Whether it takes what a lane has too much: then it holds up no payment, and nothing is kept for it.
    pub fn is_sweep(&self) -> bool {
        self.errand_kind() == Some(SWEEP)
    }

    /// What leaves the partner's account: amount and fee.
    pub fn total_debit(&self) -> Amount {
        // `check` refused every pair whose sum does not fit.
        self.amount.checked_add(self.fee).unwrap_or(self.amount)
    }

    /// Hash of the parsed values: `"1.0"` and `"1.00"` are the same request. Decides replay or conflict (M1).
    pub fn content_hash(&self) -> [u8; 32] {
        let metadata = self
            .metadata
            .iter()
            .map(|(key, value)| Canonical::List(vec![Canonical::text(key), Canonical::text(value)]))
            .collect();
        Canonical::map([
            ("amount", Some(Canonical::text(self.amount.text(self.asset.precision)))),
            ("asset", Some(Canonical::text(self.asset.id))),
            ("external_id", Some(Canonical::text(&self.external_id))),
            ("memo", self.memo.as_ref().map(Canonical::text)),
            ("metadata", Some(Canonical::List(metadata))),
            ("pinned_to", self.pinned_to.map(Canonical::text)),
            ("scheduled_for", self.scheduled_for.map(Canonical::text)),
            ("to", Some(Canonical::text(self.to.key()))),
            ("type", Some(Canonical::text(self.kind.as_str()))),
            ("user_id", Some(Canonical::text(&self.user_id))),
        ])
        .digest("sluice/request/v1")
    }
}

fn printable(text: &str) -> bool {
    !text.chars().any(char::is_control)
}

/// How long a withdrawal may wait before others of its queue, milliseconds. Larger sums and VIP users come sooner
/// (requirement B-07 with defect X17 corrected: the larger bound is asked first); it is fixed once, so it starves nobody.
pub const fn allowance_ms(kind: Type, amount: Amount, precision: u8, vip: bool) -> i64 {
    let base: i64 = match kind {
        Type::Immediate => 0,
        Type::Regular => 30 * 60_000,
        Type::Scheduled => 0,
    };
    let whole = amount.atoms() / 10i64.pow(precision as u32);
    let sooner: i64 = if whole >= 50_000 {
        10 * 60_000
    } else if whole >= 10_000 {
        5 * 60_000
    } else {
        0
    };
    let vip: i64 = if vip { 15 * 60_000 } else { 0 };
    base - sooner - vip
}

/// What a type promises, milliseconds from acceptance or from the scheduled time.
pub const fn deadline_ms(kind: Type) -> i64 {
    match kind {
        Type::Immediate | Type::Scheduled => 30 * 60_000,
        Type::Regular => 2 * 3_600_000,
    }
}

impl Withdrawal {
    /// Half of the time in which its type promises it done has gone by: smaller ones pass it over no longer.
    pub fn is_passed_over_no_longer(&self, now: Timestamp) -> bool {
        now >= self.deadline_at.plus_ms(-(deadline_ms(self.request.kind) / 2))
    }

    /// Accepts a checked request. The state is `requested`: nothing is decided yet.
    pub fn request(
        id: WithdrawalId,
        partner: PartnerId,
        deployment: &DeploymentId,
        request: Request,
        vip: bool,
        now: Timestamp,
    ) -> Moved<Self> {
        let start = request.scheduled_for.unwrap_or(now);
        let allowance = allowance_ms(request.kind, request.amount, request.asset.precision, vip);
        Moved::born(Self(Record {
            id,
            partner,
            key: PaymentKey::of(deployment, partner, &request.external_id),
            accepted_at: now,
            due_at: start.plus_ms(allowance),
            deadline_at: start.plus_ms(deadline_ms(request.kind)),
            attempt_no: 0,
            retries: 0,
            cancel_requested: None,
            version: 1,
            state: State::Requested,
            request,
        }))
    }

    /// The payment people approve and the signer signs.
    pub fn payment(&self) -> Payment {
        Payment {
            key: self.key,
            partner: self.partner,
            withdrawal: self.id,
            asset: self.request.asset.id,
            amount: self.request.amount,
            precision: self.request.asset.precision,
            to: self.request.to,
            memo: self.request.memo.clone(),
            expires_at: None,
        }
    }

    /// The payment with the decision that let it pass; `None` while nothing has.
    pub fn approved_payment(&self) -> Option<ApprovedPayment> {
        let decision = match &self.state {
            State::Approved(state) => Some(&state.decision),
            State::Queued(state) => Some(&state.decision),
            State::Assigned(state) => Some(&state.decision),
            State::Paid(state) => state.decision.as_ref(),
            State::NeedsAttention(state) => state.decision.as_ref(),
            State::Requested
            | State::Held(_)
            | State::Rejected(_)
            | State::Cancelled(_)
            | State::Failed(_) => None,
        };
        // Recognised before it was judged: nobody let it pass (M11).
        let decision = decision?.clone();
        Some(ApprovedPayment { payment: self.payment(), decision, approvals: vec![] })
    }
}
