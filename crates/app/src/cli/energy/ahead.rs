//! `sluice energy ahead`: has energy got for withdrawals before a wallet takes them, lists such requests, calls one off.

use sluice_api::energy::{
    EnergyQuote, EnergyRequest, EnergyRequestStatus, EnergySource, QuoteEnergy, RequestEnergy,
};
use sluice_api::problem::Lang;
use sluice_api::query::EnergyRequestQuery;

use super::super::because::BecauseArgs;
use super::super::fail::{Exit, Fail};
use super::super::list::listed;
use super::super::screen::{Screen, Style};
use super::super::session::Session;
use super::super::table::{Cell, Table, fields};
use super::super::times;
use super::super::words::pick;

/// What our ids of withdrawals begin with; every other name is the partner's own.
const OURS: &str = "wd_";

/// What to do; lists when left out.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    command: Option<What>,
}

/// What can be done.
#[derive(Debug, clap::Subcommand)]
enum What {
    /// List requests, newest first · 요청을 최신순으로 봅니다
    List {
        /// Only for this wallet: wa_...
        #[arg(long, value_name = "ID")]
        wallet: Option<String>,
        /// At most so many
        #[arg(long, value_name = "COUNT", default_value_t = 50)]
        limit: usize,
    },
    /// Ask for the energy of these withdrawals · 이 출금들의 에너지를 요청합니다
    Ask {
        /// Withdrawals: wd_..., or your own ids of them
        #[arg(value_name = "WITHDRAWAL", required = true)]
        withdrawals: Vec<String>,
        /// Your own name for the request; asked again under it, it is one request
        #[arg(long, value_name = "NAME", required_unless_present = "dry_run")]
        external_id: Option<String>,
        /// The wallet that is to have it: wa_...; may be left out where there is one
        #[arg(long, value_name = "ID")]
        wallet: Option<String>,
        /// Ask for nothing before, such as 2026-11-22T10:00:00Z
        #[arg(long, value_name = "TIME")]
        not_before: Option<String>,
        /// Ask for nothing from then on; an hour after it begins when left out
        #[arg(long, value_name = "TIME")]
        expires_at: Option<String>,
        /// Only say what they take and what that costs
        #[arg(long, conflicts_with_all = ["external_id", "wallet", "not_before", "expires_at"])]
        dry_run: bool,
    },
    /// Call a request off · 요청을 취소합니다
    Cancel {
        /// Id of the request: er_...
        #[arg(value_name = "REQUEST")]
        request: String,
        #[command(flatten)]
        because: BecauseArgs,
    },
}

/// Does it.
pub(super) async fn run(session: &Session, screen: &Screen, args: Args) -> Result<Exit, Fail> {
    let client = &session.client;
    let done = match args.command.unwrap_or(What::List { wallet: None, limit: 50 }) {
        What::List { wallet, limit } => return list(session, screen, wallet, limit).await,
        What::Ask { withdrawals, dry_run: true, .. } => {
            let (withdrawals, external_ids) = split(withdrawals);
            let quote = QuoteEnergy { withdrawals, external_ids, ..QuoteEnergy::default() };
            let quote = client.quote_energy(&quote).await.map_err(|error| session.failed(error))?;
            if screen.json {
                screen.object(&quote)?
            } else {
                costs(screen, &quote)?
            }
            return Ok(Exit::Done);
        }
        What::Ask { withdrawals, external_id, wallet, not_before, expires_at, dry_run: false } => {
            let (withdrawals, external_ids) = split(withdrawals);
            let asked = RequestEnergy {
                external_id: external_id.unwrap_or_default(),
                wallet,
                withdrawals,
                external_ids,
                not_before: not_before.as_deref().map(Into::into),
                expires_at: expires_at.as_deref().map(Into::into),
                ..RequestEnergy::default()
            };
            client.request_energy(&asked).await
        }
        What::Cancel { request, because } => client.cancel_energy_request(&request, &because.because()).await,
    };
    let request = done.map_err(|error| session.failed(error))?;
    if screen.json {
        screen.object(&request)?
    } else {
        shown(screen, &request)?
    }
    Ok(Exit::Done)
}

/// Our ids, and the partner's own.
fn split(names: Vec<String>) -> (Vec<String>, Vec<String>) {
    names.into_iter().partition(|name| name.starts_with(OURS))
}

async fn list(
    session: &Session,
    screen: &Screen,
    wallet: Option<String>,
    limit: usize,
) -> Result<Exit, Fail> {
    let lang = screen.lang;
    let head = [
        "id",
        pick(lang, "name", "이름"),
        pick(lang, "status", "상태"),
        pick(lang, "withdrawals", "출금"),
        pick(lang, "energy", "에너지"),
        pick(lang, "got", "확보"),
        pick(lang, "wallet", "지갑"),
        pick(lang, "expires", "만료"),
    ];
    let query = EnergyRequestQuery { wallet, ..EnergyRequestQuery::default() };
    let requests = session.client.energy_requests(query);
    listed(session, screen, requests, limit, &head, |it| row(lang, it)).await
}

fn row(lang: Lang, it: &EnergyRequest) -> Vec<Cell> {
    vec![
        Cell::new(&it.id),
        Cell::new(&it.external_id),
        status(it),
        Cell::number(it.withdrawals.len()),
        Cell::number(it.energy),
        Cell::number(it.got),
        Cell::new(&it.wallet),
        Cell::new(times::full(&it.expires_at, lang)),
    ]
}

fn status(it: &EnergyRequest) -> Cell {
    let word = it.status.as_str();
    match it.status {
        EnergyRequestStatus::Served => Cell::styled(Style::Green, word),
        EnergyRequestStatus::Burning | EnergyRequestStatus::Expired => Cell::styled(Style::Yellow, word),
        _ => Cell::new(word),
    }
}

fn shown(screen: &Screen, it: &EnergyRequest) -> Result<(), Fail> {
    let lang = screen.lang;
    let mut told = vec![
        ("id", Cell::new(&it.id)),
        (pick(lang, "status", "상태"), status(it)),
        (pick(lang, "withdrawals", "출금"), Cell::new(it.withdrawals.len().to_string())),
        (pick(lang, "energy", "에너지"), Cell::new(it.energy.to_string())),
        (pick(lang, "wallet", "지갑"), Cell::new(&it.wallet)),
        (pick(lang, "not before", "시작"), Cell::new(times::full(&it.not_before, lang))),
        (pick(lang, "expires", "만료"), Cell::new(times::full(&it.expires_at, lang))),
    ];
    if let Some(why) = &it.why {
        told.push((pick(lang, "why", "이유"), Cell::new(why.as_str())));
    }
    fields(screen, &told)
}

fn costs(screen: &Screen, quote: &EnergyQuote) -> Result<(), Fail> {
    let lang = screen.lang;
    let told = [
        (pick(lang, "energy", "에너지"), Cell::new(quote.energy.to_string())),
        (pick(lang, "at hand", "보유"), Cell::new(quote.at_hand.to_string())),
        (pick(lang, "missing", "부족"), Cell::new(quote.missing.to_string())),
        (pick(lang, "cost", "비용"), Cell::new(quote.cost.as_str())),
        (pick(lang, "burning", "소각 시"), Cell::new(quote.burning.as_str())),
        (pick(lang, "saved", "절감"), Cell::new(quote.saved.as_str())),
    ];
    fields(screen, &told)?;
    screen.line("")?;
    let mut table = Table::of(&[
        pick(lang, "source", "출처"),
        pick(lang, "energy", "에너지"),
        pick(lang, "sun each", "단가(sun)"),
        pick(lang, "TRX", "TRX"),
    ]);
    for source in &quote.sources {
        table.row(vec![
            Cell::new(named(source)),
            Cell::number(source.energy),
            Cell::number(&source.price),
            Cell::number(&source.cost),
        ]);
    }
    table.print(screen)
}

fn named(source: &EnergySource) -> &str {
    source.vendor.as_deref().unwrap_or(source.kind.as_str())
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::super::tests::{Server, page, typed};

    fn request() -> Value {
        json!({
            "object": "energy_request", "id": "er_1", "partner_id": "pt_1", "chain": "tron:31337", "wallet": "wa_1",
            "external_id": "friday", "status": "burning", "why": "no_source", "need": null,
            "withdrawals": [{ "id": "wd_1", "energy": 65_000 }], "energy": 65_000, "got": 0,
            "not_before": "2026-11-21T00:00:00Z", "expires_at": "2026-11-21T01:00:00Z",
            "requested_at": "2026-11-21T00:00:00Z", "changed_at": "2026-11-21T00:00:00Z", "version": 3
        })
    }

    #[test]
    fn what_was_typed_is_what_is_asked() {
        let server = Server::answering(|_| (201, request()));
        let line = "energy ahead ask wd_1 order-7 --external-id friday --wallet wa_1 --not-before 2026-11-21T00:00:00Z";
        let (_, paper) = typed(&server, line);
        let asked = server.asked().pop().unwrap();
        assert_eq!(asked.target, "/v1/energy/requests");
        let said = ["external_id", "wallet", "withdrawals", "external_ids", "not_before"];
        let said = said.map(|name| asked.body[name].clone());
        let wanted = ["friday".into(), "wa_1".into(), json!(["wd_1"]), json!(["order-7"])];
        assert_eq!(said[..4], wanted);
        assert_eq!(said[4], json!("2026-11-21T00:00:00Z"));
        for word in ["er_1", "burning", "no_source", "65000"] {
            assert!(paper.out().contains(word), "{word}: {}", paper.out());
        }
        let _paper = typed(&server, "energy ahead cancel er_1 --expect 3 --reason r");
        let asked = server.asked().pop().unwrap();
        assert_eq!(asked.target, "/v1/energy/requests/er_1/cancel");
        assert_eq!((&asked.body["reason"], &asked.body["version"]), (&json!("r"), &json!(3)));
    }

    #[test]
    fn requests_are_listed_with_their_figures() {
        let server = Server::answering(|_| page(vec![request()]));
        let (_, paper) = typed(&server, "energy ahead list --wallet wa_1");
        for word in ["er_1", "friday", "burning", "65000", "wa_1"] {
            assert!(paper.out().contains(word), "{word}: {}", paper.out());
        }
        assert!(server.asked().last().unwrap().target.contains("wallet=wa_1"));
    }

    #[test]
    fn a_dry_run_asks_what_it_costs_and_for_nothing() {
        let quote = json!({
            "object": "energy_quote", "partner_id": "pt_1", "chain": "tron:31337", "payouts": 1, "simulated": 1,
            "energy": 65_000, "at_hand": 0, "missing": 65_000, "cost": "2.6", "burning": "6.5", "saved": "3.9",
            "sources": [
                { "kind": "vendor", "vendor": "shop", "energy": 65_000, "price": "40", "cost": "2.6", "heard_at": "2026-11-21T00:00:00Z" },
                { "kind": "burn", "vendor": null, "energy": 65_000, "price": "100", "cost": "6.5", "heard_at": "2026-11-21T00:00:00Z" }
            ],
            "at": "2026-11-21T00:00:00Z"
        });
        let server = Server::answering(move |_| (200, quote.clone()));
        let (_, paper) = typed(&server, "energy ahead ask order-7 --dry-run");
        let asked = server.asked();
        assert!(asked.iter().all(|it| it.target != "/v1/energy/requests"), "nothing is asked for");
        let asked = asked.last().unwrap();
        assert_eq!(
            (asked.target.as_str(), &asked.body["external_ids"]),
            ("/v1/energy/quote", &json!(["order-7"]))
        );
        for word in ["shop", "burn", "2.6", "6.5", "3.9"] {
            assert!(paper.out().contains(word), "{word}: {}", paper.out());
        }
    }
}
