use super::*;

fn wrong(query: &str) -> Vec<String> {
    let refusal = read::<WithdrawalQuery>(query).expect_err(query);
    assert!(refusal.is_complete(), "{refusal:?}");
    refusal.faults().iter().map(|fault| format!("{} {}", fault.code, fault.pointer)).collect()
}

#[test]
fn every_filter_survives_the_wire() {
    let query = WithdrawalQuery {
        status: Some(Status::NeedsAttention),
        kind: Some(WithdrawalType::Scheduled),
        asset: Some("eip155:137/erc20:0x3c49".into()),
        user_id: Some("a&b=c".into()),
        from: Some("2026-11-21T10:00:00+09:00".into()),
        to: Some("2026-11-22T10:00:00+09:00".into()),
        external_id: Some("x#1?%".into()),
        address: Some("0xabc".into()),
        errands: true,
        page: Page { limit: Some(100), cursor: Some("opaque==".into()) },
    };
    let text = write(&query);
    assert_eq!(read(&text), Ok(query));
    assert!(WithdrawalQuery::PARAMETERS.iter().all(|p| text.contains(&format!("{}=", p.name))), "{text}");
}

#[test]
fn the_other_queries_survive_the_wire() {
    let events = EventQuery { after: u64::MAX, feed_id: Some("fd_1".into()), limit: Some(5) };
    assert_eq!(read(&write(&events)), Ok(events));
    let stats = StatsQuery { from: Some("a".into()), to: None, asset: Some("b".into()) };
    assert_eq!(read(&write(&stats)), Ok(stats));
    let alerts = AlertQuery { severity: Some(Severity::P1), resolved: true, page: Page::default() };
    assert_eq!(read(&write(&alerts)), Ok(alerts));
    assert_eq!(read::<Nothing>(""), Ok(Nothing));
    assert!(read::<Nothing>("a=1").is_err());
}

#[test]
fn nothing_asked_is_the_first_twenty() {
    let query: WithdrawalQuery = read("").expect("empty");
    assert_eq!(query, WithdrawalQuery::default());
    assert_eq!(query.page.limit(), 20);
    assert_eq!(write(&query), "");
    assert_eq!(read::<WithdrawalQuery>("status=&&asset="), Ok(query));
}

#[test]
fn a_page_has_one_to_a_hundred_items() {
    for bad in ["0", "101", "-1", "+5", "1.5", "x", "4294967297"] {
        assert_eq!(wrong(&format!("limit={bad}")), ["limit_out_of_range ?limit"], "{bad}");
    }
    assert_eq!(read::<Page>("limit=1").map(|page| page.limit()), Ok(1));
    assert_eq!(read::<Page>("limit=100").map(|page| page.limit()), Ok(100));
}

#[test]
fn every_fault_is_told_at_once() {
    let told =
        ["query_unknown ?colour", "word_unknown ?status", "type_unknown ?type", "query_malformed ?asset"];
    assert_eq!(wrong("colour=red&status=paid&type=quick&asset=%zz"), told);
}

#[test]
fn a_repeated_endless_or_unclean_parameter_is_refused() {
    assert_eq!(wrong("asset=a&asset=a"), ["query_malformed ?asset"]);
    assert_eq!(wrong("asset=&asset=a"), ["query_malformed ?asset"]);
    assert_eq!(wrong(&format!("cursor={}", "c".repeat(CURSOR_CHARS_MAX + 1))), ["query_malformed ?cursor"]);
    assert_eq!(wrong("user_id=a%0Ab"), ["query_malformed ?user_id"]);
    assert_eq!(wrong("user_id=%ff"), ["query_malformed ?user_id"]);
}

#[test]
fn an_event_number_is_digits() {
    for bad in ["-1", "+1", "1e3", "18446744073709551616"] {
        assert_eq!(
            read::<EventQuery>(&format!("after={bad}")).map_err(|r| r.code),
            Err(Code::QueryMalformed),
            "{bad}"
        );
    }
}
