//! The last look: money against the callers' lists, the engine's answers against the chain, books against balances, and
//! whether what looks strange has a reason in the history.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use sluice_core::address::EvmAddress;
use sluice_core::id::{PartnerId, WalletId};
use sluice_core::intent::PaymentKey;

use super::money::{Order, Paid, Shape, paid};
use super::{Violation, energy, store};
use crate::model::block::Block;
use crate::model::chain::Chain;
use crate::model::token::DECIMALS;
use crate::world::{Chronicle, World, restore, stranger};

/// No clock of a process is further behind where clocks are about right.
const SKEW_US: i64 = 1_000_000;

/// Partner and external id, to public status, the verdict of its proof, and evidence.
type Ends = BTreeMap<(String, String), (String, String, String)>;

/// Everything that must be true at the end of a history.
pub fn verdict(world: &World) -> Option<Violation> {
    store::always(&world.db()).or_else(|| store::at_rest(&world.db())).or_else(|| judge(world).err())
}

fn judge(world: &World) -> Result<(), Violation> {
    let chain = world.chain();
    let wallets = wallets(world);
    let orders: Vec<Order> = world.wishes().iter().map(|wish| wish.order.clone()).collect();
    let strangers = world.chronicle().strange();
    let paid = paid(&chain, &wallets, &orders, &strangers)?;
    let ends = ends(world)?;
    let lost = lost(world, &chain, &orders);
    went_back(world, &chain)?;
    completed_is_paid(world, &orders, &ends, &paid, &lost)?;
    each_transaction_has_its_order(world, &paid, &lost)?;
    books(world, &chain)?;
    strangers_are_told_of(world, &chain, &strangers)?;
    if let Some(stall) = &world.stall {
        energy::burned(world, &chain)?;
        energy::at_rest(world, stall)?;
    }
    strange(world, &ends)
}

/// Managed accounts and whose they are.
pub fn wallets(world: &World) -> BTreeMap<EvmAddress, PartnerId> {
    world.purses.iter().map(|purse| (purse.address, purse.partner)).collect()
}

fn asked(world: &World, question: &str) -> Result<Vec<String>, Violation> {
    store::ask(&world.db(), question).map_err(|error| Violation::new("the oracle can ask", error))
}

/// Public status and reason by partner and external id, as the store ended.
fn ends(world: &World) -> Result<Ends, Violation> {
    let rows = asked(
        world,
        "select w.partner_id || ' ' || w.external_id || ' ' || w.status || ' ' || coalesce(p.verdict, '-') || ' ' ||
                w.evidence as what
         from withdrawal w left join proof p on p.id = w.proof_id limit 10000",
    )?;
    let split = |row: String| {
        let mut parts = row.splitn(5, ' ').map(str::to_owned);
        Some(((parts.next()?, parts.next()?), (parts.next()?, parts.next()?, parts.next()?)))
    };
    Ok(rows.into_iter().filter_map(split).collect())
}

/// Transactions of a life that the store has lost, on the canonical chain, and the order each of them pays, by its place.
type Lost = BTreeMap<[u8; 32], Option<usize>>;

fn lost(world: &World, chain: &Chain, orders: &[Order]) -> Lost {
    let sent = restore::of_the_lost_life(world, chain);
    if sent.is_empty() {
        return Lost::new();
    }
    let key = |order: &Order| PaymentKey::of(&world.deployment, order.partner, &order.external_id);
    let keys: BTreeMap<_, _> = orders.iter().enumerate().map(|(index, order)| (key(order), index)).collect();
    sent.into_iter().map(|(txid, (_, pays))| (txid, pays.and_then(|key| keys.get(&key).copied()))).collect()
}

/// A store that went back in time found out, and paid nothing that was said to be over (M17).
fn went_back(world: &World, chain: &Chain) -> Result<(), Violation> {
    let Some(restored) = world.chronicle().restored.clone() else { return Ok(()) };
    if !restore::is_recognised(world) {
        let detail = format!("put back at {} us, and nothing says so", restored.at_us);
        return Err(Violation::new("M17 a store that went back is recognised", detail));
    }
    let wishes = world.wishes();
    for index in &restored.over {
        let Some(order) = wishes.get(*index).map(|wish| &wish.order) else { continue };
        let key = PaymentKey::of(&world.deployment, order.partner, &order.external_id);
        let mut paying = all(chain).filter(|done| done.moved().is_some());
        if let Some(done) = paying.find(|done| world.witness.signed_for(&done.tx.hash) == Some(Some(key))) {
            let detail = format!(
                "{} was told to be over, and 0x{} pays it",
                order.external_id,
                hex::encode(done.tx.hash)
            );
            return Err(Violation::new("M17 what was told to be over is not paid", detail));
        }
    }
    Ok(())
}

fn completed_is_paid(
    world: &World,
    orders: &[Order],
    ends: &Ends,
    paid: &Paid,
    lost: &Lost,
) -> Result<(), Violation> {
    let mut completed: BTreeMap<Shape, u64> = BTreeMap::new();
    let mut elsewhere: BTreeMap<Shape, u64> = BTreeMap::new();
    let mut of_the_lost_life: BTreeMap<Shape, u64> = BTreeMap::new();
    for order in lost.iter().filter(|(txid, _)| paid.txids.contains(*txid)).filter_map(|(_, order)| *order) {
        *of_the_lost_life.entry(orders[order].shape()).or_default() += 1;
    }
    let mut forgotten = 0;
    for (index, order) in orders.iter().enumerate() {
        let name = (order.partner.to_string(), order.external_id.clone());
        let Some((status, verdict, _)) = ends.get(&name) else {
            if restore::is_over(world, index) {
                forgotten += 1;
                continue;
            }
            return Err(Violation::new("M1 what was answered is stored", format!("{name:?} is missing")));
        };
        if status == "completed" && verdict == "paid_elsewhere" {
            *elsewhere.entry(order.shape()).or_default() += 1;
        } else if status == "completed" {
            *completed.entry(order.shape()).or_default() += 1;
        }
    }
    if ends.len() + forgotten != orders.len() {
        let detail = format!("{} withdrawals for {} orders", ends.len(), orders.len());
        return Err(Violation::new("M1 one identity", detail));
    }
    for (shape, said) in &elsewhere {
        let ours = of_the_lost_life.get(shape).copied().unwrap_or(0);
        let did = paid.by_strangers.get(shape).copied().unwrap_or(0) + ours;
        if *said > did {
            let detail = format!("{shape:?}: {said} completed by a stranger's payment, {did} made");
            return Err(Violation::new("M6 one payment completes one withdrawal", detail));
        }
    }
    for (shape, did) in &of_the_lost_life {
        let said = elsewhere.get(shape).copied().unwrap_or(0);
        if said < *did {
            let detail = format!("{shape:?}: {did} paid before the restore, {said} completed by that");
            return Err(Violation::new("M17 what the lost life paid is paid", detail));
        }
    }
    let shapes: BTreeSet<_> = completed.keys().chain(paid.by_shape.keys()).collect();
    for shape in shapes {
        let of = |counts: &BTreeMap<Shape, u64>| counts.get(shape).copied().unwrap_or(0);
        let (said, did) = (of(&completed), of(&paid.by_shape) - of(&of_the_lost_life));
        if said != did {
            let detail = format!("{shape:?}: {said} completed, {did} paid on chain");
            let rule = if did > said { "M4 unpaid means unpaid" } else { "M16 completed means paid" };
            return Err(Violation::new(rule, detail));
        }
    }
    Ok(())
}

/// Every paying transaction belongs to an attempt of a transfer of exactly one completed withdrawal.
fn each_transaction_has_its_order(world: &World, paid: &Paid, lost: &Lost) -> Result<(), Violation> {
    let rows = asked(
        world,
        "select a.txid || ' ' || w.id || ' ' || w.status as what from attempt a
         join transfer_item i on i.transfer_id = a.transfer_id join withdrawal w on w.id = i.withdrawal_id
         where a.kind = 'pay' and a.txid is not null limit 10000",
    )?;
    let mut of: BTreeMap<String, (String, String)> = BTreeMap::new();
    for row in rows {
        let mut parts = row.split(' ').map(str::to_owned);
        if let (Some(txid), Some(id), Some(status)) = (parts.next(), parts.next(), parts.next()) {
            of.insert(txid.trim_start_matches("0x").to_owned(), (id, status));
        }
    }
    let mut paid_ids = BTreeSet::new();
    let of_the_lost_life = lost.keys().copied().collect::<BTreeSet<_>>();
    for txid in paid.txids.iter().filter(|txid| !of_the_lost_life.contains(*txid)) {
        let txid = hex::encode(txid);
        match of.get(&txid) {
            Some((id, status)) if status == "completed" && paid_ids.insert(id.clone()) => {}
            Some((id, status)) => {
                let detail = format!("0x{txid} paid {id}, which is {status} or was paid before");
                return Err(Violation::new("M1 paid at most once", detail));
            }
            None => {
                return Err(Violation::new(
                    "M6 nothing leaves unexplained",
                    format!("0x{txid} is no attempt"),
                ));
            }
        }
    }
    Ok(())
}

/// What is final and explained by no order was recorded, and its lane frozen.
fn strangers_are_told_of(
    world: &World,
    chain: &Chain,
    strangers: &BTreeMap<[u8; 32], WalletId>,
) -> Result<(), Violation> {
    match untold(world, chain, strangers)? {
        None => Ok(()),
        Some((txid, wallet)) => {
            let detail = format!("0x{txid} of {wallet} froze nothing");
            Err(Violation::new("M6 a stranger freezes its lane", detail))
        }
    }
}

/// A final transaction of a stranger that was not recorded, or froze no lane. A node may hide it until the books are
/// compared: a history does not end before that.
pub fn untold(
    world: &World,
    chain: &Chain,
    strangers: &BTreeMap<[u8; 32], WalletId>,
) -> Result<Option<(String, WalletId)>, Violation> {
    let told = |question| asked(world, question).map(|rows| rows.into_iter().collect::<BTreeSet<_>>());
    // One that people explain before a second operator shows it stays the claim it was; it was read by quorum then.
    let seen = told(
        "select txid as what from sighting where word = 'confirmed' union select txid from adoption limit 1000",
    )?;
    // A lane that a restore has frozen already is not frozen anew.
    let frozen = told(
        "select subject as what from alert where code in ('lane_frozen', 'store_went_back') limit 1000",
    )?;
    let is_final = |block: &&Arc<Block>| block.id.number <= chain.finalized();
    let done = chain.blocks.iter().filter(is_final).flat_map(|block| &block.txs);
    let theirs = done.filter_map(|done| Some((hex::encode(done.tx.hash), *strangers.get(&done.tx.hash)?)));
    let told =
        |(txid, wallet): &(String, WalletId)| seen.contains(txid) && frozen.contains(&wallet.to_string());
    let mut untold = theirs.filter(|it| !told(it));
    Ok(untold.next())
}

/// In-wallet accounts against balances. Gas is booked rounded up, at most one atom for a transaction. What that leaves
/// over comes back as a top-up, atom by atom; where finality was reversed under one, the fee that is booked instead is
/// rounded anew, so that the books may then say more by an atom for each fee that was taken back.
fn books(world: &World, chain: &Chain) -> Result<(), Violation> {
    let rows = asked(
        world,
        "select wallet_id || ' ' || (asset like '%rc20%') || ' ' || sum(atoms) as what from ledger_balance
         where account in ('available', 'reserved', 'in_flight')
         group by wallet_id, asset limit 1000",
    )?;
    let accounts = &chain.head().after;
    // What strangers took is booked once it is explained; until then it stays an alarm.
    let explained = explained(world)?;
    let mut strangers = unmade(world, chain);
    strangers.retain(|txid, _| !explained.contains(&hex::encode(txid)));
    let taken_back =
        asked(world, "select wallet_id as what from ledger where account = 'gas' and atoms < 0 limit 10000")?;
    for purse in &world.purses {
        let booked = |token: &str| {
            let prefix = format!("{} {token} ", purse.id);
            let row = rows.iter().find_map(|row| row.strip_prefix(&prefix));
            row.and_then(|atoms| atoms.parse::<i128>().ok()).unwrap_or(0)
        };
        let (lost, lost_wei) = stranger::taken(chain, &strangers, purse.address);
        let token = (accounts.token.balance(purse.address) + lost) as i128;
        if booked("1") != token {
            let detail = format!("{}: books {} and chain {token}", purse.id, booked("1"));
            return Err(Violation::new("M15 books equal the chain", detail));
        }
        let coin = sluice_core::asset::Asset::native(&world.profile);
        let scale = 10i128.pow(u32::from(coin.decimals - coin.precision));
        let native = (accounts.native.get(&purse.address).copied().unwrap_or(0) + lost_wei) as i128 / scale;
        let sent = all(chain).filter(|done| done.tx.from == purse.address).count() as i128;
        let difference = native - booked("0");
        let id = purse.id.to_string();
        let again = taken_back.iter().filter(|wallet| **wallet == id).count() as i128;
        // Where the books have as many digits as the chain, nothing is rounded.
        let rounded = if coin.decimals == coin.precision { 0..=0 } else { -again..=sent + 1 };
        if !rounded.contains(&difference) {
            let detail = format!("{}: gas books {} and chain {native}", purse.id, booked("0"));
            return Err(Violation::new("M15 books equal the chain", detail));
        }
    }
    debug_assert_eq!(DECIMALS, world.asset.decimals);
    adjustments(world, chain, &explained)
}

/// Transactions of managed wallets that no transfer of this store has made, or not as they came out: people explain them.
fn unmade(world: &World, chain: &Chain) -> BTreeMap<[u8; 32], WalletId> {
    let lost = restore::of_the_lost_life(world, chain).into_iter().map(|(txid, (wallet, _))| (txid, wallet));
    world.chronicle().strange().into_iter().chain(lost).collect()
}

/// Everything on the canonical chain.
fn all(chain: &Chain) -> impl Iterator<Item = &crate::model::block::Executed> {
    chain.blocks.iter().flat_map(|block| &block.txs)
}

/// Transactions of strangers that were explained, in hex.
fn explained(world: &World) -> Result<BTreeSet<String>, Violation> {
    Ok(asked(world, "select txid as what from adoption limit 1000")?.into_iter().collect())
}

/// What was booked as come from outside really came from outside, less what strangers took and people explained: else a
/// hole in the books could be booked away.
fn adjustments(world: &World, chain: &Chain, explained: &BTreeSet<String>) -> Result<(), Violation> {
    let rows = asked(
        world,
        "select wallet_id || ' ' || -sum(atoms) as what from ledger_balance
         where account = 'adjustment' and asset like '%rc20%' group by wallet_id limit 1000",
    )?;
    let deposits = world.chronicle().deposits.clone();
    let mut strangers = unmade(world, chain);
    strangers.retain(|txid, _| explained.contains(&hex::encode(txid)));
    for purse in &world.purses {
        let prefix = format!("{} ", purse.id);
        let booked =
            rows.iter().find_map(|row| row.strip_prefix(&prefix)).and_then(|it| it.parse::<i128>().ok());
        let (lost, _) = stranger::taken(chain, &strangers, purse.address);
        let came = deposits.get(&purse.id).copied().unwrap_or(0) as i128 - lost as i128;
        if booked.unwrap_or(0) != came {
            let detail = format!("{}: {booked:?} booked, {came} came", purse.id);
            return Err(Violation::new("M15 only deposits are deposits", detail));
        }
    }
    Ok(())
}

/// Ends and alarms that need a reason in the history.
fn strange(world: &World, ends: &Ends) -> Result<(), Violation> {
    let chronicle: Chronicle = world.chronicle().clone();
    let wishes = world.wishes().clone();
    for wish in &wishes {
        let name = (wish.order.partner.to_string(), wish.order.external_id.clone());
        let Some((status, _, evidence)) = ends.get(&name) else { continue };
        let explained = match status.as_str() {
            "completed" => true,
            "cancelled" => wish.cancel_after_us.is_some(),
            "failed" => {
                chronicle.blacklisted.contains(&wish.order.to)
                    || evidence.contains("gave_up")
                    || (chronicle.token_paused && evidence.contains("transfer_reverts"))
            }
            "rejected" => evidence.contains("limit"),
            _ => false,
        };
        if !explained {
            let detail = format!("{name:?} ended as {status}: {evidence}");
            return Err(Violation::new("every end has a reason", detail));
        }
    }
    let alarms = asked(
        world,
        "select subject || ' ' || code || ' ' || since || ' ' || detail as what from alert
         where code in ('lane_frozen', 'reconciliation_difference', 'store_went_back', 'unknown_state') limit 50",
    )?;
    let robbed: BTreeSet<String> = chronicle.robbed().iter().map(ToString::to_string).collect();
    let back_at_us = chronicle.restored.as_ref().map(|restored| restored.at_us - SKEW_US);
    let has_a_reason = |alarm: &&String| {
        let mut words = alarm.split(' ');
        let (subject, code) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
        let since: i64 = words.next().and_then(|since| since.parse().ok()).unwrap_or_default();
        let of_a_stranger =
            matches!(code, "lane_frozen" | "reconciliation_difference") && robbed.contains(subject);
        // A clock that leaps says that nothing was compared for hours.
        let of_a_clock = code == "reconciliation_difference"
            && alarm.contains("nothing was compared for")
            && chronicle.clocks_ahead_us > 0;
        of_a_stranger || of_a_clock || (code != "unknown_state" && back_at_us.is_some_and(|at| since >= at))
    };
    if let Some(alarm) = alarms.iter().find(|alarm| !has_a_reason(alarm)) {
        return Err(Violation::new("every alarm has a reason", alarm.clone()));
    }
    let reversed = asked(
        world,
        "select code || ' ' || detail as what from alert where code = 'finality_reversed' limit 1",
    )?;
    match reversed.first() {
        Some(alarm) if !chronicle.finality_reversed => {
            Err(Violation::new("every alarm has a reason", alarm.clone()))
        }
        Some(_) | None => Ok(()),
    }
}
