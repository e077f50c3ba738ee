//! Keys that are made on the engine's machine, in the database itself.

use sluice_api::problem::Lang;
use sluice_core::access;
use sluice_core::id::PartnerId;
use sluice_core::partner::PLATFORM;
use sluice_core::port::world::Clock as _;

use super::super::fail::{Exit, Fail};
use super::super::list::not_a_time;
use super::super::screen::Screen;
use super::super::times::{self, Reading};
use super::super::words::{pick, say};
use super::Create;
use crate::roles::platform_key;
use crate::world::SystemClock;

/// Makes a key of the platform in the database itself.
pub(super) async fn made(create: &Create, screen: &Screen) -> Result<Exit, Fail> {
    let lang = screen.lang;
    let expires_at = match &create.expires {
        Some(text) => match times::moment(text, SystemClock.now(), Reading::Ahead, lang) {
            Some(at) => Some(at),
            None => return Err(not_a_time(lang, text, "--expires")),
        },
        None => None,
    };
    let mut scopes: Vec<_> =
        create.scopes.iter().filter_map(|scope| access::Scope::parse(scope.as_str())).collect();
    let partner = match &create.partner {
        None => {
            if scopes.is_empty() {
                scopes = access::Scope::ALL.to_vec();
            }
            PLATFORM
        }
        Some(text) => of_a_partner(text, &scopes, lang)?,
    };
    let wanted = platform_key::Wanted {
        partner,
        name: create.name.clone(),
        scopes,
        networks: create.ips.clone(),
        expires_at,
        reason: create.reason.clone(),
    };
    let (key, secret) = platform_key::create(&create.config, wanted).await.map_err(|error| {
        let title = pick(lang, "No key was made", "키를 만들지 못했습니다");
        let remedy = pick(
            lang,
            "Run it on the engine's machine, with --config naming the engine's configuration file.",
            "엔진 서버에서 실행하고 --config로 엔진의 설정 파일을 지정하세요.",
        );
        Fail::usage("key_not_made", title, error.to_string(), remedy)
    })?;
    let (id, secret) = (key.id.to_string(), Some(secret.to_string()));
    if screen.json {
        let token = secret.as_ref().map(|secret| format!("{id}.{secret}"));
        let scopes: Vec<&str> = key.scopes.iter().map(|scope| scope.as_str()).collect();
        let told = serde_json::json!({ "id": id, "partner_id": key.partner.to_string(), "name": key.label, "scopes": scopes });
        screen.object(&serde_json::json!({ "key": told, "secret": secret, "token": token }))?;
        return Ok(Exit::Done);
    }
    screen.note(&match key.partner == PLATFORM {
        true => pick(
            lang,
            "A key of the platform: it acts for every partner.",
            "플랫폼의 키입니다. 모든 파트너를 대신해 사용할 수 있습니다.",
        )
        .to_owned(),
        false => {
            let whose = key.partner;
            say!(lang, "A key of {whose}.", "{whose}의 키입니다.")
        }
    });
    super::shown(screen, &id, secret.as_deref())
}

/// The partner a key is for that is made on the engine's machine. It says what the key may do; managing partners is the
/// platform's.
fn of_a_partner(text: &str, scopes: &[access::Scope], lang: Lang) -> Result<PartnerId, Fail> {
    let partner = PartnerId::parse(text).map_err(|_| {
        Fail::usage(
            "not_a_partner",
            pick(lang, "Not a partner's id", "파트너 ID가 아닙니다"),
            say!(
                lang,
                "--partner {text} is no id of a partner.",
                "--partner {text}은(는) 파트너 ID가 아닙니다."
            ),
            pick(lang, "`sluice partner list` names them.", "`sluice partner list`로 확인하세요."),
        )
    })?;
    if partner != PLATFORM && (scopes.is_empty() || scopes.contains(&access::Scope::PartnersManage)) {
        return Err(Fail::usage(
            "scopes_of_a_partner",
            pick(lang, "Which scopes?", "어떤 권한을 줄까요?"),
            pick(
                lang,
                "A partner's key needs --scopes, and partners:manage is the platform's alone.",
                "파트너의 키에는 --scopes가 필요하며 partners:manage는 플랫폼만 가질 수 있습니다.",
            )
            .to_owned(),
            pick(
                lang,
                "Give --scopes, for example withdrawals:read,withdrawals:create.",
                "--scopes를 지정하세요. 예: withdrawals:read,withdrawals:create",
            ),
        ));
    }
    Ok(partner)
}
