//! Which index answers which list. SQLite is asked; it has no statistics here, so the answer depends on the schema and the
//! text alone. A list that walks through a table is a list that is slower every month.

use std::sync::Arc;

use sluice_core::asset::AssetId;
use sluice_core::id::Ulid;
use sluice_core::port::world::{Clock, Entropy};
use sluice_core::time::Timestamp;
use sluice_core::withdrawal::{Status, Type};

use super::*;
use crate::Db;

struct Still;

impl Clock for Still {
    fn now(&self) -> Timestamp {
        Timestamp::default()
    }
}

impl Entropy for Still {
    fn bits(&self) -> u128 {
        7
    }
}

async fn plan(db: &Db, query: Query) -> String {
    let query = query.explained();
    let rows = db.read(move |conn| Box::pin(async move { query.rows(conn, 50).await })).await.unwrap();
    rows.iter().map(|row| row.text("detail").unwrap().to_owned()).collect::<Vec<_>>().join("; ")
}

#[tokio::test]
async fn every_common_list_has_its_index() {
    let db = Db::inline(Arc::new(Still), Arc::new(Still)).unwrap();
    let partner = Some(PartnerId::new(Ulid::new(Timestamp::default(), 1)));
    let none = Filter::default;
    let status = |status| Filter { status: Some(status), ..none() };
    let range =
        || Filter { from: Some(Timestamp::from_micros(1)), to: Some(Timestamp::from_micros(9)), ..none() };
    let external_id = || Filter { external_id: Some("x".into()), ..none() };
    let user = || Filter { user_id: Some("u".into()), ..none() };
    let address = || Filter { address: Some("0xaa".into()), ..none() };
    let kind = || Filter { kind: Some(Type::Regular), ..none() };
    let asset = AssetId::parse("eip155:137/slip44:966").ok();
    let lists = [
        (none(), "withdrawal_list", "withdrawal_list_all"),
        (range(), "withdrawal_list", "withdrawal_list_all"),
        (kind(), "withdrawal_of_type", "withdrawal_of_type"),
        (Filter { status: Some(Status::Completed), ..kind() }, "withdrawal_of_type", "withdrawal_of_type"),
        (
            Filter { status: Some(Status::Failed), ..kind() },
            "withdrawal_list_ended",
            "withdrawal_list_unpaid",
        ),
        (Filter { user_id: Some("u".into()), ..kind() }, "withdrawal_of_user", "withdrawal_of_user"),
        (Filter { asset, ..none() }, "withdrawal_of_asset", "withdrawal_of_asset"),
        (Filter { asset, ..kind() }, "withdrawal_of_type", "withdrawal_of_type"),
        (Filter { asset, ..address() }, "withdrawal_to_address", "withdrawal_to_address"),
        (status(Status::Held), "withdrawal_list_open", "withdrawal_list_open"),
        (Filter { status: Some(Status::Queued), ..range() }, "withdrawal_list_open", "withdrawal_list_open"),
        (status(Status::Completed), "withdrawal_list_ended", "withdrawal_list_all"),
        (status(Status::Failed), "withdrawal_list_ended", "withdrawal_list_unpaid"),
        (
            Filter { status: Some(Status::Rejected), ..range() },
            "withdrawal_list_ended",
            "withdrawal_list_unpaid",
        ),
        (external_id(), "m1_one_external_id", "m1_one_external_id"),
        (user(), "withdrawal_of_user", "withdrawal_of_user"),
        (Filter { status: Some(Status::Held), ..user() }, "withdrawal_of_user", "withdrawal_of_user"),
        (address(), "withdrawal_to_address", "withdrawal_to_address"),
    ];
    for (filter, of_tenant, of_platform) in lists {
        for (partner, index) in [(partner, of_tenant), (None, of_platform)] {
            for after in [None, Some((5, "wd_5".to_owned()))] {
                let paged = after.is_some();
                let plan = plan(&db, listing(partner, &filter, after)).await;
                let case = format!("{filter:?} of {partner:?} after {paged}: {plan}");
                assert!(
                    plan.contains(&format!("USING INDEX {index} "))
                        || plan.contains(&format!("USING INDEX {index};")),
                    "{case}"
                );
                // Without a partner a page of what is little is put together from the parts of each.
                assert!(partner.is_none() || !plan.contains("B-TREE"), "{case}");
                assert!(partner.is_none() || !plan.contains("SCAN w"), "{case}");
            }
        }
    }
    for partner in [partner, None] {
        let plan = plan(&db, waiting(partner, None)).await;
        assert!(plan.contains("USING INDEX withdrawal_attention "), "{plan}");
    }
}

#[tokio::test]
async fn stats_walk_the_edges_and_what_is_open_and_no_history() {
    let db = Db::inline(Arc::new(Still), Arc::new(Still)).unwrap();
    let (from, to) = (Timestamp::from_micros(1), Timestamp::from_micros(40 * 86_400_000_000 + 7_200_000_001));
    let tenant = Some(PartnerId::new(Ulid::new(Timestamp::default(), 1)));
    for (partner, edge) in [(tenant, "withdrawal_list"), (None, "withdrawal_list_all")] {
        let plan = plan(&db, crate::reader::stats::counted(partner, from, to)).await;
        for (index, times) in [(edge, 2), ("withdrawal_list_open", 1)] {
            assert_eq!(plan.matches(&format!("USING INDEX {index} (")).count(), times, "{index}: {plan}");
        }
        assert_eq!(
            plan.matches("w USING PRIMARY KEY (partner_id=? AND span=? AND start>? AND start<?)").count(),
            3,
            "{plan}"
        );
        assert!(!plan.contains("SCAN w"), "{plan}");
    }
}

#[test]
fn a_range_is_entered_at_its_lower_upper_bound_alone() {
    let filter = Filter { to: Some(Timestamp::from_micros(9)), ..Filter::default() };
    let text = |after| format!("{:?}", listing(None, &filter, after));
    assert!(!text(Some((5, "wd_5".into()))).contains("w.accepted_at < $"));
    assert!(!text(Some((9, "wd_9".into()))).contains("(w.accepted_at, w.id) <"));
    assert!(text(None).contains("w.accepted_at < $"));
}
