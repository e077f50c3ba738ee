//! What is common to all commands: which server, which key, which language.

use std::ffi::OsString;
use std::fmt;
use std::path::PathBuf;

use clap::builder::FalseyValueParser;
use sluice_api::problem::Lang;

use super::choice;

/// The folder of a local installation when none is named.
pub const DATA: &str = ".sluice";

/// Options that every command takes.
#[derive(clap::Args)]
pub struct Global {
    /// Address of the server; from dev.json of the local installation when left out
    #[arg(long, global = true, env = "SLUICE_URL", value_name = "URL", help_heading = "Server")]
    pub url: Option<String>,
    /// API key as `<key id>.<secret>`; from dev.json of the local installation when left out
    #[arg(
        long = "key",
        id = "api_key",
        global = true,
        env = "SLUICE_KEY",
        hide_env_values = true,
        value_name = "ID.SECRET",
        help_heading = "Server"
    )]
    pub key: Option<String>,
    /// Folder of a local installation: where `sluice dev` keeps everything, and where its server and key are looked for.
    /// When left out: .sluice in this folder or one above it
    #[arg(long, global = true, env = "SLUICE_DATA", value_name = "FOLDER", help_heading = "Server")]
    pub data: Option<PathBuf>,
    /// In the devnet: whose key to use. Some commands take two persons, and some are the platform's
    #[arg(long = "as", id = "as_person", value_name = "PERSON", global = true, help_heading = "Server")]
    pub person: Option<As>,
    /// Print JSON on standard output and nothing else: one object, or for lists one object a line
    #[arg(long, global = true, help_heading = "Output")]
    pub json: bool,
    /// Language of everything that is printed; from LANG when left out
    #[arg(long, global = true, env = "SLUICE_LANG", value_parser = choice::of(Lang::WORDS, Lang::parse), help_heading = "Output")]
    pub lang: Option<Lang>,
    /// The machine's language. Not read as text: a locale in another encoding is no reason to refuse work.
    #[arg(long, global = true, hide = true, env = "LANG")]
    locale: Option<OsString>,
    /// No colours, also on a terminal
    #[arg(long, global = true, env = "NO_COLOR", value_parser = FalseyValueParser::new(), hide_env = true, help_heading = "Output")]
    pub no_color: bool,
}

/// The persons of the devnet, whose keys `make run` keeps in .sluice/dev.json.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum As {
    /// The demo partner.
    First,
    /// Another person of the demo partner.
    Second,
    /// The platform.
    Platform,
    /// Another person of the platform.
    SecondPlatform,
}

impl fmt::Display for As {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::First => "first",
            Self::Second => "second",
            Self::Platform => "platform",
            Self::SecondPlatform => "second-platform",
        })
    }
}

impl Global {
    /// The folder of a local installation, as `sluice dev` makes it.
    #[cfg(feature = "dev")]
    pub fn data(&self) -> PathBuf {
        self.data.clone().unwrap_or_else(|| DATA.into())
    }

    /// The language to speak: what was asked for, else the machine's, else English.
    pub fn lang(&self) -> Lang {
        let machine = || {
            let locale = self.locale.as_ref()?.to_string_lossy();
            locale.starts_with("ko").then_some(Lang::Ko)
        };
        self.lang.or_else(machine).unwrap_or(Lang::En)
    }
}

/// Never prints the key.
impl fmt::Debug for Global {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Global").field("url", &self.url).field("lang", &self.lang()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn speaking(lang: Option<Lang>, locale: Option<&str>) -> Lang {
        Global {
            url: None,
            key: None,
            data: None,
            person: None,
            json: false,
            lang,
            locale: locale.map(OsString::from),
            no_color: false,
        }
        .lang()
    }

    #[test]
    fn the_language_is_what_was_asked_for_and_else_the_machines() {
        assert_eq!(speaking(None, None), Lang::En);
        assert_eq!(speaking(None, Some("ko_KR.UTF-8")), Lang::Ko);
        assert_eq!(speaking(None, Some("fr_FR.UTF-8")), Lang::En);
        assert_eq!(speaking(None, Some("C")), Lang::En);
        assert_eq!(speaking(Some(Lang::En), Some("ko_KR.UTF-8")), Lang::En);
    }

    #[test]
    fn a_key_is_never_printed() {
        let key = Some("key_1.sk_test_secret".to_owned());
        let global = Global {
            url: None,
            key,
            data: None,
            person: None,
            json: false,
            lang: None,
            locale: None,
            no_color: false,
        };
        assert!(!format!("{global:?}").contains("secret"));
    }
}
