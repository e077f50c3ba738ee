//! How fast it signs. Run it on purpose:
//! `cargo test --release -p sluice-signer --test it speed -- --ignored --nocapture`

use sluice_core::amount::Amount;
use sluice_signer::{JournalAt, SigningService};

use crate::house::{Asked, NOW, caps, deployment, pay, payment, ring, usd};

#[test]
#[ignore = "a measurement, not a promise"]
fn signatures_per_second() {
    let dir = tempfile::tempdir_in(std::env::current_dir().unwrap()).unwrap();
    for at in [JournalAt::Memory, JournalAt::File(dir.path().join("journal.db"))] {
        println!("{at:?}");
        measure(&at);
    }
}

#[expect(clippy::disallowed_methods, reason = "it measures time")]
fn measure(at: &JournalAt) {
    let mut caps = caps();
    caps.assets[0].hourly_max = usd(1_000_000_000);
    let signer = SigningService::open(at, &deployment(), caps, ring(), NOW).unwrap();
    let mut nonce = 0;
    for group in [1usize, 16, 128, 512] {
        let rounds = 4_096 / group.max(8);
        let payments: Vec<Vec<_>> = (0..rounds)
            .map(|round| {
                (0..group)
                    .map(|it| payment(&format!("{group}/{round}/{it}"), Amount::from_atoms(5).unwrap()))
                    .collect()
            })
            .collect();
        let pairs: Vec<Vec<_>> = payments
            .iter()
            .map(|payments| {
                payments
                    .iter()
                    .map(|approved| {
                        nonce += 1;
                        pay(nonce, approved)
                    })
                    .collect()
            })
            .collect();
        let start = std::time::Instant::now();
        for payments in &payments {
            assert!(signer.admits(1, payments, NOW).iter().all(Result::is_ok));
        }
        let admitted = start.elapsed();
        let start = std::time::Instant::now();
        for pairs in &pairs {
            assert!(signer.signs(pairs, NOW).iter().all(Result::is_ok));
        }
        let signed = start.elapsed();
        let rate =
            |elapsed: std::time::Duration| (rounds * group) as u128 * 1_000_000 / elapsed.as_micros().max(1);
        println!("groups of {group}: {} admissions/s, {} signatures/s", rate(admitted), rate(signed));
    }
    let start = std::time::Instant::now();
    let head = signer.verify(None).unwrap().unwrap();
    println!("verified {} entries in {} ms", head.seq, start.elapsed().as_millis());
}
