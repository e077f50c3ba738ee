//! What people are asked to sign.

use sluice_api::signature::{
    HandOut as WireHandOut, HandOutState, HandedOutTransaction, SignatureRequest as Wire, SignatureStatus,
    TransactionField,
};
use sluice_api::tag;
use sluice_api::wallet::Balance as WireBalance;
use sluice_core::asset::Asset;
use sluice_core::attempt::Unsigned;
use sluice_core::hand_out::{HandOut, Holder, State};
use sluice_core::port::reader::WalletView;
use sluice_core::signature_request::{SignatureRequest, Standing};
use sluice_core::time::Timestamp;
use sluice_flow::operator::meaning;

use super::{amount, count, event, time, wallet};

/// A signature request as `reads` is told it: its bytes are for their holder alone. `assets` are those that the desk may hold.
pub(crate) fn request(
    of: &SignatureRequest,
    assets: &[Asset],
    reads: Option<&Holder>,
    now: Timestamp,
) -> Wire {
    let errand = &of.errand.withdrawal;
    let asked = &errand.request;
    let desk = &of.desk.wallet;
    Wire {
        id: errand.id.to_string(),
        object: tag::SignatureRequest::Is,
        partner_id: errand.partner.to_string(),
        external_id: asked.external_id.clone(),
        status: status(of.standing(now)),
        chain: desk.chain.to_string(),
        wallet_id: desk.id.to_string(),
        from: desk.address.to_string(),
        to_wallet_id: of.to.map(|id| id.to_string()),
        to: asked.to.to_string(),
        asset: asked.asset.id.to_string(),
        amount: amount(asked.amount, asked.asset.precision),
        balances: balances(&of.desk, &asked.asset, assets),
        quiet_until: quiet_until(&of.desk, now),
        hand_out: of.hand_out.as_ref().map(|it| hand_out(it, reads.and_then(|reads| of.in_hand(reads)))),
        created_at: time(errand.accepted_at),
        due_at: time(errand.deadline_at),
        version: count(errand.version),
    }
}

/// What a desk has of an asset and of the coin of its chain.
pub(crate) fn balances(desk: &WalletView, asset: &Asset, assets: &[Asset]) -> Vec<WireBalance> {
    let told = |it: &&Asset| it.id == asset.id || it.contract().is_none();
    let told: Vec<&Asset> = assets.iter().filter(told).collect();
    let held = desk.balances.iter();
    held.filter_map(|held| {
        let asset = told.iter().find(|it| it.id == held.asset)?;
        Some(wallet::balance(desk, asset, held))
    })
    .collect()
}

/// Until when a desk hands nothing out because its store went back, while that lasts.
pub(crate) fn quiet_until(desk: &WalletView, now: Timestamp) -> Option<sluice_api::text::Time> {
    desk.wallet.quiet_until.filter(|until| now < *until).map(time)
}

const fn status(standing: Standing) -> SignatureStatus {
    match standing {
        Standing::Waiting => SignatureStatus::Waiting,
        Standing::Making => SignatureStatus::Making,
        Standing::HandedOut => SignatureStatus::HandedOut,
        Standing::Expired => SignatureStatus::Expired,
        Standing::Submitted => SignatureStatus::Submitted,
        Standing::Completed => SignatureStatus::Completed,
        Standing::Cancelled => SignatureStatus::Cancelled,
        Standing::Failed => SignatureStatus::Failed,
        Standing::NeedsAttention => SignatureStatus::NeedsAttention,
    }
}

fn hand_out(of: &HandOut, told: Option<&Unsigned>) -> WireHandOut {
    let made = of.state.made();
    let (state, code) = match &of.state {
        State::Wished => (HandOutState::Wished, None),
        State::Made(_) => (HandOutState::Made, None),
        State::Told(_) => (HandOutState::Told, None),
        State::Lapsed { code } => (HandOutState::Lapsed, Some(code.clone())),
    };
    WireHandOut {
        id: of.id.to_string(),
        state,
        holder: event::actor(&of.holder.to_string()),
        minutes: count(of.life.ms().saturating_div(MINUTE_MS)),
        wished_at: time(of.wished_at),
        wish_until: time(of.wish_until),
        lease_until: made.map(|made| time(made.lease_until)),
        expires_at: made
            .map(|made| time(Timestamp::from_micros(made.expires_at_ms.saturating_mul(MICROS_OF_MS)))),
        code,
        transaction: told.map(transaction),
    }
}

const MINUTE_MS: i64 = 60_000;
const MICROS_OF_MS: i64 = 1_000;

fn transaction(of: &Unsigned) -> HandedOutTransaction {
    // What we made reads; bytes that do not are told without a meaning, and nobody should sign them.
    let fields = meaning(&of.bytes).unwrap_or_default();
    HandedOutTransaction {
        txid: hex::encode(of.digest),
        raw_data_hex: hex::encode(&of.bytes),
        fields: fields
            .into_iter()
            .map(|(name, value)| TransactionField { name: name.to_owned(), value })
            .collect(),
    }
}
