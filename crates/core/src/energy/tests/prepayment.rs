//! What counts as a top-up and whose it is, what it posts, and when a credit is told to be low.

use std::collections::BTreeMap;

use super::samples::at;
use crate::address::TronAddress;
use crate::asset::Asset;
use crate::chain::{BlockRef, ChainProfile};
use crate::energy::credit::{Billing, Level, Standing, Turned, topped_up};
use crate::energy::{Assigned, Look, Prepayment, STRANGER_MIN_SUN};
use crate::id::{PartnerId, WalletId};
use crate::ledger::Account;
use crate::partner::PLATFORM;
use crate::port::chain::{CoinIn, PaidIn};
use crate::samples::{agreed, block, ulid};
use crate::wallet::Wallet;

const TRX: u64 = 1_000_000;
const OURS: TronAddress = TronAddress([1; 20]);
const THEIRS: TronAddress = TronAddress([2; 20]);
const STRANGER: TronAddress = TronAddress([3; 20]);

fn partner(number: u128) -> PartnerId {
    PartnerId::new(ulid(number))
}

fn pool() -> Wallet {
    let chain = ChainProfile::tron_devnet().id;
    let (id, account) = (WalletId::new(ulid(9)), TronAddress([9; 20]));
    Wallet::adopt(id, partner(1), chain, account.into(), "pool".into(), 0, "it".into(), at(0)).into_after()
}

fn came(from: TronAddress, sun: u64, number: u8) -> CoinIn {
    let block = BlockRef { number: u64::from(number), hash: [number; 32] };
    CoinIn { txid: [number; 32], from, sun, block, at: at(i64::from(number)) }
}

fn look(coins: Vec<CoinIn>) -> Look {
    let run = agreed(PaidIn { through: block(19), coins }, 30);
    let owners = BTreeMap::from([(OURS, partner(1)), (THEIRS, partner(2))]);
    Look::of(&pool(), 10, &run, &owners)
}

#[test]
fn a_top_up_is_whoever_owns_the_wallet_that_it_came_from() {
    let look = look(vec![
        came(OURS, 5 * TRX, 11),
        came(THEIRS, 1, 12),
        came(THEIRS, 0, 13),
        came(STRANGER, STRANGER_MIN_SUN, 14),
        came(STRANGER, STRANGER_MIN_SUN - 1, 15),
    ]);
    let found: Vec<_> = look.came().iter().map(|it| (it.txid[0], it.partner, it.sun)).collect();
    assert_eq!(found, [(12, Some(partner(2)), 1), (14, None, STRANGER_MIN_SUN)], "nor the owner's, nor dust");
    assert_eq!((look.from(), look.next()), (Some(10), 20), "the next look begins behind the last block");
}

#[test]
fn what_lies_before_the_first_look_is_not_read() {
    let first = Look::first(&pool(), &agreed(block(30), 30));
    assert_eq!((first.from(), first.next(), first.came()), (None, 31, &[][..]));
}

fn topup(partner: Option<PartnerId>) -> Prepayment {
    Prepayment { partner, ..look(vec![came(STRANGER, 7 * TRX, 14)]).came()[0].clone() }
}

#[test]
fn what_is_paid_ahead_is_owed_less_and_none_of_it_is_in_what_the_wallet_holds() {
    let coin = Asset::native(&ChainProfile::tron_devnet());
    assert!(topped_up(&topup(None), &coin).is_empty(), "what is nobody's is posted to nobody");
    let lines = topped_up(&topup(Some(partner(2))), &coin);
    let of = |account| lines.iter().find(|line| line.account == account).map(|line| line.atoms);
    assert_eq!(of(Account::EnergyCredit), Some(-7_000_000));
    assert_eq!(of(Account::EnergyPaid), Some(7_000_000));
    assert!(lines.len() == 2 && lines.iter().all(|it| it.wallet == pool().id && it.partner == partner(2)));
}

#[test]
fn a_person_gives_a_top_up_to_somebody_once() {
    assert_eq!(Assigned::to(topup(Some(partner(2))), partner(3)), None);
    let assigned = Assigned::to(topup(None), partner(3)).unwrap();
    assert_eq!(assigned.topup().event().partner, partner(3));
    assert_eq!(topup(None).event().partner, PLATFORM);
}

#[test]
fn a_credit_is_low_below_the_threshold_and_enough_a_quarter_above_it() {
    use Level::{Enough, Low};
    for (from, expected) in
        [(Enough, [Low, Low, Low, Enough, Enough, Enough]), (Low, [Low, Low, Low, Low, Low, Enough])]
    {
        for (balance, to) in [-1, 0, 99, 100, 124, 125].into_iter().zip(expected) {
            assert_eq!(from.after(balance, 100), to, "{from:?} at {balance}");
        }
        assert_eq!(from.after(i128::from(i64::MIN), 0), Enough, "without a threshold nothing is low");
        assert_eq!(from.after(i128::from(i64::MAX), u64::MAX), Low, "nothing overflows");
    }
    let chain = ChainProfile::tron_devnet().id;
    let standing = Standing { wallet: pool().id, partner: partner(2), balance_sun: 99, level: Level::Enough };
    let turned = Turned::of(chain, standing, Billing::Prepaid, 100, at(1)).unwrap();
    assert_eq!(turned.event().kind, "energy.credit_low");
    let told = Standing { level: turned.level, ..standing };
    assert_eq!(Turned::of(chain, told, Billing::Prepaid, 100, at(2)), None, "once");
    let unbounded = Turned::of(chain, told, Billing::Postpaid, 100, at(2)).unwrap();
    assert_eq!(unbounded.level, Enough, "who pays afterwards without a bound is never short of it");
}

#[test]
fn who_pays_on_account_is_told_when_it_nears_its_bound() {
    let chain = ChainProfile::tron_devnet().id;
    let turned = |owed_max_sun, balance_sun, level, low_credit_sun| {
        let standing = Standing { wallet: pool().id, partner: partner(2), balance_sun, level };
        Turned::of(chain, standing, Billing::OnAccount { owed_max_sun }, low_credit_sun, at(1))
    };
    let level = |it: Option<Turned>| it.map(|it| it.level);
    // A fifth of a small bound, however high the threshold is; the threshold of a large one.
    for (owed_max_sun, below) in [(1_000, 200), (100_000, 5_000)] {
        let owes = |left: i64| left - owed_max_sun;
        let at_bound = |left, from| turned(owed_max_sun.unsigned_abs(), owes(left), from, 5_000);
        assert_eq!(level(at_bound(below, Level::Enough)), None);
        assert_eq!(level(at_bound(below - 1, Level::Enough)), Some(Level::Low));
        assert_eq!(level(at_bound(below * 5 / 4 - 1, Level::Low)), None, "told once");
        assert_eq!(level(at_bound(below * 5 / 4, Level::Low)), Some(Level::Enough));
    }
    assert_eq!(
        level(turned(1_000, 0, Level::Low, u64::MAX)),
        Some(Level::Enough),
        "who owes nothing is near nothing"
    );
    assert_eq!(level(turned(1_000, -5_000, Level::Enough, 0)), None, "without a threshold nobody is told");
    let near = turned(1_000, -900, Level::Enough, 5_000).unwrap().event();
    assert_eq!(near.kind, "energy.credit_low");
    let data = near.data.json();
    for said in ["-900", "200", "1000", "owed_max_sun"] {
        assert!(data.contains(said), "{said}: {data}");
    }
}

#[test]
fn the_ways_of_paying_have_names() {
    assert_eq!((Billing::default().as_str(), Billing::Postpaid.as_str()), ("prepaid", "postpaid"));
    assert_eq!(Billing::OnAccount { owed_max_sun: 1 }.as_str(), "on_account");
}
