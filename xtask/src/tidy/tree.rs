//! The work tree, read once: every path, and the text of the files that rules look into.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::path::Path;

/// What the rules read. Paths are relative to the root of the workspace, with `/`.
pub struct Tree {
    texts: BTreeMap<String, String>,
    paths: BTreeSet<String>,
}

/// Made by tools, or another project's: not ours to judge.
const SKIPPED_FOLDERS: &[&str] = &["target", "node_modules", "build", "dist"];

/// Hidden folders that hold our own files; the others belong to git, editors and the running engine.
const HIDDEN_FOLDERS_OF_OURS: &[&str] = &[".cargo", ".ci", ".config", ".github"];

const TEXT_ENDINGS: &[&str] = &[
    "rs", "toml", "md", "json", "sql", "sh", "py", "mjs", "js", "ts", "tsx", "css", "html", "sol", "yml",
    "yaml", "proto",
];

/// Text files that have no ending.
const TEXT_NAMES: &[&str] = &["Makefile", ".ci/run"];

impl Tree {
    /// Reads the tree below `root`.
    pub fn load(root: &Path) -> io::Result<Self> {
        let mut tree = Self { texts: BTreeMap::new(), paths: BTreeSet::new() };
        tree.load_folder(root, "")?;
        Ok(tree)
    }

    fn load_folder(&mut self, folder: &Path, prefix: &str) -> io::Result<()> {
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            let Ok(name) = entry.file_name().into_string() else { continue };
            let path = format!("{prefix}{name}");
            let kind = entry.file_type()?;
            if kind.is_dir() {
                let hidden = name.starts_with('.') && !HIDDEN_FOLDERS_OF_OURS.contains(&name.as_str());
                if hidden || SKIPPED_FOLDERS.contains(&name.as_str()) {
                    continue;
                }
                self.paths.insert(path.clone());
                self.load_folder(&entry.path(), &format!("{path}/"))?;
            } else if kind.is_file() {
                if is_text(&path) {
                    self.read(entry.path().as_path(), &path)?;
                }
                self.paths.insert(path);
            }
        }
        Ok(())
    }

    fn read(&mut self, file: &Path, path: &str) -> io::Result<()> {
        match fs::read_to_string(file) {
            Ok(text) => {
                self.texts.insert(path.to_owned(), text);
                Ok(())
            }
            // A file that an editor or a test removed meanwhile is no longer part of the tree.
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            Err(error) => Err(io::Error::new(error.kind(), format!("{path}: {error}"))),
        }
    }

    /// Every text with its path, in the order of the paths.
    pub fn texts(&self) -> impl Iterator<Item = (&str, &str)> {
        self.texts.iter().map(|(path, text)| (path.as_str(), text.as_str()))
    }

    /// The texts whose path ends in `ending`, which starts with a dot.
    pub fn ending_in<'a>(&'a self, ending: &'a str) -> impl Iterator<Item = (&'a str, &'a str)> {
        self.texts().filter(move |(path, _)| path.ends_with(ending))
    }

    /// One text.
    pub fn text(&self, path: &str) -> Option<&str> {
        self.texts.get(path).map(String::as_str)
    }

    /// Whether there is such a file or folder.
    pub fn has(&self, path: &str) -> bool {
        path.is_empty() || self.paths.contains(path)
    }

    /// Every file and folder.
    pub fn paths(&self) -> impl Iterator<Item = &str> {
        self.paths.iter().map(String::as_str)
    }

    /// The folders of our crates, found by their manifests.
    pub fn crates(&self) -> impl Iterator<Item = &str> {
        self.paths.iter().filter_map(|path| path.strip_suffix("/Cargo.toml")).filter(|folder| {
            *folder == "xtask" || folder.strip_prefix("crates/").is_some_and(|name| !name.contains('/'))
        })
    }

    /// A tree made of these files, for tests.
    #[cfg(test)]
    pub fn of(files: &[(&str, &str)]) -> Self {
        let mut tree = Self { texts: BTreeMap::new(), paths: BTreeSet::new() };
        for (path, text) in files {
            tree.texts.insert((*path).to_owned(), (*text).to_owned());
            tree.paths.insert((*path).to_owned());
            for (at, _) in path.match_indices('/') {
                tree.paths.insert(path[..at].to_owned());
            }
        }
        tree
    }
}

fn is_text(path: &str) -> bool {
    let ending = path.rsplit_once('.').map_or("", |(_, ending)| ending);
    TEXT_ENDINGS.contains(&ending) || TEXT_NAMES.contains(&path)
}

/// The line, from 1, of the byte `at` of `text`.
pub fn line_of(text: &str, at: usize) -> usize {
    text.bytes().take(at).filter(|byte| *byte == b'\n').count() + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_own_files_are_read_and_other_peoples_are_not() {
        let root = std::env::temp_dir().join(format!("sluice-xtask-tree-{}", std::process::id()));
        for folder in ["crates/core/src", "target/debug", "contracts/node_modules/x", ".git", ".ci"] {
            fs::create_dir_all(root.join(folder)).expect("a folder in the temporary folder");
        }
        for file in
            ["crates/core/src/lib.rs", "target/debug/a.rs", "contracts/node_modules/x/a.js", ".git/a.md"]
        {
            fs::write(root.join(file), "text\n").expect("a file in the temporary folder");
        }
        fs::write(root.join(".ci/run"), "text\n").expect("a file in the temporary folder");
        fs::write(root.join("logo.png"), [0xff, 0xfe]).expect("a file in the temporary folder");

        let tree = Tree::load(&root).expect("a readable tree");
        fs::remove_dir_all(&root).expect("a removable tree");

        assert_eq!(
            tree.texts().map(|(path, _)| path).collect::<Vec<_>>(),
            [".ci/run", "crates/core/src/lib.rs"]
        );
        assert!(tree.has("logo.png") && tree.has("crates/core") && !tree.has("target"));
    }

    #[test]
    fn lines_are_counted_from_one() {
        assert_eq!(line_of("a\nb", 0), 1);
        assert_eq!(line_of("a\nb", 2), 2);
    }
}
