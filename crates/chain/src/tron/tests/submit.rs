use sluice_core::attempt::{Durable, Kind, Signed, Terms, Unsigned};
use sluice_core::chain::ChainProfile;
use sluice_core::id::{AttemptId, TransferId, Ulid};
use sluice_core::port::chain::{Chain, Heard};
use sluice_core::slot::Slot;
use sluice_core::time::Timestamp;

use super::fake::{World, run, stage};
use super::made::terms;
use crate::tron::node::Said;

#[expect(clippy::disallowed_methods, reason = "an adapter's test has no store")]
fn signed(txid: u8) -> Durable<Signed> {
    let name = Ulid::new(Timestamp::default(), u128::from(txid));
    let unsigned = Unsigned {
        id: AttemptId::new(name),
        transfer: TransferId::new(name),
        serial: 0,
        kind: Kind::Pay,
        slot: Slot::TronTransaction { chain: ChainProfile::tron_mainnet().id, txid: [txid; 32] },
        terms: Terms::Tron(terms(0)),
        bytes: vec![txid],
        digest: [txid; 32],
        built_at: Timestamp::default(),
    };
    let (raw, txid) = (vec![txid], [txid; 32]);
    Durable::stored(Signed { unsigned, raw, txid, journal_seq: 1, signed_at: Timestamp::default() })
}

fn heard(said: &[Said], knows: bool) -> Heard {
    let operators = &["a", "b", "c"][..said.len()];
    let stage = stage(&World::new(9, 7), operators, 1);
    for (node, said) in stage.nodes.iter().zip(said) {
        node.change(|world| {
            world.said = said.clone();
            world.knows = knows;
        });
    }
    run(stage.tron.submit(&[signed(1)])).remove(0)
}

#[test]
fn the_best_of_what_was_heard_is_told_and_none_of_it_is_an_end() {
    let other = || Said::Other("SERVER_BUSY: x".into());
    assert_eq!(heard(&[other(), Said::Taken], false), Heard::Accepted);
    assert_eq!(heard(&[other(), Said::NoFunds], false), Heard::NoFunds);
    assert_eq!(heard(&[Said::NoFunds, Said::Duplicate], true), Heard::Known);
    assert_eq!(heard(&[other(), other()], true), Heard::Unclear("SERVER_BUSY: x".into()));
}

#[test]
fn a_duplicate_that_the_node_does_not_show_may_have_been_refused_before() {
    assert_eq!(heard(&[Said::Duplicate], true), Heard::Known);
    assert!(matches!(heard(&[Said::Duplicate], false), Heard::Unclear(_)));
    let stage = stage(&World::new(9, 7), &["a"], 1);
    stage.nodes[0].change(|world| {
        world.said = Said::Duplicate;
        world.knows = true;
        world.lite = true;
    });
    assert!(matches!(run(stage.tron.submit(&[signed(1)])).remove(0), Heard::Unclear(_)));
}

#[test]
fn bytes_go_to_every_node_of_the_network_and_to_no_other() {
    let stage = stage(&World::new(9, 7), &["a", "b", "c"], 2);
    stage.nodes[0].change(|world| world.chain_id = 1);
    stage.nodes[1].change(|world| world.down = true);
    let heard = run(stage.tron.submit(&[signed(1), signed(2)]));
    assert_eq!(heard, [Heard::Accepted, Heard::Accepted]);
    assert_eq!((stage.nodes[0].asked("send"), stage.nodes[2].asked("send")), (0, 1));
    stage.nodes[2].change(|world| world.down = true);
    assert!(matches!(run(stage.tron.submit(&[signed(1)])).remove(0), Heard::Unclear(_)));
    assert!(run(stage.tron.submit(&[])).is_empty());
}
