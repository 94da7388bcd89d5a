//! One request and its response, over a connection of their own: HTTP/1.1 with bounded buffers.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response, Uri};
use http_body::{Body, Frame, SizeHint};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper::client::conn::http1;
use tokio::time::{Instant, Sleep};
use wasmtime_wasi::runtime::spawn;
use wasmtime_wasi_http::io::TokioIo;
use wasmtime_wasi_http::{Error, Result, WasiBody};

use super::connect::Stream;
use super::http::Patience;

/// The most bytes of a connection that the host buffers in each direction; the head of a response is
/// no longer.
const BUFFER: usize = 64 * 1024;

/// Sends a request, and waits until its response begins. The connection lives as long as the future
/// that is given back beside it.
pub(super) async fn transfer(
    stream: Box<dyn Stream>,
    mut request: Request<WasiBody>,
    patience: Patience,
) -> Result<(Response<WasiBody>, impl Future<Output = ()> + Send + use<>)> {
    // The request's line has no authority: that is for proxies.
    let path = request.uri().path_and_query().map_or("/", |path| path.as_str());
    *request.uri_mut() =
        Uri::builder().path_and_query(path).build().map_err(|_| Error::HttpRequestUriInvalid)?;

    let (mut sender, connection) =
        http1::Builder::new().max_buf_size(BUFFER).handshake(TokioIo::new(stream)).await?;
    let worker = spawn(connection);
    let progress = Progress::default();
    let request = request.map(|body| Sent { body, progress: progress.clone() }.boxed_unsync());
    let response = tokio::select! {
        response = sender.send_request(request) => response?,
        () = progress.stops_for(patience.first_byte) => return Err(Error::ConnectionReadTimeout),
    };
    let limit = patience.between_bytes;
    let response = response.map(|body| Received { body, limit, waiting: None }.boxed_unsync());
    let worker = async move {
        if let Err(error) = worker.await {
            tracing::debug!("a connection ended: {error}");
        }
    };
    Ok((response, worker))
}

/// When a request last made progress.
#[derive(Clone)]
struct Progress(Arc<Mutex<Instant>>);

impl Default for Progress {
    fn default() -> Self {
        Self(Arc::new(Mutex::new(Instant::now())))
    }
}

impl Progress {
    fn last(&self) -> Instant {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn made(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
    }

    /// Is over when there was none for so long.
    async fn stops_for(&self, limit: Duration) {
        loop {
            let last = self.last();
            tokio::time::sleep_until(last + limit).await;
            if self.last() == last {
                return;
            }
        }
    }
}

/// The body of a request, whose sending is progress.
struct Sent {
    body: WasiBody,
    progress: Progress,
}

impl Body for Sent {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>>>> {
        let frame = ready!(Pin::new(&mut self.body).poll_frame(context));
        self.progress.made();
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// The body of a response, which must not pause for longer than the limit while it is waited for.
struct Received {
    body: Incoming,
    limit: Duration,
    waiting: Option<Pin<Box<Sleep>>>,
}

impl Body for Received {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>>>> {
        if let Poll::Ready(frame) = Pin::new(&mut self.body).poll_frame(context) {
            self.waiting = None;
            return Poll::Ready(frame.map(|frame| frame.map_err(Error::from)));
        }
        let limit = self.limit;
        let waiting = self.waiting.get_or_insert_with(|| Box::pin(tokio::time::sleep(limit)));
        ready!(waiting.as_mut().poll(context));
        Poll::Ready(Some(Err(Error::ConnectionReadTimeout)))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
