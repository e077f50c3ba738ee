//! The devnet's door: the file that `make run` keeps for scripts, in the folder it runs in.

use std::path::{Path, PathBuf};

use serde::Deserialize;
use sluice_api::problem::Lang;

use super::fail::Fail;
use super::global::{As, DATA};
use super::words::{pick, say};

/// What `sluice dev` leaves for scripts in its folder.
pub(super) const DEV_FILE: &str = "dev.json";
/// More than this is not that file.
const DEV_BYTES_MAX: u64 = 1024 * 1024;
/// The devnet's door.
#[derive(Clone, Default, Deserialize)]
pub(super) struct Dev {
    /// Address of the API.
    pub(super) api_url: String,
    /// A test key.
    pub(super) api_key: String,
    /// A key of another person of the same partner.
    #[serde(default)]
    pub(super) second_api_key: Option<String>,
    /// A key of the platform.
    #[serde(default)]
    pub(super) platform_api_key: Option<String>,
    /// A key of another person of the platform.
    #[serde(default)]
    pub(super) second_platform_api_key: Option<String>,
    /// What can be paid there.
    #[serde(default)]
    pub(super) assets: Vec<DevAsset>,
    /// Where it was found.
    #[serde(skip)]
    pub(super) file: PathBuf,
}

impl Dev {
    /// The folder of the installation.
    pub(super) fn folder(&self) -> PathBuf {
        self.file.parent().map_or_else(PathBuf::new, Path::to_owned)
    }

    /// The key of a person.
    pub(super) fn key(&self, person: As) -> Option<&str> {
        match person {
            As::First => Some(&self.api_key),
            As::Second => self.second_api_key.as_deref(),
            As::Platform => self.platform_api_key.as_deref(),
            As::SecondPlatform => self.second_platform_api_key.as_deref(),
        }
    }

    /// As the file says now: a devnet that was started again may have its node on another port.
    pub(super) fn anew(&self, lang: Lang) -> Self {
        match read(&self.file, lang) {
            Ok(dev) if dev.api_url == self.api_url => dev,
            _ => self.clone(),
        }
    }
}

/// An asset of the devnet, and a node to check payments with.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub(super) struct DevAsset {
    /// CAIP-19 id.
    pub(super) id: String,
    /// CAIP-2 id of its chain.
    pub(super) chain: String,
    /// The token's contract.
    pub(super) contract: Option<String>,
    /// Decimals on chain.
    pub(super) decimals: u8,
    /// A node of the chain.
    pub(super) rpc_url: String,
}

impl DevAsset {
    /// Whether it is paid on TRON; on an EVM chain otherwise.
    pub(super) fn is_tron(&self) -> bool {
        self.chain.starts_with("tron:")
    }
}

/// The devnet's file: in the folder that is named, else in `.sluice` of this folder or of the nearest one above it.
pub(super) fn here(data: Option<&Path>, lang: Lang) -> Result<Option<Dev>, Fail> {
    let found = match data {
        Some(folder) => Some(folder.join(DEV_FILE)).filter(|path| path.is_file()),
        None => std::env::current_dir().ok().and_then(|folder| {
            let places = folder.ancestors().map(|folder| folder.join(DATA).join(DEV_FILE));
            places.into_iter().find(|path| path.is_file())
        }),
    };
    found.map(|path| read(&path, lang)).transpose()
}

fn read(path: &Path, lang: Lang) -> Result<Dev, Fail> {
    let wrong = |why: String| {
        let path = path.display();
        Fail::usage(
            "dev_file_wrong",
            say!(lang, "{path} cannot be used", "{path} 파일을 쓸 수 없습니다"),
            why,
            pick(
                lang,
                "`make run` writes it anew. Or give --url and --key.",
                "`make run`을 실행하면 다시 만들어집니다. 또는 --url과 --key를 주세요.",
            ),
        )
    };
    let length = std::fs::metadata(path).map_err(|error| wrong(error.to_string()))?.len();
    if length > DEV_BYTES_MAX {
        return Err(wrong(say!(lang, "It has {length} bytes.", "크기가 {length}바이트입니다.")));
    }
    let text = std::fs::read_to_string(path).map_err(|error| wrong(error.to_string()))?;
    // serde_json quotes a wrong value, and a value here is a key: only the place is told.
    let mut dev: Dev = serde_json::from_str(&text).map_err(|error| {
        let (line, column) = (error.line(), error.column());
        wrong(say!(
            lang,
            "Line {line}, column {column}: it is not JSON with api_url, api_key and assets.",
            "{line}행 {column}열: api_url, api_key, assets가 있는 JSON이 아닙니다."
        ))
    })?;
    dev.file = path.to_owned();
    Ok(dev)
}

#[cfg(test)]
mod tests {
    use super::super::fail::Exit;
    use super::*;

    #[test]
    fn a_broken_dev_file_is_named_and_its_key_is_not_told() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("dev.json");
        std::fs::write(&path, r#"{"api_url": 5, "api_key": "key_1.sk_very_secret_indeed"}"#).unwrap();
        let Err(fail) = read(&path, Lang::En) else { panic!("refused") };
        let text = fail.lines(Lang::En).join("\n");
        assert!(text.contains("dev.json") && text.contains("Line 1") && !text.contains("secret"), "{text}");
        assert_eq!(fail.exit(), Exit::Usage);
    }
}
