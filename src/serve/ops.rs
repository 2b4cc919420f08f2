//! Health and metrics, on a listener of their own: nothing here passes the access layer, and nothing of the
//! public listeners is reachable here.

use std::net::TcpListener;
use std::sync::Arc;

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode, header};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use crate::web::Pipeline;

/// Connections at a time: a monitor or two.
const CONNECTIONS: usize = 64;

/// Answers `/healthz`, `/readyz` and `/metrics` until `stop`.
pub(super) async fn run(
    listener: TcpListener,
    pipeline: Arc<Pipeline>,
    stop: CancellationToken,
) -> std::io::Result<()> {
    listener.set_nonblocking(true)?;
    let listener = tokio::net::TcpListener::from_std(listener)?;
    let places = Arc::new(Semaphore::new(CONNECTIONS));
    loop {
        let Ok(place) = Arc::clone(&places).acquire_owned().await else { return Ok(()) };
        let stream = tokio::select! {
            () = stop.cancelled() => return Ok(()),
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => stream,
                Err(error) => {
                    tracing::warn!(%error, "a connection to the operations listener could not be accepted");
                    tokio::time::sleep(std::time::Duration::from_millis(20)).await;
                    continue;
                }
            },
        };
        let pipeline = Arc::clone(&pipeline);
        tokio::spawn(async move {
            let _place = place;
            let answer = service_fn(move |request| {
                let response = answer(&request, &pipeline);
                async { Ok::<_, std::convert::Infallible>(response) }
            });
            let mut builder = http1::Builder::new();
            builder.timer(TokioTimer::new()).header_read_timeout(std::time::Duration::from_secs(10));
            if let Err(error) = builder.serve_connection(TokioIo::new(stream), answer).await {
                tracing::debug!(%error, "an operations connection ended early");
            }
        });
    }
}

fn answer(request: &Request<Incoming>, pipeline: &Pipeline) -> Response<Full<Bytes>> {
    let known = matches!(request.uri().path(), "/healthz" | "/readyz" | "/metrics");
    if known && !matches!(*request.method(), Method::GET | Method::HEAD) {
        return text(StatusCode::METHOD_NOT_ALLOWED, "GET or HEAD only\n".to_owned());
    }
    match request.uri().path() {
        "/healthz" => text(StatusCode::OK, "alive\n".to_owned()),
        "/readyz" => match pipeline.not_ready() {
            None => text(StatusCode::OK, "ready\n".to_owned()),
            Some(reason) => text(StatusCode::SERVICE_UNAVAILABLE, format!("not ready: {reason}\n")),
        },
        "/metrics" => {
            let mut response = text(StatusCode::OK, pipeline.metrics());
            let openmetrics = "application/openmetrics-text; version=1.0.0; charset=utf-8";
            response
                .headers_mut()
                .insert(header::CONTENT_TYPE, header::HeaderValue::from_static(openmetrics));
            response
        }
        _ => text(StatusCode::NOT_FOUND, "only /healthz, /readyz and /metrics are here\n".to_owned()),
    }
}

fn text(status: StatusCode, text: String) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(text.into()));
    *response.status_mut() = status;
    let plain = header::HeaderValue::from_static("text/plain; charset=utf-8");
    response.headers_mut().insert(header::CONTENT_TYPE, plain);
    response
}
