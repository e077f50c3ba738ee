use std::fs;

use sha2::{Digest, Sha256};
use sluice_devnet::artifact::Artifact;

use crate::support::contracts;

#[test]
fn each_artifact_was_compiled_from_the_source_beside_it() {
    for artifact in [Artifact::test_usd(), Artifact::refuser()] {
        let source = fs::read(contracts().join(format!("{}.sol", artifact.contract))).unwrap();
        let hash = hex::encode(Sha256::digest(source));
        assert_eq!(
            artifact.source_sha256, hash,
            "{}: run `node compile.mjs` in contracts/",
            artifact.contract
        );
    }
}

#[test]
fn each_artifact_has_code_and_an_interface() {
    for artifact in [Artifact::test_usd(), Artifact::refuser()] {
        assert!(
            artifact.deployed_bytecode.len() > 100
                && artifact.bytecode.len() > artifact.deployed_bytecode.len()
        );
        assert!(artifact.abi.as_array().is_some_and(|abi| !abi.is_empty()));
        assert!(artifact.solc.starts_with("0.8."));
    }
}
