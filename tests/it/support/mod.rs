//! What the tests share: a whole server on a free port, and an S3 endpoint that can be told to fail.

pub(crate) mod app;
pub(crate) mod s3;
pub(crate) mod smtp;
