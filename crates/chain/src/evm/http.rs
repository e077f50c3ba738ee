//! A node over JSON-RPC and HTTP. The only place of this crate that knows a runtime, a socket or a timeout.

mod wire;

use std::fmt;
use std::sync::atomic::{AtomicU64, AtomicUsize};
use std::time::Duration;

use serde::de::DeserializeOwned;
use serde_json::json;
use serde_json::value::RawValue;
use sluice_codec::evm::txid;
use sluice_core::address::EvmAddress;
use sluice_core::amount::Units;
use sluice_core::port::Fut;
use sluice_core::port::chain::Heard;

use super::errors;
use super::json::{self, BlockJson, Data, FeeHistoryJson, HeaderJson, LogJson, Quantity, ReceiptJson, Word};
use super::node::{At, Call, Called, Header, Node, NodeError, Receipt, Sent, Tag, TxLog};
use wire::{Answer, Lost, Question, Wire};

pub use crate::http::{Client, HttpError, client};
use crate::http::{Line, endpoint};

/// Blocks and percentile of `eth_feeHistory` (DESIGN 6).
const FEE_BLOCKS: &str = "0xa";
const FEE_PERCENTILE: u8 = 20;
/// Accounts in one log filter; geth takes at most 1,000.
const WALLETS_PER_FILTER: usize = 500;

/// A request and its answer take at most this long. A node that needs longer for one block holds up payments, and the
/// loops that wait for it lose their leases.
const TIMEOUT_MS: u64 = 5_000;

/// How to reach a node.
#[derive(Clone, PartialEq, Eq)]
pub struct HttpConfig {
    /// Who runs it; quorum counts these (M4).
    pub operator: String,
    /// `http` or `https`. May hold a key: it is never shown.
    pub url: String,
    /// A request and its answer take at most this long.
    pub timeout_ms: u64,
    /// Most questions in one request.
    pub batch_max: usize,
    /// Largest answer that is read.
    pub answer_max_bytes: usize,
}

impl HttpConfig {
    /// A node with the usual limits.
    pub fn new(operator: impl Into<String>, url: impl Into<String>) -> Self {
        Self {
            operator: operator.into(),
            url: url.into(),
            timeout_ms: TIMEOUT_MS,
            batch_max: 50,
            answer_max_bytes: 32 << 20,
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
    wire: Wire,
}

impl HttpNode {
    /// A node reached through `client` (see [`client`]).
    ///
    /// # Errors
    /// [`HttpError::Url`] for anything but an http or https URL.
    pub fn new(client: reqwest::Client, config: HttpConfig) -> Result<Self, HttpError> {
        let (url, host) = endpoint(&config.url)?;
        let name = format!("{}/{host}", config.operator);
        let line = Line {
            client,
            timeout: Duration::from_millis(config.timeout_ms),
            answer_max_bytes: config.answer_max_bytes,
        };
        let wire = Wire {
            line,
            url,
            batch_most: config.batch_max.max(1),
            batch_max: AtomicUsize::new(config.batch_max.max(1)),
            answered: AtomicUsize::new(0),
            next_id: AtomicU64::new(1),
        };
        Ok(Self { name, operator: config.operator, wire })
    }

    async fn one<T: DeserializeOwned>(&self, question: Question) -> Result<T, NodeError> {
        let method = question.0;
        parse(method, &self.wire.ask(question).await?)
    }

    async fn all<T: DeserializeOwned>(&self, questions: Vec<Question>) -> Result<Vec<T>, NodeError> {
        let answers = self.wire.ask_all(&questions).await;
        questions.iter().zip(answers).map(|((method, _), answer)| parse(method, &answer?)).collect()
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

fn parse<T: DeserializeOwned>(method: &str, value: &RawValue) -> Result<T, NodeError> {
    serde_json::from_str(value.get()).map_err(|error| NodeError::Nonsense(format!("{method}: {error}")))
}

fn heard(raw: &[u8], answer: Answer) -> Result<Heard, NodeError> {
    Ok(match answer {
        Ok(value) => match parse::<Word>("eth_sendRawTransaction", &value) {
            Ok(hash) if hash.0 == txid(raw) => Heard::Accepted,
            Ok(hash) => Heard::Unclear(format!("accepted as {}", json::hex_of(&hash.0))),
            Err(error) => Heard::Unclear(error.to_string()),
        },
        Err(Lost::Fault(fault)) => errors::heard(fault.code, &fault.message),
        Err(Lost::Node(error)) => return Err(error),
    })
}

impl Node for HttpNode {
    fn name(&self) -> &str {
        &self.name
    }

    fn operator(&self) -> &str {
        &self.operator
    }

    fn chain_id(&self) -> Fut<'_, Result<u64, NodeError>> {
        Box::pin(async { self.one::<Quantity>(("eth_chainId", json!([]))).await?.to_u64() })
    }

    fn header(&self, tag: Tag) -> Fut<'_, Result<Option<Header>, NodeError>> {
        Box::pin(async move {
            let question = ("eth_getBlockByNumber", json!([json::tag(tag), false]));
            let header = self.one::<Option<HeaderJson>>(question).await?.map(HeaderJson::read).transpose()?;
            match (&header, tag) {
                (Some(header), Tag::Number(number)) if header.block.number != number => {
                    Err(NodeError::Nonsense(format!("block #{} for #{number}", header.block.number)))
                }
                _ => Ok(header),
            }
        })
    }

    fn transactions(&self, block: [u8; 32]) -> Fut<'_, Result<Option<Vec<Sent>>, NodeError>> {
        Box::pin(async move {
            let question = ("eth_getBlockByHash", json!([json::hex_of(&block), true]));
            match self.one::<Option<BlockJson>>(question).await? {
                Some(found) if found.hash.0 == block => found.read().map(Some),
                Some(_) => Err(NodeError::Nonsense("another block than asked for".to_owned())),
                None => Ok(None),
            }
        })
    }

    fn wallet_logs<'a>(
        &'a self,
        block: [u8; 32],
        wallets: &'a [EvmAddress],
    ) -> Fut<'a, Result<Vec<TxLog>, NodeError>> {
        Box::pin(async move {
            let filters = wallets.chunks(WALLETS_PER_FILTER);
            let questions =
                filters.map(|few| ("eth_getLogs", json!([json::wallet_filter(block, few)]))).collect();
            let found: Vec<Vec<LogJson>> = self.all(questions).await?;
            found.into_iter().flatten().map(|log| log.read(block)).collect()
        })
    }

    fn receipts<'a>(&'a self, txids: &'a [[u8; 32]]) -> Fut<'a, Result<Vec<Option<Receipt>>, NodeError>> {
        Box::pin(async move {
            let question = |txid: &[u8; 32]| ("eth_getTransactionReceipt", json!([json::hex_of(txid)]));
            let found: Vec<Option<ReceiptJson>> = self.all(txids.iter().map(question).collect()).await?;
            found
                .into_iter()
                .zip(txids)
                .map(|(found, txid)| found.map(|found| found.read(*txid)).transpose())
                .collect()
        })
    }

    fn nonces<'a>(&'a self, accounts: &'a [EvmAddress], at: At) -> Fut<'a, Result<Vec<u64>, NodeError>> {
        Box::pin(async move {
            let question =
                |account: &EvmAddress| ("eth_getTransactionCount", json!([account.key(), json::at(at)]));
            let found: Vec<Quantity> = self.all(accounts.iter().map(question).collect()).await?;
            found.into_iter().map(Quantity::to_u64).collect()
        })
    }

    fn balance(&self, account: EvmAddress, at: At) -> Fut<'_, Result<Units, NodeError>> {
        Box::pin(async move {
            let question = ("eth_getBalance", json!([account.key(), json::at(at)]));
            Ok(self.one::<Quantity>(question).await?.0)
        })
    }

    fn calls<'a>(&'a self, calls: &'a [Call], at: At) -> Fut<'a, Result<Vec<Called>, NodeError>> {
        Box::pin(async move {
            let question = |call: &Call| ("eth_call", json!([json::call(call), json::at(at)]));
            let questions: Vec<Question> = calls.iter().map(question).collect();
            let answers = self.wire.ask_all(&questions).await.into_iter().map(|answer| match answer {
                Ok(value) => Ok(Called::Returned(parse::<Data>("eth_call", &value)?.0)),
                Err(Lost::Fault(fault))
                    if errors::is_revert(fault.code, &fault.message, fault.data.as_deref()) =>
                {
                    Ok(Called::Reverted(fault.data.unwrap_or_default()))
                }
                Err(lost) => Err(lost.into()),
            });
            answers.collect()
        })
    }

    fn estimates<'a>(&'a self, calls: &'a [Call]) -> Fut<'a, Result<Vec<Option<u64>>, NodeError>> {
        Box::pin(async move {
            let question = |call: &Call| ("eth_estimateGas", json!([json::call(call)]));
            let questions: Vec<Question> = calls.iter().map(question).collect();
            let answers = self.wire.ask_all(&questions).await.into_iter().map(|answer| match answer {
                Ok(value) => parse::<Quantity>("eth_estimateGas", &value)?.to_u64().map(Some),
                Err(Lost::Fault(fault))
                    if errors::is_revert(fault.code, &fault.message, fault.data.as_deref()) =>
                {
                    Ok(None)
                }
                Err(lost) => Err(lost.into()),
            });
            answers.collect()
        })
    }

    fn tip(&self) -> Fut<'_, Result<u128, NodeError>> {
        Box::pin(async move {
            let question = ("eth_feeHistory", json!([FEE_BLOCKS, "latest", [FEE_PERCENTILE]]));
            self.one::<FeeHistoryJson>(question).await?.read()
        })
    }

    fn has_code(&self, account: EvmAddress) -> Fut<'_, Result<bool, NodeError>> {
        Box::pin(async move {
            let question = ("eth_getCode", json!([account.key(), "latest"]));
            Ok(!self.one::<Data>(question).await?.0.is_empty())
        })
    }

    fn send<'a>(&'a self, raw: &'a [Vec<u8>]) -> Fut<'a, Vec<Result<Heard, NodeError>>> {
        Box::pin(async move {
            let question = |raw: &Vec<u8>| ("eth_sendRawTransaction", json!([json::hex_of(raw)]));
            let questions: Vec<Question> = raw.iter().map(question).collect();
            let answers = self.wire.ask_all(&questions).await;
            raw.iter().zip(answers).map(|(raw, answer)| heard(raw, answer)).collect()
        })
    }
}
