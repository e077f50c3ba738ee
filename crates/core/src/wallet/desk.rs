//! A desk: an external wallet whose key was shown. Its transfers are handed out to a person, who signs (ADR 0027).

use super::{Custody, LaneState, Tier, Wallet};
use crate::chain::Family;
use crate::moved::{Moved, Refusal};
use crate::time::Timestamp;

impl Wallet {
    /// Whether it is a desk. Money is rescued to a safe wallet, and nothing comes from there.
    pub const fn is_desk(&self) -> bool {
        matches!(self.0.custody, Custody::External)
            && !matches!(self.0.tier, Tier::Safe)
            && self.0.key_shown_at.is_some()
    }

    /// Whether its account is known to be its partner's: the signer holds the key, or a signature showed it. Anybody may register an
    /// address, and an exchange's is many people's.
    pub const fn is_shown(&self) -> bool {
        self.is_managed() || self.0.key_shown_at.is_some()
    }

    /// Whether anything of it may be handed out now.
    pub fn hands_out(&self, now: Timestamp) -> bool {
        self.is_desk()
            && matches!(self.state, LaneState::Open)
            && self.quiet_until.is_none_or(|until| now >= until)
    }

    /// Its key was shown: from now on it is a desk. Shown again, it stays one.
    ///
    /// # Errors
    /// [`Refusal`] from `frozen` and `retired`; of a managed wallet, whose key the signer shows; of a safe one, which nothing
    /// leaves; and of one on a chain of nonces, whose slots are not handed out.
    pub fn show_key(self, reason: &str, at: Timestamp) -> Result<Moved<Self>, Refusal> {
        let evidence = |why| Err(Refusal::Evidence { transition: "show the key of a wallet", why });
        match (self.custody, self.tier, self.chain.family) {
            (Custody::Managed, _, _) => return evidence("its key is with the signer"),
            (Custody::External, Tier::Safe, _) => return evidence("nothing leaves a safe wallet"),
            (Custody::External, _, Family::Evm) => {
                return evidence("nothing is handed out on a chain of nonces");
            }
            (Custody::External, Tier::Hot | Tier::Warm | Tier::Cold, Family::Tron) => {}
        }
        match self.state {
            LaneState::Open | LaneState::Paused | LaneState::Draining => {
                let reason = reason.to_owned();
                Ok(self.moved(|wallet| {
                    wallet.key_shown_at.get_or_insert(at);
                    wallet.reason = reason;
                }))
            }
            LaneState::Frozen { .. } | LaneState::Retired => Err(self.not_from("show the key of")),
        }
    }

    /// Hands nothing out before this, whoever opens it meanwhile (M17). It never ends sooner than it was said before.
    ///
    /// # Errors
    /// [`Refusal`] from `retired`, and of what is no desk.
    pub fn keep_quiet(self, until: Timestamp) -> Result<Moved<Self>, Refusal> {
        match self.state {
            LaneState::Open | LaneState::Paused | LaneState::Draining | LaneState::Frozen { .. }
                if self.is_desk() =>
            {
                Ok(self.moved(|wallet| wallet.quiet_until = wallet.quiet_until.max(Some(until))))
            }
            LaneState::Open
            | LaneState::Paused
            | LaneState::Draining
            | LaneState::Frozen { .. }
            | LaneState::Retired => Err(self.not_from("keep quiet")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::address::{EvmAddress, TronAddress};
    use crate::chain::ChainId;
    use crate::samples::{at, partner, wallet};
    use crate::wallet::Registration;

    fn registered(tier: Tier, custody: Custody, chain: ChainId) -> Wallet {
        let address = match chain.family {
            Family::Evm => EvmAddress([0x33; 20]).into(),
            Family::Tron => TronAddress([0x33; 20]).into(),
        };
        let (id, partner, label) = (wallet(), partner(), "vault".into());
        let wanted =
            Registration { id, partner, chain, address, label, tier, custody, nonce: 0, trusted_from: at(0) };
        Wallet::register(wanted, "r".into(), at(0)).unwrap().into_after()
    }

    fn nile() -> ChainId {
        ChainId::tron(3_448_148_188)
    }

    fn desk() -> Wallet {
        registered(Tier::Cold, Custody::External, nile()).show_key("seen", at(1)).unwrap().into_after()
    }

    #[test]
    fn only_an_external_wallet_on_tron_becomes_a_desk_and_none_by_its_registration() {
        let polygon = ChainId::evm(137);
        for (tier, custody, chain, becomes) in [
            (Tier::Cold, Custody::External, nile(), true),
            (Tier::Warm, Custody::External, nile(), true),
            (Tier::Hot, Custody::External, nile(), true),
            (Tier::Safe, Custody::External, nile(), false),
            (Tier::Cold, Custody::Managed, nile(), false),
            (Tier::Cold, Custody::External, polygon, false),
        ] {
            let wallet = registered(tier, custody, chain);
            assert!(!wallet.is_desk() && !wallet.gets_slots() && !wallet.hands_out(at(9)), "{wallet:?}");
            let shown = wallet.show_key("seen", at(1));
            assert_eq!(
                shown.is_ok_and(|step| step.after().is_desk()),
                becomes,
                "{tier:?} {custody:?} {chain}"
            );
        }
    }

    #[test]
    fn a_desk_is_no_lane_and_takes_no_payout() {
        let desk = desk();
        assert!(desk.hands_out(at(2)) && desk.gets_slots());
        assert!(!desk.is_lane() && !desk.takes_work() && !desk.may_sign());
        assert!(desk.clone().allocate(1).is_err() && desk.raise_cap(None, "r").is_err());
    }

    #[test]
    fn what_is_paused_frozen_or_kept_quiet_hands_nothing_out() {
        let paused = desk().pause("r").unwrap().into_after();
        assert!(!paused.hands_out(at(2)) && paused.resume("r").unwrap().after().hands_out(at(2)));
        let frozen = desk().freeze("a stranger's transaction".into()).unwrap().into_after();
        assert!(!frozen.hands_out(at(2)) && frozen.clone().show_key("r", at(2)).is_err());
        let quiet = frozen.keep_quiet(at(100)).unwrap().into_after();
        let opened = quiet.unfreeze(0, "explained").unwrap().into_after();
        assert!(!opened.hands_out(at(99)) && opened.hands_out(at(100)), "whoever opened it");
        let sooner = opened.keep_quiet(at(50)).unwrap().into_after();
        assert_eq!(sooner.quiet_until, Some(at(100)), "it never ends sooner");
        assert!(registered(Tier::Cold, Custody::External, nile()).keep_quiet(at(9)).is_err());
    }

    #[test]
    fn shown_again_it_is_a_desk_since_the_first_time_and_retires_like_a_lane() {
        let again = desk().show_key("again", at(50)).unwrap().into_after();
        assert_eq!(again.key_shown_at, Some(at(1)));
        assert!(again.clone().retire("gone").is_err(), "it may hold something");
        assert!(again.drain("end").unwrap().into_after().retire("gone").is_ok());
    }
}
