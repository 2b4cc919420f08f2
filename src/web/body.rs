//! What a response carries: nothing, bytes that are shared rather than copied, or a stream.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Frame, SizeHint};
use http_body_util::combinators::UnsyncBoxBody;

use super::connection::Busy;

/// Why a body ended before its time; the connection is cut so that nobody takes half for the whole.
pub type BodyError = Box<dyn std::error::Error + Send + Sync>;

/// The body of a response.
pub struct Body {
    content: Content,
    // Keeps the connection from counting as idle until the answer is out.
    busy: Option<Busy>,
}

enum Content {
    Empty,
    Bytes(Bytes),
    Stream(UnsyncBoxBody<Bytes, BodyError>),
}

impl Body {
    /// No bytes.
    #[must_use]
    pub fn empty() -> Self {
        Self::of(Content::Empty)
    }

    /// These bytes, shared with whoever else holds them.
    #[must_use]
    pub fn bytes(bytes: impl Into<Bytes>) -> Self {
        Self::of(Content::Bytes(bytes.into()))
    }

    /// Whatever `body` yields.
    pub fn stream<B>(body: B) -> Self
    where
        B: http_body::Body<Data = Bytes> + Send + 'static,
        B::Error: Into<BodyError>,
    {
        use http_body_util::BodyExt as _;
        Self::of(Content::Stream(body.map_err(Into::into).boxed_unsync()))
    }

    fn of(content: Content) -> Self {
        Self { content, busy: None }
    }

    /// The same body, which also says that its connection is at work.
    pub(crate) fn while_busy(self, busy: Busy) -> Self {
        Self { busy: Some(busy), ..self }
    }
}

impl http_body::Body for Body {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        match &mut self.content {
            Content::Empty => Poll::Ready(None),
            Content::Bytes(bytes) => {
                let bytes = std::mem::take(bytes);
                self.content = Content::Empty;
                Poll::Ready((!bytes.is_empty()).then(|| Ok(Frame::data(bytes))))
            }
            Content::Stream(stream) => Pin::new(stream).poll_frame(cx),
        }
    }

    fn is_end_stream(&self) -> bool {
        match &self.content {
            Content::Empty => true,
            Content::Bytes(bytes) => bytes.is_empty(),
            Content::Stream(stream) => stream.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.content {
            Content::Empty => SizeHint::with_exact(0),
            Content::Bytes(bytes) => SizeHint::with_exact(bytes.len() as u64),
            Content::Stream(stream) => stream.size_hint(),
        }
    }
}

impl From<axum::body::Body> for Body {
    fn from(body: axum::body::Body) -> Self {
        Self::stream(body)
    }
}

impl std::fmt::Debug for Body {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let content = match &self.content {
            Content::Empty => "empty",
            Content::Bytes(_) => "bytes",
            Content::Stream(_) => "stream",
        };
        f.debug_struct("Body").field("content", &content).field("busy", &self.busy.is_some()).finish()
    }
}
