//! A connection that can be closed on our side in the middle of a reply, while we go on listening: TCP's half-close.

use std::{
    io,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    task::{Context, Poll, ready},
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
    sync::Notify,
};

/// As many bytes as one likes.
const ALL: u64 = u64::MAX;

/// How many bytes may still be written.
#[derive(Clone)]
pub(super) struct Shears {
    left: Arc<AtomicU64>,
    cut: Arc<Notify>,
}

impl Shears {
    /// Closes our side after so many more bytes.
    pub(super) fn cut_after(&self, bytes: u64) {
        self.left.store(bytes, Ordering::Release);
    }

    /// Waits until our side was closed.
    pub(super) async fn has_cut(&self) {
        self.cut.notified().await;
    }
}

/// A connection and its shears.
pub(super) struct Cuttable {
    stream: TcpStream,
    shears: Shears,
}

impl Cuttable {
    pub(super) fn new(stream: TcpStream) -> (Self, Shears) {
        let shears = Shears { left: Arc::new(AtomicU64::new(ALL)), cut: Arc::default() };
        (Self { stream, shears: shears.clone() }, shears)
    }
}

impl AsyncRead for Cuttable {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, bytes)
    }
}

impl AsyncWrite for Cuttable {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let left = self.shears.left.load(Ordering::Acquire);
        if left == ALL {
            return Pin::new(&mut self.stream).poll_write(cx, bytes);
        }
        if left == 0 {
            ready!(Pin::new(&mut self.stream).poll_shutdown(cx))?;
            self.shears.cut.notify_one();
            // Whoever writes on is told that it went well: the other side alone knows that it did not.
            return Poll::Ready(Ok(bytes.len()));
        }
        let few = usize::try_from(left).unwrap_or(usize::MAX).min(bytes.len());
        let written =
            ready!(Pin::new(&mut self.stream).poll_write(cx, bytes.get(..few).unwrap_or_default()))?;
        self.shears.left.fetch_sub(u64::try_from(written).unwrap_or(left).min(left), Ordering::AcqRel);
        Poll::Ready(Ok(written))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
