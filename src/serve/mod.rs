//! Listeners, TLS, limits and the graceful stop.
//!
//! 1. [`serve`] opens everything a configuration names and runs until a signal.
//! 2. [`run`] is the loop: the caller owns the socket and the stop signal. One thread accepts and deals
//!    connections out in turn; each worker thread runs its own event loop, so that a request never changes core.
//! 3. Each connection passes a [`guard`], which bounds sizes and times and checks framing, and then hyper.
//! 4. [`ops`] answers health and metrics on a listener of its own.
//!
//! `axum::serve` sets no bound on heads, idleness or connections; that is why the loop is ours (decision 0001).

mod development;
mod editions;
mod framing;
mod guard;
mod history;
mod index;
mod ops;
mod start;
mod texts;
mod tls;
mod ways;

use std::io;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::config::Limits;
use crate::web::{Connection, Pipeline};
use guard::Guard;
pub use start::{Listeners, open, open_on, serve, serve_on};
pub use tls::Certificates;

/// How long a TLS handshake may take.
const HANDSHAKE: Duration = Duration::from_secs(10);

/// What [`run`] needs.
#[derive(Clone)]
pub struct Service {
    /// Answers requests.
    pub pipeline: Arc<Pipeline>,
    /// The certificates, for TLS; plain HTTP without.
    pub certificates: Option<Arc<Certificates>>,
    /// Bounds of connections.
    pub limits: Arc<Limits>,
    /// How many threads serve.
    pub workers: usize,
}

/// An accepted connection on its way to a worker; its place among the connections is given back when it ends.
struct Accepted {
    stream: TcpStream,
    peer: SocketAddr,
    place: OwnedSemaphorePermit,
}

/// Accepts connections from `listener` until `stop` is cancelled, then lets answers in flight finish, for
/// [`Limits::stop_timeout`] at most.
pub async fn run(listener: TcpListener, service: Service, stop: CancellationToken) -> io::Result<()> {
    let mut workers = Vec::new();
    let mut threads = Vec::new();
    for number in 0..service.workers.max(1) {
        let (sender, receiver) = mpsc::channel(64);
        let (service, stop) = (service.clone(), stop.clone());
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let thread = std::thread::Builder::new()
            .name(format!("worker-{number}"))
            .spawn(move || runtime.block_on(work(receiver, service, stop)))?;
        workers.push(sender);
        threads.push(thread);
    }
    let accepted = accept(listener, service.limits.connections, &workers, &stop).await;
    drop(workers);
    let joined = tokio::task::spawn_blocking(move || {
        threads.into_iter().filter_map(|thread| thread.join().err()).count()
    });
    match joined.await {
        Ok(0) => accepted,
        _ => Err(io::Error::other("a worker thread panicked")),
    }
}

/// Deals connections out to the workers in turn.
async fn accept(
    listener: TcpListener,
    connections: usize,
    workers: &[mpsc::Sender<Accepted>],
    stop: &CancellationToken,
) -> io::Result<()> {
    listener.set_nonblocking(true)?;
    let listener = tokio::net::TcpListener::from_std(listener)?;
    let places = Arc::new(Semaphore::new(connections));
    for worker in workers.iter().cycle() {
        let next = async {
            let place = Arc::clone(&places).acquire_owned().await.ok()?;
            loop {
                // Taken from this event loop's hands, to be put into a worker's.
                let accepted =
                    listener.accept().await.and_then(|(stream, peer)| Ok((stream.into_std()?, peer)));
                match accepted {
                    Ok((stream, peer)) => break Some(Accepted { stream, peer, place }),
                    Err(error) => {
                        // Out of descriptors, or a client that was gone already: the next one may do better.
                        tracing::warn!(%error, "a connection could not be accepted");
                        tokio::time::sleep(Duration::from_millis(20)).await;
                    }
                }
            }
        };
        let accepted = tokio::select! {
            () = stop.cancelled() => break,
            accepted = next => accepted,
        };
        let Some(accepted) = accepted else { break };
        if worker.send(accepted).await.is_err() {
            break;
        }
    }
    Ok(())
}

/// One worker: serves the connections dealt to it, and drains them when it is told to stop.
async fn work(mut dealt: mpsc::Receiver<Accepted>, service: Service, stop: CancellationToken) {
    let connections = TaskTracker::new();
    while let Some(Accepted { stream, peer, place }) = dealt.recv().await {
        // A token of its own: whoever waits for a shared one takes the same lock whenever a connection stirs.
        let (service, stop) = (service.clone(), stop.child_token());
        connections.spawn(async move {
            let _place = place;
            if let Err(error) = connect(stream, peer, service, stop).await {
                tracing::debug!(%peer, %error, "a connection ended early");
            }
        });
    }
    connections.close();
    if tokio::time::timeout(service.limits.stop_timeout, connections.wait()).await.is_err() {
        tracing::warn!(open = connections.len(), "connections were cut off: the stop took too long");
    }
}

async fn connect(
    stream: TcpStream,
    peer: SocketAddr,
    service: Service,
    stop: CancellationToken,
) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    stream.set_nodelay(true)?;
    let stream = tokio::net::TcpStream::from_std(stream)?;
    match &service.certificates {
        None => converse(stream, Connection::new(peer), &service, stop).await,
        Some(certificates) => {
            let stream = tokio::time::timeout(HANDSHAKE, certificates.acceptor().accept(stream)).await??;
            converse(stream, Connection::new(peer), &service, stop).await
        }
    }
}

/// Speaks HTTP/1.1 or HTTP/2 over one connection until it ends or is asked to.
async fn converse<S: AsyncRead + AsyncWrite + Unpin + Send + 'static>(
    stream: S,
    connection: Connection,
    service: &Service,
    stop: CancellationToken,
) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let connection = Arc::new(connection);
    let guard = Guard::new(stream, Arc::clone(&connection), &service.limits);
    let io = TokioIo::new(Box::pin(guard));
    let pipeline = Arc::clone(&service.pipeline);
    let answer = service_fn(move |request: hyper::Request<Incoming>| {
        let (pipeline, connection) = (Arc::clone(&pipeline), Arc::clone(&connection));
        async move {
            let busy = connection.busy();
            let response = pipeline.answer(request, &connection).await;
            Ok::<_, std::convert::Infallible>(response.map(|body| body.while_busy(busy)))
        }
    });
    let builder = builder(&service.limits);
    let mut conversation = std::pin::pin!(builder.serve_connection(io, answer));
    tokio::select! {
        biased;
        ended = conversation.as_mut() => return ended,
        () = stop.cancelled() => conversation.as_mut().graceful_shutdown(),
    }
    conversation.await
}

fn builder(limits: &Limits) -> auto::Builder<TokioExecutor> {
    let mut builder = auto::Builder::new(TokioExecutor::new());
    // The guard has bounded heads before hyper sees them: these settings only keep hyper's own out of the way.
    // `pipeline_flush` would have every body copied behind its head; without it, head and body go out in one vectored write.
    builder.http1().timer(TokioTimer::new()).header_read_timeout(None).max_headers(1000);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_header_list_size(u32::try_from(limits.head_bytes).unwrap_or(u32::MAX))
        .max_concurrent_streams(100)
        .initial_stream_window_size(1 << 20)
        .initial_connection_window_size(4 << 20)
        .keep_alive_interval(Some(limits.idle_timeout / 2))
        .keep_alive_timeout(Duration::from_secs(20));
    builder
}
