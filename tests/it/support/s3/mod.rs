//! An S3 endpoint in this process, over real HTTP, with atomic conditional writes and faults on demand.
//!
//! 1. [`S3Double::start`] listens on a loopback port; [`S3Double::endpoint`] is what [`Storage::s3_at`] takes,
//!    [`S3Double::environment`] what a process of its own takes.
//! 2. [`S3Double::fail_next`], [`S3Double::fail_at_random`] and [`S3Double::set_down`] make it fail.
//! 3. [`S3Double::count`] and [`S3Double::asked`] tell what it was asked for.
//! 4. [`bucket`] holds the objects.

mod bucket;

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use http::{Method, Response, StatusCode};
use http_body::Frame;
use http_body_util::{BodyExt as _, Collected, StreamBody};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use loggia::config::Secret;
use loggia::storage::{Endpoint, Patience, Storage};
use s3s::auth::SimpleAuth;
use s3s::service::{S3Service, S3ServiceBuilder};
use tokio::net::TcpListener;
use tokio::task::{JoinHandle, JoinSet};

const BUCKET: &str = "gallery";
const ACCESS_KEY: &str = "AKIDOUBLE";
const SECRET: &str = "a-secret-that-must-not-show";

/// What goes wrong with a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// 503 `SlowDown`; nothing is done.
    SlowDown503,
    /// 409 `ConditionalRequestConflict`; nothing is done.
    Conflict409,
    /// It is done, then the connection breaks.
    LostResponse,
    /// Nothing is done, and no answer comes.
    Stall,
    /// Nothing is done, and the connection breaks.
    Reset,
    /// 404 `NoSuchBucket`.
    Gone,
    /// It is done, and half of the answer comes before the connection breaks.
    Truncate,
    /// It is done, later than it could be.
    Slow,
}

/// What a request asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Operation {
    Get,
    Head,
    Put,
    List,
    Delete,
}

/// The endpoint; it stops when it is dropped.
pub(crate) struct S3Double {
    address: SocketAddr,
    state: Arc<State>,
    bucket: bucket::Bucket,
    task: JoinHandle<()>,
}

/// What looks on.
type Watcher = Box<dyn FnMut(&str) + Send>;

struct State {
    service: S3Service,
    plan: Mutex<Plan>,
}

#[derive(Default)]
struct Plan {
    next: Vec<(Option<Operation>, usize, Fault)>,
    completions: Vec<(usize, Fault)>,
    random: Option<Random>,
    down: bool,
    left: Option<usize>,
    failed: usize,
    counts: BTreeMap<Operation, usize>,
    asked: Vec<String>,
    always: Option<Fault>,
    trap: Option<Trap>,
    watcher: Option<Watcher>,
}

/// Something that happens at one write.
struct Trap {
    /// How many writes go by before it.
    left: usize,
    /// Whether the write is done all the same.
    done: bool,
    spring: Box<dyn FnOnce() + Send>,
}

struct Random {
    seed: u64,
    percent: u64,
    faults: Vec<Fault>,
}

impl S3Double {
    /// Starts an endpoint with one empty bucket.
    pub(crate) async fn start() -> Self {
        Self::start_with(bucket::Bucket::default()).await
    }

    /// Starts an endpoint that ignores `If-Match` and `If-None-Match`, as some do.
    pub(crate) async fn start_careless() -> Self {
        Self::start_with(bucket::Bucket::careless()).await
    }

    async fn start_with(bucket: bucket::Bucket) -> Self {
        let mut builder = S3ServiceBuilder::new(bucket.clone());
        builder.set_auth(SimpleAuth::from_single(ACCESS_KEY, SECRET));
        let state = Arc::new(State { service: builder.build(), plan: Mutex::default() });
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let task = tokio::spawn(accept(listener, Arc::clone(&state)));
        Self { address, state, bucket, task }
    }

    /// Another endpoint of the same bucket, which counts and fails by itself.
    pub(crate) async fn beside(&self) -> Self {
        Self::start_with(self.bucket.clone()).await
    }

    /// Puts an object there as somebody else does, by its whole key. `later` is by how many seconds it is younger.
    pub(crate) fn put_by_others(&self, key: &str, bytes: &[u8], later: u64) {
        let stored = bucket::Stored::by_others(Bytes::copy_from_slice(bytes), later);
        self.bucket.objects.lock().unwrap().insert(key.to_owned(), stored);
    }

    /// Puts an object of `size` zeros there that takes no room, by its whole key.
    pub(crate) fn put_zeros(&self, key: &str, size: u64) {
        self.bucket.objects.lock().unwrap().insert(key.to_owned(), bucket::Stored::zeros(size));
    }

    /// Takes an object away as somebody else does.
    pub(crate) fn remove_by_others(&self, key: &str) {
        self.bucket.objects.lock().unwrap().remove(key);
    }

    /// Shows every request to `watcher` before it is answered: method, path and query, range.
    pub(crate) fn watch(&self, watcher: impl FnMut(&str) + Send + 'static) {
        self.plan(|plan| plan.watcher = Some(Box::new(watcher)));
    }

    /// How code reaches it.
    pub(crate) fn endpoint(&self) -> Endpoint {
        Endpoint {
            url: format!("http://{}", self.address),
            bucket: BUCKET.to_owned(),
            prefix: "house/".to_owned(),
            access_key: ACCESS_KEY.to_owned(),
            secret: Secret::new(SECRET.to_owned()),
        }
    }

    /// How a process of its own reaches it, as `s3://gallery/house/`.
    pub(crate) fn environment(&self) -> [(&'static str, String); 5] {
        [
            ("AWS_ENDPOINT_URL", self.endpoint().url),
            ("AWS_ACCESS_KEY_ID", ACCESS_KEY.to_owned()),
            ("AWS_SECRET_ACCESS_KEY", SECRET.to_owned()),
            ("AWS_CONFIG_FILE", "/dev/null".to_owned()),
            ("AWS_SHARED_CREDENTIALS_FILE", "/dev/null".to_owned()),
        ]
    }

    /// Its bucket, opened with little patience.
    pub(crate) async fn storage(&self) -> Storage {
        Storage::s3_at(&self.endpoint(), quick()).await.unwrap()
    }

    /// Makes the next `n` requests fail.
    pub(crate) fn fail_next(&self, n: usize, fault: Fault) {
        self.plan(|plan| plan.next.push((None, n, fault)));
    }

    /// Makes the next `n` requests of one kind fail.
    pub(crate) fn fail_next_of(&self, operation: Operation, n: usize, fault: Fault) {
        self.plan(|plan| plan.next.push((Some(operation), n, fault)));
    }

    /// Makes the next `n` completions of uploads in parts fail, in the order in which this is said.
    pub(crate) fn fail_next_completions(&self, n: usize, fault: Fault) {
        self.plan(|plan| plan.completions.push((n, fault)));
    }

    /// Makes so many of a hundred writes fail, each with one of `faults`.
    pub(crate) fn fail_at_random(&self, seed: u64, percent: u64, faults: &[Fault]) {
        self.plan(|plan| plan.random = Some(Random { seed, percent, faults: faults.to_vec() }));
    }

    /// Does `spring` at the write after `left` others. That write is `done`, or not; nobody hears of it.
    pub(crate) fn trap(&self, left: usize, done: bool, spring: impl FnOnce() + Send + 'static) {
        self.plan(|plan| plan.trap = Some(Trap { left, done, spring: Box::new(spring) }));
    }

    /// Takes the trap away; false when it had sprung.
    pub(crate) fn disarm(&self) -> bool {
        self.plan(|plan| plan.trap.take().is_some())
    }

    /// Makes every request fail from now on.
    pub(crate) fn fail_always(&self, fault: Fault) {
        self.plan(|plan| plan.always = Some(fault));
    }

    /// No more faults.
    pub(crate) fn recover(&self) {
        self.plan(|plan| {
            plan.always = None;
            plan.next.clear();
            plan.completions.clear();
            plan.random = None;
            plan.down = false;
            plan.left = None;
        });
    }

    /// Breaks every connection from now on.
    pub(crate) fn set_down(&self, down: bool) {
        self.plan(|plan| plan.down = down);
    }

    /// Answers so many more requests, and breaks every connection from then on.
    pub(crate) fn down_after(&self, requests: usize) {
        self.plan(|plan| plan.left = Some(requests));
    }

    /// How many requests failed by our doing.
    pub(crate) fn failed(&self) -> usize {
        self.plan(|plan| plan.failed)
    }

    /// How many requests of a kind came since the last [`S3Double::forget`].
    pub(crate) fn count(&self, operation: Operation) -> usize {
        self.plan(|plan| plan.counts.get(&operation).copied().unwrap_or_default())
    }

    /// How many requests of all kinds came since the last [`S3Double::forget`].
    pub(crate) fn total(&self) -> usize {
        self.plan(|plan| plan.counts.values().sum())
    }

    /// The requests since the last [`S3Double::forget`] whose line contains `part`: method, path and query, range.
    pub(crate) fn asked(&self, part: &str) -> Vec<String> {
        self.plan(|plan| plan.asked.iter().filter(|line| line.contains(part)).cloned().collect())
    }

    /// Counts from zero again.
    pub(crate) fn forget(&self) {
        self.plan(|plan| {
            plan.counts.clear();
            plan.asked.clear();
        });
    }

    fn plan<T>(&self, change: impl FnOnce(&mut Plan) -> T) -> T {
        change(&mut self.state.plan.lock().unwrap())
    }
}

impl Drop for S3Double {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Waits for tests: long enough for a busy machine, short enough for stalls.
pub(crate) fn quick() -> Patience {
    Patience {
        connect: Duration::from_secs(2),
        attempt: Duration::from_secs(2),
        operation: Duration::from_secs(10),
        attempts: 4,
        pause: Duration::from_millis(4),
        rest: Duration::from_millis(4),
    }
}

impl Plan {
    fn fault(&mut self, operation: Operation) -> Option<Fault> {
        *self.counts.entry(operation).or_default() += 1;
        let fault = self.sprung(operation).or_else(|| self.choose(operation));
        self.failed += usize::from(fault.is_some());
        fault
    }

    fn completion(&mut self) -> Option<Fault> {
        let (left, fault) = self.completions.iter_mut().find(|(left, _)| *left > 0)?;
        *left -= 1;
        Some(*fault)
    }

    fn sprung(&mut self, operation: Operation) -> Option<Fault> {
        let trap = self.trap.as_mut().filter(|_| matches!(operation, Operation::Put | Operation::Delete))?;
        if trap.left > 0 {
            trap.left -= 1;
            return None;
        }
        let trap = self.trap.take()?;
        (trap.spring)();
        Some(if trap.done { Fault::LostResponse } else { Fault::Reset })
    }

    fn choose(&mut self, operation: Operation) -> Option<Fault> {
        if let Some(left) = &mut self.left {
            self.down |= *left == 0;
            *left = left.saturating_sub(1);
        }
        if self.down {
            return Some(Fault::Reset);
        }
        if self.always.is_some() {
            return self.always;
        }
        let meant = |(kind, left, _): &&mut (Option<Operation>, usize, Fault)| {
            *left > 0 && kind.is_none_or(|kind| kind == operation)
        };
        if let Some((_, left, fault)) = self.next.iter_mut().find(meant) {
            *left -= 1;
            return Some(*fault);
        }
        let random = self.random.as_mut().filter(|_| operation == Operation::Put)?;
        // Knuth's generator for 64 bits; its upper bits are good enough for dice.
        random.seed =
            random.seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let dice = random.seed >> 33;
        let which = usize::try_from(dice / 100).unwrap() % random.faults.len();
        (dice % 100 < random.percent).then(|| random.faults[which])
    }
}

async fn accept(listener: TcpListener, state: Arc<State>) {
    let mut connections = JoinSet::new();
    loop {
        let Ok((stream, _)) = listener.accept().await else { continue };
        let state = Arc::clone(&state);
        connections.spawn(async move {
            let answering = service_fn(move |request| answer(Arc::clone(&state), request));
            // A connection that ends in an error is what faults are for.
            let _ = hyper::server::conn::http1::Builder::new()
                .serve_connection(TokioIo::new(stream), answering)
                .await;
        });
        while connections.try_join_next().is_some() {}
    }
}

async fn answer(
    state: Arc<State>,
    request: http::Request<Incoming>,
) -> Result<Response<s3s::Body>, io::Error> {
    let fault = {
        let mut plan = state.plan.lock().unwrap();
        let range = request.headers().get("range").and_then(|range| range.to_str().ok()).unwrap_or_default();
        let line = format!("{} {} {range}", request.method(), request.uri());
        if let Some(watcher) = &mut plan.watcher {
            watcher(&line);
        }
        plan.asked.push(line);
        let completes = *request.method() == Method::POST
            && request.uri().query().is_some_and(|query| query.contains("uploadId="));
        let completion = completes.then(|| plan.completion()).flatten();
        plan.fault(operation(&request)).or(completion)
    };
    let broken = || io::Error::from(io::ErrorKind::ConnectionReset);
    match fault {
        None => state.service.call(request.map(s3s::Body::from)).await.map_err(io::Error::other),
        Some(Fault::LostResponse) => {
            let _ = state.service.call(request.map(s3s::Body::from)).await;
            Err(broken())
        }
        Some(Fault::Reset) => Err(broken()),
        Some(Fault::Truncate) => {
            let answer = state.service.call(request.map(s3s::Body::from)).await.map_err(io::Error::other)?;
            Ok(truncated(answer).await)
        }
        Some(Fault::Slow) => {
            tokio::time::sleep(Duration::from_millis(60)).await;
            state.service.call(request.map(s3s::Body::from)).await.map_err(io::Error::other)
        }
        Some(Fault::Stall) => {
            std::future::pending::<Infallible>().await;
            Err(broken())
        }
        Some(Fault::SlowDown503) => Ok(error(StatusCode::SERVICE_UNAVAILABLE, "SlowDown")),
        Some(Fault::Conflict409) => Ok(error(StatusCode::CONFLICT, "ConditionalRequestConflict")),
        Some(Fault::Gone) => Ok(error(StatusCode::NOT_FOUND, "NoSuchBucket")),
    }
}

/// Half of an answer that says it is whole.
async fn truncated(answer: Response<s3s::Body>) -> Response<s3s::Body> {
    let (mut head, body) = answer.into_parts();
    let bytes = body.collect().await.map(Collected::to_bytes).unwrap_or_default();
    head.headers.insert("content-length", bytes.len().into());
    let half = Ok(Frame::data(bytes.slice(..bytes.len() / 2)));
    let pieces = futures_util::stream::iter([half, Err(io::Error::from(io::ErrorKind::ConnectionReset))]);
    Response::from_parts(head, s3s::Body::http_body_unsync(StreamBody::new(pieces)))
}

fn operation(request: &http::Request<Incoming>) -> Operation {
    let is_bucket = request.uri().path().trim_matches('/') == BUCKET;
    match *request.method() {
        Method::GET if is_bucket => Operation::List,
        Method::GET => Operation::Get,
        Method::HEAD => Operation::Head,
        Method::DELETE => Operation::Delete,
        _ => Operation::Put,
    }
}

fn error(status: StatusCode, code: &str) -> Response<s3s::Body> {
    let body = format!("<?xml version=\"1.0\"?><Error><Code>{code}</Code><Message>told to</Message></Error>");
    let mut response = Response::new(s3s::Body::from(Bytes::from(body)));
    *response.status_mut() = status;
    response
}
