//! What is paid ahead for energy of the platform's own stake: how it stands, what moved it, top-ups that are nobody's yet, and whose
//! they are.

use sluice_api::energy::{
    AssignTopUp, EnergyBilling, EnergyCredit, EnergyCreditEntry, EnergyCreditEntryType, EnergyTopUp,
};
use sluice_api::problem::Lang;
use sluice_api::query::{EnergyCreditQuery, EnergyQuery, EnergyTopUpQuery};

use crate::cli::fail::{Exit, Fail};
use crate::cli::list::listed;
use crate::cli::screen::{Screen, Style};
use crate::cli::session::Session;
use crate::cli::table::{Cell, fields};
use crate::cli::times;
use crate::cli::words::pick;

/// Whose credit with which pool.
#[derive(Debug, clap::Args)]
pub(super) struct Of {
    /// Whose: pt_...; your own when left out
    #[arg(long, value_name = "ID")]
    pub(super) partner: Option<String>,
    /// Of this chain; the first one of TRON when left out
    #[arg(long, value_name = "CHAIN")]
    chain: Option<String>,
}

/// How it stands.
pub(super) async fn show(session: &Session, screen: &Screen, of: Of) -> Result<Exit, Fail> {
    let query = EnergyQuery { partner: of.partner, chain: of.chain };
    let credit = session.client.energy_credit(&query).await.map_err(|error| session.failed(error))?;
    if screen.json {
        screen.object(&credit)?
    } else {
        fields(screen, &figures(screen.lang, &credit))?
    }
    Ok(Exit::Done)
}

fn figures(lang: Lang, it: &EnergyCredit) -> Vec<(&'static str, Cell)> {
    let trx = |amount: &dyn std::fmt::Display| Cell::new(format!("{amount} TRX"));
    let style = if it.low { Style::Yellow } else { Style::Plain };
    let balance = Cell::styled(style, format!("{} TRX", it.balance));
    let billing = match it.billing {
        EnergyBilling::Prepaid => pick(lang, "paid ahead", "선불"),
        EnergyBilling::OnAccount => pick(lang, "paid afterwards, up to a bound", "한도 후불"),
        EnergyBilling::Postpaid => pick(lang, "paid afterwards", "후불"),
    };
    let mut figures = vec![
        (pick(lang, "balance", "잔액"), balance),
        (pick(lang, "topped up", "충전"), trx(&it.topped_up)),
        (pick(lang, "charged", "청구"), trx(&it.charged)),
        (pick(lang, "given back", "환급"), trx(&it.given_back)),
        (pick(lang, "price", "단가"), Cell::new(format!("{} sun", it.price))),
        (pick(lang, "billing", "결제 방식"), Cell::new(billing)),
        (pick(lang, "top up at", "충전 주소"), Cell::new(&it.address)),
    ];
    if it.billing != EnergyBilling::Prepaid {
        figures.push((pick(lang, "owed", "미납"), trx(&it.owed)));
    }
    if let Some(bound) = it.owed_max.as_ref().filter(|_| it.billing == EnergyBilling::OnAccount) {
        figures.push((pick(lang, "may be owed", "후불 한도"), trx(bound)));
    }
    if let Some(below) = &it.low_below {
        figures.push((pick(lang, "low below", "부족 기준"), trx(below)));
    }
    figures
}

/// What moved it, newest first.
pub(super) async fn entries(session: &Session, screen: &Screen, of: Of, limit: usize) -> Result<Exit, Fail> {
    let lang = screen.lang;
    let head = [
        pick(lang, "what", "내용"),
        "TRX",
        pick(lang, "transaction or need", "거래 또는 수요"),
        pick(lang, "booked", "기록"),
    ];
    let query = EnergyCreditQuery { partner: of.partner, chain: of.chain, ..EnergyCreditQuery::default() };
    let pages = session.client.energy_credit_entries(query);
    listed(session, screen, pages, limit, &head, |it| entry(lang, it)).await
}

fn entry(lang: Lang, it: &EnergyCreditEntry) -> Vec<Cell> {
    let what = match it.kind {
        EnergyCreditEntryType::TopUp => pick(lang, "top-up", "충전"),
        EnergyCreditEntryType::Charge => pick(lang, "charge", "청구"),
        EnergyCreditEntryType::GiveBack => pick(lang, "given back", "환급"),
    };
    let of = it.txid.as_ref().or(it.need.as_ref());
    vec![
        Cell::new(what),
        Cell::number(&it.amount),
        Cell::new(of.map_or("-", |it| it.as_str())),
        Cell::new(times::full(&it.at, lang)),
    ]
}

/// Those that are nobody's yet, oldest first.
pub(super) async fn topups(session: &Session, screen: &Screen, chain: Option<String>) -> Result<Exit, Fail> {
    let lang = screen.lang;
    let head = [
        pick(lang, "transaction", "거래"),
        "TRX",
        pick(lang, "sender", "보낸 주소"),
        pick(lang, "block", "블록"),
        pick(lang, "sent", "전송 시각"),
    ];
    let query = EnergyTopUpQuery { chain, ..EnergyTopUpQuery::default() };
    let pages = session.client.energy_topups(query);
    listed(session, screen, pages, usize::MAX, &head, |it| topup(lang, it)).await
}

fn topup(lang: Lang, it: &EnergyTopUp) -> Vec<Cell> {
    vec![
        Cell::new(&it.txid),
        Cell::number(&it.amount),
        Cell::new(&it.sender),
        Cell::number(it.block.number),
        Cell::new(times::full(&it.at, lang)),
    ]
}

/// Says whose one is.
pub(super) async fn assign(
    session: &Session,
    screen: &Screen,
    txid: &str,
    to: AssignTopUp,
) -> Result<Exit, Fail> {
    let done = session.client.assign_energy_topup(txid, &to).await.map_err(|error| session.failed(error))?;
    if screen.json {
        screen.object(&done)?;
    } else {
        let lang = screen.lang;
        let partner = done.partner_id.as_deref().unwrap_or("-");
        let said = [
            (pick(lang, "credited to", "충전 대상"), Cell::new(partner)),
            (pick(lang, "amount", "금액"), Cell::new(format!("{} TRX", done.amount))),
            (pick(lang, "transaction", "거래"), Cell::new(&done.txid)),
        ];
        fields(screen, &said)?;
    }
    Ok(Exit::Done)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::cli::tests::{Server, page, typed};

    #[test]
    fn a_credit_and_what_moved_it_are_shown_with_their_figures() {
        let server = Server::answering(|asked| match asked.target.split('?').next().unwrap_or_default() {
            "/v1/energy/credit" => {
                let credit = json!({
                    "object": "energy_credit", "partner_id": "pt_1", "chain": "tron:31337", "billing": "on_account",
                    "address": "TPool", "balance": "-1.5", "owed": "1.5", "owed_max": "50", "topped_up": "10", "charged": "12", "given_back": "0.5",
                    "price": "22.5", "low_below": "100", "low": true, "read_below": 7, "at": "2026-11-21T00:00:00Z"
                });
                (200, credit)
            }
            "/v1/energy/credit/entries" => page(vec![
                json!({ "object": "energy_credit_entry", "type": "charge", "amount": "-12", "txid": null, "need": "en_1",
                    "at": "2026-11-21T00:00:00Z" }),
                json!({ "object": "energy_credit_entry", "type": "top_up", "amount": "10", "txid": "0x12", "need": null,
                    "at": "2026-11-21T00:00:00Z" }),
            ]),
            _ => page(vec![]),
        });
        let (_, paper) = typed(&server, "energy credit --partner pt_1");
        for said in ["-1.5 TRX", "10 TRX", "22.5 sun", "up to a bound", "50 TRX", "TPool", "100 TRX"] {
            assert!(paper.out().contains(said), "{said}: {}", paper.out());
        }
        assert!(server.asked().last().unwrap().target.contains("partner=pt_1"));
        let (_, paper) = typed(&server, "energy entries");
        for said in ["charge", "-12", "en_1", "top-up", "0x12"] {
            assert!(paper.out().contains(said), "{said}: {}", paper.out());
        }
    }

    #[test]
    fn a_top_up_of_nobody_is_listed_and_given_to_somebody() {
        let txid = format!("0x{}", "ab".repeat(32));
        let named = txid.clone();
        let topup = move |partner: Value| {
            json!({
                "object": "energy_topup", "txid": named, "chain": "tron:31337", "sender": "TSender", "amount": "3",
                "partner_id": partner, "block": { "number": 9, "hash": "0x09" }, "at": "2026-11-21T00:00:00Z"
            })
        };
        let server =
            Server::answering(move |asked| match asked.target.split('?').next().unwrap_or_default() {
                "/v1/energy/topups" => page(vec![topup(Value::Null)]),
                _ => (200, topup(json!("pt_1"))),
            });
        let (_, paper) = typed(&server, "energy topups --chain tron:31337");
        for said in [&txid, "TSender", "3"] {
            assert!(paper.out().contains(said), "{said}: {}", paper.out());
        }
        assert!(server.asked().last().unwrap().target.contains("chain=tron"));
        let (_, paper) = typed(&server, &format!("energy assign {txid} --partner pt_1 --reason 'said so'"));
        let asked = server.asked().pop().unwrap();
        assert_eq!(asked.target, format!("/v1/energy/topups/{txid}/assign"));
        assert_eq!((&asked.body["partner_id"], &asked.body["reason"]), (&json!("pt_1"), &json!("said so")));
        assert!(paper.out().contains("pt_1") && paper.out().contains("3 TRX"), "{}", paper.out());
    }
}
