//! A node over its HTTP API. Nearly everything is answered with status 200: what a body is decides what it means.

use std::fmt;
use std::time::Duration;

use futures_util::future::{join, join_all};
use reqwest::Url;
use reqwest::header::HeaderValue;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use sluice_codec::tron::{relayed, txid};
use sluice_core::address::TronAddress;
use sluice_core::errand::Resource;
use sluice_core::port::Fut;

use super::errors;
use super::json::{
    AccountJson, BlockJson, BlocksJson, BroadcastJson, CalledJson, ContractJson, ErrorJson, InfoJson,
    LendableJson, LoansJson, ParametersJson, ResourceJson, ReturnedJson, ShownJson,
};
use super::node::{
    Account, Api, Block, Called, Header, Info, Left, Node, NodeError, Prices, Said, Tag, Trigger,
};
use crate::http::{Line, endpoint};

pub use crate::http::{HttpError, client};

/// A request and its answer take at most this long.
const TIMEOUT_MS: u64 = 5_000;
/// Questions at once; there are no batches.
const AT_ONCE: usize = 16;
/// The header that names a customer of TronGrid, and of others that took it over.
const KEY_HEADER: &str = "TRON-PRO-API-KEY";
/// A body longer than this is no error.
const ERROR_MAX_BYTES: usize = 4_096;
/// Most blocks that a node gives at once.
const BLOCKS_MAX: u64 = 100;

/// How to reach a node.
#[derive(Clone, PartialEq, Eq)]
pub struct HttpConfig {
    /// Who runs it; quorum counts these (M4).
    pub operator: String,
    /// `http` or `https`, without `/wallet`. May hold a key: it is never shown.
    pub url: String,
    /// Where `/walletsolidity` is, if elsewhere: a node of one's own has it on a port of its own.
    pub solid_url: Option<String>,
    /// Key for the header `TRON-PRO-API-KEY`. Never shown.
    pub api_key: Option<String>,
    /// A request and its answer take at most this long.
    pub timeout_ms: u64,
    /// Largest answer that is read.
    pub answer_max_bytes: usize,
}

impl HttpConfig {
    /// A node with the usual limits, both APIs in one place and no key.
    pub fn new(operator: impl Into<String>, url: impl Into<String>) -> Self {
        Self {
            operator: operator.into(),
            url: url.into(),
            solid_url: None,
            api_key: None,
            timeout_ms: TIMEOUT_MS,
            answer_max_bytes: 64 << 20,
        }
    }
}

impl fmt::Debug for HttpConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpConfig").field("operator", &self.operator).finish_non_exhaustive()
    }
}

/// One node over HTTP.
pub struct HttpNode {
    name: String,
    operator: String,
    line: Line,
    full: Url,
    solid: Url,
    key: Option<HeaderValue>,
}

impl HttpNode {
    /// A node reached through `client` (see [`client`]).
    ///
    /// # Errors
    /// [`HttpError::Url`] for anything but http or https URLs, [`HttpError::Key`] for a key that no header can hold.
    pub fn new(client: reqwest::Client, config: HttpConfig) -> Result<Self, HttpError> {
        let (full, host) = endpoint(&config.url)?;
        let solid = match &config.solid_url {
            Some(url) => endpoint(url)?.0,
            None => full.clone(),
        };
        let key = config.api_key.map(|key| {
            let mut value = HeaderValue::from_str(&key).map_err(|_| HttpError::Key)?;
            value.set_sensitive(true);
            Ok(value)
        });
        let line = Line {
            client,
            timeout: Duration::from_millis(config.timeout_ms),
            answer_max_bytes: config.answer_max_bytes,
        };
        let name = format!("{}/{host}", config.operator);
        Ok(Self { name, operator: config.operator, line, full, solid, key: key.transpose()? })
    }

    async fn ask<T: DeserializeOwned>(&self, api: Api, method: &str, body: &Value) -> Result<T, NodeError> {
        let (base, api) = match api {
            Api::Full => (&self.full, "wallet"),
            Api::Solid => (&self.solid, "walletsolidity"),
        };
        let mut url = base.clone();
        url.path_segments_mut()
            .map_err(|()| NodeError::Transport("the address of the node has no path".to_owned()))?
            .pop_if_empty()
            .extend([api, method]);
        let key = self.key.as_ref().map(|key| (KEY_HEADER, key));
        let (status, text) = self.line.exchange(&url, key, body).await?;
        if !(200..300).contains(&status) {
            return Err(NodeError::Transport(format!("{method}: HTTP status {status}")));
        }
        read(method, &text)
    }

    async fn header_of(&self, api: Api, number: Option<u64>) -> Result<Option<Header>, NodeError> {
        let body = match number {
            Some(number) => json!({ "id_or_num": number.to_string(), "detail": false }),
            None => json!({ "detail": false }),
        };
        let header = self.ask::<BlockJson>(api, "getblock", &body).await?.header()?;
        match (&header, number) {
            (Some(header), Some(number)) if header.block.number != number => {
                Err(NodeError::Nonsense(format!("block #{} for #{number}", header.block.number)))
            }
            _ => Ok(header),
        }
    }
}

/// Reads a body, in the order of the catalogue of errors: a bare text, an `Error`, an answer.
fn read<T: DeserializeOwned>(method: &str, text: &[u8]) -> Result<T, NodeError> {
    let starts_as_json = matches!(text.trim_ascii_start().first(), Some(b'{' | b'['));
    if !starts_as_json && !text.trim_ascii().is_empty() {
        return Err(errors::refused(&String::from_utf8_lossy(text)));
    }
    if text.len() <= ERROR_MAX_BYTES
        && let Ok(ErrorJson { error }) = serde_json::from_slice(text)
    {
        return Err(errors::refused(&error));
    }
    serde_json::from_slice(text).map_err(|error| NodeError::Nonsense(format!("{method}: {error}")))
}

/// Asks about each of several things, some at once; answers in order.
async fn each<'a, I, T, R>(items: &'a [I], ask: impl Fn(&'a I) -> R) -> Vec<Result<T, NodeError>>
where
    R: Future<Output = Result<T, NodeError>>,
{
    let mut answers = Vec::with_capacity(items.len());
    for few in items.chunks(AT_ONCE) {
        answers.extend(join_all(few.iter().map(&ask)).await);
    }
    answers
}

/// An address as bodies have it.
fn text(address: TronAddress) -> String {
    hex::encode(address.to_21())
}

/// `ResourceCode`.
const fn code(resource: Resource) -> u8 {
    match resource {
        Resource::Bandwidth => 0,
        Resource::Energy => 1,
    }
}

impl fmt::Debug for HttpNode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "HttpNode({})", self.name)
    }
}

impl fmt::Display for HttpNode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

impl Node for HttpNode {
    fn name(&self) -> &str {
        &self.name
    }

    fn operator(&self) -> &str {
        &self.operator
    }

    fn chain_id(&self) -> Fut<'_, Result<u64, NodeError>> {
        Box::pin(async {
            let genesis = self.header_of(Api::Full, Some(0)).await?;
            let genesis = genesis.ok_or_else(|| NodeError::Nonsense("no block #0".to_owned()))?;
            let [.., a, b, c, d] = genesis.block.hash;
            Ok(u32::from_be_bytes([a, b, c, d]).into())
        })
    }

    fn header(&self, tag: Tag) -> Fut<'_, Result<Option<Header>, NodeError>> {
        let (api, number) = match tag {
            Tag::Latest => (Api::Full, None),
            Tag::Finalized => (Api::Solid, None),
            Tag::Number(number) => (Api::Full, Some(number)),
        };
        Box::pin(self.header_of(api, number))
    }

    fn block(&self, number: u64, api: Api) -> Fut<'_, Result<Option<Block>, NodeError>> {
        Box::pin(async move {
            let block =
                self.ask::<BlockJson>(api, "getblockbynum", &json!({ "num": number })).await?.read()?;
            match &block {
                Some(block) if block.header.block.number != number => {
                    Err(NodeError::Nonsense(format!("block #{} for #{number}", block.header.block.number)))
                }
                _ => Ok(block),
            }
        })
    }

    fn blocks(&self, from: u64, count: u64) -> Fut<'_, Result<Vec<Block>, NodeError>> {
        Box::pin(async move {
            let end = from.saturating_add(count.min(BLOCKS_MAX));
            let body = json!({ "startNum": from, "endNum": end });
            let blocks: BlocksJson = self.ask(Api::Solid, "getblockbylimitnext", &body).await?;
            let whole = |block: BlockJson| {
                block.read()?.ok_or_else(|| NodeError::Nonsense("an empty block among blocks".to_owned()))
            };
            blocks.block.into_iter().map(whole).collect()
        })
    }

    fn infos<'a>(&'a self, txids: &'a [[u8; 32]], api: Api) -> Fut<'a, Result<Vec<Option<Info>>, NodeError>> {
        Box::pin(async move {
            let info = |txid: &'a [u8; 32]| async move {
                let body = json!({ "value": hex::encode(txid) });
                let info = self.ask::<InfoJson>(api, "gettransactioninfobyid", &body).await?.read()?;
                match &info {
                    Some(info) if info.txid != *txid => {
                        Err(NodeError::Nonsense("the receipt of another transaction".to_owned()))
                    }
                    _ => Ok(info),
                }
            };
            each(txids, info).await.into_iter().collect()
        })
    }

    fn infos_of(&self, number: u64, api: Api) -> Fut<'_, Result<Vec<Info>, NodeError>> {
        Box::pin(async move {
            let body = json!({ "num": number });
            let infos: Vec<InfoJson> = self.ask(api, "gettransactioninfobyblocknum", &body).await?;
            let whole = |info: InfoJson| {
                info.read()?.ok_or_else(|| NodeError::Nonsense("an empty receipt among receipts".to_owned()))
            };
            infos.into_iter().map(whole).collect()
        })
    }

    fn send<'a>(&'a self, raw: &'a [Vec<u8>]) -> Fut<'a, Vec<Result<Said, NodeError>>> {
        Box::pin(async move {
            let send = |raw: &'a Vec<u8>| async move {
                let body = json!({ "transaction": hex::encode(raw) });
                let answer: BroadcastJson = self.ask(Api::Full, "broadcasthex", &body).await?;
                // Bytes that are no transaction were never taken as one.
                Ok(relayed(raw).map_or_else(
                    |error| Said::Other(error.to_string()),
                    |relayed| answer.read(txid(&relayed.raw)),
                ))
            };
            each(raw, send).await
        })
    }

    fn knows(&self, txid: [u8; 32]) -> Fut<'_, Result<bool, NodeError>> {
        Box::pin(async move {
            let body = json!({ "value": hex::encode(txid) });
            let (waits, included) = join(
                self.ask::<ShownJson>(Api::Full, "gettransactionfrompending", &body),
                self.ask::<ShownJson>(Api::Full, "gettransactionbyid", &body),
            )
            .await;
            match (waits, included) {
                (Ok(shown), _) | (_, Ok(shown)) if shown.is(txid) => Ok(true),
                (Ok(_), Ok(_)) => Ok(false),
                (Err(error), _) | (_, Err(error)) => Err(error),
            }
        })
    }

    fn calls<'a>(&'a self, calls: &'a [Trigger], api: Api) -> Fut<'a, Vec<Result<Called, NodeError>>> {
        Box::pin(async move {
            let call = |call: &'a Trigger| async move {
                let body = json!({
                    "owner_address": text(call.owner),
                    "contract_address": text(call.contract),
                    "data": hex::encode(&call.data),
                });
                self.ask::<CalledJson>(api, "triggerconstantcontract", &body).await?.read()
            };
            each(calls, call).await
        })
    }

    fn account(&self, account: TronAddress, api: Api) -> Fut<'_, Result<Option<Account>, NodeError>> {
        Box::pin(async move {
            let body = json!({ "address": text(account) });
            self.ask::<AccountJson>(api, "getaccount", &body).await?.read(account)
        })
    }

    fn left(&self, account: TronAddress) -> Fut<'_, Result<Left, NodeError>> {
        Box::pin(async move {
            let body = json!({ "address": text(account) });
            self.ask::<ResourceJson>(Api::Full, "getaccountresource", &body).await?.read()
        })
    }

    fn lendable(&self, account: TronAddress, resource: Resource) -> Fut<'_, Result<u64, NodeError>> {
        Box::pin(async move {
            let body = json!({ "owner_address": text(account), "type": code(resource) });
            self.ask::<LendableJson>(Api::Full, "getcandelegatedmaxsize", &body).await?.read()
        })
    }

    fn collectable(&self, account: TronAddress, at_ms: i64) -> Fut<'_, Result<u64, NodeError>> {
        Box::pin(async move {
            let body = json!({ "owner_address": text(account), "timestamp": at_ms });
            self.ask::<ReturnedJson>(Api::Full, "getcanwithdrawunfreezeamount", &body).await?.read()
        })
    }

    fn loan(
        &self,
        from: TronAddress,
        to: TronAddress,
        resource: Resource,
        at_ms: i64,
    ) -> Fut<'_, Result<u64, NodeError>> {
        Box::pin(async move {
            let body = json!({ "fromAddress": text(from), "toAddress": text(to) });
            self.ask::<LoansJson>(Api::Full, "getdelegatedresourcev2", &body).await?.read(resource, at_ms)
        })
    }

    fn prices(&self) -> Fut<'_, Result<Prices, NodeError>> {
        Box::pin(async move {
            self.ask::<ParametersJson>(Api::Full, "getchainparameters", &json!({})).await?.read()
        })
    }

    fn is_contract(&self, account: TronAddress) -> Fut<'_, Result<bool, NodeError>> {
        Box::pin(async move {
            let body = json!({ "value": text(account) });
            Ok(self.ask::<ContractJson>(Api::Full, "getcontract", &body).await?.is_one())
        })
    }
}
