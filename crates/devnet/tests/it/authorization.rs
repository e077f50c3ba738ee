//! EIP-3009, signed here with the derivation of alloy, which knows nothing of our contract.

use alloy_primitives::{Address, B256, Bytes, U256, address, b256, bytes};
use alloy_sol_types::{Eip712Domain, SolCall, SolStruct, eip712_domain, sol};
use k256::ecdsa::SigningKey;
use sluice_devnet::{
    anvil::Anvil,
    control::BlockTag,
    token::TestUsd,
    transaction::{self, Receipt, Transaction, TransactionError},
};

use crate::support::{units, with_token};

sol! {
    struct TransferWithAuthorization {
        address from;
        address to;
        uint256 value;
        uint256 validAfter;
        uint256 validBefore;
        bytes32 nonce;
    }

    struct ReceiveWithAuthorization {
        address from;
        address to;
        uint256 value;
        uint256 validAfter;
        uint256 validBefore;
        bytes32 nonce;
    }

    struct CancelAuthorization {
        address authorizer;
        bytes32 nonce;
    }

    function transferWithAuthorization(address from, address to, uint256 value, uint256 validAfter, uint256 validBefore, bytes32 nonce, uint8 v, bytes32 r, bytes32 s);
    function receiveWithAuthorization(address from, address to, uint256 value, uint256 validAfter, uint256 validBefore, bytes32 nonce, bytes signature);
    function cancelAuthorization(address authorizer, bytes32 nonce, bytes signature);

    interface Bytewise {
        function transferWithAuthorization(address from, address to, uint256 value, uint256 validAfter, uint256 validBefore, bytes32 nonce, bytes signature);
    }
}

/// Anvil's second account, whose key everybody knows.
const ALICE: Address = address!("70997970C51812dc3A010C7d01b50e0d17dc79C8");
const ALICE_KEY: B256 = b256!("59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d");
const NONCE: B256 = b256!("00000000000000000000000000000000000000000000000000000000cafe0001");

struct Stage {
    anvil: Anvil,
    token: TestUsd,
    domain: Eip712Domain,
    relayer: Address,
    payee: Address,
}

impl Stage {
    async fn set() -> Self {
        let (anvil, token, accounts) = with_token().await;
        assert_eq!(accounts[1], ALICE);
        token.mint(ALICE, units(1_000)).await.unwrap();
        let domain = eip712_domain! {
            name: "Test USD",
            version: "2",
            chain_id: anvil.chain_id(),
            verifying_contract: token.address(),
        };
        Self { anvil, token, domain, relayer: accounts[2], payee: accounts[3] }
    }

    fn authorization(&self) -> TransferWithAuthorization {
        TransferWithAuthorization {
            from: ALICE,
            to: self.payee,
            value: units(400),
            validAfter: U256::ZERO,
            validBefore: U256::MAX,
            nonce: NONCE,
        }
    }

    /// `r || s || v`
    fn sign(&self, message: &impl SolStruct) -> [u8; 65] {
        let key = SigningKey::from_slice(ALICE_KEY.as_slice()).unwrap();
        let digest = message.eip712_signing_hash(&self.domain);
        let (signature, recovery) = key.sign_prehash_recoverable(digest.as_slice()).unwrap();
        let mut bytes = [0; 65];
        bytes[..64].copy_from_slice(&signature.to_bytes());
        bytes[64] = 27 + recovery.to_byte();
        bytes
    }

    async fn relay(&self, call: impl SolCall) -> Result<Receipt, TransactionError> {
        self.send(self.relayer, call).await
    }

    async fn send(&self, from: Address, call: impl SolCall) -> Result<Receipt, TransactionError> {
        transaction::execute(
            self.anvil.rpc(),
            &Transaction::call(from, self.token.address(), call.abi_encode()),
        )
        .await
    }

    async fn paid(&self) -> U256 {
        self.token.balance_of(self.payee).await.unwrap()
    }
}

/// The call with a signature in three parts.
fn by_parts(a: &TransferWithAuthorization, signature: [u8; 65]) -> transferWithAuthorizationCall {
    transferWithAuthorizationCall {
        from: a.from,
        to: a.to,
        value: a.value,
        validAfter: a.validAfter,
        validBefore: a.validBefore,
        nonce: a.nonce,
        v: signature[64],
        r: B256::from_slice(&signature[..32]),
        s: B256::from_slice(&signature[32..64]),
    }
}

/// The call with a signature in one piece.
fn bytewise(
    a: &TransferWithAuthorization,
    signature: impl Into<Bytes>,
) -> Bytewise::transferWithAuthorizationCall {
    Bytewise::transferWithAuthorizationCall {
        from: a.from,
        to: a.to,
        value: a.value,
        validAfter: a.validAfter,
        validBefore: a.validBefore,
        nonce: a.nonce,
        signature: signature.into(),
    }
}

#[tokio::test]
async fn an_authorization_pays_once_and_its_replay_is_refused() {
    let stage = Stage::set().await;
    assert_eq!(stage.token.domain_separator().await.unwrap(), stage.domain.separator());
    let authorization = stage.authorization();
    let signature = stage.sign(&authorization);
    assert!(!stage.token.authorization_state(ALICE, NONCE).await.unwrap());

    let receipt = stage.relay(by_parts(&authorization, signature)).await.unwrap();
    assert_eq!(receipt.logs.len(), 2, "AuthorizationUsed, then Transfer");
    assert_eq!(receipt.logs[0].topics[1..], [ALICE.into_word(), NONCE]);
    assert_eq!(stage.paid().await, units(400));
    assert!(stage.token.authorization_state(ALICE, NONCE).await.unwrap());

    for replay in
        [by_parts(&authorization, signature).abi_encode(), bytewise(&authorization, signature).abi_encode()]
    {
        let call = Transaction::call(stage.relayer, stage.token.address(), replay);
        let error = transaction::execute(stage.anvil.rpc(), &call).await.unwrap_err();
        assert_eq!(error.revert_reason(), Some("FiatTokenV2: authorization is used or canceled"));
    }
    assert_eq!(stage.paid().await, units(400));
    stage.anvil.stop().await.unwrap();
}

#[tokio::test]
async fn a_signature_in_one_piece_pays_as_well() {
    let stage = Stage::set().await;
    let authorization = stage.authorization();
    stage.relay(bytewise(&authorization, stage.sign(&authorization))).await.unwrap();
    assert_eq!(stage.paid().await, units(400));
    stage.anvil.stop().await.unwrap();
}

#[tokio::test]
async fn a_changed_or_malformed_authorization_is_refused() {
    let stage = Stage::set().await;
    let signed = stage.authorization();
    let signature = stage.sign(&signed);
    let more = TransferWithAuthorization { value: units(401), ..signed.clone() };
    let elsewhere = TransferWithAuthorization { to: stage.relayer, ..signed.clone() };
    for changed in [more, elsewhere] {
        let error = stage.relay(by_parts(&changed, signature)).await.unwrap_err();
        assert_eq!(error.revert_reason(), Some("FiatTokenV2: invalid signature"));
    }
    let mut wrong_v = signature;
    wrong_v[64] -= 27;
    let error = stage.relay(by_parts(&signed, wrong_v)).await.unwrap_err();
    assert_eq!(error.revert_reason(), Some("ECRecover: invalid signature 'v' value"));
    let error = stage.relay(bytewise(&signed, signature[..64].to_vec())).await.unwrap_err();
    assert_eq!(error.revert_reason(), Some("ECRecover: invalid signature length"));
    let error = stage.relay(by_parts(&signed, malleable_twin(signature))).await.unwrap_err();
    assert_eq!(error.revert_reason(), Some("ECRecover: invalid signature 's' value"));
    assert_eq!(stage.paid().await, U256::ZERO);
    stage.anvil.stop().await.unwrap();
}

/// The other signature that recovers to the same key: n - s, with the other v.
fn malleable_twin(mut signature: [u8; 65]) -> [u8; 65] {
    let n = U256::from_be_bytes(b256!("fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141").0);
    let s = U256::from_be_slice(&signature[32..64]);
    signature[32..64].copy_from_slice(&(n - s).to_be_bytes::<32>());
    signature[64] = 27 + 28 - signature[64];
    signature
}

#[tokio::test]
async fn an_authorization_counts_only_between_its_times() {
    let stage = Stage::set().await;
    let now = stage.anvil.control().block(BlockTag::Latest).await.unwrap().timestamp.to::<u64>();
    let early = TransferWithAuthorization { validAfter: U256::from(now + 1_000), ..stage.authorization() };
    let error = stage.relay(by_parts(&early, stage.sign(&early))).await.unwrap_err();
    assert_eq!(error.revert_reason(), Some("FiatTokenV2: authorization is not yet valid"));
    let late = TransferWithAuthorization { validBefore: U256::from(now), ..stage.authorization() };
    let error = stage.relay(by_parts(&late, stage.sign(&late))).await.unwrap_err();
    assert_eq!(error.revert_reason(), Some("FiatTokenV2: authorization is expired"));
    stage.anvil.control().increase_time(2_000).await.unwrap();
    stage.relay(by_parts(&early, stage.sign(&early))).await.unwrap();
    assert_eq!(stage.paid().await, units(400));
    stage.anvil.stop().await.unwrap();
}

#[tokio::test]
async fn a_blacklist_or_a_pause_stops_an_authorization_without_using_it_up() {
    let stage = Stage::set().await;
    let authorization = stage.authorization();
    let signature = stage.sign(&authorization);
    stage.token.blacklist(stage.payee).await.unwrap();
    let error = stage.relay(by_parts(&authorization, signature)).await.unwrap_err();
    assert_eq!(error.revert_reason(), Some("Blacklistable: account is blacklisted"));
    stage.token.unblacklist(stage.payee).await.unwrap();
    stage.token.pause().await.unwrap();
    let error = stage.relay(by_parts(&authorization, signature)).await.unwrap_err();
    assert_eq!(error.revert_reason(), Some("Pausable: paused"));
    stage.token.unpause().await.unwrap();
    stage.relay(by_parts(&authorization, signature)).await.unwrap();
    stage.anvil.stop().await.unwrap();
}

#[tokio::test]
async fn a_cancelled_authorization_never_pays() {
    let stage = Stage::set().await;
    let authorization = stage.authorization();
    let cancel = CancelAuthorization { authorizer: ALICE, nonce: NONCE };
    let signature = stage.sign(&cancel).to_vec().into();
    stage.relay(cancelAuthorizationCall { authorizer: ALICE, nonce: NONCE, signature }).await.unwrap();
    assert!(stage.token.authorization_state(ALICE, NONCE).await.unwrap());
    let error = stage.relay(by_parts(&authorization, stage.sign(&authorization))).await.unwrap_err();
    assert_eq!(error.revert_reason(), Some("FiatTokenV2: authorization is used or canceled"));
    assert_eq!(stage.paid().await, U256::ZERO);
    stage.anvil.stop().await.unwrap();
}

#[tokio::test]
async fn only_the_payee_carries_an_authorization_to_receive() {
    let stage = Stage::set().await;
    let a = stage.authorization();
    let message = ReceiveWithAuthorization {
        from: a.from,
        to: a.to,
        value: a.value,
        validAfter: a.validAfter,
        validBefore: a.validBefore,
        nonce: a.nonce,
    };
    let call = receiveWithAuthorizationCall {
        from: a.from,
        to: a.to,
        value: a.value,
        validAfter: a.validAfter,
        validBefore: a.validBefore,
        nonce: a.nonce,
        signature: stage.sign(&message).to_vec().into(),
    };
    let error = stage.relay(call.clone()).await.unwrap_err();
    assert_eq!(error.revert_reason(), Some("FiatTokenV2: caller must be the payee"));
    stage.send(stage.payee, call).await.unwrap();
    assert_eq!(stage.paid().await, units(400));
    stage.anvil.stop().await.unwrap();
}

#[tokio::test]
async fn a_contract_account_signs_by_its_code_alone() {
    let stage = Stage::set().await;
    let authorization = stage.authorization();
    // Code at the signer's address, as EIP-7702 puts it there: its key no longer counts.
    stage.anvil.control().set_code(ALICE, bytes!("60006000fd")).await.unwrap();
    let error = stage.relay(by_parts(&authorization, stage.sign(&authorization))).await.unwrap_err();
    assert_eq!(error.revert_reason(), Some("FiatTokenV2: invalid signature"));
    // Answers every question with the ERC-1271 magic value.
    stage.anvil.control().set_code(ALICE, bytes!("631626ba7e60e01b60005260206000f3")).await.unwrap();
    stage.relay(bytewise(&authorization, bytes!("c0ffee"))).await.unwrap();
    assert_eq!(stage.paid().await, units(400));
    stage.anvil.stop().await.unwrap();
}
