//! What those who look have found in a scene. The harness looks with the judges that every other promise is kept with:
//! one that fails has noticed.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::panic::AssertUnwindSafe;

use futures_util::FutureExt as _;
use serde_json::json;
use sluice_api::status::Status;
use sluice_audit::list::List;

use crate::harness::{Auditor, Order, World};

/// What was found, by name.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Seen {
    /// Judges of the harness that failed.
    pub harness: BTreeSet<&'static str>,
    /// Findings of the auditor.
    pub auditor: BTreeSet<&'static str>,
}

/// An order, and what the caller was told of it at the end.
pub type Told = (Order, Status);

impl Seen {
    /// By the token's logs, and by the auditor over the caller's own list of what it was told.
    pub async fn of(world: &World, auditor: &Auditor, told: &[Told]) -> Self {
        // Whatever is in a block by now is final.
        world.mine(8).await;
        let with = |wanted: fn(Status) -> bool| {
            let wanted = told.iter().filter(|(_, status)| wanted(*status));
            wanted.map(|(order, _)| order.clone()).collect::<Vec<Order>>()
        };
        let judge = world.judge();
        let (due, ended) = (with(|status| status == Status::Completed), with(|it| it != Status::Completed));
        let mut seen = Self::default();
        seen.judged("each_paid_once", judge.each_paid_once(&due)).await;
        seen.judged("none_paid", judge.none_paid(&ended)).await;
        seen.judged("nothing_else_left", judge.nothing_else_left(&with(|_| true))).await;
        let orders = with(|_| true);
        let list: String = told.iter().map(|(order, status)| line(world, order, *status)).collect();
        let list = List::of(&list).unwrap_or_else(|error| panic!("{error}"));
        let report = auditor.judges(list, &orders).await;
        assert_eq!(report.findings.is_empty(), report.exit_code() == 0, "{:#?}", report.findings);
        seen.auditor = report.findings.iter().map(|it| it.code.as_str()).collect();
        seen
    }

    /// Asks a judge of the harness.
    pub async fn judged(&mut self, judge: &'static str, verdict: impl Future<Output = ()>) {
        if AssertUnwindSafe(verdict).catch_unwind().await.is_err() {
            self.harness.insert(judge);
        }
    }
}

/// What the caller writes down of an order.
fn line(world: &World, order: &Order, status: Status) -> String {
    let line = json!({
        "external_id": order.external_id, "asset": world.asset(), "address": order.address,
        "amount": order.amount(), "status": status,
    });
    let mut text = String::new();
    writeln!(text, "{line}").expect("memory");
    text
}
