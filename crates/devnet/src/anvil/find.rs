//! Where anvil is on this machine.
//!
//! The npm package's `anvil` is a Node script that runs the native binary as a child. Whoever kills the script leaves
//! the chain running, so the script is never started: the binary behind it is.

use std::{
    env,
    ffi::OsString,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use super::AnvilError;

/// The variable that names the binary to use.
pub const ANVIL_ENV: &str = "SLUICE_ANVIL";

/// Finds the binary: the one that is named, else the one that [`ANVIL_ENV`] names, else the one installed under the
/// tools directory (where `npm ci` ran), else the first on `PATH`. A name that leads nowhere is an error: starting
/// another node than the one that was asked for would be a surprise.
pub fn find(named: Option<&Path>, tools_dir: Option<&Path>) -> Result<PathBuf, AnvilError> {
    let by_env = variable(ANVIL_ENV).filter(|value| !value.is_empty()).map(PathBuf::from);
    match (named, by_env) {
        (Some(path), _) => at(path).unwrap_or_else(|| Err(not_found(&path.display().to_string()))),
        (None, Some(path)) => {
            at(&path).unwrap_or_else(|| Err(not_found(&format!("{} from {ANVIL_ENV}", path.display()))))
        }
        (None, None) => search(tools_dir, variable("PATH")),
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "which anvil to start is a matter of the developer's machine, also for tests, which have no configuration"
)]
fn variable(name: &str) -> Option<OsString> {
    env::var_os(name)
}

fn search(tools_dir: Option<&Path>, path: Option<OsString>) -> Result<PathBuf, AnvilError> {
    let mut looked = Vec::new();
    if let Some(dir) = tools_dir {
        for place in ["node_modules/.bin/anvil", "bin/anvil", "anvil"] {
            if let Some(found) = at(&dir.join(place)) {
                return found;
            }
        }
        looked.push(dir.display().to_string());
    }
    for dir in env::split_paths(&path.unwrap_or_default()) {
        if let Some(found) = at(&dir.join("anvil")) {
            return found;
        }
    }
    looked.push("PATH".to_owned());
    Err(not_found(&looked.join(" and ")))
}

fn not_found(looked: &str) -> AnvilError {
    AnvilError::NotFound { looked: looked.to_owned() }
}

/// The native binary at this path or behind it; none if nothing that can be run is there.
fn at(path: &Path) -> Option<Result<PathBuf, AnvilError>> {
    let real = path.canonicalize().ok().filter(|real| is_executable(real))?;
    Some(match npm_scope(&real) {
        None => Ok(real),
        Some(scope) => native(&scope)
            .ok_or(AnvilError::NoNativeBinary { wrapper: path.to_owned(), platform: platform() }),
    })
}

fn is_executable(path: &Path) -> bool {
    path.metadata().is_ok_and(|meta| meta.is_file() && meta.permissions().mode() & 0o111 != 0)
}

/// `.../@foundry-rs`, if this is the npm package's Node script in `.../@foundry-rs/anvil/bin.mjs`.
fn npm_scope(real: &Path) -> Option<PathBuf> {
    let package = real.parent()?;
    let scope = package.parent()?;
    let is_script = real.file_name()? == "bin.mjs" && package.file_name()? == "anvil";
    (is_script && scope.file_name()? == "@foundry-rs").then(|| scope.to_owned())
}

/// The places where the Node script looks, in its order.
fn native(scope: &Path) -> Option<PathBuf> {
    let package = format!("anvil-{}/bin/anvil", platform());
    [
        scope.join("anvil/node_modules/@foundry-rs").join(&package),
        scope.join(&package),
        scope.join("dist/anvil"),
    ]
    .into_iter()
    .find(|path| is_executable(path))
}

/// This machine, in the words of Foundry's package names.
fn platform() -> String {
    let os = match env::consts::OS {
        "macos" => "darwin",
        os => os,
    };
    let arch = match env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        arch => arch,
    };
    format!("{os}-{arch}")
}

#[cfg(test)]
mod tests {
    use std::{fs, os::unix::fs::symlink};

    use super::*;

    fn executable(path: &Path) {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, "#!/bin/sh\n").unwrap();
        fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
    }

    /// A tools directory as npm leaves it, with or without the platform's package.
    fn npm_install(dir: &Path, with_native: bool) -> PathBuf {
        let scope = dir.join("node_modules/@foundry-rs");
        executable(&scope.join("anvil/bin.mjs"));
        fs::create_dir_all(dir.join("node_modules/.bin")).unwrap();
        symlink("../@foundry-rs/anvil/bin.mjs", dir.join("node_modules/.bin/anvil")).unwrap();
        let native = scope.join(format!("anvil-{}/bin/anvil", platform()));
        if with_native {
            executable(&native);
        }
        native
    }

    #[test]
    fn behind_the_npm_script_the_native_binary_is_found() {
        let dir = tempfile::tempdir().unwrap();
        let native = npm_install(dir.path(), true).canonicalize().unwrap();
        assert_eq!(search(Some(dir.path()), None).unwrap(), native);
        assert_eq!(find(Some(&dir.path().join("node_modules/.bin/anvil")), None).unwrap(), native);
        let on_path = dir.path().join("node_modules/.bin").into_os_string();
        assert_eq!(search(None, Some(on_path)).unwrap(), native);
    }

    #[test]
    fn a_package_without_a_binary_for_this_platform_is_said_to_be_so() {
        let dir = tempfile::tempdir().unwrap();
        npm_install(dir.path(), false);
        let error = search(Some(dir.path()), None).unwrap_err();
        assert!(
            matches!(&error, AnvilError::NoNativeBinary { platform, .. } if *platform == super::platform())
        );
        assert!(error.to_string().contains(ANVIL_ENV), "{error}");
    }

    #[test]
    fn the_tools_directory_wins_over_path_and_a_file_that_cannot_run_is_passed_over() {
        let dir = tempfile::tempdir().unwrap();
        let (tools, other) = (dir.path().join("tools"), dir.path().join("other"));
        executable(&other.join("anvil"));
        fs::create_dir_all(tools.join("bin")).unwrap();
        fs::write(tools.join("bin/anvil"), "a note").unwrap();
        let path = Some(other.clone().into_os_string());
        assert_eq!(search(Some(&tools), path.clone()).unwrap(), other.join("anvil").canonicalize().unwrap());
        executable(&tools.join("anvil"));
        assert_eq!(search(Some(&tools), path).unwrap(), tools.join("anvil").canonicalize().unwrap());
    }

    #[test]
    fn a_named_binary_that_is_missing_is_not_replaced_by_another() {
        let dir = tempfile::tempdir().unwrap();
        npm_install(dir.path(), true);
        let missing = dir.path().join("missing/anvil");
        let error = find(Some(&missing), Some(dir.path())).unwrap_err();
        assert!(matches!(error, AnvilError::NotFound { looked } if looked.contains("missing/anvil")));
    }

    #[test]
    fn nothing_found_says_where_it_looked_and_how_to_install() {
        let error =
            search(Some(Path::new("/nowhere/tools")), Some("/nowhere/bin".into())).unwrap_err().to_string();
        assert!(error.contains("/nowhere/tools and PATH") && error.contains("make tools"), "{error}");
    }
}
