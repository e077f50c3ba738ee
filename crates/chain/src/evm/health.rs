//! Which nodes are asked, and in which order.
//!
//! Four separate things keep a node from being asked: it is of another chain (checked at first use and every hour), it
//! contradicted an agreed final block (asked again by [`super::heads`]), it failed several times in a row (a breaker that
//! lets one probe through after a pause), or it is out of step with the others (asked last). None of them is evidence
//! about money.

use std::future::Future;
use std::sync::{Arc, Mutex};

use futures_util::TryFutureExt;
use futures_util::future::join_all;
use sluice_core::alert::{Code, Raise};
use sluice_core::chain::{ChainId, ChainProfile};
use sluice_core::port::chain::{ChainError, NodeFacts};
use sluice_core::port::world::Clock;
use sluice_core::time::Timestamp;

use super::alarm::Alarms;
use super::debt::Debts;
use super::node::{Header, Node, NodeError};

/// Failures in a row that open a node's breaker; one unanswered question does.
const TRIP: u32 = 3;
/// First pause of an open breaker; it doubles with each failed probe.
const PAUSE_MS: i64 = 5_000;
/// Longest pause of an open breaker.
const PAUSE_MAX_MS: i64 = 60_000;
/// A node's chain id is asked again after this.
const CHAIN_CHECK_MS: i64 = 3_600_000;
/// A node that contradicted an agreed final block is asked again after this.
const RECHECK_MS: i64 = 300_000;
/// EIP-1474: a request exceeds a defined limit.
const LIMIT_EXCEEDED: i64 = -32_005;
/// JSON-RPC 2.0: internal error.
const INTERNAL: i64 = -32_603;

/// The nodes of a chain and how they fare.
pub(super) struct Crew {
    chain: ChainId,
    lag_blocks: u64,
    nodes: Vec<Arc<dyn Node>>,
    states: Mutex<Vec<State>>,
    clock: Arc<dyn Clock>,
    alarms: Alarms,
    debts: Debts,
}

#[derive(Clone, Default)]
struct State {
    chain: Membership,
    checked_at: Option<Timestamp>,
    failures: u32,
    shut_until: Timestamp,
    out_of_step: bool,
    recheck_at: Option<Timestamp>,
    height: Option<u64>,
    /// The last thing that went wrong.
    why: String,
}

#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Membership {
    /// Never answered.
    #[default]
    Unknown,
    /// Of our chain.
    Ours,
    /// Of another: never asked.
    Other,
}

impl State {
    fn tripped(&self) -> bool {
        self.failures >= TRIP
    }

    fn shut(&self, now: Timestamp) -> bool {
        self.tripped() && now < self.shut_until
    }

    fn pause_ms(&self) -> i64 {
        let doublings = self.failures.saturating_sub(TRIP).min(4);
        PAUSE_MS.saturating_mul(1 << doublings).min(PAUSE_MAX_MS)
    }

    /// Why it is not asked, or asked last.
    fn trouble(&self, now: Timestamp) -> Option<&'static str> {
        match self.chain {
            Membership::Other => Some("other_chain"),
            Membership::Unknown => Some("unproven"),
            Membership::Ours if self.recheck_at.is_some() => Some("contradicts"),
            Membership::Ours if self.shut(now) => Some("breaker_open"),
            Membership::Ours if self.out_of_step => Some("out_of_step"),
            Membership::Ours if self.failures > 0 => Some("failing"),
            Membership::Ours => None,
        }
    }

    fn trusted(&self) -> bool {
        self.chain == Membership::Ours && self.recheck_at.is_none()
    }
}

impl Crew {
    pub(super) fn new(profile: &ChainProfile, nodes: Vec<Arc<dyn Node>>, clock: Arc<dyn Clock>) -> Self {
        let states = Mutex::new(vec![State::default(); nodes.len()]);
        Self {
            chain: profile.id,
            lag_blocks: profile.lag_blocks(),
            nodes,
            states,
            clock,
            alarms: Alarms::default(),
            debts: Debts::default(),
        }
    }

    pub(super) const fn debts(&self) -> &Debts {
        &self.debts
    }

    pub(super) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Notes that a trouble of the chain as a whole was met now.
    pub(super) fn raise(&self, code: Code, detail: impl Into<String>) {
        self.alarms.notice(self.now(), code, self.chain.to_string(), detail.into());
    }

    /// A trouble of the chain as a whole was looked for and not found.
    pub(super) fn over(&self, code: Code) {
        self.alarms.over(code, &self.chain.to_string());
    }

    /// Troubles of one node are named after its chain, so that whoever watches the chain knows them for its own.
    fn of_node(&self, index: usize) -> String {
        format!("{} {}", self.chain, self.node_name(index))
    }

    /// What is wrong now.
    pub(super) fn troubles(&self) -> Vec<Raise> {
        self.alarms.now(self.now())
    }

    /// How each node fares.
    pub(super) fn facts(&self) -> Vec<NodeFacts> {
        let now = self.now();
        let states = super::locked(&self.states);
        let facts = |(node, state): (&Arc<dyn Node>, &State)| NodeFacts {
            name: node.name().to_owned(),
            operator: node.operator().to_owned(),
            healthy: state.trusted() && !state.shut(now) && !state.out_of_step,
            height: state.height,
            trouble: state.trouble(now),
        };
        self.nodes.iter().zip(states.iter()).map(facts).collect()
    }

    pub(super) fn node(&self, index: usize) -> Option<Arc<dyn Node>> {
        self.nodes.get(index).cloned()
    }

    pub(super) fn operator(&self, index: usize) -> &str {
        self.nodes.get(index).map_or("", |node| node.operator())
    }

    pub(super) fn node_name(&self, index: usize) -> &str {
        self.nodes.get(index).map_or("", |node| node.name())
    }

    /// Nodes for readings that one node is enough for, best first: in step, without recent failures, as configured.
    /// Those with an open breaker only when no other is left.
    pub(super) async fn readers(&self) -> Vec<usize> {
        self.check_chains().await;
        let now = self.now();
        let states = super::locked(&self.states);
        let trusted = || states.iter().enumerate().filter(|(_, state)| state.trusted());
        let mut order: Vec<_> = trusted().filter(|(_, state)| !state.shut(now)).collect();
        if order.is_empty() {
            order = trusted().collect();
        }
        order.sort_by_key(|(index, state)| (state.out_of_step, state.failures > 0, *index));
        order.into_iter().map(|(index, _)| index).collect()
    }

    /// Nodes whose word counts in a quorum, in order of configuration. An open breaker lets one probe through after its
    /// pause. When every breaker is open there is nothing to lose by asking all.
    pub(super) async fn voters(&self) -> Vec<usize> {
        self.check_chains().await;
        self.let_through(State::trusted)
    }

    /// Nodes that carry bytes: every one that is not of another chain. Lying, lagging or yet unproven nodes may carry:
    /// a transaction is valid on its own chain only (EIP-155), and one more node that has it does no harm. Where only such
    /// nodes are let through, all are tried: a liar says that it took what it dropped.
    pub(super) async fn carriers(&self) -> Vec<usize> {
        self.check_chains().await;
        let wanted = |state: &State| state.chain != Membership::Other;
        let open = self.let_through(wanted);
        let states = super::locked(&self.states);
        if open.iter().any(|index| states.get(*index).is_some_and(State::trusted)) {
            return open;
        }
        states.iter().enumerate().filter(|(_, state)| wanted(state)).map(|(index, _)| index).collect()
    }

    fn let_through(&self, wanted: impl Fn(&State) -> bool) -> Vec<usize> {
        let now = self.now();
        let mut states = super::locked(&self.states);
        let mut all = Vec::new();
        let mut open = Vec::new();
        for (index, state) in states.iter_mut().enumerate().filter(|(_, state)| wanted(state)) {
            all.push(index);
            if state.shut(now) {
                continue;
            }
            if state.tripped() {
                // This caller is the probe; others wait for what it finds.
                state.shut_until = now.plus_ms(state.pause_ms());
            }
            open.push(index);
        }
        if open.is_empty() { all } else { open }
    }

    /// Asks nodes at once; answers in the order of `indices`.
    pub(super) async fn each<T, F, R>(&self, indices: &[usize], ask: F) -> Vec<(usize, Result<T, NodeError>)>
    where
        F: Fn(Arc<dyn Node>) -> R,
        R: Future<Output = Result<T, NodeError>>,
    {
        let known = indices.iter().filter_map(|index| Some((*index, Arc::clone(self.nodes.get(*index)?))));
        let asked = known.map(|(index, node)| {
            let answer = ask(node);
            async move { (index, answer.await) }
        });
        let answers = join_all(asked).await;
        for (index, answer) in &answers {
            self.note(*index, answer.as_ref().err());
        }
        answers
    }

    /// Asks one node after the other until one answers.
    pub(super) async fn first<T, F, R>(&self, ask: F) -> Result<(usize, T), ChainError>
    where
        F: Fn(Arc<dyn Node>) -> R,
        R: Future<Output = Result<T, NodeError>>,
    {
        let found = self.first_with(|node| ask(node).map_ok(Some)).await?;
        found.ok_or_else(|| self.down(self.why_none()))
    }

    /// Asks one node after the other until one has it; `None` when every one that answers has it not.
    pub(super) async fn first_with<T, F, R>(&self, ask: F) -> Result<Option<(usize, T)>, ChainError>
    where
        F: Fn(Arc<dyn Node>) -> R,
        R: Future<Output = Result<Option<T>, NodeError>>,
    {
        let (mut why, mut absent) = (None, false);
        for index in self.readers().await {
            let Some(node) = self.nodes.get(index) else { continue };
            let answer = ask(Arc::clone(node)).await;
            self.note(index, answer.as_ref().err());
            match answer {
                Ok(Some(answer)) => return Ok(Some((index, answer))),
                Ok(None) => absent = true,
                Err(error) => why = Some(format!("{}: {error}", node.name())),
            }
        }
        if absent { Ok(None) } else { Err(self.down(why.unwrap_or_else(|| self.why_none()))) }
    }

    /// Why no node is in service.
    pub(super) fn why_none(&self) -> String {
        let states = super::locked(&self.states);
        let words = states.iter().enumerate().map(|(index, state)| {
            let why = if state.why.is_empty() { "not in service" } else { state.why.as_str() };
            format!("{}: {why}", self.node_name(index))
        });
        let words: Vec<String> = words.collect();
        if words.is_empty() { "none is configured".to_owned() } else { words.join("; ") }
    }

    /// No node answered: an error for the caller and an alarm for a person.
    pub(super) fn down(&self, why: String) -> ChainError {
        let chain = self.chain.to_string();
        self.raise(Code::NodesDown, format!("no node of {chain} answers: {why}"));
        ChainError::Down { chain, why }
    }

    /// Notes how a node fared with a question, or with bytes.
    pub(super) fn note(&self, index: usize, error: Option<&NodeError>) {
        let now = self.now();
        let mut states = super::locked(&self.states);
        let Some(state) = states.get_mut(index) else { return };
        if let Some(error) = error {
            state.why = error.to_string();
        }
        match error {
            None => state.failures = 0,
            // Three of these in a row would hold up everybody for three timeouts: the first one opens the breaker.
            Some(NodeError::Silent(_)) => {
                state.failures = state.failures.saturating_add(1).max(TRIP);
                state.shut_until = now.plus_ms(state.pause_ms());
            }
            Some(NodeError::Transport(_) | NodeError::Nonsense(_))
            | Some(NodeError::Rpc { code: LIMIT_EXCEEDED | INTERNAL, .. }) => {
                state.failures = state.failures.saturating_add(1);
                state.shut_until = now.plus_ms(state.pause_ms());
            }
            // It answered: what it says about one question is no matter of its health.
            Some(NodeError::Rpc { .. }) => {}
        }
    }

    /// Asks nodes for their chain where that is due.
    async fn check_chains(&self) {
        let now = self.now();
        let due: Vec<usize> = {
            let states = super::locked(&self.states);
            let due = |state: &State| {
                !state.shut(now) && state.checked_at.is_none_or(|at| now.since_ms(at) >= CHAIN_CHECK_MS)
            };
            states.iter().enumerate().filter(|(_, state)| due(state)).map(|(index, _)| index).collect()
        };
        if due.is_empty() {
            return;
        }
        let answers = self.each(&due, |node| async move { node.chain_id().await }).await;
        for (index, answer) in answers {
            let Ok(reference) = answer else { continue };
            let ours = reference == self.chain.reference;
            if let Some(state) = super::locked(&self.states).get_mut(index) {
                state.checked_at = Some(now);
                state.chain = if ours { Membership::Ours } else { Membership::Other };
                if !ours {
                    state.why = format!("of chain eip155:{reference}");
                }
            }
            let node = self.node_name(index);
            if ours {
                self.alarms.over(Code::NodesDown, &self.of_node(index));
            } else {
                let detail =
                    format!("{node} is a node of eip155:{reference}, not of {}: it is not asked", self.chain);
                self.alarms.stand(Code::NodesDown, self.of_node(index), detail);
            }
        }
    }

    /// Compares the nodes' latest blocks with a measure: one that differs by much is out of step.
    pub(super) fn compare(&self, latest: &[(usize, Header)], measure: u64) {
        let mut states = super::locked(&self.states);
        for (index, header) in latest {
            if let Some(state) = states.get_mut(*index) {
                state.out_of_step = header.block.number.abs_diff(measure) > self.lag_blocks;
                state.height = Some(header.block.number);
            }
        }
    }

    /// A node contradicted what enough operators agree on: its word does not count until it agrees again.
    pub(super) fn quarantine(&self, index: usize, about: &str) {
        let now = self.now();
        if let Some(state) = super::locked(&self.states).get_mut(index) {
            state.recheck_at = Some(now.plus_ms(RECHECK_MS));
            state.why = format!("contradicts the agreed {about}");
        }
        let node = self.node_name(index);
        let detail =
            format!("{node} contradicts the agreed {about}: its word does not count until it agrees again");
        self.alarms.stand(Code::NodesDisagree, self.of_node(index), detail);
    }

    /// Quarantined nodes that are due to be asked again.
    pub(super) fn due_for_release(&self) -> Vec<usize> {
        let now = self.now();
        let states = super::locked(&self.states);
        let due = |state: &State| state.recheck_at.is_some_and(|at| at <= now);
        states.iter().enumerate().filter(|(_, state)| due(state)).map(|(index, _)| index).collect()
    }

    /// What the second look at a quarantined node found.
    pub(super) fn rechecked(&self, index: usize, agrees: bool) {
        let now = self.now();
        if let Some(state) = super::locked(&self.states).get_mut(index) {
            state.recheck_at = if agrees { None } else { Some(now.plus_ms(RECHECK_MS)) };
        }
        if agrees {
            self.alarms.over(Code::NodesDisagree, &self.of_node(index));
        }
    }
}
