//! A newcomer gets from a built program to a first payment by the page alone.

use std::process::Stdio;

use ruint::aliases::U256;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};

use crate::harness::{PATIENCE, Shape, World, free_port};
use crate::on_both;

/// The page.
pub const PAGE: &str = include_str!("../../../../docs/install.md");
/// The section before which the new wallet is given coins and dollars.
pub const FUNDED: &str = "Send it coins for gas";
/// Whom the page pays, and how much in all, in atoms.
const PAID: (&str, u64) = ("0x70997970C51812dc3A010C7d01b50e0d17dc79C8", 1_750_000);

on_both! {
    /// Every command of docs/install.md, in its order, with the two example configurations, in one shell.
    async fn the_commands_of_the_install_page_lead_to_a_payment(database: Database) {
        let world = World::new(database, Shape::default()).await;
        let folder = world.folder();
        let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");
        let address = format!("127.0.0.1:{}", free_port());
        // What the page tells its reader to edit, and the examples' places.
        let edited = |text: &str| {
            let at = |name: &str| folder.join(name).display().to_string();
            text.replace("eip155:137/erc20:0x3c499c542cef5e3811e1192ce70d8cc03d5c3359", &world.asset())
                .replace("eip155:137", "eip155:31337")
                .replace("https://polygon.example-one.com/rpc", &world.anvil.url())
                .replace("https://polygon.example-two.com/rpc", &world.anvil.url())
                .replace("postgres://sluice@localhost/sluice", world.database())
                .replace("127.0.0.1:8080", &address)
                .replace("/etc/sluice/", &format!("{}/", folder.display()))
                .replace("/run/sluice/signer.sock", &at("signer.sock"))
                .replace("/var/lib/sluice-signer/", &format!("{}/", folder.display()))
                .replace("scripts/signed-curl.sh", &format!("{root}/scripts/signed-curl.sh"))
        };
        for (file, text) in [
            ("sluice.toml", include_str!("../../../../config/sluice.example.toml")),
            ("signer.toml", include_str!("../../../../config/signer.example.toml")),
        ] {
            std::fs::write(folder.join(file), edited(text)).expect("a configuration");
        }
        let (before, after) = PAGE.split_once(FUNDED).expect("the page has a wallet funded");
        let mut shell = Shell::open(&world);
        let account = shell.run(&format!("{}\necho \"$ADDRESS\"", edited(&commands(before)))).await;
        let account = account.parse().expect("the page's ADDRESS");
        let coins = U256::from(10_000_000_000_000_000_000_u64);
        world.control().set_balance(account, coins).await.expect("coins");
        world.usd.mint(account, U256::from(5_000_000_u64)).await.expect("dollars");
        shell.run(&format!("{}\necho done", edited(&commands(after)))).await;
        shell.close().await;
        let payments = world.judge().payments().await;
        let paid: Vec<u64> = payments[&PAID.0.to_lowercase()].iter().map(|it| it.atoms).collect();
        assert_eq!((paid.len(), paid.iter().sum()), (2, PAID.1), "{paid:?}");
    }
}

/// The commands a reader types: the blocks marked `sh`.
pub fn commands(page: &str) -> String {
    let blocks = page.split("```sh\n").skip(1).filter_map(|rest| rest.split_once("```"));
    blocks.map(|(block, _)| block).collect()
}

/// One shell for the whole page, in a session of its own.
pub struct Shell {
    child: Child,
    words: Option<ChildStdin>,
    said: Lines<BufReader<ChildStdout>>,
    log: std::path::PathBuf,
}

impl Shell {
    pub fn open(world: &World) -> Self {
        let log = world.folder().join("shell.log");
        let errors = std::fs::File::create(&log).expect("a log");
        let program = std::path::Path::new(env!("CARGO_BIN_EXE_sluice")).parent().expect("a folder");
        #[expect(clippy::disallowed_methods, reason = "a shell needs the path it was given")]
        let path = std::env::var("PATH").unwrap_or_default();
        let mut child = Command::new("bash")
            .args(["-euo", "pipefail", "-s"])
            .current_dir(world.folder())
            .env("PATH", format!("{}:{path}", program.display()))
            .env("LANG", "C.UTF-8")
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(errors)
            .spawn()
            .expect("bash starts");
        let words = child.stdin.take();
        let said = BufReader::new(child.stdout.take().expect("its output")).lines();
        Self { child, words, said, log }
    }

    /// Runs commands; the last line they said. What they start goes on beside them, silently.
    pub async fn run(&mut self, commands: &str) -> String {
        const END: &str = "-- the end of these commands --";
        // A command that reads its input would read the commands after it.
        let quiet = commands.replace(" &\n", " >> engine.log 2>&1 < /dev/null &\n");
        let text = format!("{{\n{quiet}\n}} < /dev/null\necho '{END}'\n");
        let words = self.words.as_mut().expect("it is open");
        words.write_all(text.as_bytes()).await.expect("it listens");
        let mut last = String::new();
        loop {
            let line = tokio::time::timeout(PATIENCE, self.said.next_line()).await;
            match line.unwrap_or_else(|_| panic!("nothing more was said\n{}", self.errors())) {
                Ok(Some(line)) if line == END => return last,
                Ok(Some(line)) => last = line,
                Ok(None) | Err(_) => panic!("the shell ended after {last:?}\n{}", self.errors()),
            }
        }
    }

    fn errors(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// Ends the shell and what it started.
    pub async fn close(mut self) {
        let words = self.words.as_mut().expect("it is open");
        words.write_all(b"kill $(jobs -p); wait || true\nexit 0\n").await.expect("it listens");
        drop(self.words.take());
        let mut rest = String::new();
        let read = self.said.get_mut().read_to_string(&mut rest);
        tokio::time::timeout(PATIENCE, read).await.expect("it ends").expect("its output");
        self.child.wait().await.expect("it ends");
    }
}

impl Drop for Shell {
    fn drop(&mut self) {
        // Only where a promise broke: what it started is in its group.
        if let Some(pid) = self.child.id() {
            let _gone = std::process::Command::new("kill").args(["-KILL", "--", &format!("-{pid}")]).status();
        }
    }
}
