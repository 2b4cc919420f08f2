//! A small API that keeps what it is told: enough of `/-/api/v1` for the commands, and nothing else.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use axum::body::{Body, Bytes};
use axum::extract::{Path, Query, Request, State};
use axum::http::{Method, StatusCode, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get, post, put};
use axum::{Form, Json, Router};
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use loggia::model::Digest;
use serde_json::{Value, json};

/// The token that is accepted.
pub(super) const TOKEN: &str = "lgt_a-token-of-the-tests";

/// The API, listening on a port of its own until it is dropped.
pub(super) struct Api {
    url: String,
    shared: Shared,
    stop: Option<tokio::sync::oneshot::Sender<()>>,
}

type Shared = Arc<Mutex<Kept>>;

/// What it was told.
#[derive(Default)]
pub(super) struct Kept {
    pub(super) apps: BTreeMap<String, App>,
    /// Every request so far, as `METHOD /path`.
    pub(super) asked: Vec<String>,
    /// How many requests more are answered with 503.
    pub(super) failing: usize,
    /// Every form that `/-/token` was sent.
    pub(super) forms: Vec<BTreeMap<String, String>>,
}

#[derive(Clone, Default)]
pub(super) struct App {
    pub(super) title: String,
    pub(super) audience: String,
    pub(super) grants: Vec<Value>,
    pub(super) network: Value,
    pub(super) trusted: Vec<Value>,
    pub(super) live: Vec<String>,
    pub(super) releases: Vec<Value>,
    pub(super) blobs: BTreeSet<String>,
    pub(super) foreign: bool,
}

impl Api {
    pub(super) fn start() -> Self {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let shared = Shared::default();
        let (stop, stopped) = tokio::sync::oneshot::channel();
        let router = router(Arc::clone(&shared));
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                tokio::select! {
                    () = accept(tokio::net::TcpListener::from_std(listener).unwrap(), router) => {}
                    _ = stopped => {}
                }
            });
        });
        Self { url, shared, stop: Some(stop) }
    }

    pub(super) fn url(&self) -> &str {
        &self.url
    }

    /// Looks at, or changes, what it keeps.
    pub(super) fn kept<T>(&self, look: impl FnOnce(&mut Kept) -> T) -> T {
        look(&mut self.shared.lock().unwrap())
    }

    /// How often something was asked whose method and path start with `what`.
    pub(super) fn count(&self, what: &str) -> usize {
        self.kept(|kept| kept.asked.iter().filter(|asked| asked.starts_with(what)).count())
    }
}

impl Drop for Api {
    fn drop(&mut self) {
        self.stop.take().map(|stop| stop.send(()));
    }
}

async fn accept(listener: tokio::net::TcpListener, router: Router) {
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        let service = TowerToHyperService::new(router.clone());
        tokio::spawn(async move {
            let http = hyper::server::conn::http1::Builder::new();
            let _ = http.serve_connection(TokioIo::new(stream), service).await;
        });
    }
}

fn router(shared: Shared) -> Router {
    let api = Router::new()
        .route("/apps", get(list_apps).post(make_app))
        .route("/apps/{name}", get(show_app).patch(change_app).delete(delete_app))
        .route("/apps/{name}/restore", post(async || Json(json!({}))))
        .route("/apps/{name}/explain", get(explain))
        .route("/apps/{name}/grants", get(list_grants).post(add_grants).delete(remove_grant))
        .route("/apps/{name}/publishers", get(list_publishers).post(trust))
        .route("/apps/{name}/publishers/{id}", axum::routing::delete(distrust))
        .route("/apps/{name}/releases", get(list_releases).post(begin))
        .route("/apps/{name}/releases/{id}/blobs/{digest}", put(take_blob))
        .route("/apps/{name}/releases/{id}/finish", post(finish))
        .route("/apps/{name}/releases/{id}/activate", post(activate))
        .layer(from_fn_with_state(Arc::clone(&shared), guard));
    Router::new().nest("/-/api/v1", api).route("/-/token", any(token)).with_state(shared)
}

/// Counts, fails when it was told to, and asks for the token.
async fn guard(State(shared): State<Shared>, request: Request, next: Next) -> Response {
    {
        let mut kept = shared.lock().unwrap();
        kept.asked.push(format!("{} {}", request.method(), request.uri()));
        if kept.failing > 0 {
            kept.failing -= 1;
            return problem(StatusCode::SERVICE_UNAVAILABLE, "Storage does not answer.");
        }
    }
    let sent = request.headers().get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    if sent != Some(&format!("Bearer {TOKEN}")) {
        return problem(StatusCode::UNAUTHORIZED, "The token is not known.");
    }
    if *request.method() == Method::DELETE && request.uri().path().ends_with("/apps/kept-app") {
        return problem(StatusCode::FORBIDDEN, "Only the owner of `kept-app` may delete it.");
    }
    next.run(request).await
}

fn problem(status: StatusCode, detail: &str) -> Response {
    let body =
        Body::from(json!({ "status": status.as_u16(), "title": "A problem", "detail": detail }).to_string());
    (status, [(header::CONTENT_TYPE, "application/problem+json")], body).into_response()
}

fn missing(name: &str) -> Response {
    problem(StatusCode::NOT_FOUND, &format!("There is no app `{name}`."))
}

fn shown(name: &str, app: &App) -> Value {
    json!({
        "name": name, "title": app.title, "audience": app.audience, "network": app.network, "owner": "ann@example.org",
        "url": format!("http://{name}.localhost:8080/"),
        "current": app.live.last(), "previous": app.live.iter().rev().skip(1).collect::<Vec<_>>(),
    })
}

/// Does something with an app that is there and is not somebody else's.
fn with_app(shared: &Shared, name: &str, work: impl FnOnce(&mut App) -> Response) -> Response {
    match shared.lock().unwrap().apps.get_mut(name) {
        Some(app) if !app.foreign => work(app),
        _ => missing(name),
    }
}

async fn list_apps(State(shared): State<Shared>) -> Json<Vec<Value>> {
    let kept = shared.lock().unwrap();
    Json(kept.apps.iter().filter(|(_, app)| !app.foreign).map(|(name, app)| shown(name, app)).collect())
}

async fn make_app(State(shared): State<Shared>, Json(wanted): Json<Value>) -> Response {
    let mut kept = shared.lock().unwrap();
    let name = wanted["name"].as_str().unwrap().to_owned();
    if kept.apps.contains_key(&name) {
        return problem(StatusCode::CONFLICT, "The name is taken.");
    }
    let title = wanted["title"].as_str().unwrap().to_owned();
    let app = App { title, audience: "listed".into(), ..App::default() };
    let body = shown(&name, &app);
    kept.apps.insert(name, app);
    (StatusCode::CREATED, Json(body)).into_response()
}

async fn show_app(State(shared): State<Shared>, Path(name): Path<String>) -> Response {
    with_app(&shared, &name, |app| Json(shown(&name, app)).into_response())
}

async fn change_app(
    State(shared): State<Shared>,
    Path(name): Path<String>,
    Json(wanted): Json<Value>,
) -> Response {
    with_app(&shared, &name, |app| {
        if let Some(audience) = wanted["audience"].as_str() {
            audience.clone_into(&mut app.audience);
        }
        if let Some(network) = wanted.get("network") {
            app.network = network.clone();
        }
        if let Some(title) = wanted["title"].as_str() {
            title.clone_into(&mut app.title);
        }
        Json(shown(&name, app)).into_response()
    })
}

async fn delete_app(State(shared): State<Shared>, Path(name): Path<String>) -> Response {
    with_app(&shared, &name, |_| StatusCode::NO_CONTENT.into_response())
}

async fn explain(
    State(shared): State<Shared>,
    Path(name): Path<String>,
    Query(query): Query<BTreeMap<String, String>>,
) -> Response {
    with_app(&shared, &name, |app| {
        let grant = app.grants.iter().find(|grant| grant["who"] == query["who"]);
        let verb = if grant.is_some() { "sees" } else { "does not see" };
        let asked = format!("{} {verb} it ({query:?}).", query["who"]);
        Json(json!({ "sees": grant.is_some(), "sentences": [asked], "because": [grant] })).into_response()
    })
}

async fn list_grants(State(shared): State<Shared>, Path(name): Path<String>) -> Response {
    with_app(&shared, &name, |app| Json(&app.grants).into_response())
}

async fn add_grants(
    State(shared): State<Shared>,
    Path(name): Path<String>,
    Json(wanted): Json<Vec<Value>>,
) -> Response {
    with_app(&shared, &name, |app| {
        app.grants.extend(wanted);
        Json(&app.grants).into_response()
    })
}

async fn remove_grant(
    State(shared): State<Shared>,
    Path(name): Path<String>,
    Query(query): Query<BTreeMap<String, String>>,
) -> Response {
    with_app(&shared, &name, |app| {
        let before = app.grants.len();
        app.grants.retain(|grant| grant["who"] != query["who"]);
        if app.grants.len() < before {
            StatusCode::NO_CONTENT.into_response()
        } else {
            problem(StatusCode::NOT_FOUND, &format!("`{}` is not on the list.", query["who"]))
        }
    })
}

async fn list_publishers(State(shared): State<Shared>, Path(name): Path<String>) -> Response {
    with_app(&shared, &name, |app| Json(&app.trusted).into_response())
}

async fn trust(
    State(shared): State<Shared>,
    Path(name): Path<String>,
    Json(mut wanted): Json<Value>,
) -> Response {
    with_app(&shared, &name, |app| {
        wanted["id"] = json!(format!("01JD3M5WZ0C9V1K8Q2R4T6Y8A{}", app.trusted.len()));
        wanted["by"] = json!("ann@example.org");
        wanted["since"] = json!("2026-11-24T08:30:00Z");
        if wanted.get("issuer").is_none() {
            wanted["issuer"] = json!("https://token.example");
        }
        app.trusted.push(wanted);
        Json(&app.trusted).into_response()
    })
}

async fn distrust(State(shared): State<Shared>, Path((name, id)): Path<(String, String)>) -> Response {
    with_app(&shared, &name, |app| {
        app.trusted.retain(|line| line["id"] != *id);
        StatusCode::NO_CONTENT.into_response()
    })
}

async fn list_releases(State(shared): State<Shared>, Path(name): Path<String>) -> Response {
    with_app(&shared, &name, |app| Json(&app.releases).into_response())
}

async fn begin(
    State(shared): State<Shared>,
    Path(name): Path<String>,
    Json(wanted): Json<Value>,
) -> Response {
    with_app(&shared, &name, |app| {
        let id = format!("01jd3m5wz0c9v1k8q2r4t6y8a{}", app.releases.len());
        let files = wanted["files"].as_object().unwrap();
        let wanted_blobs: BTreeSet<&str> =
            files.values().map(|file| file["sha256"].as_str().unwrap()).collect();
        let missing: Vec<_> = wanted_blobs.into_iter().filter(|blob| !app.blobs.contains(*blob)).collect();
        let body = json!({ "id": id, "missing": missing });
        let size: u64 = files.values().map(|file| file["size"].as_u64().unwrap()).sum();
        app.releases.push(json!({
            "id": id, "when": "2026-11-24T08:30:00Z", "by": "ann@example.org", "size": size,
            "message": wanted["message"], "source": wanted["source"], "paths": files.keys().collect::<Vec<_>>(),
        }));
        (StatusCode::CREATED, Json(body)).into_response()
    })
}

async fn take_blob(
    State(shared): State<Shared>,
    Path((name, _, digest)): Path<(String, String, String)>,
    bytes: Bytes,
) -> Response {
    with_app(&shared, &name, |app| {
        if Digest::of(&bytes).to_string() != digest {
            return problem(StatusCode::UNPROCESSABLE_ENTITY, "The bytes differ from the digest.");
        }
        app.blobs.insert(digest);
        StatusCode::NO_CONTENT.into_response()
    })
}

async fn finish(
    State(shared): State<Shared>,
    Path((name, id)): Path<(String, String)>,
    Json(wanted): Json<Value>,
) -> Response {
    with_app(&shared, &name, |app| {
        let live = wanted["activate"].as_bool().unwrap();
        if live {
            app.live.push(id.clone());
        }
        let host = if live { name.clone() } else { format!("{id}--{name}") };
        Json(json!({ "id": id, "url": format!("http://{host}.localhost:8080/") })).into_response()
    })
}

async fn activate(State(shared): State<Shared>, Path((name, id)): Path<(String, String)>) -> Response {
    with_app(&shared, &name, |app| {
        if !app.releases.iter().any(|release| release["id"] == *id) {
            return problem(StatusCode::NOT_FOUND, &format!("`{name}` has no release `{id}`."));
        }
        app.live.push(id);
        Json(json!({})).into_response()
    })
}

async fn token(State(shared): State<Shared>, Form(form): Form<BTreeMap<String, String>>) -> Response {
    let good = form["code"] == "good";
    shared.lock().unwrap().forms.push(form);
    if good {
        Json(json!({ "access_token": TOKEN, "token_type": "Bearer", "expires_in": 3600 })).into_response()
    } else {
        let denied = json!({ "error": "invalid_grant", "error_description": "The code is used up" });
        (StatusCode::BAD_REQUEST, Json(denied)).into_response()
    }
}
