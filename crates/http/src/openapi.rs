//! The OpenAPI document as this server serves it: the contract's, all of it.

use sluice_api::openapi::document;

/// The document, pretty-printed; the same text for the same contract. The repository keeps a copy in `docs/openapi.json`.
pub fn openapi() -> String {
    // A document of our own types always serialises; if it ever did not, its copy in the repository would differ.
    document().to_pretty_json().unwrap_or_default() + "\n"
}
