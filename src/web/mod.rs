//! HTTP in, HTTP out.

pub mod api;
