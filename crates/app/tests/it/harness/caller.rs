//! Somebody who asks for withdrawals, and writes down what before asking.

use std::pin::pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use futures_util::future::{Either, join_all, select};
use sluice_api::alert::Alert;
use sluice_api::client::{Client, ClientError, Credentials, Surroundings};
use sluice_api::event::Event;
use sluice_api::query::AlertQuery;
use sluice_api::status::{Status, WaitKind};
use sluice_api::wallet::{AdoptWallet, WalletCheck};
use sluice_api::withdrawal::{CreateWithdrawal, Withdrawal};
use sluice_core::address::TronAddress;

use super::engine::DevFile;
use super::{PATIENCE, until};

/// What the caller wrote down before its first call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Order {
    /// Its own id.
    pub external_id: String,
    /// To whom: a fresh address for every order, so that the chain alone says what was paid for it.
    pub address: String,
    /// Atoms of the test dollar (6 digits).
    pub atoms: u64,
}

impl Order {
    /// Orders with fresh recipients and different amounts. `tag` keeps the ids of tests apart.
    pub fn fresh(tag: &str, count: u64) -> Vec<Self> {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        (0..count)
            .map(|index| {
                let unique = NEXT.fetch_add(1, Ordering::Relaxed);
                Self {
                    external_id: format!("{tag}-{unique}"),
                    address: format!("0x{:0>8x}{:0>32x}", 0xd15b_0000_u32, unique + 0x1000),
                    atoms: 1_000_000 + index * 10_007,
                }
            })
            .collect()
    }

    /// The same on TRON, to accounts that nobody has used.
    pub fn fresh_on_tron(tag: &str, count: u64) -> Vec<Self> {
        let mut fresh = Self::fresh(tag, count);
        for order in &mut fresh {
            let bytes = hex::decode(&order.address[2..]).expect("hexadecimal");
            order.address = TronAddress(bytes.try_into().expect("twenty bytes")).to_string();
        }
        fresh
    }

    /// The amount as text.
    pub fn amount(&self) -> String {
        format!("{}.{:06}", self.atoms / 1_000_000, self.atoms % 1_000_000)
    }
}

/// Somebody with a key.
#[derive(Clone)]
pub struct Caller {
    /// The client under it.
    pub client: Client,
    /// The asset it orders.
    pub asset: String,
    /// With a key of the platform: what concerns no partner is told to it alone.
    platform: Client,
}

impl Caller {
    pub(super) fn new(dev: &DevFile, key: &str) -> Self {
        let client = |key: &str| {
            let credentials = Credentials::signed(key).expect("the file holds keys");
            Client::new(&dev.api_url, credentials, surroundings()).expect("a client")
        };
        Self { client: client(key), platform: client(&dev.platform_api_key), asset: dev.assets[0].id.clone() }
    }

    /// Somebody of the same partner whose key may do only this.
    pub async fn limited(&self, dev: &DevFile, scopes: &[&str]) -> Self {
        let body = serde_json::json!({ "name": "limited", "scopes": scopes, "reason": "a test" });
        let body = serde_json::from_value(body).expect("a body");
        let made = self.client.create_key(&body).await.expect("a key");
        let token = format!("{}.{}", made.key.id, made.secret.expect("a secret"));
        let credentials = Credentials::signed(&token).expect("a key");
        let client = Client::new(&dev.api_url, credentials, surroundings()).expect("a client");
        Self { client, asset: self.asset.clone(), platform: self.platform.clone() }
    }

    /// Two persons explain all that a frozen lane's wallet did behind the engine's back, as soon as it is final.
    pub async fn explain_all(&self, second: &Self, lane: &str) {
        super::until("everything is explained", async || {
            let unexplained = self.client.lane(lane).await.expect("the lane").unexplained;
            for one in &unexplained {
                let body = serde_json::json!({ "txid": one.txid, "type": "theft", "reason": "the drill" });
                let body = serde_json::from_value(body).expect("a body");
                for person in [self, second] {
                    // Refused while it is not final.
                    let _heard = person.client.adopt_transaction(lane, &body).await;
                }
            }
            unexplained.is_empty()
        })
        .await;
    }

    /// The body of an order.
    pub fn body(&self, order: &Order) -> CreateWithdrawal {
        let body = serde_json::json!({
            "external_id": order.external_id,
            "user_id": "user-1",
            "asset": self.asset,
            "amount": order.amount(),
            "address": order.address,
        });
        serde_json::from_value(body).expect("a body")
    }

    /// Asks once.
    pub async fn ask(&self, order: &Order) -> Result<Withdrawal, ClientError> {
        self.client.create_withdrawal(&self.body(order), None).await
    }

    /// Asks until there is an answer, whatever happens to the server meanwhile.
    pub async fn insist(&self, order: &Order) -> Withdrawal {
        let waited = tokio::time::timeout(PATIENCE, async {
            loop {
                match self.ask(order).await {
                    Ok(withdrawal) => return withdrawal,
                    Err(ClientError::Problem(problem)) if problem.status < 500 && problem.status != 429 => {
                        panic!("refused: {problem:?}")
                    }
                    Err(_) => tokio::time::sleep(Duration::from_millis(100)).await,
                }
            }
        });
        waited.await.expect("an answer in time")
    }

    /// Asks for more, now and then, until something has happened: a lane that took all there was at once may never come to
    /// the point where it is to happen. The last of what was asked for besides may have reached nobody: it is to be
    /// insisted on once somebody serves.
    pub async fn asking_more_until<T>(
        &self,
        spares: &mut Vec<Order>,
        happened: impl Future<Output = T>,
    ) -> (T, Vec<Order>) {
        let mut asked = Vec::new();
        let more = async {
            loop {
                tokio::time::sleep(Duration::from_secs(4)).await;
                let order = spares.pop().expect("an order to spare");
                asked.push(order.clone());
                self.insist(&order).await;
            }
        };
        let happened = match select(pin!(happened), pin!(more)).await {
            Either::Left((happened, _)) => happened,
            Either::Right(((), _)) => panic!("asking has no end"),
        };
        (happened, asked)
    }

    /// The withdrawal of an order as it stands.
    pub async fn look(&self, order: &Order) -> Option<Withdrawal> {
        patient("the withdrawal", async || self.client.withdrawal_by_external_id(&order.external_id).await)
            .await
    }

    /// Waits until the order has this status.
    pub async fn wait_for(&self, order: &Order, wanted: Status) -> Withdrawal {
        self.wait_within(PATIENCE, order, wanted).await
    }

    async fn wait_within(&self, time: Duration, order: &Order, wanted: Status) -> Withdrawal {
        let mut found = None;
        let waited = tokio::time::timeout(time, async {
            loop {
                found = self.look(order).await;
                let status = found.as_ref().map(|it| it.status);
                assert!(
                    status == Some(wanted) || !status.is_some_and(|it| it.is_terminal()),
                    "{} ended as {status:?}, not {wanted:?}: {found:?}",
                    order.external_id
                );
                if status == Some(wanted) {
                    break;
                }
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        });
        // What it waits for is in it.
        assert!(waited.await.is_ok(), "after {time:?} {} is not {wanted:?}: {found:?}", order.external_id);
        found.expect("it was found")
    }

    /// Asks for all of them at once, and insists.
    pub async fn insist_on(&self, orders: &[Order]) -> Vec<Withdrawal> {
        join_all(orders.iter().map(|order| self.insist(order))).await
    }

    /// What the rules say about a wallet that is to be adopted. A signer that opens a new key meanwhile says to try again.
    pub async fn checked(&self, wanted: &AdoptWallet) -> WalletCheck {
        patient("a wallet", async || self.client.check_wallet(wanted).await).await
    }

    /// The open alert of this kind, the partner's or the platform's, if there is one.
    pub async fn alert(&self, code: &str) -> Option<Alert> {
        let mut found = None;
        for client in [&self.client, &self.platform] {
            let alerts =
                patient("the alerts", async || client.alerts(AlertQuery::default()).take(200).await).await;
            found = found.or_else(|| alerts.into_iter().find(|alert| alert.code == code));
        }
        found
    }

    /// Waits until an alert of this kind is open.
    pub async fn is_alerted(&self, code: &str) -> Alert {
        let mut found = None;
        until(&format!("the alert {code}"), async || {
            found = self.alert(code).await;
            found.is_some()
        })
        .await;
        found.expect("it was found")
    }

    /// Waits until no alert of this kind is open.
    pub async fn alert_is_over(&self, code: &str) {
        until(&format!("the end of the alert {code}"), async || self.alert(code).await.is_none()).await;
    }

    /// Waits until the order says that it waits for this.
    pub async fn waits_for(&self, order: &Order, wanted: WaitKind) -> Withdrawal {
        let mut found = None;
        until(&format!("{} waits for {wanted:?}", order.external_id), async || {
            found = self.look(order).await;
            let waiting = found.as_ref().and_then(|it| it.waiting_for.as_ref()).map(|it| it.kind);
            waiting == Some(wanted)
        })
        .await;
        found.expect("it was found")
    }

    /// What happened to a withdrawal: kinds of its events, oldest first.
    pub async fn history(&self, id: &str) -> Vec<Event> {
        self.client.withdrawal_events(id).expect("an id").take(500).await.expect("its events")
    }

    /// The statuses a withdrawal has passed up to this one, as its events tell them. The feed gives an event its number
    /// after the commit that made it, so this waits until it tells the last one.
    pub async fn path_to(&self, id: &str, last: Status) -> Vec<String> {
        let mut path: Vec<String> = Vec::new();
        until(&format!("the feed tells that {id} is {last:?}"), async || {
            path.clear();
            for event in self.history(id).await {
                let status = event.data.get("status").and_then(|it| it.as_str()).map(str::to_owned);
                path.extend(status.filter(|status| path.last() != Some(status)));
            }
            path.last().is_some_and(|status| status == last.as_str())
        })
        .await;
        path
    }

    /// The partner's feed, as far as it is about one thing.
    pub async fn told(&self, kind: &str) -> Vec<Event> {
        let (mut after, mut found) = (0, Vec::new());
        loop {
            let page = self.client.events_after(after, 100).await.expect("a feed").data;
            let Some(last) = page.last() else { return found };
            after = last.number;
            found.extend(page.into_iter().filter(|event| event.kind == kind));
        }
    }

    /// Waits until every order is completed.
    pub async fn all_completed(&self, orders: &[Order]) {
        self.all_completed_within(PATIENCE, orders).await;
    }

    /// The same, where it may take longer than anything else.
    pub async fn all_completed_within(&self, time: Duration, orders: &[Order]) {
        for order in orders {
            self.wait_within(time, order, Status::Completed).await;
        }
    }
}

/// An answer, from a server that may be away for a while: no answer is nothing that was seen.
async fn patient<T>(what: &str, mut ask: impl AsyncFnMut() -> Result<T, ClientError>) -> T {
    let mut answer = None;
    until(&format!("an answer about {what}"), async || match ask().await {
        Ok(found) => {
            answer = Some(found);
            true
        }
        Err(error) if error.is_retryable() => false,
        Err(error) => panic!("{what}: {error:?}"),
    })
    .await;
    answer.expect("it was answered")
}

/// A clock and a nonce source for clients in tests.
#[expect(clippy::disallowed_methods, reason = "a test's client reads the real clock")]
fn surroundings() -> Surroundings {
    static NONCE: AtomicU64 = AtomicU64::new(0);
    let now_ms = || {
        let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
    };
    let nonce = move || {
        format!(
            "{:0>8x}-{:0>12x}-{:0>8x}",
            std::process::id(),
            now_ms(),
            NONCE.fetch_add(1, Ordering::Relaxed)
        )
    };
    Surroundings::new(now_ms, nonce)
}
