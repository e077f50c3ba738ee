//! How a wallet of TRON stands with its energy: one ladder, with hysteresis, and what each rung allows.
//!
//! ```text
//! per cent of the most    0      10      20      30      50      70     100
//! critical                 <------|-------|>
//! warning                         <-------|-------|>
//! normal                                  <-------|-------|-------|>
//! optimal                                                 <-------|------->
//! ```
//!
//! A rung is entered from above at its lower neighbour's bound and left upwards only at a higher one, so that a figure that
//! goes to and fro around a bound changes nothing. A wallet that has no energy of its own stands on no rung: it lives on what
//! it rents or burns, payout by payout, and a share of nothing is no figure.

use crate::canonical::Canonical;
use crate::event::Event;
use crate::id::{PartnerId, WalletId};
use crate::resource::ENERGY_NEW;
use crate::time::Timestamp;

/// Below this share critical is entered, per cent.
pub const CRITICAL_BELOW: u8 = 10;
/// Below this share warning is entered; from it on critical is left, per cent.
pub const WARNING_BELOW: u8 = 20;
/// From this share on warning is left, per cent.
pub const NORMAL_FROM: u8 = 30;
/// Below this share optimal is left, per cent.
pub const OPTIMAL_UNTIL: u8 = 50;
/// From this share on optimal is entered, per cent.
pub const OPTIMAL_FROM: u8 = 70;

/// A rung of the ladder.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Mode {
    /// No energy of its own: no rung.
    Without,
    /// More than enough.
    Optimal,
    /// Enough.
    Normal,
    /// Little: it is bought ahead.
    Warning,
    /// Hardly any: what has priority goes first.
    Critical,
}

/// Who is given energy at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AtOnce {
    /// Every payout.
    All,
    /// Payouts with priority; the others wait to be sent together, for a bounded time.
    Priority,
}

/// When energy is bought.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Buying {
    /// For payouts that lack it.
    Needed,
    /// Also for those that are expected next.
    Ahead,
}

/// What a rung allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Allows {
    /// Who is given energy at once.
    pub at_once: AtOnce,
    /// When energy is bought.
    pub buying: Buying,
}

/// Energy that is there beside the most of its own that a wallet can have.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Level {
    /// What may be used now, also what is rented.
    pub energy: u64,
    /// What its own stake, and what is lent to it for longer than a rental, yields in a day.
    pub most: u64,
}

impl Level {
    /// Share that is there, per cent, rounded down and at most 100; `None` where there is no energy of its own.
    pub fn percent(self) -> Option<u8> {
        let share = (u128::from(self.energy) * 100).checked_div(u128::from(self.most))?;
        Some(u8::try_from(share.min(100)).unwrap_or(100))
    }
}

impl Mode {
    /// Every one, from the one without a rung down the ladder.
    pub const ALL: [Self; 5] = [Self::Without, Self::Optimal, Self::Normal, Self::Warning, Self::Critical];

    /// The name in columns and on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Without => "without",
            Self::Optimal => "optimal",
            Self::Normal => "normal",
            Self::Warning => "warning",
            Self::Critical => "critical",
        }
    }

    /// Reads such a name.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.as_str() == text)
    }

    /// What it allows.
    pub const fn allows(self) -> Allows {
        match self {
            Self::Without | Self::Optimal | Self::Normal => {
                Allows { at_once: AtOnce::All, buying: Buying::Needed }
            }
            Self::Warning => Allows { at_once: AtOnce::All, buying: Buying::Ahead },
            Self::Critical => Allows { at_once: AtOnce::Priority, buying: Buying::Ahead },
        }
    }

    /// Whether a person should look at it.
    pub const fn alarms(self) -> bool {
        matches!(self, Self::Warning | Self::Critical)
    }

    /// The rung after a reading, from this one.
    #[must_use]
    pub fn after(self, level: Level) -> Self {
        let Some(percent) = level.percent() else { return Self::Without };
        match self {
            Self::Optimal if percent >= OPTIMAL_UNTIL => Self::Optimal,
            Self::Warning if (CRITICAL_BELOW..NORMAL_FROM).contains(&percent) => Self::Warning,
            Self::Critical if percent < WARNING_BELOW => Self::Critical,
            Self::Critical if percent < NORMAL_FROM => Self::Warning,
            Self::Without | Self::Optimal | Self::Normal | Self::Warning | Self::Critical => {
                Self::plain(percent)
            }
        }
    }

    /// From the middle of the ladder.
    const fn plain(percent: u8) -> Self {
        match percent {
            OPTIMAL_FROM.. => Self::Optimal,
            WARNING_BELOW.. => Self::Normal,
            CRITICAL_BELOW.. => Self::Warning,
            _ => Self::Critical,
        }
    }
}

/// How a wallet stands, since when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// The wallet.
    pub wallet: WalletId,
    /// Its rung.
    pub mode: Mode,
    /// What was there when it came to stand on it.
    pub level: Level,
    /// When that was.
    pub since: Timestamp,
}

/// How a wallet stood when it was looked at last, and what of its energy is rented.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stood {
    /// The wallet.
    pub wallet: WalletId,
    /// `None` for one that never had energy of its own.
    pub standing: Option<Standing>,
    /// Energy of orders that came, or may have, and whose time is not over; and what the pool lends.
    pub rented: u64,
}

/// Rented energy counts with this much beside it, per cent: a vendor lends whole TRX, and somewhat more than was ordered.
const RENTED_PERCENT: u128 = 110;
/// Less than one payout to an account that holds none of the token is no energy of one's own.
const OWN_MIN: u64 = ENERGY_NEW;

impl Stood {
    /// What is there beside the wallet's own, where so much is there and so much of stakes and loans in a day. What is rented is
    /// taken off: it is gone within the hour, used or not.
    pub fn level(&self, energy: u64, most: u64) -> Level {
        let rented = u128::from(self.rented) * RENTED_PERCENT / 100;
        let own = most.saturating_sub(u64::try_from(rented).unwrap_or(u64::MAX));
        Level { energy, most: if own < OWN_MIN { 0 } else { own } }
    }
}

/// A wallet comes to stand on another rung.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Turned {
    /// Whose wallet.
    pub partner: PartnerId,
    /// The rung before.
    pub before: Mode,
    /// Where it stands now.
    pub now: Standing,
}

impl Turned {
    /// `None` while it stays on its rung. A wallet of which nothing was stored stands on none.
    pub fn of(
        partner: PartnerId,
        wallet: WalletId,
        before: Option<Mode>,
        level: Level,
        at: Timestamp,
    ) -> Option<Self> {
        let before = before.unwrap_or(Mode::Without);
        let mode = before.after(level);
        let now = Standing { wallet, mode, level, since: at };
        (mode != before).then_some(Self { partner, before, now })
    }

    /// The event, in the partner's feed.
    pub fn event(&self) -> Event {
        let percent = self.now.level.percent().map(Canonical::text);
        Event {
            kind: "energy.mode_changed".to_owned(),
            partner: self.partner,
            withdrawal: None,
            transfer: None,
            wallet: Some(self.now.wallet),
            data: Canonical::map([
                ("before", Some(Canonical::text(self.before.as_str()))),
                ("energy", Some(Canonical::text(self.now.level.energy))),
                ("mode", Some(Canonical::text(self.now.mode.as_str()))),
                ("most", Some(Canonical::text(self.now.level.most))),
                ("percent", percent),
                ("wallet", Some(Canonical::text(self.now.wallet))),
            ]),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(percent: u64) -> Level {
        Level { energy: percent * 1_000, most: 100_000 }
    }

    /// From every rung at every bound, and just below it.
    #[test]
    fn every_rung_is_entered_and_left_at_its_bounds() {
        use Mode::{Critical, Normal, Optimal, Warning, Without};
        let shares = [0, 9, 10, 19, 20, 29, 30, 49, 50, 69, 70, 100];
        let (c, w, n, o) = (Critical, Warning, Normal, Optimal);
        for (from, expected) in [
            (Without, [c, c, w, w, n, n, n, n, n, n, o, o]),
            (Optimal, [c, c, w, w, n, n, n, n, o, o, o, o]),
            (Normal, [c, c, w, w, n, n, n, n, n, n, o, o]),
            (Warning, [c, c, w, w, w, w, n, n, n, n, o, o]),
            (Critical, [c, c, c, c, w, w, n, n, n, n, o, o]),
        ] {
            let told = shares.map(|share| from.after(at(share)));
            assert_eq!(told, expected, "from {}", from.as_str());
        }
    }

    #[test]
    fn a_figure_that_goes_to_and_fro_around_a_bound_changes_nothing() {
        for (low, high) in [(9, 11), (19, 21), (29, 31), (49, 51), (69, 71)] {
            let mut modes = vec![Mode::Normal.after(at(high)).after(at(low))];
            for share in [high, low, high, low] {
                let last = *modes.last().unwrap();
                modes.push(last.after(at(share)));
            }
            modes.dedup();
            assert!(modes.len() <= 2, "{low} {high}: {modes:?}");
        }
    }

    #[test]
    fn a_wallet_without_energy_of_its_own_stands_on_no_rung() {
        for mode in Mode::ALL {
            assert_eq!(mode.after(Level { energy: 0, most: 0 }), Mode::Without);
            assert_eq!(mode.after(Level { energy: 130_285, most: 0 }), Mode::Without, "it is rented");
        }
        assert_eq!(Level::default().percent(), None);
        assert_eq!(Level { energy: u64::MAX, most: 1 }.percent(), Some(100));
        assert_eq!(Level { energy: 99_999, most: 1_000_000 }.percent(), Some(9), "rounded down");
    }

    #[test]
    fn each_rung_allows_what_the_table_says() {
        let told = Mode::ALL.map(|it| (it.as_str(), it.allows().at_once, it.allows().buying, it.alarms()));
        use {AtOnce::All, AtOnce::Priority, Buying::Ahead, Buying::Needed};
        assert_eq!(
            told,
            [
                ("without", All, Needed, false),
                ("optimal", All, Needed, false),
                ("normal", All, Needed, false),
                ("warning", All, Ahead, true),
                ("critical", Priority, Ahead, true),
            ]
        );
        assert!(Mode::ALL.into_iter().all(|it| Mode::parse(it.as_str()) == Some(it)));
        assert_eq!(Mode::parse("emergency"), None);
    }

    // 130,285 of 130,290 that are there are rented: when they are used the wallet is not critical, it is as it was.
    #[test]
    fn what_is_rented_is_none_of_its_own() {
        let wallet = WalletId::new(crate::id::Ulid::new(Timestamp::default(), 1));
        let level = |rented, energy, most| Stood { wallet, standing: None, rented }.level(energy, most);
        assert_eq!(level(130_285, 0, 130_290).most, 0);
        assert_eq!(level(0, 0, 130_284).most, 0, "less than one payout");
        assert_eq!(level(0, 0, 1_000_000), Level { energy: 0, most: 1_000_000 });
        assert_eq!(level(100_000, 50_000, 1_110_000), Level { energy: 50_000, most: 1_000_000 });
        assert_eq!(level(u64::MAX, 1, u64::MAX).most, 0);
    }

    #[test]
    fn only_a_change_is_told() {
        let id = crate::id::Ulid::new(Timestamp::default(), 1);
        let (partner, wallet, now) = (PartnerId::new(id), WalletId::new(id), Timestamp::from_micros(7));
        let turned = |before, share| Turned::of(partner, wallet, before, at(share), now);
        assert_eq!(turned(Some(Mode::Normal), 60), None);
        assert_eq!(Turned::of(partner, wallet, None, Level::default(), now), None);
        let first = turned(None, 80).unwrap();
        assert_eq!((first.before, first.now.mode, first.now.since), (Mode::Without, Mode::Optimal, now));
        let event = turned(Some(Mode::Normal), 5).unwrap().event();
        assert_eq!((event.kind.as_str(), event.wallet), ("energy.mode_changed", Some(wallet)));
        let data = event.data.json();
        assert!(data.contains("\"mode\":\"critical\"") && data.contains("\"percent\":\"5\""), "{data}");
    }
}
