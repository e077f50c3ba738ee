use super::*;
use crate::access::Actor;
use crate::event::Cause;
use crate::partner::PLATFORM;
use crate::samples::{at, partner, ulid, wallet};

fn key(number: u128) -> KeyId {
    KeyId::new(ulid(number))
}

/// A key, then the keys that made it.
fn person(line: &[u128]) -> Person {
    Person {
        key: key(line[0]),
        partner: partner(),
        created_at: at(-1_000),
        ends_at: None,
        line: line.iter().map(|number| key(*number)).collect(),
        rooted: true,
    }
}

fn order() -> Order {
    let text = |name, text| Canonical::map([(name, Some(Canonical::text(text)))]);
    Order::new(Kind::LaneUnfreeze, wallet(), &text("as", "it is"), &text("frozen", "why"))
}

fn cause(who: &Person, ms: i64) -> Cause {
    Cause { actor: Actor::Key(who.key), reason: "looked at it".into(), at: at(ms) }
}

fn asked(first: &Person) -> Command {
    let id = CommandId::new(ulid(7));
    Command::ask(id, partner(), order(), first, &cause(first, 0)).into_after()
}

fn complete(first: &Person, second: &Person, ms: i64) -> Result<Command, Objection> {
    asked(first).complete(&order(), first, second, &cause(second, ms)).map(Moved::into_after)
}

#[test]
fn another_person_completes_it_once_and_both_are_on_record() {
    let (first, second) = (person(&[1]), person(&[2, 3]));
    let done = complete(&first, &second, 5).unwrap();
    let State::Done(by) = &done.state else { panic!("{done:?}") };
    assert_eq!((done.asked_by, &by.by, by.at), (first.key, &Actor::Key(second.key), at(5)));
    assert_eq!(done.version, 2);
    let again = done.clone().complete(&order(), &first, &second, &cause(&second, 6)).unwrap_err();
    assert!(matches!(again, Objection::Refused(Refusal::NotFrom { state: "done", .. })), "{again:?}");
    assert!(done.clone().withdraw(&cause(&first, 6)).is_err() && done.expire(&cause(&first, 6)).is_err());
}

#[test]
fn a_key_never_makes_its_own_second() {
    let lines: [(&[u128], &[u128]); 6] = [
        (&[1], &[1]),             // the same
        (&[1], &[2, 1]),          // it made it
        (&[2, 1], &[1]),          // the other way round
        (&[1], &[4, 3, 2, 1]),    // through others
        (&[2, 1], &[3, 1]),       // a third made both
        (&[2, 9, 1], &[3, 8, 1]), // at any distance
    ];
    for (first, second) in lines {
        let refused = complete(&person(first), &person(second), 5);
        assert_eq!(refused, Err(Objection::SameHand), "{first:?} {second:?}");
    }
    let lost = Person { rooted: false, ..person(&[2]) };
    assert_eq!(complete(&person(&[1]), &lost, 5), Err(Objection::SameHand), "an unknown line proves nothing");
    assert_eq!(complete(&lost, &person(&[1]), 5), Err(Objection::SameHand));
}

#[test]
fn a_key_made_after_the_command_does_not_complete_it() {
    let second = |ms| Person { created_at: at(ms), ..person(&[2]) };
    assert!(complete(&person(&[1]), &second(0), 5).is_ok());
    assert_eq!(complete(&person(&[1]), &second(1), 5), Err(Objection::TooNew));
}

#[test]
fn only_the_owner_and_the_platform_complete_it() {
    let of = |partner| Person { partner, ..person(&[2]) };
    assert!(complete(&person(&[1]), &of(PLATFORM), 5).is_ok());
    assert_eq!(complete(&person(&[1]), &of(PartnerId::new(ulid(99))), 5), Err(Objection::Foreign));
    let ended = Person { ends_at: Some(at(5)), ..person(&[2]) };
    assert_eq!(complete(&person(&[1]), &ended, 5), Err(Objection::Foreign), "its key has ended");
}

#[test]
fn another_order_is_not_the_same_command() {
    let (first, second) = (person(&[1]), person(&[2]));
    let other = [
        Order { kind: Kind::WalletRetire, ..order() },
        Order { subject: "wa_other".into(), ..order() },
        Order { says: "{}".into(), ..order() },
        Order { facts: "{}".into(), ..order() },
    ];
    for other in other {
        let refused = asked(&first).complete(&other, &first, &second, &cause(&second, 5));
        assert_eq!(refused, Err(Objection::OtherOrder));
    }
}

#[test]
fn it_ends_by_itself_after_a_day_or_with_the_key_of_whoever_asked() {
    let (first, second) = (person(&[1]), person(&[2]));
    assert!(complete(&first, &second, EXPIRY_MS - 1).is_ok());
    assert_eq!(complete(&first, &second, EXPIRY_MS), Err(Objection::Over));
    let revoked = Person { ends_at: Some(at(3)), ..first.clone() };
    assert!(complete(&revoked, &second, 2).is_ok());
    assert_eq!(complete(&revoked, &second, 3), Err(Objection::Over));
    assert!(!asked(&first).is_outdated(&order()));
    assert!(
        asked(&first).is_outdated(&Order { facts: "{}".into(), ..order() }),
        "it froze for something else"
    );
    let expired = asked(&first).expire(&cause(&second, 9)).unwrap().into_after();
    assert_eq!(expired.state.as_str(), "expired");
}

#[test]
fn what_is_taken_back_is_over() {
    let (first, second) = (person(&[1]), person(&[2]));
    let back = asked(&first).withdraw(&cause(&second, 1)).unwrap().into_after();
    assert_eq!(back.state.ended().map(|ended| &ended.by), Some(&Actor::Key(second.key)));
    assert!(back.complete(&order(), &first, &second, &cause(&second, 2)).is_err());
}

#[test]
fn what_opens_takes_two_and_what_shuts_takes_one() {
    for kind in Kind::ALL {
        assert_eq!(Kind::parse(kind.as_str()), Some(*kind));
    }
    let two: Vec<_> = Kind::ALL.iter().filter(|kind| kind.persons().two(false)).collect();
    assert_eq!(
        two,
        [
            &Kind::EnergyBook,
            &Kind::EnergyResolve,
            &Kind::LaneAdopt,
            &Kind::LaneUnfreeze,
            &Kind::StopLift,
            &Kind::WalletRegister,
            &Kind::WalletRetire,
            &Kind::WithdrawalResolve
        ]
    );
    let doubtful: Vec<_> = Kind::ALL.iter().filter(|kind| kind.persons().two(true)).collect();
    let only_then: Vec<_> = doubtful.into_iter().filter(|kind| !two.contains(kind)).collect();
    assert_eq!(only_then, [&Kind::WithdrawalGiveUp, &Kind::WithdrawalRedrive]);
    assert!(!Kind::StopSet.persons().two(true) && !Kind::LanePause.persons().two(true));
}
