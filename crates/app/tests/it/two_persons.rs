//! What opens again what was shut for safety takes two persons (M4, M6, M12), and a key never makes its own second.

use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};
use sluice_api::client::ClientError;
use sluice_api::command::{Because, CommandState};
use sluice_api::lane::LaneState;
use sluice_api::query::CommandQuery;
use sluice_api::stop::{CreateStop, StopScope};

use crate::harness::{Caller, Engine, Order, Shape, World, until};
use crate::on_both;

fn because(reason: &str) -> Because {
    Because::of(reason)
}

fn code<T: std::fmt::Debug>(answer: Result<T, ClientError>) -> String {
    match answer {
        Err(ClientError::Problem(problem)) => problem.code,
        other => panic!("a refusal was expected: {other:?}"),
    }
}

/// Sends coins out of the lane's wallet with its own key, behind the engine's back.
async fn rob(world: &World, wallet: &str) {
    let rpc = world.anvil.rpc();
    rpc.call::<_, Value>("anvil_impersonateAccount", json!([wallet])).await.expect("impersonated");
    let to = "0x00000000000000000000000000000000d15b0002";
    let theft = json!([{ "from": wallet, "to": to, "value": "0x1" }]);
    rpc.call::<_, String>("eth_sendTransaction", theft).await.expect("sent");
    rpc.call::<_, Value>("anvil_stopImpersonatingAccount", json!([wallet])).await.expect("no longer");
}

/// A frozen lane of the demo partner, whose wallet's doings are explained.
async fn frozen(world: &World, engine: &Engine) -> String {
    let caller = &engine.caller();
    let wallet = caller.client.wallets().take(1).await.expect("wallets").remove(0);
    rob(world, &wallet.address).await;
    until("the lane is frozen", async || state(caller, &wallet.id).await == LaneState::Frozen).await;
    let unexplained = caller.client.lane(&wallet.id).await.expect("the lane").unexplained;
    assert_eq!(unexplained.len(), 1, "{unexplained:?}");
    until("opening it is refused for what it is", async || {
        let early = caller.client.unfreeze_lane(&wallet.id, &because("in a hurry")).await;
        code(early) == "transactions_not_explained"
    })
    .await;
    caller.explain_all(&engine.second(), &wallet.id).await;
    wallet.id
}

async fn state(caller: &Caller, lane: &str) -> LaneState {
    caller.client.lane(lane).await.expect("the lane").state
}

/// A key that another key makes.
async fn child(engine: &Engine, caller: &Caller, name: &str) -> Caller {
    let asked = json!({
        "name": name, "scopes": ["lanes:operate", "wallets:read", "keys:manage", "commands:read"], "reason": "a child"
    });
    let made = caller.client.create_key(&serde_json::from_value(asked).expect("a body")).await.expect("made");
    engine.caller_with(&format!("{}.{}", made.key.id, made.secret.expect("a secret")))
}

/// Runs the command line in the world's folder, as somebody on the engine's machine does.
fn sluice(folder: &Path, arguments: &[&str]) -> (bool, String) {
    let ran = Command::new(env!("CARGO_BIN_EXE_sluice"))
        .current_dir(folder)
        .env_remove("SLUICE_KEY")
        .env_remove("SLUICE_URL")
        .args(["--lang", "en"])
        .args(arguments)
        .output()
        .expect("it runs");
    let said = [ran.stdout, ran.stderr].map(|text| String::from_utf8_lossy(&text).into_owned()).concat();
    (ran.status.success(), said)
}

on_both! {
    async fn unfreeze_takes_two_persons(database: Database) {
        let world = World::new(database, Shape { lanes: 1, ..Shape::default() }).await;
        let engine = world.engine().await;
        let (first, second) = (engine.caller(), engine.second());
        let lane = frozen(&world, &engine).await;
        let asked = first.client.unfreeze_lane(&lane, &because("it was the drill")).await.expect("heard");
        assert_eq!((asked.state, asked.version), (CommandState::AwaitingSecondPerson, None));
        assert!(asked.facts["frozen"].as_str().is_some_and(|why| !why.is_empty()), "{asked:?}");
        // The same person again, in any number, is still one person.
        let mut again = tokio::task::JoinSet::new();
        for _ in 0..8 {
            let (first, lane) = (first.clone(), lane.clone());
            again.spawn(async move { first.client.unfreeze_lane(&lane, &because("come on")).await });
        }
        for answer in again.join_all().await {
            let answer = answer.expect("heard");
            assert_eq!((answer.id, answer.state), (asked.id.clone(), CommandState::AwaitingSecondPerson));
        }
        assert_eq!(state(&first, &lane).await, LaneState::Frozen);
        let waiting = second.client.commands(CommandQuery::default()).take(10).await.expect("commands");
        assert_eq!(waiting.iter().map(|it| &it.id).collect::<Vec<_>>(), [&asked.id]);
        // Of several second persons one opens it.
        let mut others = tokio::task::JoinSet::new();
        for other in [second.clone(), engine.caller_with(&engine.dev.platform_api_key)] {
            let lane = lane.clone();
            others.spawn(async move { other.client.unfreeze_lane(&lane, &because("seen it too")).await });
        }
        let answers = others.join_all().await;
        let done: Vec<_> = answers.iter().flatten().filter(|it| it.state == CommandState::Done).collect();
        assert_eq!(done.len(), 1, "{answers:?}");
        assert_eq!(state(&first, &lane).await, LaneState::Open);
        let record = first.client.command(asked.id.as_deref().expect("an id")).await.expect("the record");
        assert_eq!((record.state, &record.ended_by), (CommandState::Done, &done[0].ended_by));
        assert_ne!(record.ended_by.map(|it| it.id), Some(record.requested_by.id));
        let order = Order::fresh("unfrozen", 2);
        for order in &order {
            first.insist(order).await;
        }
        first.all_completed(&order).await;
        world.judge().each_paid_once(&order).await;
    }

    /// Whoever paused it has not said that it may go on.
    async fn a_lane_that_was_paused_before_it_froze_is_paused_once_it_is_unfrozen(database: Database) {
        let world = World::new(database, Shape { lanes: 1, ..Shape::default() }).await;
        let engine = world.engine().await;
        let (first, second) = (engine.caller(), engine.second());
        let lane = first.client.wallets().take(1).await.expect("wallets").remove(0).id;
        first.client.pause_lane(&lane, &because("the auditors are here")).await.expect("paused");
        assert_eq!(frozen(&world, &engine).await, lane);
        first.client.unfreeze_lane(&lane, &because("it was the drill")).await.expect("heard");
        let done = second.client.unfreeze_lane(&lane, &because("seen it too")).await.expect("heard");
        assert_eq!(done.state, CommandState::Done, "{done:?}");
        assert_eq!(state(&first, &lane).await, LaneState::Paused);
        let order = Order::fresh("after-the-audit", 1);
        first.insist(&order[0]).await;
        first.client.resume_lane(&lane, &because("they have left")).await.expect("resumed");
        first.all_completed(&order).await;
        world.judge().each_paid_once(&order).await;
    }

    async fn a_key_never_makes_its_own_second_person(database: Database) {
        let world = World::new(database, Shape { lanes: 1, ..Shape::default() }).await;
        let engine = world.engine().await;
        let first = engine.caller();
        let (older, sibling) = (child(&engine, &first, "older").await, child(&engine, &first, "sibling").await);
        let grandchild = child(&engine, &older, "grandchild").await;
        let lane = frozen(&world, &engine).await;
        let ask = async |who: &Caller| who.client.unfreeze_lane(&lane, &because("open it")).await;
        assert_eq!(ask(&older).await.expect("heard").state, CommandState::AwaitingSecondPerson);
        for one_hand in [&first, &sibling, &grandchild] {
            assert_eq!(code(ask(one_hand).await), "second_person_required");
        }
        // Another line, but made after the command was given.
        let late = child(&engine, &engine.second(), "late").await;
        assert_eq!(code(ask(&late).await), "second_person_too_new");
        assert_eq!(state(&first, &lane).await, LaneState::Frozen);
        // Nobody is left who may not say no.
        let waiting = first.client.commands(CommandQuery::default()).take(10).await.expect("commands");
        let id = waiting[0].id.as_deref().expect("an id");
        let back = sibling.client.withdraw_command(id, &because("not yet")).await.expect("taken back");
        assert_eq!(back.state, CommandState::Withdrawn);
        assert_eq!(code(first.client.withdraw_command(id, &because("again")).await), "state_conflict");
        assert_eq!(ask(&late).await.expect("heard").state, CommandState::AwaitingSecondPerson, "a new one");
        assert_eq!(ask(&sibling).await.expect("done").state, CommandState::Done);
    }

    async fn lifting_a_stop_takes_two_persons_and_a_stop_of_all_two_of_the_platform(database: Database) {
        let world = World::new(database, Shape::default()).await;
        let engine = world.engine().await;
        let (first, second) = (engine.caller(), engine.second());
        let platform = engine.caller_with(&engine.dev.platform_api_key);
        let second_platform = engine.caller_with(&engine.dev.second_platform_api_key);
        let stop = CreateStop { scope: StopScope::All, subject: None, reason: "drill".into() };
        let all = platform.client.create_stop(&stop).await.expect("stopped").id;
        let own = first.client.create_stop(&stop).await.expect("stopped");
        assert_eq!(own.scope, StopScope::Partner, "a partner stops what is its own");
        let order = Order::fresh("stopped", 3);
        for order in &order {
            first.insist(order).await;
        }
        let lift = async |who: &Caller, id: &str| who.client.lift_stop(id, &because("over")).await;
        assert_eq!(code(lift(&first, &all).await), "platform_only");
        for (person, state) in [(&first, CommandState::AwaitingSecondPerson), (&second, CommandState::Done)] {
            assert_eq!(lift(person, &own.id).await.expect("heard").state, state);
        }
        assert_eq!(lift(&platform, &all).await.expect("heard").state, CommandState::AwaitingSecondPerson);
        assert_eq!(code(lift(&second, &all).await), "platform_only", "a partner is no second person for everybody");
        assert_eq!(lift(&platform, &all).await.expect("heard").state, CommandState::AwaitingSecondPerson);
        world.judge().none_paid(&order).await;
        assert_eq!(lift(&second_platform, &all).await.expect("done").state, CommandState::Done);
        first.all_completed(&order).await;
        world.judge().each_paid_once(&order).await;
    }

    async fn a_pending_command_survives_a_kill_and_is_done_once(database: Database) {
        let world = World::new(database, Shape { lanes: 1, ..Shape::default() }).await;
        let engine = world.engine().await;
        let lane = frozen(&world, &engine).await;
        let asked = engine.caller().client.unfreeze_lane(&lane, &because("before the kill")).await.expect("heard");
        engine.kill().await;
        let engine = world.engine().await;
        let done = engine.second().client.unfreeze_lane(&lane, &because("after it")).await.expect("done");
        assert_eq!((done.id, done.state), (asked.id, CommandState::Done));
        assert_eq!(state(&engine.caller(), &lane).await, LaneState::Open);
        let late = engine.second().client.unfreeze_lane(&lane, &because("once more")).await;
        assert_eq!(code(late), "state_conflict");
    }

    /// As in production: the first key is made on the engine's machine, and everything else follows from it.
    async fn the_first_platform_key_is_made_on_the_engines_machine_and_partners_follow(database: Database) {
        let world = World::new(database, Shape::default()).await;
        let production = world.production(&["one", "two"]).await;
        let engine = production.engine(&world, "engine").await;
        let make = |name: &str| {
            let arguments = ["--json", "key", "create", "--platform", "--name", name, "--reason", "first day"];
            let (well, said) = sluice(&engine.folder, &arguments);
            assert!(well, "{said}");
            let made: Value = serde_json::from_str(said.trim()).expect("an object");
            made["token"].as_str().expect("a key").to_owned()
        };
        let (kim, lee) = (make("Kim"), make("Lee"));
        let (kim, lee) = (engine.caller_with(&kim), engine.caller_with(&lee));
        let partner = json!({ "name": "acme", "mode": "live", "reason": "contract 7" });
        let partner = kim.client.create_partner(&serde_json::from_value(partner).expect("a body")).await;
        let partner = partner.expect("created");
        let key = |scopes: &[&str]| {
            let key = json!({ "name": "ops", "partner_id": partner.id, "scopes": scopes, "reason": "contract 7" });
            serde_json::from_value(key).expect("a body")
        };
        let refused = kim.client.create_key(&key(&["partners:manage"])).await;
        assert_eq!(code(refused), "scope_platform_only");
        let scopes = ["stop:set", "stop:lift", "withdrawals:read"];
        let mut people = vec![];
        for maker in [&kim, &lee] {
            let made = maker.client.create_key(&key(&scopes)).await.expect("made");
            people.push(engine.caller_with(&format!("{}.{}", made.key.id, made.secret.expect("a secret"))));
        }
        // With --partner it is that partner's, with the scopes that are named, and acts for nobody else.
        let local = |more: &[&str]| {
            let mut arguments = vec!["--json", "key", "create", "--platform", "--name", "Park", "--reason", "second line"];
            arguments.extend(more);
            sluice(&engine.folder, &arguments)
        };
        for wrong in [&["--partner", &partner.id][..], &["--partner", &partner.id, "--scopes", "partners:manage"]] {
            let (well, said) = local(wrong);
            assert!(!well && said.contains("scopes_of_a_partner"), "{said}");
        }
        let (well, said) = local(&["--partner", "pt_01ARZ3NDEKTSV4RRFFQ69G5FAV", "--scopes", "withdrawals:read"]);
        assert!(!well && said.contains("key_not_made"), "{said}");
        let (well, said) = local(&["--partner", &partner.id, "--scopes", "stop:set,stop:lift"]);
        assert!(well, "{said}");
        let made: Value = serde_json::from_str(said.trim()).expect("an object");
        assert_eq!((&made["key"]["partner_id"], &made["key"]["scopes"]), (&json!(partner.id), &json!(["stop:set", "stop:lift"])));
        let stop = CreateStop { scope: StopScope::All, subject: None, reason: "drill".into() };
        let stop = people[0].client.create_stop(&stop).await.expect("stopped").id;
        let lift = async |who: &Caller| who.client.lift_stop(&stop, &because("over")).await;
        assert_eq!(lift(&people[0]).await.expect("heard").state, CommandState::AwaitingSecondPerson);
        assert_eq!(code(lift(&kim).await), "second_person_required", "Kim made the first person's key");
        assert_eq!(lift(&people[1]).await.expect("done").state, CommandState::Done, "Lee made the other one's");
    }

    async fn the_command_line_says_who_is_awaited_and_what_to_type(database: Database) {
        let world = World::new(database, Shape { lanes: 1, ..Shape::default() }).await;
        let engine = world.engine().await;
        let lane = frozen(&world, &engine).await;
        let home = tempfile::tempdir().expect("a folder");
        std::fs::create_dir(home.path().join(".sluice")).expect("made");
        let dev = std::fs::read(engine.folder.join("dev.json")).expect("the file for scripts");
        std::fs::write(home.path().join(".sluice/dev.json"), dev).expect("written");
        let (well, said) = sluice(home.path(), &["lane", "unfreeze", &lane, "--reason", "it was the drill"]);
        assert!(well && said.contains("takes a second person"), "{said}");
        let line = said.lines().find_map(|line| line.trim().strip_prefix("sluice ")).expect("a line to type");
        assert_eq!(line, format!("--as second lane unfreeze {lane} --reason '...'"));
        let (well, said) = sluice(home.path(), &["commands"]);
        assert!(well && said.contains("lane.unfreeze") && said.contains(&lane), "{said}");
        let typed: Vec<&str> = line.split(' ').map(|word| word.trim_matches('\'')).collect();
        let (well, said) = sluice(home.path(), &typed);
        assert!(well && said.contains("Done: lane.unfreeze"), "{said}");
        assert_eq!(state(&engine.caller(), &lane).await, LaneState::Open);
        let (well, said) = sluice(home.path(), &["partner", "list"]);
        assert!(well && said.contains("Demo partner") && said.contains("Platform"), "{said}");
        let (well, said) = sluice(home.path(), &["--as", "first", "partner", "list"]);
        assert!(!well && said.contains("partners:manage"), "{said}");
    }
}
