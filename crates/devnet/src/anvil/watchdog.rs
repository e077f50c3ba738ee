//! Ends a child when its parent is gone, however the parent ended.
//!
//! A shell waits on a pipe whose only writing end this process holds. When the process ends, even by SIGKILL, the
//! kernel closes the pipe; the shell reads the end of file and tells the child to stop, then kills it.
//!
//! Why not `setpriv --pdeathsig` or `prctl`: that signal follows the death of the *thread* that started the child,
//! and an async runtime retires threads at will, which would kill a healthy chain; it needs Linux; and as SIGKILL it
//! would leave the chain without the dump that keeps it in step with our database. The pipe has none of this, needs
//! no unsafe code, and a normal stop is the same act as our death: closing it.

use std::{io, process::Stdio, time::Duration};

use tokio::{
    io::AsyncWriteExt,
    process::{Child, ChildStdin, Command},
};

/// How long the child may take to end by itself once told to. `SCRIPT` counts it in tenths of a second.
pub(super) const GRACE: Duration = Duration::from_secs(5);

/// Reads a process id, waits for the end of file, asks the process to end, and insists after [`GRACE`].
const SCRIPT: &str = r#"
read -r pid || exit 0
read -r _
kill -TERM "$pid" 2>/dev/null || exit 0
tenths=0
while [ "$tenths" -lt 50 ]; do
    sleep 0.1
    kill -0 "$pid" 2>/dev/null || exit 0
    tenths=$((tenths + 1))
done
kill -KILL "$pid" 2>/dev/null
"#;

/// The shell, and the pipe that it waits on.
#[derive(Debug)]
pub(super) struct Watchdog {
    // Dropped first: a watchdog that is no longer wanted is killed before its pipe closes.
    shell: Child,
    pipe: ChildStdin,
}

impl Watchdog {
    /// Starts the shell. Comes before the child, so that only the moment between a fork and a write is unguarded.
    pub(super) fn start() -> io::Result<Self> {
        let mut shell = Command::new("/bin/sh")
            .args(["-c", SCRIPT])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            // A group of its own: Ctrl-C in the terminal is for the program that started us, not for its guards.
            .process_group(0)
            .kill_on_drop(true)
            .spawn()?;
        let pipe = shell.stdin.take().ok_or_else(|| io::Error::other("the shell has no input"))?;
        Ok(Self { shell, pipe })
    }

    /// Guards this process from now on.
    pub(super) async fn guard(&mut self, pid: u32) -> io::Result<()> {
        self.pipe.write_all(format!("{pid}\n").as_bytes()).await?;
        self.pipe.flush().await
    }

    /// Closes the pipe: the process is told to end, as if we had died. The shell that remains must be killed once
    /// the process is reaped, before its id can belong to another.
    pub(super) fn release(self) -> Child {
        drop(self.pipe);
        self.shell
    }
}
