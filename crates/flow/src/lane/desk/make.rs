//! In: fuelled transfers whose bytes somebody wants. Out: bytes and slot, durable, in flight, and told to nobody yet. What can have
//! changed since it was ordered is judged again first. A crash leaves nothing, or all of it: they are one commit.

use sluice_core::alert::Code;
use sluice_core::amount::Amount;
use sluice_core::attempt::{Kind, Terms, TronTerms, Unsigned};
use sluice_core::chain::TronRules;
use sluice_core::hand_out::{HandOut, life_on};
use sluice_core::id::AttemptId;
use sluice_core::port::store::Change;
use sluice_core::resource::{Conditions, fee_limit_sun};
use sluice_core::slot::Slot;
use sluice_core::transfer::{Failure, State, Transfer};
use sluice_core::withdrawal::Waiting;

use super::{short, wish};
use crate::StageError;
use crate::lane::build::expiring::{APART_MAX_MS, first_time};
use crate::lane::build::{back, hold_replacements};
use crate::lane::give_back::Fate;
use crate::lane::{Lane, recipient, startup};

pub(super) async fn run(lane: &mut Lane<'_>) -> Result<(), StageError> {
    let ready: Vec<Transfer> =
        lane.transfers().filter(|it| matches!(it.state, State::Fuelled(_))).cloned().collect();
    if ready.is_empty() {
        return Ok(());
    }
    // Another engine on a copy of this store would hand out the same payment in another slot (ADR 0020, M17).
    if !startup::remembers(lane).await? || !lane.wallet().hands_out(lane.now()) || lane.doubted() {
        return Ok(());
    }
    // Stops are read again: the lane's view may be a network call old (M12).
    lane.view.stops = lane.ports.store.stops().await?;
    let mut changes = Vec::new();
    let ready = hold_replacements(lane, ready, &mut changes).await?;
    let mut open = Vec::new();
    for transfer in ready {
        match unfit(lane, &transfer).await? {
            Some(fate) => changes.push(back(lane, transfer, fate).await?),
            None => open.push(transfer),
        }
    }
    if !open.is_empty() {
        made(lane, open, &mut changes).await?;
    }
    lane.apply(changes).await?;
    Ok(())
}

/// Why nothing is made of a transfer now.
async fn unfit(lane: &mut Lane<'_>, transfer: &Transfer) -> Result<Option<Fate>, StageError> {
    if lane.stopped(transfer) {
        lane.blocked_by(Waiting::Stop);
        return Ok(Some(Fate::Back("stopped")));
    }
    if lane.view.cancels.iter().any(|id| transfer.items.iter().any(|item| item.withdrawal == *id)) {
        return Ok(Some(Fate::Cancelled));
    }
    // Whom it was ordered for may have been stopped, frozen or retired since, or never have waited long enough.
    if !recipient::all_fit(lane, transfer).await? {
        lane.blocked_by(Waiting::Person);
        return Ok(Some(Fate::Back("recipient_not_trusted")));
    }
    in_the_books(lane, transfer).await
}

/// The chain was asked for the balance when it was funded; the books have to have it too, at that block.
async fn in_the_books(lane: &mut Lane<'_>, transfer: &Transfer) -> Result<Option<Fate>, StageError> {
    let State::Fuelled(fuelled) = &transfer.state else { return Ok(None) };
    let (wallet, asset, at) = (lane.wallet().id, transfer.asset.id, fuelled.funded.balance_at.number);
    let Some(books) = lane.ports.store.booked(wallet, at).await? else {
        lane.blocked_by(Waiting::Finality);
        return Ok(Some(Fate::Back("books_behind")));
    };
    let have = books.iter().find(|(it, _)| *it == asset).map_or(0, |(_, atoms)| *atoms);
    let of_asset = lane.transfers().filter(|it| it.asset.id == asset);
    let wanted = of_asset.fold(Amount::ZERO, |sum, it| sum.saturating_add(it.amount()));
    if have >= wanted.atoms() {
        return Ok(None);
    }
    let symbol = &transfer.asset.symbol;
    let what =
        format!("the books of this wallet do not have the {symbol} that is wanted of it; reconcile it");
    short(lane, what);
    Ok(Some(Fate::Failed(Failure::FundsShort)))
}

/// Makes the bytes, each in a change of its own with its slot and with the wish it is for.
async fn made(lane: &mut Lane<'_>, open: Vec<Transfer>, changes: &mut Vec<Change>) -> Result<(), StageError> {
    let conditions = lane.chain.conditions().await?;
    let now = lane.now();
    let apart = conditions.head_time_ms.saturating_sub(now.millis()).saturating_abs() > APART_MAX_MS;
    // What was forgotten would be found by the scan of what was followed: it has to have got here.
    if apart || conditions.reference.number > lane.view.height {
        lane.blocked_by(Waiting::Node);
        return Ok(());
    }
    let rules = lane.profile().tron().copied();
    let (Some(rules), Some(_)) = (rules, lane.wallet().address.tron()) else {
        return Err(StageError::NotConfigured(format!("wallet {} is no account on TRON", lane.wallet().id)));
    };
    let mut made_at_ms = first_time(lane, now.millis());
    for transfer in open {
        let Some(wish) = wish(lane, &transfer).cloned() else { continue };
        match bytes(lane, &rules, &conditions, (transfer, wish), made_at_ms)? {
            Some(change) => changes.push(change),
            None => {
                lane.blocked_by(Waiting::FeeCap);
                lane.found(Code::FeeAtCap, "a refill needs more energy than the caps of this chain allow");
            }
        }
        made_at_ms = made_at_ms.saturating_add(1);
    }
    Ok(())
}

/// `None`: what it may burn is above the cap.
fn bytes(
    lane: &Lane<'_>,
    rules: &TronRules,
    conditions: &Conditions,
    (transfer, wish): (Transfer, HandOut),
    made_at_ms: i64,
) -> Result<Option<Change>, StageError> {
    let (State::Fuelled(fuelled), Some(owner)) = (&transfer.state, lane.wallet().address.tron()) else {
        return Ok(None);
    };
    let Some(fee_limit_sun) = fee_limit_sun(rules, conditions, fuelled.gas_limit) else { return Ok(None) };
    let terms = TronTerms {
        reference: conditions.reference,
        expires_at_ms: conditions.head_time_ms.saturating_add(life_on(lane.profile(), wish.life)),
        made_at_ms,
        fee_limit_sun,
        // The key that was shown is the owner's.
        permission: 0,
    };
    let pays: Vec<_> = transfer.live().map(|item| item.approved.payment.clone()).collect();
    let made = sluice_codec::tron::pay(owner, &terms, &pays, &transfer.asset)
        .map_err(|error| StageError::Encode(error.to_string()))?;
    let (now, id) = (lane.now(), transfer.id);
    let attempt = Unsigned {
        id: AttemptId::new(lane.ports.entropy.ulid(now)),
        transfer: id,
        serial: 0,
        kind: Kind::Pay,
        slot: Slot::TronTransaction { chain: lane.wallet().chain, txid: made.txid },
        terms: Terms::Tron(terms),
        bytes: made.raw,
        digest: made.txid,
        built_at: now,
    };
    let of = (id, attempt.id, made.txid);
    let allotment = transfer.build(attempt, now)?;
    let height = lane.view.height;
    Ok(Some(Change {
        transfers: vec![allotment.transfer.then(|it| it.hand_out(height, now))?],
        attempts: vec![allotment.attempt],
        hand_outs: vec![wish.make(of, terms.expires_at_ms, now)?],
        cause: Some(lane.cause("hand_out")),
        ..Change::default()
    }))
}
