//! `sluice key`: API keys; and the key that seals their secrets.

mod local;

use std::io::Write as _;
use std::path::{Path, PathBuf};

use sluice_api::key::{Children, CreateApiKey, CreatedApiKey, KeyAlgorithm, RevokeApiKey, Scope};
use sluice_api::sign::SigningSecret;
use zeroize::Zeroizing;

use super::choice;
use super::fail::{Exit, Fail, Notice};
use super::list::{listed, not_a_time};
use super::screen::{Screen, Style, clean};
use super::session::{ED25519_MARK, Session};
use super::table::Cell;
use super::times::{self, Reading};
use super::words::{pick, say};
use crate::world::random;

/// What to do; `list` when left out.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    command: Option<What>,
}

/// What can be done.
#[derive(Debug, clap::Subcommand)]
enum What {
    /// Create a key; its secret is shown this once · 키를 만듭니다(비밀 값은 한 번만 표시)
    Create(Create),
    /// List keys, without their secrets · 키 목록을 봅니다
    List,
    /// Revoke a key, at once and for ever · 키를 즉시 영구히 폐기합니다
    Revoke {
        /// Id of the key: key_...
        #[arg(value_name = "ID")]
        id: String,
        /// What becomes of the keys that it made: revoke or keep. Asked for where some still work
        #[arg(long, value_name = "WHAT", value_parser = choice::of(Children::WORDS, Children::parse))]
        children: Option<Children>,
        /// Why, for the record
        #[arg(long, value_name = "TEXT")]
        reason: String,
    },
    /// Make the file that seals API secrets in the database; asks no server · 비밀 값을 봉인할 키 파일을 만듭니다
    Init {
        /// Where; an existing file is never written over
        #[arg(long, value_name = "FILE", default_value = "sealing.key")]
        file: PathBuf,
    },
}

/// A key to create.
#[derive(Debug, clap::Args)]
struct Create {
    /// What people call it
    #[arg(long)]
    name: String,
    /// What it may do, separated by commas; not more than your own key may
    #[arg(
        long,
        value_delimiter = ',',
        required_unless_present = "platform",
        value_parser = choice::of(Scope::WORDS, Scope::parse)
    )]
    scopes: Vec<Scope>,
    /// From where it may be used: addresses or CIDR ranges, separated by commas; as your own key when left out
    #[arg(long, value_delimiter = ',', value_name = "IP")]
    ips: Vec<String>,
    /// Ed25519: the server keeps a public key only. Give yours in base64, or nothing to have a pair made here
    #[arg(long, value_name = "PUBLIC_KEY", num_args = 0..=1)]
    ed25519: Option<Option<String>>,
    /// Whose key it becomes: your own partner's when left out
    #[arg(long, value_name = "ID")]
    partner: Option<String>,
    /// A key of the platform, or with --partner of a partner, made on the engine's machine in the database itself. Asks no
    /// server; how the first key comes into being, and each key made so is a person of its own
    #[arg(long, conflicts_with_all = ["ed25519"])]
    platform: bool,
    /// With --platform: the engine's configuration file
    #[arg(long, value_name = "FILE", default_value = "sluice.toml")]
    config: PathBuf,
    /// When it stops working by itself: RFC 3339, 2027-01-01, or 90d (from now)
    #[arg(long, value_name = "TIME")]
    expires: Option<String>,
    /// Why, for the record
    #[arg(long, value_name = "TEXT")]
    reason: String,
}

impl Args {
    /// Whether it is about a key of another partner: the platform's business.
    pub(super) fn of_another_partner(&self) -> bool {
        matches!(&self.command, Some(What::Create(create)) if create.partner.is_some())
    }
}

/// Does what needs no server; `None` when the server is asked.
pub(super) async fn local(args: &Args, screen: &Screen) -> Option<Result<Exit, Fail>> {
    match &args.command {
        Some(What::Init { file }) => Some(init(file, screen)),
        Some(What::Create(create)) if create.platform => Some(local::made(create, screen).await),
        Some(What::Create(_) | What::List | What::Revoke { .. }) | None => None,
    }
}

/// Shows a key that was just made, this once.
fn shown(screen: &Screen, id: &str, secret: Option<&str>) -> Result<Exit, Fail> {
    let (lang, id) = (screen.lang, clean(id));
    let Some(secret) = secret else {
        screen.line(&say!(
            lang,
            "{id} is ready; sign with your private key.",
            "{id}을(를) 만들었습니다. 가지고 있는 개인 키로 서명하세요."
        ))?;
        return Ok(Exit::Done);
    };
    screen.line(&clean(&Zeroizing::new(format!("{id}.{secret}"))))?;
    screen.note(pick(
        lang,
        "This is shown once and kept nowhere in clear. Use it as --key or SLUICE_KEY.",
        "이 값은 한 번만 표시되며 어디에도 그대로 저장되지 않습니다. --key 또는 SLUICE_KEY로 사용하세요.",
    ));
    Ok(Exit::Done)
}

/// Does it.
pub(super) async fn run(session: &Session, screen: &Screen, args: Args) -> Result<Exit, Fail> {
    match args.command.unwrap_or(What::List) {
        What::Create(create) => self::create(session, screen, create).await,
        What::List => list(session, screen).await,
        What::Revoke { id, children, reason } => {
            let key = session.client.revoke_key(&id, &RevokeApiKey { children, reason }).await;
            let key = key.map_err(|error| session.failed(error))?;
            if screen.json {
                screen.object(&key)?;
            } else {
                let id = clean(&key.id);
                let done = say!(screen.lang, "{id} is revoked.", "{id}을(를) 폐기했습니다.");
                screen.line(&screen.paint(Style::Green, &done))?;
            }
            Ok(Exit::Done)
        }
        What::Init { file } => init(&file, screen),
    }
}

async fn create(session: &Session, screen: &Screen, create: Create) -> Result<Exit, Fail> {
    let expires_at = match &create.expires {
        Some(text) => match times::moment(text, session.now(), Reading::Ahead, session.lang) {
            Some(at) => Some(times::wire(at)),
            None => return Err(not_a_time(session.lang, text, "--expires")),
        },
        None => None,
    };
    // A pair made here: the private half goes to the screen and nowhere else.
    let seed = matches!(create.ed25519, Some(None)).then(|| Zeroizing::new(random::<32>()));
    let public_key = match (&create.ed25519, &seed) {
        (Some(Some(given)), _) => Some(given.clone()),
        (Some(None), Some(seed)) => SigningSecret::ed25519(seed).public_key_base64(),
        _ => None,
    };
    let body = CreateApiKey {
        name: create.name,
        partner_id: create.partner,
        algorithm: create.ed25519.is_some().then_some(KeyAlgorithm::Ed25519),
        public_key,
        scopes: create.scopes,
        allowed_ips: (!create.ips.is_empty()).then_some(create.ips),
        expires_at,
        reason: create.reason,
    };
    let CreatedApiKey { key, secret } =
        session.client.create_key(&body).await.map_err(|error| session.failed(error))?;
    let secret =
        secret.or_else(|| seed.map(|seed| format!("{ED25519_MARK}{}", hex::encode(seed.as_slice()))));
    let token = secret.as_ref().map(|secret| Zeroizing::new(format!("{}.{secret}", key.id)));
    if screen.json {
        screen.object(&serde_json::json!({ "key": key, "secret": secret, "token": token.as_ref().map(|it| it.as_str()) }))?;
        return Ok(Exit::Done);
    }
    shown(screen, &key.id, secret.as_deref())
}

async fn list(session: &Session, screen: &Screen) -> Result<Exit, Fail> {
    let (lang, now) = (screen.lang, session.now());
    let head = [
        "id",
        pick(lang, "name", "이름"),
        pick(lang, "kind", "종류"),
        pick(lang, "created", "생성"),
        pick(lang, "made by", "만든 키"),
        pick(lang, "last used", "마지막 사용"),
        pick(lang, "ends", "종료"),
        pick(lang, "from", "허용 IP"),
        pick(lang, "may", "권한"),
    ];
    listed(session, screen, session.client.keys(), usize::MAX, &head, |it| {
        let ends = it.revoked_at.as_ref().or(it.expires_at.as_ref());
        let ends = times::perhaps(ends, now, lang);
        let scopes: Vec<&str> = it.scopes.iter().map(|scope| scope.as_str()).collect();
        vec![
            Cell::new(&it.id),
            Cell::new(&it.name),
            Cell::new(it.algorithm.as_str()),
            Cell::new(times::shown(&it.created_at, now, lang)),
            Cell::new(it.created_by.as_ref().map_or("-", |maker| maker.id.as_str())),
            Cell::new(times::perhaps(it.last_used_at.as_ref(), now, lang)),
            match it.revoked_at {
                Some(_) => Cell::styled(Style::Red, say!(lang, "revoked {ends}", "폐기 {ends}")),
                None => Cell::new(ends),
            },
            Cell::new(if it.allowed_ips.is_empty() { "*".to_owned() } else { it.allowed_ips.join(",") }),
            Cell::new(scopes.join(",")),
        ]
    })
    .await
}

/// Writes 32 random bytes to a file that only its owner may read.
fn init(file: &Path, screen: &Screen) -> Result<Exit, Fail> {
    let lang = screen.lang;
    let key = Zeroizing::new(hex::encode(random::<32>()));
    let path = file.display();
    match write_new(file, &key) {
        Ok(()) => {
            if screen.json {
                screen.object(&serde_json::json!({ "file": file }))?;
            } else {
                screen.line(&say!(
                    lang,
                    "{path} is made. Keep a copy away from the database: without it no API secret opens.",
                    "{path}을(를) 만들었습니다. 데이터베이스와 다른 곳에 사본을 보관하세요. 이 파일 없이는 API 비밀 값을 열 수 없습니다."
                ))?;
            }
            Ok(Exit::Done)
        }
        Err(error) => Err(Fail::Notice(Notice {
            exit: Exit::Usage,
            code: "key_file_not_written",
            title: say!(lang, "{path} was not written", "{path} 파일을 쓰지 못했습니다"),
            detail: error.to_string(),
            remedy: pick(
                lang,
                "An existing key is never replaced: secrets sealed with it would be lost. Choose another --file.",
                "기존 키는 덮어쓰지 않습니다. 그 키로 봉인한 비밀 값을 잃게 됩니다. 다른 --file을 지정하세요.",
            )
            .to_owned(),
        })),
    }
}

fn write_new(file: &Path, text: &str) -> std::io::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(file)?;
    writeln!(file, "{text}")?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::tests::{Paper, Server, typed};
    use super::*;

    #[test]
    fn a_sealing_key_is_private_and_never_written_over() {
        let (folder, paper) = (tempfile::tempdir().unwrap(), Paper::new(false));
        let file = folder.path().join("sealing.key");
        assert_eq!(init(&file, &paper.screen).unwrap(), Exit::Done);
        let text = std::fs::read_to_string(&file).unwrap();
        assert_eq!(text.trim().len(), 64);
        assert_eq!(init(&file, &paper.screen).unwrap_err().exit(), Exit::Usage);
        assert_eq!(std::fs::read_to_string(&file).unwrap(), text);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        }
    }

    #[test]
    fn an_ed25519_pair_is_made_here_and_its_private_half_stays_here() {
        let server = Server::answering(|asked| {
            let key = json!({
                "id": "key_2", "object": "api_key", "partner_id": "pt_1", "name": "n", "algorithm": "ed25519",
                "public_key": asked.body["public_key"], "scopes": ["withdrawals:read"], "allowed_ips": [],
                "created_at": "2026-11-21T00:00:00Z", "expires_at": null, "last_used_at": null, "revoked_at": null
            });
            (201, json!({ "key": key, "secret": null }))
        });
        let (exit, paper) = typed(
            &server,
            "--json key create --name n --scopes withdrawals:read,stop:set --ips 10.0.0.0/8 --ed25519 --reason test",
        );
        assert_eq!(exit, Exit::Done, "{}", paper.err());
        let sent = &server.asked()[0].body;
        assert_eq!(
            (&sent["algorithm"], sent["scopes"].as_array().map(Vec::len)),
            (&json!("ed25519"), Some(2))
        );
        let said: Value = serde_json::from_str(&paper.out()).unwrap();
        let (id, seed) = said["token"].as_str().unwrap().split_once(".ed25519_").unwrap();
        let mut bytes = [0; 32];
        hex::decode_to_slice(seed, &mut bytes).unwrap();
        let public = SigningSecret::ed25519(&bytes).public_key_base64();
        assert_eq!((id, sent["public_key"].as_str()), ("key_2", public.as_deref()));
        assert!(!sent.to_string().contains(seed));
    }
}
