//! Listeners, TLS, limits and the graceful stop.

use crate::config::Config;

/// Serves until a signal.
pub fn serve(config: Config) -> anyhow::Result<()> {
    tracing::info!(public_url = %config.server.public_url, development = config.development, "not serving yet");
    drop(config);
    Ok(())
}
