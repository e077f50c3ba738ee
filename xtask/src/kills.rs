//! `cargo xtask kills`: kills real processes as often as it is told, and writes down what became of the payments.

use std::path::Path;
use std::process::{Command, ExitCode};

use super::refuse;

/// What is read from the words behind the command.
#[derive(Debug, Default, PartialEq, Eq)]
struct Wanted {
    rounds: u64,
    seed: u64,
    worlds: u64,
    database: Option<String>,
    only: Option<String>,
    minutes: Option<u64>,
    world: Option<u64>,
    result: Option<String>,
}

impl Wanted {
    fn of(words: &[String]) -> Result<Self, String> {
        let mut wanted = Self { seed: 1, worlds: 2, ..Self::default() };
        let mut words = words.iter();
        while let Some(word) = words.next() {
            let value = words.next().ok_or_else(|| format!("`{word}` takes a value"))?;
            let number = || value.parse::<u64>().map_err(|_| format!("`{word} {value}` is no number"));
            match word.as_str() {
                "--rounds" => wanted.rounds = number()?,
                "--seed" => wanted.seed = number()?,
                "--worlds" => wanted.worlds = number()?.clamp(1, 8),
                "--minutes" => wanted.minutes = Some(number()?),
                "--world" => wanted.world = Some(number()?),
                "--result" => wanted.result = Some(value.clone()),
                "--only" => wanted.only = Some(value.clone()),
                "--database" if ["sqlite", "postgres"].contains(&value.as_str()) => {
                    wanted.database = Some(value.clone());
                }
                "--database" => return Err(format!("`{value}` is neither sqlite nor postgres")),
                other => return Err(format!("`{other}` is no setting of kills")),
            }
        }
        match (wanted.rounds, wanted.world, &wanted.result) {
            (0, None, _) => Err("say how often: `kills --rounds 2000`".into()),
            (_, Some(_), None) => {
                Err("a world is looked up in a result: `--result FILE --world SEED`".into())
            }
            _ => Ok(wanted),
        }
    }
}

/// Runs the drill of the app's tests, with a throw-away PostgreSQL.
pub fn run(root: &Path, words: &[String]) -> ExitCode {
    let wanted = match Wanted::of(words) {
        Ok(wanted) => wanted,
        Err(why) => return refuse(&why),
    };
    let folder = root.join("bench/kills");
    if let Err(error) = std::fs::create_dir_all(&folder) {
        return refuse(&format!("{} cannot be made ({error})", folder.display()));
    }
    let on = wanted.database.as_deref().unwrap_or("both");
    let result = match &wanted.result {
        Some(file) => root.join(file),
        None => folder.join(format!("{}-{on}-seed-{}.json", wanted.rounds, wanted.seed)),
    };
    let mut drill = Command::new(root.join("scripts/with-postgres.sh"));
    drill.args(["cargo", "test", "-p", "sluice-app", "--test", "it", "--"]);
    drill.args(["kills::rounds", "--exact", "--ignored", "--nocapture"]).current_dir(root);
    drill.env("SLUICE_KILLS_ROUNDS", wanted.rounds.to_string());
    drill.env("SLUICE_KILLS_SEED", wanted.seed.to_string());
    drill.env("SLUICE_KILLS_WORLDS", wanted.worlds.to_string());
    drill.env("SLUICE_KILLS_MINUTES", wanted.minutes.map(|it| it.to_string()).unwrap_or_default());
    drill.env("SLUICE_KILLS_WORLD", wanted.world.map(|it| it.to_string()).unwrap_or_default());
    drill.env("SLUICE_KILLS_ONLY", wanted.only.unwrap_or_default());
    drill.env("SLUICE_KILLS_DATABASE", wanted.database.unwrap_or_default());
    drill.env("SLUICE_KILLS_COMMAND", format!("cargo xtask kills {}", words.join(" ")));
    drill.env("SLUICE_KILLS_RESULT", &result);
    for (name, _) in std::env::vars_os() {
        let ours = |name: &str| name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_");
        if name.to_str().is_some_and(ours) {
            drill.env_remove(name);
        }
    }
    match drill.status() {
        Ok(status) if status.success() => {
            println!("The result is in {}", result.display());
            ExitCode::SUCCESS
        }
        Ok(_) => ExitCode::FAILURE,
        Err(error) => refuse(&format!("scripts/with-postgres.sh cannot be started ({error})")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(words: &[&str]) -> Result<Wanted, String> {
        Wanted::of(&words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>())
    }

    #[test]
    fn what_is_wanted_is_read_and_the_rest_refused() {
        let wanted = of(&["--rounds", "2000", "--seed", "7", "--database", "postgres", "--result", "a.json"]);
        let expected = Wanted {
            rounds: 2_000,
            seed: 7,
            worlds: 2,
            database: Some("postgres".into()),
            result: Some("a.json".into()),
            ..Wanted::default()
        };
        assert!(of(&["--world", "9", "--result", "a.json"]).is_ok());
        assert_eq!(wanted, Ok(expected));
        for wrong in [
            &[][..],
            &["--rounds"],
            &["--rounds", "many"],
            &["--rounds", "1", "--database", "mysql"],
            &["--round", "1"],
            &["--world", "9"],
        ] {
            assert!(of(wrong).is_err(), "{wrong:?}");
        }
    }
}
