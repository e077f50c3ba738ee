//! What people approve and what the signer signs (M10).
//!
//! A [`Payment`] is approved: it knows nothing of slots and fees. A [`SigningRequest`] is signed: payments with their
//! approvals, in a slot, within fee bounds, for a lane epoch. Both have one canonical form ([`crate::canonical`]).

use std::fmt;

use sha3::{Digest, Keccak256};

use crate::address::Address;
use crate::amount::Amount;
use crate::asset::AssetId;
use crate::attempt::{Kind, Terms};
use crate::canonical::Canonical;
use crate::id::{AttemptId, PartnerId, WalletId, WithdrawalId};
use crate::slot::Slot;
use crate::time::Timestamp;

const PAYMENT_KEY: &str = "sluice/payment-key/v1";
const PAYMENT: &str = "sluice/payment/v1";
const PAYMENTS: &str = "sluice/payments/v1";
const REQUEST: &str = "sluice/signing-request/v1";

/// Names an installation. Kept with the signer, not only in the database: a restored store must not become another
/// deployment (M1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeploymentId(pub String);

/// `keccak256(deployment, partner, external id)`: the identity of a payment in the store, in the signer's journal and,
/// on rails R2 and R3, on chain. Amount and address are deliberately not part of it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PaymentKey(pub [u8; 32]);

impl PaymentKey {
    /// The key of a partner's own id.
    pub fn of(deployment: &DeploymentId, partner: PartnerId, external_id: &str) -> Self {
        let identity = Canonical::map([
            ("deployment", Some(Canonical::text(&deployment.0))),
            ("external_id", Some(Canonical::text(external_id))),
            ("partner", Some(Canonical::text(partner))),
        ]);
        let mut hash = Keccak256::new();
        hash.update(PAYMENT_KEY.as_bytes());
        hash.update([0]);
        hash.update(identity.json().as_bytes());
        Self(hash.finalize().into())
    }
}

impl fmt::Display for PaymentKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for PaymentKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// What is paid to whom. The hash of its canonical form is what an approver signs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Payment {
    /// Identity.
    pub key: PaymentKey,
    /// Tenant.
    pub partner: PartnerId,
    /// The withdrawal it pays.
    pub withdrawal: WithdrawalId,
    /// What is paid.
    pub asset: AssetId,
    /// How much the recipient gets.
    pub amount: Amount,
    /// Digits after the point of `amount`; part of the meaning.
    pub precision: u8,
    /// Who gets it.
    pub to: Address,
    /// Text for the recipient, where the rail carries one.
    pub memo: Option<String>,
    /// After this instant no approval counts.
    pub expires_at: Option<Timestamp>,
}

impl Payment {
    /// The canonical form.
    pub fn canonical(&self) -> Canonical {
        Canonical::map([
            ("amount", Some(Canonical::text(self.amount.text(self.precision)))),
            ("asset", Some(Canonical::text(self.asset))),
            ("expires_at", self.expires_at.map(Canonical::text)),
            ("key", Some(Canonical::text(self.key))),
            ("memo", self.memo.as_ref().map(Canonical::text)),
            ("partner", Some(Canonical::text(self.partner))),
            ("to", Some(Canonical::text(self.to.key()))),
            ("v", Some(Canonical::text(1))),
            ("withdrawal", Some(Canonical::text(self.withdrawal))),
        ])
    }

    /// What an approver signs, and what M3 compares.
    pub fn hash(&self) -> [u8; 32] {
        self.canonical().digest(PAYMENT)
    }
}

/// The one hash of everything a transfer pays: all paying attempts of a slot carry the same one (M3).
pub fn payments_hash<'a>(payments: impl IntoIterator<Item = &'a Payment>) -> [u8; 32] {
    let hashes = payments.into_iter().map(|payment| Canonical::text(hex::encode(payment.hash()))).collect();
    Canonical::List(hashes).digest(PAYMENTS)
}

/// A person's consent to a payment: a signature over [`Payment::hash`] by a key enrolled at the signer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Approval {
    /// Enrolled key.
    pub key: String,
    /// Signature, hex.
    pub signature: String,
    /// When it was given.
    pub at: Timestamp,
}

/// A payment with what was decided about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Approved {
    /// The payment.
    pub payment: Payment,
    /// The policy decision that let it pass.
    pub decision: String,
    /// Consents of people; empty where policy approved within its caps.
    pub approvals: Vec<Approval>,
}

/// What the signer receives. It rebuilds the bytes from this alone and compares them with `digest`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SigningRequest {
    /// Attempt the signature is for.
    pub attempt: AttemptId,
    /// Pay or void.
    pub kind: Kind,
    /// What the slot pays. Present for a void too: the journal then knows what was given up.
    pub payments: Vec<Approved>,
    /// The one place it may execute.
    pub slot: Slot,
    /// On which terms it may be included.
    pub terms: Terms,
    /// Wallet whose key signs.
    pub wallet: WalletId,
    /// Epoch of the lane lease; the signer refuses a lower one than it has seen (M7).
    pub epoch: i64,
    /// Digest of the unsigned bytes the engine stored.
    pub digest: [u8; 32],
    /// When it was asked for.
    pub at: Timestamp,
}

impl SigningRequest {
    /// The canonical form.
    pub fn canonical(&self) -> Canonical {
        let payments = self
            .payments
            .iter()
            .map(|approved| {
                let approvals = approved.approvals.iter().map(|approval| {
                    Canonical::map([
                        ("at", Some(Canonical::text(approval.at))),
                        ("key", Some(Canonical::text(&approval.key))),
                        ("signature", Some(Canonical::text(&approval.signature))),
                    ])
                });
                Canonical::map([
                    ("approvals", Some(Canonical::List(approvals.collect()))),
                    ("decision", Some(Canonical::text(&approved.decision))),
                    ("payment", Some(approved.payment.canonical())),
                ])
            })
            .collect();
        let (evm, tron) = (self.terms.evm(), self.terms.tron());
        Canonical::map([
            ("at", Some(Canonical::text(self.at))),
            ("attempt", Some(Canonical::text(self.attempt))),
            ("digest", Some(Canonical::text(hex::encode(self.digest)))),
            ("epoch", Some(Canonical::text(self.epoch))),
            ("expires_at_ms", tron.map(|terms| Canonical::text(terms.expires_at_ms))),
            ("fee_limit_sun", tron.map(|terms| Canonical::text(terms.fee_limit_sun))),
            ("gas_limit", evm.map(|fees| Canonical::text(fees.gas_limit))),
            ("kind", Some(Canonical::text(self.kind.as_str()))),
            ("made_at_ms", tron.map(|terms| Canonical::text(terms.made_at_ms))),
            ("max_fee_wei", evm.map(|fees| Canonical::text(fees.max_fee_wei))),
            ("payments", Some(Canonical::List(payments))),
            ("permission", tron.map(|terms| Canonical::text(terms.permission))),
            ("reference_hash", tron.map(|terms| Canonical::text(hex::encode(terms.reference.hash)))),
            ("reference_number", tron.map(|terms| Canonical::text(terms.reference.number))),
            ("slot", Some(Canonical::text(&self.slot))),
            ("tip_wei", evm.map(|fees| Canonical::text(fees.tip_wei))),
            ("v", Some(Canonical::text(1))),
            ("wallet", Some(Canonical::text(self.wallet))),
        ])
    }

    /// Hash of the canonical form; the signer's journal records it.
    pub fn hash(&self) -> [u8; 32] {
        self.canonical().digest(REQUEST)
    }

    /// What the slot pays, as one hash.
    pub fn payment_hash(&self) -> [u8; 32] {
        payments_hash(self.payments.iter().map(|approved| &approved.payment))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::address::{EvmAddress, TronAddress};
    use crate::attempt::{Fees, TronTerms};
    use crate::chain::{BlockRef, ChainId};
    use crate::id::Ulid;

    fn payment() -> Payment {
        let ulid = Ulid::new(Timestamp::from_micros(1_700_000_000_000_000), 7);
        let partner = PartnerId::new(ulid);
        let chain = ChainId::evm(137);
        Payment {
            key: PaymentKey::of(&DeploymentId("demo".into()), partner, "order-1"),
            partner,
            withdrawal: WithdrawalId::new(ulid),
            asset: AssetId::erc20(chain, EvmAddress([0x3c; 20])),
            amount: Amount::from_atoms(12_500_000).unwrap(),
            precision: 6,
            to: EvmAddress([0xaa; 20]).into(),
            memo: None,
            expires_at: None,
        }
    }

    fn request() -> SigningRequest {
        let payment = payment();
        SigningRequest {
            attempt: AttemptId::new(Ulid::new(Timestamp::from_micros(1_700_000_000_000_000), 8)),
            kind: Kind::Pay,
            slot: Slot::EvmNonce { chain: payment.asset.chain, sender: EvmAddress([1; 20]), nonce: 7 },
            terms: Terms::Evm(Fees {
                gas_limit: 65_000,
                max_fee_wei: 60_000_000_000,
                tip_wei: 30_000_000_000,
            }),
            wallet: WalletId::new(Ulid::new(Timestamp::from_micros(1_700_000_000_000_000), 9)),
            epoch: 3,
            digest: [5; 32],
            at: Timestamp::from_micros(1_700_000_000_000_000),
            payments: vec![Approved { payment, decision: "policy 1".into(), approvals: vec![] }],
        }
    }

    fn tron_request() -> SigningRequest {
        let chain = ChainId::tron(728_126_428);
        let usdt = TronAddress::parse("TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t").unwrap();
        let asset = AssetId::trc20(chain, usdt);
        let payment = Payment { asset, to: TronAddress([0xaa; 20]).into(), ..payment() };
        let terms = Terms::Tron(TronTerms {
            reference: BlockRef { number: 66_500_000, hash: [6; 32] },
            expires_at_ms: 1_700_000_060_000,
            made_at_ms: 1_700_000_000_001,
            fee_limit_sun: 30_000_000,
            permission: 2,
        });
        let slot = Slot::TronTransaction { chain, txid: [4; 32] };
        let payments = vec![Approved { payment, decision: "policy 1".into(), approvals: vec![] }];
        SigningRequest { slot, terms, payments, ..request() }
    }

    // Golden: vectors/intent.json holds what these must be for ever, made by an independent script (vectors/intent.py).
    #[test]
    fn canonical_bytes_match_the_golden_vectors() {
        let vectors: serde_json::Value =
            serde_json::from_str(include_str!("../vectors/intent.json")).unwrap();
        assert_eq!(payment().canonical().json(), vectors["payment"]["canonical"].as_str().unwrap());
        assert_eq!(hex::encode(payment().hash()), vectors["payment"]["hash"].as_str().unwrap());
        assert_eq!(payment().key.to_string(), vectors["payment"]["key"].as_str().unwrap());
        for (name, request) in [("request", request()), ("tron_request", tron_request())] {
            let golden = &vectors[name];
            assert_eq!(request.canonical().json(), golden["canonical"].as_str().unwrap());
            assert_eq!(hex::encode(request.hash()), golden["hash"].as_str().unwrap());
            assert_eq!(hex::encode(request.payment_hash()), golden["payment_hash"].as_str().unwrap());
        }
    }

    #[test]
    fn every_field_of_a_payment_is_in_its_hash() {
        let original = payment();
        let changes: [fn(&mut Payment); 8] = [
            |p| p.key = PaymentKey([0; 32]),
            |p| p.partner = PartnerId::new(Ulid::new(Timestamp::default(), 1)),
            |p| p.withdrawal = WithdrawalId::new(Ulid::new(Timestamp::default(), 1)),
            |p| p.asset = AssetId::erc20(ChainId::evm(1), EvmAddress([0x3c; 20])),
            |p| p.amount = Amount::from_atoms(1).unwrap(),
            |p| p.to = EvmAddress([0xab; 20]).into(),
            |p| p.memo = Some("m".into()),
            |p| p.expires_at = Some(Timestamp::default()),
        ];
        for change in changes {
            let mut changed = original.clone();
            change(&mut changed);
            assert_ne!(changed.hash(), original.hash());
        }
    }

    #[test]
    fn the_key_forgets_amount_and_address_and_keeps_the_partner() {
        let deployment = DeploymentId("demo".into());
        let other = PartnerId::new(Ulid::new(Timestamp::default(), 1));
        assert_ne!(PaymentKey::of(&deployment, other, "order-1"), payment().key);
        assert_ne!(
            PaymentKey::of(&DeploymentId("demo2".into()), payment().partner, "order-1"),
            payment().key
        );
    }
}
