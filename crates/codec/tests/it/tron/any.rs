//! Any transaction that a type can say, and any that a node would carry out.

use proptest::prelude::*;
use sluice_codec::tron::{
    Address, Call, ContractType, Key, Operations, Permission, Reference, Resource, Terms, Unsigned,
};

/// Sun and milliseconds of transactions that are carried out: what JavaScript says exactly.
pub const MOST: i64 = (1 << 53) - 1;
/// A day, milliseconds.
const DAY_MS: i64 = 86_400_000;

fn address() -> impl Strategy<Value = Address> {
    any::<[u8; 20]>().prop_map(Address)
}

fn resource() -> impl Strategy<Value = Resource> {
    prop_oneof![Just(Resource::Bandwidth), Just(Resource::Energy), Just(Resource::TronPower)]
}

fn operations() -> impl Strategy<Value = Operations> {
    let of = prop::collection::vec(prop::sample::select(ContractType::ALL.to_vec()), 0..9);
    prop_oneof![any::<[u8; 32]>().prop_map(Operations), of.prop_map(|types| Operations::of(&types))]
}

prop_compose! {
    /// One that its keys can reach.
    fn permission(active: bool, keys_max: usize)(
        id in 0..=9i32, name in "\\PC{1,32}", operations in operations(), share in 1..=1_000i64,
        keys in prop::collection::vec((address(), 1..=MOST / 1_000), 1..=keys_max),
    ) -> Permission {
        let keys: Vec<Key> = keys.into_iter().map(|(address, weight)| Key { address, weight }).collect();
        let sum: i64 = keys.iter().map(|key| key.weight).sum();
        Permission { id, name, threshold: (sum / share).max(1), operations: active.then_some(operations), keys }
    }
}

/// What a node may be asked, with amounts of `sun`.
fn call(sun: BoxedStrategy<i64>) -> impl Strategy<Value = Call> {
    let lock = prop::option::of(sun.clone());
    let actives = prop::collection::vec(permission(true, 5), 1..=8);
    prop_oneof![
        (address(), address(), any::<[u64; 4]>()).prop_map(|(token, to, limbs)| {
            Call::trc20_transfer(token, to, sluice_core::amount::Units::from_limbs(limbs))
        }),
        (address(), sun.clone()).prop_map(|(to, sun)| Call::TrxTransfer { to, sun }),
        (address(), prop::collection::vec(any::<u8>(), 0..200), sun.clone())
            .prop_map(|(contract, data, value_sun)| Call::Trigger { contract, data, value_sun }),
        (resource(), sun.clone()).prop_map(|(resource, stake_sun)| Call::Freeze { resource, stake_sun }),
        (resource(), sun.clone()).prop_map(|(resource, stake_sun)| Call::Unfreeze { resource, stake_sun }),
        Just(Call::WithdrawExpireUnfreeze),
        Just(Call::CancelAllUnfreeze),
        (address(), resource(), sun.clone(), lock).prop_map(
            |(receiver, resource, stake_sun, lock_blocks)| {
                Call::Delegate { receiver, resource, stake_sun, lock_blocks }
            }
        ),
        (address(), resource(), sun).prop_map(|(receiver, resource, stake_sun)| {
            Call::Undelegate { receiver, resource, stake_sun }
        }),
        (permission(false, 5), prop::option::of(permission(false, 1)), actives)
            .prop_map(|(owner, witness, actives)| Call::PermissionUpdate { owner, witness, actives }),
    ]
}

prop_compose! {
    fn terms(time: BoxedStrategy<i64>, fee_limit: BoxedStrategy<i64>, permission: BoxedStrategy<i32>)(
        bytes: [u8; 2], hash: [u8; 8], timestamp_ms in time.clone(), expiration_ms in time,
        fee_limit_sun in fee_limit, permission_id in permission,
        memo in prop_oneof![2 => Just(Vec::new()), 1 => prop::collection::vec(any::<u8>(), 0..80)],
    ) -> Terms {
        let reference = Reference { bytes, hash };
        Terms { reference, expiration_ms, timestamp_ms, fee_limit_sun, memo, permission_id }
    }
}

/// Anything that a type can say, however senseless.
pub fn unsigned() -> impl Strategy<Value = Unsigned> {
    let number = || prop_oneof![any::<i64>(), -2..=2i64].boxed();
    let terms = terms(number(), number(), any::<i32>().boxed());
    (address(), call(number()), terms).prop_map(|(owner, call, terms)| Unsigned { owner, call, terms })
}

/// What a node would carry out: `draft` makes bytes of nearly every one.
pub fn sensible() -> impl Strategy<Value = Unsigned> {
    let sun = prop_oneof![1..=MOST, 1_000_000..=2_000_000i64].boxed();
    let permission = prop_oneof![Just(0), 2..=9i32].boxed();
    let terms = terms((0..=MOST - DAY_MS).boxed(), (1..=MOST).boxed(), permission);
    (address(), call(sun), terms, 1..=DAY_MS).prop_map(|(owner, call, mut terms, lasts)| {
        terms.expiration_ms = terms.timestamp_ms + lasts;
        Unsigned { owner, call, terms }
    })
}
