//! Where a process of a test is made to end or halt: see `failpoint` in the program.

use std::path::{Path, PathBuf};

use super::until;

/// The failpoint of one process.
#[derive(Clone, Debug)]
pub struct Point {
    file: PathBuf,
}

impl Point {
    pub(super) fn of(file: &Path) -> Self {
        Self { file: file.to_owned() }
    }

    pub(super) fn file(&self) -> &Path {
        &self.file
    }

    /// Arms it: `store.apply/built:after:3:kill`. Calls are counted from now on.
    pub fn arm(&self, point: &str) {
        self.clear();
        // Written beside and renamed: the process never reads half a point.
        std::fs::write(self.beside("new"), point).expect("a failpoint file");
        std::fs::rename(self.beside("new"), &self.file).expect("a failpoint file");
    }

    /// Forgets what struck before: the file is the next process's too.
    pub fn clear(&self) {
        for ending in ["fired", "answer", "refused"] {
            let _was_not_there = std::fs::remove_file(self.beside(ending));
        }
    }

    /// Whether it has struck.
    pub fn fired(&self) -> bool {
        assert!(!self.beside("refused").exists(), "the failpoint names no point");
        self.beside("fired").exists()
    }

    /// Waits until it strikes.
    pub async fn strikes(&self) {
        until("the failpoint strikes", async || self.fired()).await;
    }

    /// What the call answered to a process that had been halted before it.
    pub async fn answer(&self) -> String {
        until("the halted call is answered", async || self.beside("answer").exists()).await;
        std::fs::read_to_string(self.beside("answer")).expect("an answer")
    }

    fn beside(&self, ending: &str) -> PathBuf {
        let mut name = self.file.clone().into_os_string();
        name.push(format!(".{ending}"));
        name.into()
    }
}
