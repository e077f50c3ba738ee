//! `sluice energy`: accounts at vendors of energy, orders there, what is paid ahead for energy of the platform's own stake, requests to
//! get energy ahead, stakes, and what people say of it all. Booking, resolving and assigning are for the platform's own keys.

mod ahead;
mod credit;
mod stake;

use sluice_api::energy::{AssignTopUp, BookTopUp, EnergyAccount, EnergyOrder, ResolveEnergyOrder, StakeDeed};
use sluice_api::problem::Lang;
use sluice_api::query::EnergyOrderQuery;

use super::because::{BecauseArgs, answered};
use super::fail::{Exit, Fail};
use super::list::listed;
use super::screen::Screen;
use super::session::Session;
use super::table::Cell;
use super::times;
use super::words::pick;

/// What to do; `accounts` when left out.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    command: Option<What>,
}

/// What can be done.
#[derive(Debug, clap::Subcommand)]
enum What {
    /// List accounts at vendors by our books · 판매자별 계정을 장부 기준으로 봅니다
    Accounts,
    /// List orders of energy, newest first · 에너지 주문을 최신순으로 봅니다
    Orders {
        /// Only for this wallet: wa_...
        #[arg(long, value_name = "ID")]
        wallet: Option<String>,
        /// At most so many
        #[arg(long, value_name = "COUNT", default_value_t = 50)]
        limit: usize,
    },
    /// Ask to have energy got ahead for withdrawals that wait, or list and call off such requests · 대기 중인 출금의 에너지를 미리 요청합니다
    Ahead(ahead::Args),
    /// Book what was paid in at a vendor; two persons · 판매자에게 입금한 금액을 기록합니다(두 사람)
    Book {
        /// Name of the vendor, as `accounts` lists it
        #[arg(value_name = "VENDOR")]
        vendor: String,
        /// TRX that the account showed more by it
        #[arg(long, value_name = "TRX")]
        amount: String,
        /// When the account showed it, such as 2026-11-22T10:00:00Z
        #[arg(long, value_name = "TIME")]
        paid_at: String,
        /// What the payment is known by; no two payments to a vendor have the same
        #[arg(long, value_name = "NAME")]
        reference: String,
        /// Why; kept for ever with who gave the command
        #[arg(long, value_name = "TEXT")]
        reason: String,
    },
    /// Say what a vendor has kept for an order; two persons · 판매자가 주문에 대해 가져간 금액을 확정합니다(두 사람)
    Resolve {
        /// Id of the order: eo_...
        #[arg(value_name = "ORDER")]
        order: String,
        /// TRX that the vendor has kept for it, by its own statement; 0 where it took nothing or paid it all back
        #[arg(long, value_name = "TRX")]
        kept: String,
        #[command(flatten)]
        because: BecauseArgs,
    },
    /// Stake TRX of a lane on TRON · TRON 레인의 TRX를 스테이킹합니다
    Stake(stake::Args),
    /// Give a stake of a lane up; the chain holds its TRX back for 14 days · 스테이킹을 해제합니다(14일 대기)
    Unstake(stake::Args),
    /// Have paid out to a lane what is due of stakes that it gave up · 해제된 스테이킹의 TRX를 회수합니다
    Collect(stake::Args),
    /// Show what is paid ahead or owed for energy of the platform's stake · 에너지 선불 잔액과 미납액을 봅니다
    Credit {
        #[command(flatten)]
        of: credit::Of,
    },
    /// List what moved that, each loan by itself, newest first · 잔액 변동을 건별로 최신순으로 봅니다
    Entries {
        #[command(flatten)]
        of: credit::Of,
        /// At most so many
        #[arg(long, value_name = "COUNT", default_value_t = 50)]
        limit: usize,
    },
    /// List top-ups that are nobody's yet · 주인을 알 수 없는 충전을 봅니다
    Topups {
        /// Of this chain; the first one of TRON when left out
        #[arg(long, value_name = "CHAIN")]
        chain: Option<String>,
    },
    /// Say whose a top-up is; once · 충전의 주인을 지정합니다(한 번만)
    Assign {
        /// Its transaction, as `topups` lists it
        #[arg(value_name = "TXID")]
        txid: String,
        /// Whose it is: pt_...
        #[arg(long, value_name = "ID")]
        partner: String,
        /// Why, and who said so; kept for ever with who gave the command
        #[arg(long, value_name = "TEXT")]
        reason: String,
    },
}

impl Args {
    /// Whether it is the platform's business: everything but orders, one's own credit, and what partners ask for
    /// ahead.
    pub(super) const fn of_platform(&self) -> bool {
        match &self.command {
            Some(
                What::Orders { .. } | What::Ahead(_) | What::Stake(_) | What::Unstake(_) | What::Collect(_),
            ) => false,
            Some(What::Credit { of } | What::Entries { of, .. }) => of.partner.is_some(),
            _ => true,
        }
    }
}

/// Does it.
pub(super) async fn run(session: &Session, screen: &Screen, args: Args) -> Result<Exit, Fail> {
    let client = &session.client;
    let command = match args.command.unwrap_or(What::Accounts) {
        What::Accounts => return accounts(session, screen).await,
        What::Orders { wallet, limit } => return orders(session, screen, wallet, limit).await,
        What::Credit { of } => return credit::show(session, screen, of).await,
        What::Entries { of, limit } => return credit::entries(session, screen, of, limit).await,
        What::Topups { chain } => return credit::topups(session, screen, chain).await,
        What::Assign { txid, partner, reason } => {
            let to = AssignTopUp { partner_id: partner, reason };
            return credit::assign(session, screen, &txid, to).await;
        }
        What::Ahead(args) => return ahead::run(session, screen, args).await,
        What::Stake(args) => return stake::run(session, screen, StakeDeed::Stake, args).await,
        What::Unstake(args) => return stake::run(session, screen, StakeDeed::Unstake, args).await,
        What::Collect(args) => return stake::run(session, screen, StakeDeed::Collect, args).await,
        What::Book { vendor, amount, paid_at, reference, reason } => {
            let (amount, paid_at) = (amount.as_str().into(), paid_at.as_str().into());
            let book = BookTopUp { reference, amount, paid_at, reason };
            client.book_energy_top_up(&vendor, &book).await
        }
        What::Resolve { order, kept, because } => {
            let kept = kept.as_str().into();
            let resolve = ResolveEnergyOrder { kept, reason: because.reason, version: because.expect };
            client.resolve_energy_order(&order, &resolve).await
        }
    };
    answered(session, screen, &command.map_err(|error| session.failed(error))?)
}

async fn accounts(session: &Session, screen: &Screen) -> Result<Exit, Fail> {
    let lang = screen.lang;
    let head = [
        pick(lang, "vendor", "판매자"),
        pick(lang, "expected", "예상 잔액"),
        pick(lang, "opening", "기초"),
        pick(lang, "paid in", "입금"),
        pick(lang, "spent", "지출"),
        pick(lang, "unresolved", "미해결"),
        pick(lang, "at risk", "위험"),
        pick(lang, "opened", "개설"),
    ];
    listed(session, screen, session.client.energy_accounts(), usize::MAX, &head, |it| account(lang, it)).await
}

fn account(lang: Lang, it: &EnergyAccount) -> Vec<Cell> {
    vec![
        Cell::new(&it.vendor),
        Cell::number(it.expected.as_ref().map_or("?", |expected| expected.as_str())),
        Cell::number(&it.opening),
        Cell::number(&it.paid_in),
        Cell::number(&it.spent),
        Cell::number(&it.unresolved),
        Cell::number(&it.at_risk),
        Cell::new(times::full(&it.opened_at, lang)),
    ]
}

async fn orders(
    session: &Session,
    screen: &Screen,
    wallet: Option<String>,
    limit: usize,
) -> Result<Exit, Fail> {
    let lang = screen.lang;
    let head = [
        "id",
        pick(lang, "vendor", "판매자"),
        pick(lang, "status", "상태"),
        pick(lang, "energy", "에너지"),
        pick(lang, "at most", "상한"),
        pick(lang, "cost", "비용"),
        pick(lang, "wallet", "지갑"),
        pick(lang, "planned", "결정"),
        pick(lang, "version", "버전"),
    ];
    let query = EnergyOrderQuery { wallet, ..EnergyOrderQuery::default() };
    listed(session, screen, session.client.energy_orders(query), limit, &head, |it| order(lang, it)).await
}

fn order(lang: Lang, it: &EnergyOrder) -> Vec<Cell> {
    let money = |cost: Option<&sluice_api::text::Decimal>| {
        Cell::number(cost.map_or_else(|| "-".to_owned(), ToString::to_string))
    };
    vec![
        Cell::new(&it.id),
        Cell::new(&it.vendor),
        Cell::new(it.status.as_str()),
        Cell::number(it.energy),
        money(it.cost_max.as_ref()),
        money(it.cost.as_ref()),
        Cell::new(&it.wallet),
        Cell::new(times::full(&it.planned_at, lang)),
        Cell::number(it.version),
    ]
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::tests::{Server, page, typed};

    #[test]
    fn accounts_and_orders_are_shown_with_their_figures() {
        let server = Server::answering(|asked| match asked.target.split('?').next().unwrap_or_default() {
            "/v1/energy/accounts" => page(vec![json!({
                "object": "energy_account", "vendor": "catfee", "opening": "50", "opened_at": "2026-11-21T00:00:00Z",
                "paid_in": "500.25", "spent": "12", "unresolved": "1.8", "at_risk": "0", "unexplained": 0,
                "expected": null
            })]),
            "/v1/energy/orders" => page(vec![json!({
                "object": "energy_order", "id": "eo_1", "wallet": "wa_1", "need": "en_1", "vendor": "catfee",
                "status": "unresolved", "energy": 65_000, "duration_s": 3_600, "deadline": "2026-11-21T00:01:00Z",
                "cost_max": "1.8", "cost": null, "planned_at": "2026-11-21T00:00:00Z", "version": 4
            })]),
            _ => page(vec![]),
        });
        let (_, paper) = typed(&server, "energy");
        for said in ["catfee", "500.25", "1.8", "?"] {
            assert!(paper.out().contains(said), "{said}: {}", paper.out());
        }
        let (_, paper) = typed(&server, "energy orders --wallet wa_1");
        for said in ["eo_1", "unresolved", "65000", "wa_1"] {
            assert!(paper.out().contains(said), "{said}: {}", paper.out());
        }
        assert!(server.asked().last().unwrap().target.contains("wallet=wa_1"));
    }

    #[test]
    fn what_was_typed_is_what_is_asked() {
        let server = Server::answering(|_| {
            let command = json!({
                "id": "cmd_1", "object": "command", "command": "energy.book", "subject": "catfee",
                "says": { "sun": "500250000", "reference": "tx-81", "paid_at": "2026-11-22T10:00:00Z" }, "facts": {},
                "state": "awaiting_second_person", "requested_by": { "kind": "key", "id": "key_2" }, "reason": "r",
                "requested_at": "2026-11-21T00:00:00Z", "expires_at": "2026-11-22T00:00:00Z", "ended_by": null,
                "ended_reason": null, "ended_at": null, "version": null
            });
            (202, command)
        });
        let line =
            "energy book catfee --amount 500.25 --paid-at 2026-11-22T10:00:00Z --reference tx-81 --reason r";
        let (_, paper) = typed(&server, line);
        let asked = server.asked().pop().unwrap();
        assert_eq!(asked.target, "/v1/energy/accounts/catfee/book");
        let said = ["amount", "paid_at", "reference", "reason"].map(|name| asked.body[name].clone());
        assert_eq!(said, ["500.25", "2026-11-22T10:00:00Z", "tx-81", "r"].map(Value::from));
        assert!(paper.out().contains("energy book catfee --amount 500.25"), "{}", paper.out());
        let _paper = typed(&server, "energy resolve eo_1 --kept 0 --expect 4 --reason r");
        let asked = server.asked().pop().unwrap();
        assert_eq!(asked.target, "/v1/energy/orders/eo_1/resolve");
        assert_eq!((&asked.body["kept"], &asked.body["version"]), (&json!("0"), &json!(4)));
    }
}
