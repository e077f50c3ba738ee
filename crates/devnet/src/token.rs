//! TestUSD, the USDC of a development chain, and a recipient that refuses it.

use std::time::Duration;

use alloy_primitives::{Address, B256, Bytes, U256, keccak256};
use alloy_sol_types::{SolCall, sol};

use crate::{
    artifact::Artifact,
    control::{BlockTag, Control},
    rpc::{Rpc, RpcError},
    transaction::{self, Receipt, Transaction, TransactionError},
};

sol! {
    interface ITestUSD {
        function balanceOf(address account) external view returns (uint256);
        function totalSupply() external view returns (uint256);
        function isBlacklisted(address account) external view returns (bool);
        function paused() external view returns (bool);
        function authorizationState(address authorizer, bytes32 nonce) external view returns (bool);
        function DOMAIN_SEPARATOR() external view returns (bytes32);
        function transfer(address to, uint256 value) external returns (bool);
        function mint(address to, uint256 amount) external returns (bool);
        function blacklist(address account) external;
        function unBlacklist(address account) external;
        function pause() external;
        function unpause() external;
    }

    interface IRefuser {
        function setRefusesTestUSD(bool refuses) external;
    }
}

/// TestUSD on one chain, with the powers of its issuer. All amounts are in units of 10^-6 dollars.
///
/// Each method that changes something waits for its block. On a chain that mines on demand it mines one itself
/// ([`transaction::settle`]).
#[derive(Debug, Clone)]
pub struct TestUsd {
    rpc: Rpc,
    address: Address,
    owner: Address,
}

impl TestUsd {
    /// Finds TestUSD, or deploys it. The deployer and owner is the last of the node's accounts, and TestUSD its first
    /// transaction: the address is the same after a restart and on every chain with the same mnemonic and number of
    /// accounts. Leave that account to this.
    pub async fn ensure(rpc: &Rpc) -> Result<Self, TokenError> {
        let deployer = Control::new(rpc.clone()).accounts().await?.pop().ok_or(TokenError::NoAccount)?;
        Self::ensure_from(rpc, deployer).await
    }

    /// Finds the TestUSD that this account deployed with its first transaction, or lets it do so.
    pub async fn ensure_from(rpc: &Rpc, deployer: Address) -> Result<Self, TokenError> {
        let control = Control::new(rpc.clone());
        let token = Self { rpc: rpc.clone(), address: first_contract_of(deployer), owner: deployer };
        // In this order: if another deploys in between, its contract is seen and its nonce is not.
        let nonce = control.nonce(deployer).await?;
        if token.is_deployed(&control).await? {
            return Ok(token);
        }
        if nonce != 0 {
            return Err(TokenError::DeployerUsed { deployer, nonce, address: token.address });
        }
        // The nonce is given, so that of two that deploy at once only one can.
        let deploy = Transaction::deploy(deployer, Artifact::test_usd().bytecode.clone()).with_nonce(0);
        match transaction::execute(rpc, &deploy).await {
            Ok(_) => Ok(token),
            Err(TransactionError::Rpc(refused @ RpcError::Refused { .. })) => {
                token.await_other_deployer(&control, refused).await
            }
            Err(source) => Err(TokenError::NotDeployed { contract: "TestUSD", source: Box::new(source) }),
        }
    }

    /// Where the contract is.
    pub fn address(&self) -> Address {
        self.address
    }

    /// The account that may mint, blacklist and pause.
    pub fn owner(&self) -> Address {
        self.owner
    }

    /// Makes new coins.
    pub async fn mint(&self, to: Address, units: U256) -> Result<Receipt, TransactionError> {
        self.as_owner(ITestUSD::mintCall { to, amount: units }).await
    }

    /// Makes new tokens for each of them. All are asked for before the first is waited for, so that one block may hold them.
    ///
    /// # Errors
    /// [`TransactionError`] of the first that is not minted.
    pub async fn mint_each(&self, to: &[Address], units: U256) -> Result<(), TransactionError> {
        let mut sent = Vec::with_capacity(to.len());
        for &to in to {
            let call = ITestUSD::mintCall { to, amount: units }.abi_encode();
            let transaction = Transaction::call(self.owner, self.address, call);
            sent.push(transaction::send(&self.rpc, &transaction).await?);
        }
        for hash in sent {
            let receipt = transaction::settle(&self.rpc, hash).await?;
            if !receipt.succeeded() {
                let block = receipt.block_number.to();
                return Err(TransactionError::Reverted { hash, block, reason: None });
            }
        }
        Ok(())
    }

    /// Forbids an account to send and to receive.
    pub async fn blacklist(&self, account: Address) -> Result<Receipt, TransactionError> {
        self.as_owner(ITestUSD::blacklistCall { account }).await
    }

    /// Ends [`Self::blacklist`].
    pub async fn unblacklist(&self, account: Address) -> Result<Receipt, TransactionError> {
        self.as_owner(ITestUSD::unBlacklistCall { account }).await
    }

    /// Stops every transfer.
    pub async fn pause(&self) -> Result<Receipt, TransactionError> {
        self.as_owner(ITestUSD::pauseCall {}).await
    }

    /// Ends [`Self::pause`].
    pub async fn unpause(&self) -> Result<Receipt, TransactionError> {
        self.as_owner(ITestUSD::unpauseCall {}).await
    }

    /// Sends coins of an account whose key the node holds.
    pub async fn transfer(
        &self,
        from: Address,
        to: Address,
        units: U256,
    ) -> Result<Receipt, TransactionError> {
        let call = ITestUSD::transferCall { to, value: units };
        transaction::execute(&self.rpc, &Transaction::call(from, self.address, call.abi_encode())).await
    }

    /// How much an account has.
    pub async fn balance_of(&self, account: Address) -> Result<U256, RpcError> {
        self.ask(ITestUSD::balanceOfCall { account }).await
    }

    /// How much there is.
    pub async fn total_supply(&self) -> Result<U256, RpcError> {
        self.ask(ITestUSD::totalSupplyCall {}).await
    }

    /// True if the account can neither send nor receive.
    pub async fn is_blacklisted(&self, account: Address) -> Result<bool, RpcError> {
        self.ask(ITestUSD::isBlacklistedCall { account }).await
    }

    /// True if nobody can send.
    pub async fn is_paused(&self) -> Result<bool, RpcError> {
        self.ask(ITestUSD::pausedCall {}).await
    }

    /// True if the EIP-3009 nonce is used or cancelled.
    pub async fn authorization_state(&self, authorizer: Address, nonce: B256) -> Result<bool, RpcError> {
        self.ask(ITestUSD::authorizationStateCall { authorizer, nonce }).await
    }

    /// The EIP-712 domain that authorizations are signed for.
    pub async fn domain_separator(&self) -> Result<B256, RpcError> {
        self.ask(ITestUSD::DOMAIN_SEPARATORCall {}).await
    }

    async fn as_owner(&self, call: impl SolCall) -> Result<Receipt, TransactionError> {
        transaction::execute(&self.rpc, &Transaction::call(self.owner, self.address, call.abi_encode())).await
    }

    async fn ask<C: SolCall>(&self, call: C) -> Result<C::Return, RpcError> {
        let question = Transaction::call(Address::ZERO, self.address, call.abi_encode());
        let answer: Bytes = self.rpc.call("eth_call", (question, BlockTag::Latest)).await?;
        C::abi_decode_returns(&answer).map_err(|error| RpcError::NotUnderstood {
            method: C::SIGNATURE.to_owned(),
            source: serde::de::Error::custom(error),
        })
    }

    async fn is_deployed(&self, control: &Control) -> Result<bool, TokenError> {
        let code = control.code(self.address).await?;
        if code == Artifact::test_usd().deployed_bytecode {
            Ok(true)
        } else if code.is_empty() {
            Ok(false)
        } else {
            Err(TokenError::OtherCode { address: self.address })
        }
    }

    /// The node refused our deployment. If that is because another one is under way, its result is ours.
    async fn await_other_deployer(self, control: &Control, refused: RpcError) -> Result<Self, TokenError> {
        let not_deployed = |source| TokenError::NotDeployed { contract: "TestUSD", source: Box::new(source) };
        let pool = control.txpool_content().await?;
        if let Some(other) = pool.pending.get(&self.owner).and_then(|by_nonce| by_nonce.get(&0)) {
            transaction::settle(&self.rpc, other.hash).await.map_err(not_deployed)?;
        }
        // For a moment a transaction that is being mined is neither in the pool nor in a block.
        for _ in 0..40 {
            if self.is_deployed(control).await? {
                return Ok(self);
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        Err(not_deployed(refused.into()))
    }
}

/// A contract that no TestUSD can be sent to.
#[derive(Debug, Clone)]
pub struct Refuser {
    rpc: Rpc,
    address: Address,
}

impl Refuser {
    /// Deploys one from an account whose key the node holds. Not the owner of TestUSD, if TestUSD is yet to come.
    pub async fn deploy(rpc: &Rpc, from: Address) -> Result<Self, TokenError> {
        let deploy = Transaction::deploy(from, Artifact::refuser().bytecode.clone());
        let not_deployed = |source| TokenError::NotDeployed { contract: "Refuser", source: Box::new(source) };
        let receipt = transaction::execute(rpc, &deploy).await.map_err(not_deployed)?;
        let address =
            receipt.contract_address.ok_or(TokenError::NoAddress { hash: receipt.transaction_hash })?;
        Ok(Self { rpc: rpc.clone(), address })
    }

    /// Where it is.
    pub fn address(&self) -> Address {
        self.address
    }

    /// Makes it refuse, or accept. Any account whose key the node holds may say so.
    pub async fn set_refuses(&self, from: Address, refuses: bool) -> Result<Receipt, TransactionError> {
        let call = IRefuser::setRefusesTestUSDCall { refuses };
        transaction::execute(&self.rpc, &Transaction::call(from, self.address, call.abi_encode())).await
    }
}

/// The address of the contract that an account makes with its first transaction: the hash of the RLP list of the
/// account and nonce 0, which is written out here because it always has the same shape.
fn first_contract_of(deployer: Address) -> Address {
    let mut list = [0_u8; 23];
    list[0] = 0xc0 + 22;
    list[1] = 0x80 + 20;
    list[2..22].copy_from_slice(deployer.as_slice());
    list[22] = 0x80;
    Address::from_word(keccak256(list))
}

/// Why there is no token.
#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    /// The node did not answer, or refused.
    #[error("the node could not be asked about the token")]
    Rpc(#[from] RpcError),
    /// The node holds no keys.
    #[error("the node has no accounts of its own; start anvil with at least one")]
    NoAccount,
    /// The deployer spent the nonce that gives the address.
    #[error(
        "{deployer} has sent {nonce} transactions but never deployed TestUSD at {address}; \
         start a new chain, or deploy from an account that has sent none"
    )]
    DeployerUsed {
        /// The account that should deploy.
        deployer: Address,
        /// How many transactions it has sent.
        nonce: u64,
        /// Where TestUSD would be.
        address: Address,
    },
    /// The saved chain is older or newer than this program.
    #[error(
        "the contract at {address} is another version of TestUSD; delete the saved chain to start a new one"
    )]
    OtherCode {
        /// Where TestUSD should be.
        address: Address,
    },
    /// The deployment failed.
    #[error("{contract} was not deployed")]
    NotDeployed {
        /// Which contract.
        contract: &'static str,
        /// What happened to the transaction.
        source: Box<TransactionError>,
    },
    /// The node's receipt names no contract.
    #[error("the receipt of deployment {hash} names no contract; check the version of the node")]
    NoAddress {
        /// The deployment.
        hash: B256,
    },
}

#[cfg(test)]
mod tests {
    use alloy_primitives::address;

    use super::*;

    #[test]
    fn the_first_contract_of_anvils_first_account_is_where_everyone_knows_it_to_be() {
        let deployer = address!("f39Fd6e51aad88F6F4ce6aB8827279cffFb92266");
        assert_eq!(first_contract_of(deployer), address!("5FbDB2315678afecb367f032d93F642f64180aa3"));
    }
}
