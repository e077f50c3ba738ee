//! `sluice treasury`: what tiers of wallets hold and should hold, what is proposed, and what waits for funds.

use sluice_api::problem::Lang;
use sluice_api::query::{FundingQuery, TreasuryQuery};
use sluice_api::signature::{MovementCheck, OrderMovement};
use sluice_api::status::Status;
use sluice_api::treasury::{Funding, OutflowBasis, ProposalKind, Treasury, TreasuryAsset};
use sluice_api::withdrawal::Withdrawal;

use super::fail::{Exit, Fail};
use super::screen::{Screen, Style};
use super::session::{Names, Session};
use super::table::{Cell, Table, fields};
use super::words::{self, pick, say};
use super::{choice, signatures, times};

/// What to do; shows the treasury when left out.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Whose: pt_...; your own when left out
    #[arg(long, value_name = "ID", global = true)]
    partner: Option<String>,
    #[command(subcommand)]
    command: Option<What>,
}

/// What can be asked.
#[derive(Debug, clap::Subcommand)]
enum What {
    /// Say what withdrawals that wait need · 대기 중인 출금에 필요한 자금을 봅니다
    Funding {
        /// Only this withdrawal: wd_...
        #[arg(long, value_name = "ID")]
        withdrawal: Option<String>,
        /// All with this status: pending, held, approved or queued
        #[arg(long, value_parser = choice::of(Status::WORDS, Status::parse))]
        status: Option<Status>,
    },
    /// Order a refill from a desk; a person signs it · 외부 지갑에서 보충을 지시합니다(사람이 서명합니다)
    Refill(Movement),
    /// Order a sweep of a lane to a warm or cold wallet · 핫 지갑의 초과분을 웜·콜드 지갑으로 옮깁니다
    Sweep(Movement),
}

/// A token from one wallet of a partner to another.
#[derive(Debug, clap::Args)]
pub(super) struct Movement {
    /// Name it by this; ordered twice under one name it is done once
    #[arg(long, value_name = "NAME")]
    external_id: String,
    /// The wallet it leaves, a desk or a lane: wa_...
    #[arg(long, value_name = "ID")]
    from: String,
    /// The wallet it is sent to: wa_...
    #[arg(long, value_name = "ID")]
    to: String,
    /// The token, by its id or its symbol
    #[arg(long)]
    asset: String,
    /// How much, such as 1000
    #[arg(long)]
    amount: String,
    /// Why, for the record
    #[arg(long, value_name = "TEXT")]
    reason: String,
    /// Judge it by every rule, and order nothing
    #[arg(long)]
    dry_run: bool,
}

impl Movement {
    async fn order(self, session: &Session) -> Result<OrderMovement, Fail> {
        let Self { external_id, from, to, asset, amount, reason, dry_run: _ } = self;
        let asset = session.asset(&asset).await?;
        let amount = amount.as_str().into();
        Ok(OrderMovement { external_id, from_wallet_id: from, to_wallet_id: to, asset, amount, reason })
    }
}

impl Args {
    /// Whether it is another partner's, which only the platform may read.
    pub(super) const fn of_another_partner(&self) -> bool {
        self.partner.is_some()
    }
}

/// Prints it.
pub(super) async fn run(session: &Session, screen: &Screen, args: Args) -> Result<Exit, Fail> {
    let names = session.names().await;
    match args.command {
        None => {
            let query = TreasuryQuery { partner: args.partner };
            let treasury = session.client.treasury(&query).await.map_err(|error| session.failed(error))?;
            if screen.json { screen.object(&treasury)? } else { show(screen, &treasury)? }
        }
        Some(What::Funding { withdrawal, status }) => {
            let query = FundingQuery { partner: args.partner, withdrawal, status };
            let funding = session.client.funding(&query).await.map_err(|error| session.failed(error))?;
            if screen.json { screen.object(&funding)? } else { needs(screen, &funding, names)? }
        }
        Some(What::Refill(movement)) => {
            let dry_run = movement.dry_run;
            let refill = movement.order(session).await?;
            if !dry_run {
                let ordered = session.client.order_refill(&refill).await;
                let ordered = ordered.map_err(|error| session.failed(error))?;
                return signatures::told(session, screen, &ordered).await;
            }
            let check = session.client.check_refill(&refill).await.map_err(|error| session.failed(error))?;
            if screen.json { screen.object(&check)? } else { checked(screen, &check, names)? }
        }
        Some(What::Sweep(movement)) => {
            let dry_run = movement.dry_run;
            let sweep = movement.order(session).await?;
            if dry_run {
                let check =
                    session.client.check_sweep(&sweep).await.map_err(|error| session.failed(error))?;
                if screen.json { screen.object(&check)? } else { checked(screen, &check, names)? }
            } else {
                let ordered = session.client.order_sweep(&sweep).await;
                let ordered = ordered.map_err(|error| session.failed(error))?;
                if screen.json { screen.object(&ordered)? } else { swept(screen, &ordered)? }
            }
        }
    }
    Ok(Exit::Done)
}

fn swept(screen: &Screen, sweep: &Withdrawal) -> Result<(), Fail> {
    let (id, lang) = (&sweep.id, screen.lang);
    screen.line(id)?;
    screen.note(&say!(
        lang,
        "It is ordered. sluice get {id} tells where it stands.",
        "지시되었습니다. sluice get {id} 명령으로 상태를 확인하세요."
    ));
    Ok(())
}

fn checked(screen: &Screen, check: &MovementCheck, names: &Names) -> Result<(), Fail> {
    let lang = screen.lang;
    let (money, from, to) = (names.money(&check.amount, &check.asset), &check.from, &check.to);
    screen.line(&say!(lang, "{money} from {from} to {to}", "{from}에서 {to}로 {money}"))?;
    signatures::held(screen, &check.balances, names)?;
    screen.note(match check.covered {
        true => pick(
            lang,
            "It can be ordered, and the wallet has it. Nothing was ordered.",
            "지시할 수 있고 잔액도 충분합니다. 지시된 것은 없습니다.",
        ),
        false => pick(
            lang,
            "It can be ordered, and waits until the wallet has it. Nothing was ordered.",
            "지시할 수 있지만 잔액이 찰 때까지 기다립니다. 지시된 것은 없습니다.",
        ),
    });
    Ok(())
}

fn show(screen: &Screen, treasury: &Treasury) -> Result<(), Fail> {
    let lang = screen.lang;
    if treasury.assets.is_empty() {
        screen.note(pick(lang, "No wallets, so nothing to plan.", "지갑이 없어 계획할 것이 없습니다."));
    }
    for asset in &treasury.assets {
        fields(screen, &figures(lang, asset))?;
        screen.line("")?;
        let mut table = Table::of(&[
            pick(lang, "tier", "등급"),
            pick(lang, "wallets", "지갑 수"),
            pick(lang, "holds", "보유"),
            pick(lang, "free", "사용 가능"),
            pick(lang, "target", "목표"),
        ]);
        for tier in &asset.tiers {
            let target = tier.target.as_ref().map_or_else(|| "-".to_owned(), ToString::to_string);
            table.row(vec![
                Cell::new(words::wallet_role(lang, tier.role)),
                Cell::number(tier.wallets.len()),
                Cell::number(&tier.holds),
                Cell::number(&tier.free),
                Cell::number(target),
            ]);
        }
        table.print(screen)?;
        for proposal in &asset.proposals {
            let kind = match proposal.kind {
                ProposalKind::Refill => pick(lang, "Refill", "충전"),
                ProposalKind::Sweep => pick(lang, "Sweep", "회수"),
            };
            let (amount, symbol) = (&proposal.amount, &asset.symbol);
            let (from, to) = (&proposal.from, &proposal.to);
            screen.line(&say!(
                lang,
                "{kind} proposed: {amount} {symbol} from {from} to {to}. Nothing is moved by itself.",
                "{kind} 제안: {from}에서 {to}로 {amount} {symbol}. 자동으로 이동하지 않습니다."
            ))?;
        }
        screen.line("")?;
    }
    Ok(())
}

fn figures(lang: Lang, asset: &TreasuryAsset) -> Vec<(&'static str, Cell)> {
    let outflow = &asset.outflow;
    let (symbol, day, week) = (&asset.symbol, &outflow.day, &outflow.week);
    let missing = outflow.days_missing;
    let basis = match outflow.basis {
        OutflowBasis::History => pick(lang, "from history", "이력 기준"),
        OutflowBasis::Partial => pick(lang, "from some history", "일부 이력 기준"),
        OutflowBasis::Configured => pick(lang, "as configured", "설정값 기준"),
        OutflowBasis::Unknown => pick(lang, "nothing tells", "근거 없음"),
    };
    let mut rows = vec![
        (pick(lang, "asset", "자산"), Cell::new(format!("{symbol} ({})", asset.chain))),
        (
            pick(lang, "expected", "예상 출금"),
            Cell::new(say!(
                lang,
                "{day} a day, {week} a week: {basis}; of 28 days {missing} are unknown",
                "하루 {day}, 일주일 {week}: {basis}, 28일 중 {missing}일은 기록 없음"
            )),
        ),
    ];
    if let Some(peak) = &outflow.peak {
        rows.push((pick(lang, "peak", "일 최대"), Cell::new(peak.as_str())));
    }
    if let Some(conflict) = &asset.conflict {
        let (wanted, allowed) = (&conflict.online_wanted, &conflict.online_allowed);
        rows.push((
            pick(lang, "conflict", "목표 충돌"),
            Cell::styled(
                Style::Red,
                say!(
                    lang,
                    "hot and warm want {wanted}, and the cold share leaves {allowed}: a person decides",
                    "핫과 웜 목표는 {wanted}, 콜드 비율이 허용하는 양은 {allowed}입니다. 사람이 결정해야 합니다"
                ),
            ),
        ));
    }
    let at = asset.as_of.as_ref().map_or_else(|| "-".to_owned(), |at| times::full(at, lang));
    rows.push((pick(lang, "as of", "기준 시각"), Cell::new(at)));
    rows
}

fn needs(screen: &Screen, funding: &Funding, names: &Names) -> Result<(), Fail> {
    let lang = screen.lang;
    let mut table = Table::of(&[
        pick(lang, "asset", "자산"),
        pick(lang, "withdrawals", "출금 건수"),
        pick(lang, "needed", "필요"),
        pick(lang, "current", "보유"),
        pick(lang, "reserved", "예약"),
        pick(lang, "short", "부족"),
        pick(lang, "fee coin needed", "수수료 코인 필요"),
        pick(lang, "fee coin short", "수수료 코인 부족"),
    ]);
    for it in &funding.requirements {
        let coin = |of: fn(&sluice_api::treasury::FundingFuel) -> &sluice_api::text::Decimal| {
            it.fuel.as_ref().map_or_else(|| "?".to_owned(), |fuel| names.money(of(fuel), &fuel.coin))
        };
        table.row(vec![
            Cell::new(names.symbol(&it.asset)),
            Cell::number(it.withdrawals),
            Cell::number(&it.needed),
            Cell::number(&it.current),
            Cell::number(&it.reserved),
            short(it.shortage.as_str()),
            Cell::new(coin(|fuel| &fuel.needed)),
            short(&coin(|fuel| &fuel.shortage)),
        ]);
    }
    table.print(screen)
}

fn short(text: &str) -> Cell {
    let none = text == "0" || text.starts_with("0 ");
    Cell::styled(if none { Style::Plain } else { Style::Red }, text)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::tests::{Server, typed};

    #[test]
    fn a_treasury_shows_targets_the_conflict_between_them_and_what_is_proposed() {
        let server = Server::answering(|asked| match asked.target.as_str() {
            "/v1/treasury" => (
                200,
                json!({
                    "object": "treasury", "partner_id": "pt_1", "hot_of_day_bps": 12_000, "warm_of_week_bps": 5_000,
                    "cold_share_bps": 8_000, "sweep_threshold": 1_000, "at": "2026-11-21T00:00:00Z", "assets": [{
                        "chain": "eip155:137", "asset": "eip155:137/erc20:0x1", "symbol": "USDC", "total": "7500",
                        "outflow": {"day": "1000", "week": "7000", "peak": null, "basis": "configured", "days_known": 0,
                            "days_missing": 28},
                        "tiers": [{"role": "hot", "holds": "2500", "free": "2400", "target": "1200", "wallets": ["wa_1"]}],
                        "cold_share_bps": 3_333, "conflict": {"online_wanted": "4700", "online_allowed": "2250"},
                        "proposals": [{"kind": "sweep", "from": "wa_1", "to": "wa_2", "amount": "1300"}],
                        "uncovered": {"hot": "0", "warm": "1000", "sweep": "0"}, "as_of": null, "unread": []
                    }]
                }),
            ),
            _ => super::super::tests::page(vec![]),
        });
        let (_, paper) = typed(&server, "treasury");
        let out = paper.out();
        for said in
            ["1000 a day, 7000 a week: as configured", "hot and warm want 4700", "leaves 2250", "1200"]
        {
            assert!(out.contains(said), "{said}: {out}");
        }
        assert!(
            out.contains("Sweep proposed: 1300 USDC from wa_1 to wa_2. Nothing is moved by itself."),
            "{out}"
        );
    }

    #[test]
    fn funding_asks_for_what_was_typed() {
        let empty = json!({
            "object": "funding", "partner_id": "pt_1", "requirements": [{
                "asset": "eip155:137/erc20:0x1", "withdrawals": 2, "needed": "5", "current": "2", "reserved": "1",
                "shortage": "4", "fuel": null
            }], "funding_required": true, "at": "2026-11-21T00:00:00Z"
        });
        let server = Server::answering(move |asked| match asked.target.starts_with("/v1/treasury/funding") {
            true => (200, empty.clone()),
            false => super::super::tests::page(vec![]),
        });
        let (_, paper) = typed(&server, "treasury funding --status held --partner pt_9");
        let last = server.asked().last().unwrap().target.clone();
        assert_eq!(last, "/v1/treasury/funding?partner=pt_9&status=held");
        assert!(paper.out().contains('4') && paper.out().contains('?'), "{}", paper.out());
    }
}
