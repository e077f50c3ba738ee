//! Ends or halts this process at an exact call of an exact port, for tests that crash it "after plan, before fund".
//!
//! Ports are wrapped, so the engine knows nothing of it and no stage has a switch for it. Only `sluice dev` and, built
//! for development, `sluice signer` can be given one. A point is armed by writing it into the failpoint file; calls are
//! counted from then on:
//!
//! ```text
//! store.apply/built:after:3:kill    SIGKILL when the third commit that brings a transfer to `built` has returned
//! signer.sign:before:1:stop         SIGSTOP when the engine is about to ask for signatures; SIGCONT lets it go on
//! key.sign:before:7:stop            in the signer: between two signatures of one request
//! ```
//! When it strikes, the file is renamed to `<file>.fired`. A process that was halted before a call and wakes up writes
//! what the call then answered to `<file>.answer`: how a test sees that the old holder of a lease was refused.

mod chain;
mod deliver;
mod key;
pub mod list;
mod market;
mod reader;
mod registry;
mod signer;
mod store;

use std::fmt::Debug;
use std::future::Future;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use rustix::process::{Signal, getpid, kill_process};
use sluice_core::port::{Ports, Supply};

use crate::engine::Doors;

pub use key::stopping_keys;

/// A point that may be armed.
pub struct Failpoint {
    file: PathBuf,
    armed: Mutex<Option<Armed>>,
}

/// The failpoint around each call of a port.
struct EachCall(Arc<Failpoint>);

struct Armed {
    point: Point,
    left: u32,
}

/// Where, and what happens there.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Point {
    /// Port and method.
    call: String,
    /// For `store.apply`: a state that one of the transfers in it is brought to.
    state: Option<String>,
    side: Side,
    nth: u32,
    act: Act,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Side {
    Before,
    After,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Act {
    Kill,
    Stop,
}

impl Failpoint {
    /// A point that is armed by writing `file`.
    pub fn at(file: &Path) -> Arc<Self> {
        Arc::new(Self { file: file.to_owned(), armed: Mutex::new(None) })
    }

    /// The ports with every call of [`list`] a failpoint.
    pub(crate) fn wrap(self: &Arc<Self>, doors: Doors) -> Doors {
        let Doors { ports, reader, registry } = doors;
        let chains = ports.chains.into_iter().map(|(id, chain)| (id, chain::wrap(chain, self)));
        let supplied = |supply: Supply| Supply { market: market::wrap(supply.market, self), ..supply };
        let energy = ports.energy.into_iter().map(|(id, supply)| (id, supplied(supply)));
        let ports = Ports {
            store: store::wrap(ports.store, self),
            chains: chains.collect(),
            energy: energy.collect(),
            signer: signer::wrap(ports.signer, self),
            deliver: deliver::wrap(ports.deliver, self),
            ..ports
        };
        Doors { ports, reader: reader::wrap(reader, self), registry: registry::wrap(registry, self) }
    }

    /// One call of an asynchronous port.
    async fn around<T: Debug>(
        &self,
        call: &'static str,
        states: Vec<&'static str>,
        work: impl Future<Output = T>,
    ) -> T {
        let point = self.reached(call, &states);
        if let Some(point) = point.as_ref().filter(|point| point.side == Side::Before) {
            self.strike(point);
        }
        let answer = work.await;
        self.returned(point.as_ref(), &answer);
        answer
    }

    /// One call of a synchronous port.
    fn around_sync<T: Debug>(&self, call: &'static str, work: impl FnOnce() -> T) -> T {
        let point = self.reached(call, &[]);
        if let Some(point) = point.as_ref().filter(|point| point.side == Side::Before) {
            self.strike(point);
        }
        let answer = work();
        self.returned(point.as_ref(), &answer);
        answer
    }

    fn returned<T: Debug>(&self, point: Option<&Point>, answer: &T) {
        match point {
            Some(point) if point.side == Side::After => self.strike(point),
            Some(_) => self.leave("answer", &format!("{answer:?}")),
            None => {}
        }
    }

    /// Counts this call; the point, when this is the call it names.
    fn reached(&self, call: &str, states: &[&str]) -> Option<Point> {
        let mut armed = self.armed.lock().unwrap_or_else(PoisonError::into_inner);
        if armed.is_none() {
            *armed = self.read();
        }
        let counted = armed.as_mut().filter(|armed| armed.point.matches(call, states))?;
        counted.left = counted.left.saturating_sub(1);
        if counted.left > 0 {
            return None;
        }
        armed.take().map(|armed| armed.point)
    }

    fn read(&self) -> Option<Armed> {
        let text = std::fs::read_to_string(&self.file).ok()?;
        let Some(point) = Point::parse(text.trim()) else {
            tracing::error!(file = %self.file.display(), "The failpoint file names no point");
            self.rename("refused");
            return None;
        };
        Some(Armed { left: point.nth, point })
    }

    fn strike(&self, point: &Point) {
        // Disarmed while it was counted: whoever armed it has changed its mind.
        if !self.rename("fired") {
            return;
        }
        let signal = match point.act {
            Act::Kill => Signal::KILL,
            Act::Stop => Signal::STOP,
        };
        let _cannot_fail_for_oneself = kill_process(getpid(), signal);
        // The signal may reach another thread first and this one a moment later; the call comes after it.
        halted();
    }

    fn rename(&self, ending: &str) -> bool {
        std::fs::rename(&self.file, self.beside(ending)).is_ok()
    }

    fn leave(&self, ending: &str, text: &str) {
        // Written beside and renamed: whoever waits for it never reads half an answer.
        let new = self.beside("leaving");
        let left = std::fs::write(&new, text).and_then(|()| std::fs::rename(&new, self.beside(ending)));
        if let Err(error) = left {
            tracing::error!(%error, "The failpoint's answer cannot be written");
        }
    }

    fn beside(&self, ending: &str) -> PathBuf {
        let mut name = self.file.clone().into_os_string();
        name.push(format!(".{ending}"));
        name.into()
    }
}

#[expect(clippy::disallowed_methods, reason = "nothing can be waited for: the signal stops this very thread")]
fn halted() {
    std::thread::sleep(std::time::Duration::from_millis(100));
}

impl Point {
    fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split(':');
        let (place, side, nth, act) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
        let (call, state) = match place.split_once('/') {
            Some((call, state)) => (call, Some(state.to_owned())),
            None => (place, None),
        };
        let side = match side {
            "before" => Side::Before,
            "after" => Side::After,
            _ => return None,
        };
        let act = match act {
            "kill" => Act::Kill,
            "stop" => Act::Stop,
            _ => return None,
        };
        let nth = nth.parse().ok().filter(|nth| *nth > 0)?;
        parts.next().is_none().then(|| Self { call: call.to_owned(), state, side, nth, act })
    }

    fn matches(&self, call: &str, states: &[&str]) -> bool {
        self.call == call && self.state.as_ref().is_none_or(|wanted| states.contains(&wanted.as_str()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_point_names_call_state_side_count_and_act() {
        let point = Point::parse("store.apply/built:after:3:kill").unwrap();
        assert_eq!((point.side, point.nth, point.act), (Side::After, 3, Act::Kill));
        assert!(point.matches("store.apply", &["planned", "built"]));
        assert!(!point.matches("store.apply", &["planned"]));
        assert!(!point.matches("store.accept", &["built"]));
        let every = Point::parse("signer.sign:before:1:stop").unwrap();
        assert!(every.matches("signer.sign", &[]));
        for wrong in
            ["", "x", "x:after", "x:after:0:kill", "x:after:1:hug", "x:beside:1:kill", "x:after:1:kill:y"]
        {
            assert_eq!(Point::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn calls_are_counted_from_the_moment_it_is_armed_and_it_strikes_once() {
        let folder = tempfile::tempdir().unwrap();
        let point = Failpoint::at(&folder.path().join("point"));
        assert_eq!(point.reached("a.b", &[]), None, "not armed");
        std::fs::write(folder.path().join("point"), "a.b:after:2:kill\n").unwrap();
        assert_eq!(point.reached("a.b", &[]), None);
        assert_eq!(point.reached("a.c", &[]), None);
        assert!(point.reached("a.b", &[]).is_some());
        assert!(point.rename("fired"));
        assert_eq!(point.reached("a.b", &[]), None, "it has struck");
    }
}
