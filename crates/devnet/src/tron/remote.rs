//! The orders of a simulator that runs in another process.

use serde_json::{Value, json};

use super::address::Address;
use crate::rpc::{Rpc, RpcError};

/// A simulator on loopback, by its HTTP API.
#[derive(Clone, Debug)]
pub struct Remote {
    rpc: Rpc,
}

/// Where its chain stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// The last four bytes of the genesis block.
    pub chain_id: u32,
    /// Its token.
    pub usdt: Address,
    /// Height of the newest block.
    pub head: u64,
    /// Height of the newest that is final.
    pub solid: u64,
}

/// Why an order was not carried out.
#[derive(Debug, thiserror::Error)]
pub enum RemoteError {
    /// No answer.
    #[error(transparent)]
    Rpc(#[from] RpcError),
    /// It was refused, in the simulator's words.
    #[error("the simulator refuses {order}: {why}")]
    Refused {
        /// The order.
        order: &'static str,
        /// Its words.
        why: String,
    },
    /// Whoever answers there is no simulator of TRON.
    #[error("what answers at {url} is no simulator of TRON; start one with `sluice tron-sim`")]
    NotOne {
        /// Where.
        url: String,
    },
}

/// Energy that the bank has lent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Loan {
    /// The transaction, in lower-case hexadecimal.
    pub txid: String,
    /// The stake that yields it, in sun.
    pub stake_sun: i64,
}

impl Remote {
    /// The simulator whose first node listens on this port of 127.0.0.1. Connects at the first order.
    pub fn local(port: u16) -> Self {
        Self { rpc: Rpc::local(port) }
    }

    /// Address of its first node.
    pub fn url(&self) -> String {
        self.rpc.url()
    }

    /// Where its chain stands.
    ///
    /// # Errors
    /// [`RemoteError`].
    pub async fn standing(&self) -> Result<Standing, RemoteError> {
        let said = self.order("status", &json!({})).await?;
        let read = || {
            let chain_id = said["chain_id"].as_str()?.strip_prefix("0x")?;
            Some(Standing {
                chain_id: u32::from_str_radix(chain_id, 16).ok()?,
                usdt: said["usdt"].as_str()?.parse().ok()?,
                head: said["block"].as_u64()?,
                solid: said["solid"].as_u64()?,
            })
        };
        read().ok_or_else(|| RemoteError::NotOne { url: self.url() })
    }

    /// Gives TRX and units of USDT, with the next block.
    ///
    /// # Errors
    /// [`RemoteError`].
    pub async fn faucet(&self, to: Address, sun: i64, units: u64) -> Result<(), RemoteError> {
        let body = json!({ "address": to.to_string(), "sun": sun, "usdt": units });
        self.order("faucet", &body).await.map(drop)
    }

    /// Makes blocks until everything that waits now is final.
    ///
    /// # Errors
    /// [`RemoteError`].
    pub async fn solidify(&self) -> Result<(), RemoteError> {
        self.order("solidify", &json!({})).await.map(drop)
    }

    /// The bank lends so much energy a day, with the next block.
    ///
    /// # Errors
    /// [`RemoteError`].
    pub async fn lend(&self, to: Address, energy: u64) -> Result<Loan, RemoteError> {
        let said = self.order("lend", &json!({ "to": to.to_string(), "energy": energy })).await?;
        let read =
            || Some(Loan { txid: said["txid"].as_str()?.to_owned(), stake_sun: said["sun"].as_i64()? });
        read().ok_or_else(|| RemoteError::NotOne { url: self.url() })
    }

    /// The bank takes back so much of the stake that it lent, with the next block.
    ///
    /// # Errors
    /// [`RemoteError`].
    pub async fn end_loan(&self, from: Address, stake_sun: i64) -> Result<(), RemoteError> {
        let body = json!({ "from": from.to_string(), "sun": stake_sun });
        self.order("endloan", &body).await.map(drop)
    }

    async fn order(&self, order: &'static str, body: &Value) -> Result<Value, RemoteError> {
        let said = match self.rpc.post(&format!("/sim/{order}"), body).await {
            // Something else listens there.
            Err(RpcError::Status { .. } | RpcError::NotUnderstood { .. }) => {
                return Err(RemoteError::NotOne { url: self.url() });
            }
            said => said?,
        };
        match said["Error"].as_str() {
            Some(why) => Err(RemoteError::Refused { order, why: why.to_owned() }),
            None => Ok(said),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Tron, TronConfig};
    use super::*;

    #[tokio::test]
    async fn a_simulator_takes_orders_from_another_process() {
        let tron = Tron::start(TronConfig::test(5)).await.unwrap();
        let port = tron.url().rsplit_once(':').unwrap().1.parse().unwrap();
        let remote = Remote::local(port);
        let before = remote.standing().await.unwrap();
        assert_eq!((before.chain_id, before.usdt), (tron.chain_id(), tron.usdt()));
        let somebody = tron.control().accounts()[0].address();
        let had = tron.control().usdt_units(somebody);
        remote.faucet(somebody, 7, 5).await.unwrap();
        remote.solidify().await.unwrap();
        let after = remote.standing().await.unwrap();
        assert!(after.solid > before.head && after.head > after.solid, "{after:?}");
        assert_eq!(tron.control().usdt_units(somebody), had + 5);
        let loan = remote.lend(somebody, 65_000).await.unwrap();
        remote.solidify().await.unwrap();
        let lent = tron.control().energy_left(somebody);
        assert!((65_000..65_100).contains(&lent), "{lent}");
        remote.end_loan(somebody, loan.stake_sun).await.unwrap();
        remote.solidify().await.unwrap();
        assert_eq!(tron.control().energy_left(somebody), 0);
        let refused = remote.faucet(somebody, 1, u64::MAX).await.unwrap_err().to_string();
        assert!(refused.contains("refuses faucet"), "{refused}");
        let nobody = Remote::local(free_port()).standing().await.unwrap_err().to_string();
        assert!(nobody.contains("no node answered"), "{nobody}");
    }

    /// A port on which nobody listens.
    fn free_port() -> u16 {
        std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
    }
}
