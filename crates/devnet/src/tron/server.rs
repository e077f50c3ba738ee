//! The sockets: one for each node, on loopback.

use std::{convert::Infallible, net::SocketAddr, sync::Arc, time::Duration};

use http_body_util::{BodyExt, Full, Limited};
use hyper::{
    Method, Request as HttpRequest, Response, StatusCode,
    body::{Bytes, Incoming},
    header::{ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_ORIGIN, CONTENT_TYPE, HeaderValue},
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::Semaphore,
    task::JoinSet,
};

use super::{
    address::Address,
    chain::Chain,
    config::{Blocks, TronConfig, TronError},
    control::Control,
    http::Request,
    journal::Resumed,
    key::Account,
    network::{Network, Reply, wall_ms},
    sim,
};

/// Connections of one node at a time; further ones wait to be taken.
const CONNECTIONS_MAX: usize = 1_024;
/// The longest body. A transaction has at most 500 KiB, and twice that as hexadecimal.
const REQUEST_MAX_BYTES: usize = 4 * 1024 * 1024;
/// A head that is not whole by then ends the connection.
const HEAD_LIMIT: Duration = Duration::from_secs(30);
/// How often it is looked whether a block is due.
const TICK: Duration = Duration::from_millis(50);

/// A running simulated network, gone when dropped.
#[derive(Debug)]
pub struct Tron {
    control: Control,
    addresses: Vec<SocketAddr>,
    usdt: Address,
    chain_id: u32,
    resumed: Option<Resumed>,
    _keeper: JoinSet<()>,
}

impl Tron {
    /// Starts to listen, and to make blocks.
    ///
    /// # Errors
    /// [`TronError`]: one sentence.
    pub async fn start(config: TronConfig) -> Result<Self, TronError> {
        config.check()?;
        let accounts = config.known_accounts();
        let bank = Account::derived("bank", config.seed, 0);
        let setup = config.setup(&accounts, bank.address());
        let (chain, resumed) = match &config.state {
            Some(path) => {
                let (chain, resumed) = Chain::kept(setup, path, wall_ms())?;
                (chain, Some(resumed))
            }
            None => {
                let (mut chain, lag) = (Chain::new(setup), config.solid_lag);
                // The bound of `solid_lag` leaves room for them.
                let _room = chain.begin(lag, wall_ms());
                (chain, None)
            }
        };
        let network = Arc::new(Network::new(chain, config.nodes, config.seed));
        let control = Control { network: Arc::clone(&network), accounts: accounts.into(), bank };
        let mut keeper = JoinSet::new();
        let mut addresses = Vec::new();
        for node in 0..config.nodes {
            let mut address = config.listen;
            if address.port() != 0 {
                let port = u16::try_from(node).ok().and_then(|node| address.port().checked_add(node));
                address.set_port(port.unwrap_or(0));
            }
            let failed = |source| TronError::Listen { address, source };
            let listener = TcpListener::bind(address).await.map_err(failed)?;
            addresses.push(listener.local_addr().map_err(failed)?);
            keeper.spawn(keep(listener, node, control.clone()));
        }
        if config.blocks != Blocks::OnDemand {
            keeper.spawn(make_blocks(network, config.blocks));
        }
        let (usdt, chain_id) = (config.usdt, config.chain_id);
        Ok(Self { control, addresses, usdt, chain_id, resumed, _keeper: keeper })
    }

    /// What was in the file that the chain is kept in; `None` if it is kept nowhere.
    pub fn resumed(&self) -> Option<Resumed> {
        self.resumed
    }

    /// Waits until the file that the chain is kept in cannot be written any more, and says why. From then on every
    /// question loses its connection: start again once there is room.
    pub async fn failed(&self) -> String {
        self.control.network.failed().await
    }

    /// The first node's address, for clients.
    pub fn url(&self) -> String {
        self.node_url(0)
    }

    /// A node's address; the first one's if there is no such node.
    pub fn node_url(&self, node: usize) -> String {
        let address = self.addresses.get(node).or_else(|| self.addresses.first());
        address.map(|address| format!("http://{address}")).unwrap_or_default()
    }

    /// How many nodes there are.
    pub fn nodes(&self) -> usize {
        self.addresses.len()
    }

    /// The levers.
    pub fn control(&self) -> Control {
        self.control.clone()
    }

    /// The token's contract.
    pub fn usdt(&self) -> Address {
        self.usdt
    }

    /// What `eth_chainId` says.
    pub fn chain_id(&self) -> u32 {
        self.chain_id
    }
}

async fn make_blocks(network: Arc<Network>, blocks: Blocks) {
    let period = match blocks {
        Blocks::EveryMs(ms) => Duration::from_millis(ms.max(1)),
        Blocks::OnTime | Blocks::OnDemand => TICK,
    };
    let mut ticks = tokio::time::interval(period);
    loop {
        ticks.tick().await;
        let mut chain = network.chain();
        if matches!(blocks, Blocks::EveryMs(_)) || chain.is_due(wall_ms()) {
            // A chain that cannot grow waits until it is solid again; whoever stalled it knows.
            let _stalled = chain.mine(wall_ms());
        }
    }
}

async fn keep(listener: TcpListener, node: usize, control: Control) {
    let places = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    let mut guests = JoinSet::new();
    while let Ok(place) = Arc::clone(&places).acquire_owned().await {
        // Out of file descriptors, or a connection that ended before it began: the next one may do better.
        let Ok((stream, _)) = listener.accept().await else {
            tokio::time::sleep(Duration::from_millis(10)).await;
            continue;
        };
        let control = control.clone();
        guests.spawn(async move {
            host(stream, node, &control).await;
            drop(place);
        });
        while guests.try_join_next().is_some() {}
    }
}

/// One connection, until either side has enough of it.
async fn host(stream: TcpStream, node: usize, control: &Control) {
    let _best_effort = stream.set_nodelay(true);
    let service = service_fn(|request| serve(request, node, control));
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_LIMIT)
        .serve_connection(TokioIo::new(stream), service);
    // A connection ends with an error whenever a reply is lost: that is what the client is to see.
    let _ended = connection.await;
}

/// The reply is lost, and the connection closes.
#[derive(Debug, thiserror::Error)]
#[error("the reply is lost")]
struct Lost;

impl From<Infallible> for Lost {
    fn from(never: Infallible) -> Self {
        match never {}
    }
}

async fn serve(
    request: HttpRequest<Incoming>,
    node: usize,
    control: &Control,
) -> Result<Response<Full<Bytes>>, Lost> {
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    let query = request.uri().query().unwrap_or_default().to_owned();
    if method == Method::OPTIONS {
        return Ok(with_status(StatusCode::OK, Bytes::new()));
    }
    if method != Method::GET && method != Method::POST {
        return Ok(with_status(StatusCode::METHOD_NOT_ALLOWED, Bytes::new()));
    }
    let Ok(body) = Limited::new(request.into_body(), REQUEST_MAX_BYTES).collect().await else {
        return Ok(with_status(StatusCode::PAYLOAD_TOO_LARGE, Bytes::new()));
    };
    let body = body.to_bytes();
    let reply = route(&method, &path, &query, &body, node, control).await;
    if control.network.has_failed() {
        return Err(Lost);
    }
    match reply {
        Reply::Json(value) => Ok(with_status(StatusCode::OK, Bytes::from(value.to_string()))),
        Reply::Text(text) => Ok(with_status(StatusCode::OK, Bytes::from_static(text.as_bytes()))),
        Reply::NotFound => Ok(with_status(StatusCode::NOT_FOUND, Bytes::new())),
        Reply::Unavailable => {
            let page = b"<html><body><h1>503 Service Unavailable</h1></body></html>";
            let mut response = with_status(StatusCode::SERVICE_UNAVAILABLE, Bytes::from_static(page));
            response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/html"));
            Ok(response)
        }
        Reply::Lost => Err(Lost),
    }
}

async fn route(
    method: &Method,
    path: &str,
    query: &str,
    body: &Bytes,
    node: usize,
    control: &Control,
) -> Reply {
    let network = &control.network;
    let mut parts = path.trim_matches('/').splitn(2, '/');
    let (group, name) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    let ask = || if *method == Method::GET { Ok(Request::of_query(query)) } else { Request::of_body(body) };
    match group {
        "wallet" => network.answer(node, false, name, ask()).await,
        "walletsolidity" => network.answer(node, true, name, ask()).await,
        "jsonrpc" if *method == Method::POST => network.jsonrpc(node, body),
        "sim" => sim::answer(control, name, ask()),
        "" => sim::answer(control, "status", ask()),
        _ => Reply::NotFound,
    }
}

fn with_status(status: StatusCode, body: Bytes) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(body));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json; charset=utf-8"));
    // Wallets in a browser ask from another origin.
    headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, HeaderValue::from_static("*"));
    response
}
