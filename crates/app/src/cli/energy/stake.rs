//! `sluice energy stake`, `unstake`, `collect`: TRX of a lane on TRON is staked, a stake of it given up, and what is due of those
//! paid out.

use sluice_api::energy::{OrderStake, StakeCheck, StakeDeed, StakeResource};
use sluice_api::withdrawal::Withdrawal;

use super::super::choice;
use super::super::fail::{Exit, Fail};
use super::super::screen::Screen;
use super::super::session::Session;
use super::super::table::{Cell, fields};
use super::super::words::{pick, say};

/// How much, by which wallet.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The lane on TRON: wa_...
    #[arg(long, value_name = "ID")]
    wallet: String,
    /// How much TRX, such as 150000
    #[arg(long, value_name = "TRX")]
    amount: String,
    /// What the stake yields: energy or bandwidth
    #[arg(long, value_parser = choice::of(StakeResource::WORDS, StakeResource::parse), default_value = "energy")]
    resource: StakeResource,
    /// Name it by this; ordered twice under one name it is done once
    #[arg(long, value_name = "NAME")]
    external_id: String,
    /// Why, for the record
    #[arg(long, value_name = "TEXT")]
    reason: String,
    /// Judge it by every rule, and order nothing
    #[arg(long)]
    dry_run: bool,
}

/// Does it.
pub(super) async fn run(
    session: &Session,
    screen: &Screen,
    deed: StakeDeed,
    args: Args,
) -> Result<Exit, Fail> {
    let Args { wallet, amount, resource, external_id, reason, dry_run } = args;
    let amount = amount.as_str().into();
    let wanted = OrderStake { external_id, wallet_id: wallet, deed, resource, amount, reason };
    if dry_run {
        let check = session.client.check_stake(&wanted).await.map_err(|error| session.failed(error))?;
        if screen.json { screen.object(&check)? } else { checked(screen, &check)? }
    } else {
        let ordered = session.client.order_stake(&wanted).await.map_err(|error| session.failed(error))?;
        if screen.json { screen.object(&ordered)? } else { told(screen, &ordered)? }
    }
    Ok(Exit::Done)
}

fn told(screen: &Screen, ordered: &Withdrawal) -> Result<(), Fail> {
    let (id, lang) = (&ordered.id, screen.lang);
    screen.line(id)?;
    screen.note(&say!(
        lang,
        "It is ordered. sluice get {id} tells where it stands.",
        "지시되었습니다. sluice get {id} 명령으로 상태를 확인하세요."
    ));
    Ok(())
}

fn checked(screen: &Screen, check: &StakeCheck) -> Result<(), Fail> {
    let lang = screen.lang;
    let trx = |amount: &sluice_api::text::Decimal| Cell::new(format!("{amount} TRX"));
    let held = check.balances.first().map_or_else(|| Cell::new("?"), |held| trx(&held.available));
    let deed = match check.deed {
        StakeDeed::Stake => pick(lang, "to stake", "스테이킹할 금액"),
        StakeDeed::Unstake => pick(lang, "to give up", "해제할 금액"),
        StakeDeed::Collect => pick(lang, "to be paid out", "회수할 금액"),
    };
    let rows = [
        (pick(lang, "account", "계정"), Cell::new(&check.address)),
        (deed, trx(&check.amount)),
        (pick(lang, "free", "사용 가능"), held),
        (pick(lang, "staked by the books", "장부상 스테이킹"), trx(&check.staked)),
        (pick(lang, "works for others", "대여 중"), trx(&check.lent)),
        (pick(lang, "held back by the chain", "해제 대기"), trx(&check.unstaking)),
    ];
    fields(screen, &rows)?;
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

#[cfg(test)]
mod tests {
    use serde_json::json;
    use sluice_api::status::Status;

    use super::super::super::tests::{Server, page, typed};

    const TYPED: &str = "--wallet wa_1 --amount 150000 --external-id stake-1 --reason pool";

    fn server() -> Server {
        Server::answering(|asked| match asked.target.as_str() {
            "/v1/energy/stakes/check" => (
                200,
                json!({
                    "object": "stake_check", "partner_id": "pt_1", "wallet_id": "wa_1", "address": "TPool", "deed": "unstake",
                    "resource": "energy", "amount": "150000", "covered": false, "staked": "1000", "lent": "20", "unstaking": "3",
                    "balances": [], "resources": null
                }),
            ),
            "/v1/energy/stakes" => {
                (201, json!(super::super::super::tests::withdrawal("stake-1", Status::Queued)))
            }
            _ => page(vec![]),
        })
    }

    #[test]
    fn what_was_typed_is_what_is_ordered() {
        let server = server();
        let (_, paper) = typed(&server, &format!("energy stake {TYPED}"));
        let asked = server.asked().pop().unwrap();
        assert_eq!(asked.target, "/v1/energy/stakes", "{}", paper.err());
        let said =
            (&asked.body["deed"], &asked.body["resource"], &asked.body["amount"], &asked.body["wallet_id"]);
        assert_eq!(said, (&json!("stake"), &json!("energy"), &json!("150000"), &json!("wa_1")));
        assert!(paper.err().contains("It is ordered"), "{}", paper.err());
    }

    #[test]
    fn a_dry_run_shows_the_stakes_and_orders_nothing() {
        let server = server();
        let (_, paper) = typed(&server, &format!("energy unstake {TYPED} --resource bandwidth --dry-run"));
        let asked = server.asked().pop().unwrap();
        assert_eq!(asked.target, "/v1/energy/stakes/check");
        assert_eq!((&asked.body["deed"], &asked.body["resource"]), (&json!("unstake"), &json!("bandwidth")));
        for said in ["TPool", "1000 TRX", "20 TRX", "3 TRX"] {
            assert!(paper.out().contains(said), "{said}: {}", paper.out());
        }
        assert!(paper.err().contains("waits until the wallet has it"), "{}", paper.err());
    }
}
