//! sluice-signer
