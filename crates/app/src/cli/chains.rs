//! `sluice chains`: chains and the nodes they are read from.

use sluice_api::chain::{Chain, Node};

use super::fail::{Exit, Fail};
use super::screen::{Screen, Style};
use super::session::Session;
use super::table::{Cell, Table};
use super::words::{self, pick, say};
use super::{decimal, times};

/// More chains than an installation pays on.
const CHAINS_MAX: usize = 1_000;

/// Lists them.
pub(super) async fn run(session: &Session, screen: &Screen) -> Result<Exit, Fail> {
    let lang = screen.lang;
    let chains = session.client.chains().take(CHAINS_MAX).await.map_err(|error| session.failed(error))?;
    if screen.json {
        for chain in &chains {
            screen.item(chain)?;
        }
        return Ok(Exit::Done);
    }
    let mut table = Table::of(&[
        pick(lang, "chain", "체인"),
        pick(lang, "name", "이름"),
        pick(lang, "state", "상태"),
        pick(lang, "head", "최신 블록"),
        pick(lang, "final", "확정 블록"),
        pick(lang, "quorum", "정족수"),
        pick(lang, "base fee", "기본 수수료"),
        pick(lang, "remarks", "비고"),
    ]);
    for chain in &chains {
        table.row(row(session, screen, chain));
    }
    table.print(screen)?;
    if chains.iter().any(|chain| !chain.nodes.is_empty()) {
        screen.line("")?;
    }
    let mut table = Table::of(&[
        pick(lang, "node", "노드"),
        pick(lang, "operator", "운영사"),
        pick(lang, "chain", "체인"),
        pick(lang, "asked", "사용"),
        pick(lang, "height", "높이"),
        pick(lang, "trouble", "문제"),
    ]);
    for (chain, node) in chains.iter().flat_map(|chain| chain.nodes.iter().map(move |node| (chain, node))) {
        table.row(node_row(screen, chain, node));
    }
    table.print(screen)?;
    Ok(Exit::Done)
}

fn row(session: &Session, screen: &Screen, it: &Chain) -> Vec<Cell> {
    let lang = screen.lang;
    let height = |block: &Option<sluice_api::withdrawal::Block>| {
        Cell::number(block.as_ref().map_or_else(|| "-".to_owned(), |block| block.number.to_string()))
    };
    let fee = it.market.as_ref().map_or_else(
        || "-".to_owned(),
        |market| {
            let (fee, at) =
                (decimal::in_gwei(&market.base_fee), times::shown(&market.at, session.now(), lang));
            format!("{fee} ({at})")
        },
    );
    let remark = if it.single_source {
        Cell::styled(
            Style::Yellow,
            pick(
                lang,
                "single source: a new slot after a proof of death takes two persons",
                "단일 노드 운영사: 재지급에 두 사람이 필요합니다",
            ),
        )
    } else {
        Cell::new("")
    };
    let (quorum, operators) = (it.quorum, it.operators);
    vec![
        Cell::new(&it.id),
        Cell::new(&it.name),
        words::chain_state(lang, it.state),
        height(&it.head),
        height(&it.final_block),
        Cell::new(say!(lang, "{quorum} of {operators}", "{operators}곳 중 {quorum}곳")),
        Cell::number(fee),
        remark,
    ]
}

fn node_row(screen: &Screen, chain: &Chain, it: &Node) -> Vec<Cell> {
    let lang = screen.lang;
    let number = |number: Option<u64>| number.map_or_else(|| "-".to_owned(), |number| number.to_string());
    vec![
        Cell::new(&it.name),
        Cell::new(&it.operator),
        Cell::new(&chain.id),
        match it.healthy {
            true => Cell::styled(Style::Green, pick(lang, "yes", "예")),
            false => Cell::styled(Style::Red, pick(lang, "no", "아니요")),
        },
        Cell::number(number(it.height)),
        Cell::new(it.trouble.as_deref().unwrap_or("-")),
    ]
}
