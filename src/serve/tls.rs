//! TLS by rustls: certificates from PEM files, read again when the files change.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use anyhow::{Context as _, Result};
use arc_swap::ArcSwap;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_util::sync::CancellationToken;

use crate::config::Tls;

/// How often the files are looked at.
const INTERVAL: Duration = Duration::from_secs(10);

/// The certificate chain and key in use.
pub struct Certificates {
    files: Tls,
    acceptor: ArcSwap<TlsAcceptor>,
}

impl Certificates {
    /// Reads the files.
    pub fn load(files: Tls) -> Result<Self> {
        let acceptor = ArcSwap::from_pointee(acceptor(&files)?);
        Ok(Self { files, acceptor })
    }

    /// Accepts TLS with the certificates in use now.
    pub(super) fn acceptor(&self) -> Arc<TlsAcceptor> {
        self.acceptor.load_full()
    }

    /// Reads the files again whenever they change, until `stop`. Files that do not fit leave the old ones in use.
    pub async fn follow(&self, stop: CancellationToken) {
        let mut seen = self.modified();
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(INTERVAL) => {}
            }
            let now = self.modified();
            if now == seen {
                continue;
            }
            seen = now;
            match acceptor(&self.files) {
                Ok(acceptor) => {
                    self.acceptor.store(Arc::new(acceptor));
                    tracing::info!("the TLS certificate was read again");
                }
                Err(error) => {
                    tracing::error!(
                        "the changed TLS certificate cannot be used, the old one stays: {error:#}"
                    );
                }
            }
        }
    }

    fn modified(&self) -> [Option<SystemTime>; 2] {
        let when = |path: &PathBuf| std::fs::metadata(path).and_then(|file| file.modified()).ok();
        [when(&self.files.certificate), when(&self.files.key)]
    }
}

fn acceptor(files: &Tls) -> Result<TlsAcceptor> {
    let Tls { certificate, key } = files;
    let chain = CertificateDer::pem_file_iter(certificate)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .with_context(|| {
        format!("the TLS certificate {} cannot be read as PEM", certificate.display())
    })?;
    let private = PrivateKeyDer::from_pem_file(key)
        .with_context(|| format!("the TLS key {} cannot be read as PEM", key.display()))?;
    let mut config = ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(chain, private)
        .with_context(|| {
            format!(
                "the TLS key {} does not belong to the certificate {}",
                key.display(),
                certificate.display()
            )
        })?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(TlsAcceptor::from(Arc::new(config)))
}
