//! How many signed payments a second the TRON simulator accepts over HTTP.
//!
//! ```sh
//! cargo run --release -p sluice-devnet --example tron_load -- 30000 16
//! ```
//!
//! The first figure is how many, the second how many connections. They are signed before the clock starts, by as many
//! senders as there are connections; every answer must be `SUCCESS`, and afterwards every payment must be in a block.
//!
//! A third word is a new file: the chain is kept there, opened again at the end, and must have every block.

use std::{path::PathBuf, sync::Arc, time::Duration};

use http_body_util::{BodyExt, Full};
use hyper::{Method, Request, Uri, body::Bytes};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use serde_json::{Value, json};
use sluice_codec::tron::{Address as Wallet, Call, Reference, Signature, Terms, Unsigned, raw, signed, txid};
use sluice_devnet::tron::{Account, StateError, Tron, TronConfig, TronError};
use tokio::task::JoinSet;

/// What may go wrong ends the program with its reason.
type Failure = Box<dyn std::error::Error + Send + Sync>;

fn main() -> Result<(), Failure> {
    let mut arguments = std::env::args().skip(1);
    let mut figure = |otherwise: usize| arguments.next().map_or(Ok(otherwise), |text| text.parse());
    let (count, connections) = (figure(30_000)?, figure(16)?);
    let state = arguments.next().map(PathBuf::from);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(run(count, connections.max(1), state))
}

async fn run(count: usize, connections: usize, state: Option<PathBuf>) -> Result<(), Failure> {
    let begun = now();
    let config = TronConfig {
        accounts: u32::try_from(connections)?,
        pool_max: 1_000_000,
        block_bytes_max: 1_000_000_000,
        transactions_max: 1_000_000,
        state: state.clone(),
        ..TronConfig::test(1)
    };
    let tron = Tron::start(config.clone()).await?;
    println!("started in {} ms", begun.elapsed().as_millis());
    let control = tron.control();
    let client: Client<HttpConnector, Full<Bytes>> = Client::builder(TokioExecutor::new()).build_http();
    let head = post(&client, &format!("{}/wallet/getnowblock", tron.url()), "{}".into()).await?;
    let head = Head::read(&head).ok_or("no head")?;

    let share = count / connections;
    let bodies: Vec<Vec<Bytes>> = control
        .accounts()
        .iter()
        .map(|by| (0..share).filter_map(|nth| payment(by, &tron, &head, i64::try_from(nth).ok()?)).collect())
        .collect();
    let total: usize = bodies.iter().map(Vec::len).sum();
    println!("signed {total} payments of {connections} senders");

    let url: Arc<str> = format!("{}/wallet/broadcasthex", tron.url()).into();
    let begun = now();
    let mut senders = JoinSet::new();
    for bodies in bodies {
        let (client, url) = (client.clone(), Arc::clone(&url));
        senders.spawn(async move {
            for body in bodies {
                let said = post(&client, &url, body).await?;
                if said["code"] != "SUCCESS" {
                    return Err(Failure::from(said.to_string()));
                }
            }
            Ok(())
        });
    }
    while let Some(done) = senders.join_next().await {
        done??;
    }
    let took = begun.elapsed();
    println!("accepted {total} in {} ms: {} a second", took.as_millis(), rate(total, took));
    let begun = now();
    control.mine(1)?;
    println!("a block of them took {} ms", begun.elapsed().as_millis());
    let count = json!({ "num": control.head().number }).to_string();
    let url = format!("{}/wallet/gettransactioncountbyblocknum", tron.url());
    let included = post(&client, &url, count.into()).await?;
    if included["count"] != json!(total) {
        return Err(format!("{included} are in the block, of {total}").into());
    }
    let Some(state) = state else { return Ok(()) };
    let with_payments = std::fs::metadata(&state)?.len();
    println!("the file has {} bytes a payment", with_payments / u64::try_from(total)?.max(1));
    let begun = now();
    control.mine(EMPTY_BLOCKS)?;
    let more = std::fs::metadata(&state)?.len() - with_payments;
    println!("and {} an empty block, made in {} ms", more / EMPTY_BLOCKS, begun.elapsed().as_millis());
    let head = control.head();
    drop((tron, control));
    let (again, took) = reopened(&config).await?;
    println!("opened {:?} in {} ms", again.resumed(), took.as_millis());
    if again.control().head().number != head.number {
        return Err("blocks are missing".into());
    }
    Ok(())
}

/// How many show what a chain without payments costs.
const EMPTY_BLOCKS: u64 = 10_000;

/// Starts again as soon as the connections of the first start have let the file go.
async fn reopened(config: &TronConfig) -> Result<(Tron, Duration), Failure> {
    loop {
        let begun = now();
        match Tron::start(config.clone()).await {
            Err(TronError::State(StateError::InUse { .. })) => tokio::task::yield_now().await,
            started => return Ok((started?, begun.elapsed())),
        }
    }
}

fn rate(count: usize, took: Duration) -> u128 {
    let count = u128::try_from(count).unwrap_or(0);
    count * 1_000 / took.as_millis().max(1)
}

#[expect(clippy::disallowed_methods, reason = "what is measured is the machine's time")]
fn now() -> Stopwatch {
    Stopwatch(std::time::Instant::now())
}

struct Stopwatch(std::time::Instant);

impl Stopwatch {
    #[expect(clippy::disallowed_methods, reason = "what is measured is the machine's time")]
    fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }
}

struct Head {
    reference: Reference,
    time_ms: i64,
}

impl Head {
    fn read(block: &Value) -> Option<Self> {
        let id: [u8; 32] = hex::decode(block["blockID"].as_str()?).ok()?.try_into().ok()?;
        let raw = &block["block_header"]["raw_data"];
        let reference = Reference::of(raw["number"].as_u64()?, &id);
        Some(Self { reference, time_ms: raw["timestamp"].as_i64()? })
    }
}

fn payment(by: &Account, tron: &Tron, head: &Head, nth: i64) -> Option<Bytes> {
    let mut data = vec![0xa9, 0x05, 0x9c, 0xbb];
    data.extend(tron.usdt().word());
    data.extend([0; 31]);
    data.push(1);
    let unsigned = Unsigned {
        owner: Wallet(*by.address().bytes()),
        call: Call::Trigger { contract: Wallet(*tron.usdt().bytes()), data, value_sun: 0 },
        terms: Terms {
            reference: head.reference,
            expiration_ms: head.time_ms + 3_600_000,
            timestamp_ms: head.time_ms + nth,
            fee_limit_sun: 30_000_000,
            memo: Vec::new(),
            permission_id: 0,
        },
    };
    let raw = raw(&unsigned);
    let signature = Signature::read(&by.sign(&txid(&raw)))?;
    let body = json!({ "transaction": hex::encode(signed(&raw, &[signature])) });
    Some(Bytes::from(body.to_string()))
}

async fn post(client: &Client<HttpConnector, Full<Bytes>>, url: &str, body: Bytes) -> Result<Value, Failure> {
    let uri: Uri = url.parse()?;
    let request = Request::builder().method(Method::POST).uri(uri).body(Full::new(body))?;
    let bytes = client.request(request).await?.into_body().collect().await?.to_bytes();
    Ok(serde_json::from_slice(&bytes)?)
}
