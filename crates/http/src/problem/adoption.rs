//! Why a wallet is not taken into service.

use sluice_api::problem::{Code, Fault, Refusal};
use sluice_api::wallet::{AdoptWallet, RegisterWallet};
use sluice_flow::operator::AdoptError;

use super::{Reject, order};

/// Puts the refusal to register a wallet into a problem.
pub(crate) fn registration(error: AdoptError, asked: &RegisterWallet) -> Reject {
    let RegisterWallet { chain, address, role, reason, .. } = asked.clone();
    match error {
        AdoptError::Order(error) => order(error, "wallet.register", 0),
        other => adoption(other, &AdoptWallet { chain, address, role, reason }),
    }
}

/// The same of an account that is registered already: its role is not in question.
pub(super) fn unmet(error: AdoptError, address: &str) -> Reject {
    let role = sluice_api::wallet::WalletRole::Cold;
    adoption(
        error,
        &AdoptWallet { chain: String::new(), address: address.to_owned(), role, reason: String::new() },
    )
}

/// Puts the refusal of `asked` into a problem.
pub(crate) fn adoption(error: AdoptError, asked: &AdoptWallet) -> Reject {
    let of_address = |code| Fault::field(code, "address").with("address", &asked.address);
    match error {
        AdoptError::NotHeld => of_address(Code::WalletKeyNotHeld).with("chain", &asked.chain).into(),
        AdoptError::Barred => of_address(Code::WalletKeyBarred).into(),
        AdoptError::NotShown(why) => of_address(Code::WalletKeyNotShown).with("why", why).into(),
        AdoptError::NotQuiet { pending, latest, finalized } => Refusal::new(Code::WalletNotQuiet)
            .with("pending", pending)
            .with("latest", latest)
            .with("finalized", finalized)
            .into(),
        AdoptError::Moving(asset) => Refusal::new(Code::WalletBalanceMoving).with("asset", asset).into(),
        AdoptError::HasCode => of_address(Code::WalletNotPlain).into(),
        AdoptError::NotFollowed { followed, finalized } => Refusal::new(Code::ChainNotFollowed)
            .with("followed", followed)
            .with("finalized", finalized)
            .into(),
        AdoptError::Managed => of_address(Code::WalletManaged).into(),
        AdoptError::Unfit(_) => {
            Fault::field(Code::WalletRoleUnsupported, "role").with("role", asked.role.as_str()).into()
        }
        AdoptError::Order(error) => order(error, "wallet.adopt", 0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_unmet_rule_is_a_complete_problem() {
        let asked = AdoptWallet {
            chain: "eip155:137".into(),
            address: "0x52908400098527886E0F7030069857D2E4169EE7".into(),
            role: sluice_api::wallet::WalletRole::Hot,
            reason: "r".into(),
        };
        for (error, code) in [
            (AdoptError::NotHeld, Code::WalletKeyNotHeld),
            (AdoptError::Barred, Code::WalletKeyBarred),
            (AdoptError::NotShown("locked".into()), Code::WalletKeyNotShown),
            (AdoptError::NotQuiet { pending: 3, latest: 2, finalized: 1 }, Code::WalletNotQuiet),
            (AdoptError::Moving("USDC".into()), Code::WalletBalanceMoving),
            (AdoptError::HasCode, Code::WalletNotPlain),
            (AdoptError::NotFollowed { followed: 1, finalized: 2 }, Code::ChainNotFollowed),
            (AdoptError::Managed, Code::WalletManaged),
        ] {
            let reject = adoption(error, &asked);
            assert!(reject.refusal.is_complete(), "{reject:?}");
            assert_eq!(reject.refusal.code, code);
        }
    }
}
