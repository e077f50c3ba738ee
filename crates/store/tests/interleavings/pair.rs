//! Two operations on two connections: one is held back before each of its statements in turn, the other runs meanwhile to
//! its end or until it waits for the first; then the first goes on.
//!
//! What the two then say and leave behind must be what they say and leave one after the other, in one of the two orders.
//! And what each order says is stated with the pair, so that a rule which is broken in both orders is no excuse.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use sluice_core::port::Fut;
use sluice_store::Db;
use tokio::task::{JoinError, JoinSet};

use super::books::{self, Left};
use super::wire::{Edit, Wire, server_of};
use crate::world::{Kind, World};

/// An operation; it answers what its caller was told.
pub type Act = Box<dyn FnOnce(Arc<Db>) -> Fut<'static, String> + Send>;

/// What was said, by the first operation and by the second.
pub type Said = (&'static str, &'static str);

/// A pair over a tenant of its own.
pub struct Pair {
    pub name: &'static str,
    /// Prepares the tenant and gives both operations.
    pub over: fn(Arc<World>) -> Fut<'static, (Act, Act)>,
    /// Everything the two may say.
    pub say: &'static [Said],
}

/// Statements that no operation of a test has so many of.
const STATEMENTS_MAX: usize = 60;
/// Longest anything may take: nothing waits for ever.
const WAIT: Duration = Duration::from_secs(15);
/// Between two looks at whether an operation waits for the other.
const LOOK: Duration = Duration::from_millis(3);

/// One database and two ways to it.
pub struct Ground {
    world: World,
    ways: [(Wire, Arc<Db>); 2],
}

/// What one run said and left.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Ended {
    said: (String, String),
    left: Left,
}

impl Ground {
    /// `None` where there is no PostgreSQL.
    pub async fn new(edit: Option<Edit>) -> Option<Self> {
        let world = World::new(Kind::Postgres).await?;
        let way = async || {
            let wire = Wire::to(server_of(&world.url).to_owned(), edit).await;
            let url = wire.url(&world.url);
            let db = Db::open(&url, world.clock.clone(), world.entropy.clone()).await.unwrap();
            (wire, Arc::new(db))
        };
        let ways = [way().await, way().await];
        Some(Self { world, ways })
    }

    /// Whether a statement was changed on its way.
    pub fn edited(&self) -> bool {
        self.ways.iter().any(|(wire, _)| wire.edited())
    }

    /// Changes the schema.
    pub async fn tamper(&self, script: &str) {
        self.world.db.tamper(script, script).await.unwrap();
    }

    /// Every pause of either operation. How many there were, or what went wrong first.
    pub async fn explore(&self, pair: &Pair) -> Result<usize, String> {
        let mut orders = BTreeSet::new();
        for place in [1, STATEMENTS_MAX] {
            orders.insert(self.run(pair, 0, place).await?.0);
        }
        let said: BTreeSet<(&str, &str)> =
            orders.iter().map(|ended| (ended.said.0.as_str(), ended.said.1.as_str())).collect();
        if said != pair.say.iter().copied().collect() {
            return Err(format!("one after the other they say {said:?}"));
        }
        let mut paused = 0;
        for (first, name) in ["first", "second"].into_iter().enumerate() {
            for place in 1..STATEMENTS_MAX {
                let (ended, was_held) = self.run(pair, first, place).await?;
                if !orders.contains(&ended) {
                    let at = format!("with the {name} held back before its statement {place}");
                    return Err(format!("{at}, no order gives {ended:#?}\nbut {orders:#?}"));
                }
                if !was_held {
                    break;
                }
                paused += 1;
            }
        }
        Ok(paused)
    }

    /// One run, with operation `first` held back before its statement `place`; and whether it came so far.
    async fn run(&self, pair: &Pair, first: usize, place: usize) -> Result<(Ended, bool), String> {
        let tenant = Arc::new(self.world.beside().await);
        let (a, b) = (pair.over)(Arc::clone(&tenant)).await;
        let mut acts = [Some(a), Some(b)];
        let [(held, _), (other, _)] = [&self.ways[first], &self.ways[1 - first]];
        held.hold(Some(place));
        other.hold(None);
        let mut tasks = JoinSet::new();
        let mut said = [const { None }; 2];
        let start = |tasks: &mut JoinSet<_>, acts: &mut [Option<Act>; 2], which: usize| {
            let (act, db) = (acts[which].take().unwrap(), Arc::clone(&self.ways[which].1));
            tasks.spawn(async move { (which, act(db).await) });
        };
        start(&mut tasks, &mut acts, first);
        let was_held = tokio::select! {
            () = held.held() => true,
            ended = tasks.join_next() => { note(&mut said, ended); false }
            () = tokio::time::sleep(WAIT) => return Err("the one held back never came to an end".into()),
        };
        start(&mut tasks, &mut acts, 1 - first);
        while was_held && said[1 - first].is_none() {
            match tokio::time::timeout(LOOK, tasks.join_next()).await {
                Ok(ended) => note(&mut said, ended),
                Err(_) if self.waits(other, held).await => break,
                Err(_) => {}
            }
        }
        held.hold(None);
        while said.iter().any(Option::is_none) {
            match tokio::time::timeout(WAIT, tasks.join_next()).await {
                Ok(ended) => note(&mut said, ended),
                Err(_) => return Err(format!("they wait for each other; so far they said {said:?}")),
            }
        }
        let [a, b] = said.map(Option::unwrap);
        Ok((Ended { said: (a, b), left: books::left(&tenant).await? }, was_held))
    }

    /// Whether an operation waits for a lock of the other one.
    async fn waits(&self, whose: &Wire, on: &Wire) -> bool {
        let list = |wire: &Wire| wire.pids().iter().map(i32::to_string).collect::<Vec<_>>().join(", ");
        let question = format!(
            "select count(*) as n from unnest(array[{}]) as waiting(pid)
             where pg_blocking_pids(waiting.pid) && array[{}]",
            list(whose),
            list(on)
        );
        self.world.number(&question).await > 0
    }
}

fn note(said: &mut [Option<String>; 2], ended: Option<Result<(usize, String), JoinError>>) {
    let (which, text) = ended.unwrap().unwrap();
    said[which] = Some(text);
}
