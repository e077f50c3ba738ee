//! What happens to one body on its way to the node and back.

use std::{
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use hyper::body::Bytes;
use serde_json::{Value, json};
use tokio::sync::{Semaphore, watch};

use super::{
    call::{Call, Message, bytes, quantity},
    fault::Fault,
    lie,
    pool::{self, Account, Pool, PoolRules, Sent, Verdict},
    script::{Hit, Script, mix},
    upstream::{Gone, Upstream},
};

/// What is held back until something overtakes it is let go after this long.
const HOLD: Duration = Duration::from_millis(500);
/// Bodies, and replies, that are held back at a time: were there two, each would wait for the other to pass.
const HELD_MAX: usize = 1;
/// An answer that never comes is waited for this long; then the connection closes.
const SILENCE: Duration = Duration::from_secs(60);
/// anvil 1.7.1 for what geth calls `already known`.
const ANVIL_KNOWN: &str = "transaction already imported";

/// What the client gets.
pub(super) enum Reply {
    /// All of it.
    Whole(Bytes),
    /// Half of it, and the end of the connection.
    Broken(Bytes),
}

/// Nothing is answered, and the connection closes.
#[derive(Debug, thiserror::Error)]
#[error("the reply is lost")]
pub(super) struct Lost;

impl From<Gone> for Lost {
    fn from(_: Gone) -> Self {
        Self
    }
}

/// Lets a later one pass.
struct Passage {
    passed: watch::Sender<u64>,
    held: Semaphore,
}

impl Passage {
    fn new() -> Self {
        Self { passed: watch::Sender::new(0), held: Semaphore::new(HELD_MAX) }
    }

    fn pass(&self, ticket: u64) {
        self.passed.send_if_modified(|passed| {
            let later = ticket > *passed;
            *passed = ticket.max(*passed);
            later
        });
    }

    /// Waits until a later one has passed; false if none did in time.
    async fn overtaken(&self, ticket: u64) -> bool {
        let Ok(_place) = self.held.try_acquire() else { return false };
        let mut passed = self.passed.subscribe();
        let later = passed.wait_for(|passed| *passed > ticket);
        tokio::time::timeout(HOLD, later).await.is_ok_and(|passed| passed.is_ok())
    }
}

pub(super) struct Proxy {
    upstream: Upstream,
    script: Mutex<Script>,
    pool: Mutex<Pool>,
    rules: Mutex<Option<PoolRules>>,
    requests: Passage,
    replies: Passage,
    tickets: AtomicU64,
}

/// A call and what is due for it.
struct Due<'a> {
    call: &'a Call,
    nth: u64,
    hits: Vec<Hit>,
}

impl Due<'_> {
    fn hits(&self, wanted: impl Fn(Fault) -> bool) -> impl Iterator<Item = &Hit> {
        self.hits.iter().filter(move |hit| wanted(hit.fault))
    }
}

impl Proxy {
    pub(super) fn new(upstream: Upstream, seed: u64, rules: Option<PoolRules>) -> Self {
        Self {
            upstream,
            script: Mutex::new(Script::new(seed)),
            pool: Mutex::default(),
            rules: Mutex::new(rules),
            requests: Passage::new(),
            replies: Passage::new(),
            tickets: AtomicU64::new(1),
        }
    }

    pub(super) fn script(&self) -> MutexGuard<'_, Script> {
        self.script.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn pool(&self) -> MutexGuard<'_, Pool> {
        self.pool.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// From now on these rules, or none. What is in the pool stays there.
    pub(super) fn enforce(&self, rules: Option<PoolRules>) {
        *self.rules.lock().unwrap_or_else(PoisonError::into_inner) = rules;
    }

    fn rules(&self) -> Option<PoolRules> {
        *self.rules.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Carries a body to the node and its answer back, with what is due on the way.
    pub(super) async fn carry(&self, body: Bytes) -> Result<Reply, Lost> {
        let ticket = self.tickets.fetch_add(1, Ordering::Relaxed);
        let Some(message) = Message::read(&body) else {
            return Ok(Reply::Whole(self.upstream.carry(body).await?));
        };
        let dues: Vec<Due<'_>> = message.calls().iter().map(|call| self.due(call)).collect();
        let untouched = dues.iter().all(|due| due.hits.is_empty() && self.judged_by(due.call).is_none());
        let done = match untouched {
            true => self.upstream.carry(body).await.map(Reply::Whole).map_err(Lost::from),
            false => self.with_faults(ticket, &message, dues).await,
        };
        self.requests.pass(ticket);
        self.replies.pass(ticket);
        done
    }

    fn due<'a>(&self, call: &'a Call) -> Due<'a> {
        let (nth, hits) = self.script().due(&call.method);
        Due { call, nth, hits }
    }

    /// True, if one of these faults is due and strikes now.
    fn strikes(&self, due: &Due<'_>, wanted: impl Fn(Fault) -> bool) -> bool {
        due.hits(wanted).any(|hit| self.script().strikes(hit, &due.call.method))
    }

    async fn with_faults(
        &self,
        ticket: u64,
        message: &Message,
        mut dues: Vec<Due<'_>>,
    ) -> Result<Reply, Lost> {
        let mut delay_ms = 0;
        for due in &dues {
            for hit in due.hits(|fault| matches!(fault, Fault::DelayRequest { .. })) {
                if let Fault::DelayRequest { ms } = hit.fault
                    && self.script().strikes(hit, &due.call.method)
                {
                    delay_ms = ms.max(delay_ms);
                }
            }
        }
        tokio::time::sleep(Duration::from_millis(delay_ms)).await;
        self.reorder(Fault::ReorderRequests, ticket, &mut dues, &self.requests).await;

        let (mut answers, mut silent, mut broken) = (Vec::new(), false, false);
        let mut delay_ms = 0;
        for due in dues {
            let some = self.one(&due).await?;
            silent |= self.strikes(&due, |fault| fault == Fault::Silence);
            for hit in due.hits(|fault| matches!(fault, Fault::DelayReply { .. })) {
                if let Fault::DelayReply { ms } = hit.fault
                    && self.script().strikes(hit, &due.call.method)
                {
                    delay_ms = ms.max(delay_ms);
                }
            }
            broken |= !some.is_empty() && self.strikes(&due, |fault| fault == Fault::HalfClose);
            answers.push((due, some));
        }
        self.requests.pass(ticket);
        if silent {
            tokio::time::sleep(SILENCE).await;
            return Err(Lost);
        }
        tokio::time::sleep(Duration::from_millis(delay_ms)).await;
        let (mut dues, mut said): (Vec<Due<'_>>, Vec<Vec<Value>>) = answers.into_iter().unzip();
        if let Some(order) = self.reorder(Fault::ReorderReplies, ticket, &mut dues, &self.replies).await {
            said = order.into_iter().filter_map(|place| said.get(place).cloned()).collect();
        }
        let mut said: Vec<Value> = said.into_iter().flatten().collect();
        let body = match (message, said.len()) {
            (_, 0) => return Err(Lost),
            (Message::One(_), 1) => said.pop().unwrap_or_default(),
            _ => Value::Array(said),
        };
        let bytes = Bytes::from(body.to_string());
        Ok(if broken { Reply::Broken(bytes) } else { Reply::Whole(bytes) })
    }

    /// Lets a later body pass; or brings the calls of a batch into another order, and says which.
    async fn reorder(
        &self,
        fault: Fault,
        ticket: u64,
        dues: &mut Vec<Due<'_>>,
        passage: &Passage,
    ) -> Option<Vec<usize>> {
        let hit = dues.iter().find_map(|due| Some((due.call, *due.hits(|it| it == fault).next()?)));
        let (call, hit) = hit?;
        if dues.len() == 1 {
            if passage.overtaken(ticket).await {
                self.script().strikes(&hit, &call.method);
            }
            return None;
        }
        let order = shuffled(dues.len(), hit.roll);
        if order.is_sorted() || !self.script().strikes(&hit, &call.method) {
            return None;
        }
        let mut old: Vec<Option<Due<'_>>> = std::mem::take(dues).into_iter().map(Some).collect();
        *dues = order.iter().filter_map(|place| old.get_mut(*place)?.take()).collect();
        Some(order)
    }

    /// One call: what is answered to it, in one, two or no answers.
    async fn one(&self, due: &Due<'_>) -> Result<Vec<Value>, Gone> {
        if self.strikes(due, |fault| fault == Fault::LoseRequest) {
            return Ok(Vec::new());
        }
        let answer = match self.lied_to(due).await? {
            Some(answer) => answer,
            None => {
                let mut answer = self.ask(due).await?;
                if self.strikes(due, |fault| fault == Fault::DuplicateRequest) {
                    answer = self.ask(due).await?;
                }
                self.bent(due, answer).await?
            }
        };
        if self.strikes(due, |fault| fault == Fault::LoseReply) {
            return Ok(Vec::new());
        }
        let twice = self.strikes(due, |fault| fault == Fault::DuplicateReply);
        Ok(if twice { vec![answer.clone(), answer] } else { vec![answer] })
    }

    /// A lie that needs no answer of the node.
    async fn lied_to(&self, due: &Due<'_>) -> Result<Option<Value>, Gone> {
        for hit in &due.hits {
            let told = lie::instead(hit.fault, due.call, &self.upstream).await?;
            if told.is_some() && self.script().strikes(hit, &due.call.method) {
                return Ok(told);
            }
        }
        Ok(None)
    }

    async fn bent(&self, due: &Due<'_>, mut answer: Value) -> Result<Value, Gone> {
        for hit in &due.hits {
            let told = lie::bend(hit.fault, due.call, &answer, &self.upstream).await?;
            if let Some(told) = told
                && self.script().strikes(hit, &due.call.method)
            {
                answer = told;
            }
        }
        Ok(answer)
    }

    async fn ask(&self, due: &Due<'_>) -> Result<Value, Gone> {
        match self.judged_by(due.call) {
            Some((rules, sent)) => self.send(due, rules, &sent).await,
            None => self.upstream.call(&due.call.body).await,
        }
    }

    /// The rules this call must keep, if it sends a transaction that they are about.
    fn judged_by(&self, call: &Call) -> Option<(PoolRules, Sent)> {
        let rules = self.rules().filter(|_| call.method == "eth_sendRawTransaction")?;
        Some((rules, Sent::read(&bytes(call.parameter(0))?)?))
    }

    async fn send(&self, due: &Due<'_>, rules: PoolRules, sent: &Sent) -> Result<Value, Gone> {
        let account = json!(format!("0x{}", hex::encode(sent.sender)));
        let txid = format!("0x{}", hex::encode(sent.txid));
        if self.pool().holds(sent)
            && self.upstream.ask("eth_getTransactionByHash", json!([txid])).await?.is_null()
        {
            // The node has lost it, as a test told it to.
            self.pool().forget(sent);
        }
        let next = self.upstream.ask("eth_getTransactionCount", json!([account, "latest"])).await?;
        let balance = self.upstream.ask("eth_getBalance", json!([account, "latest"])).await?;
        let balance = balance.as_str().and_then(|text| text.parse().ok());
        let (Some(next_nonce), Some(balance)) = (quantity(&next), balance) else { return Err(Gone) };
        let verdict = self.pool().offer(sent, Account { next_nonce, balance }, rules);
        let met = |rule| self.script().count(rule, &due.call.method, due.nth);
        match verdict {
            Verdict::Refuses { rule, message } => {
                met(rule);
                Ok(due.call.error(pool::CODE, &message))
            }
            Verdict::Drops { rule } => {
                met(rule);
                Ok(due.call.result(json!(txid)))
            }
            Verdict::Takes { dropped, rule } => {
                rule.into_iter().for_each(met);
                let answer = self.upstream.call(&due.call.body).await?;
                // Afterwards: anvil drops only what could be mined now, and this one may have filled the gap.
                for txid in dropped {
                    let txid = format!("0x{}", hex::encode(txid));
                    self.upstream.ask("anvil_dropTransaction", json!([txid])).await?;
                }
                Ok(self.in_geths_words(due.call, sent, answer))
            }
        }
    }

    /// What the node itself refuses is not in its pool. anvil has a word of its own for what came by another way already.
    fn in_geths_words(&self, call: &Call, sent: &Sent, answer: Value) -> Value {
        let Some(error) = answer.get("error") else { return answer };
        if error.get("message").and_then(Value::as_str) == Some(ANVIL_KNOWN) {
            return call.error(pool::CODE, "already known");
        }
        self.pool().forget(sent);
        answer
    }
}

/// Fisher and Yates, by this chance.
fn shuffled(count: usize, chance: u64) -> Vec<usize> {
    let mut order: Vec<usize> = (0..count).collect();
    let mut state = chance;
    for last in (1..count).rev() {
        state = mix(state);
        let places = u64::try_from(last).unwrap_or(u64::MAX).saturating_add(1);
        order.swap(last, usize::try_from(state % places).unwrap_or(last));
    }
    order
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shuffle_loses_nothing_and_is_the_same_for_the_same_chance() {
        for chance in 0..50 {
            let mut order = shuffled(7, chance);
            assert_eq!(order, shuffled(7, chance));
            order.sort_unstable();
            assert_eq!(order, [0, 1, 2, 3, 4, 5, 6]);
        }
        assert!((0..50).any(|chance| shuffled(2, chance) == [1, 0]));
        assert_eq!(shuffled(1, 9), [0]);
    }
}
