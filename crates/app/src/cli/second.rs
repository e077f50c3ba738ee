//! The second person of a command: who that may be in the devnet, and the exact line to type.

use sluice_api::command::Command;
use sluice_core::command::Kind;

use super::decimal;
use super::devnet::Dev;
use super::global::As;

/// Decimals of a TRX, of which sun is the smallest unit.
const TRX_DECIMALS: u8 = 6;

/// What another person types to give the same command; `None` for a command of a newer server.
pub(super) fn line(command: &Command, dev: Option<&Dev>) -> Option<String> {
    let says = |name: &str| command.says.get(name).and_then(|value| value.as_str()).map(quoted);
    let subject = quoted(&command.subject);
    let trx = |name: &str| {
        let sun = decimal::scaled(command.says.get(name)?.as_str()?, 0)?;
        Some(decimal::text(sun, TRX_DECIMALS))
    };
    let order = match Kind::parse(&command.command)? {
        Kind::EnergyBook => format!(
            "energy book {subject} --amount {} --paid-at {} --reference {}",
            trx("sun")?,
            says("paid_at")?,
            says("reference")?
        ),
        Kind::EnergyResolve => format!("energy resolve {subject} --kept {}", trx("kept_sun")?),
        Kind::LaneAdopt => {
            format!("lane adopt {subject} --txid {} --type {}", says("txid")?, says("type")?)
        }
        Kind::LaneUnfreeze => format!("lane unfreeze {subject}"),
        Kind::StopLift => format!("resume {subject}"),
        Kind::WalletRegister => format!(
            "wallet register --partner {} --chain {} --address {} --role {} --label {}",
            says("partner")?,
            says("chain")?,
            says("address")?,
            says("tier")?,
            says("label")?
        ),
        Kind::WalletRetire => format!("wallet retire {subject}"),
        Kind::WithdrawalGiveUp => format!("attention give-up {subject}"),
        Kind::WithdrawalRedrive => format!("attention redrive {subject}"),
        Kind::WithdrawalResolve => format!("attention resolve {subject} --paid-by {}", says("paid_by")?),
        // One person is enough: there is never anything to complete.
        Kind::LaneCap
        | Kind::LaneDrain
        | Kind::LanePause
        | Kind::LaneResume
        | Kind::LaneSpeedUp
        | Kind::StopSet
        | Kind::WalletAdopt => return None,
    };
    let person = dev.and_then(|dev| another(command, dev));
    let key = person.map_or_else(|| "--key <ID.SECRET>".to_owned(), |person| format!("--as {person}"));
    Some(format!("sluice {key} {order} --reason '...'"))
}

/// Another person of the devnet on the same side as whoever asked.
fn another(command: &Command, dev: &Dev) -> Option<As> {
    let pairs = [(As::First, As::Second), (As::Second, As::First)];
    let platform = [(As::Platform, As::SecondPlatform), (As::SecondPlatform, As::Platform)];
    let asked_by =
        |person| dev.key(person).and_then(|key| key.split('.').next()) == Some(&command.requested_by.id);
    pairs.into_iter().chain(platform).find(|(first, _)| asked_by(*first)).map(|(_, second)| second)
}

/// As one word of a shell.
fn quoted(word: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_-./:".contains(&byte);
    if !word.is_empty() && word.bytes().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::tests::{Server, typed};
    use super::*;

    fn command(kind: Kind, says: Value) -> Command {
        serde_json::from_value(json!({
            "id": "cmd_1", "object": "command", "command": kind.as_str(), "subject": "wa_1", "says": says, "facts": {},
            "state": "awaiting_second_person", "requested_by": { "kind": "key", "id": "key_2" }, "reason": "r",
            "requested_at": "2026-11-21T00:00:00Z", "expires_at": "2026-11-22T00:00:00Z", "ended_by": null,
            "ended_reason": null, "ended_at": null, "version": null
        }))
        .unwrap()
    }

    #[test]
    fn the_line_for_the_second_person_gives_the_same_command() {
        let txid = format!("0x{}", "ab".repeat(32));
        let says = json!({
            "txid": txid, "type": "theft", "paid_by": txid, "partner": "pt_1", "chain": "eip155:137", "address": "0x1",
            "tier": "cold", "label": "bank vault", "sun": "500250000", "kept_sun": "0", "reference": "tx-81",
            "paid_at": "2026-11-22T10:00:00Z"
        });
        for kind in Kind::ALL.iter().copied() {
            let two = kind.persons().two(true);
            let line = line(&command(kind, says.clone()), None);
            assert_eq!(line.is_some(), two, "{kind}");
            let Some(line) = line else { continue };
            let order = line.strip_prefix("sluice --key <ID.SECRET> ").unwrap();
            let server = Server::answering(move |asked| match asked.target.as_str() {
                target if target.starts_with("/v1/withdrawals") => super::super::tests::page(vec![
                    serde_json::to_value(super::super::tests::withdrawal(
                        "wa_1",
                        sluice_api::status::Status::NeedsAttention,
                    ))
                    .unwrap(),
                ]),
                _ => (200, serde_json::to_value(command(kind, json!({}))).unwrap()),
            });
            let (_, paper) = typed(&server, order);
            let asked = server.asked();
            let last = asked.last().unwrap_or_else(|| panic!("{order}: {}", paper.err()));
            let says = |name: &str| last.body.get(name).and_then(Value::as_str);
            assert_eq!(says("reason"), Some("..."), "{order}");
            if kind == Kind::LaneAdopt {
                assert_eq!((says("txid"), says("type")), (Some(txid.as_str()), Some("theft")));
            }
            if kind == Kind::EnergyBook {
                let said = ["amount", "paid_at", "reference"].map(says);
                assert_eq!(said, ["500.25", "2026-11-22T10:00:00Z", "tx-81"].map(Some));
            }
            if kind == Kind::EnergyResolve {
                assert_eq!(says("kept"), Some("0"));
            }
            if kind == Kind::WalletRegister {
                let said = ["partner_id", "chain", "address", "role", "label"].map(says);
                assert_eq!(said, ["pt_1", "eip155:137", "0x1", "cold", "bank vault"].map(Some));
            }
            if kind == Kind::WithdrawalResolve {
                assert_eq!(says("paid_by"), Some(txid.as_str()));
            }
        }
    }

    #[test]
    fn in_the_devnet_the_line_names_another_person_of_the_same_side() {
        let dev: Dev = serde_json::from_value(json!({
            "api_url": "http://x", "api_key": "key_1.s", "second_api_key": "key_2.s", "platform_api_key": "key_3.s",
            "second_platform_api_key": "key_4.s"
        }))
        .unwrap();
        let of = |asked_by: &str| {
            let mut command = command(Kind::LaneUnfreeze, json!({}));
            command.requested_by.id = asked_by.into();
            line(&command, Some(&dev)).unwrap()
        };
        for (asked_by, person) in
            [("key_1", "second"), ("key_2", "first"), ("key_3", "second-platform"), ("key_4", "platform")]
        {
            assert_eq!(of(asked_by), format!("sluice --as {person} lane unfreeze wa_1 --reason '...'"));
        }
        assert!(of("key_9").starts_with("sluice --key <ID.SECRET> lane"), "somebody else's key");
    }

    #[test]
    fn a_word_stays_one_word() {
        assert_eq!(quoted("eip155:1/x"), "eip155:1/x");
        assert_eq!(quoted("a b'c; rm"), r"'a b'\''c; rm'");
    }
}
