//! One chain and the nodes that know it: what every question, order and fault goes through.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use serde_json::{Value, json};

use super::{
    chain::{Chain, Included},
    execute::{Refusal, Verdict},
    fault::{Fault, Plan},
    http::{self, Failure, Offered, Request, verdict_json},
    journal::Failing,
    node::Peculiarity,
    tx::Tx,
};

/// What a client gets.
#[derive(Debug)]
pub(super) enum Reply {
    Json(Value),
    /// Text with status 200.
    Text(&'static str),
    NotFound,
    /// Status 503.
    Unavailable,
    /// Nothing, and the connection closes.
    Lost,
}

/// The simulated network.
#[derive(Debug)]
pub(super) struct Network {
    chain: Mutex<Chain>,
    nodes: Mutex<Vec<Peculiarity>>,
    plan: Mutex<Plan>,
    failing: Option<Failing>,
}

impl Network {
    pub(super) fn new(chain: Chain, nodes: usize, seed: u64) -> Self {
        let nodes = vec![Peculiarity::default(); nodes.max(1)];
        let (failing, plan) = (chain.failing(), Mutex::new(Plan::new(seed)));
        Self { chain: Mutex::new(chain), nodes: Mutex::new(nodes), plan, failing }
    }

    /// The file that the chain is kept in cannot be written any more: what the chain is in memory is nobody's business.
    pub(super) fn has_failed(&self) -> bool {
        self.failing.as_ref().is_some_and(|failing| failing.borrow().is_some())
    }

    /// Says why the file cannot be written any more, once that is so.
    pub(super) async fn failed(&self) -> String {
        if let Some(mut failing) = self.failing.clone()
            && let Ok(why) = failing.wait_for(Option::is_some).await
        {
            return why.clone().unwrap_or_default();
        }
        std::future::pending().await
    }

    pub(super) fn chain(&self) -> MutexGuard<'_, Chain> {
        self.chain.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn plan(&self) -> MutexGuard<'_, Plan> {
        self.plan.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn nodes(&self) -> MutexGuard<'_, Vec<Peculiarity>> {
        self.nodes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn node_count(&self) -> usize {
        self.nodes().len()
    }

    /// What sets this node apart now.
    pub(super) fn peculiarity(&self, node: usize) -> Peculiarity {
        self.nodes().get(node).cloned().unwrap_or_default()
    }

    /// Sets a node apart; false if there is no such node.
    pub(super) fn change_node(&self, node: usize, change: impl FnOnce(&mut Peculiarity)) -> bool {
        self.nodes().get_mut(node).map(change).is_some()
    }

    /// Answers a question to a node.
    pub(super) async fn answer(
        &self,
        node: usize,
        solid_only: bool,
        name: &str,
        ask: Result<Request, Failure>,
    ) -> Reply {
        let faults = self.plan().strike(node, name);
        if faults.contains(&Fault::LoseRequest) {
            return Reply::Lost;
        }
        if faults.contains(&Fault::Unavailable) {
            return Reply::Unavailable;
        }
        if faults.contains(&Fault::RateLimited) {
            return Reply::Json(json!({ "Error": "lack of computing resources" }));
        }
        let struck = |fault| faults.contains(&fault);
        let reply = match ask {
            Err(failure) => Reply::Json(failure.json()),
            Ok(_) if struck(Fault::Missing) => Reply::Json(json!({})),
            Ok(ask) => match Offered::named(name).filter(|_| !solid_only) {
                Some(offered) => Reply::Json(self.take_offer(node, offered, &ask, &struck)),
                None => self.ask(node, solid_only, name, &ask),
            },
        };
        for fault in &faults {
            if let Fault::Delay { ms } = fault {
                tokio::time::sleep(Duration::from_millis(*ms)).await;
            }
        }
        if struck(Fault::LoseReply) { Reply::Lost } else { reply }
    }

    fn ask(&self, node: usize, solid_only: bool, name: &str, ask: &Request) -> Reply {
        let peculiarity = self.peculiarity(node);
        if peculiarity.lite && http::is_history(name) {
            return Reply::Text("this API is closed because this node is a lite fullnode");
        }
        let mut chain = self.chain();
        let now_ms = chain.now_ms(wall_ms());
        let built = (!solid_only).then(|| http::build(&mut chain, &peculiarity, name, ask, now_ms)).flatten();
        match built.unwrap_or_else(|| http::read(&chain, &peculiarity, solid_only, name, ask)) {
            Ok(value) => Reply::Json(value),
            Err(Failure::NotFound) => Reply::NotFound,
            Err(failure) => Reply::Json(failure.json()),
        }
    }

    /// A call of the Ethereum-like API.
    pub(super) fn jsonrpc(&self, node: usize, body: &[u8]) -> Reply {
        let peculiarity = self.peculiarity(node);
        Reply::Json(http::jsonrpc(&self.chain(), &peculiarity, body))
    }

    fn take_offer(
        &self,
        node: usize,
        offered: Offered,
        ask: &Request,
        struck: &impl Fn(Fault) -> bool,
    ) -> Value {
        let tx = match offered.read(ask) {
            Ok(tx) => tx,
            Err(failure) => return failure.json(),
        };
        let verdict = self.judge(node, &tx, struck);
        verdict_json(offered, &tx, &verdict, ask.visible)
    }

    fn judge(&self, node: usize, tx: &Arc<Tx>, struck: &impl Fn(Fault) -> bool) -> Verdict {
        let refused = |refusal: Refusal| refusal.verdict();
        if struck(Fault::ServerBusy) {
            return refused(Refusal::Busy);
        }
        if struck(Fault::NoConnection) {
            return refused(Refusal::NoConnection);
        }
        if struck(Fault::Unsolidified) {
            return refused(Refusal::Unsolidified);
        }
        if struck(Fault::FalseDuplicate) {
            return refused(Refusal::Duplicate);
        }
        if struck(Fault::Swallowed) {
            return Verdict::success();
        }
        match self.offer(node, tx) {
            Err(refusal) => refused(refusal),
            Ok(()) if struck(Fault::PooledNotBroadcast) => refused(Refusal::NotBroadcast),
            Ok(()) if struck(Fault::PooledWithError) => refused(Refusal::Other("null".to_owned())),
            Ok(()) if struck(Fault::FalseExpired) => refused(Refusal::Expired),
            Ok(()) => Verdict::success(),
        }
    }

    /// Offers a transaction to a node: it is in everybody's pool, or in the branch of a node that stands alone.
    pub(super) fn offer(&self, node: usize, tx: &Arc<Tx>) -> Result<(), Refusal> {
        let mut chain = self.chain();
        let Peculiarity { lag, branch, .. } = self.peculiarity(node);
        // A node knows no block that is newer than its own head.
        if lag > 0 && chain.reference_of(tx)? > chain.head().number.saturating_sub(lag) {
            return Err(Refusal::Tapos);
        }
        let Some(branch) = branch else { return chain.offer(Arc::clone(tx)) };
        let receipt = chain.try_out(tx, branch.at)?;
        let head = chain.head().number;
        let included = Included { tx: Arc::clone(tx), receipt };
        self.change_node(node, |node| {
            if let Some(branch) = &mut node.branch {
                branch.include(head, included);
            }
        });
        Ok(())
    }
}

/// The machine's clock, in milliseconds since 1970.
#[expect(clippy::disallowed_methods, reason = "the one place where the simulator reads the machine's clock")]
pub(super) fn wall_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}
