//! `chaos_rpc`: a proxy between any client and any JSON-RPC node over HTTP, on which things go wrong.
//!
//! It loses, delays, duplicates and reorders requests and replies, also inside batches; it breaks replies off, or never
//! answers; it lies as a bad node would; and it enforces the rules by which geth and bor take transactions ([`PoolRules`]),
//! which anvil does not. What goes wrong is said by [`Rule`]s, until they are lifted. Without rules it carries what it is
//! given, byte for byte.
//!
//! ```no_run
//! # async fn drill() -> Result<(), Box<dyn std::error::Error>> {
//! use sluice_devnet::chaos::{Chaos, ChaosConfig, Fault, Rule};
//!
//! let chaos = Chaos::start(ChaosConfig::before("http://127.0.0.1:8545", 7)).await?;
//! let lost = chaos.add(Rule::every(Fault::LoseReply).on("eth_sendRawTransaction").permille(300))?;
//! println!("send to {}", chaos.url());
//! chaos.lift(lost);
//! assert!(chaos.counts().of(Fault::LoseReply) > 0, "it really struck");
//! # Ok(())
//! # }
//! ```
//!
//! # Invariants
//! - The same seed, the same rules in the same order and the same sequence of calls of a method meet the same faults.
//! - What is counted has struck: a lie that changed nothing, and a request that nobody overtook, are not counted.
//! - Everything is bounded: connections, bodies, rules, what is held back, and for how long.
//! - It listens on loopback only.

mod call;
mod cut;
mod fault;
mod lie;
mod pool;
mod proxy;
mod script;
mod upstream;

use std::{
    net::{Ipv4Addr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use http_body_util::{BodyExt, Full, Limited};
use hyper::{
    Method, Request, Response, StatusCode, Uri,
    body::{Bytes, Incoming},
    header::{CONTENT_TYPE, HeaderValue},
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::Semaphore,
    task::JoinSet,
};

pub use fault::{Fault, Rule, RuleError, names};
pub use pool::PoolRules;
pub(crate) use script::mix;
pub use script::{Counts, RuleId, Strike};

use cut::{Cuttable, Shears};
use proxy::{Lost, Proxy, Reply};
use upstream::Upstream;

/// Connections at a time; further ones wait to be taken.
const CONNECTIONS_MAX: usize = 512;
/// The longest body that is read.
const REQUEST_MAX_BYTES: usize = 8 * 1024 * 1024;
/// A connection that was closed on our side is let go after this long.
const HALF_CLOSED: Duration = Duration::from_secs(10);

/// Where a proxy stands.
#[derive(Debug, Clone)]
pub struct ChaosConfig {
    /// The node, `http://host:port/path`.
    pub upstream: String,
    /// Where it listens: on loopback. Port 0 takes a free one.
    pub listen: SocketAddr,
    /// What chance is made of.
    pub seed: u64,
    /// What its pool asks of transactions; `None`: whatever the node itself asks.
    pub pool: Option<PoolRules>,
}

impl ChaosConfig {
    /// A proxy before this node, on a free port, without rules of a pool.
    pub fn before(upstream: impl Into<String>, seed: u64) -> Self {
        Self { upstream: upstream.into(), listen: (Ipv4Addr::LOCALHOST, 0).into(), seed, pool: None }
    }
}

/// Why there is no proxy. No variant shows the node's address: it may hold a key.
#[derive(Debug, thiserror::Error)]
pub enum ChaosError {
    /// Not an address of a node.
    #[error(
        "the node's address must be http://host:port; for a node behind https, put a local forwarder in front of it"
    )]
    Upstream,
    /// Open to the network.
    #[error("{address} is not on loopback; listen on 127.0.0.1, for nobody else may be lied to")]
    NotLoopback {
        /// What was asked for.
        address: SocketAddr,
    },
    /// The port.
    #[error("cannot listen on {address}")]
    Listen {
        /// Where.
        address: SocketAddr,
        /// What the system said.
        source: std::io::Error,
    },
}

/// A proxy, gone when dropped.
pub struct Chaos {
    proxy: Arc<Proxy>,
    address: SocketAddr,
    _keeper: JoinSet<()>,
}

impl Chaos {
    /// Starts to listen.
    ///
    /// # Errors
    /// [`ChaosError`]: one sentence.
    pub async fn start(config: ChaosConfig) -> Result<Self, ChaosError> {
        let uri: Uri = config.upstream.parse().map_err(|_| ChaosError::Upstream)?;
        if uri.scheme_str() != Some("http") || uri.host().is_none_or(str::is_empty) {
            return Err(ChaosError::Upstream);
        }
        let address = config.listen;
        if !address.ip().is_loopback() {
            return Err(ChaosError::NotLoopback { address });
        }
        let failed = |source| ChaosError::Listen { address, source };
        let listener = TcpListener::bind(address).await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        let proxy = Arc::new(Proxy::new(Upstream::new(uri), config.seed, config.pool));
        let mut keeper = JoinSet::new();
        keeper.spawn(keep(listener, Arc::clone(&proxy)));
        Ok(Self { proxy, address, _keeper: keeper })
    }

    /// Its address, for clients.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Its port on loopback.
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// From now on, and until it is lifted.
    ///
    /// # Errors
    /// [`RuleError`]: a figure out of bounds, or too many rules.
    pub fn add(&self, rule: Rule) -> Result<RuleId, RuleError> {
        self.proxy.script().add(rule)
    }

    /// Lifts a rule. One that is lifted already stays so.
    pub fn lift(&self, rule: RuleId) {
        self.proxy.script().lift(rule);
    }

    /// Lifts every rule but those of the pool.
    pub fn lift_all(&self) {
        self.proxy.script().lift_all();
    }

    /// From now on its pool asks this of transactions; `None`: whatever the node itself asks.
    pub fn enforce(&self, rules: Option<PoolRules>) {
        self.proxy.enforce(rules);
    }

    /// What has struck so far. Rules of the pool are counted as `pool_tip_floor`, `pool_replacement`, `pool_known`,
    /// `pool_nonce_low`, `pool_funds`, `pool_executable_slots` and `pool_queued_slots`.
    pub fn counts(&self) -> Counts {
        self.proxy.script().counts()
    }

    /// The last 4,096 strikes, oldest first.
    pub fn strikes(&self) -> Vec<Strike> {
        self.proxy.script().told()
    }
}

impl std::fmt::Debug for Chaos {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Chaos").field("address", &self.address).finish_non_exhaustive()
    }
}

impl Counts {
    /// The report as JSON: an array of `{fault, method, count}`.
    pub fn json(&self) -> Value {
        self.iter()
            .map(|(fault, method, count)| json!({ "fault": fault, "method": method, "count": count }))
            .collect()
    }
}

async fn keep(listener: TcpListener, proxy: Arc<Proxy>) {
    let places = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    let mut guests = JoinSet::new();
    while let Ok(place) = Arc::clone(&places).acquire_owned().await {
        // Out of file descriptors, or a connection that ended before it began: the next one may do better.
        let Ok((stream, _)) = listener.accept().await else {
            tokio::time::sleep(Duration::from_millis(10)).await;
            continue;
        };
        let proxy = Arc::clone(&proxy);
        guests.spawn(async move {
            host(stream, &proxy).await;
            drop(place);
        });
        while guests.try_join_next().is_some() {}
    }
}

/// One connection, until either side has enough of it.
async fn host(stream: TcpStream, proxy: &Proxy) {
    // Without it the node's quickness is lost to the system's waiting for more to send.
    let _best_effort = stream.set_nodelay(true);
    let (stream, shears) = Cuttable::new(stream);
    let service = service_fn(|request| serve(request, proxy, &shears));
    let connection =
        http1::Builder::new().auto_date_header(false).serve_connection(TokioIo::new(stream), service);
    let cut = async {
        shears.has_cut().await;
        tokio::time::sleep(HALF_CLOSED).await;
    };
    // A connection ends with an error whenever a reply is lost: that is what the client is to see.
    tokio::select! {
        _ended = connection => {}
        () = cut => {}
    }
}

/// A GET answers the report; everything else is for the node.
async fn serve(
    request: Request<Incoming>,
    proxy: &Proxy,
    shears: &Shears,
) -> Result<Response<Full<Bytes>>, Lost> {
    if request.method() == Method::GET {
        return Ok(json_response(Bytes::from(proxy.script().counts().json().to_string())));
    }
    let Ok(body) = Limited::new(request.into_body(), REQUEST_MAX_BYTES).collect().await else {
        let mut refusal = json_response(Bytes::new());
        *refusal.status_mut() = StatusCode::PAYLOAD_TOO_LARGE;
        return Ok(refusal);
    };
    match proxy.carry(body.to_bytes()).await? {
        Reply::Whole(bytes) => Ok(json_response(bytes)),
        Reply::Broken(bytes) => {
            shears.cut_after(head_bytes(bytes.len()) + u64::try_from(bytes.len()).unwrap_or(0) / 2);
            Ok(json_response(bytes))
        }
    }
}

fn json_response(body: Bytes) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(body));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

/// Length of what stands before a body of so many bytes, as it is written here: no date, two fields.
fn head_bytes(body_bytes: usize) -> u64 {
    let head =
        format!("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {body_bytes}\r\n\r\n");
    u64::try_from(head.len()).unwrap_or(0)
}
