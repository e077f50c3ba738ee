//! Which server, with which key, and what is known about its assets.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use sluice_api::asset::Asset;
use sluice_api::client::{Client, ClientError, Credentials, Pause, Retry, Surroundings};
use sluice_api::problem::Lang;
use sluice_api::sign::SigningSecret;
use sluice_api::text::Decimal;
use sluice_api::withdrawal::Withdrawal;
use sluice_core::asset::{Asset as CoreAsset, AssetId};
use sluice_core::chain::ChainProfile;
use sluice_core::id::WithdrawalId;
use sluice_core::port::world::Clock;
use sluice_core::time::Timestamp;
use tokio::sync::OnceCell;

use super::devnet::{DEV_FILE, Dev, here};
use super::fail::{Exit, Fail, Notice};
use super::global::{As, DATA, Global};
use super::words::{pick, say};
use crate::world::{SystemClock, random};

/// Marks the seed of an Ed25519 key in a key text: `<key id>.ed25519_<64 hex digits>`. Secrets made by a server never
/// look like it.
pub(super) const ED25519_MARK: &str = "ed25519_";
/// The longest wait a server can ask of a person at a terminal; past it the refusal is shown.
const PATIENCE: Duration = Duration::from_secs(10);
/// Tries of one call.
const TRIES: u32 = 4;

/// A server and how to talk to it.
pub(super) struct Session {
    /// Calls it.
    pub(super) client: Client,
    /// Its address.
    pub(super) url: String,
    /// The devnet's door, when that is where we go.
    pub(super) dev: Option<Dev>,
    /// Language of everything a person reads.
    pub(super) lang: Lang,
    clock: Arc<dyn Clock>,
    names: OnceCell<Names>,
}

impl Session {
    /// To the server that the options name, or that `make run` left in this folder or one above it.
    ///
    /// # Errors
    /// A notice that says which option or file is missing or wrong.
    pub(super) fn open(global: &Global, unasked: As) -> Result<Self, Fail> {
        let lang = global.lang();
        let (url, key, dev) = place(global, unasked)?;
        let key = key.ok_or_else(|| {
            Fail::usage(
                "no_key",
                pick(lang, "No API key", "API 키가 없습니다"),
                say!(lang, "There is no key for {url}.", "{url}에 쓸 키가 없습니다."),
                pick(
                    lang,
                    "Give --key <key id>.<secret>, or set SLUICE_KEY.",
                    "--key <키 ID>.<비밀 값>을 주거나 SLUICE_KEY를 설정하세요.",
                ),
            )
        })?;
        let credentials = credentials(&key).ok_or_else(|| {
            Fail::usage(
                "key_malformed",
                pick(lang, "The API key is malformed", "API 키 형식이 올바르지 않습니다"),
                pick(lang, "A key is written <key id>.<secret>.", "키는 <키 ID>.<비밀 값> 형식입니다."),
                pick(
                    lang,
                    "Copy it again, as it was shown when it was created.",
                    "생성할 때 표시된 값을 그대로 다시 복사하세요.",
                ),
            )
        })?;
        Self::to(url, credentials, dev, lang)
    }

    /// The same for calls that need no key; one that is there is used.
    ///
    /// # Errors
    /// As [`Session::open`], but for the key.
    pub(super) fn of_anybody(global: &Global) -> Result<Self, Fail> {
        let (url, key, dev) = place(global, As::First)?;
        let credentials = key.and_then(|key| credentials(&key)).unwrap_or(Credentials::Nobody);
        Self::to(url, credentials, dev, global.lang())
    }

    fn to(url: String, credentials: Credentials, dev: Option<Dev>, lang: Lang) -> Result<Self, Fail> {
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let ticking = Arc::clone(&clock);
        let surroundings = Surroundings::new(
            move || u64::try_from(ticking.now().millis()).unwrap_or(0),
            || hex::encode(random::<16>()),
        )
        .trying_again(pause);
        let client = match Client::new(&url, credentials, surroundings) {
            Ok(client) => client.speaking(lang),
            Err(error) => return Err(Fail::Call { error, url }),
        };
        Ok(Self { client, url, dev, lang, clock, names: OnceCell::new() })
    }

    /// Now.
    pub(super) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// What a call fails with, and where.
    pub(super) fn failed(&self, error: ClientError) -> Fail {
        Fail::Call { error, url: self.url.clone() }
    }

    /// Symbols and decimals of the assets, asked for once. A key that may not read them shows ids instead.
    pub(super) async fn names(&self) -> &Names {
        self.names
            .get_or_init(|| async {
                Names::of(self.client.assets().take(ASSETS_MAX).await.unwrap_or_default())
            })
            .await
    }

    /// The id of an asset as a person names it: by id, or by a symbol that only one asset has.
    ///
    /// # Errors
    /// A notice with the assets there are.
    pub(super) async fn asset(&self, named: &str) -> Result<String, Fail> {
        if named.contains(':') {
            return Ok(named.to_owned());
        }
        let lang = self.lang;
        let assets = self.client.assets().take(ASSETS_MAX).await.map_err(|error| self.failed(error))?;
        let found: Vec<&Asset> =
            assets.iter().filter(|asset| asset.symbol.eq_ignore_ascii_case(named)).collect();
        if let [one] = found.as_slice() {
            return Ok(one.id.clone());
        }
        let (detail, known) = if found.is_empty() {
            (
                say!(lang, "No asset is called {named}.", "{named}(이)라는 자산이 없습니다."),
                listed(&mut assets.iter()),
            )
        } else {
            (
                say!(lang, "Several assets are called {named}.", "{named}(이)라는 자산이 여러 개입니다."),
                listed(&mut found.into_iter()),
            )
        };
        Err(Fail::usage(
            "asset_unknown",
            pick(lang, "Which asset?", "자산을 알 수 없습니다"),
            detail,
            say!(lang, "Name it by its id: {known}", "ID로 지정하세요: {known}"),
        ))
    }

    /// The id of the asset that nobody needs to name: the only one, or the only one that fits.
    ///
    /// # Errors
    /// A notice with the assets there are, when there is not exactly one.
    pub(super) async fn only_asset(&self, fits: impl Fn(&Asset) -> bool) -> Result<String, Fail> {
        let lang = self.lang;
        let assets = self.client.assets().take(ASSETS_MAX).await.map_err(|error| self.failed(error))?;
        let fitting: Vec<&Asset> = assets.iter().filter(|asset| assets.len() == 1 || fits(asset)).collect();
        if let [one] = fitting.as_slice() {
            return Ok(one.id.clone());
        }
        let known = listed(&mut assets.iter());
        let (detail, remedy) = if assets.is_empty() {
            (
                pick(lang, "No asset is set up.", "설정된 자산이 없습니다.").to_owned(),
                pick(lang, "Add one to the configuration.", "설정 파일에 자산을 추가하세요.").to_owned(),
            )
        } else {
            (
                pick(lang, "There are several assets.", "자산이 여러 개입니다.").to_owned(),
                say!(lang, "Name one with --asset: {known}", "--asset으로 지정하세요: {known}"),
            )
        };
        let title = pick(lang, "Which asset?", "자산을 알 수 없습니다");
        Err(Fail::usage("asset_unknown", title, detail, remedy))
    }

    /// A withdrawal by our id or by the partner's own. A partner may have named one like an id of ours: then that one is
    /// found when ours is not.
    ///
    /// # Errors
    /// What the call fails with, or that there is none.
    pub(super) async fn withdrawal(&self, named: &str) -> Result<Withdrawal, Fail> {
        if WithdrawalId::parse(named).is_ok() {
            match self.client.withdrawal(named).await {
                Ok(withdrawal) => return Ok(withdrawal),
                Err(error) if error.code() == Some(sluice_api::problem::Code::NotFound) => {}
                Err(error) => return Err(self.failed(error)),
            }
        }
        let found = self.client.withdrawal_by_external_id(named).await.map_err(|error| self.failed(error))?;
        found.ok_or_else(|| {
            let lang = self.lang;
            Fail::Notice(Notice {
                exit: Exit::Refused,
                code: "not_found",
                title: pick(lang, "No such withdrawal", "출금을 찾을 수 없습니다").to_owned(),
                detail: say!(
                    lang,
                    "Neither an id nor an external id is `{named}`, as far as this key may see.",
                    "이 키로 볼 수 있는 출금 중에 ID나 external_id가 `{named}`인 것이 없습니다."
                ),
                remedy: pick(lang, "Look at `sluice list`.", "`sluice list`로 확인하세요.").to_owned(),
            })
        })
    }
}

/// More assets than an installation has.
const ASSETS_MAX: usize = 10_000;

/// Waits longer with each try, a different bit each time, so that many callers do not come back together.
fn pause(retry: Retry) -> Option<Pause> {
    if retry.tried >= TRIES {
        return None;
    }
    let [chance] = random::<1>();
    let backoff = Duration::from_millis((150 << retry.tried) + u64::from(chance));
    let wait = retry.retry_after.map_or(backoff, |asked| asked.max(backoff));
    (wait <= PATIENCE).then(|| Box::pin(tokio::time::sleep(wait)) as Pause)
}

/// Reads a key as it was shown.
fn credentials(key: &str) -> Option<Credentials> {
    let signed = Credentials::signed(key).ok()?;
    let Some((id, seed)) =
        key.split_once('.').and_then(|(id, secret)| Some((id, secret.strip_prefix(ED25519_MARK)?)))
    else {
        return Some(signed);
    };
    let mut bytes = zeroize::Zeroizing::new([0; 32]);
    hex::decode_to_slice(seed, bytes.as_mut_slice()).ok()?;
    Some(Credentials::Signed { key_id: id.to_owned(), secret: SigningSecret::ed25519(&bytes) })
}

/// Where to go and with which key. The devnet's keys are for the devnet: they are not offered to another server.
/// `unasked` is whose key is used there when none is named.
fn place(global: &Global, unasked: As) -> Result<(String, Option<String>, Option<Dev>), Fail> {
    let (lang, data) = (global.lang(), global.data.as_deref());
    let given = |option: &Option<String>| option.clone().filter(|text| !text.trim().is_empty());
    let (url, key) = (given(&global.url), given(&global.key));
    let dev = match (&url, &key) {
        // Complete without it: a broken file in some folder above is then nobody's business.
        (Some(url), Some(_)) => here(data, lang).unwrap_or_default().filter(|dev| same(&dev.api_url, url)),
        _ => here(data, lang)?,
    };
    let dev = dev.filter(|dev| url.as_ref().is_none_or(|url| same(&dev.api_url, url)));
    let url = url.or_else(|| dev.as_ref().map(|dev| dev.api_url.clone())).ok_or_else(|| {
        Fail::usage(
            "no_server",
            pick(lang, "Which server?", "서버를 알 수 없습니다"),
            match data.map(Path::display) {
                Some(folder) => say!(
                    lang,
                    "There is no --url, no SLUICE_URL, and no {DEV_FILE} in {folder}.",
                    "--url과 SLUICE_URL이 없고, {folder} 폴더에 {DEV_FILE} 파일도 없습니다."
                ),
                None => say!(
                    lang,
                    "There is no --url, no SLUICE_URL, and no {DATA}/{DEV_FILE} in this folder or one above it.",
                    "--url과 SLUICE_URL이 없고, 이 폴더와 상위 폴더에 {DATA}/{DEV_FILE} 파일도 없습니다."
                ),
            },
            pick(
                lang,
                "Start one with `make run`, or give --url and --key.",
                "`make run`으로 시작하거나 --url과 --key를 주세요.",
            ),
        )
    })?;
    let of = |person| dev.as_ref().and_then(|dev| dev.key(person)).map(str::to_owned);
    let key = match global.person {
        None => key.or_else(|| of(unasked)),
        Some(person) => Some(of(person).ok_or_else(|| {
            Fail::usage(
                "no_such_person",
                pick(lang, "No key of that person", "해당 사람의 키가 없습니다"),
                say!(
                    lang,
                    "--as {person} names a key of the devnet, and {DEV_FILE} for {url} does not hold it.",
                    "--as {person}은(는) 개발망의 키를 가리키지만 {url}의 {DEV_FILE}에 그 키가 없습니다."
                ),
                pick(
                    lang,
                    "Start the devnet with `make run`, or give --key.",
                    "`make run`으로 개발망을 시작하거나 --key를 주세요.",
                ),
            )
        })?),
    };
    Ok((url, key, dev))
}

fn listed(assets: &mut dyn Iterator<Item = &Asset>) -> String {
    assets.map(|asset| format!("{} {}", asset.symbol, asset.id)).collect::<Vec<_>>().join(", ")
}

fn same(one: &str, other: &str) -> bool {
    one.trim_end_matches('/') == other.trim_end_matches('/')
}

/// What people call the assets.
#[derive(Clone, Debug, Default)]
pub(super) struct Names(BTreeMap<String, Asset>);

impl Names {
    /// From what the server lists.
    pub(super) fn of(assets: Vec<Asset>) -> Self {
        Self(assets.into_iter().map(|asset| (asset.id.clone(), asset)).collect())
    }

    /// The symbol of an asset, with its chain where another asset has the same. Of what is not listed, the name of the
    /// chain's coin, or the end of its id.
    pub(super) fn symbol(&self, id: &str) -> String {
        let Some(asset) = self.0.get(id) else {
            let coin = AssetId::parse(id).ok().and_then(|id| ChainProfile::known(id.chain));
            let coin =
                coin.map(|profile| CoreAsset::native(&profile)).filter(|coin| coin.id.to_string() == id);
            let end = || id.rsplit('/').next().unwrap_or(id).to_owned();
            return coin.map_or_else(end, |coin| coin.symbol);
        };
        let shared = self.0.values().filter(|other| other.symbol == asset.symbol).count() > 1;
        if shared { format!("{} ({})", asset.symbol, asset.chain) } else { asset.symbol.clone() }
    }

    /// An amount with its symbol.
    pub(super) fn money(&self, amount: &Decimal, asset: &str) -> String {
        format!("{amount} {}", self.symbol(asset))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asset(id: &str, symbol: &str, chain: &str) -> Asset {
        serde_json::from_value(serde_json::json!({
            "id": id, "object": "asset", "symbol": symbol, "chain": chain, "contract": null, "precision": 6,
            "decimals": 6, "state": "active", "reason": null, "amount_min": "0.000001", "amount_max": null, "fee": "0"
        }))
        .unwrap()
    }

    #[test]
    fn a_symbol_that_two_chains_have_names_its_chain() {
        let names = Names::of(vec![
            asset("eip155:1/erc20:0x1", "USDC", "eip155:1"),
            asset("eip155:137/erc20:0x2", "USDC", "eip155:137"),
            asset("eip155:137/slip44:966", "POL", "eip155:137"),
        ]);
        assert_eq!(names.money(&Decimal::new("1.5"), "eip155:137/erc20:0x2"), "1.5 USDC (eip155:137)");
        assert_eq!(names.symbol("eip155:137/slip44:966"), "POL");
        assert_eq!(names.symbol("eip155:56/erc20:0x9"), "erc20:0x9");
        assert_eq!(
            Names::default().symbol("eip155:56/slip44:714"),
            "BNB",
            "it pays for fees and is not listed"
        );
    }

    #[test]
    fn both_kinds_of_key_are_read_and_no_other() {
        assert!(matches!(credentials("key_1.sk_test_0123456789abcdef"), Some(Credentials::Signed { .. })));
        let seed = format!("key_1.{ED25519_MARK}{}", "07".repeat(32));
        let Some(Credentials::Signed { key_id, secret }) = credentials(&seed) else { panic!("a key") };
        assert_eq!(key_id, "key_1");
        assert_eq!(secret.public_key(), SigningSecret::ed25519(&[7; 32]).public_key());
        for wrong in ["", "key_1", "key_1.short", &format!("key_1.{ED25519_MARK}zz{}", "0".repeat(62))] {
            assert!(credentials(wrong).is_none(), "{wrong}");
        }
    }

    #[test]
    fn a_server_that_asks_for_too_much_patience_is_not_waited_for() {
        let retry = |tried, seconds: Option<u64>| {
            pause(Retry { tried, retry_after: seconds.map(Duration::from_secs) })
        };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        let _inside = runtime.enter();
        assert!(retry(1, None).is_some() && retry(1, Some(2)).is_some());
        assert!(retry(1, Some(60)).is_none());
        assert!(retry(TRIES, None).is_none());
    }
}
