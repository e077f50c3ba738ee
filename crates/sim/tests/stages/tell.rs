//! Alerts reach whoever can be reached.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use sluice_core::alert::{Alert, Code, Raise};
use sluice_core::port::Fut;
use sluice_core::port::deliver::{Deliver, NotDelivered};
use sluice_core::port::store::{Change, Store as _};
use sluice_flow::notify;

use crate::bench::{Bench, now};

/// Two sinks as one: the first takes everything, the second is dead.
#[derive(Default)]
struct OneIsDead(Mutex<BTreeSet<String>>);

impl Deliver for OneIsDead {
    fn alerts<'a>(&'a self, alerts: &'a [Alert]) -> Fut<'a, Result<(), NotDelivered>> {
        let mut taken = self.0.lock().unwrap();
        taken.extend(alerts.iter().map(|alert| alert.raise.subject.clone()));
        let refused = NotDelivered { sink: "second".into(), why: "dead".into() };
        Box::pin(std::future::ready(Err(refused)))
    }
}

fn raise(bench: &Bench, subject: String) {
    let raise = Raise { code: Code::FundsShort, subject, partner: None, detail: "short".into() };
    let change = Change { raise: vec![raise], cause: Some(bench.cause()), ..Change::default() };
    now(bench.world.db().apply(None, vec![change])).unwrap();
}

#[test]
fn a_dead_sink_keeps_no_alert_from_the_others_however_many_wait() {
    let mut bench = Bench::new(|inner| inner);
    let sink = Arc::new(OneIsDead::default());
    bench.ports.deliver = Arc::clone(&sink) as Arc<_>;
    for number in 0..100 {
        raise(&bench, format!("old-{number}"));
    }
    let mut memory = notify::Memory::default();
    for turn in 0.. {
        now(notify::turn(&bench.ports, "bench", &mut memory)).unwrap();
        if sink.0.lock().unwrap().len() == 100 {
            break;
        }
        assert!(turn < 10, "{} of 100 after {turn} turns", sink.0.lock().unwrap().len());
    }
    bench.pass();
    raise(&bench, "new".into());
    now(notify::turn(&bench.ports, "bench", &mut memory)).unwrap();
    assert!(sink.0.lock().unwrap().contains("new"), "what is new waits behind nothing");
}
