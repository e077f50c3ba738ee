//! The compiled contracts, as committed in `contracts/artifacts` and embedded here.
//!
//! Embedded, so that a released `sluice dev` needs neither the sources nor a Solidity compiler.

use std::sync::LazyLock;

use alloy_primitives::Bytes;
use serde::Deserialize;

/// One compiled contract.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Artifact {
    /// The contract's name in its source.
    pub contract: String,
    /// The compiler, with its commit.
    pub solc: String,
    /// SHA-256 of the source file, in hex.
    #[serde(rename = "source_sha256")]
    pub source_sha256: String,
    /// The ABI, as the compiler wrote it.
    pub abi: serde_json::Value,
    /// What a deployment transaction carries. No constructor here takes arguments.
    pub bytecode: Bytes,
    /// What is at the address afterwards. No contract here has immutables, so this is exact.
    pub deployed_bytecode: Bytes,
}

impl Artifact {
    /// Our USDC stand-in.
    pub fn test_usd() -> &'static Self {
        static ARTIFACT: LazyLock<Artifact> =
            LazyLock::new(|| read(include_str!("../../../contracts/artifacts/TestUSD.json")));
        &ARTIFACT
    }

    /// The recipient that cannot be paid.
    pub fn refuser() -> &'static Self {
        static ARTIFACT: LazyLock<Artifact> =
            LazyLock::new(|| read(include_str!("../../../contracts/artifacts/Refuser.json")));
        &ARTIFACT
    }
}

fn read(text: &str) -> Artifact {
    serde_json::from_str(text)
        .expect("the embedded artifact was written by contracts/compile.mjs; a test reads it")
}
