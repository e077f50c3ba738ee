use sha2::{Digest as _, Sha256};

use super::*;

const ASSET: &str = "eip155:137/erc20:0x3c499c542cef5e3811e1192ce70d8cc03d5c3359";
const TO: &str = "0x52908400098527886E0F7030069857D2E4169EE7";

fn line(external_id: &str) -> String {
    format!(
        r#"{{"external_id":"{external_id}","asset":"{ASSET}","address":"{TO}","amount":"12.50","status":"completed"}}"#
    )
}

fn refused(text: &str) -> String {
    List::of(text).expect_err(text).to_string()
}

/// As `sluice export` ends a file.
fn ended(lines: &str) -> String {
    let count = lines.lines().count() - 1;
    let sha256 = hex::encode(Sha256::digest(lines));
    format!("{lines}{{\"record\":\"end\",\"count\":{count},\"sha256\":\"{sha256}\"}}\n")
}

#[test]
fn one_withdrawal_is_the_same_in_json_and_in_a_spreadsheet() {
    let json = List::of(&format!("{}\n\n{}\n", line("a"), line("b"))).unwrap();
    let csv = format!(
        "\u{feff}External_ID,asset,recipient,Amount,status,note\r\na,{ASSET},{TO},12.5,completed,\"x, y\"\r\nb,{ASSET},{TO},12.50,completed,\r\n"
    );
    assert_eq!(List::of(&csv).unwrap(), json);
    let read = &json.withdrawals["a"];
    assert_eq!((read.chain, read.claim(), read.txid), (Chain::Evm(137), Claim::Paid, None));
}

#[test]
fn what_is_wrong_is_named_with_its_line_and_nothing_is_passed_over() {
    let good = line("a");
    for (bad, said) in [
        ("{", "line 2: is no such JSON object"),
        (r#"{"record":"note"}"#, "`note` is no kind of record"),
        (&good, "`a` is listed twice"),
        (&line("b").replace("12.50", "1e2"), "`1e2` is no amount"),
        (&line("b").replace("\"12.50\"", "12.5"), "amounts are strings"),
        (&line("b").replace("12.50", "0"), "`0` is no amount above zero"),
        (&line("b").replace("erc20", "slip44"), "is no asset that can be audited"),
        (&line("b").replace(TO, "0x1"), "`address` `0x1`"),
        (&line("b").replace("completed", "completed\",\"txid\":\"0x1"), "the transaction `0x1`"),
        (&line(""), "`external_id` is missing"),
        (&line("b\\nc"), "control character"),
        (r#"{"record":"wallet","chain":"solana:1","address":"0x1"}"#, "`solana:1` is no chain"),
        (r#"{"record":"explained","chain":"eip155:1","type":"gift","reason":"r"}"#, "`gift` is no type"),
        (r#"{"record":"explained","chain":"eip155:1","type":"theft","reason":" "}"#, "`reason` is missing"),
        (
            r#"{"record":"explained","chain":"eip155:1","type":"theft","reason":"r","nonce":1}"#,
            "names a `txid`",
        ),
    ] {
        let error = refused(&format!("{good}\n{bad}\n"));
        assert!(error.starts_with("list line 2: ") && error.contains(said), "{bad}: {error}");
    }
    assert!(refused("external_id,amount\n").contains("no column `asset`"));
    assert!(refused(&format!("external_id,asset,amount\na,{ASSET}\n")).contains("2 fields where 3"));
    assert!(refused("external_id,asset,amount,asset\n").contains("twice"));
}

#[test]
fn a_word_that_is_not_known_claims_nothing() {
    assert_eq!(Claim::of("completed"), Claim::Paid);
    for dead in ["failed", "cancelled", "rejected", "refused"] {
        assert_eq!(Claim::of(dead), Claim::Dead);
    }
    for open in ["Completed", "success", "", "confirming", "needs_attention"] {
        assert_eq!(Claim::of(open), Claim::Open, "{open}");
    }
}

#[test]
fn an_export_is_read_whole_or_not_at_all() {
    let wallet = format!(r#"{{"record":"wallet","chain":"eip155:137","address":"{TO}"}}"#);
    let lines = format!("{{\"record\":\"export\",\"version\":1}}\n{wallet}\n{}\n", line("a"));
    let whole = ended(&lines);
    let list = List::of(&whole).unwrap();
    assert_eq!((list.wallets.len(), list.withdrawals.len()), (1, 1));

    assert!(refused(&lines).contains("is cut off"));
    assert!(refused(&whole.replace("12.50", "12.51")).contains("its hash is another"));
    assert!(refused(&whole.replace("\"count\":2", "\"count\":3")).contains("says that it had 3"));
    assert!(refused(&format!("{whole}{}\n", line("b"))).contains("something follows"));
    assert!(refused(&format!("{}\n{whole}", line("b"))).contains("in the middle"));
    assert!(refused("{\"record\":\"export\",\"version\":2}\n").contains("version"));
    let without: Vec<&str> = whole.lines().filter(|it| *it != wallet).collect();
    assert!(refused(&format!("{}\n", without.join("\n"))).contains("1 records"));
}

#[test]
fn slots_and_explanations_are_read() {
    let signed = format!(
        r#"{},"transactions":[{{"txid":"0x{}","chain":"eip155:137","sender":"{TO}","nonce":7}},{{"txid":"0x{}","nonce":8}}]}}"#,
        line("a").trim_end_matches('}'),
        "ab".repeat(32),
        "cd".repeat(32)
    );
    let explained = format!(
        r#"{{"record":"explained","chain":"eip155:137","txid":"0x{}","type":"refill","reason":"r"}}
{{"record":"explained","chain":"eip155:137","sender":"{TO}","nonce":9,"type":"network_cost","reason":"7702"}}"#,
        "ef".repeat(32)
    );
    let list = List::of(&format!("{signed}\n{explained}\n")).unwrap();
    let sender = Address::parse(TO);
    let slots: Vec<Slot> = list.withdrawals["a"].slots.iter().copied().collect();
    assert_eq!(slots, [Slot { sender: None, nonce: 8 }, Slot { sender, nonce: 7 }]);
    assert_eq!(list.withdrawals["a"].txids.len(), 2);
    assert_eq!((list.transactions.len(), list.nonces.len()), (1, 1));
    let other = signed.replace("eip155:137\",\"sender", "eip155:1\",\"sender");
    assert!(refused(&other).contains("on another chain"));
}

#[test]
fn a_line_has_a_bound() {
    let long = usize::try_from(LINE_BYTES_MAX).unwrap();
    assert!(refused(&format!("{}\n", "x".repeat(long))).contains("is longer than"));
}

#[test]
fn a_withdrawal_on_tron_is_read_with_the_lives_of_its_transactions() {
    let id = "31a1127ab56372794ecd77bc51080ace0444b8a4f4542fe02c1d67a9b1dc0186";
    let line = |life: &str| {
        format!(
            r#"{{"external_id":"a","asset":"tron:728126428/trc20:TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t","address":"TE2H9hWjzYdwzDFRJfx9BFhr4MmjH1CHaz","amount":"1","status":"failed","txid":"{id}","transactions":[{{"txid":"0x{id}","chain":"tron:728126428","sender":"TPL66VK2gCXNCD7EJg9pgJRfqcRazjhUZY","nonce":null{life}}}]}}"#
        )
    };
    let list = List::of(&line(r#","reference_block":7,"expires_at_ms":1763600060000"#)).unwrap();
    let read = &list.withdrawals["a"];
    assert_eq!(read.chain, Chain::Tron(728_126_428));
    assert_eq!(
        (read.txid, read.txids.as_slice()),
        (Hash::parse_bare(id), &[Hash::parse_bare(id).unwrap()][..])
    );
    let life = Life { reference: 7, expires_at_ms: 1_763_600_060_000 };
    assert_eq!((read.lives.get(&read.txids[0]), read.slots.len()), (Some(&life), 0));
    assert!(List::of(&line("")).unwrap().withdrawals["a"].lives.is_empty());
    for (bad, said) in [
        (line(r#","reference_block":7"#), "belong together"),
        (line("").replace("TE2H", "TE2J"), "base58 address with a right checksum"),
        (line("").replace("TE2H9hWjzYdwzDFRJfx9BFhr4MmjH1CHaz", "0x52908400098527886E0F7030069857D2E4169EE7"), "is not a base58"),
        (line("").replace("tron:728126428\",\"sender", "tron:1\",\"sender"), "on another chain"),
        (line("").replace("trc20", "erc20"), "no asset that can be audited"),
        (
            r#"{"record":"explained","chain":"tron:1","type":"theft","reason":"r","sender":"TPL66VK2gCXNCD7EJg9pgJRfqcRazjhUZY","nonce":1}"#.to_owned(),
            "on TRON names a `txid`",
        ),
    ] {
        assert!(refused(&bad).contains(said), "{bad}: {}", refused(&bad));
    }
}
