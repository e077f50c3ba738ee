//! What the house does with a wallet's stake is done once, whatever dies on the way, and by that wallet (ADR 0023).

use sluice_api::client::ClientError;
use sluice_api::energy::{OrderStake, StakeDeed, StakeResource};
use sluice_api::query::WithdrawalQuery;
use sluice_api::status::Status;
use sluice_chain::tron::http::{HttpConfig, HttpNode, client};
use sluice_chain::tron::node::{Api, Node, Stake};
use sluice_core::address::TronAddress;
use sluice_core::errand::{Errand, Resource};
use sluice_core::id::WithdrawalId;
use sluice_devnet::tron::{Param, Tron, TronConfig};

use crate::harness::{Engine, Order, PATIENCE, Shape, SignerProcess, World, until};
use crate::on_both;

const TRX: u64 = 1_000_000;
/// Where the engine is killed while each errand is done.
const STAKE: &[&str] = &["store.apply/built:after"];
const LEND: &[&str] = &["signer.sign:after", "chain.submit:after", "store.apply/final:before"];
const RECLAIM: &[&str] = &["store.apply/signed:before"];
const UNSTAKE: &[&str] = &["store.apply/final:after"];

struct Drill {
    tron: Tron,
    world: World,
    signer: SignerProcess,
    pool: TronAddress,
    other: TronAddress,
}

impl Drill {
    async fn begin(database: crate::harness::Database) -> Self {
        let config = TronConfig { nodes: 2, chain_id: 31_337, solid_lag: 2, ..TronConfig::default() };
        let tron = Tron::start(config).await.expect("a network");
        let shape = Shape { lanes: 2, ..Shape::default() };
        let world = World::beside_tron(database, shape, vec![tron.node_url(0), tron.node_url(1)]).await;
        let signer = world.signer().await;
        let engine = world.engine_beside(&signer, "dev").await;
        let lanes = engine.caller().client.lanes().take(9).await.expect("lanes");
        let mut lanes = lanes.iter().filter(|lane| lane.chain == "tron:31337");
        let mut next = || TronAddress::parse(&lanes.next().expect("a lane").address).expect("an address");
        let (pool, other) = (next(), next());
        engine.kill().await;
        Self { tron, world, signer, pool, other }
    }

    /// Asks for it, kills the engine at each of these points, and waits until it is done.
    async fn errand(&self, name: &str, errand: Errand, whole: i64, points: &[&str]) -> WithdrawalId {
        let stored = self.world.stored().await;
        let id = stored.errand(self.pool, name, &errand, whole).await;
        stored.errand(self.pool, name, &errand, whole).await;
        drop(stored);
        for point in points {
            let mut engine = self.world.engine_beside(&self.signer, "dev").await;
            engine.point.arm(&format!("{point}:1:kill"));
            let gone = tokio::time::timeout(PATIENCE, engine.gone()).await;
            let gone = gone.unwrap_or_else(|_| panic!("{point}\n{}", self.world.tail(40)));
            assert_eq!(gone, Some(9), "{point}\n{}", self.world.tail(40));
        }
        let engine = self.world.engine_beside(&self.signer, "dev").await;
        self.done(&engine, name, id).await;
        self.is_no_withdrawal_of_a_partner(&engine).await;
        engine.kill().await;
        // Asked for once more, it was done already.
        self.world.stored().await.errand(self.pool, name, &errand, whole).await;
        id
    }

    async fn done(&self, engine: &Engine, name: &str, id: WithdrawalId) {
        let client = engine.caller().client;
        until(&format!("{name} is done"), async || {
            let found = client.withdrawal(&id.to_string()).await.expect("it is told");
            assert!(
                found.status == Status::Completed || !found.status.is_terminal(),
                "{name}: {found:?}\n{}",
                self.world.tail(40)
            );
            found.status == Status::Completed
        })
        .await;
    }

    async fn is_no_withdrawal_of_a_partner(&self, engine: &Engine) {
        let caller = engine.caller();
        let listed = caller.client.withdrawals(WithdrawalQuery::default()).take(9).await.expect("a list");
        assert!(listed.is_empty(), "{listed:?}");
        for asset in ["tron:31337/delegation:energy", "tron:31337/stake:energy"] {
            let mut caller = engine.caller();
            caller.asset = asset.into();
            let order = Order { address: self.other.to_string(), ..Order::fresh("errand", 1).remove(0) };
            match caller.ask(&order).await {
                Err(ClientError::Problem(problem)) => assert_eq!(problem.code.as_str(), "asset_unknown"),
                other => panic!("{other:?}"),
            }
        }
    }

    /// What people order by the API is the same errand: done once, and told as what it is.
    async fn ordered(&self) {
        let engine = self.world.engine_beside(&self.signer, "dev").await;
        let client = engine.caller().client;
        let lanes = client.lanes().take(9).await.expect("lanes");
        let lane = lanes.iter().find(|lane| lane.address == self.pool.to_string()).expect("the pool");
        let of = |deed: StakeDeed| OrderStake {
            external_id: format!("{deed}-by-api"),
            wallet_id: lane.id.clone(),
            deed,
            resource: StakeResource::Energy,
            amount: "400".into(),
            reason: "less is needed".into(),
        };
        // What is given up from now on is due at once; what was before, in 14 days.
        self.tron.control().set_parameter(Param::UnfreezeDelayDays, 0);
        let wanted = of(StakeDeed::Unstake);
        let check = client.check_stake(&wanted).await.expect("a look");
        let said = (check.staked.as_str(), check.unstaking.as_str(), check.covered);
        assert_eq!(said, ("1000", "3000", true), "{check:?}");
        let ordered = client.order_stake(&wanted).await.expect("ordered");
        let again = client.order_stake(&wanted).await.expect("the same");
        assert_eq!((&again.id, ordered.errand.map(|it| it.as_str())), (&ordered.id, Some("unstake")));
        let done = async |id: &str| {
            until("it is done", async || {
                client.withdrawal(id).await.expect("it is told").status == Status::Completed
            })
            .await;
        };
        done(&ordered.id).await;
        assert_eq!(self.stake().await, stake(600, 0), "once");
        assert_eq!(self.books("unstaking").await, "3400000000");
        let collected = client.order_stake(&of(StakeDeed::Collect)).await.expect("ordered");
        done(&collected.id).await;
        assert_eq!(self.books("unstaking").await, "3000000000", "what the receipt says came back");
        engine.kill().await;
    }

    /// What the pool has staked for energy, by the chain.
    async fn stake(&self) -> Stake {
        let node = HttpConfig::new("judge", self.tron.node_url(0));
        let node = HttpNode::new(client().expect("a client"), node).expect("a node");
        node.account(self.pool, Api::Full).await.expect("an answer").expect("an account").energy
    }

    /// What the books have of the pool in an account, sun.
    async fn books(&self, account: &str) -> String {
        let question = format!(
            "select sum(b.atoms) || '' as answer from ledger_balance b join wallet w on w.id = b.wallet_id
             where b.account = '{account}' and w.address = '{}' and b.asset like '%slip44%'",
            sluice_core::address::Address::from(self.pool).key()
        );
        self.world.stored().await.ask(&question).await.remove(0)
    }
}

const fn stake(own: u64, lent: u64) -> Stake {
    Stake { own_sun: own * TRX, lent_sun: lent * TRX }
}

on_both! {
    async fn energy_is_lent_and_taken_back_once_whatever_dies(database: Database) {
        let drill = Drill::begin(database).await;
        let resource = Resource::Energy;
        drill.errand("stake-1", Errand::Stake(resource), 4_000, STAKE).await;
        assert_eq!(drill.stake().await, stake(4_000, 0));
        let lend = Errand::Delegation { resource, to: drill.other.into(), lock: None };
        drill.errand("loan-1", lend, 1_500, LEND).await;
        assert_eq!(drill.stake().await, stake(2_500, 1_500), "lent once");
        assert_eq!((drill.books("staked").await, drill.books("lent").await), ("2500000000".into(), "1500000000".into()));
        let reclaim = Errand::Reclaim { resource, from: drill.other.into() };
        drill.errand("reclaim-1", reclaim, 1_500, RECLAIM).await;
        assert_eq!(drill.stake().await, stake(4_000, 0));
        drill.errand("unstake-1", Errand::Unstake(resource), 3_000, UNSTAKE).await;
        assert_eq!(drill.stake().await, stake(1_000, 0));
        for (account, whole) in [("staked", "1000000000"), ("lent", "0"), ("unstaking", "3000000000"), ("reserved", "0")] {
            assert_eq!(drill.books(account).await, whole, "{account}");
        }
        drill.ordered().await;
        // TRX for the other wallet, which is one of the house's own: no partner could order that.
        let address = drill.other.to_string().parse().expect("an address");
        let before = drill.tron.control().balance_sun(address).expect("an account");
        drill.errand("top-up-1", Errand::TopUp { to: drill.other.into() }, 25, &["chain.submit:after"]).await;
        let after = drill.tron.control().balance_sun(address).expect("an account");
        assert_eq!(after - before, 25_000_000, "once");
        let left = drill.tron.control().balance_sun(drill.pool.to_string().parse().expect("an address"));
        assert_eq!(drill.books("available").await, left.expect("an account").to_string());
    }
}
