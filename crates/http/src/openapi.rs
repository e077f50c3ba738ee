//! The OpenAPI document as this server serves it: the contract's, less the routes that nothing answers yet.

use sluice_api::openapi::{ENDPOINTS, Method, document};

/// Routes of the contract that the engine cannot carry out yet, and why.
pub(crate) const NOT_YET: [(&str, &str); 1] = [("adoptTransaction", "`flow::operator` has no order for it")];

/// The types that only those routes use.
const NOT_YET_TYPES: [&str; 2] = ["AdoptTransaction", "AdoptionType"];

/// The document, pretty-printed; the same text for the same contract. The repository keeps a copy in `docs/openapi.json`.
pub fn openapi() -> String {
    let mut document = document();
    for endpoint in ENDPOINTS.iter().filter(|endpoint| NOT_YET.iter().any(|(id, _)| *id == endpoint.id)) {
        let Some(item) = document.paths.paths.get_mut(endpoint.path) else { continue };
        match endpoint.method {
            Method::Get => item.get = None,
            Method::Post => item.post = None,
        }
        if item.get.is_none() && item.post.is_none() {
            document.paths.paths.remove(endpoint.path);
        }
    }
    if let Some(components) = &mut document.components {
        components.schemas.retain(|name, _| !NOT_YET_TYPES.contains(&name.as_str()));
    }
    // A document of our own types always serialises; if it ever did not, its copy in the repository would differ.
    document.to_pretty_json().unwrap_or_default() + "\n"
}
