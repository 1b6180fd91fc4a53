//! The HTTP client: rustls on `ring`, the system's certificates, proxies from the environment.

use std::path::Path;

use aws_sdk_s3::config::SharedHttpClient;
use aws_smithy_http_client::proxy::ProxyConfig;
use aws_smithy_http_client::tls::{Provider, TlsContext, TrustStore, rustls_provider::CryptoMode};
use aws_smithy_http_client::{Builder, ConnectorBuilder};

use super::Error;

/// A client that also trusts the certificates in the file.
pub(super) fn client(ca_bundle: Option<&Path>) -> Result<SharedHttpClient, Error> {
    let mut trusted = TrustStore::empty().with_native_roots(true);
    if let Some(path) = ca_bundle {
        let pem = std::fs::read(path).map_err(|why| {
            Error::setup(format!("could not read the certificates in `{}`: {why}", path.display()))
        })?;
        trusted = trusted.with_pem_certificate(pem);
    }
    let tls = TlsContext::builder()
        .with_trust_store(trusted)
        .build()
        .map_err(|why| Error::setup(format!("could not set up TLS: {why}")))?;
    Ok(Builder::new().build_with_connector_fn(move |settings, components| {
        let mut connector = ConnectorBuilder::default()
            .tls_provider(Provider::Rustls(CryptoMode::Ring))
            .tls_context(tls.clone())
            .proxy_config(ProxyConfig::from_env());
        connector.set_connector_settings(settings.cloned());
        if let Some(components) = components {
            connector.set_sleep_impl(components.sleep_impl());
        }
        connector.build()
    }))
}
