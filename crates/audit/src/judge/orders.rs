//! The list against what was ordered: the caller's own words, from before it was told anything.

use std::collections::BTreeMap;

use super::Bench;
use crate::finding::{Code, Finding};
use crate::list::Order;

impl Bench<'_> {
    pub(super) fn judge_orders(&mut self, orders: &[Order]) {
        let chain = self.reading.closing.chain;
        let ordered: BTreeMap<&str, &Order> =
            orders.iter().filter(|it| it.chain == chain).map(|it| (it.external_id.as_str(), it)).collect();
        for (id, order) in &ordered {
            let listed = self.list.withdrawals.get(*id);
            let same = |code, detail: String| Finding::of(code, detail).about(id);
            let finding = match listed {
                None => same(Code::OrderLost, "nobody says what became of it".to_owned()),
                Some(it)
                    if (it.chain, it.token, it.recipient, it.amount)
                        != (order.chain, order.token, order.recipient, order.amount) =>
                {
                    let detail = format!(
                        "ordered {} of {} to {}, listed {} of {} to {}",
                        order.amount, order.token, order.recipient, it.amount, it.token, it.recipient
                    );
                    same(Code::OrderDiffers, detail)
                }
                Some(_) => continue,
            };
            self.find(finding);
        }
        for claimed in self.claimed {
            let id = &claimed.it.external_id;
            if !ordered.contains_key(id.as_str()) {
                let detail =
                    format!("{} of {} to {}", claimed.it.amount, claimed.it.token, claimed.it.recipient);
                self.find(Finding::of(Code::NotOrdered, detail).about(id));
            }
        }
    }
}
