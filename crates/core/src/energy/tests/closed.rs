//! When a vendor is closed.

use super::super::closed::*;
use super::super::*;
use super::samples::*;

fn may(orders: &[Order], wallet_no: u128, need_no: u128) -> Result<(), &'static str> {
    let vendor = VendorId::parse("it").unwrap();
    may_ask(&vendor, wallet(wallet_no), need(need_no), orders).map_err(Closed::as_str)
}

#[test]
fn a_vendor_is_closed_for_a_wallet_while_anything_of_it_is_open_there() {
    for (name, order) in every(Recovery::None) {
        let expected = match name {
            "planned" | "asked" | "accepted" | "accepted, unpriced" => Err("under_way"),
            "unknown" => Err("unknown"),
            "unresolved" | "unresolved, owed" | "failed" => Err("unresolved"),
            "delivered, unpriced" | "short, unpriced" | "failed, unpriced" => Err("unpriced"),
            "delivered, said" | "short, said" => Err("unpriced"),
            "dropped" | "refused" | "absent" | "delivered" | "short" | "refunded" | "lost" => Ok(()),
            other => panic!("{other} is in no row"),
        };
        let orders = [order];
        assert_eq!(may(&orders, 1, 2), expected, "{name}, for another need of the wallet");
        assert_eq!(may(&orders, 2, 2), Ok(()), "{name}, for another wallet");
        let other = VendorId::parse("other").unwrap();
        assert_eq!(may_ask(&other, wallet(1), need(1), &orders), Ok(()), "{name}, at another vendor");
    }
}

#[test]
fn a_need_is_put_to_a_vendor_again_only_where_it_took_nothing() {
    for (name, order) in every(Recovery::Repeat) {
        let again = matches!(name, "dropped" | "refused");
        // Another wallet: nothing but the need stands in the way.
        assert_eq!(may(&[order], 2, 1).is_ok(), again, "{name}");
    }
    let refused = every(Recovery::None).into_iter().find(|(name, _)| *name == "refused").unwrap().1;
    assert_eq!(may(&vec![refused.clone(); REFUSALS_MAX - 1], 1, 1), Ok(()));
    assert_eq!(may(&vec![refused; REFUSALS_MAX], 1, 1), Err("refused_often"));
}
