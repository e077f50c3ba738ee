//! How the lanes of a chain of TRON stand with their energy. In: what the chain says that each has, and what of it is rented. Out:
//! the reading, the rung it comes to stand on where that is another, and `energy_low` while it is a low one. What was stored is
//! where the next look begins, so a process that starts anew turns nothing.

use sluice_core::access::Actor;
use sluice_core::alert::{Code, Raise};
use sluice_core::chain::ChainId;
use sluice_core::energy::mode::{Level, Mode, Stood, Turned};
use sluice_core::event::Cause;
use sluice_core::lane::Fence;
use sluice_core::port::chain::Chain;
use sluice_core::port::store::{Change, Outcome};
use sluice_core::port::world::Topic;
use sluice_core::port::{Fut, Ports};
use sluice_core::time::Timestamp;
use sluice_core::wallet::{Power, Wallet};

use super::unusual::Unusual;
use super::{Hand, due, fence};
use crate::told::Told;
use crate::{Done, StageError};

/// Time between two looks, milliseconds.
const LOOK_MS: i64 = 15_000;
/// Longest this hand sleeps, milliseconds.
const SWEEP_MS: u64 = 1_000;

/// The rungs of one chain's lanes, and what is remembered of them. Losing it costs an early look.
pub(super) struct Modes {
    chain: ChainId,
    at: Option<Timestamp>,
    told: Told,
    unusual: Unusual,
}

impl Modes {
    pub(super) fn new(chain: ChainId) -> Self {
        Self { chain, at: None, told: Told::default(), unusual: Unusual::default() }
    }

    async fn look(&mut self, ports: &Ports, fence: &Fence) -> Result<(), StageError> {
        let Some(chain) = ports.chains.get(&self.chain) else { return Ok(()) };
        let stood = ports.store.stood(self.chain, ports.clock.now()).await?;
        let lanes = ports.store.wallets(Some(self.chain)).await?;
        let (mut low, mut read, mut whole) = (Vec::new(), Vec::new(), true);
        for stood in stood {
            let Some(lane) = lanes.iter().find(|it| it.id == stood.wallet) else { continue };
            match one(ports, &**chain, fence, lane, &stood).await? {
                Some((mode, level, power)) => {
                    low.extend(raise(lane, mode, level));
                    read.push((lane, power));
                }
                // What could not be read is neither low nor over.
                None => whole = false,
            }
        }
        self.tell(ports, fence, &lanes, low, whole).await?;
        self.unusual.look(ports, fence, self.chain, &read, whole).await
    }

    async fn tell(
        &mut self,
        ports: &Ports,
        fence: &Fence,
        lanes: &[Wallet],
        low: Vec<Raise>,
        whole: bool,
    ) -> Result<(), StageError> {
        let mine = |subject: &str| lanes.iter().any(|lane| lane.id.to_string() == subject);
        self.told.read(ports, fence.epoch(), &[Code::EnergyLow], mine).await?;
        let now = ports.clock.now();
        let news = self.told.hold(low, whole, 0, now);
        if news.is_empty() {
            return Ok(());
        }
        let cause = Some(cause("told", now));
        let change = Change { raise: news.raise, close: news.close, cause, ..Change::default() };
        let outcomes = ports.store.apply(Some(fence.clone()), vec![change]).await;
        if !matches!(outcomes.as_deref(), Ok([Outcome::Applied])) {
            self.told.forget();
        }
        outcomes?;
        Ok(())
    }
}

impl Hand for Modes {
    fn wakes(&self) -> (Topic, &'static str) {
        (Topic::Time(format!("modes {}", self.chain)), "modes")
    }

    fn turn<'a>(&'a mut self, ports: &'a Ports, owner: &'a str) -> Fut<'a, Result<Done, StageError>> {
        Box::pin(async move {
            let now = ports.clock.now();
            if due(self.at, LOOK_MS, now) {
                let fence = fence(ports, owner).await?;
                self.at = Some(now);
                self.look(ports, &fence).await?;
            }
            Ok(Done::Idle(SWEEP_MS))
        })
    }
}

pub(super) fn cause(reason: &str, at: Timestamp) -> Cause {
    Cause { actor: Actor::System("house"), reason: reason.into(), at }
}

/// Where a lane stands now; `None` while it cannot be read.
async fn one(
    ports: &Ports,
    chain: &dyn Chain,
    fence: &Fence,
    lane: &Wallet,
    stood: &Stood,
) -> Result<Option<(Mode, Level, Power)>, StageError> {
    let (block, resources) = match chain.resources(lane.address).await {
        Ok(read) => read,
        Err(error) => {
            tracing::warn!(%error, wallet = %lane.id, "Energy cannot be read now");
            return Ok(None);
        }
    };
    let now = ports.clock.now();
    let level = stood.level(resources.energy, resources.energy_most);
    let before = stood.standing.map(|it| it.mode);
    let turned = Turned::of(lane.partner, lane.id, before, level, now);
    let mode = turned.map_or(before.unwrap_or(Mode::Without), |turned| turned.now.mode);
    let reason = format!("{} of {} energy", level.energy, level.most);
    let power = Power { wallet: lane.id, resources, block, at: now };
    let change = Change {
        powers: vec![power],
        turned: turned.into_iter().collect(),
        cause: Some(cause(&reason, now)),
        ..Change::default()
    };
    let outcomes = ports.store.apply(Some(fence.clone()), vec![change]).await?;
    if turned.is_some() {
        tracing::info!(wallet = %lane.id, mode = mode.as_str(), reason, "A wallet stands otherwise with its energy");
        ports.wake.signal(Topic::Lane(lane.id));
        ports.wake.signal(Topic::Events);
    }
    Ok(outcomes.contains(&Outcome::Applied).then_some((mode, level, power)))
}

fn raise(lane: &Wallet, mode: Mode, level: Level) -> Option<Raise> {
    let percent = level.percent().filter(|_| mode.alarms())?;
    let detail = format!(
        "{}: {} of {} energy ({percent} %) are there; stake more TRX or buy energy ahead",
        mode.as_str(),
        level.energy,
        level.most
    );
    Some(Raise { code: Code::EnergyLow, subject: lane.id.to_string(), partner: Some(lane.partner), detail })
}
