//! How much each tier should hold, and whether all of it fits into what there is.

use super::outflow::Outflow;
use super::settings::Settings;
use super::{WHOLE_BPS, share_up};
use crate::amount::Amount;

/// What the tiers of a partner hold of an asset together. Safe wallets are a place of rescue and no part of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Held {
    /// Hot wallets.
    pub hot: Amount,
    /// Warm wallets.
    pub warm: Amount,
    /// Cold wallets.
    pub cold: Amount,
}

impl Held {
    /// All of it.
    pub fn total(&self) -> Amount {
        self.hot.saturating_add(self.warm).saturating_add(self.cold)
    }
}

/// How much each tier should hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Targets {
    /// Hot wallets together.
    pub hot: Amount,
    /// Warm wallets together.
    pub warm: Amount,
    /// Cold wallets together, at least.
    pub cold_min: Amount,
}

/// Hot and warm targets ask for more than the cold share leaves: both are rules, and one of them is broken whatever is
/// moved. A person decides; the engine proposes nothing that takes cold wallets below their share.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Conflict {
    /// What hot and warm wallets should hold together.
    pub online_wanted: Amount,
    /// What the cold share leaves for them of what there is.
    pub online_allowed: Amount,
}

impl Targets {
    /// Targets are rounded up: one atom too few in a hot wallet is a withdrawal that waits, in a cold one a broken law.
    pub fn of(settings: &Settings, outflow: &Outflow, held: &Held) -> Self {
        Self {
            hot: share_up(outflow.day, settings.hot_of_day_bps),
            warm: share_up(outflow.week, settings.warm_of_week_bps),
            cold_min: share_up(held.total(), settings.cold_share_bps.min(WHOLE_BPS)),
        }
    }

    /// Whether the three fit into what there is; both figures where they do not.
    pub fn conflict(&self, held: &Held) -> Option<Conflict> {
        let online_wanted = self.hot.saturating_add(self.warm);
        let online_allowed = held.total().checked_sub(self.cold_min).unwrap_or_default();
        (online_wanted > online_allowed).then_some(Conflict { online_wanted, online_allowed })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::treasury::outflow::Basis;

    fn amount(atoms: i64) -> Amount {
        Amount::from_atoms(atoms).unwrap()
    }

    fn outflow(day: i64, week: i64) -> Outflow {
        Outflow { day: amount(day), week: amount(week), peak: None, basis: Basis::History, days_known: 28 }
    }

    /// Settings, day and week, what is held hot, warm and cold; the three targets; what is wanted and allowed online.
    #[test]
    fn worked_examples() {
        let (general, kr) = (Settings::default(), Settings::kr());
        type Case<'a> = (&'a Settings, (i64, i64), [i64; 3], [i64; 3], Option<(i64, i64)>);
        let cases: &[Case] = &[
            // 120 % of 100 a day and 50 % of 700 a week are 470; 70 % of 2,000 leaves 600.
            (&general, (100, 700), [120, 350, 1_530], [120, 350, 1_400], None),
            // The same with 80 %: 400 are left.
            (&kr, (100, 700), [120, 350, 1_530], [120, 350, 1_600], Some((470, 400))),
            // Exactly what is left is no conflict.
            (&general, (100, 360), [0, 0, 1_000], [120, 180, 700], None),
            (&general, (100, 362), [0, 0, 1_000], [120, 181, 700], Some((301, 300))),
            // Nothing is expected and nothing is there.
            (&general, (0, 0), [0, 0, 0], [0, 0, 0], None),
            // All is gone: every target is in conflict.
            (&general, (10, 70), [0, 0, 0], [12, 35, 0], Some((47, 0))),
            // Rounded up: 120 % of 1 is 2, 50 % of 7 is 4, 70 % of 11 is 8.
            (&general, (1, 7), [0, 0, 11], [2, 4, 8], Some((6, 3))),
            (
                &general,
                (i64::MAX, i64::MAX),
                [i64::MAX, 5, 5],
                [i64::MAX, i64::MAX / 2 + 1, 6_456_360_425_798_343_065],
                Some((i64::MAX, i64::MAX - 6_456_360_425_798_343_065)),
            ),
        ];
        for (settings, (day, week), [hot, warm, cold], expected, conflict) in cases {
            let held = Held { hot: amount(*hot), warm: amount(*warm), cold: amount(*cold) };
            let targets = Targets::of(settings, &outflow(*day, *week), &held);
            assert_eq!([targets.hot, targets.warm, targets.cold_min].map(Amount::atoms), *expected);
            let found = targets.conflict(&held);
            let found = found.map(|it| (it.online_wanted.atoms(), it.online_allowed.atoms()));
            assert_eq!(found, *conflict, "{held:?}");
        }
    }
}
