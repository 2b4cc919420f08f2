//! (story)
