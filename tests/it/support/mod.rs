//! Doubles of what Loggia speaks to.

pub(crate) mod s3;
