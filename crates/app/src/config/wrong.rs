//! What is wrong with a configuration, in Korean and English.

/// A configuration that cannot be used: which key, and why.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error(
        "the configuration {path} cannot be read: {why}; name yours with --config, or begin with a copy of config/*.example.toml"
    )]
    Unreadable {
        /// File.
        path: String,
        /// Why.
        why: String,
    },
    /// It is not TOML, or has an unknown or missing key.
    #[error("the configuration {path} is wrong: {why}")]
    Malformed {
        /// File.
        path: String,
        /// Where and why.
        why: String,
    },
    /// A value does not fit.
    #[error("{key}: {why}")]
    Value {
        /// Key.
        key: String,
        /// What is wrong and what to do.
        why: Both,
    },
}

/// A sentence in both languages. It displays in English.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Both {
    /// English.
    pub en: String,
    /// Korean.
    pub ko: String,
}

impl Both {
    /// The two.
    pub fn new(en: impl Into<String>, ko: impl Into<String>) -> Self {
        Self { en: en.into(), ko: ko.into() }
    }
}

impl std::fmt::Display for Both {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.en)
    }
}

/// What somebody else said, in the words it said it in.
impl From<String> for Both {
    fn from(text: String) -> Self {
        Self { en: text.clone(), ko: text }
    }
}
