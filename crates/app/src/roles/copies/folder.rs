//! A folder that comes into being whole: written under another name, made durable, and given its own name last.

use std::fs::{self, File, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use crate::config::Both;
use crate::error::StartError;
use crate::world::random;

/// A folder in the making. Dropped before it is finished, it is removed; killed before, it keeps a name that nobody takes
/// for a copy.
pub struct Making {
    partial: PathBuf,
    to: PathBuf,
    finished: bool,
}

impl Making {
    /// Begins one that will be at `to`.
    ///
    /// # Errors
    /// [`StartError`]: something is there, or the folder around it cannot be written.
    pub fn begin(to: &Path) -> Result<Self, StartError> {
        if to.symlink_metadata().is_ok() {
            return Err(StartError::Said(Both::new(
                format!(
                    "{} is there already, and is not overwritten: name another folder with --to",
                    to.display()
                ),
                format!("{}이(가) 이미 있어 덮어쓰지 않습니다. --to로 다른 폴더를 지정하세요", to.display()),
            )));
        }
        let mut partial = to.to_owned().into_os_string();
        partial.push(format!(".partial-{}", hex::encode(random::<4>())));
        let partial = PathBuf::from(partial);
        fs::DirBuilder::new().mode(0o700).create(&partial).map_err(unusable(&partial))?;
        Ok(Self { partial, to: to.to_owned(), finished: false })
    }

    /// Where its files are written meanwhile.
    pub fn path(&self) -> &Path {
        &self.partial
    }

    /// Writes its last file, makes all of it durable and gives it its name.
    ///
    /// # Errors
    /// [`StartError`]: nothing is there then.
    pub fn finish(mut self, name: &str, text: &str) -> Result<(), StartError> {
        let last = self.partial.join(name);
        let write = || {
            let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&last)?;
            file.write_all(text.as_bytes())?;
            file.sync_all()?;
            File::open(&self.partial)?.sync_all()
        };
        write().map_err(unusable(&last))?;
        fs::rename(&self.partial, &self.to).map_err(unusable(&self.to))?;
        self.finished = true;
        let around =
            self.to.parent().filter(|around| !around.as_os_str().is_empty()).unwrap_or(Path::new("."));
        File::open(around).and_then(|around| around.sync_all()).map_err(unusable(around))
    }
}

impl Drop for Making {
    fn drop(&mut self) {
        if !self.finished
            && let Err(error) = fs::remove_dir_all(&self.partial)
        {
            tracing::warn!(path = %self.partial.display(), %error, "A copy that was not finished could not be removed");
        }
    }
}

fn unusable(path: &Path) -> impl FnOnce(std::io::Error) -> StartError {
    move |error| StartError::Path { path: path.display().to_string(), why: error.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_there_is_not_overwritten_and_what_is_not_finished_is_not_there() {
        let around = tempfile::tempdir().unwrap();
        let to = around.path().join("copy");
        drop(Making::begin(&to).unwrap());
        assert_eq!(fs::read_dir(around.path()).unwrap().count(), 0);
        let making = Making::begin(&to).unwrap();
        assert!(!to.exists());
        making.finish("last", "text").unwrap();
        assert_eq!(fs::read_to_string(to.join("last")).unwrap(), "text");
        assert!(Making::begin(&to).is_err());
        assert_eq!(fs::read_dir(around.path()).unwrap().count(), 1);
    }

    #[test]
    fn somebody_elses_folder_is_not_replaced() {
        let around = tempfile::tempdir().unwrap();
        let to = around.path().join("copy");
        let making = Making::begin(&to).unwrap();
        fs::create_dir(&to).unwrap();
        fs::write(to.join("theirs"), "kept").unwrap();
        assert!(making.finish("last", "text").is_err());
        assert_eq!(fs::read_to_string(to.join("theirs")).unwrap(), "kept");
    }
}
