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
use super::heads::Pulse;
use super::peer::{NodeError, Peer, Top};
use super::state::{Membership, State, TRIP};
use super::{Quorum, locked};

/// A node's chain id is asked again after this.
const CHAIN_CHECK_MS: i64 = 3_600_000;
/// A node that contradicted an agreed final block is asked again after this.
const RECHECK_MS: i64 = 300_000;
/// EIP-1474: a request exceeds a defined limit.
const LIMIT_EXCEEDED: i64 = -32_005;
/// JSON-RPC 2.0: internal error.
const INTERNAL: i64 = -32_603;

/// The nodes of a chain and how they fare.
pub(crate) struct Crew<N: ?Sized> {
    pub(super) profile: ChainProfile,
    quorum: Quorum,
    nodes: Vec<Arc<N>>,
    states: Mutex<Vec<State>>,
    clock: Arc<dyn Clock>,
    alarms: Alarms,
    debts: Debts,
    pub(super) pulse: Mutex<Pulse>,
}

impl<N: Peer + ?Sized> Crew<N> {
    pub(crate) fn new(
        profile: ChainProfile,
        nodes: Vec<Arc<N>>,
        quorum: Quorum,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let states = Mutex::new(vec![State::default(); nodes.len()]);
        Self {
            profile,
            quorum,
            nodes,
            states,
            clock,
            alarms: Alarms::default(),
            debts: Debts::default(),
            pulse: Mutex::default(),
        }
    }

    pub(crate) const fn profile(&self) -> &ChainProfile {
        &self.profile
    }

    const fn chain(&self) -> ChainId {
        self.profile.id
    }

    /// Distinct operators that must say the same, at least one.
    pub(crate) fn needed(&self) -> usize {
        self.quorum.needed.max(1)
    }

    /// Nodes contradict each other, or too few can tell.
    pub(crate) fn disagree(&self, why: impl Into<String>) -> ChainError {
        ChainError::Disagree { chain: self.chain().to_string(), why: why.into() }
    }

    pub(super) const fn debts(&self) -> &Debts {
        &self.debts
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Notes that a trouble of the chain as a whole was met now.
    pub(crate) fn raise(&self, code: Code, detail: impl Into<String>) {
        self.alarms.notice(self.now(), code, self.chain().to_string(), detail.into());
    }

    /// A trouble of the chain as a whole was looked for and not found.
    pub(crate) fn over(&self, code: Code) {
        self.alarms.over(code, &self.chain().to_string());
    }

    /// Troubles of one node are named after its chain, so that whoever watches the chain knows them for its own.
    fn of_node(&self, index: usize) -> String {
        format!("{} {}", self.chain(), self.node_name(index))
    }

    /// What is wrong now.
    pub(crate) fn troubles(&self) -> Vec<Raise> {
        self.alarms.now(self.now())
    }

    /// How each node fares.
    pub(crate) fn facts(&self) -> Vec<NodeFacts> {
        let now = self.now();
        let states = locked(&self.states);
        let facts = |(node, state): (&Arc<N>, &State)| NodeFacts {
            name: node.name().to_owned(),
            operator: node.operator().to_owned(),
            healthy: state.trusted() && !state.shut(now) && !state.out_of_step,
            height: state.height,
            trouble: state.trouble(now),
        };
        self.nodes.iter().zip(states.iter()).map(facts).collect()
    }

    pub(crate) fn node(&self, index: usize) -> Option<Arc<N>> {
        self.nodes.get(index).cloned()
    }

    pub(crate) fn operator(&self, index: usize) -> &str {
        self.nodes.get(index).map_or("", |node| node.operator())
    }

    pub(crate) fn node_name(&self, index: usize) -> &str {
        self.nodes.get(index).map_or("", |node| node.name())
    }

    /// Nodes for readings that one node is enough for, best first: in step, without recent failures, as configured.
    /// Those with an open breaker only when no other is left.
    pub(crate) async fn readers(&self) -> Vec<usize> {
        self.check_chains().await;
        let now = self.now();
        let states = locked(&self.states);
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
    pub(crate) async fn voters(&self) -> Vec<usize> {
        self.check_chains().await;
        self.let_through(State::trusted)
    }

    /// Nodes that carry bytes: every one that is not of another chain. Lying, lagging or yet unproven nodes may carry:
    /// a transaction is valid on its own chain only (EIP-155, TAPOS), and one more node that has it does no harm. Where only such
    /// nodes are let through, all are tried: a liar says that it took what it dropped.
    pub(crate) async fn carriers(&self) -> Vec<usize> {
        self.check_chains().await;
        let wanted = |state: &State| state.chain != Membership::Other;
        let open = self.let_through(wanted);
        let states = locked(&self.states);
        if open.iter().any(|index| states.get(*index).is_some_and(State::trusted)) {
            return open;
        }
        states.iter().enumerate().filter(|(_, state)| wanted(state)).map(|(index, _)| index).collect()
    }

    fn let_through(&self, wanted: impl Fn(&State) -> bool) -> Vec<usize> {
        let now = self.now();
        let mut states = locked(&self.states);
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
    pub(crate) async fn each<T, F, R>(&self, indices: &[usize], ask: F) -> Vec<(usize, Result<T, NodeError>)>
    where
        F: Fn(Arc<N>) -> R,
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
    pub(crate) async fn first<T, F, R>(&self, ask: F) -> Result<(usize, T), ChainError>
    where
        F: Fn(Arc<N>) -> R,
        R: Future<Output = Result<T, NodeError>>,
    {
        let found = self.first_with(|node| ask(node).map_ok(Some)).await?;
        found.ok_or_else(|| self.down(self.why_none()))
    }

    /// Asks one node after the other until one has it; `None` when every one that answers has it not.
    pub(crate) async fn first_with<T, F, R>(&self, ask: F) -> Result<Option<(usize, T)>, ChainError>
    where
        F: Fn(Arc<N>) -> R,
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
    pub(crate) fn why_none(&self) -> String {
        let states = locked(&self.states);
        let words = states.iter().enumerate().map(|(index, state)| {
            let why = if state.why.is_empty() { "not in service" } else { state.why.as_str() };
            format!("{}: {why}", self.node_name(index))
        });
        let words: Vec<String> = words.collect();
        if words.is_empty() { "none is configured".to_owned() } else { words.join("; ") }
    }

    /// No node answered: an error for the caller and an alarm for a person.
    pub(crate) fn down(&self, why: String) -> ChainError {
        let chain = self.chain().to_string();
        self.raise(Code::NodesDown, format!("no node of {chain} answers: {why}"));
        ChainError::Down { chain, why }
    }

    /// Notes how a node fared with a question, or with bytes.
    pub(crate) fn note(&self, index: usize, error: Option<&NodeError>) {
        let now = self.now();
        let mut states = locked(&self.states);
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
            let states = locked(&self.states);
            let due = |state: &State| {
                !state.shut(now) && state.checked_at.is_none_or(|at| now.since_ms(at) >= CHAIN_CHECK_MS)
            };
            states.iter().enumerate().filter(|(_, state)| due(state)).map(|(index, _)| index).collect()
        };
        if due.is_empty() {
            return;
        }
        let answers = self.each(&due, |node| async move { node.reference().await }).await;
        for (index, answer) in answers {
            let Ok(reference) = answer else { continue };
            let other = ChainId { reference, ..self.chain() };
            let ours = reference == self.chain().reference;
            if let Some(state) = locked(&self.states).get_mut(index) {
                state.checked_at = Some(now);
                state.chain = if ours { Membership::Ours } else { Membership::Other };
                if !ours {
                    state.why = format!("of chain {other}");
                }
            }
            let node = self.node_name(index);
            if ours {
                self.alarms.over(Code::NodesDown, &self.of_node(index));
            } else {
                let detail = format!("{node} is a node of {other}, not of {}: it is not asked", self.chain());
                self.alarms.stand(Code::NodesDown, self.of_node(index), detail);
            }
        }
    }

    /// Compares the nodes' latest blocks with a measure: one that differs by much is out of step.
    pub(crate) fn compare(&self, latest: &[(usize, Top)], measure: u64) {
        let mut states = locked(&self.states);
        let lag_blocks = self.profile.lag_blocks();
        for (index, top) in latest {
            if let Some(state) = states.get_mut(*index) {
                state.out_of_step = top.block.number.abs_diff(measure) > lag_blocks;
                state.height = Some(top.block.number);
            }
        }
    }

    /// A node contradicted what enough operators agree on: its word does not count until it agrees again.
    pub(crate) fn quarantine(&self, index: usize, about: &str) {
        let now = self.now();
        if let Some(state) = locked(&self.states).get_mut(index) {
            state.recheck_at = Some(now.plus_ms(RECHECK_MS));
            state.why = format!("contradicts the agreed {about}");
        }
        let node = self.node_name(index);
        let detail =
            format!("{node} contradicts the agreed {about}: its word does not count until it agrees again");
        self.alarms.stand(Code::NodesDisagree, self.of_node(index), detail);
    }

    /// Quarantined nodes that are due to be asked again.
    pub(crate) fn due_for_release(&self) -> Vec<usize> {
        let now = self.now();
        let states = locked(&self.states);
        let due = |state: &State| state.recheck_at.is_some_and(|at| at <= now);
        states.iter().enumerate().filter(|(_, state)| due(state)).map(|(index, _)| index).collect()
    }

    /// What the second look at a quarantined node found.
    pub(crate) fn rechecked(&self, index: usize, agrees: bool) {
        let now = self.now();
        if let Some(state) = locked(&self.states).get_mut(index) {
            state.recheck_at = if agrees { None } else { Some(now.plus_ms(RECHECK_MS)) };
        }
        if agrees {
            self.alarms.over(Code::NodesDisagree, &self.of_node(index));
        }
    }
}
