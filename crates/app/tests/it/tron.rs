//! USDT on TRON, from the install page to a payment: three nodes of two operators, a signer of its own.

use sluice_devnet::tron::{Tron, TronConfig};

use crate::harness::{Shape, World, free_port};
use crate::install::{FUNDED, PAGE, Shell, commands};
use crate::on_both;

/// Nile's: the simulator is told to be of it.
const CHAIN: u32 = 3_448_148_188;
/// Whom the page pays, and how much in all, in units.
const PAID: (&str, u128) = ("TPL66VK2gCXNCD7EJg9pgJRfqcRazjhUZY", 1_750_000);

on_both! {
    /// The commands of docs/install.md, with another chain, another token and other addresses in them.
    async fn the_commands_of_the_install_page_pay_on_tron(database: Database) {
        let world = World::new(database, Shape::default()).await;
        let config = TronConfig { nodes: 2, chain_id: CHAIN, solid_lag: 2, ..TronConfig::default() };
        let tron = Tron::start(config).await.expect("a network");
        let chain = format!("tron:{CHAIN}");
        let asset = format!("{chain}/trc20:{}", tron.usdt());
        let folder = world.folder();
        let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");
        let address = format!("127.0.0.1:{}", free_port());
        let edited = |text: &str| {
            let at = |name: &str| folder.join(name).display().to_string();
            text.replace("eip155:137/erc20:0x3c499c542cef5e3811e1192ce70d8cc03d5c3359", &asset)
                .replace("eip155:[0-9]*/erc20:0x[0-9a-f]*", "tron:[0-9]*/trc20:T[0-9A-Za-z]*")
                .replace("eip155:137", &chain)
                .replace("0x[0-9a-fA-F]*", "T[1-9A-HJ-NP-Za-km-z]*$")
                .replace("0x70997970C51812dc3A010C7d01b50e0d17dc79C8", PAID.0)
                .replace("max_fee_cap_wei = 2_000_000_000_000", "")
                .replace("USDC", "USDT")
                .replace("https://polygon.example-one.com/rpc", &tron.node_url(0))
                .replace("https://polygon.example-two.com/rpc", &tron.node_url(1))
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
        let wallet = account.parse().expect("the page's ADDRESS");
        let control = tron.control();
        control.faucet(wallet, 100_000_000, 5_000_000);
        shell.run(&format!("{}\necho done", edited(&commands(after)))).await;
        shell.close().await;
        let recipient = PAID.0.parse().expect("an address");
        assert_eq!(control.usdt_units(recipient), PAID.1, "both, and each once");
        assert_eq!(control.usdt_units(wallet), 5_000_000 - PAID.1);
        // Two transfers to one who held nothing before the first: 13.03 and 6.43 TRX of energy, and their bandwidth.
        let burned = 100_000_000 - control.balance_sun(wallet).expect("an account");
        assert!((19_000_000..20_500_000).contains(&burned), "{burned} sun");
    }
}
