//! TRX: paid by the bytes themselves, and what making an account costs.

use sluice_core::amount::{Cost, Units};
use sluice_core::port::chain::{Chain, Heard, Preflight};
use sluice_core::proof::{Effect, SlotReading};
use sluice_core::resource::{Needs, burned};
use sluice_core::transfer::Failure;

use super::stage::{address, stage};
use super::{settled, submit};

#[tokio::test]
async fn trx_is_paid_by_the_bytes_themselves() {
    let stage = stage().await;
    let fresh = sluice_core::address::TronAddress([0x77; 20]);
    let token = address(stage.sim.usdt());
    let trials = [
        stage.trial(&stage.trx, fresh, 5_000_000),
        stage.trial(&stage.trx, token, 5_000_000),
        stage.trial(&stage.trx, fresh, i64::MAX / 2),
    ];
    let told = stage.tron.preflight(&trials).await.unwrap();
    assert_eq!(told[0], Preflight::Passes { gas: 0, activates: true });
    assert_eq!(told[1], Preflight::Fails(Failure::TransferReverts), "a contract takes no TRX");
    assert_eq!(told[2], Preflight::Fails(Failure::FundsShort));
    let attempt = stage.signed(&stage.trx, &trials[0].payment, stage.terms(0).await);
    let question = stage.question(&stage.trx, &attempt, &trials[0].payment);
    let txid = attempt.get().txid;
    assert_eq!(submit(&stage, attempt).await, Heard::Accepted);
    stage.control.solidify().unwrap();
    let SlotReading::Ours(paid) = settled(&stage, &[question]).await else { panic!("not settled") };
    assert_eq!(paid.effect, Effect::Paid { log_index: 0 });
    // Activation, and bytes that are not free for it; as much as was reserved.
    assert_eq!(paid.cost, Cost(1_100_000));
    let conditions = stage.tron.conditions().await.unwrap();
    let needs = |activates| Needs::of([&trials[0].payment], 0, activates);
    assert_eq!(burned(&conditions, &needs(true), 0, 0), paid.cost);
    // From now on there is an account.
    let again = stage.trial(&stage.trx, fresh, i64::MAX / 4_000_000);
    assert_eq!(stage.tron.preflight(std::slice::from_ref(&again)).await.unwrap(), [Preflight::passes(0)]);
    let attempt = stage.signed(&stage.trx, &again.payment, stage.terms(0).await);
    let bytes = sluice_codec::tron::bandwidth(&attempt.get().raw) as u64;
    assert!((250..=needs(false).bandwidth).contains(&bytes), "{bytes} bytes");
    let found = stage.tron.transfers_of(stage.trx.id, txid).await.unwrap().unwrap();
    assert_eq!(found.reading().1[0].units, Units::from(5_000_000));
}
