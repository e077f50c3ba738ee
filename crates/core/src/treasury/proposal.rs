//! What is proposed where a tier holds less or more than it should: refills of hot wallets from warm and then from cold
//! ones, refills of warm wallets from cold ones, and sweeps of hot wallets into cold ones.
//!
//! A wallet gets one refill at a time and is swept by one sweep at a time (M1): the largest that one source can give. What
//! that does not cover is said, and proposed once it was made. Nothing takes cold wallets below their share, and nothing is
//! sent to a wallet that is not trusted.

use std::cmp::Reverse;

use super::target::{Held, Targets};
use crate::amount::Amount;
use crate::id::WalletId;
use crate::wallet::Tier;

/// A wallet as treasury sees it, for one asset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Purse {
    /// The wallet.
    pub wallet: WalletId,
    /// What it is for.
    pub tier: Tier,
    /// What the chain said it holds.
    pub holds: Amount,
    /// What of that is promised to nobody; at most `holds`.
    pub free: Amount,
    /// Money may be taken from it: in service, not frozen, not stopped, and no managed wallet that nothing ever leaves.
    pub gives: bool,
    /// Money may be sent to it: the same, and trusted by now.
    pub takes: bool,
}

/// Why something is proposed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// The tier it goes to holds less than its target.
    BelowTarget,
    /// Hot wallets hold more than their target, by more than the threshold.
    AboveTarget,
}

impl Why {
    /// The name on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::BelowTarget => "below_target",
            Self::AboveTarget => "above_target",
        }
    }
}

/// One movement that a person may order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Proposal {
    /// Why.
    pub why: Why,
    /// Out of this wallet.
    pub from: WalletId,
    /// Into this one.
    pub to: WalletId,
    /// How much.
    pub amount: Amount,
}

/// Everything that is proposed of an asset, and what nothing proposed covers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// Refills of hot wallets first, then of warm ones, then sweeps.
    pub proposals: Vec<Proposal>,
    /// What hot wallets lack that no proposal brings: for want of a source, of a trusted destination, or until a first
    /// refill was made.
    pub hot_uncovered: Amount,
    /// The same of warm wallets.
    pub warm_uncovered: Amount,
    /// What hot wallets hold too much, above the threshold, that no proposal sweeps.
    pub sweep_uncovered: Amount,
}

impl Plan {
    /// Plans one asset of one partner on one chain. `threshold` is what hot wallets may hold above their target before a
    /// sweep is proposed.
    pub fn of(purses: &[Purse], held: &Held, targets: &Targets, threshold: Amount) -> Self {
        let less = |target: Amount, holds: Amount| target.checked_sub(holds).unwrap_or_default();
        let (hot_short, warm_short) = (less(targets.hot, held.hot), less(targets.warm, held.warm));
        let mut spare = Spare { cold: less(held.cold, targets.cold_min), taken: vec![] };
        let mut plan = Self::default();
        plan.hot_uncovered = plan.refill(purses, &mut spare, Tier::Hot, hot_short, &[Tier::Warm, Tier::Cold]);
        plan.warm_uncovered = plan.refill(purses, &mut spare, Tier::Warm, warm_short, &[Tier::Cold]);
        let excess = less(held.hot, targets.hot);
        if excess > threshold {
            plan.sweep_uncovered = plan.sweep(purses, excess);
        }
        plan
    }

    /// Proposes the refill of a tier; what it lacks then.
    fn refill(
        &mut self,
        purses: &[Purse],
        spare: &mut Spare,
        tier: Tier,
        short: Amount,
        sources: &[Tier],
    ) -> Amount {
        if short == Amount::ZERO {
            return short;
        }
        // The poorest of them: it is the first that waits.
        let poorest = purses.iter().filter(|it| it.tier == tier && it.takes);
        let Some(to) = poorest.min_by_key(|it| (it.holds, it.wallet)) else { return short };
        for source in sources {
            let giving = purses.iter().filter(|it| it.tier == *source && it.gives);
            let richest =
                giving.map(|it| (spare.of(it), it)).max_by_key(|(gives, it)| (*gives, Reverse(it.wallet)));
            let Some((gives, from)) = richest.filter(|(gives, _)| *gives > Amount::ZERO) else { continue };
            let amount = gives.min(short);
            spare.take(from, amount);
            self.proposals.push(Proposal { why: Why::BelowTarget, from: from.wallet, to: to.wallet, amount });
            return short.checked_sub(amount).unwrap_or_default();
        }
        short
    }

    /// Proposes sweeps, the richest wallet first; what they leave.
    fn sweep(&mut self, purses: &[Purse], excess: Amount) -> Amount {
        let cold = purses.iter().filter(|it| it.tier == Tier::Cold && it.takes);
        // Where the bulk is.
        let Some(to) = cold.max_by_key(|it| (it.holds, Reverse(it.wallet))) else { return excess };
        let mut hot: Vec<&Purse> = purses.iter().filter(|it| it.tier == Tier::Hot && it.gives).collect();
        hot.sort_by_key(|it| (Reverse(it.free), it.wallet));
        let mut left = excess;
        for from in hot {
            let amount = from.free.min(left);
            if amount == Amount::ZERO {
                break;
            }
            self.proposals.push(Proposal { why: Why::AboveTarget, from: from.wallet, to: to.wallet, amount });
            left = left.checked_sub(amount).unwrap_or_default();
        }
        left
    }
}

/// What sources can give.
struct Spare {
    /// What cold wallets hold above their share.
    cold: Amount,
    /// Taken by an earlier proposal.
    taken: Vec<(WalletId, Amount)>,
}

impl Spare {
    fn of(&self, purse: &Purse) -> Amount {
        let taken = self.taken.iter().filter(|(wallet, _)| *wallet == purse.wallet);
        let left = taken.fold(purse.free, |left, (_, amount)| left.checked_sub(*amount).unwrap_or_default());
        match purse.tier {
            Tier::Cold => left.min(self.cold),
            Tier::Hot | Tier::Warm | Tier::Safe => left,
        }
    }

    fn take(&mut self, purse: &Purse, amount: Amount) {
        self.taken.push((purse.wallet, amount));
        if purse.tier == Tier::Cold {
            self.cold = self.cold.checked_sub(amount).unwrap_or_default();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples::ulid;

    fn amount(atoms: i64) -> Amount {
        Amount::from_atoms(atoms).unwrap()
    }

    fn id(number: u128) -> WalletId {
        WalletId::new(ulid(number))
    }

    fn purse(number: u128, tier: Tier, holds: i64) -> Purse {
        Purse {
            wallet: id(number),
            tier,
            holds: amount(holds),
            free: amount(holds),
            gives: true,
            takes: true,
        }
    }

    /// Two hot wallets, two warm ones and two cold ones: 1, 2, 3, 4, 5, 6; and a safe one, 7.
    fn purses(holds: [i64; 6]) -> Vec<Purse> {
        let tiers = [Tier::Hot, Tier::Hot, Tier::Warm, Tier::Warm, Tier::Cold, Tier::Cold];
        let all = (1..).zip(tiers).zip(holds).map(|((number, tier), holds)| purse(number, tier, holds));
        all.chain([purse(7, Tier::Safe, 1_000_000)]).collect()
    }

    fn held(purses: &[Purse]) -> Held {
        let sum = |tier| {
            purses
                .iter()
                .filter(|it| it.tier == tier)
                .fold(Amount::ZERO, |sum, it| sum.saturating_add(it.holds))
        };
        Held { hot: sum(Tier::Hot), warm: sum(Tier::Warm), cold: sum(Tier::Cold) }
    }

    fn targets(hot: i64, warm: i64, cold_min: i64) -> Targets {
        Targets { hot: amount(hot), warm: amount(warm), cold_min: amount(cold_min) }
    }

    fn plan(purses: &[Purse], targets: Targets) -> Plan {
        Plan::of(purses, &held(purses), &targets, amount(1_000))
    }

    fn moves(plan: &Plan) -> Vec<(u128, u128, i64)> {
        let number = |wallet: WalletId| (1..=7).find(|it| id(*it) == wallet).unwrap();
        plan.proposals.iter().map(|it| (number(it.from), number(it.to), it.amount.atoms())).collect()
    }

    fn uncovered(plan: &Plan) -> [i64; 3] {
        [plan.hot_uncovered, plan.warm_uncovered, plan.sweep_uncovered].map(Amount::atoms)
    }

    /// What the six wallets hold, the targets, what is proposed (from, to, how much), and what is left uncovered.
    #[test]
    fn worked_examples() {
        type Case = ([i64; 6], (i64, i64, i64), Vec<(u128, u128, i64)>, [i64; 3]);
        let cases: Vec<Case> = vec![
            // Everything is where it should be.
            ([60, 60, 200, 150, 900, 630], (120, 350, 1_400), vec![], [0, 0, 0]),
            // Hot is short: the poorer hot wallet is filled from the richer warm one.
            ([60, 20, 200, 190, 900, 700], (120, 350, 1_400), vec![(3, 2, 40)], [0, 0, 0]),
            // Warm cannot give all of it in one piece: the rest is said, not split.
            ([10, 0, 30, 20, 900, 700], (120, 0, 1_000), vec![(3, 2, 30)], [80, 0, 0]),
            // No warm wallet has anything: cold gives, down to its share and no further.
            ([10, 0, 0, 0, 900, 700], (120, 0, 1_550), vec![(5, 2, 50)], [60, 0, 0]),
            // Cold is below its share already: nothing is proposed out of it.
            ([10, 0, 0, 0, 900, 700], (120, 0, 1_700), vec![], [110, 0, 0]),
            // Hot and warm are short; what hot takes of cold is not given twice.
            ([0, 0, 0, 0, 900, 700], (100, 350, 1_400), vec![(5, 1, 100), (5, 3, 100)], [0, 250, 0]),
            // Warm is short, hot is not.
            ([60, 60, 10, 5, 900, 700], (120, 350, 1_400), vec![(5, 4, 200)], [0, 135, 0]),
            // Above the target by no more than the threshold: left alone.
            ([1_000, 120, 0, 0, 900, 700], (120, 0, 0), vec![], [0, 0, 0]),
            // By more: swept into the cold wallet with the bulk, the richer hot wallet first.
            ([1_001, 120, 0, 0, 700, 900], (120, 0, 0), vec![(1, 6, 1_001)], [0, 0, 0]),
            ([900, 800, 0, 0, 700, 900], (120, 0, 0), vec![(1, 6, 900), (2, 6, 680)], [0, 0, 0]),
            // Nothing anywhere.
            ([0; 6], (12, 35, 0), vec![], [12, 35, 0]),
        ];
        for (holds, (hot, warm, cold), proposed, left) in cases {
            let purses = purses(holds);
            let plan = plan(&purses, targets(hot, warm, cold));
            assert_eq!((moves(&plan), uncovered(&plan)), (proposed, left), "{holds:?} {hot} {warm} {cold}");
        }
    }

    #[test]
    fn what_is_promised_is_not_swept_and_what_is_shut_neither_gives_nor_takes() {
        let mut all = purses([5_000, 100, 0, 0, 700, 900]);
        all[0].free = amount(1_500);
        let swept = plan(&all, targets(100, 0, 0));
        assert_eq!((moves(&swept), uncovered(&swept)), (vec![(1, 6, 1_500), (2, 6, 100)], [0, 0, 3_400]));
        // Isolated: it gives nothing.
        all[0].gives = false;
        assert_eq!(moves(&plan(&all, targets(100, 0, 0))), [(2, 6, 100)]);
        // A cold wallet that waits after its registration takes nothing, and gives.
        all[5].takes = false;
        assert_eq!(moves(&plan(&all, targets(100, 0, 0))), [(2, 5, 100)]);
        let mut short = purses([0, 0, 0, 0, 700, 900]);
        short[0].takes = false;
        short[5].gives = false;
        assert_eq!(moves(&plan(&short, targets(100, 0, 0))), [(5, 2, 100)]);
        short[1].takes = false;
        let none = plan(&short, targets(100, 0, 0));
        assert_eq!((moves(&none), uncovered(&none)), (vec![], [100, 0, 0]), "nowhere to send it");
    }

    #[test]
    fn nothing_comes_from_a_safe_wallet_or_goes_to_one() {
        let safe = id(7);
        for holds in [[0; 6], [9_000, 0, 0, 0, 0, 0], [5, 5, 5, 5, 5, 5]] {
            let plan = plan(&purses(holds), targets(500, 500, 0));
            assert!(plan.proposals.iter().all(|it| it.from != safe && it.to != safe), "{plan:?}");
        }
    }

    #[test]
    fn cold_never_falls_below_its_share_whatever_is_held_and_wanted() {
        for cold in [0, 1, 500, 1_600] {
            for cold_min in [0, 1, 499, 500, 501, 1_600, 2_000] {
                for (hot, warm) in [(0, 0), (100, 350), (5_000, 5_000)] {
                    let purses = purses([3, 0, 7, 0, cold, cold / 3]);
                    let plan = plan(&purses, targets(hot, warm, cold_min));
                    let out: i64 = moves(&plan).iter().filter(|(from, ..)| *from >= 5).map(|it| it.2).sum();
                    let held = cold + cold / 3;
                    assert!(out == 0 || held - out >= cold_min, "{cold} {cold_min} {hot}: {plan:?}");
                }
            }
        }
    }
}
