//! What the tests share: a whole server on a free port.

pub(crate) mod app;
