//! The TRON simulator over real sockets, as any client meets it. Transactions are made by our own codec, which shares
//! no code with it.

mod faults;
mod kept;
mod pays;
mod shapes;
mod spoiled;
mod tronweb;

use std::time::Duration;

use http_body_util::{BodyExt, Full};
use hyper::{Method, Request, StatusCode, Uri, body::Bytes};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use serde_json::{Value, json};
use sluice_devnet::tron::{Account, Address, Control, Tron, TronConfig};

/// A simulator and a client of its first node.
pub struct Stage {
    pub tron: Tron,
    pub control: Control,
    client: Client<HttpConnector, Full<Bytes>>,
}

impl Stage {
    pub async fn new() -> Self {
        Self::of(TronConfig::test(7)).await
    }

    pub async fn of(config: TronConfig) -> Self {
        Self::around(Tron::start(config).await.unwrap())
    }

    pub fn around(tron: Tron) -> Self {
        let control = tron.control();
        Self { tron, control, client: Client::builder(TokioExecutor::new()).build_http() }
    }

    pub fn account(&self, index: usize) -> &Account {
        &self.control.accounts()[index]
    }

    pub async fn post_to(
        &self,
        node: usize,
        path: &str,
        body: Vec<u8>,
    ) -> Result<(StatusCode, Bytes), String> {
        let uri: Uri = format!("{}{path}", self.tron.node_url(node)).parse().unwrap();
        let request =
            Request::builder().method(Method::POST).uri(uri).body(Full::new(Bytes::from(body))).unwrap();
        let answer = tokio::time::timeout(Duration::from_secs(20), self.client.request(request));
        let response = answer.await.expect("an answer in time").map_err(|error| error.to_string())?;
        let status = response.status();
        Ok((status, response.into_body().collect().await.map_err(|error| error.to_string())?.to_bytes()))
    }

    /// Asks the first node by a GET.
    pub async fn get(&self, path: &str) -> Value {
        let uri: Uri = format!("{}{path}", self.tron.url()).parse().unwrap();
        let bytes = self.client.get(uri).await.unwrap().into_body().collect().await.unwrap().to_bytes();
        serde_json::from_slice(&bytes).unwrap()
    }

    /// Asks the first node for JSON.
    pub async fn ask(&self, path: &str, body: Value) -> Value {
        self.ask_of(0, path, body).await
    }

    pub async fn ask_of(&self, node: usize, path: &str, body: Value) -> Value {
        let (status, bytes) = self.post_to(node, path, body.to_string().into_bytes()).await.unwrap();
        assert_eq!(status, StatusCode::OK, "{path} {body}");
        serde_json::from_slice(&bytes).unwrap_or_else(|_| panic!("{path}: {bytes:?}"))
    }

    /// A signed transfer of test dollars, as hexadecimal, and its id. `salt` sets equal ones apart.
    pub async fn usdt_transfer(&self, by: &Account, to: Address, units: u64, salt: i64) -> (String, String) {
        use sluice_codec::tron::{
            Address as Wallet, Call, Reference, Signature, Terms, Unsigned, raw, signed, txid,
        };
        let block = self.ask("/walletsolidity/getnowblock", json!({})).await;
        let head_ms = self.control.head().time_ms;
        let id: [u8; 32] = hex::decode(block["blockID"].as_str().unwrap()).unwrap().try_into().unwrap();
        let number = block["block_header"]["raw_data"]["number"].as_u64().unwrap_or(0);
        let mut data = hex::decode("a9059cbb").unwrap();
        data.extend(to.word());
        data.extend(alloy_primitives::U256::from(units).to_be_bytes::<32>());
        let unsigned = Unsigned {
            owner: Wallet(*by.address().bytes()),
            call: Call::Trigger { contract: Wallet(*self.tron.usdt().bytes()), data, value_sun: 0 },
            terms: Terms {
                reference: Reference::of(number, &id),
                expiration_ms: head_ms + 60_000,
                timestamp_ms: head_ms + salt,
                fee_limit_sun: 100_000_000,
                memo: Vec::new(),
                permission_id: 0,
            },
        };
        let raw = raw(&unsigned);
        let id = txid(&raw);
        let signature = Signature::read(&by.sign(&id)).unwrap();
        (hex::encode(signed(&raw, &[signature])), hex::encode(id))
    }

    pub async fn broadcast(&self, hex: &str) -> Value {
        self.ask("/wallet/broadcasthex", json!({ "transaction": hex })).await
    }
}
