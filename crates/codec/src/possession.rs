//! Showing that a key is held, without signing anything that could ever be used elsewhere.
//!
//! The text is made here from named facts; a caller chooses 32 bytes of it, and those are written in hex. It is signed
//! as a personal message (EIP-191): its bytes begin with 0x19, where a transaction begins with its type (0x01 to 0x7f in
//! EIP-2718, of which 0x19 is set aside for this), or with 0xc0 and above for a legacy one. Its second byte is `E`, so it
//! is no typed data (EIP-712) either, and its first line is no sign-in request. So there is no way to have a transaction,
//! a permit or a login signed by asking for a proof (M10). On TRON what is signed is a SHA-256, of bytes that begin with
//! 0x0a; a proof is a keccak-256 there too.

use alloy_primitives::keccak256;
use sluice_core::address::Address;
use sluice_core::canonical::Canonical;
use sluice_core::chain::ChainId;
use sluice_core::id::{PartnerId, WalletId};
use sluice_core::intent::DeploymentId;

use crate::evm::recover;

/// First line of every proof. A later shape has another line.
const DOMAIN: &str = "sluice/wallet-possession/v1";

/// What a proof of possession says: this installation's wallet, and the question it answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Possession<'a> {
    /// Installation (M1).
    pub deployment: &'a DeploymentId,
    /// Wallet.
    pub wallet: WalletId,
    /// Its owner.
    pub partner: PartnerId,
    /// Its chain.
    pub chain: ChainId,
    /// Its account.
    pub address: Address,
    /// Drawn by who asks: an old answer is no answer.
    pub challenge: [u8; 32],
}

impl Possession<'_> {
    /// The text that is signed: the domain, a line feed, and canonical JSON.
    pub fn text(&self) -> String {
        let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        let facts = Canonical::map([
            ("address", Some(Canonical::text(self.address.key()))),
            ("chain", Some(Canonical::text(self.chain))),
            ("challenge", Some(Canonical::Text(hex(&self.challenge)))),
            ("deployment", Some(Canonical::text(&self.deployment.0))),
            ("partner", Some(Canonical::text(self.partner))),
            ("wallet", Some(Canonical::text(self.wallet))),
        ]);
        format!("{DOMAIN}\n{}", facts.json())
    }

    /// The EIP-191 digest of the text.
    pub fn digest(&self) -> [u8; 32] {
        keccak256(self.bytes()).0
    }

    /// Whether the account's own key signed exactly this as a wallet on TRON signs a text (`signMessageV2`).
    pub fn is_shown_on_tron(&self, signature: &[u8]) -> bool {
        let digest = crate::tron::text_digest(self.text().as_bytes());
        crate::tron::recover(&digest, signature).is_some_and(|account| account.0 == self.address.bytes())
    }

    fn bytes(&self) -> Vec<u8> {
        let text = self.text();
        [b"\x19Ethereum Signed Message:\n", text.len().to_string().as_bytes(), text.as_bytes()].concat()
    }

    /// Whether the account's own key signed exactly this.
    pub fn is_shown_by(&self, r: &[u8; 32], s: &[u8; 32], y_parity: bool) -> bool {
        recover(&self.digest(), r, s, y_parity).is_some_and(|account| account.0 == self.address.bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evm::decode;
    use sluice_core::address::EvmAddress;
    use sluice_core::id::Ulid;
    use sluice_core::time::Timestamp;

    fn possession(deployment: &DeploymentId) -> Possession<'_> {
        let ulid = |number| Ulid::new(Timestamp::from_micros(0), number);
        Possession {
            deployment,
            wallet: WalletId::new(ulid(2)),
            partner: PartnerId::new(ulid(1)),
            chain: ChainId::evm(137),
            address: EvmAddress([0x11; 20]).into(),
            challenge: [0xab; 32],
        }
    }

    #[test]
    fn the_text_is_the_same_for_ever() {
        let deployment = DeploymentId("prod".into());
        let expected = concat!(
            "sluice/wallet-possession/v1\n",
            r#"{"address":"0x1111111111111111111111111111111111111111","chain":"eip155:137","#,
            r#""challenge":"abababababababababababababababababababababababababababababababab","#,
            r#""deployment":"prod","partner":"pt_00000000000000000000000001","wallet":"wa_00000000000000000000000002"}"#
        );
        assert_eq!(possession(&deployment).text(), expected);
    }

    #[test]
    fn no_deployment_name_makes_it_a_transaction_or_another_statement() {
        let long = "x".repeat(500);
        for name in ["", "\n", "\"", "a\"},\"b\":\"", "\u{19}\u{1}", long.as_str()] {
            let deployment = DeploymentId(name.into());
            let statement = possession(&deployment);
            let bytes = statement.bytes();
            assert!(bytes.starts_with(b"\x19Ethereum Signed Message:\n"), "{name:?}");
            assert!(decode(&bytes).is_err(), "{name:?}");
            assert_eq!(statement.text().matches('\n').count(), 1, "{name:?}");
            assert!(statement.text().starts_with(DOMAIN));
        }
        let (one, other) = (DeploymentId("one".into()), DeploymentId("other".into()));
        assert_ne!(possession(&one).digest(), possession(&other).digest());
        let later = Possession { challenge: [0xac; 32], ..possession(&one) };
        assert_ne!(possession(&one).digest(), later.digest());
    }
}
